//! Paths: one spelling, covering by whole names, and a text that cannot be mistaken.

use proptest::prelude::*;

use super::*;
use crate::testing::path;

#[test]
fn a_path_has_one_spelling() {
    for (text, plain) in [
        ("/", "/"),
        ("//", "/"),
        ("/var/log", "/var/log"),
        ("/var/log/", "/var/log"),
        ("//var///log//", "/var/log"),
        ("/var/..log", "/var/..log"),
        ("/var/...", "/var/..."),
        ("/My Documents/büro", "/My Documents/büro"),
    ] {
        assert_eq!(path(text).as_bytes(), plain.as_bytes(), "{text}");
        assert_eq!(path(text).to_string(), plain);
    }
    for (text, error) in [
        (&b""[..], PathError::Empty),
        (b"var/log", PathError::Relative),
        (b"./var", PathError::Relative),
        (b"~/x", PathError::Relative),
        (b"/var/../etc", PathError::Dots),
        (b"/var/.", PathError::Dots),
        (b"/..", PathError::Dots),
        (b"/a\0b", PathError::Nul),
    ] {
        assert_eq!(AbsolutePath::parse(text), Err(error));
    }
    assert_eq!(AbsolutePath::parse(format!("/{}", "x".repeat(256))), Err(PathError::TooLong));
    assert_eq!(AbsolutePath::parse("/x".repeat(20_000)), Err(PathError::TooLong));
}

#[test]
fn a_directory_covers_itself_and_what_is_below_by_whole_names() {
    for (inner, outer, covered, below) in [
        ("/var/log", "/var/log", true, Some("")),
        ("/var/log/syslog", "/var/log", true, Some("syslog")),
        ("/var/log/a/b", "/var", true, Some("log/a/b")),
        ("/var/logs", "/var/log", false, None),
        ("/var", "/var/log", false, None),
        ("/var/log", "/", true, Some("var/log")),
        ("/", "/", true, Some("")),
        ("/", "/var", false, None),
    ] {
        assert_eq!(path(inner).is_within(&path(outer)), covered, "{inner} in {outer}");
        assert_eq!(path(inner).below(&path(outer)), below.map(str::as_bytes), "{inner} in {outer}");
    }
    assert_eq!(path("/a/b c").components().collect::<Vec<_>>(), [&b"a"[..], b"b c"]);
    assert_eq!(path("/").components().count(), 0);
}

#[test]
fn what_cannot_be_shown_is_escaped() {
    let shown = |bytes: &[u8]| AbsolutePath::parse(bytes).unwrap().to_string();
    assert_eq!(shown(b"/a\xffb"), r"/a\xffb");
    assert_eq!(shown(b"/a\x1b[31m"), r"/a\x1b[31m");
    assert_eq!(shown("/a\u{202e}b".as_bytes()), r"/a\xe2\x80\xaeb");
    assert_eq!(shown("/a\u{2028}b".as_bytes()), r"/a\xe2\x80\xa8b");
    assert_eq!(shown(br"/a\xffb"), r"/a\x5cxffb");
    assert_eq!(shown(b"/it's \"it\""), "/it's \"it\"");
}

proptest! {
    #[test]
    fn no_two_paths_look_the_same(a in prop::collection::vec(any::<u8>(), 0..12), b in prop::collection::vec(any::<u8>(), 0..12)) {
        let read = |bytes: &[u8]| AbsolutePath::parse([b"/", bytes].concat());
        if let (Ok(a), Ok(b)) = (read(&a), read(&b)) {
            prop_assert_eq!(a == b, a.to_string() == b.to_string());
            prop_assert_eq!(read(&a.as_bytes()[1..]), Ok(a));
        }
    }
}
