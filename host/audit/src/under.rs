//! What others do to the file while it is open: it is cut or written to, which is looked for before
//! every event; or moved or removed, which is looked for ten times a second, as a name takes as
//! long to look at as an event to write. Such a thing stops nothing, as a chain can go on wherever
//! it stands; `verify` is told by a line where lines are gone.

use std::fs;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};

use crate::chain::seal;
use crate::files::id;
use crate::key::Key;
use crate::open::Open;
use crate::record::Record;
use crate::recover::{self, OpenError};

/// The age of the last look at the name at which the next event brings one. What is written
/// meanwhile is in the file that was moved. Tests do not wait.
const LOOK: Duration = if cfg!(test) { Duration::ZERO } else { Duration::from_millis(100) };

impl Open {
    /// Looks whether the file is as long as it was left, and from time to time whether its name
    /// still means this file.
    #[expect(clippy::disallowed_methods, reason = "the audit file")]
    pub fn look(&mut self, key: &Key) -> io::Result<()> {
        if self.head.is_none() {
            return Ok(());
        }
        // Cheaper than asking about the file, and where it stands is of no concern: every write
        // appends.
        let len = (&self.file).seek(SeekFrom::End(0))?;
        if self.looked.elapsed() >= LOOK {
            match fs::metadata(&self.path) {
                Ok(named) if id(&named) == self.id => self.looked = Instant::now(),
                Ok(_) => return self.begin_again(key),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return self.begin_again(key),
                Err(error) => return Err(error),
            }
        }
        if len == self.len { Ok(()) } else { self.was_changed(len) }
    }

    /// Goes on behind whatever the file holds now. Bytes that others added show by themselves: they
    /// are no lines of the chain.
    fn was_changed(&mut self, len: u64) -> io::Result<()> {
        // A device has no length that could change: tests put a full one in the file's place.
        if !self.file.metadata()?.is_file() {
            return Ok(());
        }
        let mut last = [b'\n'];
        if len > 0 {
            self.file.read_exact_at(&mut last, len - 1)?;
        }
        if len < self.len {
            let was = self.len;
            let file = self.path.display();
            tracing::warn!(target: "cofferdam", %file, was, len, "the audit file was cut while it was open");
            let what = format!("the file was cut from {was} to {len} bytes while it was open");
            let after = Some(self.known.tail.seq);
            self.pending.push_back(Record { lost_after: after, detail: Some(what.into()), ..Record::new("recovered") });
        }
        self.gap = last != [b'\n'];
        self.len = len;
        Ok(())
    }

    /// Begins a file where the one before was, as log rotators do that move it away. A file of
    /// another writer is left alone.
    fn begin_again(&mut self, key: &Key) -> io::Result<()> {
        let elsewhere = |what: &str| io::Error::other(format!("it was moved away, and {what}"));
        let file = recover::lock(&self.path).map_err(|error| match error {
            OpenError::Locked(_) => elsewhere("another process writes where it was"),
            error => elsewhere(&error.to_string()),
        })?;
        let about = file.metadata()?;
        if !about.is_file() || about.len() > 0 {
            return Err(elsewhere("something else is where it was"));
        }
        // What was moved is signed to its end.
        if self.since > 0 {
            self.checkpoint(key)?;
        }
        let what = "the file before was moved away while it was open";
        tracing::warn!(target: "cofferdam", file = %self.path.display(), reason = what, "the audit file begins again");
        let mut record = Record { detail: Some(what.into()), ..Record::new("continued") };
        let (line, next) = seal(&self.known.tail, &mut record).ok_or_else(|| io::Error::other("no line"))?;
        if let Err(error) = (&file).write_all(&line) {
            // What is not whole must not look like another's.
            let _ = file.set_len(0);
            return Err(error);
        }
        (self.file, self.id, self.len, self.known.tail) = (file, id(&about), line.len() as u64, next);
        (self.gap, self.torn) = (false, false);
        self.since += 1;
        self.move_head(key)
    }
}
