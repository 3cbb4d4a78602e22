//! Bytes of strangers as master files write them (RFC 1035, section 5.1): printable, and the same again when read back.

use std::fmt::Write as _;

/// A `<character-string>` in quotes; what is not printable ASCII becomes `\DDD`.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 2);
    text.push('"');
    for byte in bytes {
        match byte {
            b'"' | b'\\' => {
                text.push('\\');
                text.push(char::from(*byte));
            }
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => {
                let _ = write!(text, "\\{byte:03}");
            }
        }
    }
    text.push('"');
    text
}

/// The same for JSON: UTF-8 where it is, and without quotes. A stranger's bytes are shown, never lost silently.
pub(crate) fn plain(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => quoted(bytes).trim_matches('"').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_written_as_numbers() {
        assert_eq!(quoted(b"a \"b\" \\ \x1b[31m\xff"), r#""a \"b\" \\ \027[31m\255""#);
        assert_eq!(plain("größe".as_bytes()), "größe");
        assert_eq!(plain(b"a\x07\xff"), "a\\007\\255");
    }
}
