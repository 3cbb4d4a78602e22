//! What an ask, a permit or a refusal is about, as audit lines name it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::{AbsolutePath, HandlerName, Name, Protocol, QueryName, Zone};

/// What an ask is about, owned and canonical. Its `Display` is the form that stands in audit lines:
/// `tcp://10.0.0.1:22`, `name:db.lab.example`, `name:db.lab.example=10.0.0.5`, `ping:10.0.0.1`,
/// `dns://192.0.2.53:53/www.example.com`, `file:/var/log/syslog`, `handler:irc`,
/// `interface:wasi:sockets/tcp`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// A name to look up.
    Name(Name),
    /// One answer to a lookup.
    Answer {
        /// The name that was asked for.
        name: Name,
        /// The address, canonical.
        address: IpAddr,
    },
    /// A peer to dial.
    Peer {
        /// The transport.
        protocol: Protocol,
        /// The peer, canonical.
        to: SocketAddr,
        /// The link of a link-local peer.
        zone: Option<Zone>,
    },
    /// A name to dial, before its addresses are known.
    Target {
        /// The transport.
        protocol: Protocol,
        /// The name.
        name: Name,
        /// The port.
        port: u16,
    },
    /// An address to ping.
    Ping {
        /// The address, canonical.
        to: IpAddr,
        /// The link of a link-local address.
        zone: Option<Zone>,
    },
    /// A name to ping, before its addresses are known.
    PingTarget(Name),
    /// A question to a name server.
    Query {
        /// The server, canonical.
        server: SocketAddr,
        /// The name that is asked for.
        name: QueryName,
    },
    /// A file or directory to read.
    File(AbsolutePath),
    /// A protocol handler to use.
    Handler(HandlerName),
    /// An interface that is not granted, as a component imports it, without its version.
    Interface(String),
    /// A local address for an outbound connection.
    Bind {
        /// The transport.
        protocol: Protocol,
        /// The local address.
        at: SocketAddr,
    },
    /// A local address to listen on.
    Listen {
        /// The transport.
        protocol: Protocol,
        /// The local address.
        at: SocketAddr,
    },
    /// A peer that connects to us.
    Accept {
        /// The transport.
        protocol: Protocol,
        /// The peer.
        from: SocketAddr,
    },
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "name:{name}"),
            Self::Answer { name, address } => write!(f, "name:{name}={address}"),
            Self::Peer { protocol, to, zone: None } => write!(f, "{protocol}://{to}"),
            Self::Peer { protocol, to, zone: Some(zone) } => {
                write!(f, "{protocol}://[{}%{zone}]:{}", to.ip(), to.port())
            }
            Self::Target { protocol, name, port } => write!(f, "{protocol}://{name}:{port}"),
            Self::Ping { to, zone: None } => write!(f, "ping:{to}"),
            Self::Ping { to, zone: Some(zone) } => write!(f, "ping:{to}%{zone}"),
            Self::PingTarget(name) => write!(f, "ping:{name}"),
            Self::Query { server, name } => write!(f, "dns://{server}/{name}"),
            Self::File(path) => write!(f, "file:{path}"),
            Self::Handler(name) => write!(f, "handler:{name}"),
            Self::Interface(import) => write!(f, "interface:{import}"),
            Self::Bind { protocol, at } => write!(f, "bind:{protocol}://{at}"),
            Self::Listen { protocol, at } => write!(f, "listen:{protocol}://{at}"),
            Self::Accept { protocol, from } => write!(f, "accept:{protocol}://{from}"),
        }
    }
}
