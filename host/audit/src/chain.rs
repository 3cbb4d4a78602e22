//! The chain: each line carries the SHA-256 of the line before and ends in its own. Pure: no file is touched here.
//!
//! A line is `{…,"prev":"HASH","hash":"HASH"}` and a line feed, where `hash` covers every byte before `,"hash":`. So a line
//! proves itself, and the next one proves that it stands where it stood.

use sha2::{Digest as _, Sha256};

use crate::record::{self, Record};

/// A SHA-256.
pub(crate) type Hash = [u8; 32];

/// Before the first line.
pub(crate) const NOTHING: Tail = Tail { seq: 0, hash: [0; 32] };

/// What most lines have room in, in bytes.
const LINE: usize = 768;

/// The bytes of `,"hash":"` + 64 + `"}`.
const SUFFIX: usize = 9 + 64 + 2;

/// Where a chain ends: the number of its last line, and that line's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tail {
    pub seq: u64,
    pub hash: Hash,
}

/// Makes the next line of a chain, line feed included.
pub(crate) fn seal(tail: &Tail, record: &mut Record<'_>) -> Option<(Vec<u8>, Tail)> {
    record.seq = tail.seq.checked_add(1)?;
    if record.time.is_empty() {
        record.time = record::now().into();
    }
    let mut line = Vec::with_capacity(LINE);
    serde_json::to_writer(&mut line, record).ok()?;
    line.pop();
    line.extend_from_slice(b",\"prev\":\"");
    put_hex(&mut line, &tail.hash);
    line.push(b'"');
    let hash: Hash = Sha256::digest(&line).into();
    line.extend_from_slice(b",\"hash\":\"");
    put_hex(&mut line, &hash);
    line.extend_from_slice(b"\"}\n");
    Some((line, Tail { seq: record.seq, hash }))
}

/// Reads a line, given without its line feed; `None` if it does not prove itself.
pub(crate) fn unseal(line: &[u8]) -> Option<(Record<'static>, Tail)> {
    let (body, suffix) = line.split_at_checked(line.len().checked_sub(SUFFIX)?)?;
    let claimed = suffix.strip_prefix(b",\"hash\":\"")?.strip_suffix(b"\"}")?;
    let hash: Hash = Sha256::digest(body).into();
    if hex(&hash).as_bytes() != claimed {
        return None;
    }
    let record: Record<'static> = serde_json::from_slice(line).ok()?;
    Some((record.clone(), Tail { seq: record.seq, hash }))
}

/// SHA-256 in hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = Vec::with_capacity(2 * bytes.len());
    put_hex(&mut text, bytes);
    // Digits and letters are UTF-8.
    String::from_utf8(text).unwrap_or_default()
}

/// Adds lower-case hexadecimal.
pub(crate) fn put_hex(to: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS[usize::from(nibble & 15)];
    let begin = to.len();
    to.resize(begin + 2 * bytes.len(), 0);
    for (pair, byte) in to[begin..].chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(*byte)]);
    }
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

/// The bytes of lower-case hexadecimal of exactly that length.
pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_proves_itself_and_its_place() {
        let (first, tail) = seal(&NOTHING, &mut Record::new("opened")).unwrap();
        let (second, _) = seal(&tail, &mut Record { plugin: Some("p\n\"".into()), ..Record::new("ask") }).unwrap();
        assert_eq!(first.iter().chain(&second).filter(|byte| **byte == b'\n').count(), 2);
        let (record, at) = unseal(first.trim_ascii_end()).unwrap();
        assert_eq!((record.seq, record.prev.as_ref(), at), (1, "0".repeat(64).as_str(), tail));
        let (record, _) = unseal(second.trim_ascii_end()).unwrap();
        assert_eq!(
            (record.seq, record.prev.as_ref(), record.plugin.as_deref()),
            (2, hex(&tail.hash).as_str(), Some("p\n\""))
        );
        for at in 0..second.len() - 1 {
            let mut changed = second[..second.len() - 1].to_vec();
            changed[at] ^= 1;
            assert!(unseal(&changed).is_none(), "byte {at}");
        }
    }

    #[test]
    fn hexadecimal_has_one_spelling() {
        assert_eq!(unhex::<2>("00ff"), Some([0, 255]));
        for wrong in ["00fF", "00f", "00fff0", "0x00", "+0ff"] {
            assert_eq!(unhex::<2>(wrong), None, "{wrong}");
        }
    }
}
