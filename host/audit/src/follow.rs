//! Reading a log that grows: whole lines, in the order in which they were written, from file to
//! file as they are rotated.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use crate::chain::{LINE, unseal};
use crate::files::{FILES, files, id, numbered, whole};
use crate::rotate::first_seq;

/// How often the next file is looked for while files get other names.
const TRIES: usize = 100;

/// Whole lines of a file that may grow.
pub struct Lines(BufReader<File>);

impl Lines {
    /// The lines of a file from its beginning.
    ///
    /// # Errors
    /// It cannot be opened.
    #[expect(clippy::disallowed_methods, reason = "the audit file, which the caller names")]
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(BufReader::new(File::open(path)?)))
    }

    /// The next line that is there whole, without its line feed; `None` if there is none yet. A
    /// line that is too long to be ours comes in pieces.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        (&mut self.0).take(LINE).read_until(b'\n', &mut line)?;
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if (line.len() as u64) < LINE {
            self.0.seek_relative(-i64::try_from(line.len()).unwrap_or(0))?;
            return Ok(None);
        }
        Ok(Some(line))
    }

    /// Begins again if the file has become shorter than what was read of it.
    fn rewind_if_cut(&mut self) -> io::Result<()> {
        let (len, read) = (self.0.get_ref().metadata()?.len(), self.0.stream_position()?);
        if len < read {
            self.0.rewind()?;
        }
        Ok(())
    }
}

/// The lines of a log as it is written and rotated.
pub struct Follow {
    path: PathBuf,
    lines: Lines,
    /// The number of the last line.
    last: u64,
}

impl Follow {
    /// Begins with the first line of the file that is written now.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let path = whole(path)?;
        Ok(Self { lines: Lines::open(&path)?, path, last: 0 })
    }

    /// The next line that is there whole; `None` if there is none yet. No line is left out, however
    /// many files were begun since the last look, as long as they are kept.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        for _ in 0..TRIES {
            if let Some(line) = self.read()? {
                return Ok(Some(line));
            }
            let Some(after) = self.after()? else {
                self.lines.rewind_if_cut()?;
                return Ok(None);
            };
            // What was written between the last look and the rotation.
            if let Some(line) = self.read()? {
                return Ok(Some(line));
            }
            self.lines = after;
        }
        Ok(None)
    }

    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        let line = self.lines.next_line()?;
        let seq = line.as_deref().and_then(unseal).map(|(record, _)| record.seq);
        self.last = seq.unwrap_or(self.last);
        Ok(line)
    }

    /// The file that was begun after this one; `None` while this one is the last, and while files
    /// are getting other names.
    fn after(&self) -> io::Result<Option<Lines>> {
        let own = id(&self.lines.0.get_ref().metadata()?);
        if is(own, &self.path) {
            return Ok(None);
        }
        for _ in 0..TRIES {
            // Files move to higher numbers only: who looks upwards does not miss one that moves
            // meanwhile.
            let Some(number) = (1..FILES).find(|number| is(own, &numbered(&self.path, *number))) else {
                return self.first_after_last();
            };
            let opened = (0..number).rev().map(|number| (number, Lines::open(&numbered(&self.path, number))));
            let Some((next, lines)) = opened.filter_map(|(number, lines)| Some((number, lines.ok()?))).next() else {
                return Ok(None);
            };
            // A rotation moves the higher numbers first. If ours has not moved, and nothing has
            // come between, the two are neighbours.
            let between = (next + 1..number).any(|number| exists(&numbered(&self.path, number)));
            if !between && is(own, &numbered(&self.path, number)) && id(&lines.0.get_ref().metadata()?) != own {
                return Ok(Some(lines));
            }
        }
        Ok(None)
    }

    /// Where to go on after a file that has no number any more: with the oldest lines that were not
    /// read yet.
    fn first_after_last(&self) -> io::Result<Option<Lines>> {
        let later = |name: &PathBuf| first_seq(name).is_some_and(|seq| seq > self.last);
        let next = files(&self.path).into_iter().find(later).unwrap_or_else(|| self.path.clone());
        match Lines::open(&next) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map(Some),
        }
    }
}

/// Whether a name is that of this file.
#[expect(clippy::disallowed_methods, reason = "the audit file and its numbered predecessors")]
fn is(own: (u64, u64), name: &Path) -> bool {
    fs::metadata(name).is_ok_and(|about| id(&about) == own)
}

#[expect(clippy::disallowed_methods, reason = "the audit file's numbered predecessors")]
fn exists(name: &Path) -> bool {
    fs::exists(name).unwrap_or(false)
}
