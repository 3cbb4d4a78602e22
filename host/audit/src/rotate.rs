//! Rotation: `FILE` becomes `FILE.1`, `FILE.1` becomes `FILE.2`, and the oldest goes. The chain
//! runs on from file to file, and there is no moment at which `FILE` does not exist: another
//! process would begin a chain of its own there.

use std::fs;
use std::io::{self, BufRead as _, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::chain::{LINE, seal, unseal};
use crate::files::{folder, id, numbered, sync, with_end};
use crate::key::Key;
use crate::open::Open;
use crate::record::Record;

impl Open {
    /// Writes one line. It is in the file whole or not at all.
    pub fn append(&mut self, record: &mut Record<'_>, key: &Key) -> io::Result<()> {
        let (mut line, mut next) = self.seal(record)?;
        if self.head.is_some() && self.len > 0 && self.len + line.len() as u64 > self.size {
            rotate(self, key)?;
            (line, next) = self.seal(record)?;
        }
        self.write(&line)?;
        self.known.tail = next;
        self.since += 1;
        self.move_head(key)
    }
}

/// Begins a new file. After an error the old one is still the one that is written; it is tried
/// again with the next event.
fn rotate(open: &mut Open, key: &Key) -> io::Result<()> {
    try_rotate(open, key).map_err(|error| io::Error::new(error.kind(), format!("it cannot be rotated: {error}")))
}

#[expect(clippy::disallowed_methods, reason = "the audit file and its numbered predecessors")]
fn try_rotate(open: &mut Open, key: &Key) -> io::Result<()> {
    if open.since > 0 {
        open.checkpoint(key)?;
    }
    unlink_second_name(open)?;
    crash::point()?;
    let fresh = with_end(&open.path, ".next");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = fs::OpenOptions::new().read(true).append(true).create_new(true).mode(0o600).open(&fresh)?;
    file.try_lock().map_err(io::Error::from)?;
    let detail = format!("after {}", numbered(&open.path, 1).display());
    let mut record = Record { detail: Some(detail.into()), ..Record::new("continued") };
    let (line, next) = seal(&open.known.tail, &mut record).ok_or_else(|| io::Error::other("no line"))?;
    crash::point()?;
    io::Write::write_all(&mut &file, &line)?;
    file.sync_data()?;
    let id = id(&file.metadata()?);
    crash::point()?;

    // The head first: that lines before its base are still there is no fault, that the base is
    // missing would be one.
    let oldest = (1..open.files).rev().find(|number| fs::exists(numbered(&open.path, *number)).unwrap_or(false));
    open.known.base = first_seq(&numbered(&open.path, oldest.unwrap_or(0))).unwrap_or(open.known.base);
    open.move_head(key)?;
    for number in (0..open.files).rev() {
        crash::point()?;
        let (from, to) = (numbered(&open.path, number), numbered(&open.path, number + 1));
        match number {
            // Of a rotation that was interrupted here, this name may be left.
            0 => {
                let _ = fs::remove_file(&to);
                crash::point()?;
                fs::hard_link(&from, &to)?;
            }
            _ => match fs::rename(&from, &to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            },
        }
    }
    crash::point()?;
    fs::rename(&fresh, &open.path)?;
    (open.file, open.id, open.len, open.known.tail) = (file, id, line.len() as u64, next);
    open.behind = true;
    crash::point()?;
    // Otherwise a loss of power could bring the old names back, and the new file with all that is
    // in it would be gone.
    sync(folder(&open.path));
    open.move_head(key)
}

/// Takes away the second name of the file, which a rotation has left that got no further.
#[expect(clippy::disallowed_methods, reason = "the audit file's numbered predecessor")]
pub(crate) fn unlink_second_name(open: &Open) -> io::Result<()> {
    let first = numbered(&open.path, 1);
    match fs::metadata(&first) {
        Ok(about) if id(&about) == open.id => fs::remove_file(first),
        _ => Ok(()),
    }
}

/// The number of a file's first line.
#[expect(clippy::disallowed_methods, reason = "the audit file's numbered predecessors")]
pub(crate) fn first_seq(path: &Path) -> Option<u64> {
    let mut line = Vec::new();
    io::BufReader::new(fs::File::open(path).ok()?).take(LINE).read_until(b'\n', &mut line).ok()?;
    unseal(line.strip_suffix(b"\n")?).map(|(record, _)| record.seq)
}

/// Places at which tests let a rotation end.
#[cfg(not(test))]
mod crash {
    pub(super) fn point() -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod crash {
    use std::cell::Cell;
    use std::io;

    thread_local! {
        /// How many places are passed before one ends the rotation.
        static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
    }

    /// The next rotation of this thread ends after so many places; with `None`, none does.
    pub fn after(places: Option<u32>) {
        LEFT.set(places);
    }

    /// Whether a rotation was ended.
    pub fn happened() -> bool {
        LEFT.get() == Some(u32::MAX)
    }

    pub(super) fn point() -> io::Result<()> {
        match LEFT.get() {
            Some(0) => LEFT.set(Some(u32::MAX)),
            Some(u32::MAX) | None => return Ok(()),
            Some(left) => {
                LEFT.set(Some(left - 1));
                return Ok(());
            }
        }
        Err(io::Error::other("a rotation was ended here"))
    }
}
