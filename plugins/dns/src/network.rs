//! The network of `dns-logic`, over the host's `dns` interface.

use std::net::SocketAddr;
use std::time::Duration;

use cofferdam_sdk::dns::{self, Error, Refusal};
use dns_logic::{Transport, Wire, WireError};

/// The host's interface.
pub struct Network;

impl Wire for Network {
    type Query = dns::Query;

    async fn send(
        &self,
        server: SocketAddr,
        transport: Transport,
        message: &[u8],
        within: Duration,
    ) -> Result<dns::Query, WireError> {
        let transport = match transport {
            Transport::Udp => dns::Transport::Udp,
            Transport::Tcp => dns::Transport::Tcp,
        };
        dns::Query::send(server, transport, message.to_vec(), within).await.map_err(error)
    }

    fn id(&self, query: &dns::Query) -> u16 {
        query.id()
    }

    async fn receive(&self, query: &dns::Query, within: Duration) -> Result<(Vec<u8>, Duration), WireError> {
        let reply = query.receive(within).await.map_err(error)?;
        Ok((reply.message, reply.elapsed))
    }

    fn now(&self) -> Duration {
        cofferdam_sdk::now()
    }
}

fn error(error: Error) -> WireError {
    match error {
        Error::Refused(Refusal::Denied(_)) => WireError::Denied,
        Error::ConnectionRefused => WireError::Refused,
        Error::Unreachable => WireError::Unreachable,
        Error::Timeout => WireError::Timeout,
        Error::Closed => WireError::Closed,
        Error::Malformed(why) => WireError::Malformed(why),
        Error::TooLarge => WireError::TooLarge,
        Error::Refused(refusal) => WireError::Limit(refusal.words()),
        Error::Other(what) => WireError::Other(what),
    }
}
