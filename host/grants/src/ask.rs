//! What a plugin may ask for: the closed list of asks, and the resource each one is about.
//!
//! The answer is not here: `decide.rs` gives it, totally, over this enum.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::{AbsolutePath, Name, Pins, QueryName, Zone, canonical, canonical_socket};

/// A transport protocol that rules speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// Transmission Control Protocol (RFC 9293).
    Tcp,
    /// User Datagram Protocol (RFC 768).
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

/// A point on the caller's monotonic clock: the time since some fixed start of its choosing.
///
/// This crate reads no clock, so that every decision can be repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Moment(pub Duration);

/// One question to the policy. The enum is closed: a new effect needs a new variant, and then
/// `decide` does not compile until it has an answer for it.
#[derive(Clone, Copy, Debug)]
pub enum Ask<'a> {
    /// May this name be looked up at all?
    Resolve {
        /// The name asked for; it is absolute, no search list is applied.
        name: &'a Name,
    },
    /// May this answer to a permitted lookup be kept (and later be dialled)?
    Pin {
        /// The name that was asked for, not a CNAME on the way.
        name: &'a Name,
        /// The address that the resolver gave.
        address: IpAddr,
    },
    /// May a connection be opened to (or a datagram be sent to) this peer?
    Connect {
        /// The transport.
        protocol: Protocol,
        /// The peer, as it would be given to the system.
        to: SocketAddr,
        /// The link of a link-local peer: the index that stands in `to`, with the interface's name. Without it a zone in
        /// `to` is known by its index alone.
        zone: Option<&'a Zone>,
        /// The answers that this instance has kept.
        pins: &'a Pins,
        /// Now, to tell live pins from expired ones.
        now: Moment,
    },
    /// May this name be dialled on this port, once its addresses are known and filtered? What this allows, a lookup,
    /// its pins and a connect allow for every address that the rule lets the name lead to. Asked before there is any
    /// address; an effect asks the three in its place.
    Dial {
        /// The transport.
        protocol: Protocol,
        /// The name.
        name: &'a Name,
        /// The port.
        port: u16,
    },
    /// May ICMP echo requests be sent to this address?
    Ping {
        /// The address, as it would be given to the system.
        to: IpAddr,
        /// The link of a link-local address.
        zone: Option<&'a Zone>,
        /// The answers that this instance has kept.
        pins: &'a Pins,
        /// Now, to tell live pins from expired ones.
        now: Moment,
    },
    /// May this name be pinged, once its addresses are known and filtered? As `Dial` is to `Connect`.
    PingName {
        /// The name.
        name: &'a Name,
    },
    /// May this server be asked for this name? The host's own lookups, which lead to addresses, are `Resolve`.
    Query {
        /// The server, as it would be given to the system.
        server: SocketAddr,
        /// The name, from the packet.
        name: &'a QueryName,
    },
    /// May this file or directory be read?
    Read {
        /// The path, as a user would write it.
        path: &'a AbsolutePath,
    },
    /// May a local address be taken for an outbound connection?
    Bind {
        /// The transport.
        protocol: Protocol,
        /// The local address; only the wildcard with port 0 is ever granted.
        at: SocketAddr,
    },
    /// May a port be listened on? Not available in this version: always denied.
    Listen {
        /// The transport.
        protocol: Protocol,
        /// The local address.
        at: SocketAddr,
    },
    /// May a connection from this peer be accepted? Not available in this version: always denied.
    Accept {
        /// The transport.
        protocol: Protocol,
        /// The peer.
        from: SocketAddr,
    },
}

impl Ask<'_> {
    /// What the ask is about, in canonical form, as audit lines and refusals name it.
    pub fn resource(&self) -> Resource {
        match *self {
            Self::Resolve { name } => Resource::Name(name.clone()),
            Self::Pin { name, address } => Resource::Answer { name: name.clone(), address: canonical(address) },
            Self::Connect { protocol, to, zone, .. } => {
                let to = canonical_socket(to);
                let index = if let SocketAddr::V6(six) = to { six.scope_id() } else { 0 };
                let unnamed = (index != 0).then_some(Zone { index, name: None });
                Resource::Peer { protocol, to, zone: zone.cloned().or(unnamed) }
            }
            Self::Dial { protocol, name, port } => Resource::Target { protocol, name: name.clone(), port },
            Self::Ping { to, zone, .. } => Resource::Ping { to: canonical(to), zone: zone.cloned() },
            Self::PingName { name } => Resource::PingTarget(name.clone()),
            Self::Query { server, name } => Resource::Query { server: canonical_socket(server), name: name.clone() },
            Self::Read { path } => Resource::File(path.clone()),
            Self::Bind { protocol, at } => Resource::Bind { protocol, at: canonical_socket(at) },
            Self::Listen { protocol, at } => Resource::Listen { protocol, at: canonical_socket(at) },
            Self::Accept { protocol, from } => Resource::Accept { protocol, from: canonical_socket(from) },
        }
    }
}

/// What an ask is about, owned and canonical. Its `Display` is the form that stands in audit
/// lines: `tcp://10.0.0.1:22`, `name:db.lab.example`, `name:db.lab.example=10.0.0.5`, `ping:10.0.0.1`,
/// `dns://192.0.2.53:53/www.example.com`, `file:/var/log/syslog`.
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
            Self::Bind { protocol, at } => write!(f, "bind:{protocol}://{at}"),
            Self::Listen { protocol, at } => write!(f, "listen:{protocol}://{at}"),
            Self::Accept { protocol, from } => write!(f, "accept:{protocol}://{from}"),
        }
    }
}
