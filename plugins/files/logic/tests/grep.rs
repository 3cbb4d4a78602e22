//! Searching, in files of the test's own.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};

use files_logic::UserPath;
use files_logic::grep::{Budget, Filter, Found, Kind, Options, Resume, Search, Tree, Visit, walk};

fn room() -> Budget {
    Budget::new(1 << 20, 10_000)
}

fn search(pattern: &str, options: &str) -> Search {
    Search::new(pattern, Options::parse(options).unwrap()).unwrap()
}

fn found(pattern: &str, options: &str, text: &[u8]) -> Found {
    search(pattern, options).run(text, &Resume::default(), text.contains(&0), &mut room()).unwrap()
}

/// `N:text` for a match, `N-text` for context, `--` for a gap.
fn lines(pattern: &str, options: &str, text: &str) -> Vec<String> {
    let found = found(pattern, options, text.as_bytes());
    let line = |line: files_logic::grep::Line| {
        let one = format!("{}{}{}", line.number, if line.matched { ':' } else { '-' }, line.text);
        if line.gap { vec!["--".to_owned(), one] } else { vec![one] }
    };
    found.lines.into_iter().flat_map(line).collect()
}

#[test]
fn lines_are_found_as_grep_finds_them() {
    let text = "one\ntwo\nThree\nfour two\n";
    assert_eq!(lines("two", "", text), ["2:two", "4:four two"]);
    assert_eq!(lines("TWO", "-i", text), ["2:two", "4:four two"]);
    assert_eq!(lines("two", "-v", text), ["1:one", "3:Three"]);
    assert_eq!(lines("two", "-x", text), ["2:two"]);
    assert_eq!(lines("t", "-w", text), Vec::<String>::new());
    assert_eq!(lines(r"one\|four", "", text), ["1:one", "4:four two"]);
    assert_eq!(lines("one|four", "-E", text), ["1:one", "4:four two"]);
    assert_eq!(lines("one\nfour", "-F", text), ["1:one", "4:four two"]);
    assert_eq!(lines(r"^\w{3}$", "-P", text), ["1:one", "2:two"]);
    assert_eq!(lines("[tT]..", "-o", text), ["2:two", "3:Thr", "4:two"]);
    assert_eq!(lines("two", "-m 1", text), ["2:two"]);
    assert_eq!(lines("^$", "", "a\n\nb\n"), ["2:"]);
    assert_eq!(lines("", "", "a\nb"), ["1:a", "2:b"]);
    assert_eq!(found("two", "-c", text.as_bytes()).matches, 2);
    assert_eq!(found("two", "-l", text.as_bytes()).matches, 1);
}

#[test]
fn context_comes_with_its_gaps() {
    let text = (1..=20).map(|n| format!("line {n}\n")).collect::<String>();
    assert_eq!(
        lines("5$", "-A 1 -B 1", &text),
        ["4-line 4", "5:line 5", "6-line 6", "--", "14-line 14", "15:line 15", "16-line 16"]
    );
    assert_eq!(lines("5$", "-A 2 -m 1", &text), ["5:line 5", "6-line 6", "7-line 7"]);
}

#[test]
fn what_is_no_text_is_shown_by_its_numbers_and_binary_files_only_match() {
    assert_eq!(found("caf", "", b"a caf\xe9\n").lines[0].text, r"a caf\xe9");
    let binary = found("elf", "-i", b"\x7fELF\0\0\nelf\n");
    assert_eq!((binary.matches, binary.binary, binary.lines.len()), (1, true, 0));
    let as_text = found("elf", "-a", b"\x7fELF\0\0\nelf\n");
    assert_eq!((as_text.lines.len(), as_text.lines[0].text.as_str()), (1, "elf"));
    let cut = found("x", "", &vec![b'x'; 100_000]);
    assert!(cut.lines[0].cut && cut.lines[0].text.len() == 8192);
}

#[test]
fn when_time_is_up_what_was_found_is_returned() {
    struct Slow(Cursor<Vec<u8>>);
    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(1000);
            match self.0.read(&mut buffer[..most])? {
                0 => Err(io::ErrorKind::TimedOut.into()),
                n => Ok(n),
            }
        }
    }
    let slow = Slow(Cursor::new(b"a match\n".repeat(1000)));
    let found = search("match", "").run(slow, &Resume::default(), false, &mut room()).unwrap();
    assert!(found.partial);
    assert!(found.lines.len() >= 990, "{}", found.lines.len());
}

#[test]
fn a_pattern_that_is_none_is_refused_with_the_reason() {
    let refused = |pattern: &str, options: &str| match Search::new(pattern, Options::parse(options).unwrap()) {
        Ok(_) => panic!("`{pattern}` was taken"),
        Err(error) => error.to_string(),
    };
    assert!(refused("(a", "-E").contains("without its `)`"), "{}", refused("(a", "-E"));
    assert!(refused("(?=a)", "-P").contains("look-around"), "{}", refused("(?=a)", "-P"));
    assert!(refused(r"(a)\1", "-E").contains(r"back-reference `\1`"));
    assert!(refused(r"\w{5000}{5000}", "-P").contains("not a pattern"), "{}", refused(r"\w{5000}{5000}", "-P"));
}

/// Files that exist in memory only.
struct Memory(BTreeMap<String, Option<Vec<u8>>>);

impl Tree for Memory {
    type File = Cursor<Vec<u8>>;

    fn entries(&mut self, directory: &UserPath, entry: &mut dyn FnMut(String, Kind)) -> io::Result<()> {
        if directory.name() == "closed" {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let prefix = format!("{}/", directory.as_str().trim_end_matches('/'));
        for (path, content) in &self.0 {
            if let Some(name) = path.strip_prefix(&prefix)
                && !name.contains('/')
            {
                let kind = if content.is_some() { Kind::File } else { Kind::Directory };
                entry(name.to_owned(), if name == "link" { Kind::Other } else { kind });
            }
        }
        Ok(())
    }

    fn open(&mut self, path: &UserPath) -> io::Result<Self::File> {
        let content = self.0.get(path.as_str()).cloned().flatten();
        content.map(Cursor::new).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn memory() -> Memory {
    let files =
        ["/r/a.log", "/r/b/c.log", "/r/b/d.txt", "/r/b/e/f.log", "/r/b.log", "/r/closed/x.log", "/r/link", "/r/z.log"];
    let mut tree: BTreeMap<_, _> = files.map(|path| (path.to_owned(), Some(b"x\n".to_vec()))).into();
    tree.extend(["/r/b", "/r/b/e", "/r/closed"].map(|path| (path.to_owned(), None)));
    Memory(tree)
}

fn visited(filter: &Filter, from: Option<&str>, most: usize) -> (Vec<String>, Vec<String>, bool) {
    let (mut visited, mut failed) = (Vec::new(), Vec::new());
    let root = UserPath::parse("/r").unwrap();
    let from = from.map(|from| UserPath::parse(from).unwrap());
    let whole = walk(
        &mut memory(),
        &root,
        filter,
        from.as_ref(),
        &mut |_, path| {
            visited.push(path.to_string());
            Ok(if visited.len() < most { Visit::Next } else { Visit::Stop })
        },
        &mut |path, _| failed.push(path.to_string()),
    );
    (visited, failed, whole.unwrap())
}

#[test]
fn everything_below_a_directory_is_visited_in_order_and_links_are_not() {
    let all = ["/r/a.log", "/r/b/c.log", "/r/b/d.txt", "/r/b/e/f.log", "/r/b.log", "/r/z.log"];
    let (files, failed, whole) = visited(&Filter::default(), None, 100);
    assert_eq!((files, failed, whole), (all.map(str::to_owned).to_vec(), vec!["/r/closed".to_owned()], true));
    for (index, from) in all.iter().enumerate() {
        assert_eq!(visited(&Filter::default(), Some(from), 100).0, all[index..], "{from}");
        assert_eq!(visited(&Filter::default(), Some(from), 1).0, [*from], "{from}");
    }
    // A file that is gone meanwhile: the ones after it.
    assert_eq!(visited(&Filter::default(), Some("/r/b/d"), 100).0, all[2..]);
}

#[test]
fn globs_choose_among_the_names() {
    let globs = |list: &[&str]| list.iter().map(|glob| (*glob).to_owned()).collect::<Vec<_>>();
    let filter = Filter::new(&globs(&["*.log"]), &globs(&["a*"]), &globs(&["e"])).unwrap();
    assert_eq!(visited(&filter, None, 100).0, ["/r/b/c.log", "/r/b.log", "/r/z.log"]);
    assert!(Filter::new(&globs(&["[a"]), &[], &[]).unwrap_err().contains("[a"));
}

#[test]
fn after_the_last_match_that_is_wanted_comes_its_context_and_nothing_else() {
    let text = "a\nx1\nx2\nb\nc\nd\nx3\n";
    assert_eq!(lines("x", "-m1 -C1", text), ["1-a", "2:x1", "3-x2"]);
    assert_eq!(lines("x", "-m1 -B1", text), ["1-a", "2:x1"]);
    assert_eq!(lines("x", "-m1 -A10", text), ["2:x1", "3-x2", "4-b", "5-c", "6-d", "7-x3"]);
    assert_eq!(lines("x", "-m2 -A2", text), ["2:x1", "3:x2", "4-b", "5-c"]);
    assert_eq!(lines("x", "-m0", text), Vec::<String>::new());
    assert_eq!(found("x", "-cm2", text.as_bytes()).matches, 2);
}

#[test]
fn groups_are_told_apart_as_soon_as_context_is_asked_for() {
    let text = "x1\nb\nc\nx4\nx5\n";
    assert_eq!(lines("x", "-A0", text), ["1:x1", "--", "4:x4", "5:x5"]);
    assert_eq!(lines("x.", "-o -A0", text), ["1:x1", "--", "4:x4", "5:x5"]);
    assert_eq!(lines("x.", "-o -A1", text), ["1:x1", "--", "4:x4", "5:x5"]);
    assert_eq!(lines("x.", "-o -C1", text), ["1:x1", "4:x4", "5:x5"]);
    assert_eq!(lines("x", "", text), ["1:x1", "4:x4", "5:x5"]);
}

#[test]
fn matches_are_the_longest_from_the_leftmost_place() {
    let only = |pattern: &str, options: &str, text: &str| -> Vec<String> {
        found(pattern, options, text.as_bytes()).lines.into_iter().map(|line| line.text).collect()
    };
    assert_eq!(only("warn|warning", "-oE", "a warning\n"), ["warning"]);
    assert_eq!(only(r"warn\|warning", "-o", "a warning\n"), ["warning"]);
    assert_eq!(only("warn\nwarning", "-oF", "a warning\n"), ["warning"]);
    assert_eq!(only("warn|warning", "-oP", "a warning\n"), ["warn"]);
    assert_eq!(only("WARN|warning", "-oiE", "a Warning\n"), ["Warning"]);
    assert_eq!(only(r"foo\|foo_bar", "-ow", "foo_bar foo\n"), ["foo_bar", "foo"]);
    assert_eq!(only("foo_|foo", "-owE", "foo foo_\n"), ["foo", "foo_"]);
    assert_eq!(only("a+?", "-oE", "aaa\n"), ["aaa"]);
    assert_eq!(only("a*?", "-oE", "baa\n"), ["aa"]);
    assert_eq!(only("(GET|GET /index)[^ ]*", "-oE", "GET /index.html x\n"), ["GET /index.html"]);
    assert_eq!(only("é|éa", "-oE", "xéa\n"), ["éa"]);
    assert_eq!(only(r"\b26", "-oP", "2026 26\n"), ["26"]);
}

#[test]
fn a_line_that_is_too_long_is_told_as_one() {
    let text = vec![b'x'; 9 << 20];
    let error = search("y", "").run(&text[..], &Resume::default(), false, &mut room()).unwrap_err();
    assert_eq!(error.to_string(), "a line is longer than 8 MiB");
    let after = [b"y\n", &text[..]].concat();
    assert_eq!(found("y", "", &after).failed.as_deref(), Some("a line is longer than 8 MiB"));
}

#[test]
fn too_deep_directories_are_told() {
    let mut tree = BTreeMap::new();
    let mut path = "/r".to_owned();
    for _ in 0..70 {
        path += "/d";
        tree.insert(path.clone(), None);
    }
    tree.insert(format!("{path}/f"), Some(b"x\n".to_vec()));
    let mut failed = Vec::new();
    let root = UserPath::parse("/r").unwrap();
    let visit = &mut |_: &mut Memory, _: &UserPath| panic!("nothing can be visited");
    let failures = &mut |path: &UserPath, error: io::Error| failed.push((path.to_string(), error.to_string()));
    assert!(walk(&mut Memory(tree), &root, &Filter::default(), None, visit, failures).unwrap());
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].0, format!("/r{}", "/d".repeat(64)));
    assert!(failed[0].1.contains("64 directories below `/r`"), "{}", failed[0].1);
}
