//! What the paths of deny rules lead to. A part of such a path may be a link. Denied is what lies
//! there now, under whatever name it was found. So each rule's path is followed anew for every file
//! that is found, as far as the path exists, and a file that lies there is asked about as the rule
//! spells it. The policy decides about it.

use std::cell::OnceCell;
use std::os::fd::{AsFd as _, OwnedFd};

use cofferdam_grants::AbsolutePath;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags, StatxFlags, open, openat2, statx};
use rustix::io::Errno;

use super::stat::{id_at_hand, id_of, real_path};

/// A device and an inode: which file or directory it is.
type Id = (u64, u64);

/// The answer would have to be waited for.
#[derive(Debug)]
pub struct Waits;

/// How one of these deny rules spells a file that was found at this real path; `None` where none
/// leads to it. With `at_hand` nobody is waited for.
///
/// # Errors
/// Not all of it is at hand.
pub fn denied_as<'a>(
    denies: impl Iterator<Item = &'a AbsolutePath>,
    real: &AbsolutePath,
    at_hand: bool,
) -> Result<Option<AbsolutePath>, Waits> {
    let above = OnceCell::new();
    for deny in denies {
        let place = DeniedPlace::of(deny, at_hand)?;
        // By its path; and by what it is, as a directory may be mounted, and a file be linked, in a
        // second place.
        let same = || above.get_or_init(|| above_of(real)).iter().find(|(id, _)| place.id == Some(*id));
        let below = real.below(&place.real).or_else(|| same().map(|(_, below)| *below));
        if let Some(spelled) = below.and_then(|below| beneath(deny, below)) {
            return Ok(Some(spelled));
        }
    }
    Ok(None)
}

/// Where the path of a rule leads now.
struct DeniedPlace {
    real: AbsolutePath,
    /// What is there, if anything is.
    id: Option<Id>,
}

impl DeniedPlace {
    /// Follows a rule's path as far as it exists; the rest is taken as it is written, so that what
    /// comes to be there is denied.
    fn of(rule: &AbsolutePath, at_hand: bool) -> Result<Self, Waits> {
        let names: Vec<&[u8]> = rule.components().collect();
        for there in (0..=names.len()).rev() {
            let (head, rest) = names.split_at(there);
            let handle = match open_path(&joined(head), at_hand) {
                Ok(handle) => handle,
                Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS | Errno::LOOP) => continue,
                Err(_) if at_hand => return Err(Waits),
                Err(_) => continue,
            };
            let Ok(real) = real_path(handle.as_fd()) else { continue };
            let id = if rest.is_empty() { id_at_hand(&handle) } else { None };
            if let Some(real) = beneath(&real, &rest.join(&b'/')) {
                return Ok(Self { real, id });
            }
        }
        Ok(Self { real: rule.clone(), id: None })
    }
}

#[expect(clippy::disallowed_methods, reason = "the paths of deny rules, to know what they lead to")]
fn open_path(path: &[u8], at_hand: bool) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    match at_hand {
        true => openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED),
        false => open(path, flags, Mode::empty()),
    }
}

/// What a path and each directory above it are, with the rest of the path below that.
fn above_of(real: &AbsolutePath) -> Vec<(Id, &[u8])> {
    let path = real.as_bytes();
    let ends = (1..path.len()).filter(|end| path.get(*end) == Some(&b'/')).chain([path.len()]);
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT | AtFlags::STATX_DONT_SYNC;
    ends.filter_map(|end| {
        let (head, below) = path.split_at(end);
        let id = id_of(statx(CWD, head, flags, StatxFlags::INO))?;
        Some((id, below.strip_prefix(b"/").unwrap_or(below)))
    })
    .collect()
}

fn joined(names: &[&[u8]]) -> Vec<u8> {
    [b"/", names.join(&b'/').as_slice()].concat()
}

/// A path below another. Slashes in a row count once.
fn beneath(path: &AbsolutePath, below: &[u8]) -> Option<AbsolutePath> {
    AbsolutePath::parse([path.as_bytes(), b"/", below].concat()).ok()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "folders of the tests' own")]
#[path = "denied_tests.rs"]
mod tests;
