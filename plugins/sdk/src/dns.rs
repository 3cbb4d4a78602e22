//! Questions to name servers, as granted. The host checks and carries; what is asked and what an answer means is the plugin's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use crate::bindings::cofferdam::plugin::dns;
pub use crate::bindings::cofferdam::plugin::dns::{ErrorCode, Transport};

/// A question that was sent.
#[derive(Debug)]
pub struct Query(dns::Query);

/// A message that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// As it came.
    pub message: Vec<u8>,
    /// How long after the question.
    pub elapsed: Duration,
}

/// The servers that a question goes to if nobody says otherwise.
pub fn servers() -> Vec<SocketAddr> {
    let address = |address| match address {
        dns::IpAddress::Ipv4((a, b, c, d)) => IpAddr::from([a, b, c, d]),
        dns::IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => IpAddr::from([a, b, c, d, e, f, g, h]),
    };
    dns::servers().into_iter().map(|server| SocketAddr::new(address(server.address), server.port)).collect()
}

impl Query {
    /// Sends a message to a server.
    ///
    /// # Errors
    /// The policy's refusal, what is wrong with the message, or what the network said.
    pub async fn send(
        server: SocketAddr,
        transport: Transport,
        message: Vec<u8>,
        within: Duration,
    ) -> Result<Self, ErrorCode> {
        let address = match server.ip() {
            IpAddr::V4(address) => v4(address),
            IpAddr::V6(address) => v6(address),
        };
        let to = dns::Server { address, port: server.port() };
        dns::Query::send(to, transport, message, nanoseconds(within)).await.map(Self)
    }

    /// The id that the question went out with.
    pub fn id(&self) -> u16 {
        self.0.id()
    }

    /// The next message from that server.
    ///
    /// # Errors
    /// `timeout`, or what the network said.
    pub async fn receive(&self, within: Duration) -> Result<Reply, ErrorCode> {
        let reply = self.0.receive(nanoseconds(within)).await?;
        Ok(Reply { message: reply.message, elapsed: Duration::from_nanos(reply.elapsed) })
    }
}

fn v4(address: Ipv4Addr) -> dns::IpAddress {
    let [a, b, c, d] = address.octets();
    dns::IpAddress::Ipv4((a, b, c, d))
}

fn v6(address: Ipv6Addr) -> dns::IpAddress {
    let [a, b, c, d, e, f, g, h] = address.segments();
    dns::IpAddress::Ipv6((a, b, c, d, e, f, g, h))
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
