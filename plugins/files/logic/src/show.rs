//! Bytes as text that can be shown: UTF-8 as it is, every other byte as `\xNN`. What a terminal would obey is made visible by the
//! host, for all plugins alike.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Bytes as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown<'a> {
    /// The text.
    pub text: Cow<'a, str>,
    /// How many bytes were not UTF-8 and are written as `\xNN`.
    pub escaped: u64,
}

/// Shows bytes.
pub fn shown(bytes: &[u8]) -> Shown<'_> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Shown { text: Cow::Borrowed(text), escaped: 0 };
    }
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 4);
    let mut escaped = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            escaped += 1;
            // Writing to a string does not fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    Shown { text: Cow::Owned(text), escaped }
}

/// The length of these bytes without a character that only begins at their end, so that no page ends inside one.
pub fn complete(bytes: &[u8]) -> usize {
    let from = bytes.len().saturating_sub(3);
    for (index, byte) in bytes.iter().enumerate().skip(from).rev() {
        let wants = match byte {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            0x80..=0xbf => continue,
            _ => return bytes.len(),
        };
        return if index + wants > bytes.len() { index } else { bytes.len() };
    }
    bytes.len()
}

/// The most of these bytes, from their beginning, that is shown in at most `most` bytes of text.
pub fn fitting(bytes: &[u8], most: usize) -> usize {
    if bytes.len() <= most && std::str::from_utf8(bytes).is_ok() {
        return bytes.len();
    }
    let (mut taken, mut written) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid();
        if written + valid.len() > most {
            return taken + valid.floor_char_boundary(most - written);
        }
        (taken, written) = (taken + valid.len(), written + valid.len());
        for _ in chunk.invalid() {
            if written + 4 > most {
                return taken;
            }
            (taken, written) = (taken + 1, written + 4);
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_is_shown_as_it_is_and_nothing_is_copied() {
        assert!(matches!(shown("grün\n".as_bytes()), Shown { text: Cow::Borrowed("grün\n"), escaped: 0 }));
    }

    #[test]
    fn other_bytes_are_shown_by_their_number() {
        let shown = shown(b"caf\xe9 \xff\xfe ok");
        assert_eq!((shown.text.as_ref(), shown.escaped), (r"caf\xe9 \xff\xfe ok", 3));
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
    }

    proptest::proptest! {
        #[test]
        fn what_fits_is_shown_within_the_limit_and_one_more_would_not(bytes: Vec<u8>, most in 0_usize..64) {
            let taken = fitting(&bytes, most);
            proptest::prop_assert!(shown(&bytes[..taken]).text.len() <= most);
            if taken < bytes.len() {
                // The next whole character or byte does not fit any more.
                let next = (1..=4.min(bytes.len() - taken)).map(|n| shown(&bytes[..taken + n]).text.len()).min();
                proptest::prop_assert!(next.is_some_and(|length| length > most), "{:?} {}", bytes, taken);
            }
        }

        #[test]
        fn pages_joined_are_the_whole(text: String, cut in 0_usize..64) {
            let bytes = text.as_bytes();
            let cut = complete(&bytes[..cut.min(bytes.len())]);
            proptest::prop_assert_eq!(format!("{}{}", shown(&bytes[..cut]).text, shown(&bytes[cut..]).text), text);
        }
    }
}
