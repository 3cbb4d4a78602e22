//! Following a file as it grows: what is new at each look, across rotation (another file under the
//! same name), truncation and rewriting. When to look is the caller's.

use std::hash::{DefaultHasher, Hasher as _};
use std::io::{self, Read, Seek, SeekFrom};

use crate::source::{fill, is_stop};

/// How many bytes before a position are compared, to know whether it is still a
/// position in the same text.
const MARK: u64 = 1024;

/// Bytes that are read at a time.
const READ: usize = 64 << 10;

/// What tells one file from another under the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity(pub u128);

/// A name under which a file is found, perhaps another one each time.
pub trait Named {
    /// An open file.
    type File: Read + Seek;

    /// Which file is there now.
    ///
    /// # Errors
    /// There is none: nothing, or a directory, a pipe …
    fn look(&mut self) -> io::Result<Identity>;

    /// Opens it.
    ///
    /// # Errors
    /// There is none, or it cannot be opened.
    fn open(&mut self) -> io::Result<(Self::File, Identity)>;
}

/// A position in a text, with the bytes before it. If the text is written anew, these differ and
/// the position is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mark {
    /// The position, in bytes.
    pub position: u64,
    /// A digest of the bytes before it, at most 1,024.
    digest: u64,
}

impl Mark {
    /// The beginning of a text.
    pub fn beginning() -> Self {
        Self::behind(&[], 0)
    }

    /// How many bytes before the position are compared.
    fn length(self) -> usize {
        usize::try_from(self.position.min(MARK)).unwrap_or(0)
    }

    /// Behind these bytes, which end at the position.
    fn behind(bytes: &[u8], position: u64) -> Self {
        let length = usize::try_from(position.min(MARK)).unwrap_or(0);
        let mut digest = DefaultHasher::new();
        digest.write(&bytes[bytes.len().saturating_sub(length)..]);
        Self { position, digest: digest.finish() }
    }

    /// The mark of a position in a file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn at(file: &mut (impl Read + Seek), position: u64) -> io::Result<Self> {
        let length = position.min(MARK);
        file.seek(SeekFrom::Start(position - length))?;
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        let (filled, error) = fill(file, &mut bytes);
        bytes.truncate(filled);
        error.map_or(Ok(Self::behind(&bytes, position)), Err)
    }
}

/// What was new at one look.
#[derive(Debug, Default)]
pub struct News {
    /// The new bytes.
    pub bytes: Vec<u8>,
    /// Where among them a text begins anew, if one does: with another file, or with
    /// what the file holds now.
    pub begins: Option<usize>,
    /// Another file has taken the name, and is read from its beginning.
    pub rotated: bool,
    /// The file became shorter, or was written anew, and is read from its beginning.
    pub truncated: bool,
    /// There is no file under the name at present.
    pub missing: bool,
    /// Why the file cannot be read at present.
    pub failed: Option<io::Error>,
}

/// A file that is followed, and how far it was read.
pub struct Follower<F> {
    /// The open file, and which it is; none while there is none.
    file: Option<(F, Identity)>,
    /// Which file was read last.
    last: Option<Identity>,
    mark: Mark,
}

impl<F: Read + Seek> Follower<F> {
    /// Follows an open file from this mark on.
    pub fn new(file: F, identity: Identity, mark: Mark) -> Self {
        Self { file: Some((file, identity)), last: Some(identity), mark }
    }

    /// Follows whatever file there will be, from this mark on if it is one of that file's.
    pub fn waiting(mark: Mark) -> Self {
        Self { file: None, last: None, mark }
    }

    /// How far the file that is followed now was read.
    pub fn mark(&self) -> Mark {
        self.mark
    }

    /// The open file.
    pub fn file(&mut self) -> Option<&mut F> {
        self.file.as_mut().map(|(file, _)| file)
    }

    /// Looks once. At most `most` bytes are returned; the rest comes at the next look.
    ///
    /// # Errors
    /// Time is up. That a file is not there or cannot be read is none: a rotation may be under way.
    pub fn look(&mut self, named: &mut impl Named<File = F>, most: usize) -> io::Result<News> {
        let mut news = News::default();
        let now = match named.look() {
            Ok(now) => Some(now),
            Err(error) if is_stop(&error) => return Err(error),
            Err(_) => None,
        };
        news.missing = now.is_none();
        let held = self.file.as_ref().map(|(_, identity)| *identity);
        // What was written to the old file before its name was taken away comes first.
        self.read(&mut news, most)?;
        if now.is_some() && now != held && news.bytes.len() < most {
            match named.open() {
                Ok((file, identity)) => {
                    self.file = Some((file, identity));
                    if self.last.is_some_and(|last| last != identity) {
                        news.rotated = true;
                        self.begin(&mut news);
                    }
                    self.last = Some(identity);
                    self.read(&mut news, most)?;
                }
                Err(error) if is_stop(&error) => return Err(error),
                Err(_) => news.missing = true,
            }
        }
        Ok(news)
    }

    /// What is read from now on is the beginning of a text.
    fn begin(&mut self, news: &mut News) {
        news.begins = Some(news.bytes.len());
        self.mark = Mark::beginning();
    }

    /// Reads on from the mark, or from the beginning if what stands before the
    /// mark is something else now.
    fn read(&mut self, news: &mut News, most: usize) -> io::Result<()> {
        while let Some((file, _)) = &mut self.file {
            let before = self.mark.length();
            let want = READ.min(most - news.bytes.len());
            let mut bytes = vec![0; before + want];
            let sought = file.seek(SeekFrom::Start(self.mark.position - before as u64));
            let (filled, error) = match sought {
                Ok(_) => fill(file, &mut bytes),
                Err(error) => (0, Some(error)),
            };
            bytes.truncate(filled);
            if let Some(error) = error {
                if is_stop(&error) {
                    return if news.bytes.is_empty() { Err(error) } else { Ok(()) };
                }
                // It is opened anew at the next look.
                self.file = None;
                (news.missing, news.failed) = (true, Some(error));
                return Ok(());
            }
            let fresh = match bytes.get(before..) {
                Some(fresh) if Mark::behind(&bytes[..before], self.mark.position) == self.mark => fresh,
                _ => {
                    news.truncated = true;
                    self.begin(news);
                    continue;
                }
            };
            news.bytes.extend_from_slice(fresh);
            self.mark = Mark::behind(&bytes, self.mark.position + fresh.len() as u64);
            if fresh.len() < want || news.bytes.len() >= most {
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

        fn look(&mut self) -> io::Result<Identity> {
            let about = fs::metadata(&self.0)?;
            if !about.is_file() {
                return Err(io::ErrorKind::Unsupported.into());
            }
            Ok(Identity(about.ino().into()))
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
        let (mut file, identity) = named.open().unwrap();
        let mark = Mark::at(&mut file, text.len() as u64).unwrap();
        let follower = Follower::new(file, identity, mark);
        (folder, named, follower)
    }

    #[test]
    fn what_is_appended_is_the_news() {
        let (_folder, mut named, mut follower) = begin("old\n");
        let news = follower.look(&mut named, 100).unwrap();
        assert!(news.bytes.is_empty() && !news.missing && !news.rotated && !news.truncated);
        append(&named.0, "new\n");
        assert_eq!(follower.look(&mut named, 100).unwrap().bytes, b"new\n");
        append(&named.0, "0123456789");
        assert_eq!(follower.look(&mut named, 4).unwrap().bytes, b"0123");
        assert_eq!(follower.look(&mut named, 100).unwrap().bytes, b"456789");
        assert_eq!(follower.mark().position, 18);
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
        assert_eq!(news.begins, Some(5));
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
    #[test]
    fn what_is_written_anew_is_noticed_however_long_it_is() {
        for old in ["half", "a line\n", &"line\n".repeat(1000)] {
            for more in [0, 1, 4096] {
                let (_folder, mut named, mut follower) = begin(old);
                let new = format!("{}{}\n", "new ".repeat(old.len() / 4 + 1), "y".repeat(more));
                // In place, as `copytruncate` and whoever writes the file anew do.
                fs::write(&named.0, &new).unwrap();
                let news = follower.look(&mut named, 1 << 20).unwrap();
                assert_eq!((String::from_utf8(news.bytes).unwrap(), news.truncated, news.begins), (new, true, Some(0)));
                append(&named.0, "more\n");
                let news = follower.look(&mut named, 100).unwrap();
                assert_eq!((news.bytes.as_slice(), news.truncated), (&b"more\n"[..], false));
            }
        }
    }

    #[test]
    fn a_hole_before_the_old_offset_is_read_as_what_it_is() {
        let (_folder, mut named, mut follower) = begin(&"x".repeat(70_000));
        let mut writer = OpenOptions::new().write(true).open(&named.0).unwrap();
        writer.seek(SeekFrom::Start(70_000)).unwrap();
        writer.set_len(0).unwrap();
        writer.write_all(b"new\n").unwrap();
        let news = follower.look(&mut named, 1 << 20).unwrap();
        assert_eq!((news.bytes.len(), news.truncated), (70_004, true));
        assert!(news.bytes.ends_with(b"\0new\n"));
        writer.write_all(b"newer\n").unwrap();
        let news = follower.look(&mut named, 1 << 20).unwrap();
        assert_eq!((news.bytes.as_slice(), news.truncated), (&b"newer\n"[..], false));
    }

    #[test]
    fn a_directory_under_the_name_is_no_file_and_what_comes_after_it_is_one() {
        let (_folder, mut named, mut follower) = begin("old\n");
        fs::rename(&named.0, named.0.with_extension("1")).unwrap();
        fs::create_dir(&named.0).unwrap();
        append(&named.0.with_extension("1"), "late\n");
        let news = follower.look(&mut named, 100).unwrap();
        assert_eq!((news.bytes.as_slice(), news.missing, news.rotated), (&b"late\n"[..], true, false));
        fs::remove_dir(&named.0).unwrap();
        append(&named.0, "new\n");
        let news = follower.look(&mut named, 100).unwrap();
        assert_eq!((news.bytes.as_slice(), news.missing, news.rotated), (&b"new\n"[..], false, true));
    }

    #[test]
    fn a_mark_leads_on_in_its_own_text_and_nowhere_else() {
        let (_folder, mut named, follower) = begin("old\n");
        let mark = follower.mark();
        append(&named.0, "new\n");
        let news = Follower::waiting(mark).look(&mut named, 100).unwrap();
        assert_eq!((news.bytes.as_slice(), news.truncated, news.rotated), (&b"new\n"[..], false, false));
        fs::remove_file(&named.0).unwrap();
        let mut waiting = Follower::waiting(mark);
        assert!(waiting.look(&mut named, 100).unwrap().missing);
        append(&named.0, "another\n");
        let news = waiting.look(&mut named, 100).unwrap();
        assert_eq!((news.bytes.as_slice(), news.truncated, news.missing), (&b"another\n"[..], true, false));
    }

    #[test]
    fn a_file_that_cannot_be_read_for_a_moment_is_opened_again() {
        struct Fails(File, bool);
        impl Read for Fails {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                if std::mem::take(&mut self.1) { Err(io::ErrorKind::Other.into()) } else { self.0.read(buffer) }
            }
        }
        impl Seek for Fails {
            fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
                self.0.seek(to)
            }
        }
        struct Again(AtPath);
        impl Named for Again {
            type File = Fails;
            fn look(&mut self) -> io::Result<Identity> {
                self.0.look()
            }
            fn open(&mut self) -> io::Result<(Fails, Identity)> {
                self.0.open().map(|(file, identity)| (Fails(file, false), identity))
            }
        }
        let (_folder, mut named, follower) = begin("old\n");
        let (file, identity) = named.open().unwrap();
        let mut follower = Follower::new(Fails(file, true), identity, follower.mark());
        append(&named.0, "new\n");
        let mut named = Again(named);
        let news = follower.look(&mut named, 100).unwrap();
        assert!(news.failed.is_some() && news.missing);
        let news = follower.look(&mut named, 100).unwrap();
        assert_eq!((news.bytes.as_slice(), news.rotated, news.truncated), (&b"new\n"[..], false, false));
    }
}
