//! Questions to name servers, as granted. The host checks and carries; what is asked and what an
//! answer means is the plugin's.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

pub use crate::Refusal;
use crate::bindings::cofferdam::dns::queries;
pub use crate::bindings::cofferdam::dns::queries::{Error, Transport};

/// A question that was sent.
#[derive(Debug)]
pub struct Query(queries::Query);

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
    let place = |server: queries::Server| SocketAddr::new(IpAddr::from(&server.address), server.port);
    queries::servers().into_iter().map(place).collect()
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
    ) -> Result<Self, Error> {
        let to = queries::Server { address: server.ip().into(), port: server.port() };
        queries::Query::send(to, transport, message, nanoseconds(within)).await.map(Self)
    }

    /// The id that the question went out with.
    pub fn id(&self) -> u16 {
        self.0.id()
    }

    /// The next message from that server.
    ///
    /// # Errors
    /// `timeout`, or what the network said.
    pub async fn receive(&self, within: Duration) -> Result<Reply, Error> {
        let reply = self.0.receive(nanoseconds(within)).await?;
        Ok(Reply { message: reply.message, elapsed: Duration::from_nanos(reply.elapsed) })
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
