//! The file while it is open: what changes with every event, and single writes. When a file is
//! rotated is `rotate.rs`.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Instant;

use crate::chain::{Tail, seal};
use crate::head::{Head, Known};
use crate::key::Key;
use crate::record::Record;

/// What changes with every event.
pub(crate) struct Open {
    pub path: PathBuf,
    pub file: File,
    /// What `path` has to lead to.
    pub id: (u64, u64),
    /// The file's length without what could not be written whole.
    pub len: u64,
    pub known: Known,
    /// `None` for what is no regular file: nothing can be cut off there.
    pub head: Option<Head>,
    /// Lines that come before the next event: about the file itself, and deferred ones.
    pub pending: VecDeque<Record<'static>>,
    /// How many lines found no room among them.
    pub omitted: u64,
    pub size: u64,
    pub files: u32,
    /// The file ends in part of a line that was not acknowledged.
    pub torn: bool,
    /// The file ends in what a crash has torn, which stays: a line feed is missing.
    pub gap: bool,
    /// The head is a line behind.
    pub behind: bool,
    pub since: u64,
    pub checked: Instant,
    /// When `path` was last seen to lead to this file.
    pub looked: Instant,
}

impl Open {
    pub fn seal(&self, record: &mut Record<'_>) -> io::Result<(Vec<u8>, Tail)> {
        seal(&self.known.tail, record).ok_or_else(|| io::Error::other("the event has no JSON"))
    }

    /// Writes bytes, or takes back what of them was written.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match (&self.file).write_all(bytes) {
            Ok(()) => self.len += bytes.len() as u64,
            Err(error) => {
                self.torn = self.head.is_some() && self.file.set_len(self.len).is_err();
                return Err(error);
            }
        }
        Ok(())
    }

    pub fn move_head(&mut self, key: &Key) -> io::Result<()> {
        if let Some(head) = &mut self.head {
            self.behind = true;
            head.write(&self.known, key)?;
            self.behind = false;
        }
        Ok(())
    }

    /// Signs what was written so far, and waits for the disk.
    pub fn checkpoint(&mut self, key: &Key) -> io::Result<()> {
        let signed = self.known.tail;
        let mut record = Record {
            key: Some(key.public().to_owned().into()),
            signature: Some(key.sign(signed.seq, &signed.hash).into()),
            ..Record::new("checkpoint")
        };
        let (line, next) = self.seal(&mut record)?;
        // It may go over the size: a checkpoint is the last line before a rotation.
        self.write(&line)?;
        self.known.tail = next;
        self.move_head(key)?;
        if let Some(head) = &self.head {
            self.file.sync_data()?;
            head.sync()?;
            self.known.synced = next.seq;
        }
        (self.since, self.checked) = (0, Instant::now());
        // So that whoever checks the file after an orderly end knows what the disk had.
        self.move_head(key)
    }
}
