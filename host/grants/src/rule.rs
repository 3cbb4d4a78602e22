//! One rule, and which names and addresses it speaks of.
//!
//! A rule here only matches. How allow rules, deny rules, wants and pins combine is `decide.rs`;
//! how a rule is written in a file is `cofferdam-policy`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::range::{Range, is_special, place};
use crate::{Cidr, Name, Ports, Protocol, canonical, embedded_v4};

/// The opaque id of one rule. The policy knows which file and line, or which flag, it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(pub u32);

/// The host part of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// One address.
    Address(IpAddr),
    /// The addresses of a network.
    Network(Cidr),
    /// One name, exactly.
    Name(Name),
    /// The names one or more labels below this one; the name itself is not among them.
    Wildcard(Name),
    /// 127.0.0.1 and ::1, and the name `localhost` for them.
    Localhost,
    /// Every name and every public address.
    Any,
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Network(network) if network.address().is_ipv4() => write!(f, "{network}"),
            Self::Network(network) => write!(f, "[{}]/{}", network.address(), network.prefix()),
            Self::Name(name) => write!(f, "{name}"),
            Self::Wildcard(name) => write!(f, "*.{name}"),
            Self::Localhost => f.write_str("localhost"),
            Self::Any => f.write_str("any"),
        }
    }
}

/// One rule about connections: `tcp://HOST:PORTS`, perhaps with `within`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    protocol: Protocol,
    host: Host,
    ports: Ports,
    within: Vec<Cidr>,
}

/// How far an allow rule goes towards an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The rule covers it.
    Yes,
    /// The rule would, but the address is special and the rule does not say so narrowly enough.
    Special(Range),
    /// The rule would, but its `within` keeps the address out.
    Outside,
    /// The rule does not speak of it.
    No,
}

impl Rule {
    /// A rule. Addresses are canonicalised.
    pub fn new(protocol: Protocol, host: Host, ports: Ports) -> Self {
        let host = match host {
            Host::Address(address) => Host::Address(canonical(address)),
            other => other,
        };
        Self { protocol, host, ports, within: Vec::new() }
    }

    /// The same rule, reaching only addresses in one of these networks: where a name may lead. An
    /// empty list restricts nothing.
    #[must_use]
    pub fn within(mut self, networks: Vec<Cidr>) -> Self {
        self.within = networks;
        self
    }

    /// The transport.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The host part.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The ports.
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// The networks that a name may lead into; empty means the public Internet.
    pub fn networks(&self) -> &[Cidr] {
        &self.within
    }

    /// Whether the rule lets this name be looked up.
    pub(crate) fn covers_name(&self, name: &Name) -> bool {
        if name.is_localhost() {
            return LOCALHOST.iter().any(|&a| self.reach_address(a) == Reach::Yes);
        }
        self.speaks_of_name(name)
    }

    /// Whether the host part matches the name, `localhost` aside.
    fn speaks_of_name(&self, name: &Name) -> bool {
        match &self.host {
            Host::Name(own) => own == name,
            Host::Wildcard(apex) => name.is_below(apex),
            Host::Any => true,
            Host::Address(_) | Host::Network(_) | Host::Localhost => false,
        }
    }

    /// How far the rule goes towards an address that was asked for as such.
    pub(crate) fn reach_address(&self, address: IpAddr) -> Reach {
        let address = canonical(address);
        let covered = match &self.host {
            Host::Address(own) => *own == address,
            Host::Localhost => is_localhost(address),
            Host::Network(network) => return reach_through(network, address),
            Host::Any => return self.filter(address),
            Host::Name(_) | Host::Wildcard(_) => false,
        };
        if covered { Reach::Yes } else { Reach::No }
    }

    /// How far the rule goes towards an address that a lookup of this name gave.
    pub(crate) fn reach_answer(&self, name: &Name, address: IpAddr) -> Reach {
        let address = canonical(address);
        if name.is_localhost() {
            // No answer but the two addresses counts: nobody is asked what localhost is.
            return if is_localhost(address) { self.reach_address(address) } else { Reach::No };
        }
        if self.speaks_of_name(name) { self.filter(address) } else { Reach::No }
    }

    /// The range filter for names and `any`: public addresses, or what `within` covers.
    fn filter(&self, address: IpAddr) -> Reach {
        if self.within.is_empty() {
            return match place(address).0 {
                Range::Public => Reach::Yes,
                special => Reach::Special(special),
            };
        }
        let mut best = Reach::Outside;
        for network in &self.within {
            match reach_through(network, address) {
                Reach::Yes => return Reach::Yes,
                special @ Reach::Special(_) => best = special,
                Reach::Outside | Reach::No => {}
            }
        }
        best
    }

    /// Whether this deny rule speaks of an address, in any IPv4-in-IPv6 spelling.
    pub(crate) fn denies_address(&self, address: IpAddr) -> bool {
        spellings(address).any(|one| match &self.host {
            Host::Address(own) => *own == one,
            Host::Network(network) => network.contains(one),
            Host::Localhost => is_localhost(one),
            Host::Any => true,
            Host::Name(_) | Host::Wildcard(_) => false,
        })
    }

    /// Whether this deny rule speaks of a name.
    pub(crate) fn denies_name(&self, name: &Name) -> bool {
        if name.is_localhost() && matches!(self.host, Host::Localhost) {
            return true;
        }
        self.speaks_of_name(name)
    }

    /// Whether this want of a manifest includes an address. `any` includes the special ones: it
    /// means whatever the operator allows.
    pub(crate) fn wants_address(&self, address: IpAddr) -> bool {
        let address = canonical(address);
        match &self.host {
            Host::Address(own) => *own == address,
            Host::Network(network) => network.contains(address),
            Host::Localhost => is_localhost(address),
            Host::Any => true,
            Host::Name(_) | Host::Wildcard(_) => false,
        }
    }

    /// Whether this want of a manifest includes a name.
    pub(crate) fn wants_name(&self, name: &Name) -> bool {
        if name.is_localhost() && LOCALHOST.iter().any(|&a| self.wants_address(a)) {
            return true;
        }
        self.speaks_of_name(name)
    }

    /// Whether this allow rule grants anything of a want.
    pub fn meets(&self, want: &Self) -> bool {
        self.protocol == want.protocol && self.ports.overlaps(&want.ports) && self.reaches_some(&want.host)
    }

    /// Whether the host part of an allow rule reaches anything of a want's.
    fn reaches_some(&self, want: &Host) -> bool {
        match (&self.host, want) {
            (_, Host::Any) => true,
            (_, Host::Address(address)) => self.reach_address(*address) == Reach::Yes,
            (_, Host::Localhost) => LOCALHOST.iter().any(|&a| self.reach_address(a) == Reach::Yes),
            (_, Host::Name(name)) => self.speaks_of_name(name),
            (Host::Any, Host::Wildcard(_)) => true,
            (Host::Any, Host::Network(network)) => !is_special(network),
            (Host::Address(address), Host::Network(network)) => network.contains(*address),
            (Host::Localhost, Host::Network(network)) => LOCALHOST.iter().any(|&address| network.contains(address)),
            (Host::Network(own), Host::Network(network)) => own.overlaps(network),
            (Host::Name(name), Host::Wildcard(apex)) => name.is_below(apex),
            (Host::Wildcard(own), Host::Wildcard(apex)) => own == apex || own.is_below(apex) || apex.is_below(own),
            (Host::Name(_) | Host::Wildcard(_), Host::Network(_)) => false,
            (Host::Address(_) | Host::Network(_) | Host::Localhost, Host::Wildcard(_)) => false,
        }
    }
}

/// The canonical spelling, as `tcp://*.lab.example:22,8000-8099`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.protocol, self.host, self.ports)?;
        for (index, network) in self.within.iter().enumerate() {
            write!(f, "{}{network}", if index == 0 { " within " } else { ", " })?;
        }
        Ok(())
    }
}

/// What `localhost` stands for.
pub(crate) const LOCALHOST: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

fn is_localhost(address: IpAddr) -> bool {
    LOCALHOST.contains(&address)
}

/// A network covers a public address that it contains, and a special one only if it lies wholly
/// inside that special range, so that nobody opens a range by writing a large one.
fn reach_through(network: &Cidr, address: IpAddr) -> Reach {
    if !network.contains(address) {
        return Reach::No;
    }
    match place(address) {
        (Range::Public, _) => Reach::Yes,
        (range, Some(special)) if !range.needs_exact_rule() && special.covers(network) => Reach::Yes,
        (range, _) => Reach::Special(range),
    }
}

/// Everything that an address may turn out to be on its way: itself, the IPv4 addresses in it,
/// and loopback for the unspecified addresses, which the kernel dials as loopback.
fn spellings(address: IpAddr) -> impl Iterator<Item = IpAddr> {
    let address = canonical(address);
    let inner = match address {
        IpAddr::V6(six) => Some(embedded_v4(six).map(IpAddr::V4)),
        IpAddr::V4(_) => None,
    };
    let loopback = match address {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Some(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        _ => None,
    };
    std::iter::once(address).chain(inner.into_iter().flatten()).chain(loopback)
}

#[cfg(test)]
#[path = "rule_tests.rs"]
mod tests;
