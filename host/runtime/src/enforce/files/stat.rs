//! What the system says of files, in WASI's words: errors, types, times, names; and which file a
//! handle is open on.

use std::fmt::Write as _;
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd};

use cofferdam_grants::AbsolutePath;
use rustix::fs::{AtFlags, FileType, Stat, Statx, StatxFlags, makedev, readlinkat, statx};
use rustix::io::Errno;

use super::bindings::wasi::clocks::wall_clock::Datetime;
use super::bindings::wasi::filesystem::types::{DescriptorStat, DescriptorType, ErrorCode};

/// What the kernel appends to the path of a file that has lost its name.
const DELETED: &[u8] = b" (deleted)";

/// The system's error as WASI has it.
pub fn code(errno: Errno) -> ErrorCode {
    match errno {
        Errno::NOENT => ErrorCode::NoEntry,
        Errno::ACCESS | Errno::PERM => ErrorCode::Access,
        Errno::NOTDIR => ErrorCode::NotDirectory,
        Errno::ISDIR => ErrorCode::IsDirectory,
        Errno::LOOP => ErrorCode::Loop,
        Errno::NAMETOOLONG => ErrorCode::NameTooLong,
        Errno::AGAIN => ErrorCode::WouldBlock,
        Errno::INVAL => ErrorCode::Invalid,
        Errno::OVERFLOW => ErrorCode::Overflow,
        Errno::NXIO | Errno::NODEV | Errno::OPNOTSUPP => ErrorCode::Unsupported,
        Errno::MFILE | Errno::NFILE | Errno::NOMEM => ErrorCode::InsufficientMemory,
        _ => ErrorCode::Io,
    }
}

/// The real path of what a handle is open on, as the kernel knows it.
pub fn real_path(handle: BorrowedFd<'_>) -> io::Result<AbsolutePath> {
    let link = format!("/proc/self/fd/{}", handle.as_raw_fd());
    let real = readlinkat(rustix::fs::CWD, link, Vec::new())?.into_bytes();
    // A file without a name has no path to ask about. (Nor has one that is really called so.)
    if real.ends_with(DELETED) {
        return Err(Errno::NOENT.into());
    }
    AbsolutePath::parse(real).map_err(|_| Errno::NOENT.into())
}

/// Which file this is (device and inode), without asking a file system that would have to be waited
/// for.
pub fn id_at_hand(handle: &OwnedFd) -> Option<(u64, u64)> {
    id_of(statx(handle, c"", AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC, StatxFlags::INO))
}

/// Which file an answer of `statx(2)` is about.
pub fn id_of(found: Result<Statx, Errno>) -> Option<(u64, u64)> {
    let found = found.ok()?;
    Some((makedev(found.stx_dev_major, found.stx_dev_minor), found.stx_ino))
}

/// Whether it is a regular file, a directory, or neither.
pub fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// Bytes as text; those that are no UTF-8 by their numbers.
pub fn shown(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a string does not fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

fn time(seconds: i64, nanoseconds: u64) -> Option<Datetime> {
    let seconds = u64::try_from(seconds).ok()?;
    Some(Datetime { seconds, nanoseconds: u32::try_from(nanoseconds).ok()? })
}

/// A file's type as WASI has it.
pub fn type_of(kind: FileType) -> DescriptorType {
    match kind {
        FileType::RegularFile => DescriptorType::RegularFile,
        FileType::Directory => DescriptorType::Directory,
        FileType::Symlink => DescriptorType::SymbolicLink,
        FileType::Fifo => DescriptorType::Fifo,
        FileType::Socket => DescriptorType::Socket,
        FileType::BlockDevice => DescriptorType::BlockDevice,
        FileType::CharacterDevice => DescriptorType::CharacterDevice,
        _ => DescriptorType::Unknown,
    }
}

/// What is known of a file as WASI has it.
pub fn described(stat: &Stat) -> DescriptorStat {
    DescriptorStat {
        type_: type_of(kind(stat)),
        link_count: stat.st_nlink,
        size: u64::try_from(stat.st_size).unwrap_or(0),
        data_access_timestamp: time(stat.st_atime, stat.st_atime_nsec),
        data_modification_timestamp: time(stat.st_mtime, stat.st_mtime_nsec),
        status_change_timestamp: time(stat.st_ctime, stat.st_ctime_nsec),
    }
}
