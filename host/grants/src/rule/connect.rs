//! A rule about connections: `tcp://HOST:PORTS`, perhaps with `within`.

use std::fmt;

use super::peers::{Host, Peers};
use crate::{Cidr, Ports, Protocol};

/// Peers on ports of a protocol.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConnectRule {
    protocol: Protocol,
    peers: Peers,
    ports: Ports,
}

impl ConnectRule {
    /// A rule. Addresses are canonicalised.
    pub fn new(protocol: Protocol, host: Host, ports: Ports) -> Self {
        Self::to(protocol, Peers::new(host), ports)
    }

    /// A rule for peers.
    pub fn to(protocol: Protocol, peers: Peers, ports: Ports) -> Self {
        Self { protocol, peers, ports }
    }

    /// The same rule with [`Peers::within`].
    #[must_use]
    pub fn within(self, networks: Vec<Cidr>) -> Self {
        Self { peers: self.peers.within(networks), ..self }
    }

    /// The transport.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The peers.
    pub fn peers(&self) -> &Peers {
        &self.peers
    }

    /// The host part.
    pub fn host(&self) -> &Host {
        self.peers.host()
    }

    /// The ports.
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Whether this allow rule grants anything of a want.
    pub fn meets(&self, want: &Self) -> bool {
        self.protocol == want.protocol && self.ports.overlaps(&want.ports) && self.peers.reaches_some(&want.peers)
    }
}

/// The canonical spelling, as `tcp://*.lab.example:22,8000-8099`.
impl fmt::Display for ConnectRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.protocol, self.peers.host_text(true), self.ports)?;
        self.peers.show_within(f)
    }
}
