//! The granted files as WASI gives them: roots by their paths on the machine, files that are read
//! where one likes, and the errors as the host gave them. Nothing here decides what may be opened;
//! the host does, on every use.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::time::Duration;

use files_logic::follow::{Identity, Named};
use files_logic::grep::{Kind, Tree};
use files_logic::{File, UserPath};
use wasip2::filesystem::preopens::get_directories;
use wasip2::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorStat, DescriptorType, ErrorCode, OpenFlags, PathFlags,
};

/// Bytes that one request to the host asks for where less is wanted: short files and short
/// answers are read with one.
const BLOCK: usize = 32 << 10;

/// An error of WASI's, inside an `io::Error`.
#[derive(Clone, Copy, Debug)]
pub struct Wasi(pub ErrorCode);

impl fmt::Display for Wasi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.message())
    }
}

impl std::error::Error for Wasi {}

fn error(code: ErrorCode) -> io::Error {
    let kind = match code {
        ErrorCode::NoEntry => io::ErrorKind::NotFound,
        ErrorCode::NotPermitted | ErrorCode::Access => io::ErrorKind::PermissionDenied,
        ErrorCode::Interrupted => io::ErrorKind::Interrupted,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, Wasi(code))
}

/// WASI's code in an error, if it is one of WASI's.
pub fn code(error: &io::Error) -> Option<ErrorCode> {
    error.get_ref().and_then(|inner| inner.downcast_ref::<Wasi>()).map(|wasi| wasi.0)
}

/// The granted roots, until the call's time is up.
pub struct Disk {
    roots: Vec<(Descriptor, String)>,
    until: Duration,
}

impl Disk {
    /// The roots of this instance; reads fail with `TimedOut` after `until`.
    pub fn new(until: Duration) -> Self {
        Self { roots: get_directories(), until }
    }

    /// When the call's time is up.
    pub fn until(&self) -> Duration {
        self.until
    }

    /// Says whether the call's time is up.
    pub fn up(&self) -> impl Fn() -> bool + use<> {
        let until = self.until;
        move || cofferdam_sdk::now() > until
    }

    /// Where the roots are.
    pub fn roots(&self) -> impl Iterator<Item = &str> {
        self.roots.iter().map(|(_, root)| root.as_str())
    }

    /// What is at this path, and how it is opened.
    fn at<'p>(&self, path: &'p UserPath) -> io::Result<(&Descriptor, &'p str)> {
        match files_logic::place(self.roots(), path) {
            Some((index, rest)) => Ok((&self.roots[index].0, rest)),
            // Outside every root. The host is asked all the same, so that the operator's
            // record has it; it refuses.
            None => match self.roots.first() {
                Some((root, _)) => Ok((root, path.as_str())),
                None => Err(error(ErrorCode::NotPermitted)),
            },
        }
    }

    fn descriptor(&self, path: &UserPath, flags: OpenFlags) -> io::Result<Descriptor> {
        let (root, rest) = self.at(path)?;
        root.open_at(PathFlags::SYMLINK_FOLLOW, rest, flags, DescriptorFlags::READ).map_err(error)
    }

    /// Opens a file, or a directory, which cannot be read.
    pub fn open_file(&self, path: &UserPath) -> io::Result<Reader> {
        let file = self.descriptor(path, OpenFlags::empty())?;
        Ok(Reader { file, position: 0, until: self.until, cache: Some(Cache::default()) })
    }

    /// What is known of a path.
    pub fn stat(&self, path: &UserPath, follow: bool) -> io::Result<DescriptorStat> {
        let (root, rest) = self.at(path)?;
        let flags = if follow { PathFlags::SYMLINK_FOLLOW } else { PathFlags::empty() };
        root.stat_at(flags, rest).map_err(error)
    }

    /// Where a link leads, as it is written.
    pub fn read_link(&self, path: &UserPath) -> io::Result<String> {
        let (root, rest) = self.at(path)?;
        root.readlink_at(rest).map_err(error)
    }

    /// Every entry of a directory.
    pub fn list(&self, path: &UserPath, entry: &mut dyn FnMut(String, DescriptorType)) -> io::Result<()> {
        let directory = self.descriptor(path, OpenFlags::DIRECTORY)?;
        let entries = directory.read_directory().map_err(error)?;
        let mut seen = 0_u32;
        while let Some(one) = entries.read_directory_entry().map_err(error)? {
            entry(one.name, one.type_);
            seen = seen.wrapping_add(1);
            if seen.is_multiple_of(256) && cofferdam_sdk::now() > self.until {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
        Ok(())
    }
}

impl Tree for Disk {
    type File = Reader;

    fn entries(&mut self, directory: &UserPath, entry: &mut dyn FnMut(String, Kind)) -> io::Result<()> {
        self.list(directory, &mut |name, kind| {
            let kind = match kind {
                DescriptorType::RegularFile => Kind::File,
                DescriptorType::Directory => Kind::Directory,
                _ => Kind::Other,
            };
            entry(name, kind);
        })
    }

    fn open(&mut self, path: &UserPath) -> io::Result<Reader> {
        self.open_file(path)
    }
}

#[derive(Default)]
struct Cache {
    bytes: Vec<u8>,
    at: u64,
}

/// An open file.
pub struct Reader {
    file: Descriptor,
    position: u64,
    until: Duration,
    cache: Option<Cache>,
}

impl Reader {
    /// Every read asks the host anew: for files that change while they are read.
    pub fn uncached(mut self) -> Self {
        self.cache = None;
        self
    }

    /// Its size, now.
    pub fn size(&self) -> io::Result<u64> {
        self.file.stat().map(|stat| stat.size).map_err(error)
    }

    /// Which file it is.
    pub fn identity(&self) -> io::Result<Identity> {
        let hash = self.file.metadata_hash().map_err(error)?;
        Ok(Identity(u128::from(hash.upper) << 64 | u128::from(hash.lower)))
    }

    fn fetch(&self, most: usize) -> io::Result<Vec<u8>> {
        if cofferdam_sdk::now() > self.until {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.file.read(most as u64, self.position).map(|(bytes, _)| bytes).map_err(error)
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let cached = |cache: &Cache, position: u64, buffer: &mut [u8]| {
            let skip = usize::try_from(position.checked_sub(cache.at)?).ok()?;
            let rest = cache.bytes.get(skip..).filter(|rest| !rest.is_empty())?;
            let n = rest.len().min(buffer.len());
            buffer[..n].copy_from_slice(&rest[..n]);
            Some(n)
        };
        let n = match &self.cache {
            Some(cache) if buffer.len() < BLOCK => match cached(cache, self.position, buffer) {
                Some(n) => n,
                None => {
                    let cache = Cache { bytes: self.fetch(BLOCK)?, at: self.position };
                    let n = cached(&cache, self.position, buffer).unwrap_or(0);
                    self.cache = Some(cache);
                    n
                }
            },
            _ => {
                let bytes = self.fetch(buffer.len())?;
                buffer[..bytes.len()].copy_from_slice(&bytes);
                bytes.len()
            }
        };
        self.position += n as u64;
        Ok(n)
    }
}

impl File for Reader {
    fn block(&mut self, most: usize) -> io::Result<Vec<u8>> {
        if self.cache.is_some() && most < BLOCK {
            let mut block = vec![0; most];
            let filled = self.read(&mut block)?;
            block.truncate(filled);
            return Ok(block);
        }
        let block = self.fetch(most)?;
        self.position += block.len() as u64;
        Ok(block)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(by) => self.size()?.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

/// A path that is followed, whatever file it leads to.
pub struct Followed<'a> {
    /// The granted roots.
    pub disk: &'a Disk,
    /// The path.
    pub path: &'a UserPath,
}

impl Named for Followed<'_> {
    type File = Reader;

    fn look(&mut self) -> io::Result<Identity> {
        let (root, rest) = self.disk.at(self.path)?;
        if self.disk.stat(self.path, true)?.type_ != DescriptorType::RegularFile {
            return Err(error(ErrorCode::Unsupported));
        }
        let hash = root.metadata_hash_at(PathFlags::SYMLINK_FOLLOW, rest).map_err(error)?;
        Ok(Identity(u128::from(hash.upper) << 64 | u128::from(hash.lower)))
    }

    fn open(&mut self) -> io::Result<(Reader, Identity)> {
        let file = self.disk.open_file(self.path)?.uncached();
        // What is there may have changed since it was looked at.
        if file.file.get_type().map_err(error)? != DescriptorType::RegularFile {
            return Err(error(ErrorCode::Unsupported));
        }
        let identity = file.identity()?;
        Ok((file, identity))
    }
}
