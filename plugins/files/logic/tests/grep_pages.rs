//! Pages of a search, joined, are the search.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{self, Cursor, Read};

use files_logic::grep::{Budget, Line, Options, Resume, Search};

fn search(pattern: &str, options: &str) -> Search {
    Search::new(pattern, Options::parse(options).unwrap()).unwrap()
}

/// All lines, in pages of so many bytes and lines; and how many pages, and
/// matching lines, these are.
fn paged(search: &Search, text: &[u8], bytes: usize, lines: usize) -> (Vec<Line>, u64, u64) {
    let (mut all, mut pages, mut matches, mut from) = (Vec::new(), 0, 0, Resume::default());
    loop {
        let rest = &text[usize::try_from(from.offset).unwrap()..];
        let found = search.run(rest, &from, false, &mut Budget::new(bytes, lines)).unwrap();
        (pages, matches) = (pages + 1, matches + found.matches);
        assert_eq!(found.total, matches);
        all.extend(found.lines);
        assert!(pages < 10_000, "it never ends");
        match found.resume {
            None => return (all, pages, matches),
            Some(next) => {
                assert!((next.offset, next.taken) > (from.offset, from.taken), "{from:?} {next:?}");
                from = next;
            }
        }
    }
}

fn text(lines: u64) -> String {
    (1..=lines).map(|n| format!("{n} warn warning {n}\n")).collect()
}

#[test]
fn pages_joined_are_the_whole_whatever_the_options() {
    let text = text(3000);
    for options in [
        "",
        "-v",
        "-A6",
        "-B3",
        "-C2",
        "-C4 -v",
        "-m 800",
        "-m 800 -A5",
        "-m 20 -C3",
        "-o",
        "-oC1",
        "-oE",
        "-A0",
        "-om 50",
        "-vm 70 -A2",
        "-x",
        "-w",
        "-m 1 -A50",
    ] {
        for pattern in ["7 ", "^[0-9]*7 ", "warn", "", "9 [a-z]*", "zzz"] {
            let search = search(pattern, options);
            let (whole, one, matches) = paged(&search, text.as_bytes(), 1 << 24, 1 << 24);
            assert_eq!(one, 1);
            for (bytes, lines) in [(16 << 10, 5000), (1 << 24, 7), (1 << 24, 1)] {
                let (joined, pages, counted) = paged(&search, text.as_bytes(), bytes, lines);
                assert_eq!(counted, matches, "`{pattern}` {options} by {lines}");
                assert!(joined == whole, "`{pattern}` {options} by {lines}");
                assert!(whole.len() <= lines || pages > 1, "`{pattern}` {options}");
            }
        }
    }
}

#[test]
fn inverted_matches_end_with_the_page() {
    struct Counted<'a>(&'a [u8], &'a mut usize);
    impl Read for Counted<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.0.read(buffer)?;
            *self.1 += n;
            Ok(n)
        }
    }
    let text = text(200_000);
    let mut read = 0;
    let found = search("zzz", "-v")
        .run(Counted(text.as_bytes(), &mut read), &Resume::default(), false, &mut Budget::new(64 << 10, 5000))
        .unwrap();
    let last = found.lines.last().unwrap();
    assert_eq!(found.resume.unwrap().number, last.number + 1);
    assert!(read < 1 << 20, "{read}");
}

#[test]
fn a_page_smaller_than_a_line_comes_further_all_the_same() {
    let (lines, pages, _) = paged(&search("x", ""), "x".repeat(500).repeat(3).replace("xx", "x\n").as_bytes(), 128, 10);
    assert!(!lines.is_empty() && pages > 1);
    let (lines, ..) = paged(&search("x", ""), [vec![b'x'; 5000], vec![b'x'; 50]].join(&b'\n').as_slice(), 128, 10);
    assert_eq!(lines.iter().map(|line| (line.text.len(), line.cut)).collect::<Vec<_>>(), [(104, true), (50, false)]);
}

/// Gives so many bytes, then says that time is up.
struct Slow<'a>(Cursor<&'a [u8]>, usize);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.1 == 0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let most = buffer.len().min(self.1).min(1000);
        let n = self.0.read(&mut buffer[..most])?;
        self.1 -= n;
        Ok(n)
    }
}

#[test]
fn with_little_time_every_call_comes_further_and_all_is_found_once() {
    let text = text(3000);
    for options in ["", "-v", "-A6", "-B3", "-C2", "-C4 -v", "-m 100", "-m 100 -A5", "-o", "-oC1"] {
        for pattern in ["77 ", "warn", "zzz"] {
            let search = search(pattern, options);
            let (whole, _, matches) = paged(&search, text.as_bytes(), 1 << 24, 1 << 24);
            let (mut all, mut counted, mut from) = (Vec::new(), 0, Resume::default());
            loop {
                let rest = &text.as_bytes()[usize::try_from(from.offset).unwrap()..];
                let slow = Slow(Cursor::new(rest), 2500);
                let found = search.run(slow, &from, false, &mut Budget::new(1 << 24, 1 << 24)).unwrap();
                counted += found.matches;
                all.extend(found.lines);
                let Some(next) = found.resume else { break };
                assert!(found.partial && next.offset > from.offset, "`{pattern}` {options} {from:?} {next:?}");
                from = next;
            }
            assert_eq!(counted, matches, "`{pattern}` {options}");
            assert!(all == whole, "`{pattern}` {options}");
        }
    }
}

#[test]
fn counts_go_on_where_time_was_up() {
    let text = text(3000);
    let search = search("7 ", "-c");
    let mut from = Resume::default();
    let total = loop {
        let rest = &text.as_bytes()[usize::try_from(from.offset).unwrap()..];
        let found = search.run(Slow(Cursor::new(rest), 5000), &from, false, &mut Budget::new(1 << 20, 5000)).unwrap();
        let Some(next) = found.resume else { break found.total };
        from = next;
    };
    assert_eq!(total, paged(&search, text.as_bytes(), 1 << 20, 5000).2);
    assert_eq!(total, 300);
    // Nothing but NUL bytes: there is no end of a line, and yet it goes on.
    let zeros = vec![0; 20_000];
    for options in ["-c", "-B2"] {
        let slow = Slow(Cursor::new(&zeros), 5000);
        let found =
            crate::search("x", options).run(slow, &Resume::default(), true, &mut Budget::new(1 << 20, 50)).unwrap();
        assert!(found.partial && found.resume.is_some_and(|next| next.offset == 5000), "{found:?}");
    }
}
