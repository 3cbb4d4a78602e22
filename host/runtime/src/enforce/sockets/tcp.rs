//! One TCP socket of a guest's, whatever the generation of WASI: new, connecting, connected with
//! two halves, or over. Nothing here asks whether it may.

use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use cofferdam_grants::{Permit, Resource};
use rustix::net::{Shutdown, shutdown};
use tokio::net::TcpStream;
use wasmtime_wasi::sockets::ErrorCode;

use crate::enforce::descriptors::{Held, Slot};

/// Which addresses a socket may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6, without IPv4 in its clothing.
    V6,
}

/// A socket. Its descriptor is open until this and both of its halves are gone.
pub struct TcpSocket {
    family: Family,
    stage: Stage,
}

enum Stage {
    New(Held<tokio::net::TcpSocket>),
    Connecting(Connecting),
    Connected { stream: Arc<Held<TcpStream>>, receiving: bool, sending: bool },
    Over(ErrorCode),
}

type Connecting = Pin<Box<dyn Future<Output = Result<Held<TcpStream>, ErrorCode>> + Send>>;

impl TcpSocket {
    /// A new one.
    pub fn new(family: Family, slot: Slot) -> Result<Self, ErrorCode> {
        let socket = match family {
            Family::V4 => tokio::net::TcpSocket::new_v4()?,
            Family::V6 => {
                let socket = tokio::net::TcpSocket::new_v6()?;
                rustix::net::sockopt::set_ipv6_v6only(&socket, true)?;
                socket
            }
        };
        // Guests write what they have to say: nothing is gained by waiting for more of it.
        socket.set_nodelay(true)?;
        Ok(Self { family, stage: Stage::New(Held::new(socket, slot)) })
    }

    pub fn family(&self) -> Family {
        self.family
    }

    /// The descriptor, for options.
    pub fn fd(&self) -> Result<BorrowedFd<'_>, ErrorCode> {
        match &self.stage {
            Stage::New(socket) => Ok(socket.as_fd()),
            Stage::Connected { stream, .. } => Ok(stream.as_fd()),
            Stage::Connecting(_) => Err(ErrorCode::InvalidState),
            Stage::Over(code) => Err(*code),
        }
    }

    fn unconnected(&self) -> Result<&tokio::net::TcpSocket, ErrorCode> {
        match &self.stage {
            Stage::New(socket) => Ok(socket),
            _ => Err(ErrorCode::InvalidState),
        }
    }

    /// Where it is bound, if it is.
    fn bound(&self) -> Result<Option<SocketAddr>, ErrorCode> {
        let at = self.unconnected()?.local_addr()?;
        Ok((at.port() != 0).then_some(at))
    }

    /// Whether it was bound, or is past that.
    pub fn is_bound(&self) -> bool {
        self.bound().map_or(true, |at| at.is_some())
    }

    /// Whether binding there makes sense at all.
    pub fn may_bind(&self, at: SocketAddr) -> Result<(), ErrorCode> {
        if self.bound()?.is_some() {
            return Err(ErrorCode::InvalidState);
        }
        if is_unicast(at.ip()) && self.has(at.ip()) { Ok(()) } else { Err(ErrorCode::InvalidArgument) }
    }

    /// Binds to the address that the permit names: the unspecified one without a port, as no other
    /// is ever permitted.
    pub fn bind(&mut self, permit: Permit) -> Result<(), ErrorCode> {
        let Resource::Bind { at, .. } = *permit.resource() else { return Err(ErrorCode::AccessDenied) };
        Ok(self.unconnected()?.bind(at)?)
    }

    /// Where it would listen.
    pub fn would_listen_at(&self) -> Result<SocketAddr, ErrorCode> {
        Ok(self.bound()?.unwrap_or_else(|| match self.family {
            Family::V4 => (Ipv4Addr::UNSPECIFIED, 0).into(),
            Family::V6 => (Ipv6Addr::UNSPECIFIED, 0).into(),
        }))
    }

    /// Whether connecting there makes sense at all.
    pub fn may_connect(&self, to: SocketAddr) -> Result<(), ErrorCode> {
        self.unconnected()?;
        let somebody = !to.ip().to_canonical().is_unspecified() && to.port() != 0;
        if somebody && is_unicast(to.ip()) && self.has(to.ip()) { Ok(()) } else { Err(ErrorCode::InvalidArgument) }
    }

    /// Begins to connect to the peer that the permit is for.
    #[expect(clippy::disallowed_methods, reason = "the effect of `Ask::Connect`: the address is the permit's own")]
    pub fn start_connect(&mut self, permit: Permit) -> Result<(), ErrorCode> {
        let Resource::Peer { to, .. } = *permit.resource() else { return Err(ErrorCode::AccessDenied) };
        let (socket, slot) = match std::mem::replace(&mut self.stage, Stage::Over(ErrorCode::InvalidState)) {
            Stage::New(socket) => socket.into_parts(),
            other => {
                self.stage = other;
                return Err(ErrorCode::InvalidState);
            }
        };
        self.stage = Stage::Connecting(Box::pin(async move {
            let stream = socket.connect(to).await?;
            Ok(Held::new(stream, slot))
        }));
        Ok(())
    }

    /// Whether it is connected, once that is known.
    pub fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ErrorCode>> {
        let connected = match &mut self.stage {
            Stage::Connecting(connecting) => ready!(connecting.as_mut().poll(cx)),
            Stage::Connected { .. } => return Poll::Ready(Ok(())),
            Stage::New(_) => return Poll::Ready(Err(ErrorCode::InvalidState)),
            Stage::Over(code) => return Poll::Ready(Err(*code)),
        };
        Poll::Ready(match connected {
            Ok(stream) => {
                self.stage = Stage::Connected { stream: Arc::new(stream), receiving: false, sending: false };
                Ok(())
            }
            Err(code) => {
                self.fail(code);
                Err(code)
            }
        })
    }

    /// It is of no use any more.
    pub fn fail(&mut self, code: ErrorCode) {
        self.stage = Stage::Over(code);
    }

    /// The peer's half, once.
    pub fn receiving(&mut self) -> Result<Receiving, ErrorCode> {
        match &mut self.stage {
            Stage::Connected { stream, receiving, .. } if !*receiving => {
                *receiving = true;
                Ok(Receiving(Arc::clone(stream)))
            }
            Stage::Over(code) => Err(*code),
            _ => Err(ErrorCode::InvalidState),
        }
    }

    /// Our half, once.
    pub fn sending(&mut self) -> Result<Sending, ErrorCode> {
        match &mut self.stage {
            Stage::Connected { stream, sending, .. } if !*sending => {
                *sending = true;
                Ok(Sending(Arc::clone(stream)))
            }
            Stage::Over(code) => Err(*code),
            _ => Err(ErrorCode::InvalidState),
        }
    }

    pub fn local_address(&self) -> Result<SocketAddr, ErrorCode> {
        match &self.stage {
            Stage::New(_) => self.bound()?.ok_or(ErrorCode::InvalidState),
            Stage::Connecting(_) => Err(ErrorCode::InvalidState),
            Stage::Connected { stream, .. } => Ok(stream.local_addr()?),
            Stage::Over(code) => Err(*code),
        }
    }

    pub fn remote_address(&self) -> Result<SocketAddr, ErrorCode> {
        match &self.stage {
            Stage::Connected { stream, .. } => Ok(stream.peer_addr()?),
            Stage::Over(code) => Err(*code),
            _ => Err(ErrorCode::InvalidState),
        }
    }

    /// How many peers may wait: checked, and of no effect, since nobody listens.
    pub fn set_backlog(&self, most: u64) -> Result<(), ErrorCode> {
        if most == 0 {
            return Err(ErrorCode::InvalidArgument);
        }
        self.unconnected().map(drop)
    }

    /// Whether this socket can use an address.
    fn has(&self, address: IpAddr) -> bool {
        match (self.family, address) {
            (Family::V4, IpAddr::V4(_)) => true,
            // Not IPv4 in IPv6's clothing, neither mapped nor compatible (RFC 4291, section 2.5.5).
            (Family::V6, IpAddr::V6(six)) => {
                six.to_ipv4().is_none() || six == Ipv6Addr::UNSPECIFIED || six == Ipv6Addr::LOCALHOST
            }
            _ => false,
        }
    }
}

fn is_unicast(address: IpAddr) -> bool {
    let address = address.to_canonical();
    !address.is_multicast() && address != IpAddr::V4(Ipv4Addr::BROADCAST)
}

/// What the peer sends. The half is closed when this is dropped.
pub struct Receiving(Arc<Held<TcpStream>>);

impl Receiving {
    pub fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll_read_ready(cx).map(drop)
    }

    /// Reads what is there; nothing at the peer's end.
    pub fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<Result<usize, ErrorCode>> {
        loop {
            match self.0.try_read(buffer) {
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => ready!(self.0.poll_read_ready(cx))?,
                read => return Poll::Ready(read.map_err(Into::into)),
            }
        }
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        // The peer may have ended it already.
        let _ = shutdown(&*self.0, Shutdown::Read);
    }
}

/// What goes to the peer. The half is closed when this is dropped: the peer reads the end.
pub struct Sending(Arc<Held<TcpStream>>);

impl Sending {
    pub fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll_write_ready(cx).map(drop)
    }

    /// Hands some of it to the system.
    pub fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, ErrorCode>> {
        loop {
            match self.0.try_write(bytes) {
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => ready!(self.0.poll_write_ready(cx))?,
                written => return Poll::Ready(written.map_err(Into::into)),
            }
        }
    }

    pub async fn write_all(&self, mut bytes: &[u8]) -> Result<(), ErrorCode> {
        while !bytes.is_empty() {
            let written = poll_fn(|cx| self.poll_write(cx, bytes)).await?;
            bytes = &bytes[written..];
        }
        Ok(())
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        // The peer may have ended it already.
        let _ = shutdown(&*self.0, Shutdown::Write);
    }
}
