//! Finds a file without opening it: beneath a directory's handle, as a handle that can be looked at
//! and nothing else (`O_PATH`). No device is woken and no pipe waits. What is read later is that
//! very file, by its handle.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path};
use std::sync::Arc;

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use cofferdam_grants::AbsolutePath;
use rustix::fs::{Mode, OFlags, ResolveFlags, Stat, fstat, openat, openat2, readlinkat};
use rustix::io::Errno;

use super::bindings::wasi::filesystem::types::ErrorCode;
use super::own::OwnFiles;
use super::process::is_of_a_process;
use super::root::Root;
use super::stat::{code, id_at_hand, real_path, shown};

/// A file that was found, and what is known of it.
pub struct Looked {
    /// Its handle: it can be looked at, not read.
    pub handle: OwnedFd,
    /// What is known of it.
    pub stat: Stat,
    /// Its real path, below its root as the policy spells that.
    pub path: AbsolutePath,
    /// Its real path.
    pub real: AbsolutePath,
    /// Its root.
    pub root: Arc<Root>,
    /// Whether what is known of it is at hand, so that opening it makes nobody wait.
    pub at_hand: bool,
    /// Why it is refused whatever the policy says.
    pub refused: Option<&'static str>,
}

/// Why nothing was found.
pub enum Unfound {
    /// The path leads out of its root.
    Outside,
    /// There is nothing to be found at this path (as spelled, and as it really is), for this reason
    /// of the system's.
    NotThere(AbsolutePath, AbsolutePath, ErrorCode),
    /// Whatever is at this path is refused.
    Refused(AbsolutePath, &'static str),
    /// The system's error.
    Error(ErrorCode),
}

impl From<Errno> for Unfound {
    fn from(errno: Errno) -> Self {
        Self::Error(code(errno))
    }
}

/// Finds what `below` leads to, beneath `directory`. Of a link at the end, `follow` says whether it
/// is meant or what it leads to.
pub fn look(root: &Arc<Root>, directory: &Dir, below: &str, follow: bool, own: &OwnFiles) -> Result<Looked, Unfound> {
    let found = if follow { open(directory, Path::new(below)) } else { open_last(directory, below) };
    match found {
        Ok(handle) => looked(handle, root, directory, below, own, false),
        Err(error) => Err(unfound(root, directory, below, &error, own)),
    }
}

/// The same, if the system has all of it at hand: nothing is waited for. `None` says nothing about
/// what is there.
pub fn look_at_hand(
    root: &Arc<Root>,
    directory: &Dir,
    below: &str,
    follow: bool,
    own: &OwnFiles,
) -> Option<Result<Looked, Unfound>> {
    if !root.is_local() {
        return None;
    }
    let flags = OFlags::PATH | OFlags::CLOEXEC | if follow { OFlags::empty() } else { OFlags::NOFOLLOW };
    // As `cap-std` has it, but for `RESOLVE_CACHED`, which it does not know.
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS | ResolveFlags::CACHED;
    let handle = openat2(directory, below, flags, Mode::empty(), resolve).ok()?;
    let (device, _) = id_at_hand(&handle)?;
    root.is_at_hand(device).then(|| looked(handle, root, directory, below, own, true))
}

/// Finds what a link leads to that leaves its root, where that lies in another root, or in the same
/// one by its whole path. It is found anew, beneath that root's handle and without a link on the
/// way: what is used is what is asked about.
pub fn look_elsewhere(roots: &[Arc<Root>], directory: &Dir, below: &str, own: &OwnFiles) -> Option<Looked> {
    let inside = Path::new(below).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !inside {
        return None;
    }
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let handle = openat2(directory, below, flags, Mode::empty(), ResolveFlags::NO_MAGICLINKS).ok()?;
    let real = real_path(handle.as_fd()).ok()?;
    roots.iter().find_map(|root| {
        let below = match &root.file {
            Some(name) if real == root.real => name.clone(),
            Some(_) => return None,
            None => real.below(&root.real)?.to_vec(),
        };
        let below = if below.is_empty() { b".".to_vec() } else { below };
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let handle = openat2(&*root.directory, below.as_slice(), flags, Mode::empty(), resolve).ok()?;
        let below = String::from_utf8_lossy(&below).into_owned();
        looked(handle, root, &root.directory, &below, own, false).ok()
    })
}

/// What is known of what was found.
fn looked(
    handle: OwnedFd,
    root: &Arc<Root>,
    directory: &Dir,
    below: &str,
    own: &OwnFiles,
    at_hand: bool,
) -> Result<Looked, Unfound> {
    let real = real_path(handle.as_fd()).map_err(|error| unfound(root, directory, below, &error, own))?;
    let path = root.spelled(&real).ok_or(Unfound::Outside)?;
    let stat = fstat(&handle)?;
    let refused = held_back(&handle, &stat, &real, own);
    Ok(Looked { handle, stat, path, real, root: Arc::clone(root), at_hand, refused })
}

/// Opens beneath a directory, following links as far as they stay beneath it. `cap-std` sees to
/// that (`openat2` where there is one).
fn open(directory: &Dir, below: &Path) -> io::Result<OwnedFd> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(OFlags::PATH.bits().cast_signed());
    Ok(directory.open_with(below, &options)?.into_std().into())
}

/// The same, but a link at the end is itself what is found.
fn open_last(directory: &Dir, below: &str) -> io::Result<OwnedFd> {
    if below.starts_with('/') {
        return Err(Errno::XDEV.into());
    }
    let below = below.trim_end_matches('/');
    let (parent, name) = below.rsplit_once('/').unwrap_or((".", below));
    if matches!(name, "" | "." | "..") {
        return open(directory, Path::new(below));
    }
    let parent = open(directory, Path::new(parent))?;
    Ok(openat(&parent, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?)
}

/// Why nothing was found. The policy is asked about a missing file as about one that exists, by the
/// path that it would have: the real path of the part that exists, and the rest as it is written.
/// So a denied path reads the same whether it exists or not.
fn unfound(root: &Arc<Root>, directory: &Dir, below: &str, error: &io::Error, own: &OwnFiles) -> Unfound {
    let errno = match Errno::from_io_error(error) {
        // Also where the way to it is closed to us, or held by a link that is none of the file
        // system's (as in `/proc`).
        Some(errno @ (Errno::NOENT | Errno::NOTDIR | Errno::ACCESS | Errno::LOOP)) => errno,
        Some(Errno::XDEV) => return Unfound::Outside,
        // `cap-std`'s word for a path that leads out.
        None if error.kind() == io::ErrorKind::PermissionDenied => return Unfound::Outside,
        Some(errno) => return Unfound::Error(code(errno)),
        None => return Unfound::Error(ErrorCode::Io),
    };
    let parts: Vec<&str> = below.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    for there in (0..parts.len()).rev() {
        let (head, rest) = parts.split_at(there);
        let head = if head.is_empty() { ".".to_owned() } else { head.join("/") };
        let Ok(handle) = open(directory, Path::new(&head)) else { continue };
        let Ok(real) = real_path(handle.as_fd()) else { continue };
        if rest.contains(&"..") {
            return Unfound::Outside;
        }
        let held_back = fstat(&handle).ok().and_then(|stat| held_back(&handle, &stat, &real, own));
        let Ok(real) = AbsolutePath::parse([real.as_bytes(), b"/", rest.join("/").as_bytes()].concat()) else {
            return Unfound::Error(ErrorCode::NameTooLong);
        };
        return match (root.spelled(&real), held_back) {
            (None, _) => Unfound::Outside,
            (Some(path), Some(reason)) => Unfound::Refused(path, reason),
            (Some(path), None) => Unfound::NotThere(path, real, code(errno)),
        };
    }
    Unfound::Error(code(errno))
}

/// Why a file is refused whatever the policy says, if it is.
fn held_back(handle: &OwnedFd, stat: &Stat, real: &AbsolutePath, own: &OwnFiles) -> Option<&'static str> {
    if is_of_a_process(handle, real) {
        Some("process-file")
    } else if own.holds(stat, real) {
        Some("own-file")
    } else {
        None
    }
}

/// Where a link leads, as it is written.
pub fn target(link: &OwnedFd) -> Result<String, ErrorCode> {
    let target = readlinkat(link, c"", Vec::new()).map_err(code)?;
    Ok(shown(target.as_bytes()))
}
