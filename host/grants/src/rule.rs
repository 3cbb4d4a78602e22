//! One rule of any kind, and which asks it speaks of.
//!
//! A rule here only matches. How allow rules, deny rules, wants and pins combine is `decide.rs`;
//! how a rule is written in a file is `cofferdam-policy`.

mod connect;
mod coverage;
mod handler;
mod names;
mod peers;
mod ping;
mod server;

use std::fmt;
use std::net::IpAddr;

pub use connect::ConnectRule;
pub use handler::{HandlerName, HandlerRule, is_component_name};
pub use names::ResolveRule;
pub use peers::{Host, Peers};
pub(crate) use peers::{LOCALHOST, Reach};
pub use ping::PingRule;
pub use server::{DNS_PORT, ServerRule, Servers};

use crate::{AbsolutePath, Cidr, Name, Ports};

/// The opaque id of one rule: the generation of the policy that it belongs to, and its place there.
/// The policy of that generation knows which file and line, or which flag, the rule came from; a
/// policy of another generation knows nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId {
    generation: u32,
    index: u32,
}

impl RuleId {
    /// The rule at this place in the policy of this generation.
    pub const fn new(generation: u32, index: u32) -> Self {
        Self { generation, index }
    }

    /// The generation of the policy that it belongs to.
    pub const fn generation(self) -> u32 {
        self.generation
    }

    /// Its place in that policy.
    pub const fn index(self) -> u32 {
        self.index
    }
}

/// One rule. Its `Display` is the canonical spelling, without the key under which it stands in a
/// policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Peers to dial, `connect`.
    Connect(ConnectRule),
    /// Hosts to ping, `ping`.
    Ping(PingRule),
    /// Names to ask for, `resolve`.
    Resolve(ResolveRule),
    /// Name servers to ask, `servers`.
    Server(ServerRule),
    /// A directory or a file to read, with everything below it, `read`.
    Read(AbsolutePath),
    /// Protocol handlers to use, `handlers`.
    Handler(HandlerRule),
}

impl Rule {
    /// The key under which the rule stands in a policy and in a manifest's wants.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Connect(_) => "connect",
            Self::Ping(_) => "ping",
            Self::Resolve(_) => "resolve",
            Self::Server(_) => "servers",
            Self::Read(_) => "read",
            Self::Handler(_) => "handlers",
        }
    }

    /// The same rule with [`Peers::within`]; a rule without peers stays as it is.
    #[must_use]
    pub fn within(self, networks: Vec<Cidr>) -> Self {
        match self {
            Self::Connect(rule) => rule.within(networks).into(),
            Self::Ping(rule) => PingRule::new(rule.peers().clone().within(networks)).into(),
            other => other,
        }
    }

    /// The ports, of a rule that has some.
    pub fn ports(&self) -> Option<&Ports> {
        match self {
            Self::Connect(rule) => Some(rule.ports()),
            Self::Ping(_) | Self::Resolve(_) | Self::Server(_) | Self::Read(_) | Self::Handler(_) => None,
        }
    }

    /// How far the rule goes towards an address that was asked for as such.
    pub(crate) fn reach_address(&self, address: IpAddr) -> Reach {
        match self {
            Self::Connect(rule) => rule.peers().reach_address(address),
            Self::Ping(rule) => rule.reach_address(address),
            Self::Resolve(_) | Self::Server(_) | Self::Read(_) | Self::Handler(_) => Reach::No,
        }
    }

    /// How far the rule goes towards an address that a lookup of this name gave.
    pub(crate) fn reach_answer(&self, name: &Name, address: IpAddr) -> Reach {
        match self {
            Self::Connect(rule) => rule.peers().reach_answer(name, address),
            Self::Ping(rule) => rule.reach_answer(name, address),
            Self::Resolve(_) | Self::Server(_) | Self::Read(_) | Self::Handler(_) => Reach::No,
        }
    }

    /// The peers, of a rule that has some.
    pub fn peers(&self) -> Option<&Peers> {
        match self {
            Self::Connect(rule) => Some(rule.peers()),
            Self::Ping(rule) => Some(rule.peers()),
            Self::Resolve(_) | Self::Server(_) | Self::Read(_) | Self::Handler(_) => None,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(rule) => rule.fmt(f),
            Self::Ping(rule) => rule.fmt(f),
            Self::Resolve(rule) => rule.fmt(f),
            Self::Server(rule) => rule.fmt(f),
            Self::Read(path) => path.fmt(f),
            Self::Handler(rule) => rule.fmt(f),
        }
    }
}

impl From<ConnectRule> for Rule {
    fn from(rule: ConnectRule) -> Self {
        Self::Connect(rule)
    }
}

impl From<PingRule> for Rule {
    fn from(rule: PingRule) -> Self {
        Self::Ping(rule)
    }
}

impl From<ResolveRule> for Rule {
    fn from(rule: ResolveRule) -> Self {
        Self::Resolve(rule)
    }
}

impl From<ServerRule> for Rule {
    fn from(rule: ServerRule) -> Self {
        Self::Server(rule)
    }
}

impl From<HandlerRule> for Rule {
    fn from(rule: HandlerRule) -> Self {
        Self::Handler(rule)
    }
}

impl From<AbsolutePath> for Rule {
    fn from(path: AbsolutePath) -> Self {
        Self::Read(path)
    }
}
