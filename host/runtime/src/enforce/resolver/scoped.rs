//! The resolver's sockets. The library names servers by address alone; a link-local address is nowhere without its link, so that
//! is put back here.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hickory_resolver::net::runtime::{DnsUdpSocket, RuntimeProvider, TokioRuntimeProvider};

/// tokio's sockets, with the links of these addresses.
#[derive(Clone, Default)]
pub struct Scoped {
    inner: TokioRuntimeProvider,
    links: Links,
}

/// A datagram socket whose peers are on their links.
pub struct ScopedUdp {
    inner: <TokioRuntimeProvider as RuntimeProvider>::Udp,
    links: Links,
}

#[derive(Clone, Default)]
struct Links(Arc<BTreeMap<Ipv6Addr, u32>>);

impl Links {
    fn put(&self, mut address: SocketAddr) -> SocketAddr {
        if let SocketAddr::V6(to) = &mut address
            && let Some(link) = self.0.get(to.ip())
        {
            to.set_scope_id(*link);
        }
        address
    }

    /// As the library knows it.
    fn take(&self, mut address: SocketAddr) -> SocketAddr {
        if let SocketAddr::V6(from) = &mut address
            // The same address on another link is another machine's.
            && self.0.get(from.ip()) == Some(&from.scope_id())
        {
            from.set_scope_id(0);
        }
        address
    }
}

impl Scoped {
    /// With the links of these servers, where they say one.
    pub fn new(servers: &[SocketAddr]) -> Self {
        let link = |server: &SocketAddr| match (server, server.ip()) {
            (SocketAddr::V6(at), IpAddr::V6(address)) if at.scope_id() != 0 => Some((address, at.scope_id())),
            _ => None,
        };
        let links = Links(Arc::new(servers.iter().rev().filter_map(link).collect()));
        Self { inner: TokioRuntimeProvider::default(), links }
    }
}

impl RuntimeProvider for Scoped {
    type Handle = <TokioRuntimeProvider as RuntimeProvider>::Handle;
    type Timer = <TokioRuntimeProvider as RuntimeProvider>::Timer;
    type Udp = ScopedUdp;
    type Tcp = <TokioRuntimeProvider as RuntimeProvider>::Tcp;

    fn create_handle(&self) -> Self::Handle {
        self.inner.create_handle()
    }

    fn connect_tcp(
        &self,
        server: SocketAddr,
        from: Option<SocketAddr>,
        timeout: Option<Duration>,
    ) -> Pin<Box<dyn Send + Future<Output = io::Result<Self::Tcp>>>> {
        self.inner.connect_tcp(self.links.put(server), from, timeout)
    }

    fn bind_udp(
        &self,
        from: SocketAddr,
        server: SocketAddr,
    ) -> Pin<Box<dyn Send + Future<Output = io::Result<ScopedUdp>>>> {
        let (socket, links) = (self.inner.bind_udp(from, self.links.put(server)), self.links.clone());
        Box::pin(async move { Ok(ScopedUdp { inner: socket.await?, links }) })
    }
}

impl DnsUdpSocket for ScopedUdp {
    type Time = <TokioRuntimeProvider as RuntimeProvider>::Timer;

    fn poll_recv_from(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<(usize, SocketAddr)>> {
        let polled = DnsUdpSocket::poll_recv_from(&self.inner, cx, buffer);
        polled.map_ok(|(length, from)| (length, self.links.take(from)))
    }

    fn poll_send_to(&self, cx: &mut Context<'_>, bytes: &[u8], to: SocketAddr) -> Poll<io::Result<usize>> {
        DnsUdpSocket::poll_send_to(&self.inner, cx, bytes, self.links.put(to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_put_back_and_taken_away_for_its_own_address_only() {
        let own: SocketAddr = "[fe80::1%3]:53".parse().unwrap();
        let Scoped { links, .. } =
            Scoped::new(&[own, "192.0.2.1:53".parse().unwrap(), "[fe80::1%4]:53".parse().unwrap()]);
        let bare: SocketAddr = "[fe80::1]:53".parse().unwrap();
        assert_eq!((links.put(bare), links.take(own)), (own, bare));
        for other in ["[fe80::2]:53", "[fe80::2%3]:53", "192.0.2.1:53"] {
            let other: SocketAddr = other.parse().unwrap();
            assert_eq!((links.put(other), links.take(other)), (other, other));
        }
        let elsewhere: SocketAddr = "[fe80::1%4]:53".parse().unwrap();
        assert_eq!(links.take(elsewhere), elsewhere, "an answer from another link is not the server's");
    }
}
