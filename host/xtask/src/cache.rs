//! The user's cache folder: where it is, who may fill a part of it at a time, and when a part
//! counts as complete.
//!
//! Shared by every clone of the repository, so that a fresh one need not fetch anything again. What
//! is kept in it is up to the modules that fetch.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::{Error, Progress};

/// Written last into a folder: a folder without it is the remains of an interrupted run.
const STAMP: &str = ".complete";

/// `$XDG_CACHE_HOME/cofferdam`, or `~/.cache/cofferdam`.
pub(crate) fn root() -> Result<PathBuf, Error> {
    let from = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    from("XDG_CACHE_HOME")
        .or_else(|| from("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("cofferdam"))
        .ok_or_else(|| Error::new("no cache folder: neither `XDG_CACHE_HOME` nor `HOME` is set").hint("set `HOME`"))
}

/// Keeps other processes (and threads) out of a part of the cache until dropped.
pub(crate) struct Lock {
    _held: File,
}

/// Waits for its turn. The lock is the operating system's: it ends with the process, however that
/// ends.
pub(crate) fn lock(part: &Path, progress: Progress<'_>) -> Result<Lock, Error> {
    let path = beside(part, "lock");
    create_dir(part.parent().unwrap_or(part))?;
    let file = File::options().create(true).append(true).open(&path).map_err(Error::at("open", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            progress(&format!("waiting for another process that holds `{}`…", path.display()));
            file.lock().map_err(Error::at("lock", &path))?;
        }
        Err(TryLockError::Error(error)) => return Err(Error::at("lock", &path)(error)),
    }
    Ok(Lock { _held: file })
}

/// Returns once `part` is a complete folder: at once if it is, else after `fill` has filled it
/// anew.
///
/// It is filled in its final place, because a Python environment cannot be moved; complete it is by
/// its stamp.
pub(crate) fn keep(
    part: &Path,
    progress: Progress<'_>,
    fill: impl FnOnce(Progress<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    if is_complete(part) {
        return Ok(());
    }
    let _lock = lock(part, progress)?;
    if is_complete(part) {
        return Ok(());
    }
    remove_dir(part)?;
    create_dir(part)?;
    fill(progress)?;
    complete(part)
}

/// Whether a folder was filled to the end.
pub(crate) fn is_complete(part: &Path) -> bool {
    part.join(STAMP).is_file()
}

/// Declares a folder filled.
pub(crate) fn complete(part: &Path) -> Result<(), Error> {
    write(&part.join(STAMP), "")
}

/// A sibling of `part` with one more ending.
pub(crate) fn beside(part: &Path, ending: &str) -> PathBuf {
    let mut name = part.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// Makes a folder and those above it.
pub(crate) fn create_dir(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(Error::at("create", path))
}

/// Removes a folder with all that is in it; one that is not there is fine.
pub(crate) fn remove_dir(path: &Path) -> Result<(), Error> {
    if !path.exists() {
        return Ok(());
    }
    fs::remove_dir_all(path).map_err(Error::at("remove", path))
}

/// Writes a whole text file.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(Error::at("write", path))
}

/// Lets a script be run.
#[cfg(unix)]
pub(crate) fn make_executable(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(Error::at("make executable", path))
}

/// Lets a script be run: elsewhere every file may be.
#[cfg(not(unix))]
pub(crate) fn make_executable(_: &Path) -> Result<(), Error> {
    Ok(())
}

/// The entries of a folder, sorted; none if the folder is not there.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).map(|read| read.flatten().map(|entry| entry.path()).collect()).unwrap_or_default();
    entries.sort();
    entries
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A folder for one test, empty at its start.
    pub(crate) fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("cofferdam-xtask-{}-{name}", std::process::id()));
        remove_dir(&folder).unwrap();
        create_dir(&folder).unwrap();
        folder
    }

    #[test]
    fn a_part_is_filled_once_and_again_after_an_interrupted_run() {
        let folder = scratch("keep");
        let part = folder.join("part");
        let mut fills = 0;

        let interrupted = keep(&part, &mut |_| {}, |_| {
            write(&part.join("half"), "")?;
            Err(Error::new("interrupted"))
        });
        assert!(interrupted.is_err() && !is_complete(&part));

        for _ in 0..2 {
            keep(&part, &mut |_| {}, |_| {
                assert!(!part.join("half").exists(), "the remains of the interrupted run are gone");
                fills += 1;
                Ok(())
            })
            .unwrap();
        }
        assert_eq!(fills, 1);
        remove_dir(&folder).unwrap();
    }

    #[test]
    fn two_at_once_fill_a_part_once() {
        let folder = scratch("race");
        let part = folder.join("part");
        let fills = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    keep(&part, &mut |_| {}, |_| {
                        fills.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                        std::thread::sleep(std::time::Duration::from_millis(50));
                        Ok(())
                    })
                    .unwrap();
                });
            }
        });
        assert_eq!(fills.into_inner(), 1);
        remove_dir(&folder).unwrap();
    }
}
