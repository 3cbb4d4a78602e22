//! A directory's entries, read from the system a few hundred at a time: however many there are, few
//! are held.

use std::collections::VecDeque;
use std::sync::Arc;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, openat, statat};

use super::bindings::wasi::filesystem::types::{DirectoryEntry, ErrorCode};
use super::blocking;
use super::descriptor::Directory;
use super::stat::{code, kind, shown, type_of};
use crate::enforce::descriptors::Slot;

/// Entries that are read at a time.
const BATCH: usize = 512;

/// A directory being listed.
pub struct Entries {
    directory: Option<Dir>,
    _slot: Slot,
    batch: VecDeque<DirectoryEntry>,
}

impl Entries {
    /// Begins to list a directory.
    pub async fn of(directory: Arc<Directory>, slot: Slot) -> Result<Self, ErrorCode> {
        let opened = blocking(move || {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let again = openat(&directory.handle, ".", flags, Mode::empty()).map_err(code)?;
            Dir::new(again).map_err(code)
        });
        Ok(Self { directory: Some(opened.await?), _slot: slot, batch: VecDeque::new() })
    }

    /// An entry that is at hand.
    pub fn at_hand(&mut self) -> Option<DirectoryEntry> {
        self.batch.pop_front()
    }

    /// What is to be read for the next entries; `None` at the end.
    pub fn take(&mut self) -> Option<Dir> {
        self.directory.take()
    }

    /// Takes over what was read.
    pub fn put(&mut self, (directory, batch): (Option<Dir>, VecDeque<DirectoryEntry>)) {
        (self.directory, self.batch) = (directory, batch);
    }
}

/// Reads some more entries; without the directory, those were the last.
pub async fn more(mut directory: Dir) -> Result<(Option<Dir>, VecDeque<DirectoryEntry>), ErrorCode> {
    blocking(move || {
        let mut batch = VecDeque::with_capacity(BATCH);
        while batch.len() < BATCH {
            let Some(entry) = directory.read() else { return Ok((None, batch)) };
            let entry = entry.map_err(code)?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Unknown => directory
                    .fd()
                    .and_then(|fd| statat(fd, name, AtFlags::SYMLINK_NOFOLLOW))
                    .map_or(FileType::Unknown, |stat| kind(&stat)),
                known => known,
            };
            batch.push_back(DirectoryEntry { type_: type_of(kind), name: shown(name.to_bytes()) });
        }
        Ok((Some(directory), batch))
    })
    .await
}
