//! Whether an audit file is what was written: every line proves itself, stands where it stood, the
//! checkpoints are signed with the key, and the end is where the head says. It proves nothing
//! against whoever holds the key: they can write another past.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use crate::chain::{LINE, Tail, unseal};
use crate::files::{open_all, whole};
use crate::head::{self, HeadState, Known};
use crate::hex::{Hash, digest, hex, unhex};
use crate::key::{Key, fingerprint};
use crate::record::Record;

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A line is not what was written.
    Changed,
    /// Lines are missing from the middle.
    Removed,
    /// A line stands elsewhere than where it was written, or twice.
    Reordered,
    /// Lines are missing from the beginning.
    CutAtBeginning,
    /// Lines are missing from the end, or the end is another.
    CutAtEnd,
    /// Lines were added that the writer did not write.
    Added,
    /// A checkpoint is not signed with this key.
    Signature,
    /// The head, which knows the end, is missing or not written with this key.
    Head,
}

/// The first thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Of which kind.
    pub kind: Kind,
    /// The file.
    pub file: PathBuf,
    /// The line in it, from 1; 0 where the fault is of the whole file.
    pub line: u64,
    /// What it is, for people.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The files, oldest first.
    pub files: Vec<PathBuf>,
    /// The fingerprint of the key that they were checked with.
    pub key: String,
    /// Lines that are as they were written, up to the fault if there is one.
    pub lines: u64,
    /// Signed checkpoints among them.
    pub checkpoints: u64,
    /// Lines after the last checkpoint: no signature covers them yet, the head does.
    pub unsigned: u64,
    /// The times of the first and the last of these lines.
    pub span: Option<(String, String)>,
    /// What is odd and no fault: what a crash has torn.
    pub notes: Vec<String>,
    /// The first thing that is wrong; `None` if nothing is.
    pub fault: Option<Fault>,
}

/// Checks a log and its rotated files. It may be in use.
///
/// # Errors
/// A file or the key cannot be read.
pub fn verify(path: &Path, key_path: &Path) -> io::Result<Report> {
    let named = |path: &Path, error: io::Error| io::Error::new(error.kind(), format!("`{}`: {error}", path.display()));
    let path = &whole(path).map_err(|error| named(path, error))?;
    let key = Key::open(key_path).map_err(|error| named(key_path, error))?;
    let place = head::place(path, key_path).map_err(|error| named(path, error))?;
    let says = || head::read(&place, &key).map_err(|error| named(&place, error));
    // A writer that is at work moves the head meanwhile: the end is at least where it was before
    // the files were opened, and at most where it is after they were read; which lines rotation has
    // kept is known once they are open.
    let before = says()?;
    let opened = open_all(path)?;
    let base = match says()? {
        HeadState::Known(known) => known.base,
        HeadState::Missing | HeadState::Unreadable => 1,
    };
    let files = opened.iter().map(|(name, _)| name.clone()).collect();
    let report = Report { files, key: fingerprint(key.public()), ..Report::default() };
    let mut walk = Walk { key: &key, before, base, report, tail: None, met: false, signed: 0 };
    for (file, open) in opened {
        let fault = walk.file(&file, BufReader::with_capacity(1 << 16, open)).map_err(|error| named(&file, error))?;
        if fault.is_some() {
            walk.report.fault = fault;
            return Ok(walk.report);
        }
    }
    let after = says()?;
    walk.report.fault =
        walk.end(path, after).map(|(kind, message)| Fault { kind, file: path.to_owned(), line: 0, message });
    Ok(walk.report)
}

struct Walk<'a> {
    key: &'a Key,
    before: HeadState,
    /// The number of the first line that has to be there.
    base: u64,
    report: Report,
    tail: Option<Tail>,
    /// The line that the head knew last was met, and is that line.
    met: bool,
    /// The number of the last checkpoint.
    signed: u64,
}

type Wrong = (Kind, String);

impl Walk<'_> {
    /// Reads one file.
    fn file(&mut self, path: &Path, mut reader: impl BufRead) -> io::Result<Option<Fault>> {
        let mut line = Vec::new();
        // What no line explains yet, with the number of its first line.
        let mut torn: Option<(u64, Vec<u8>)> = None;
        let fault = |line, (kind, message): Wrong| Some(Fault { kind, file: path.to_owned(), line, message });
        let changed = || (Kind::Changed, "the line is not as it was written".to_owned());
        for number in 1.. {
            line.clear();
            (&mut reader).take(LINE).read_until(b'\n', &mut line)?;
            if line.is_empty() {
                break;
            }
            match line.strip_suffix(b"\n").and_then(unseal) {
                Some((record, tail)) => {
                    if let Some((at, bytes)) = torn.take() {
                        if !explains(&record, &bytes) {
                            return Ok(fault(at, changed()));
                        }
                        let torn = record.bytes_in.unwrap_or_default();
                        let crash = format!(
                            "{}:{at}: {torn} bytes of an event that was never acknowledged: a crash",
                            path.display()
                        );
                        self.report.notes.push(crash);
                    } else if record.event == "recovered" && record.bytes_in.is_some() {
                        return Ok(fault(
                            number,
                            (Kind::Removed, "the torn line that this one speaks of is gone".to_owned()),
                        ));
                    }
                    if let Err(wrong) = self.line(&record, tail) {
                        let wrong = match wrong {
                            (Kind::Removed, message) if self.comes_later(&mut reader)? => (Kind::Reordered, message),
                            wrong => wrong,
                        };
                        return Ok(fault(number, wrong));
                    }
                }
                None => {
                    let (_, bytes) = torn.get_or_insert((number, Vec::new()));
                    bytes.extend_from_slice(&line);
                    if bytes.len() as u64 > LINE {
                        return Ok(fault(number, changed()));
                    }
                    // The end, as it was when it was reached: what a writer at work adds now is not
                    // looked at, or else the rest of its line would be taken for a line.
                    if !line.ends_with(b"\n") && (line.len() as u64) < LINE {
                        break;
                    }
                }
            }
        }
        let Some((at, bytes)) = torn else { return Ok(None) };
        let whole = bytes.ends_with(b"\n");
        // A writer at work may have written whole lines, and part of this one, since its head was
        // read.
        let seen = self.tail.map_or(0, |tail| tail.seq);
        let acknowledged = matches!(self.before, HeadState::Known(known) if known.tail.seq > seen);
        let last = self.report.files.last().is_some_and(|last| last == path);
        if !last || whole {
            return Ok(fault(at, changed()));
        }
        if acknowledged {
            return Ok(fault(
                at,
                (
                    Kind::CutAtEnd,
                    "the line is cut off, and the head knows it whole: it was cut, or lost with the system's power"
                        .to_owned(),
                ),
            ));
        }
        let note = format!(
            "{}:{at}: it ends in {} bytes of an event that was never acknowledged: a crash, or a write under way",
            path.display(),
            bytes.len()
        );
        self.report.notes.push(note);
        Ok(None)
    }

    /// Checks a line that proves itself against those before it.
    fn line(&mut self, record: &Record<'_>, tail: Tail) -> Result<(), Wrong> {
        let wrong = |kind, message: String| Err((kind, message));
        match self.tail {
            Some(before) => {
                let due = before.seq + 1;
                if let Some(after) = record.lost_after {
                    return wrong(
                        Kind::CutAtEnd,
                        format!("when the file was taken up again here, line {after} was not its end"),
                    );
                }
                if tail.seq < due {
                    return wrong(Kind::Reordered, format!("line {} stands after line {}", tail.seq, before.seq));
                }
                if tail.seq > due {
                    return wrong(Kind::Removed, format!("line {due} is due here, and line {} stands here", tail.seq));
                }
                if record.prev != hex(&before.hash) {
                    return wrong(Kind::Changed, format!("line {due} was not written after the line before it"));
                }
            }
            None => {
                let base = self.base;
                if let Some(after) = record.lost_after {
                    return wrong(
                        Kind::CutAtBeginning,
                        format!("when the file was made, there was one already, with {after} lines"),
                    );
                }
                if tail.seq > base {
                    return wrong(Kind::CutAtBeginning, format!("the first line is {}, it was {base}", tail.seq));
                }
                if tail.seq == 1 && record.prev != hex(&[0; 32]) {
                    return wrong(Kind::Changed, "the first line follows another".to_owned());
                }
            }
        }
        self.report.unsigned += 1;
        if record.event == "checkpoint" {
            self.signed(record, tail)?;
            self.report.checkpoints += 1;
            self.report.unsigned = 0;
            self.signed = tail.seq;
        }
        if let HeadState::Known(known) = self.before
            && known.tail.seq == tail.seq
        {
            if known.tail != tail {
                return wrong(Kind::Changed, format!("line {} is another than the head knows", tail.seq));
            }
            self.met = true;
        }
        let first = self.report.span.take().map_or_else(|| record.time.to_string(), |(first, _)| first);
        self.report.span = Some((first, record.time.to_string()));
        self.report.lines += 1;
        self.tail = Some(tail);
        Ok(())
    }

    fn signed(&self, record: &Record<'_>, tail: Tail) -> Result<(), Wrong> {
        let wrong = |message: &str| Err((Kind::Signature, message.to_owned()));
        if let Some(theirs) = record.key.as_deref()
            && theirs != self.key.public()
        {
            let (theirs, ours) = (fingerprint(theirs), fingerprint(self.key.public()));
            return wrong(&format!("the checkpoint was signed with another key, {theirs}; the key here is {ours}"));
        }
        let before: Option<Hash> = unhex(&record.prev);
        let (Some(_), Some(signature), Some(before)) = (&record.key, record.signature.as_deref(), before) else {
            return wrong("the checkpoint has no signature");
        };
        if self.key.signed(tail.seq - 1, &before, signature) {
            Ok(())
        } else {
            wrong("the checkpoint's signature is wrong")
        }
    }

    /// Whether the line that is missing stands somewhere below.
    fn comes_later(&self, reader: &mut impl BufRead) -> io::Result<bool> {
        let mut line = Vec::new();
        loop {
            line.clear();
            reader.take(LINE).read_until(b'\n', &mut line)?;
            if line.is_empty() {
                return Ok(false);
            }
            let found = line.strip_suffix(b"\n").and_then(unseal);
            if found.is_some_and(|(_, tail)| self.tail.is_some_and(|before| tail.seq == before.seq + 1)) {
                return Ok(true);
            }
        }
    }

    /// Compares the end with the head.
    fn end(&self, path: &Path, after: HeadState) -> Option<Wrong> {
        let is = self.tail.map_or(0, |tail| tail.seq);
        match (self.before, after) {
            (HeadState::Known(before), HeadState::Known(after)) => {
                let Known { tail: Tail { seq: knew, .. }, synced, .. } = before;
                if is < synced {
                    let message = format!(
                        "the file ends with line {is}, {knew} was written: its end is cut off (the disk had everything up to line {synced})"
                    );
                    return Some((Kind::CutAtEnd, message));
                }
                if is < knew {
                    let message = format!(
                        "the file ends with line {is}, {knew} was written: its end is cut off, or was lost with the system's power"
                    );
                    return Some((Kind::CutAtEnd, message));
                }
                // Unless rotation has taken it away since.
                if !self.met && knew >= self.base {
                    return Some((Kind::CutAtBeginning, format!("line {knew} is not there")));
                }
                // A writer that was killed has written one line that its head does not know. A
                // checkpoint needs no head: who made it has the key.
                let most = after.tail.seq.max(self.signed).saturating_add(1);
                (is > most).then(|| {
                    let message = format!(
                        "the file ends with line {is}, only {most} are known to be written: lines were added, or the head's \
                         last moves were lost with the system's power"
                    );
                    (Kind::Added, message)
                })
            }
            // One line, and killed before the head was made.
            (HeadState::Missing, _) if is <= 1 => None,
            (HeadState::Missing, _) => Some((
                Kind::Head,
                format!("the head of `{}` is gone: where the file ends is not known", path.display()),
            )),
            _ => Some((Kind::Head, format!("the head of `{}` was not written with this key", path.display()))),
        }
    }
}

/// Whether a line marks these bytes as torn. The line feed at their end may be the one that was set
/// before the mark.
fn explains(record: &Record<'_>, torn: &[u8]) -> bool {
    let is =
        |bytes: &[u8]| record.bytes_in == Some(bytes.len() as u64) && record.digest.as_deref() == Some(&digest(bytes));
    record.event == "recovered" && (is(torn) || torn.strip_suffix(b"\n").is_some_and(is))
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
