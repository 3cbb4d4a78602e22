//! Whether a deny rule takes everything from an allow rule, as far as that can be told from the two
//! alone.
//!
//! This is for advice to operators: what it says no to may still be denied, by several rules
//! together or address by address. The answer of enforcement is `decide.rs`.

use super::peers::{Host, LOCALHOST, Peers};
use super::{HandlerRule, ResolveRule, Rule, ServerRule, Servers};
use crate::QueryName;

impl Rule {
    /// Whether nothing of an allow rule is left where this deny rule holds.
    pub fn denies_all_of(&self, allow: &Self) -> bool {
        match (self, allow) {
            (Self::Connect(deny), Self::Connect(allow)) => {
                deny.protocol() == allow.protocol()
                    && deny.ports().covers(allow.ports())
                    && peers(deny.peers(), allow.peers())
            }
            (Self::Ping(deny), Self::Ping(allow)) => peers(deny.peers(), allow.peers()),
            (Self::Resolve(deny), Self::Resolve(allow)) => names(deny, allow),
            // A name that may not be asked for is neither dialled nor pinged.
            (Self::Resolve(deny), Self::Connect(allow)) => names_of(deny, allow.peers()),
            (Self::Resolve(deny), Self::Ping(allow)) => names_of(deny, allow.peers()),
            (Self::Server(deny), Self::Server(allow)) => servers(deny, allow),
            (Self::Read(deny), Self::Read(allow)) => allow.is_within(deny),
            (Self::Handler(HandlerRule::Any), Self::Handler(_)) => true,
            (Self::Handler(deny), Self::Handler(allow)) => deny == allow,
            _ => false,
        }
    }
}

fn peers(deny: &Peers, allow: &Peers) -> bool {
    let zone = deny.zone().is_none() || deny.zone() == allow.zone();
    let inside = |addresses: &Peers| match addresses.host() {
        Host::Address(address) => deny.denies_address(*address),
        Host::Network(network) => match deny.host() {
            Host::Network(own) => own.covers(network),
            _ => false,
        },
        Host::Localhost => LOCALHOST.iter().all(|address| deny.denies_address(*address)),
        Host::Name(_) | Host::Wildcard(_) | Host::Any => false,
    };
    zone && match (deny.host(), allow.host()) {
        (Host::Any, _) => true,
        (Host::Name(own), Host::Name(name)) if own == name => true,
        (Host::Wildcard(apex), Host::Name(name)) if name.is_below(apex) => true,
        (Host::Wildcard(apex), Host::Wildcard(other)) if other == apex || other.is_below(apex) => true,
        // A name with `within` leads there and nowhere else.
        (Host::Network(own), Host::Name(_) | Host::Wildcard(_)) => {
            !allow.networks().is_empty() && allow.networks().iter().all(|network| own.covers(network))
        }
        _ => inside(allow),
    }
}

fn names_of(deny: &ResolveRule, allow: &Peers) -> bool {
    match allow.host() {
        Host::Name(name) => deny.denies(&QueryName::from(name)),
        Host::Wildcard(apex) => names(deny, &ResolveRule::Below(apex.clone())),
        // `any` is addresses as well.
        Host::Address(_) | Host::Network(_) | Host::Localhost | Host::Any => false,
    }
}

fn names(deny: &ResolveRule, allow: &ResolveRule) -> bool {
    match (deny, allow) {
        (ResolveRule::Any, _) => true,
        (deny, ResolveRule::Name(name)) => deny.denies(&QueryName::from(name)),
        (ResolveRule::Below(own), ResolveRule::Below(apex)) => own == apex || apex.is_below(own),
        (ResolveRule::Reverse(own), ResolveRule::Reverse(network)) => own.covers(network),
        _ => false,
    }
}

fn servers(deny: &ServerRule, allow: &ServerRule) -> bool {
    let ports = deny.port().is_none() || deny.port() == allow.port();
    match (deny.servers(), allow.servers()) {
        (Servers::System, Servers::System) => true,
        (Servers::Any, Servers::System) => deny.port().is_none(),
        (Servers::Any, _) => ports,
        (Servers::Address(own), Servers::Address(address)) => ports && own == address,
        (Servers::Network(own), Servers::Address(address)) => ports && own.contains(address),
        (Servers::Network(own), Servers::Network(network)) => ports && own.covers(&network),
        _ => false,
    }
}

#[cfg(test)]
#[path = "coverage_tests.rs"]
mod tests;
