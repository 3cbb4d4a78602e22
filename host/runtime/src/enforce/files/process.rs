//! Files of processes, which no grant reaches: what a procfs knows of one process, wherever that
//! procfs or a part of it is mounted. They are recognised by the file system that the open handle
//! is on and by their place in it, never by the path that led there.

use std::os::fd::{AsRawFd as _, OwnedFd};

use cofferdam_grants::AbsolutePath;
use rustix::fs::{Mode, OFlags, fstatfs, open};
use rustix::io::Errno;

/// `PROC_SUPER_MAGIC` of statfs(2).
const PROCFS: i64 = 0x9fa0;

/// The most that is read of the list of mounts.
const MOUNTS: usize = 16 << 20;

/// Whether a file is about a process. No grant for files gives environments, memory or command
/// lines, least of all what is open in this process.
pub fn is_of_a_process(handle: &OwnedFd, real: &AbsolutePath) -> bool {
    // A file whose place in its procfs is not known may be anything.
    on_procfs(handle) && place(handle, real).is_none_or(|place| tells_of_a_process(&place))
}

fn on_procfs(handle: &OwnedFd) -> bool {
    fstatfs(handle).is_ok_and(|about| about.f_type == PROCFS)
}

/// Where in its file system a file is, by the mount that its handle was found through.
fn place(handle: &OwnedFd, real: &AbsolutePath) -> Option<Vec<u8>> {
    let about = contents(&format!("/proc/self/fdinfo/{}", handle.as_raw_fd())).ok()?;
    let mount = about.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"mnt_id:"))?;
    let mounts = contents("/proc/self/mountinfo").ok()?;
    place_in(&mounts, mount.trim_ascii(), real.as_bytes())
}

/// The same, of a list of mounts as proc_pid_mountinfo(5) has it.
fn place_in(mounts: &[u8], mount: &[u8], real: &[u8]) -> Option<Vec<u8>> {
    let fields = |line: &[u8]| line.split(|byte| *byte == b' ').take(5).map(unescaped).collect::<Vec<_>>();
    let mounted =
        mounts.split(|byte| *byte == b'\n').map(fields).find(|fields| fields.first().is_some_and(|id| id == mount))?;
    let [_, _, _, root, point] = &mounted[..] else { return None };
    let below = match point.as_slice() {
        b"/" => real,
        point => real.strip_prefix(point).filter(|below| below.is_empty() || below.starts_with(b"/"))?,
    };
    Some([root, below].concat())
}

/// A field of the list, in which blanks and the like are written as `\040`.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, after @ ..] = rest {
        let number = match rest {
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
                Some((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'))
            }
            _ => None,
        };
        out.push(number.unwrap_or(*first));
        rest = if number.is_some() { &rest[4..] } else { after };
    }
    out
}

/// Whether a place in a procfs is that of a process (the only names in its root that are numbers),
/// or of all memory, which is every process's as well.
fn tells_of_a_process(place: &[u8]) -> bool {
    let first = place.split(|byte| *byte == b'/').find(|part| !part.is_empty());
    first.is_some_and(|name| name.iter().all(u8::is_ascii_digit) || matches!(name, b"kcore" | b"vmcore"))
}

/// A file of the kernel's about this process.
#[expect(clippy::disallowed_methods, reason = "what the kernel says of this process's own handles and mounts")]
fn contents(path: &str) -> Result<Vec<u8>, Errno> {
    let file = open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let (mut whole, mut piece) = (Vec::new(), [0; 8192]);
    loop {
        match rustix::io::read(&file, &mut piece) {
            Ok(0) => return Ok(whole),
            Ok(read) if whole.len() + read > MOUNTS => return Err(Errno::NOMEM),
            Ok(read) => whole.extend_from_slice(&piece[..read]),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTED: &[u8] = b"22 1 0:21 / /proc rw,nosuid - proc proc rw\n\
        23 1 0:21 /1 /srv/one rw - proc proc rw\n\
        24 1 0:21 /7/environ /srv/a\\040file rw - proc proc rw\n\
        25 1 0:21 /sys/kernel /srv/kernel rw shared:3 - proc proc rw\n\
        26 1 0:40 / / rw - proc proc rw\n\
        221 1 0:21 /net /srv/other rw - proc proc rw\n";

    #[test]
    fn a_place_is_told_by_the_mount_and_not_by_the_path() {
        let place = |mount: &str, real: &str| {
            let place = place_in(MOUNTED, mount.as_bytes(), real.as_bytes());
            place.map(|place| (String::from_utf8(place.clone()).unwrap(), tells_of_a_process(&place)))
        };
        let of = |place: &str, process: bool| Some((place.to_owned(), process));
        assert_eq!(place("22", "/proc/1/environ"), of("//1/environ", true));
        assert_eq!(place("22", "/proc/meminfo"), of("//meminfo", false));
        assert_eq!(place("22", "/proc"), of("/", false));
        assert_eq!(place("22", "/proc/sys/net/1/x"), of("//sys/net/1/x", false));
        assert_eq!(place("22", "/proc/kcore"), of("//kcore", true));
        assert_eq!(place("23", "/srv/one/environ"), of("/1/environ", true));
        assert_eq!(place("23", "/srv/one"), of("/1", true));
        assert_eq!(place("24", "/srv/a file"), of("/7/environ", true));
        assert_eq!(place("25", "/srv/kernel/1/ostype"), of("/sys/kernel/1/ostype", false));
        assert_eq!(place("26", "/12/maps"), of("//12/maps", true));
        // Not that mount's, or no mount that is known.
        assert_eq!(place("23", "/srv/onemore"), None);
        assert_eq!(place("2", "/proc/meminfo"), None);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "files of this machine's own procfs")]
    fn only_what_is_on_a_procfs_is_asked_about() {
        let about = |path: &str| {
            let handle = open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).unwrap();
            is_of_a_process(&handle, &AbsolutePath::parse(path.as_bytes()).unwrap())
        };
        assert!(about(&format!("/proc/{}/environ", std::process::id())));
        for other in ["/proc/meminfo", "/proc", "/proc/sys/kernel/ostype", "/", "/etc/hostname"] {
            assert!(!about(other), "{other}");
        }
    }
}
