//! The chain: each line carries the SHA-256 of the line before and ends in its own. Pure: no file
//! is touched here.
//!
//! A line is `{…,"prev":"HASH","hash":"HASH"}` and a line feed, where `hash` covers every byte
//! before `,"hash":`. So a line proves itself, and the next one proves that it stands where it
//! stood.

use sha2::{Digest as _, Sha256};

use crate::hex::{Hash, hex, put_hex};
use crate::record::{self, Record};

/// Before the first line.
pub(crate) const NOTHING: Tail = Tail { seq: 0, hash: [0; 32] };

/// What most lines have room in, in bytes.
const TYPICAL: usize = 768;

/// More bytes than any line has.
pub(crate) const LINE: u64 = 1 << 20;

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
    let mut line = Vec::with_capacity(TYPICAL);
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
}
