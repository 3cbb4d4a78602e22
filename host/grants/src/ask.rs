//! What a plugin may ask for: the closed list of asks.
//!
//! The answer is not here: `decide.rs` gives it, totally, over this enum.

use std::net::{IpAddr, SocketAddr};

use crate::{
    AbsolutePath, HandlerName, Moment, Name, Pins, Protocol, QueryName, Resource, Zone, canonical, canonical_socket,
};

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
        /// The link of a link-local peer: the index that stands in `to`, with the interface's name.
        /// Without it a zone in `to` is known by its index alone.
        zone: Option<&'a Zone>,
        /// The answers that this instance has kept.
        pins: &'a Pins,
        /// Now, to tell live pins from expired ones.
        now: Moment,
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
    /// May this server be asked for this name? The host's own lookups, which lead to addresses, are
    /// `Resolve`.
    Query {
        /// The server, as it would be given to the system.
        server: SocketAddr,
        /// The name, from the packet.
        name: &'a QueryName,
        /// The servers that the host itself asks now: what `system` in a rule means.
        system: &'a [SocketAddr],
    },
    /// May this file or directory be read?
    Read {
        /// The path, as a user would write it.
        path: &'a AbsolutePath,
    },
    /// May this protocol handler be used on a connection?
    Handler {
        /// Its name.
        name: &'a HandlerName,
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
            Self::Ping { to, zone, .. } => Resource::Ping { to: canonical(to), zone: zone.cloned() },
            Self::Query { server, name, .. } => {
                Resource::Query { server: canonical_socket(server), name: name.clone() }
            }
            Self::Read { path } => Resource::File(path.clone()),
            Self::Handler { name } => Resource::Handler(name.clone()),
            Self::Bind { protocol, at } => Resource::Bind { protocol, at: canonical_socket(at) },
            Self::Listen { protocol, at } => Resource::Listen { protocol, at: canonical_socket(at) },
            Self::Accept { protocol, from } => Resource::Accept { protocol, from: canonical_socket(from) },
        }
    }
}
