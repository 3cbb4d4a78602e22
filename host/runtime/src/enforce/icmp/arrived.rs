//! Reads one message off a socket, out of its queue or out of that of its errors, with what the
//! kernel tells beside it.

use std::cell::RefCell;
use std::io::IoSliceMut;
use std::net::IpAddr;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::{Duration, Instant, SystemTime};

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg};

/// The longest packet, with room for its header.
const BUFFER: usize = 65_536 + 128;

/// Room for what the kernel tells beside a message: hop limit, time, error and its sender.
const CONTROL: usize = 512;

/// A time of the kernel's that is so far from now is a clock that was set.
const PLAUSIBLE: Duration = Duration::from_secs(60);

/// Reads one message, and gives what is made of it: of its bytes, of whom it is from, and of what
/// stands beside it.
pub fn arrived<T>(
    fd: &OwnedFd,
    flags: MsgFlags,
    made: impl FnOnce(&[u8], Option<IpAddr>, About) -> Option<T>,
) -> Result<Option<T>, Errno> {
    thread_local! {
        static SPACE: RefCell<(Vec<u8>, Vec<u8>)> = RefCell::new((vec![0; BUFFER], vec![0; CONTROL]));
    }
    SPACE.with_borrow_mut(|(buffer, control)| {
        let mut parts = [IoSliceMut::new(buffer)];
        let flags = flags | MsgFlags::MSG_DONTWAIT;
        let read = recvmsg::<SockaddrStorage>(fd.as_raw_fd(), &mut parts, Some(control), flags)?;
        let (bytes, from) = (read.bytes, read.address.as_ref().and_then(address));
        let about = About::read(read.cmsgs()?);
        Ok(made(&buffer[..bytes.min(BUFFER)], from, about))
    })
}

/// What the kernel tells beside a message.
pub struct About {
    pub hop_limit: Option<u8>,
    pub received: Instant,
    /// An error that came from the network; what this machine's own kernel says is told where it is
    /// sent.
    pub error: Option<Error>,
}

/// An error as the kernel's queue tells it.
pub struct Error {
    pub icmp_type: u8,
    pub code: u8,
    pub info: u32,
    pub sender: Option<IpAddr>,
}

impl About {
    fn read(messages: impl Iterator<Item = ControlMessageOwned>) -> Self {
        let now = Instant::now();
        let mut about = Self { hop_limit: None, received: now, error: None };
        for message in messages {
            match message {
                ControlMessageOwned::Ipv4Ttl(hops) | ControlMessageOwned::Ipv6HopLimit(hops) => {
                    about.hop_limit = u8::try_from(hops).ok();
                }
                ControlMessageOwned::ScmTimestampns(at) => {
                    let at = SystemTime::UNIX_EPOCH + Duration::from(at);
                    let age = SystemTime::now().duration_since(at).ok().filter(|age| *age < PLAUSIBLE);
                    about.received = age.and_then(|age| now.checked_sub(age)).unwrap_or(now);
                }
                ControlMessageOwned::Ipv4RecvErr(error, sender) => {
                    let sender = sender.map(|sender| IpAddr::from(sender.sin_addr.s_addr.to_ne_bytes()));
                    about.error = Some(Error::new(&error, sender));
                }
                ControlMessageOwned::Ipv6RecvErr(error, sender) => {
                    let sender = sender.map(|sender| IpAddr::from(sender.sin6_addr.s6_addr));
                    about.error = Some(Error::new(&error, sender));
                }
                _ => {}
            }
        }
        about
    }
}

impl Error {
    fn new(error: &libc::sock_extended_err, sender: Option<IpAddr>) -> Self {
        let remote = matches!(error.ee_origin, libc::SO_EE_ORIGIN_ICMP | libc::SO_EE_ORIGIN_ICMP6);
        Self { icmp_type: error.ee_type, code: error.ee_code, info: error.ee_info, sender: sender.filter(|_| remote) }
    }
}

fn address(storage: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = storage.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
    v4.or_else(|| storage.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
}
