//! What is shown of bytes, whatever they are, and within which room.

use super::*;

fn all(bytes: &[u8]) -> (String, u64) {
    let shown = shown(bytes);
    assert_eq!(shown.taken, bytes.len());
    (shown.text.into_owned(), shown.escaped)
}

fn fitting(bytes: &[u8], most: usize) -> usize {
    show(bytes, Room::of_text(most)).taken
}

#[test]
fn utf8_is_shown_as_it_is_and_nothing_is_copied() {
    assert!(matches!(shown("grün\n".as_bytes()), Shown { text: Cow::Borrowed("grün\n"), escaped: 0, taken: 6 }));
}

#[test]
fn other_bytes_are_shown_by_their_number() {
    assert_eq!(all(b"caf\xe9 \xff\xfe ok"), (r"caf\xe9 \xff\xfe ok".to_owned(), 3));
    assert_eq!(all(b"a\0\0\0b\x1b[2J"), ("a\0\0\0b\x1b[2J".to_owned(), 0));
}

#[test]
fn runs_of_one_unprintable_byte_are_told_once_with_their_number() {
    assert_eq!(all(&[&[0; 65505][..], b"new\n"].concat()), ("\\x00 (65505 times)new\n".to_owned(), 65505));
    assert_eq!(all(b"a\xff\xff\xff\xffb\x07\x07\x07\x07"), (r"a\xff (4 times)b\x07 (4 times)".to_owned(), 8));
    assert_eq!(all(b"\0\0\0\0\xff\xff\xff\xff\xfe"), (r"\x00 (4 times)\xff (4 times)\xfe".to_owned(), 9));
    // What can be read is no run.
    assert_eq!(all(b"aaaaaaaa\n\n\n\n\t\t\t\t\r\r\r\r    "), ("aaaaaaaa\n\n\n\n\t\t\t\t\r\r\r\r    ".to_owned(), 0));
    for before in 0..9 {
        let bytes = [&b"xxxxxxxxx"[..before], &[0; 4], b"y"].concat();
        assert_eq!(all(&bytes).0, format!(r"{}\x00 (4 times)y", "x".repeat(before)));
    }
}

#[test]
fn a_file_that_spells_a_run_is_not_taken_for_one() {
    assert_eq!(all(br"a \x00 (65505 times) b"), (r"a \x5cx00 (65505 times) b".to_owned(), 1));
    assert_eq!(all(br"\\x00 (\xff ("), (r"\\x5cx00 (\x5cxff (".to_owned(), 2));
    assert_eq!(all(br"\x00 \x00( C:\x (\n"), (r"\x00 \x00( C:\x (\n".to_owned(), 0));
    // Also if it comes in pieces.
    let spelled = br"ab\x00 (5 times)";
    for cut in 0..spelled.len() {
        let mut showing = Showing::new(Room::of_text(100));
        let taken = showing.push(&spelled[..cut], false);
        let rest = showing.push(&spelled[taken..], true);
        assert_eq!(taken + rest, spelled.len());
        assert_eq!(showing.finish(), (r"ab\x5cx00 (5 times)".to_owned(), 1), "{cut}");
    }
}

#[test]
fn a_run_goes_on_from_piece_to_piece() {
    let mut showing = Showing::new(Room::of_text(40));
    for _ in 0..1000 {
        assert_eq!(showing.push(&[0; 4096], false), 4096);
    }
    assert_eq!(showing.push(b"end", false), 3);
    assert_eq!(showing.finish(), ("\\x00 (4096000 times)end".to_owned(), 4_096_000));
    // Also one that begins with the last bytes of a piece.
    for begun in 1..9 {
        let mut showing = Showing::new(Room::of_text(40));
        let bytes = [&b"line\n"[..], &[0; 9], b"end"].concat();
        let taken = showing.push(&bytes[..5 + begun], false);
        assert_eq!(taken + showing.push(&bytes[taken..], true), bytes.len());
        assert_eq!(showing.finish(), ("line\n\\x00 (9 times)end".to_owned(), 9), "{begun}");
    }
}

#[test]
fn a_character_that_only_begins_is_left_for_the_next_page() {
    for (bytes, length) in [
        (&b"abc"[..], 3),
        ("aü".as_bytes(), 3),
        (&"aü".as_bytes()[..2], 1),
        (&"a€".as_bytes()[..3], 1),
        (&"a😀".as_bytes()[..4], 1),
        ("a😀".as_bytes(), 5),
        (b"\xff", 1),
        // Not the end of any character: shown by number, at once.
        (b"a\x80\x80\x80", 4),
        (b"", 0),
    ] {
        assert_eq!(complete(bytes), length, "{bytes:?}");
    }
}

#[test]
fn what_fits_is_counted_in_what_is_shown() {
    assert_eq!(fitting(b"abcdef", 4), 4);
    assert_eq!(fitting("aüü".as_bytes(), 4), 3);
    assert_eq!(fitting(b"a\xff\xffb", 5), 2);
    assert_eq!(fitting(b"a\xff\xffb", 9), 3);
    assert_eq!(fitting(b"a\xff\xffb", 10), 4);
    assert_eq!(fitting(b"", 0), 0);
    assert_eq!(fitting(&[0; 1000], 18), 1000);
    // And in JSON, where a line break takes two.
    assert_eq!(show(b"a\nb\nc\n", Room::of_json(5)).taken, 3);
    assert_eq!(show(b"\"\"\"\"", Room::of_json(5)).taken, 2);
    assert_eq!(show(b"\xff\xff", Room::of_json(9)).taken, 1);
}

#[test]
fn of_too_much_the_end_is_shown() {
    let end = |bytes: &[u8], room: Room| {
        let (shown, length) = show_end(bytes, room);
        (shown.text.into_owned(), length)
    };
    assert_eq!(end(b"abcdef", Room::of_text(4)), ("cdef".to_owned(), 4));
    assert_eq!(end("aüü".as_bytes(), Room::of_text(3)), ("ü".to_owned(), 2));
    assert_eq!(end(b"a\nb\n", Room::of_json(5)), ("\nb\n".to_owned(), 3));
    assert_eq!(end(b"abc", Room::of_text(0)), (String::new(), 0));
    assert_eq!(end(b"", Room::of_text(5)), (String::new(), 0));
    let (text, length) = end(&vec![0xff; 100_000], Room::of_text(19));
    assert_eq!((text.as_str(), length), (r"\xff (100000 times)", 100_000));
    let odd: Vec<u8> = (0..100_000_u32).map(|n| if n % 2 == 0 { 0xff } else { 0xfe }).collect();
    let (text, length) = end(&odd, Room::of_json(32 << 10));
    assert!(json_len(&text) <= 32 << 10 && length > 6000, "{} {length}", text.len());
}

/// The same bytes one at a time: the text, and how many were taken.
fn by_ones(bytes: &[u8], room: Room) -> (String, usize) {
    let (mut showing, mut pending, mut all) = (Showing::new(room), Vec::new(), 0);
    for (at, byte) in bytes.iter().enumerate() {
        pending.push(*byte);
        let taken = showing.push(&pending, at + 1 == bytes.len());
        pending.drain(..taken);
        all += taken;
        if showing.is_full() {
            break;
        }
    }
    (showing.finish().0, all)
}

#[test]
fn a_run_that_is_taken_as_a_whole_ends_where_it_would_byte_by_byte() {
    for byte in [0, 0x7f, 0x80, 0xff] {
        for most in 0..24 {
            for room in [Room::of_text(most), Room::of_json(most)] {
                let bytes = [&[byte; 1100][..], b"end"].concat();
                let shown = show(&bytes, room);
                assert_eq!((shown.text.into_owned(), shown.taken), by_ones(&bytes, room), "{byte} {most}");
            }
        }
    }
    // There is no room for a fourth digit.
    assert_eq!(fitting(&[0; 1100], 16), 999);
    assert_eq!(fitting(&[0xff; 1100], 16), 999);
}

proptest::proptest! {
    #[test]
    fn runs_of_any_bytes_are_shown_as_byte_by_byte(
        runs in proptest::collection::vec((proptest::sample::select(&b"\0\x07\xff\x80\xe2\xc3\xbca\\x0 ("[..]), 1_usize..30), 0..12),
        most in 0_usize..120, json: bool,
    ) {
        let room = if json { Room::of_json(most) } else { Room::of_text(most) };
        let bytes: Vec<u8> = runs.iter().flat_map(|(byte, times)| vec![*byte; *times]).collect();
        let shown = show(&bytes, room);
        proptest::prop_assert_eq!((shown.text.into_owned(), shown.taken), by_ones(&bytes, room), "{:?}", bytes);
    }

    #[test]
    fn what_fits_is_shown_within_the_room_and_one_more_would_not(
        bytes in proptest::collection::vec(proptest::sample::select(&b"\0\0\0ab\n\"x0 (\xff\xc3\xbc"[..]), 0..80),
        most in 0_usize..64, json: bool,
    ) {
        let room = if json { Room::of_json(most) } else { Room::of_text(most) };
        let fits = |shown: &Shown<'_>| shown.text.len() <= room.text && json_len(&shown.text) <= room.json;
        let some = show(&bytes, room);
        proptest::prop_assert!(fits(&some));
        let same = shown(&bytes[..some.taken]);
        proptest::prop_assert_eq!(&some.text, &same.text);
        if some.taken < bytes.len() {
            // The next whole character or byte does not fit any more. (Four of them may: a run is
            // shorter than they are.)
            let rest = &bytes[some.taken..];
            let width = if rest.starts_with("ü".as_bytes()) { 2 } else { 1 };
            let next = shown(&bytes[..some.taken + width]);
            proptest::prop_assert!(!fits(&next), "{:?} {}", bytes, some.taken);
        }
    }

    #[test]
    fn pages_joined_are_the_whole(text in "[a-zäöü😀\n ]*", cut in 0_usize..64) {
        let bytes = text.as_bytes();
        let cut = complete(&bytes[..cut.min(bytes.len())]);
        proptest::prop_assert_eq!(format!("{}{}", shown(&bytes[..cut]).text, shown(&bytes[cut..]).text), text);
    }
}
