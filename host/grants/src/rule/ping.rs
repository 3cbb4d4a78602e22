//! A rule about ICMP echo: `HOST`, perhaps with `within`.

use std::fmt;
use std::net::IpAddr;

use super::peers::{Host, Peers, Reach};
use crate::{Name, Range, classify};

/// Peers that may be pinged.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PingRule(Peers);

impl PingRule {
    /// A rule for peers.
    pub fn new(peers: Peers) -> Self {
        Self(peers)
    }

    /// The peers.
    pub fn peers(&self) -> &Peers {
        &self.0
    }

    /// How far the rule goes towards an address that was asked for as such.
    pub(crate) fn reach_address(&self, address: IpAddr) -> Reach {
        self.one_host(self.0.reach_address(address), address)
    }

    /// How far the rule goes towards an address that a lookup of this name gave.
    pub(crate) fn reach_answer(&self, name: &Name, address: IpAddr) -> Reach {
        self.one_host(self.0.reach_answer(name, address), address)
    }

    /// One echo to a group is answered by many: a group is reached by a rule for that very address
    /// only, not by a network of groups either.
    fn one_host(&self, reach: Reach, address: IpAddr) -> Reach {
        let group = matches!(classify(address), Range::Multicast | Range::Broadcast);
        match reach {
            Reach::Yes if group && !matches!(self.0.host(), Host::Address(_)) => Reach::Special(classify(address)),
            reach => reach,
        }
    }

    /// Whether this allow rule grants anything of a want.
    pub(crate) fn meets(&self, want: &Self) -> bool {
        self.0.reaches_some(&want.0)
    }
}

/// The canonical spelling, as `10.0.0.0/8`.
impl fmt::Display for PingRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.host_text(false))?;
        self.0.show_within(f)
    }
}
