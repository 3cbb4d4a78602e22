//! Rotation: `FILE` becomes `FILE.1`, `FILE.1` becomes `FILE.2`, and the oldest goes. The chain runs on from file to file, and
//! there is no moment at which `FILE` does not exist: another process would begin a chain of its own there.

use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead as _, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::chain::{seal, unseal};
use crate::file::Open;
use crate::key::Key;
use crate::record::Record;

/// Longer than any line.
pub(crate) const LINE: u64 = 1 << 20;

/// `FILE.N`; `FILE` itself for 0.
pub(crate) fn numbered(path: &Path, number: u32) -> PathBuf {
    with_end(
        path,
        &match number {
            0 => String::new(),
            number => format!(".{number}"),
        },
    )
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    name.into()
}

/// Begins a new file. After an error the old one goes on.
#[expect(clippy::disallowed_methods, reason = "the audit file and its numbered predecessors")]
pub(crate) fn rotate(open: &mut Open, key: &Key) -> io::Result<()> {
    if open.since > 0 {
        open.checkpoint(key)?;
    }
    let fresh = with_end(&open.path, ".next");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = fs::OpenOptions::new().read(true).append(true).create_new(true).mode(0o600).open(&fresh)?;
    file.try_lock().map_err(io::Error::from)?;
    let detail = format!("after {}", numbered(&open.path, 1).display());
    let record = Record { detail: Some(detail.into()), ..Record::new("continued") };
    let (line, next) = seal(&open.known.tail, record).ok_or_else(|| io::Error::other("no line"))?;
    io::Write::write_all(&mut &file, &line)?;
    file.sync_data()?;

    // The head first: that lines before its base are still there is no fault, that the base is missing would be one.
    let oldest = (1..open.files).rev().find(|number| fs::exists(numbered(&open.path, *number)).unwrap_or(false));
    open.known.base = first_seq(&numbered(&open.path, oldest.unwrap_or(0))).unwrap_or(open.known.base);
    open.move_head(key)?;
    for number in (0..open.files).rev() {
        let (from, to) = (numbered(&open.path, number), numbered(&open.path, number + 1));
        match number {
            // Of a rotation that was interrupted here, this name may be left.
            0 => {
                let _ = fs::remove_file(&to);
                fs::hard_link(&from, &to)?;
            }
            _ => match fs::rename(&from, &to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            },
        }
    }
    fs::rename(&fresh, &open.path)?;
    (open.file, open.len, open.known.tail) = (file, line.len() as u64, next);
    open.move_head(key)
}

/// The number of a file's first line.
#[expect(clippy::disallowed_methods, reason = "the audit file's numbered predecessors")]
fn first_seq(path: &Path) -> Option<u64> {
    let mut line = Vec::new();
    io::BufReader::new(fs::File::open(path).ok()?).take(LINE).read_until(b'\n', &mut line).ok()?;
    unseal(line.strip_suffix(b"\n")?).map(|(record, _)| record.seq)
}
