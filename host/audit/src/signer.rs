//! Who has signed a log so far: the key of its last checkpoint. A log that another key has signed
//! is not gone on with, because no key could then prove the whole of it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::chain::{LINE, unseal};
use crate::files::{FILES, numbered};
use crate::hex::{Hash, unhex};
use crate::key;

/// What every checkpoint's line has in it, so that most lines need not be read.
const MARK: &[u8] = b"\"event\":\"checkpoint\"";

/// The file with a log's last checkpoint and the public key that has signed it, in hexadecimal.
/// `file` is the one that is written, `path` its name. `None` where nothing has a signature yet.
pub(crate) fn signer(file: &File, path: &Path) -> io::Result<Option<(PathBuf, String)>> {
    if let Some(key) = last_signer(file)? {
        return Ok(Some((path.to_owned(), key)));
    }
    // A file that was rotated away ends in a checkpoint.
    for before in (1..FILES).map(|number| numbered(path, number)) {
        let Some(file) = open(&before)? else { break };
        if let Some(key) = last_signer(&file)? {
            return Ok(Some((before, key)));
        }
    }
    Ok(None)
}

/// A regular file, if it is there.
#[expect(clippy::disallowed_methods, reason = "the audit file's numbered predecessors")]
fn open(path: &Path) -> io::Result<Option<File>> {
    match std::fs::metadata(path) {
        Ok(about) if about.is_file() => File::open(path).map(Some),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Looks for the last checkpoint from the end of a file, piece by piece: it is at most 1,000 events
/// back.
fn last_signer(file: &File) -> io::Result<Option<String>> {
    let mut end = file.metadata()?.len();
    let mut piece = Vec::new();
    while end > 0 {
        let from = end.saturating_sub(LINE);
        piece.resize(usize::try_from(end - from).unwrap_or(0), 0);
        file.read_exact_at(&mut piece, from)?;
        // The piece begins inside a line, which the next piece has whole.
        let begin = match from {
            0 => 0,
            _ => piece.iter().position(|byte| *byte == b'\n').map_or(piece.len(), |at| at + 1),
        };
        let lines = piece[begin..].split(|byte| *byte == b'\n');
        if let Some(key) = lines.rev().find_map(signer_of) {
            return Ok(Some(key));
        }
        if begin == piece.len() {
            // No line of ours is that long.
            return Ok(None);
        }
        end = if from == 0 { 0 } else { from + begin as u64 };
    }
    Ok(None)
}

/// The key that has signed a line, if the line is a checkpoint and its signature is right.
fn signer_of(line: &[u8]) -> Option<String> {
    line.windows(MARK.len()).any(|part| part == MARK).then_some(())?;
    let (record, tail) = unseal(line)?;
    let before: Hash = unhex(&record.prev)?;
    let (key, signature) = (record.key?.into_owned(), record.signature?);
    let right = record.event == "checkpoint" && key::signed_by(&key, tail.seq.checked_sub(1)?, &before, &signature);
    right.then_some(key)
}
