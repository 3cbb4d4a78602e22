//! A granted root: a directory, or a single file, as its rule spells it and as it really is.
//! Opening it is the one time that a path is followed from the top; everything else is found
//! beneath its handle.

use std::ffi::OsStr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;

use cap_std::fs::Dir;
use cofferdam_grants::AbsolutePath;
use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstat, fstatfs, open, openat2};
use rustix::io::Errno;

use super::stat::{id_at_hand, real_path};

/// A root that is there.
pub struct Root {
    /// As the policy spells it: what the guest sees, and what is asked about.
    pub path: AbsolutePath,
    /// Where it really is.
    pub real: AbsolutePath,
    /// What is opened beneath: the root itself, or the directory that holds a single file.
    pub directory: Arc<Dir>,
    /// The name of the single file; it may be replaced by another of this name.
    pub file: Option<Vec<u8>>,
    /// Which file or directory it is: device and inode.
    id: (u64, u64),
    /// The device, if its file system is on this machine: what is known of its files is at hand,
    /// and nobody else is waited for.
    local: Option<u64>,
}

/// Whether a file system, by its number in `statfs(2)`, keeps its files on this machine.
fn is_local(kind: i64) -> bool {
    // ext2 to ext4, XFS, btrfs, tmpfs, ramfs, overlayfs, F2FS, ZFS, bcachefs, squashfs, EROFS.
    const LOCAL: [i64; 11] = [
        0xef53,
        0x5846_5342,
        0x9123_683e,
        0x0102_1994,
        0x8584_58f6,
        0x794c_7630,
        0xf2f5_2010,
        0x2fc1_2fc1,
        0xca45_1a4e,
        0x7371_7368,
        0xe0f5_e1e2,
    ];
    LOCAL.contains(&kind)
}

impl Root {
    /// Opens a root; `None` if it is not there, or is neither a directory nor a regular file.
    ///
    /// # Errors
    /// The system has no room for one more open file.
    #[expect(clippy::disallowed_methods, reason = "the granted roots, as the operator's rules spell them")]
    pub fn open(path: AbsolutePath) -> Result<Option<Self>, Errno> {
        match open(path.as_bytes(), OFlags::PATH | OFlags::CLOEXEC, Mode::empty()) {
            Ok(handle) => Ok(Self::of(path, handle)),
            Err(errno @ (Errno::MFILE | Errno::NFILE | Errno::NOMEM)) => Err(errno),
            Err(_) => Ok(None),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the directory of a granted root that is a single file")]
    fn of(path: AbsolutePath, handle: OwnedFd) -> Option<Self> {
        let real = real_path(handle.as_fd()).ok()?;
        let stat = fstat(&handle).ok()?;
        let id = (stat.st_dev, stat.st_ino);
        let local = fstatfs(&handle).is_ok_and(|about| is_local(about.f_type)).then_some(stat.st_dev);
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                let directory = Arc::new(Dir::from_std_file(std::fs::File::from(handle)));
                Some(Self { path, real, directory, file: None, id, local })
            }
            FileType::RegularFile => {
                let name = real.components().last()?.to_vec();
                let parent = real.as_bytes().len() - name.len();
                let parent = Path::new(OsStr::from_bytes(&real.as_bytes()[..parent]));
                let directory = Dir::open_ambient_dir(parent, cap_std::ambient_authority()).ok()?;
                // The directory may have been exchanged in between: the file has to be in this one.
                let held = real_path(directory.as_fd()).ok()?;
                let directory = Arc::new(directory);
                (real.below(&held) == Some(&name[..])).then_some(Self {
                    path,
                    real,
                    directory,
                    file: Some(name),
                    id,
                    local,
                })
            }
            _ => None,
        }
    }

    /// Whether its files are of a file system whose answers are at hand, and this is one of them.
    pub fn is_at_hand(&self, device: u64) -> bool {
        self.local == Some(device)
    }

    /// Whether any of its files may be at hand.
    pub fn is_local(&self) -> bool {
        self.local.is_some()
    }

    /// Whether the path of its rule still leads to it. Only where that is at hand; anywhere else
    /// the answer is no.
    pub fn is_still_there(&self) -> bool {
        self.is_local()
            && openat2(
                CWD,
                self.path.as_bytes(),
                OFlags::PATH | OFlags::CLOEXEC,
                Mode::empty(),
                ResolveFlags::CACHED | ResolveFlags::NO_MAGICLINKS,
            )
            .ok()
            .and_then(|handle| id_at_hand(&handle))
                == Some(self.id)
    }

    /// A real path as it reads below the root as the policy spells it; `None` if it lies outside.
    pub fn spelled(&self, real: &AbsolutePath) -> Option<AbsolutePath> {
        let below = real.below(&self.real)?;
        if below.is_empty() {
            return Some(self.path.clone());
        }
        AbsolutePath::parse([self.path.as_bytes(), b"/", below].concat()).ok()
    }
}
