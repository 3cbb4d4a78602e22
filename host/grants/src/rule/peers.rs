//! The peers that a rule speaks of: its host part, the zone of that, and where a name may lead.
//!
//! Ports and protocols are `rule/connect.rs`; how allow rules, deny rules, wants and pins combine
//! is `decide.rs`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::range::{Range, classify, is_closed, is_special, place};
use crate::{Cidr, Name, Zone, ZoneName, canonical, embedded_v4};

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

/// A host part, perhaps with a zone (of link-local addresses) or with `within` (of names).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Peers {
    host: Host,
    zone: Option<ZoneName>,
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

impl Peers {
    /// The peers of a host part. Addresses are canonicalised.
    pub fn new(host: Host) -> Self {
        let host = match host {
            Host::Address(address) => Host::Address(canonical(address)),
            other => other,
        };
        Self { host, zone: None, within: Vec::new() }
    }

    /// The same on this link only.
    #[must_use]
    pub fn on(mut self, zone: Option<ZoneName>) -> Self {
        self.zone = zone;
        self
    }

    /// The same, reaching only addresses in one of these networks: where a name may lead. An empty
    /// list restricts nothing.
    #[must_use]
    pub fn within(mut self, networks: Vec<Cidr>) -> Self {
        self.within = networks;
        self
    }

    /// The host part.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The link, for link-local addresses.
    pub fn zone(&self) -> Option<&ZoneName> {
        self.zone.as_ref()
    }

    /// The networks that a name may lead into; empty means the public Internet.
    pub fn networks(&self) -> &[Cidr] {
        &self.within
    }

    /// Whether the rule is one of names, so that only a lookup leads to an address.
    pub(crate) fn is_of_names(&self) -> bool {
        matches!(self.host, Host::Name(_) | Host::Wildcard(_))
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
            Host::Address(own) if *own == address && is_closed(address) => return Reach::Special(classify(address)),
            Host::Address(own) => *own == address,
            Host::Localhost => is_localhost(address),
            Host::Network(network) => return reach_through(network, address),
            Host::Any => return self.filter(address),
            Host::Name(_) | Host::Wildcard(_) => false,
        };
        if covered { Reach::Yes } else { Reach::No }
    }

    /// Whether an allow rule's zone is the one asked for: both name the same link, or neither names
    /// one.
    pub(crate) fn is_on(&self, zone: Option<&Zone>) -> bool {
        match (&self.zone, zone) {
            (None, None) => true,
            (Some(own), Some(zone)) => own.is(zone),
            _ => false,
        }
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

    /// Whether this deny rule speaks of the link: without a zone of its own it does of every one,
    /// and where nobody knows the link it may be this one.
    pub(crate) fn denies_on(&self, zone: Option<&Zone>) -> bool {
        match (&self.zone, zone) {
            (Some(own), Some(zone)) => own.may_be(zone),
            _ => true,
        }
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

    /// Whether the host part of an allow rule reaches anything of a want's.
    pub(crate) fn reaches_some(&self, want: &Self) -> bool {
        match (&self.host, &want.host) {
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

    /// The host part; an IPv6 address stands in brackets where ports follow it.
    pub(crate) fn host_text(&self, brackets: bool) -> String {
        let zone = self.zone.as_ref().map(|zone| format!("%{zone}")).unwrap_or_default();
        let six = |address: IpAddr| match brackets && address.is_ipv6() {
            true => format!("[{address}{zone}]"),
            false => format!("{address}{zone}"),
        };
        match &self.host {
            Host::Address(address) => six(*address),
            Host::Network(network) => format!("{}/{}", six(network.address()), network.prefix()),
            Host::Name(name) => name.to_string(),
            Host::Wildcard(name) => format!("*.{name}"),
            Host::Localhost => "localhost".to_owned(),
            Host::Any => "any".to_owned(),
        }
    }

    /// Writes where the names may lead, if the rule says so.
    pub(crate) fn show_within(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
pub(crate) fn reach_through(network: &Cidr, address: IpAddr) -> Reach {
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
pub(crate) fn spellings(address: IpAddr) -> impl Iterator<Item = IpAddr> {
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
#[path = "peers_tests.rs"]
mod tests;
