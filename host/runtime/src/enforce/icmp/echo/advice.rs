//! What routers advise about requests that left through a raw IPv4 socket: redirects and source
//! quenches. The kernel puts them into the error queue of a datagram socket only (`raw_err` of
//! Linux passes over them), and a raw socket that is connected takes in what its target sends. So
//! they have a socket of their own, whose filter lets nothing else in.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::OwnedFd;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, setsockopt, sockopt as options};
use rustix::net::{AddressFamily, SocketFlags, SocketType, ipproto, sockopt};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::{Failed, Heard, register};
use crate::enforce::descriptors::Slot;
use crate::enforce::icmp::arrived::{About, arrived};
use crate::enforce::icmp::filter;
use crate::enforce::icmp::message::{self, Family, HEADER, Kind};

/// What may wait until the guest asks: some dozens of messages.
const QUEUE: usize = 64 << 10;

/// Messages that are looked at in one turn.
const TURN: usize = 64;

/// Bytes of the header of the IPv4 packet that is quoted: a raw socket sends no options.
const QUOTED_HEADER: usize = 20;

/// A socket for advice about the requests of one other socket.
pub struct Advice {
    // Closed before its place is given back.
    fd: AsyncFd<OwnedFd>,
    _slot: Slot,
    target: Ipv4Addr,
    identifier: u16,
}

impl Advice {
    /// For requests to this target with this identifier. Nothing is ever sent through it.
    #[expect(clippy::disallowed_methods, reason = "it belongs to a socket that a permit has opened, and only listens")]
    pub fn open(target: Ipv4Addr, identifier: u16, slot: Slot) -> Result<Self, Failed> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let fd = rustix::net::socket_with(AddressFamily::INET, SocketType::RAW, flags, Some(ipproto::ICMP))?;
        socket2::SockRef::from(&fd).attach_filter(&filter::advice_about(target, identifier))?;
        setsockopt(&fd, options::ReceiveTimestampns, &true)?;
        setsockopt(&fd, options::Ipv4RecvTtl, &true)?;
        sockopt::set_socket_recv_buffer_size(&fd, QUEUE)?;
        Ok(Self { fd: register(fd).map_err(Failed::Other)?, _slot: slot, target, identifier })
    }

    /// Waits for the next advice.
    pub async fn receive(&self) -> io::Result<Heard> {
        loop {
            let mut ready = self.fd.ready(Interest::READABLE).await?;
            let mut more = false;
            for _ in 0..TURN {
                let read =
                    arrived(self.fd.get_ref(), MsgFlags::empty(), |bytes, from, about| self.heard(bytes, from, about));
                match read {
                    Ok(Some(heard)) => return Ok(heard),
                    Ok(None) | Err(Errno::EINTR) => more = true,
                    Err(Errno::EAGAIN) => {
                        more = false;
                        break;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            if more {
                tokio::task::yield_now().await;
            } else {
                ready.clear_ready();
            }
        }
    }

    fn heard(&self, packet: &[u8], from: Option<IpAddr>, about: About) -> Option<Heard> {
        let (advice, true) = message::payload_of_ipv4(packet)? else { return None };
        let (header, quote) = advice.split_first_chunk::<HEADER>()?;
        let kind = Family::V4
            .error(header[0], header[1])
            .filter(|kind| matches!(kind, Kind::Redirect | Kind::SourceQuench))?;
        let target: &[u8; 4] = quote.get(16..)?.first_chunk()?;
        let sent = quote.get(QUOTED_HEADER..).filter(|_| Ipv4Addr::from(*target) == self.target)?;
        let next_hop = IpAddr::from([header[4], header[5], header[6], header[7]]);
        Some(Heard {
            kind,
            icmp_type: header[0],
            code: header[1],
            sender: from?,
            sequence: message::quoted(Family::V4, Some(self.identifier), sent)?,
            hop_limit: about.hop_limit,
            size: u32::try_from(sent.len()).unwrap_or(u32::MAX),
            mtu: None,
            pointer: None,
            next_hop: (kind == Kind::Redirect).then_some(next_hop),
            payload: Vec::new(),
            received: about.received,
        })
    }
}
