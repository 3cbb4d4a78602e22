//! What a guest holds of a file: an open regular file, or a directory's handle. `look.rs` and the
//! gate are how it came to be open.

use std::os::fd::{AsRawFd as _, OwnedFd};
use std::sync::Arc;

use cap_std::fs::Dir;
use cofferdam_grants::{AbsolutePath, Resource};
use rustix::fs::{FileType, Mode, OFlags, Stat, fstat, open};
use rustix::io::{Errno, ReadWriteFlags, preadv2};

use super::bindings::wasi::filesystem::types::ErrorCode;
use super::blocking;
use super::permitted::PermittedFile;
use super::root::Root;
use super::stat::{code, kind};
use crate::cpu_meter::CpuMeter;
use crate::enforce::descriptors::{Held, Slot};

/// The most bytes of one read: a mebibyte, and a look at what follows.
const MOST: u64 = (1 << 20) + (4 << 10);

/// What a read costs at least, in bytes.
const ASKED: u64 = 64;

/// A file or directory in a guest's hands.
#[derive(Clone)]
pub enum Descriptor {
    /// A regular file, open for reading.
    File(Arc<OpenFile>),
    /// A directory, to find files beneath.
    Directory(Arc<Directory>),
    /// A root that is a single file: only the file itself is found in it.
    Single(Arc<Root>),
    /// A granted root that is not there, or does not answer: nothing is found in it, and what is
    /// looked for is asked about all the same.
    Absent(AbsolutePath, ErrorCode),
}

impl Descriptor {
    /// A granted root, for whoever holds the grant.
    pub fn of_root(root: Arc<Root>) -> Self {
        if root.file.is_some() {
            return Self::Single(root);
        }
        let (handle, at_hand, spelled) = (Arc::clone(&root.directory), root.is_local(), root.path.clone());
        Self::Directory(Arc::new(Directory { handle, at_hand, root, spelled, _slot: None }))
    }
}

/// An open regular file.
pub struct OpenFile {
    /// The handle.
    pub handle: Arc<Held<OwnedFd>>,
    /// Whether what is known of it is at hand.
    pub at_hand: bool,
}

/// A directory's handle.
pub struct Directory {
    /// The handle.
    pub handle: Arc<Dir>,
    /// Whether what is known of it is at hand.
    pub at_hand: bool,
    /// The root that it lies in.
    pub root: Arc<Root>,
    /// Its path as the guest has spelled it.
    pub spelled: AbsolutePath,
    /// Its place among the descriptors; a root's handle is shared by all, and there are as many as
    /// the policy has rules.
    pub _slot: Option<Slot>,
}

/// Opens what was found, by its handle, if the permit is for that very file. Of everything but
/// files and directories there is nothing to read, and opening it could wake a device or wait for a
/// writer.
#[expect(clippy::disallowed_methods, reason = "the file that was permitted, by its handle")]
pub fn open_permitted(file: PermittedFile, directory: bool, slot: Slot) -> Result<Descriptor, ErrorCode> {
    let PermittedFile { permit, looked, spelled } = file;
    if !matches!(permit.resource(), Resource::File(path) if *path == looked.path) {
        return Err(ErrorCode::NotPermitted);
    }
    match kind(&looked.stat) {
        FileType::Directory => {
            let handle = Arc::new(Dir::from_std_file(std::fs::File::from(looked.handle)));
            let at_hand = looked.at_hand;
            let _slot = Some(slot);
            Ok(Descriptor::Directory(Arc::new(Directory { handle, at_hand, root: looked.root, spelled, _slot })))
        }
        _ if directory => Err(ErrorCode::NotDirectory),
        FileType::RegularFile => {
            let path = format!("/proc/self/fd/{}", looked.handle.as_raw_fd());
            let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
            let handle = Arc::new(Held::new(open(path, flags, Mode::empty()).map_err(code)?, slot));
            Ok(Descriptor::File(Arc::new(OpenFile { handle, at_hand: looked.at_hand })))
        }
        // A link is found only where it is not to be followed.
        FileType::Symlink => Err(ErrorCode::Loop),
        _ => Err(ErrorCode::Unsupported),
    }
}

/// Reads from an open file. What the system has at hand is read at once; for the rest a thread
/// waits.
pub async fn read(
    file: &Arc<Held<OwnedFd>>,
    length: u64,
    offset: u64,
    cpu_meter: &CpuMeter,
) -> Result<Vec<u8>, ErrorCode> {
    let length = usize::try_from(length.min(MOST)).unwrap_or(0);
    let mut buffer = vec![0; length];
    match read_at(file, &mut buffer, offset, ReadWriteFlags::NOWAIT) {
        Ok(filled) => {
            buffer.truncate(filled);
            cpu_meter.worked((filled as u64).max(ASKED)).await;
            Ok(buffer)
        }
        // Not at hand, or not to be had in this way from this file system.
        Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => {
            let file = Arc::clone(file);
            let read = blocking(move || {
                let filled = read_at(&file, &mut buffer, offset, ReadWriteFlags::empty()).map_err(code)?;
                buffer.truncate(filled);
                Ok(buffer)
            });
            let read = read.await;
            cpu_meter.rest();
            read
        }
        Err(errno) => Err(code(errno)),
    }
}

fn read_at(file: &Held<OwnedFd>, buffer: &mut [u8], offset: u64, flags: ReadWriteFlags) -> Result<usize, Errno> {
    loop {
        match preadv2(file, &mut [std::io::IoSliceMut::new(buffer)], offset, flags) {
            Err(Errno::INTR) => {}
            // Older file systems know no flags at all.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) if flags.is_empty() => return rustix::io::pread(file, buffer, offset),
            done => return done,
        }
    }
}

/// What is known of what a guest holds. Where that is not at hand, a thread waits for it.
pub async fn about(held: Descriptor) -> Result<Stat, ErrorCode> {
    let at_hand = match &held {
        Descriptor::File(file) => file.at_hand,
        Descriptor::Directory(directory) => directory.at_hand,
        Descriptor::Single(root) => root.is_local(),
        Descriptor::Absent(_, why) => return Err(*why),
    };
    let look = move || match &held {
        Descriptor::File(file) => fstat(&file.handle).map_err(code),
        Descriptor::Directory(directory) => fstat(&*directory.handle).map_err(code),
        Descriptor::Single(root) => fstat(&*root.directory).map_err(code),
        Descriptor::Absent(_, why) => Err(*why),
    };
    if at_hand { look() } else { blocking(look).await }
}
