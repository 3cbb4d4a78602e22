//! Bytes of a handler's examples, as a model reads them.

use crate::encoding::{Encoding, encode};

/// Bytes as text or as hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// Printable ASCII with CR, LF and TAB: JSON writes these as `\r`, `\n` and `\t`.
    Text(String),
    /// Anything else, as pairs of hexadecimal digits.
    Hex(String),
}

/// How these bytes are shown.
pub fn shown(bytes: &[u8]) -> Shown {
    let is_text = bytes.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n' | b'\t'));
    if is_text { Shown::Text(encode(bytes, Encoding::Utf8)) } else { Shown::Hex(encode(bytes, Encoding::Hex)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_text_and_the_rest_is_hex() {
        assert_eq!(shown(b"PING :a\r\n"), Shown::Text("PING :a\r\n".to_owned()));
        assert_eq!(shown(b""), Shown::Text(String::new()));
        for (bytes, hex) in [(&b"\0\x01"[..], "0001"), ("é".as_bytes(), "c3a9"), (b"a\x7f", "617f"), (b"\x1b[", "1b5b")]
        {
            assert_eq!(shown(bytes), Shown::Hex(hex.to_owned()));
        }
    }
}
