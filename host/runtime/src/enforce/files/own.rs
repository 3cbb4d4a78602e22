//! Our own files, which no grant reaches (I16): the policy, the components, the audit with its key,
//! the cache. They are recognised by device and inode, which are looked up for every ask: an audit
//! file is rotated, and an editor writes a new policy over the old one.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cofferdam_grants::AbsolutePath;
use rustix::fs::{FileType, Mode, OFlags, Stat, fstat, open, stat};

/// Entries of our folders that are looked at, at most, to recognise a second name of one of them.
const ENTRIES: usize = 65_536;

/// Where our own files are. All paths are absolute.
#[derive(Clone, Debug, Default)]
pub struct OwnFiles {
    /// Single files.
    pub files: Vec<PathBuf>,
    /// Files that others stand beside whose names begin with theirs: `audit.jsonl`,
    /// `audit.jsonl.1`, `audit.jsonl.head`.
    pub families: Vec<PathBuf>,
    /// Folders with everything in them.
    pub folders: Vec<PathBuf>,
    /// What the files were when they were read.
    held: Vec<Held>,
}

/// A file as it was once: known by what it is, also under another name. The handle, by which
/// nothing is read, keeps the system from giving its number to a new file.
#[derive(Clone, Debug)]
struct Held {
    id: (u64, u64),
    _handle: Arc<OwnedFd>,
}

impl Held {
    fn new(path: &Path) -> Option<Self> {
        let handle = open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()?;
        let about = fstat(&handle).ok()?;
        Some(Self { id: (about.st_dev, about.st_ino), _handle: Arc::new(handle) })
    }
}

fn same(path: &Path, about: &Stat) -> bool {
    stat(path).is_ok_and(|own| own.st_dev == about.st_dev && own.st_ino == about.st_ino)
}

impl OwnFiles {
    /// These places.
    pub fn new(files: Vec<PathBuf>, families: Vec<PathBuf>, folders: Vec<PathBuf>) -> Self {
        Self { files, families, folders, held: Vec::new() }
    }

    /// Remembers what the single files are now, as they are in force: they stay ours wherever they
    /// are moved.
    pub fn remember(&mut self) {
        self.held.extend(self.files.iter().filter_map(|path| Held::new(path)));
    }

    /// Whether this file or directory is one of ours, or lies in a folder of ours, under whatever
    /// name.
    pub fn holds(&self, about: &Stat, real: &AbsolutePath) -> bool {
        if self.files.iter().chain(&self.families).chain(&self.folders).any(|own| same(own, about)) {
            return true;
        }
        if self.held.iter().any(|held| held.id == (about.st_dev, about.st_ino)) {
            return true;
        }
        if self.folders.is_empty() && self.families.is_empty() {
            return false;
        }
        let real = Path::new(OsStr::from_bytes(real.as_bytes()));
        self.lies_within(real) || self.stands_beside(real) || (about.st_nlink > 1 && self.is_second_name(about))
    }

    /// Whether a directory above it is a folder of ours.
    fn lies_within(&self, real: &Path) -> bool {
        let folders: Vec<Stat> = self.folders.iter().filter_map(|folder| stat(folder).ok()).collect();
        !folders.is_empty()
            && real.ancestors().skip(1).filter_map(|above| stat(above).ok()).any(|above| {
                folders.iter().any(|folder| folder.st_dev == above.st_dev && folder.st_ino == above.st_ino)
            })
    }

    fn stands_beside(&self, real: &Path) -> bool {
        let (Some(folder), Some(name)) = (real.parent(), real.file_name()) else { return false };
        self.families.iter().any(|family| {
            let begins = family.file_name().is_some_and(|own| name.as_bytes().starts_with(own.as_bytes()));
            begins && family.parent().and_then(|own| stat(own).ok()).is_some_and(|own| same(folder, &own))
        })
    }

    /// Whether a file with several names has one of them among our files.
    fn is_second_name(&self, about: &Stat) -> bool {
        if FileType::from_raw_mode(about.st_mode) != FileType::RegularFile {
            return false;
        }
        let beside = self.families.iter().filter_map(|family| Some((family.parent()?, family.file_name())));
        let folders = self.folders.iter().map(|folder| (folder.as_path(), None)).chain(beside);
        let mut left = ENTRIES;
        let mut open: Vec<(PathBuf, Option<&OsStr>)> =
            folders.map(|(folder, name)| (folder.to_path_buf(), name)).collect();
        while let Some((folder, begins)) = open.pop() {
            let Ok(entries) = list(&folder) else { continue };
            for name in entries {
                left -= 1;
                // Of a folder that is too full to be looked through, nothing with a second name is
                // given out.
                if left == 0 {
                    return true;
                }
                if begins.is_some_and(|begins| !name.as_bytes().starts_with(begins.as_bytes())) {
                    continue;
                }
                let path = folder.join(&name);
                let Ok(own) = rustix::fs::lstat(&path) else { continue };
                if own.st_dev == about.st_dev && own.st_ino == about.st_ino {
                    return true;
                }
                if begins.is_none() && FileType::from_raw_mode(own.st_mode) == FileType::Directory {
                    open.push((path, None));
                }
            }
        }
        false
    }
}

/// The names in one of our folders.
fn list(folder: &Path) -> std::io::Result<Vec<std::ffi::OsString>> {
    Ok(std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.file_name())).take(ENTRIES).collect())
}

#[cfg(test)]
#[path = "own_tests.rs"]
mod tests;
