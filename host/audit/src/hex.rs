//! Hashes, and bytes and numbers as text of a fixed length: the alphabet of lines, heads and keys.

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// A SHA-256.
pub(crate) type Hash = [u8; 32];

/// SHA-256 in hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// Adds lower-case hexadecimal.
pub(crate) fn put_hex(to: &mut Vec<u8>, bytes: &[u8]) {
    let begin = to.len();
    to.resize(begin + HEXLOWER.encode_len(bytes.len()), 0);
    HEXLOWER.encode_mut(bytes, &mut to[begin..]);
}

/// The bytes of lower-case hexadecimal of exactly that length.
pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// Adds a number of that many decimal digits, zeros before it.
pub(crate) fn put_number(to: &mut Vec<u8>, number: u64, digits: usize) {
    let end = to.len() + digits;
    to.resize(end, b'0');
    let mut rest = number;
    for digit in to.iter_mut().rev().take(digits) {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_has_one_spelling() {
        assert_eq!(unhex::<2>("00ff"), Some([0, 255]));
        for wrong in ["00fF", "00f", "00fff0", "0x00", "+0ff"] {
            assert_eq!(unhex::<2>(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_have_their_length() {
        let mut text = hex(&[0xab]).into_bytes();
        put_number(&mut text, 42, 5);
        put_hex(&mut text, &[0, 0xff]);
        assert_eq!(text, b"ab0004200ff");
    }
}
