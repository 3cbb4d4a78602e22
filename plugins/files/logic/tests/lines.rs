//! Lines from either end, against what `head` and `tail` would give, computed from the whole.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{Cursor, Read, Seek, SeekFrom, Write as _};

use files_logic::{Part, Source, head, tail};
use proptest::prelude::*;

const ROOM: usize = 1 << 20;

fn open(bytes: &[u8]) -> Source<Cursor<Vec<u8>>> {
    Source::open(Cursor::new(bytes.to_vec()), true).unwrap()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn text(part: &Part) -> &str {
    std::str::from_utf8(&part.bytes).unwrap()
}

#[test]
fn the_first_lines() {
    let part = head(&mut open(b"1\n2\n3\n"), 2, ROOM).unwrap();
    assert_eq!((text(&part), part.lines, part.next, part.more), ("1\n2\n", 2, 4, true));
    let part = head(&mut open(b"1\n2\n3"), 10, ROOM).unwrap();
    assert_eq!((text(&part), part.lines, part.more), ("1\n2\n3", 3, false));
    let part = head(&mut open(b"1\n2\n"), 2, ROOM).unwrap();
    assert_eq!((text(&part), part.more), ("1\n2\n", false));
    let part = head(&mut open(b""), 10, ROOM).unwrap();
    assert_eq!((text(&part), part.lines, part.more), ("", 0, false));
    assert_eq!(text(&head(&mut open(b"1\n"), 0, ROOM).unwrap()), "");
    // A byte order mark is none of the text.
    let part = head(&mut open(b"\xef\xbb\xbf1\n2\n"), 1, ROOM).unwrap();
    assert_eq!((text(&part), part.offset, part.next), ("1\n", Some(3), 5));
}

#[test]
fn the_last_lines() {
    let part = tail(&mut open(b"1\n2\n3\n"), 2, ROOM).unwrap();
    assert_eq!((text(&part), part.lines, part.offset, part.next), ("2\n3\n", 2, Some(2), 6));
    assert_eq!(text(&tail(&mut open(b"1\n2\n3"), 2, ROOM).unwrap()), "2\n3");
    assert_eq!(text(&tail(&mut open(b"1\n2\n3"), 9, ROOM).unwrap()), "1\n2\n3");
    assert_eq!(text(&tail(&mut open(b"\n\n\n"), 2, ROOM).unwrap()), "\n\n");
    assert_eq!(text(&tail(&mut open(b"1\n"), 0, ROOM).unwrap()), "");
    assert_eq!(text(&tail(&mut open(b""), 5, ROOM).unwrap()), "");
    assert_eq!(text(&tail(&mut open(&gz(b"1\n2\n3\n")), 2, ROOM).unwrap()), "2\n3\n");
}

#[test]
fn a_line_that_is_too_long_is_cut_and_said_to_be() {
    let long = vec![b'x'; 100_000];
    let part = head(&mut open(&long), 1, 1000).unwrap();
    assert_eq!((part.bytes.len(), part.truncated, part.more, part.next), (1000, true, true, 1000));
    let part = tail(&mut open(&long), 1, 1000).unwrap();
    assert_eq!((part.bytes.len(), part.truncated, part.offset), (1000, true, Some(99_000)));
    let part = tail(&mut open(&gz(&long.repeat(10))), 1, 1000).unwrap();
    assert_eq!((part.bytes.len(), part.truncated), (1000, true));
}

/// A file of 2 GiB and more that exists only where it is looked at, and counts what was read of it.
struct Huge {
    size: u64,
    at: u64,
    read: std::rc::Rc<std::cell::Cell<u64>>,
}

impl Read for Huge {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = usize::try_from(self.size.saturating_sub(self.at)).unwrap().min(buffer.len());
        for (index, byte) in buffer[..n].iter_mut().enumerate() {
            *byte = if (self.at + index as u64 + 1).is_multiple_of(64) { b'\n' } else { b'x' };
        }
        self.at += n as u64;
        self.read.set(self.read.get() + n as u64);
        Ok(n)
    }
}

impl Seek for Huge {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(back) => self.size.saturating_add_signed(back),
            SeekFrom::Current(by) => self.at.saturating_add_signed(by),
        };
        Ok(self.at)
    }
}

#[test]
fn the_end_of_a_huge_file_costs_no_more_than_its_lines() {
    let read = std::rc::Rc::new(std::cell::Cell::new(0));
    let file = Huge { size: 5 << 30, at: 0, read: std::rc::Rc::clone(&read) };
    let mut source = Source::open(file, true).unwrap();
    let part = tail(&mut source, 10, ROOM).unwrap();
    assert_eq!((part.lines, part.bytes.len(), part.next), (10, 640, 5 << 30));
    assert!(read.get() < 64 << 10, "{}", read.get());
    let part = tail(&mut source, 10_000, ROOM).unwrap();
    assert_eq!((part.lines, part.bytes.len()), (10_000, 640_000));
    assert!(read.get() < 4 << 20, "{}", read.get());
    // More lines than there is room for: the last that fit, and what is read stays bounded.
    let part = tail(&mut source, 1 << 40, 4096).unwrap();
    assert_eq!((part.bytes.len(), part.truncated), (4096, true));
    assert!(read.get() < 6 << 20, "{}", read.get());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn both_ends_are_those_of_the_whole(
        lines in proptest::collection::vec("[a-z]{0,200}", 0..400), ends in any::<bool>(), wanted in 0_u64..450,
    ) {
        let mut whole = lines.join("\n");
        if ends && !whole.is_empty() { whole.push('\n'); }
        let all: Vec<&str> = whole.split_inclusive('\n').collect();
        let n = usize::try_from(wanted).unwrap().min(all.len());
        let (first, last) = (all[..n].concat(), all[all.len() - n..].concat());
        for bytes in [whole.as_bytes().to_vec(), gz(whole.as_bytes())] {
            let part = head(&mut open(&bytes), wanted, ROOM).unwrap();
            prop_assert_eq!(text(&part), &first);
            prop_assert_eq!(part.lines, n as u64);
            prop_assert_eq!(part.more, n < all.len());
            let part = tail(&mut open(&bytes), wanted, ROOM).unwrap();
            prop_assert_eq!(text(&part), &last);
            prop_assert_eq!(part.lines, n as u64);
        }
    }
}

/// Says that it is a page long, as files of the kernel's do, and holds less.
struct Claims(Cursor<Vec<u8>>);

impl Read for Claims {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for Claims {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        match to {
            SeekFrom::End(by) => self.0.seek(SeekFrom::Start(4096_u64.saturating_add_signed(by))),
            to => self.0.seek(to),
        }
    }
}

#[test]
fn a_file_that_is_shorter_than_it_says_has_its_last_lines_all_the_same() {
    let file = || Source::open(Claims(Cursor::new(b"1\n2\n65536\n".to_vec())), true).unwrap();
    let part = tail(&mut file(), 1, ROOM).unwrap();
    assert_eq!((text(&part), part.offset, part.next), ("65536\n", Some(4), 10));
    assert_eq!(text(&tail(&mut file(), 9, ROOM).unwrap()), "1\n2\n65536\n");
}
