//! Keeps what takes long to make, by digest: compiled code and tool definitions. Anyone who can
//! write compiled code can run native code as us. So entries carry a MAC, its key is readable for
//! the owner only, and so is the folder. An entry whose MAC is wrong is made again. Nothing needs
//! the cache for correctness: every error means "not cached".

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use cofferdam_audit::{KEY_BYTES, Secret, read_or_make_key};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const KEY: &str = "key";
const MAC_BYTES: usize = 32;

/// A folder of entries.
pub struct Cache {
    folder: PathBuf,
    key: Secret<[u8; KEY_BYTES]>,
}

impl Cache {
    /// Opens the folder, making it (0700) and its key (0600) where they are missing.
    ///
    /// # Errors
    /// The folder cannot be made, belongs to somebody else, or is open to others.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let about = fs::symlink_metadata(folder)?;
        if !about.is_dir() || !is_own(&about) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is not a folder of this user"));
        }
        if about.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        }
        if about.permissions().mode() & 0o022 != 0 {
            let shown = folder.display();
            tracing::warn!(target: "cofferdam", folder = %shown, "others could write the cache: what was in it is thrown away");
            empty(folder)?;
        }
        Ok(Self { key: key(&folder.join(KEY))?, folder: folder.to_owned() })
    }

    /// Whether there is an entry of this name, which may yet turn out to be somebody else's.
    pub fn has(&self, name: &str) -> bool {
        self.folder.join(name).is_file()
    }

    /// The entry of this name, if it is there and was written with our key.
    pub fn get(&self, name: &str) -> Option<Vec<u8>> {
        let mut bytes = fs::read(self.folder.join(name)).ok()?;
        let body = bytes.len().checked_sub(MAC_BYTES)?;
        self.mac(name, &bytes[..body])?.verify_slice(&bytes[body..]).ok()?;
        bytes.truncate(body);
        Some(bytes)
    }

    /// Keeps an entry. It appears whole or not at all.
    ///
    /// # Errors
    /// It could not be written.
    pub fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mac = self.mac(name, bytes).ok_or(io::ErrorKind::InvalidInput)?.finalize().into_bytes();
        let mut suffix = [0; 8];
        getrandom::fill(&mut suffix).map_err(io::Error::other)?;
        let draft = self.folder.join(format!(".{name}.{:016x}", u64::from_ne_bytes(suffix)));
        let written = (|| {
            let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
            file.write_all(bytes)?;
            file.write_all(&mac)?;
            fs::rename(&draft, self.folder.join(name))
        })();
        if written.is_err() {
            let _ = fs::remove_file(&draft);
        }
        written
    }

    /// The name is authenticated with the bytes: an entry cannot stand in for another.
    fn mac(&self, name: &str, bytes: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.expose()).ok()?;
        mac.update(&(name.len() as u64).to_le_bytes());
        mac.update(name.as_bytes());
        mac.update(bytes);
        Some(mac)
    }
}

/// Whether it belongs to the user that this process is.
fn is_own(about: &fs::Metadata) -> bool {
    fs::metadata("/proc/self").map_or(true, |me| me.uid() == about.uid())
}

/// Removes everything from a folder.
fn empty(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => fs::remove_dir_all(entry.path())?,
            false => fs::remove_file(entry.path())?,
        }
    }
    Ok(())
}

/// Reads the key, or makes one.
fn key(path: &Path) -> io::Result<Secret<[u8; KEY_BYTES]>> {
    let mut read = read_or_make_key(path);
    if read.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::UnexpectedEof) {
        // What a full disk or a loss of power has left of a key: nothing can be read with it.
        fs::remove_file(path)?;
        read = read_or_make_key(path);
    }
    read.map_err(|error| io::Error::new(error.kind(), format!("its key: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("cofferdam-cache-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    /// Why it is not opened.
    fn why_not(folder: &Path) -> String {
        Cache::open(folder).err().unwrap().to_string()
    }

    #[test]
    fn what_is_put_is_got_by_the_next_process_too() {
        let folder = folder("roundtrip");
        Cache::open(&folder).unwrap().put("a", b"code").unwrap();
        assert_eq!(Cache::open(&folder).unwrap().get("a").as_deref(), Some(&b"code"[..]));
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(folder.join(KEY)).unwrap().mode() & 0o777, 0o600);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn an_entry_that_somebody_changed_renamed_or_cut_is_not_there() {
        let folder = folder("forged");
        let cache = Cache::open(&folder).unwrap();
        cache.put("a", b"code").unwrap();
        fs::copy(folder.join("a"), folder.join("b")).unwrap();
        assert_eq!(cache.get("b"), None);
        let mut bytes = fs::read(folder.join("a")).unwrap();
        bytes[0] ^= 1;
        fs::write(folder.join("a"), &bytes).unwrap();
        assert_eq!(cache.get("a"), None);
        fs::write(folder.join("a"), &bytes[..20]).unwrap();
        assert_eq!(cache.get("a"), None);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = folder("key");
        drop(Cache::open(&folder).unwrap());
        fs::set_permissions(folder.join(KEY), fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(why_not(&folder), "its key: it is open to others (mode 0600 is wanted)");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_is_left_of_a_key_is_made_again() {
        let folder = folder("short");
        drop(Cache::open(&folder).unwrap());
        for left in [&b""[..], b"half a key"] {
            fs::write(folder.join(KEY), left).unwrap();
            Cache::open(&folder).unwrap().put("a", b"code").unwrap();
            assert_eq!(Cache::open(&folder).unwrap().get("a").as_deref(), Some(&b"code"[..]));
        }
        assert_eq!(fs::metadata(folder.join(KEY)).unwrap().mode() & 0o777, 0o600);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_others_could_have_written_is_thrown_away() {
        let folder = folder("open");
        let cache = Cache::open(&folder).unwrap();
        cache.put("a", b"code").unwrap();
        // Others could read it: they have not the key.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(Cache::open(&folder).unwrap().get("a").is_some());
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        let again = Cache::open(&folder).unwrap();
        assert_eq!((again.get("a"), fs::metadata(&folder).unwrap().mode() & 0o777), (None, 0o700));
        assert_ne!(again.key.expose(), cache.key.expose(), "they could have put their key there");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_key_of_another_user_is_refused() {
        let folder = folder("foreign");
        drop(Cache::open(&folder).unwrap());
        // Only whoever may give files away can try.
        if std::os::unix::fs::chown(folder.join(KEY), Some(65_534), None).is_ok() {
            assert_eq!(why_not(&folder), "its key: it belongs to another user");
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
