//! Which files a log has: the one that is written and its numbered predecessors, listed, and opened
//! as they are at one moment.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Numbers of rotated files that are looked for.
pub(crate) const FILES: u32 = 1_000;

/// How often files are opened anew that were rotated meanwhile.
const TRIES: usize = 100;

/// `FILE.N`; `FILE` itself for 0.
pub(crate) fn numbered(path: &Path, number: u32) -> PathBuf {
    with_end(
        path,
        &match number {
            0 => String::new(),
            number => format!(".{number}"),
        },
    )
}

pub(crate) fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    name.into()
}

/// The place of a file that a link leads to; of what is no link, its own. The last name only: a
/// log's files have one folder.
#[expect(clippy::disallowed_methods, reason = "the audit file, which the caller names")]
pub(crate) fn whole(path: &Path) -> io::Result<PathBuf> {
    if fs::symlink_metadata(path)?.is_symlink() { fs::canonicalize(path) } else { Ok(path.to_owned()) }
}

/// The folder that a file is in.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Waits until the disk has a folder's names. That some folders cannot be opened for that is no
/// reason to stop.
#[expect(clippy::disallowed_methods, reason = "the folders of the audit file and of its head")]
pub(crate) fn sync(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

/// What tells a file from every other that there is: its device and its inode.
pub(crate) fn id(about: &Metadata) -> (u64, u64) {
    (about.dev(), about.ino())
}

/// A log's files that are there, oldest first.
#[expect(clippy::disallowed_methods, reason = "the audit file's numbered predecessors")]
pub fn files(path: &Path) -> Vec<PathBuf> {
    let path = &whole(path).unwrap_or_else(|_| path.to_owned());
    let mut numbers: Vec<u32> = match fs::read_dir(folder(path)) {
        Ok(entries) => entries.flatten().filter_map(|entry| number_of(&entry.file_name(), path)).collect(),
        // A folder may be closed to lists and open to names.
        Err(_) => (1..FILES).filter(|number| fs::exists(numbered(path, *number)).unwrap_or(false)).collect(),
    };
    numbers.sort_unstable();
    numbers.into_iter().rev().map(|number| numbered(path, number)).chain([path.to_owned()]).collect()
}

/// The number of a rotated file of this log.
fn number_of(name: &OsStr, path: &Path) -> Option<u32> {
    let name = name.as_bytes().strip_prefix(path.file_name()?.as_bytes())?.strip_prefix(b".")?;
    let number: u32 = str::from_utf8(name).ok()?.parse().ok()?;
    // `+1` and `01` are others' names.
    ((1..FILES).contains(&number) && number.to_string().as_bytes() == name).then_some(number)
}

/// A log's files, open, oldest first: all of them as they stood at one moment, whatever is rotated
/// meanwhile. A file that has two names, as in the middle of a rotation, is there once.
pub(crate) fn open_all(path: &Path) -> io::Result<Vec<(PathBuf, File)>> {
    for _ in 0..TRIES {
        if let Some(mut opened) = try_open(path)? {
            let ids: Vec<_> = opened.iter().map(|(_, _, id)| *id).collect();
            let mut rest = ids.as_slice();
            opened.retain(|(_, _, id)| {
                rest = rest.get(1..).unwrap_or_default();
                !rest.contains(id)
            });
            return Ok(opened.into_iter().map(|(name, file, _)| (name, file)).collect());
        }
    }
    Err(io::Error::new(io::ErrorKind::ResourceBusy, format!("`{}` is rotated again and again", path.display())))
}

type Opened = (PathBuf, File, (u64, u64));

/// Opens the files; `None` if one of them got another name before all were open.
#[expect(clippy::disallowed_methods, reason = "the audit file and its numbered predecessors")]
fn try_open(path: &Path) -> io::Result<Option<Vec<Opened>>> {
    let named = |name: &Path, error: io::Error| io::Error::new(error.kind(), format!("`{}`: {error}", name.display()));
    let mut opened = Vec::new();
    for name in files(path) {
        let file = match File::open(&name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && name != path => return Ok(None),
            other => other.map_err(|error| named(&name, error))?,
        };
        let about = file.metadata().map_err(|error| named(&name, error))?;
        opened.push((name, file, id(&about)));
    }
    let now: Vec<_> =
        files(path).into_iter().map(|name| fs::metadata(&name).ok().map(|about| (name, id(&about)))).collect();
    let same = now.len() == opened.len()
        && now
            .iter()
            .zip(&opened)
            .all(|(now, (name, _, id))| now.as_ref().is_some_and(|now| (&now.0, &now.1) == (name, id)));
    Ok(same.then_some(opened))
}
