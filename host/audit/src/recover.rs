//! How a chain is taken up: by its last whole line. What stands behind that is what a crash has
//! torn; it stays in place, and a `recovered` line says how many bytes it has and their digest, so
//! that `verify` can tell a crash from an edit.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt as _, FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::chain::{LINE, NOTHING, Tail, unseal};
use crate::files::{id, numbered};
use crate::head::{HeadState, Known};
use crate::hex::{digest, hex};
use crate::key::{Key, fingerprint};
use crate::open::Open;
use crate::record::Record;
use crate::rotate::unlink_second_name;
use crate::signer::signer;

/// Why an audit file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process writes it.
    #[error("the audit file `{}` is in use by another process", .0.display())]
    Locked(PathBuf),
    /// It is something else.
    #[error("`{}` is no audit file, and is left alone", .0.display())]
    Foreign(PathBuf),
    /// It is something that nobody may be reading, or that is written in place.
    #[error("`{}` is neither a regular file nor a character device, so no audit is written there", .0.display())]
    Unfit(PathBuf),
    /// It cannot be opened or read.
    #[error("the audit file `{}`: {}", .0.display(), .1)]
    File(PathBuf, io::Error),
    /// Another key has signed it.
    #[error(
        "the audit file `{}` is signed with the key {theirs}, and the key here is {ours} (`{}`)",
        .file.display(), .key.display()
    )]
    Signed {
        /// The file, or the numbered one before it.
        file: PathBuf,
        /// The key of its last checkpoint, as a fingerprint.
        theirs: String,
        /// Our own key, as a fingerprint.
        ours: String,
        /// Where that is.
        key: PathBuf,
    },
    /// The key cannot be read or made.
    #[error("the audit key `{}`: {}", .0.display(), .1)]
    Key(PathBuf, io::Error),
    /// The head cannot be read or made.
    #[error("the audit file's head `{}`: {}", .0.display(), .1)]
    Head(PathBuf, io::Error),
}

/// Opens and locks the file.
#[expect(clippy::disallowed_methods, reason = "the audit file, which the caller names")]
pub(crate) fn lock(path: &Path) -> Result<File, OpenError> {
    let failed = |error| OpenError::File(path.to_owned(), error);
    loop {
        let file =
            fs::OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        if !about.is_file() {
            let fit = about.file_type().is_char_device();
            return if fit { Ok(file) } else { Err(OpenError::Unfit(path.to_owned())) };
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::Locked(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // Between opening and locking, its writer may have rotated it.
        if fs::metadata(path).is_ok_and(|now| id(&now) == id(&about)) {
            return Ok(file);
        }
    }
}

/// Refuses a log that another key has signed. Nothing is written before.
pub(crate) fn check_signer(file: &File, path: &Path, key: &Key, key_path: &Path) -> Result<(), OpenError> {
    match signer(file, path).map_err(|error| OpenError::File(path.to_owned(), error))? {
        Some((file, theirs)) if theirs != key.public() => Err(OpenError::Signed {
            file,
            theirs: fingerprint(&theirs),
            ours: fingerprint(key.public()),
            key: key_path.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Finds the end of the chain, compares it with the head, and puts a line about what is amiss
/// before the next event.
pub(crate) fn take_up(open: &mut Open, says: HeadState) -> Result<(), OpenError> {
    let failed = |error| OpenError::File(open.path.clone(), error);
    let len = open.file.metadata().map_err(failed)?.len();
    unlink_second_name(open).map_err(failed)?;
    let mut end = vec![0; usize::try_from(len.min(LINE)).unwrap_or(0)];
    let from = len - end.len() as u64;
    open.file.read_exact_at(&mut end, from).map_err(failed)?;
    let mut start = [0; 7];
    let start = &mut start[..end.len().min(7)];
    open.file.read_exact_at(start, 0).map_err(failed)?;
    if !b"{\"seq\":".starts_with(start) {
        return Err(OpenError::Foreign(open.path.clone()));
    }
    let (tail, prev, torn) = match last_line(&end) {
        Some((record, tail, from)) => (tail, record.prev.into_owned(), &end[from..]),
        None if len > end.len() as u64 => return Err(OpenError::Foreign(open.path.clone())),
        None => (NOTHING, String::new(), &end[..]),
    };
    // Killed before its line feed: the line is whole, and so it counts.
    let (tail, prev, torn) = match unseal(torn) {
        Some((record, whole)) if whole.seq == tail.seq + 1 && record.prev == hex(&tail.hash) => {
            open.gap = true;
            (whole, record.prev.into_owned(), &[][..])
        }
        _ => (tail, prev, torn),
    };
    if let (true, HeadState::Known(known)) = (len == 0, says)
        && ends_before(&numbered(&open.path, 1), known).map_err(failed)?
    {
        let detail = format!("after {}, to which the file was moved", numbered(&open.path, 1).display());
        open.known = known;
        open.pending.push_back(Record { detail: Some(detail.into()), ..Record::new("continued") });
        return Ok(());
    }
    let (amiss, known) = compare(tail, &prev, says);
    open.known = known;
    open.len = len;
    if torn.is_empty() && amiss.is_none() {
        return Ok(());
    }
    if !torn.is_empty() && !torn.ends_with(b"\n") {
        open.gap = true;
    }
    let mut record = Record::new("recovered");
    let mut words = Vec::new();
    if !torn.is_empty() {
        record.bytes_in = Some(torn.len() as u64);
        record.digest = Some(digest(torn).into());
        words.push(format!("the {} bytes before this line are an event that was never acknowledged", torn.len()));
    }
    if let Some((after, what)) = amiss {
        record.lost_after = Some(after);
        words.push(what);
    }
    record.detail = Some(words.join("; ").into());
    open.pending.push_back(record);
    Ok(())
}

/// Whether a log that was moved to its first number, as log rotators do, ends there where the head
/// knows its end.
#[expect(clippy::disallowed_methods, reason = "the audit file's numbered predecessor")]
fn ends_before(moved: &Path, known: Known) -> io::Result<bool> {
    let file = match File::open(moved) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        other => other?,
    };
    let len = file.metadata()?.len();
    let mut end = vec![0; usize::try_from(len.min(LINE)).unwrap_or(0)];
    let from = len - end.len() as u64;
    file.read_exact_at(&mut end, from)?;
    Ok(last_line(&end).is_some_and(|(_, tail, behind)| tail == known.tail && behind == end.len()))
}

/// Compares the end of the file with the head: what is amiss, with the line that the head knew
/// last, and how to go on.
fn compare(tail: Tail, prev: &str, says: HeadState) -> (Option<(u64, String)>, Known) {
    let fresh = Known { tail, base: 1, synced: 0 };
    match says {
        HeadState::Known(known) => {
            // A crash between the two writes leaves the head one line behind.
            let next = tail.seq == known.tail.seq.saturating_add(1) && prev == hex(&known.tail.hash);
            if tail == known.tail || next {
                return (None, Known { tail, ..known });
            }
            let (knew, is) = (known.tail.seq, tail.seq);
            let what = format!("the file ended at line {is}, its head knew line {knew}: something else has written it");
            // The numbers go on after the higher one, so that none is given twice.
            (Some((knew, what)), Known { tail: Tail { seq: knew.max(is), ..tail }, ..known })
        }
        HeadState::Missing if tail == NOTHING => (None, fresh),
        HeadState::Missing => (Some((0, "the file's head is gone".to_owned())), fresh),
        HeadState::Unreadable => (Some((0, "the file's head was not written with this key".to_owned())), fresh),
    }
}

/// The last line that proves itself, with the place behind it.
fn last_line(end: &[u8]) -> Option<(Record<'static>, Tail, usize)> {
    let mut stop = end.iter().rposition(|byte| *byte == b'\n')?;
    loop {
        let start = end[..stop].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if let Some((record, tail)) = unseal(&end[start..stop]) {
            return Some((record, tail, stop + 1));
        }
        stop = start.checked_sub(1)?;
    }
}
