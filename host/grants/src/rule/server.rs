//! A rule about name servers: `192.0.2.53`, `192.0.2.0/24:5353`, `any`, `system`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::peers::{Reach, reach_through, spellings};
use crate::range::{Range, is_closed, is_special, place};
use crate::{Cidr, canonical};

/// The port of name servers where none is written (RFC 1035 §4.2).
pub const DNS_PORT: u16 = 53;

/// Which servers a rule speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Servers {
    /// One address.
    Address(IpAddr),
    /// The addresses of a network.
    Network(Cidr),
    /// Every public address; of a deny rule or a want, every address.
    Any,
    /// Those that the host itself asks.
    System,
}

/// Name servers that may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ServerRule {
    servers: Servers,
    port: Option<u16>,
}

impl ServerRule {
    /// A rule; `None` is every port, which an allow rule does not have. The host's own servers come
    /// with their ports.
    pub fn new(servers: Servers, port: Option<u16>) -> Self {
        let servers = match servers {
            Servers::Address(address) => Servers::Address(canonical(address)),
            other => other,
        };
        Self { servers, port }
    }

    /// Which servers.
    pub fn servers(&self) -> Servers {
        self.servers
    }

    /// On which port; `None` is every one.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// How far this allow rule goes towards a server; `system` are the host's own.
    pub(crate) fn reach(&self, server: SocketAddr, system: &[SocketAddr]) -> Reach {
        let address = server.ip();
        if self.servers == Servers::System {
            return if system.contains(&server) { Reach::Yes } else { Reach::No };
        }
        let scoped = matches!(server, SocketAddr::V6(six) if six.scope_id() != 0);
        if scoped || !self.is_on(server.port()) {
            return Reach::No;
        }
        match self.servers {
            Servers::Address(own) if own == address && is_closed(address) => Reach::Special(place(address).0),
            Servers::Address(own) if own == address => Reach::Yes,
            Servers::Network(network) => reach_through(&network, address),
            Servers::Any => match place(address).0 {
                Range::Public => Reach::Yes,
                special => Reach::Special(special),
            },
            Servers::Address(_) | Servers::System => Reach::No,
        }
    }

    /// Whether this deny rule speaks of a server, in any IPv4-in-IPv6 spelling.
    pub(crate) fn denies(&self, server: SocketAddr, system: &[SocketAddr]) -> bool {
        if self.servers == Servers::System {
            return system.contains(&server);
        }
        self.is_on(server.port())
            && spellings(server.ip()).any(|one| match self.servers {
                Servers::Address(own) => own == one,
                Servers::Network(network) => network.contains(one),
                Servers::Any => true,
                Servers::System => false,
            })
    }

    /// Whether this want of a manifest includes a server.
    pub(crate) fn wants(&self, server: SocketAddr, system: &[SocketAddr]) -> bool {
        match self.servers {
            Servers::System => system.contains(&server),
            Servers::Any => true,
            Servers::Address(own) => self.is_on(server.port()) && own == server.ip(),
            Servers::Network(network) => self.is_on(server.port()) && network.contains(server.ip()),
        }
    }

    /// Whether this allow rule grants anything of a want.
    pub(crate) fn meets(&self, want: &Self, system: &[SocketAddr]) -> bool {
        let ports = match (self.port, want.port) {
            (Some(own), Some(wanted)) => own == wanted,
            _ => true,
        };
        match (self.servers, want.servers) {
            (Servers::System, Servers::Any | Servers::System) => !system.is_empty(),
            (_, Servers::Any) => true,
            (Servers::System, _) => system.iter().any(|server| want.wants(*server, system)),
            (_, Servers::System) => system.iter().any(|server| self.reach(*server, system) == Reach::Yes),
            (_, Servers::Address(address)) => {
                let port = want.port.or(self.port).unwrap_or(DNS_PORT);
                self.reach(SocketAddr::new(address, port), system) == Reach::Yes
            }
            (Servers::Address(address), Servers::Network(network)) => ports && network.contains(address),
            (Servers::Network(own), Servers::Network(network)) => ports && own.overlaps(&network),
            (Servers::Any, Servers::Network(network)) => ports && !is_special(&network),
        }
    }

    fn is_on(&self, port: u16) -> bool {
        self.port.is_none_or(|own| own == port)
    }
}

/// The canonical spelling, as `192.0.2.53:53`; without a port where it is for every one.
impl fmt::Display for ServerRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.servers, self.port) {
            (Servers::Any, _) => f.write_str("any"),
            (Servers::System, _) => f.write_str("system"),
            (Servers::Address(address), None) => write!(f, "{address}"),
            (Servers::Address(address), Some(port)) => write!(f, "{}", SocketAddr::new(address, port)),
            (Servers::Network(network), None) => write!(f, "{network}"),
            (Servers::Network(network), Some(port)) if network.address().is_ipv4() => write!(f, "{network}:{port}"),
            (Servers::Network(network), Some(port)) => {
                write!(f, "[{}]/{}:{port}", network.address(), network.prefix())
            }
        }
    }
}
