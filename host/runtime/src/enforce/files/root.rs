//! A granted root: a directory, or a single file, as its rule spells it and as it really is. Opening it is the one time that a
//! path is followed from the top; everything else is found beneath its handle.

use std::ffi::OsStr;
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use cap_std::fs::Dir;
use cofferdam_grants::AbsolutePath;
use rustix::fs::{FileType, Mode, OFlags, fstat, open};

use super::look::real_path;

/// A root that is there.
pub struct Root {
    /// As the policy spells it: what the guest sees, and what is asked about.
    pub path: AbsolutePath,
    /// Where it really is.
    pub real: AbsolutePath,
    /// What is opened beneath: the root itself, or the directory that holds a single file.
    pub directory: Dir,
    /// The name of the single file; it may be replaced by another of this name.
    pub file: Option<Vec<u8>>,
}

impl Root {
    /// Opens a root; `None` if it is not there, or is neither a directory nor a regular file.
    #[expect(clippy::disallowed_methods, reason = "the granted roots, as the operator's rules spell them")]
    pub fn open(path: AbsolutePath) -> Option<Self> {
        let handle = open(path.as_bytes(), OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()?;
        let real = real_path(handle.as_fd()).ok()?;
        match FileType::from_raw_mode(fstat(&handle).ok()?.st_mode) {
            FileType::Directory => {
                let directory = Dir::from_std_file(std::fs::File::from(handle));
                Some(Self { path, real, directory, file: None })
            }
            FileType::RegularFile => {
                let name = real.components().last()?.to_vec();
                let parent = real.as_bytes().len() - name.len();
                let parent = Path::new(OsStr::from_bytes(&real.as_bytes()[..parent]));
                let directory = Dir::open_ambient_dir(parent, cap_std::ambient_authority()).ok()?;
                // The directory may have been exchanged in between: the file has to be in this one.
                let held = real_path(directory.as_fd()).ok()?;
                (real.below(&held) == Some(&name[..])).then_some(Self { path, real, directory, file: Some(name) })
            }
            _ => None,
        }
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
