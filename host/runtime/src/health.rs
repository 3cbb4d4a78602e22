//! What this machine lets the program do, found out without doing it. `cofferdam doctor` asks.

use std::io;
use std::path::Path;

use rustix::fs::{Access, access};
use rustix::net::{AddressFamily, SocketFlags, SocketType, ipproto, socket_with};

/// How echo requests can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PingSockets {
    /// By datagram sockets, which need no privilege (`net.ipv4.ping_group_range`).
    Datagram,
    /// By raw sockets, which need `CAP_NET_RAW`.
    Raw,
}

/// Which sockets for echo requests can be opened. None is kept, and nothing is sent.
///
/// # Errors
/// Neither kind can be opened.
#[expect(clippy::disallowed_methods, reason = "a socket that is closed at once, for nobody")]
pub fn ping_sockets() -> io::Result<PingSockets> {
    let open = |kind| socket_with(AddressFamily::INET, kind, SocketFlags::CLOEXEC, Some(ipproto::ICMP));
    match open(SocketType::DGRAM) {
        Ok(_) => Ok(PingSockets::Datagram),
        Err(_) => Ok(open(SocketType::RAW).map(|_| PingSockets::Raw)?),
    }
}

/// Whether a file could be written, or made: it, or the nearest folder above it that there is.
/// Nothing is.
///
/// # Errors
/// It could not be.
pub fn may_write(path: &Path) -> io::Result<()> {
    let mut path = path;
    loop {
        match access(path, Access::WRITE_OK) {
            Err(rustix::io::Errno::NOENT) => match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => path = folder,
                _ => return Err(io::ErrorKind::NotFound.into()),
            },
            answer => return Ok(answer?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "places that are there on every machine")]
    fn what_could_be_made_is_told_and_not_made() {
        let folder = std::env::temp_dir();
        let deep = folder.join("cofferdam-not-there").join("deeper").join("file");
        assert!(may_write(&deep).is_ok());
        assert!(!folder.join("cofferdam-not-there").exists());
        // Not even the superuser makes a file below a file.
        let file = std::env::current_exe().unwrap();
        assert!(may_write(&file.join("below")).is_err());
    }
}
