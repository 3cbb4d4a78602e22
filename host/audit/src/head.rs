//! The head: a small file apart from the log that knows how far the log goes, so that cutting off
//! its end is noticed.
//!
//! Two slots are written in turn, each in one write: whatever interrupts one, the other stands. A
//! slot carries a MAC under the audit key; a signature for every event would cost more than all the
//! rest, and the checkpoints in the log have one.

use std::fs;
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::chain::Tail;
use crate::hex::{digest, hex, put_hex, put_number, unhex};
use crate::key::Key;

const MARK: &str = "cofferdam-audit-head-1";
const SLOT: usize = MARK.len() + 1 + 20 + 1 + 64 + 1 + 20 + 1 + 20 + 1 + 64 + 1;

/// How often a head is read that makes no sense.
const TRIES: usize = 10;

/// What is known of a log from outside of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// Where it ends.
    pub tail: Tail,
    /// The number of the first line that rotation has kept.
    pub base: u64,
    /// The number of the last line that was waited for until the disk had it: no loss of power
    /// takes it away.
    pub synced: u64,
}

/// What a head file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadState {
    /// There is none.
    Missing,
    /// It is there, and no slot of it was written with our key.
    Unreadable,
    /// This.
    Known(Known),
}

/// The place of a log's head: in the key's folder, under the log's name and a digest of where it
/// is.
#[expect(clippy::disallowed_methods, reason = "the place of the audit file, which the caller names")]
pub(crate) fn place(log: &Path, key: &Path) -> io::Result<PathBuf> {
    let folder = match log.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let name = log.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it has no file name"))?;
    let whole = fs::canonicalize(folder)?.join(name);
    let place = digest(whole.as_os_str().as_encoded_bytes());
    Ok(key.with_file_name(format!("{}-{}.head", name.to_string_lossy(), &place[..12])))
}

/// Reads a head, which its writer may move meanwhile.
#[expect(clippy::disallowed_methods, reason = "the head of the audit file")]
pub(crate) fn read(path: &Path, key: &Key) -> io::Result<HeadState> {
    match fs::File::open(path) {
        Ok(file) => read_from(|bytes| file.read_at(bytes, 0), key),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(HeadState::Missing),
        Err(error) => Err(error),
    }
}

/// Reads both slots at once: read in parts, each can be half of an older and half of a newer one. A
/// single read can still meet two writes, so what makes no sense is read again before it is
/// believed.
fn read_from(mut read: impl FnMut(&mut [u8]) -> io::Result<usize>, key: &Key) -> io::Result<HeadState> {
    let mut says = HeadState::Missing;
    for _ in 0..TRIES {
        let mut bytes = [0; 2 * SLOT];
        let len = read(&mut bytes)?;
        let slots = bytes[..len].chunks(SLOT).filter_map(|slot| parse(slot, key));
        says = match slots.max_by_key(|known| (known.tail.seq, known.base, known.synced)) {
            Some(known) => return Ok(HeadState::Known(known)),
            None if len == 0 => HeadState::Missing,
            None => HeadState::Unreadable,
        };
    }
    Ok(says)
}

/// An open head, to be written.
pub(crate) struct Head {
    file: fs::File,
    second: bool,
}

impl Head {
    /// Opens it for writing; what it says so far stays.
    #[expect(clippy::disallowed_methods, reason = "the head of the audit file")]
    pub fn open(path: &Path, key: &Key) -> io::Result<Self> {
        let file = fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        // The first write must not hit the slot that holds.
        let mut slot = [0; SLOT];
        let first = file.read_exact_at(&mut slot, 0).ok().and_then(|()| parse(&slot, key));
        let holds = match read(path, key)? {
            HeadState::Known(known) => Some(known),
            HeadState::Missing | HeadState::Unreadable => None,
        };
        Ok(Self { file, second: first.is_some() && first == holds })
    }

    /// Writes what is known now.
    pub fn write(&mut self, known: &Known, key: &Key) -> io::Result<()> {
        let Known { tail, base, synced } = known;
        let mut slot = Vec::with_capacity(SLOT);
        slot.extend_from_slice(MARK.as_bytes());
        slot.push(b' ');
        put_number(&mut slot, tail.seq, 20);
        slot.push(b' ');
        put_hex(&mut slot, &tail.hash);
        for number in [base, synced] {
            slot.push(b' ');
            put_number(&mut slot, *number, 20);
        }
        let mac = key.seal_head(&slot);
        slot.push(b' ');
        put_hex(&mut slot, &mac);
        slot.push(b'\n');
        let at = if self.second { SLOT as u64 } else { 0 };
        self.file.write_all_at(&slot, at)?;
        self.second = !self.second;
        Ok(())
    }

    /// Waits until it is on the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn parse(slot: &[u8], key: &Key) -> Option<Known> {
    let text = str::from_utf8(slot).ok()?.strip_suffix('\n')?;
    let (body, mac) = text.rsplit_once(' ')?;
    if hex(&key.seal_head(body.as_bytes())) != mac {
        return None;
    }
    let mut words = body.strip_prefix(MARK)?.strip_prefix(' ')?.split(' ');
    let (seq, hash, base, synced) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let tail = Tail { seq: seq.parse().ok()?, hash: unhex(hash)? };
    Some(Known { tail, base: base.parse().ok()?, synced: synced.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place_tests::LogFolder;

    #[test]
    fn a_head_that_is_met_while_both_slots_are_written_is_read_again() {
        let place = LogFolder::with(3);
        let key = Key::open(&place.key()).unwrap();
        let whole = fs::read(place.head()).unwrap();
        assert_eq!(whole.len(), 2 * SLOT);
        let torn: Vec<u8> =
            whole.iter().enumerate().map(|(at, byte)| if at % SLOT < 100 { b'0' } else { *byte }).collect();
        let meets = |torn_reads: usize| {
            let mut reads = 0;
            let read = |into: &mut [u8]| {
                reads += 1;
                into.copy_from_slice(if reads <= torn_reads { &torn } else { &whole });
                Ok(into.len())
            };
            read_from(read, &key).unwrap()
        };
        assert!(matches!(meets(2), HeadState::Known(known) if known.tail.seq == 5));
        assert_eq!(meets(usize::MAX), HeadState::Unreadable);
        assert_eq!(read_from(|_| Ok(0), &key).unwrap(), HeadState::Missing);
    }
}
