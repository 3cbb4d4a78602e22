//! The network as this crate sees it: a question goes to one server, and messages come back.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

/// How a question travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// One datagram each way (RFC 1035, section 4.2.1).
    Udp,
    /// A connection with length-prefixed messages (RFC 7766).
    Tcp,
}

impl Transport {
    /// As dig writes it.
    pub fn upper(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        }
    }
}

/// Why nothing was sent, or nothing came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The operator's policy does not allow this question to this server.
    #[error("denied by the operator's policy")]
    Denied,
    /// Nobody listens there.
    #[error("connection refused")]
    Refused,
    /// There is no way there.
    #[error("host unreachable")]
    Unreachable,
    /// Nothing came in time.
    #[error("timed out")]
    Timeout,
    /// The server closed the connection.
    #[error("the server closed the connection")]
    Closed,
    /// The host would not send such a message.
    #[error("not a message that may be sent: {0}")]
    Malformed(String),
    /// The message is longer than is carried.
    #[error("the message is too large")]
    TooLarge,
    /// A limit of the operator's is reached.
    #[error("{0}")]
    Limit(String),
    /// Something else.
    #[error("{0}")]
    Other(String),
}

impl WireError {
    /// The stable word for it.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Closed => "closed",
            Self::Malformed(_) => "malformed",
            Self::TooLarge => "too_large",
            Self::Limit(_) => "limit",
            Self::Other(_) => "other",
        }
    }
}

/// A way to name servers.
pub trait Wire {
    /// A question that was sent.
    type Query;

    /// Sends one message to one server.
    fn send(
        &self,
        server: SocketAddr,
        transport: Transport,
        message: &[u8],
        within: Duration,
    ) -> impl Future<Output = Result<Self::Query, WireError>>;

    /// The id that the question went out with: the carrier draws it.
    fn id(&self, query: &Self::Query) -> u16;

    /// The next message that comes back, and how long after the question it came.
    fn receive(
        &self,
        query: &Self::Query,
        within: Duration,
    ) -> impl Future<Output = Result<(Vec<u8>, Duration), WireError>>;

    /// Monotonic time.
    fn now(&self) -> Duration;
}
