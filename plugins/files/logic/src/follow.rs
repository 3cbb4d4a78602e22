//! Following a file as it grows: what is new at each look, across rotation (another file under the same name) and truncation. When
//! to look is the caller's.

use std::io::{self, Read, Seek, SeekFrom};

use crate::BLOCK;
use crate::source::{fill, is_stop};

/// What tells one file from another under the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity(pub u128);

/// A name under which a file is found, perhaps another one each time.
pub trait Named {
    /// An open file.
    type File: Read + Seek;

    /// Which file is there now, and how long it is.
    ///
    /// # Errors
    /// There is none, or it cannot be looked at.
    fn look(&mut self) -> io::Result<(Identity, u64)>;

    /// Opens it.
    ///
    /// # Errors
    /// There is none, or it cannot be opened.
    fn open(&mut self) -> io::Result<(Self::File, Identity)>;
}

/// What was new at one look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// The new bytes.
    pub bytes: Vec<u8>,
    /// Another file has taken the name, and is read from its beginning.
    pub rotated: bool,
    /// The file became shorter, and is read from its beginning.
    pub truncated: bool,
    /// There is nothing under the name at present.
    pub missing: bool,
}

/// A file that is followed, and how far it was read.
pub struct Follower<F> {
    file: F,
    identity: Identity,
    position: u64,
}

impl<F: Read + Seek> Follower<F> {
    /// Follows an open file from this position on.
    pub fn new(file: F, identity: Identity, position: u64) -> Self {
        Self { file, identity, position }
    }

    /// Looks once. At most `most` bytes are returned; the rest comes at the next look.
    ///
    /// # Errors
    /// The file cannot be read. That it is not there is none: a rotation may be under way.
    pub fn look(&mut self, named: &mut impl Named<File = F>, most: usize) -> io::Result<News> {
        let mut news = News::default();
        let now = match named.look() {
            Ok(now) => Some(now),
            Err(error) if is_stop(&error) => return Err(error),
            Err(_) => None,
        };
        news.missing = now.is_none();
        let same = now.is_none_or(|(identity, _)| identity == self.identity);
        if same && now.is_some_and(|(_, size)| size < self.position) {
            news.truncated = true;
            self.position = 0;
        }
        // What was written to the old file before its name was taken away comes first.
        self.read(&mut news.bytes, most)?;
        if !same && news.bytes.len() < most {
            match named.open() {
                Ok((file, identity)) => {
                    (self.file, self.identity, self.position) = (file, identity, 0);
                    news.rotated = true;
                    self.read(&mut news.bytes, most)?;
                }
                Err(error) if is_stop(&error) => return Err(error),
                Err(_) => news.missing = true,
            }
        }
        Ok(news)
    }

    /// How far the file that is followed now was read.
    pub fn position(&self) -> u64 {
        self.position
    }

    fn read(&mut self, into: &mut Vec<u8>, most: usize) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.position))?;
        while into.len() < most {
            let held = into.len();
            into.resize(held + BLOCK.min(most - held), 0);
            let filled = match fill(&mut self.file, &mut into[held..]) {
                Ok(filled) => filled,
                Err(error) => {
                    into.truncate(held);
                    return if is_stop(&error) { Ok(()) } else { Err(error) };
                }
            };
            into.truncate(held + filled);
            self.position += filled as u64;
            if filled < BLOCK {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, OpenOptions};
    use std::io::Write as _;
    use std::os::unix::fs::MetadataExt as _;
    use std::path::PathBuf;

    use super::*;

    struct AtPath(PathBuf);

    impl Named for AtPath {
        type File = File;

        fn look(&mut self) -> io::Result<(Identity, u64)> {
            let about = fs::metadata(&self.0)?;
            Ok((Identity(about.ino().into()), about.len()))
        }

        fn open(&mut self) -> io::Result<(File, Identity)> {
            let file = File::open(&self.0)?;
            let identity = Identity(file.metadata()?.ino().into());
            Ok((file, identity))
        }
    }

    fn append(path: &PathBuf, text: &str) {
        OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn begin(text: &str) -> (tempfile::TempDir, AtPath, Follower<File>) {
        let folder = tempfile::tempdir().unwrap();
        let mut named = AtPath(folder.path().join("log"));
        append(&named.0, text);
        let (file, identity) = named.open().unwrap();
        let follower = Follower::new(file, identity, text.len() as u64);
        (folder, named, follower)
    }

    #[test]
    fn what_is_appended_is_the_news() {
        let (_folder, mut named, mut follower) = begin("old\n");
        assert_eq!(follower.look(&mut named, 100).unwrap(), News::default());
        append(&named.0, "new\n");
        assert_eq!(follower.look(&mut named, 100).unwrap().bytes, b"new\n");
        append(&named.0, "0123456789");
        assert_eq!(follower.look(&mut named, 4).unwrap().bytes, b"0123");
        assert_eq!(follower.look(&mut named, 100).unwrap().bytes, b"456789");
        assert_eq!(follower.position(), 18);
    }

    #[test]
    fn a_rotated_file_is_read_to_its_end_and_then_the_new_one() {
        let (_folder, mut named, mut follower) = begin("old\n");
        append(&named.0, "last\n");
        fs::rename(&named.0, named.0.with_extension("1")).unwrap();
        let news = follower.look(&mut named, 100).unwrap();
        assert_eq!((news.bytes.as_slice(), news.missing, news.rotated), (&b"last\n"[..], true, false));
        append(&named.0.with_extension("1"), "late\n");
        append(&named.0, "first\n");
        let news = follower.look(&mut named, 100).unwrap();
        assert_eq!((news.bytes.as_slice(), news.missing, news.rotated), (&b"late\nfirst\n"[..], false, true));
        append(&named.0, "second\n");
        assert_eq!(follower.look(&mut named, 100).unwrap().bytes, b"second\n");
    }

    #[test]
    fn a_truncated_file_is_read_from_its_beginning() {
        let (_folder, mut named, mut follower) = begin("a long beginning\n");
        fs::write(&named.0, "new\n").unwrap();
        let news = follower.look(&mut named, 100).unwrap();
        assert_eq!((news.bytes.as_slice(), news.truncated), (&b"new\n"[..], true));
    }
}
