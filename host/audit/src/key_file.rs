//! Files with a secret key: 32 random bytes, mode 0600, made on first use, read by their owner
//! only.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use data_encoding::HEXLOWER;

use crate::Secret;
use crate::files::folder;

/// The length of a key.
pub const KEY_BYTES: usize = 32;

/// A draft of a key that is older than this belongs to no running process.
const DRAFT_AGE: Duration = Duration::from_secs(60);

/// What the random part of a draft's name is made from, in bytes.
const DRAFT_NAME: usize = 8;

/// Reads a key, or makes its file. If two processes make it at once, one wins and both use its key.
///
/// # Errors
/// The file cannot be read or made, belongs to another user, or is open to others. It is shorter
/// than a key ([`io::ErrorKind::UnexpectedEof`]): that is left for the caller to judge.
pub fn read_or_make_key(path: &Path) -> io::Result<Secret<[u8; KEY_BYTES]>> {
    remove_old_drafts(path);
    match read_own(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(path),
        read => read,
    }
}

/// Reads a key of any user.
///
/// # Errors
/// The file cannot be read, is open to others, or is shorter than a key.
pub fn read_key(path: &Path) -> io::Result<Secret<[u8; KEY_BYTES]>> {
    read(&mut open(path)?)
}

#[expect(clippy::disallowed_methods, reason = "the key, and who this process is")]
fn read_own(path: &Path) -> io::Result<Secret<[u8; KEY_BYTES]>> {
    // The owner of the process's own entry is the user that it runs as.
    let user = fs::metadata("/proc/self").map(|about| about.uid());
    let check = |about: &Metadata| match user.as_ref().is_ok_and(|user| *user != about.uid()) {
        true => Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user")),
        false => Ok(()),
    };
    // A key of another user need not be one that can be opened.
    check(&fs::metadata(path)?)?;
    let mut file = open(path)?;
    check(&file.metadata()?)?;
    read(&mut file)
}

#[expect(clippy::disallowed_methods, reason = "the key, in the place that the caller names")]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

fn read(file: &mut File) -> io::Result<Secret<[u8; KEY_BYTES]>> {
    if file.metadata()?.mode() & 0o077 != 0 {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is open to others (mode 0600 is wanted)"));
    }
    let mut bytes = Secret::new([0; KEY_BYTES]);
    file.read_exact(&mut bytes.0)?;
    Ok(bytes)
}

/// Makes a key under another name, and links it to its own: it appears whole or not at all.
#[expect(clippy::disallowed_methods, reason = "the key, in the place that the caller names")]
fn make(path: &Path) -> io::Result<Secret<[u8; KEY_BYTES]>> {
    let mut bytes = Secret::new([0; KEY_BYTES]);
    getrandom::fill(&mut bytes.0).map_err(io::Error::other)?;
    let mut unique = [0; DRAFT_NAME];
    getrandom::fill(&mut unique).map_err(io::Error::other)?;
    let draft = path.with_extension(format!("{}.new", HEXLOWER.encode(&unique)));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let linked =
        file.write_all(bytes.expose()).and_then(|()| file.sync_data()).and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft)?;
    match linked {
        Ok(()) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read_own(path),
        Err(error) => Err(error),
    }
}

/// Removes drafts of processes that were killed while they made a key.
#[expect(clippy::disallowed_methods, reason = "drafts of the key, beside it")]
fn remove_old_drafts(path: &Path) {
    let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { return };
    let Ok(entries) = fs::read_dir(folder(path)) else { return };
    let is_draft = |name: &str| {
        let middle = name.strip_prefix(stem).and_then(|rest| rest.strip_prefix('.')?.strip_suffix(".new"));
        middle.is_some_and(|middle| HEXLOWER.decode(middle.as_bytes()).is_ok_and(|unique| unique.len() == DRAFT_NAME))
    };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_draft)) {
        let made = entry.metadata().and_then(|about| about.modified());
        if made.is_ok_and(|made| made.elapsed().is_ok_and(|age| age > DRAFT_AGE)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;
    use std::time::SystemTime;

    use super::*;

    /// A folder of one test, empty at its start.
    fn folder_of(test: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("cofferdam-key-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        folder
    }

    fn said(read: io::Result<Secret<[u8; KEY_BYTES]>>) -> String {
        read.err().unwrap().to_string()
    }

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let folder = folder_of("made");
        let path = folder.join("key");
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let path = path.clone();
                std::thread::spawn(move || *read_or_make_key(&path).unwrap().expose())
            })
            .collect();
        let keys: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(keys.iter().all(|key| *key == keys[0] && *key != [0; KEY_BYTES]));
        assert_eq!(*read_key(&path).unwrap().expose(), keys[0]);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no draft is left");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = folder_of("open");
        let path = folder.join("key");
        read_or_make_key(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(said(read_or_make_key(&path)).contains("it is open to others"));
        assert!(said(read_key(&path)).contains("it is open to others"));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_key_of_another_user_is_refused() {
        let folder = folder_of("foreign");
        let path = folder.join("key");
        read_or_make_key(&path).unwrap();
        // Only a privileged user can give files away.
        if std::os::unix::fs::chown(&path, Some(65_534), None).is_ok() {
            assert!(said(read_or_make_key(&path)).contains("it belongs to another user"));
            assert!(read_key(&path).is_ok());
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_short_file_is_no_key_and_stays() {
        let folder = folder_of("short");
        let path = folder.join("key");
        fs::write(&path, b"half a key").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(read_or_make_key(&path).err().unwrap().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(fs::read(&path).unwrap(), b"half a key");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn drafts_of_killed_processes_are_removed() {
        let folder = folder_of("drafts");
        let (old, new, other) = (
            folder.join("key.0123456789abcdef.new"),
            folder.join("key.fedcba9876543210.new"),
            folder.join("key.x.new"),
        );
        let long_ago = SystemTime::now() - DRAFT_AGE * 2;
        for path in [&old, &new, &other] {
            fs::write(path, b"").unwrap();
        }
        for path in [&old, &other] {
            File::options().write(true).open(path).unwrap().set_modified(long_ago).unwrap();
        }
        read_or_make_key(&folder.join("key.file")).unwrap();
        assert_eq!([&old, &new, &other].map(|path| path.exists()), [false, true, true]);
        fs::remove_dir_all(folder).unwrap();
    }
}
