//! The audit file as a sink: one chain, one writer, one `write(2)` per event in the thread that has
//! the event, so that what was acknowledged outlives the process. How it is taken up after a crash
//! is `recover.rs`, how it is checked `verify.rs`.

use std::collections::VecDeque;
#[cfg(test)]
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cofferdam_grants::RuleId;

use crate::files::{folder, id, sync, whole};
use crate::head::{self, Head, Known};
use crate::key::Key;
use crate::open::Open;
use crate::record::Record;
use crate::recover::{self, OpenError};
use crate::{Event, Sink, Unwritten};

/// Events between two checkpoints, at most.
const EVENTS: u64 = 1_000;

/// The age of the last checkpoint at which the next event brings one.
const AGE: Duration = Duration::from_secs(60);

/// How a file is kept.
pub struct Keeping {
    /// The size at which a file is rotated, in bytes.
    pub size: u64,
    /// How many rotated files are kept: `FILE.1`, the latest, to `FILE.N`.
    pub files: u32,
    /// Whether arguments of calls are written in clear beside their digest.
    pub arguments: bool,
    /// A rule in words, with the place where it is written.
    pub rule: Box<dyn Fn(RuleId) -> Option<String> + Send + Sync>,
}

impl Default for Keeping {
    /// 64 MiB a file, 8 rotated files, arguments by digest only, rules without words.
    fn default() -> Self {
        Self { size: 64 << 20, files: 8, arguments: false, rule: Box::new(|_| None) }
    }
}

/// An audit file that is open for writing, and locked: there is one writer.
pub struct ChainFile {
    key: Key,
    arguments: bool,
    rule: Box<dyn Fn(RuleId) -> Option<String> + Send + Sync>,
    open: Mutex<Open>,
}

impl ChainFile {
    /// Opens or makes the file (0600) and its key (0600), locks it, and takes up its chain. The
    /// key's folder, which keeps the head too, has to exist. What a crash has left is marked by a
    /// `recovered` line before the next event; nothing but such lines is written here, and that
    /// they cannot be written is no error yet: every event is refused until they are.
    ///
    /// # Errors
    /// Another process writes the file, another key has signed it, it is no audit file, or file,
    /// key or head cannot be opened.
    pub fn open(path: &Path, key_path: &Path, keeping: Keeping) -> Result<Self, OpenError> {
        let key = Key::open_or_make(key_path).map_err(|error| OpenError::Key(key_path.to_owned(), error))?;
        let failed = |error| OpenError::File(path.to_owned(), error);
        let file = recover::lock(path)?;
        let about = file.metadata().map_err(failed)?;
        let regular = about.is_file();
        // Whatever else becomes of it stands beside the file, not beside a link to it.
        let path = &whole(path).map_err(failed)?;
        let mut open = Open {
            path: path.to_owned(),
            id: id(&about),
            file,
            len: 0,
            known: Known { tail: crate::chain::NOTHING, base: 1, synced: 0 },
            head: None,
            pending: VecDeque::new(),
            omitted: 0,
            size: keeping.size.max(1),
            files: keeping.files.max(1),
            torn: false,
            gap: false,
            behind: false,
            since: 0,
            checked: Instant::now(),
            looked: Instant::now(),
        };
        if regular {
            recover::check_signer(&open.file, path, &key, key_path)?;
            let place = head::place(path, key_path).map_err(failed)?;
            let failed = |error| OpenError::Head(place.clone(), error);
            let says = head::read(&place, &key).map_err(failed)?;
            recover::take_up(&mut open, says)?;
            open.head = Some(Head::open(&place, &key).map_err(failed)?);
            if open.len == 0 {
                // New names are to outlive a loss of power as what is in the files will.
                [path, key_path].into_iter().for_each(|file| sync(folder(file)));
            }
        }
        let detail = format!("process {}, cofferdam {}", std::process::id(), env!("CARGO_PKG_VERSION"));
        open.pending.push_back(Record { detail: Some(detail.into()), ..Record::new("opened") }.kept());
        let _ = open.settle(&key);
        Ok(Self { key, arguments: keeping.arguments, rule: keeping.rule, open: Mutex::new(open) })
    }

    /// The place of the file.
    pub fn path(&self) -> PathBuf {
        self.lock().path.clone()
    }

    /// Writes a signed checkpoint and waits until everything is on the disk, as at an orderly end.
    /// The file stays open.
    ///
    /// # Errors
    /// It could not be written.
    pub fn checkpoint(&self) -> io::Result<()> {
        let mut open = self.lock();
        if open.since > 0 || !open.pending.is_empty() {
            open.settle(&self.key)?;
            open.checkpoint(&self.key)?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for ChainFile {
    fn record(&self, event: &Event<'_>) -> Result<(), Unwritten> {
        let mut record = Record::of(event, &self.key, self.arguments, &self.rule);
        self.write(&mut self.lock(), &mut record)
    }

    fn defer(&self, event: &Event<'_>) {
        let mut record = Record::of(event, &self.key, self.arguments, &self.rule);
        let mut open = self.lock();
        if self.write(&mut open, &mut record).is_err() {
            open.defer(event, record);
        }
    }
}

impl ChainFile {
    fn write(&self, open: &mut Open, record: &mut Record<'_>) -> Result<(), Unwritten> {
        let written = open.settle(&self.key).and_then(|()| open.append(record, &self.key));
        if let Err(error) = written {
            let file = open.path.display();
            tracing::error!(target: "cofferdam", %file, %error, "the audit file cannot be written");
            return Err(Unwritten);
        }
        if (open.since >= EVENTS || open.checked.elapsed() >= AGE)
            && let Err(error) = open.checkpoint(&self.key)
        {
            // The event is written. The next one tries again, and is refused if nothing can be
            // written.
            let file = open.path.display();
            tracing::error!(target: "cofferdam", %file, %error, "the audit file cannot be signed");
        }
        Ok(())
    }
}

impl Drop for ChainFile {
    fn drop(&mut self) {
        // Without it, nothing is lost: the last events have no signature yet, and the next writer's
        // checkpoint covers them.
        let _ = self.checkpoint();
    }
}

impl Open {
    /// Catches up on what could not be written before.
    fn settle(&mut self, key: &Key) -> io::Result<()> {
        if self.torn {
            // Where others have cut it meanwhile, it would become longer.
            if self.file.metadata()?.len() > self.len {
                self.file.set_len(self.len)?;
            }
            self.torn = false;
        }
        if self.behind {
            self.move_head(key)?;
        }
        self.look(key)?;
        if self.gap {
            self.write(b"\n")?;
            self.gap = false;
        }
        self.flush(key)
    }
}

#[cfg(test)]
impl ChainFile {
    pub(crate) fn open_for_test(&self) -> MutexGuard<'_, Open> {
        self.lock()
    }

    pub(crate) fn file_for_test(&self) -> File {
        self.lock().file.try_clone().unwrap()
    }

    pub(crate) fn replace_for_test(&self, file: File) {
        self.lock().file = file;
    }
}
