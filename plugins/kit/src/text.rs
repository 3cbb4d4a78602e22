//! Received bytes as text, chunk by chunk, without destroying a character that two chunks share.
//!
//! The rule: a character belongs whole to the chunk in which it begins; bytes that are no UTF-8
//! become U+FFFD in the chunk where they stand. The strings of all chunks, joined, are the lossy
//! decoding of all bytes, joined. Where the bytes are kept is the plugin's business.

/// One string per chunk, by the rule above. A character whose end is missing after the
/// last chunk becomes U+FFFD.
pub fn utf8_chunks<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
    let chunks: Vec<&[u8]> = chunks.into_iter().collect();
    utf8_between(&[], &chunks, &[])
}

/// As [`utf8_chunks`], for chunks cut out of a longer stream: `before` and `after` are up to
/// three bytes around them.
///
/// What begins in `before` or in `after` is not shown; what begins in a chunk is completed from
/// `after`. So pages that were cut anywhere still join to the lossy decoding of the whole.
pub fn utf8_between(before: &[u8], chunks: &[&[u8]], after: &[u8]) -> Vec<String> {
    let length = chunks.iter().map(|chunk| chunk.len()).sum::<usize>();
    let mut whole = Vec::with_capacity(before.len() + length + after.len());
    whole.extend_from_slice(before);
    let mut ends = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        whole.extend_from_slice(chunk);
        ends.push(whole.len());
    }
    whole.extend_from_slice(after);

    let mut strings: Vec<String> = chunks.iter().map(|chunk| String::with_capacity(chunk.len())).collect();
    let mut chunk = 0;
    let mut at = 0;
    for part in whole.utf8_chunks() {
        let mut valid = part.valid();
        while !valid.is_empty() {
            let end = if at < before.len() {
                before.len()
            } else {
                while ends.get(chunk).is_some_and(|&end| end <= at) {
                    chunk += 1;
                }
                ends.get(chunk).copied().unwrap_or(whole.len())
            };
            let mut cut = (end - at).min(valid.len());
            while !valid.is_char_boundary(cut) {
                cut += 1;
            }
            let (here, rest) = valid.split_at(cut);
            if at >= before.len()
                && let Some(string) = strings.get_mut(chunk)
            {
                string.push_str(here);
            }
            at += cut;
            valid = rest;
        }
        if !part.invalid().is_empty() {
            if at >= before.len() {
                while ends.get(chunk).is_some_and(|&end| end <= at) {
                    chunk += 1;
                }
                if let Some(string) = strings.get_mut(chunk) {
                    string.push('\u{FFFD}');
                }
            }
            at += part.invalid().len();
        }
    }
    strings
}

/// How many bytes at the end (0 to 3) begin a character that later bytes could still complete.
pub fn incomplete_tail(bytes: &[u8]) -> usize {
    for length in 1..=bytes.len().min(3) {
        let tail = &bytes[bytes.len() - length..];
        if tail[0] & 0b1100_0000 == 0b1000_0000 {
            continue;
        }
        let incomplete = std::str::from_utf8(tail).is_err_and(|error| error.error_len().is_none());
        return if incomplete { length } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_character_goes_to_the_chunk_where_it_began() {
        assert_eq!(utf8_chunks([&b"a\xe2"[..], b"\x82", b"\xacb"]), ["a€", "", "b"]);
        assert_eq!(utf8_chunks([&b"\xff"[..], b"", b"\xc3"]), ["\u{FFFD}", "", "\u{FFFD}"]);
        assert_eq!(utf8_chunks([]), [""; 0]);
    }

    #[test]
    fn context_completes_and_is_not_shown() {
        assert_eq!(utf8_between(b"x\xe2\x82", &[b"\xacb\xc3"], b"\xa9y"), ["bé"]);
        assert_eq!(utf8_between(b"\xa9y", &[b"z"], b""), ["z"]);
    }

    #[test]
    fn the_tail_is_incomplete_only_if_it_can_be_completed() {
        for (bytes, length) in [
            (&b""[..], 0),
            (b"abc", 0),
            (b"ab\xc3", 1),
            (b"a\xe2\x82", 2),
            (b"\xf0\x9f\x98", 3),
            (b"\xf0\x9f\x98\x80", 0),
            (b"a\xff", 0),
            (b"\xe0\x80", 0),
            (b"a\x80\x80", 0),
        ] {
            assert_eq!(incomplete_tail(bytes), length, "{bytes:x?}");
        }
    }

    /// Bytes that are mostly pieces of real characters, so that cuts fall inside them.
    fn mixed() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![
            any::<u8>(),
            Just(0xe2),
            Just(0x82),
            Just(0xac),
            Just(0xf0),
            Just(0x9f),
            Just(0x98),
            Just(0x80)
        ];
        let piece = prop_oneof![any::<char>().prop_map(|c| c.to_string().into_bytes()), byte.prop_map(|b| vec![b])];
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn joined_strings_are_the_lossy_decoding(bytes in mixed(), cuts in prop::collection::vec(0usize..200, 0..12)) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            let strings = utf8_chunks(chunks.iter().copied());
            prop_assert_eq!(strings.len(), chunks.len());
            prop_assert_eq!(strings.concat(), String::from_utf8_lossy(&bytes));
            // The same, read page by page with three bytes of context on either side.
            let pages: String = cuts.windows(2).map(|pair| {
                let before = &bytes[pair[0].saturating_sub(3)..pair[0]];
                let after = &bytes[pair[1]..(pair[1] + 3).min(bytes.len())];
                utf8_between(before, &[&bytes[pair[0]..pair[1]]], after).concat()
            }).collect();
            prop_assert_eq!(pages, String::from_utf8_lossy(&bytes));
        }
    }
}
