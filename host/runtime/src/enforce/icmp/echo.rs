//! The system's socket for echo requests to one address: a datagram socket of the kernel's ping,
//! which any process of the right groups may open, or a raw one. Both are connected, so that the
//! kernel gives replies of that address only, and both tell errors through their error queue
//! (ip(7), `IP_RECVERR`), where each stands with its sender and the request it quotes.

mod advice;

use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Instant;

use cofferdam_grants::{Permit, Resource};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, setsockopt, sockopt as errors};
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, ipproto, sockopt};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::arrived::{About, Error, arrived};
use super::filter;
use super::message::{self, Family, Kind};
use crate::enforce::descriptors::Slot;
use advice::Advice;

/// Messages that are looked at in one turn: on a raw socket most of them may be others'.
const TURN: usize = 64;

/// Receive buffer of the kernel's: what may wait until the guest asks.
const QUEUE: usize = 1 << 20;

/// A socket for one target.
pub struct Echo {
    fd: AsyncFd<OwnedFd>,
    target: IpAddr,
    family: Family,
    /// The identifier, where the kernel does not take care of it: on raw sockets.
    identifier: Option<u16>,
    do_not_fragment: bool,
    /// What routers advise, which a raw socket does not hear of.
    advice: Option<Advice>,
}

/// Why there is no socket, or why nothing was sent.
#[derive(Debug)]
pub enum Failed {
    /// The packet does not fit; the MTU, where it is known.
    TooLarge(Option<u32>),
    /// There is no way to the target.
    Unreachable(io::Error),
    /// The address is the broadcast address of a network of this machine's.
    Group,
    /// Neither kind of socket may be opened.
    NotPermitted,
    /// Anything else.
    Other(io::Error),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        match error.raw_os_error().map(Errno::from_raw) {
            Some(
                Errno::ENETUNREACH
                | Errno::EHOSTUNREACH
                | Errno::ENETDOWN
                | Errno::EHOSTDOWN
                | Errno::EAFNOSUPPORT
                | Errno::EADDRNOTAVAIL,
            ) => Self::Unreachable(error),
            _ => Self::Other(error),
        }
    }
}

impl From<rustix::io::Errno> for Failed {
    fn from(error: rustix::io::Errno) -> Self {
        io::Error::from(error).into()
    }
}

impl From<Errno> for Failed {
    fn from(error: Errno) -> Self {
        io::Error::from(error).into()
    }
}

/// A message about one of our requests.
#[derive(Clone, Debug)]
pub struct Heard {
    pub kind: Kind,
    pub icmp_type: u8,
    pub code: u8,
    pub sender: IpAddr,
    pub sequence: u16,
    pub hop_limit: Option<u8>,
    pub size: u32,
    pub mtu: Option<u32>,
    pub pointer: Option<u32>,
    pub next_hop: Option<IpAddr>,
    pub payload: Vec<u8>,
    pub received: Instant,
}

impl Echo {
    /// Opens a socket for the address, and on the link, that the permit names. `another` gives the
    /// place of a second descriptor, where one is needed; without it advice is not heard.
    #[expect(clippy::disallowed_methods, reason = "the effect of `Ask::Ping`: the address is the permit's own")]
    pub fn open(permit: Permit, do_not_fragment: bool, another: impl FnOnce() -> Option<Slot>) -> Result<Self, Failed> {
        let Resource::Ping { to: target, zone } = permit.resource() else { return Err(Failed::NotPermitted) };
        let (target, scope) = (*target, zone.as_ref().map_or(0, |zone| zone.index));
        let (family, domain, protocol) = match target {
            IpAddr::V4(_) => (Family::V4, AddressFamily::INET, ipproto::ICMP),
            IpAddr::V6(_) => (Family::V6, AddressFamily::INET6, ipproto::ICMPV6),
        };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let open = |kind| rustix::net::socket_with(domain, kind, flags, Some(protocol));
        let (fd, identifier) = match open(SocketType::DGRAM) {
            Ok(fd) => (fd, None),
            // Not in `net.ipv4.ping_group_range`: what is left is the way of the privileged.
            Err(_) => match open(SocketType::RAW) {
                Ok(fd) => {
                    let identifier = next_identifier();
                    socket2::SockRef::from(&fd).attach_filter(&filter::replies_to(family, identifier))?;
                    (fd, Some(identifier))
                }
                Err(rustix::io::Errno::PERM | rustix::io::Errno::ACCESS) => return Err(Failed::NotPermitted),
                Err(error) => return Err(error.into()),
            },
        };
        setsockopt(&fd, errors::ReceiveTimestampns, &true)?;
        sockopt::set_socket_recv_buffer_size(&fd, QUEUE)?;
        match family {
            Family::V4 => {
                setsockopt(&fd, errors::Ipv4RecvErr, &true)?;
                setsockopt(&fd, errors::Ipv4RecvTtl, &true)?;
                if do_not_fragment {
                    sockopt::set_ip_mtu_discover(&fd, sockopt::Ipv4PathMtuDiscovery::DO)?;
                }
            }
            Family::V6 => {
                setsockopt(&fd, errors::Ipv6RecvErr, &true)?;
                setsockopt(&fd, errors::Ipv6RecvHopLimit, &true)?;
                if do_not_fragment {
                    sockopt::set_ipv6_mtu_discover(&fd, sockopt::Ipv6PathMtuDiscovery::DO)?;
                }
            }
        }
        let to = match target {
            IpAddr::V4(target) => SocketAddr::new(target.into(), 0),
            IpAddr::V6(target) => SocketAddrV6::new(target, 0, 0, scope).into(),
        };
        match rustix::net::connect(&fd, &to) {
            // Without `SO_BROADCAST`, which is never set: only the kernel knows which addresses
            // those are.
            Err(rustix::io::Errno::ACCESS) if target.is_ipv4() => return Err(Failed::Group),
            connected => connected?,
        }
        let fd = register(fd).map_err(Failed::Other)?;
        let advice = match (target, identifier) {
            (IpAddr::V4(target), Some(identifier)) => {
                another().map(|slot| Advice::open(target, identifier, slot)).transpose()?
            }
            _ => None,
        };
        Ok(Self { fd, target, family, identifier, do_not_fragment, advice })
    }

    /// Sends one request; gives the instant before it left.
    pub fn send(&self, sequence: u16, hop_limit: u8, payload: &[u8]) -> Result<Instant, Failed> {
        match self.family {
            Family::V4 => sockopt::set_ip_ttl(&self.fd, u32::from(hop_limit))?,
            Family::V6 => sockopt::set_ipv6_unicast_hops(&self.fd, Some(hop_limit))?,
        }
        let request = message::request(self.family, self.identifier.unwrap_or(0), sequence, payload);
        let mut tries = 0;
        loop {
            let at = Instant::now();
            match rustix::net::send(&self.fd, &request, SendFlags::empty()) {
                Ok(_) => return Ok(at),
                // An error that came for an earlier request is told here once more, and nothing was
                // sent: it stands in the error queue, and `receive` tells it. A router's "packet
                // too big" reads like one of this machine's.
                Err(_) if tries < 3 => tries += 1,
                Err(rustix::io::Errno::MSGSIZE) => return Err(Failed::TooLarge(self.mtu())),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The MTU of the way, as far as the kernel knows it. It tells that for IPv4 only.
    fn mtu(&self) -> Option<u32> {
        let known = self.do_not_fragment && self.family == Family::V4;
        let mtu = known.then(|| nix::sys::socket::getsockopt(&self.fd, errors::IpMtu))?;
        u32::try_from(mtu.ok()?).ok()
    }

    /// Waits for the next message about one of our requests. Advice comes first: it was given on
    /// the way to the answer.
    pub async fn receive(&self) -> io::Result<Heard> {
        let Some(advice) = &self.advice else { return self.message().await };
        // Both take a message in only in the poll that gives it back, so that none is lost with the
        // other future.
        tokio::select! {
            biased;
            heard = advice.receive() => heard,
            heard = self.message() => heard,
        }
    }

    async fn message(&self) -> io::Result<Heard> {
        loop {
            let mut ready = self.fd.ready(Interest::READABLE | Interest::ERROR).await?;
            match self.turn()? {
                Turn::Heard(heard) => return Ok(heard),
                Turn::Empty => ready.clear_ready(),
                Turn::Others => tokio::task::yield_now().await,
            }
        }
    }

    /// Looks at what has arrived, errors first, until something is ours.
    fn turn(&self) -> io::Result<Turn> {
        for _ in 0..TURN {
            let read = match self.read(MsgFlags::MSG_ERRQUEUE) {
                Err(Errno::EAGAIN) => match self.read(MsgFlags::empty()) {
                    Err(Errno::EAGAIN) => return Ok(Turn::Empty),
                    // What the error queue holds is announced here as well; it is read in the next
                    // round.
                    Err(
                        Errno::ECONNREFUSED
                        | Errno::EHOSTUNREACH
                        | Errno::ENETUNREACH
                        | Errno::ENETDOWN
                        | Errno::EMSGSIZE
                        | Errno::EPROTO
                        | Errno::EACCES
                        | Errno::ENOPROTOOPT
                        | Errno::EOPNOTSUPP
                        | Errno::EHOSTDOWN
                        | Errno::ENONET
                        // A redirect or a source quench.
                        | Errno::EREMOTEIO
                        | Errno::EINTR,
                    ) => continue,
                    read => read?,
                },
                read => read?,
            };
            if let Some(heard) = read {
                return Ok(Turn::Heard(heard));
            }
        }
        Ok(Turn::Others)
    }

    /// Reads one message; nothing if it is none of ours.
    fn read(&self, flags: MsgFlags) -> Result<Option<Heard>, Errno> {
        arrived(self.fd.get_ref(), flags, |bytes, from, about| self.heard(bytes, from, about))
    }

    /// What a message says to us. `from` is the target in both queues: it answered, or the request
    /// that is quoted went there.
    fn heard(&self, bytes: &[u8], from: Option<IpAddr>, about: About) -> Option<Heard> {
        let About { hop_limit, received, error } = about;
        if from != Some(self.target) {
            return None;
        }
        let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        if let Some(Error { icmp_type, code, info, sender }) = error {
            let kind = self.family.error(icmp_type, code)?;
            let sequence = message::quoted(self.family, self.identifier, bytes)?;
            let next_hop = IpAddr::from(info.to_be_bytes());
            return Some(Heard {
                kind,
                icmp_type,
                code,
                sender: sender?,
                sequence,
                hop_limit,
                size: size(bytes),
                mtu: (kind == Kind::PacketTooBig && info > 0).then_some(info),
                pointer: (kind == Kind::ParameterProblem).then_some(info),
                next_hop: (kind == Kind::Redirect).then_some(next_hop),
                payload: Vec::new(),
                received,
            });
        }
        let (message, is_sound) = match (self.family, self.identifier) {
            (Family::V4, Some(_)) => message::payload_of_ipv4(bytes)?,
            _ => (bytes, true),
        };
        let sequence = message::reply(self.family, self.identifier, message)?;
        let kind = if is_sound { Kind::EchoReply } else { Kind::DamagedReply };
        let (icmp_type, code) = (*message.first()?, 0);
        Some(Heard {
            kind,
            icmp_type,
            code,
            sender: self.target,
            sequence,
            hop_limit,
            size: size(message),
            mtu: None,
            pointer: None,
            next_hop: None,
            payload: message.get(message::HEADER..).unwrap_or_default().to_vec(),
            received,
        })
    }
}

/// Hands the socket to tokio's event loop.
#[expect(unsafe_code, reason = "tokio cannot check that the descriptor stays open as long as it is registered")]
fn register(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // An `OwnedFd` is one descriptor, and open until it is dropped, which is when its registration
    // is.
    Ok(unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE | Interest::ERROR) }?)
}

enum Turn {
    Heard(Heard),
    /// Nothing more has arrived.
    Empty,
    /// There may be more, but others want their turn.
    Others,
}

/// Identifiers of raw sockets: each socket of this process has one of its own, and two processes
/// rarely the same.
fn next_identifier() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    static FIRST: std::sync::OnceLock<u16> = std::sync::OnceLock::new();
    let first = *FIRST.get_or_init(|| getrandom::u32().map_or(std::process::id(), |random| random) as u16);
    first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed))
}
