//! Rules that are broader, or narrower, than they look.
//!
//! These are warnings: such a rule works, exactly as documented. What is a mistake is refused in
//! `rule.rs`.

use std::net::IpAddr;

use cofferdam_grants::{Cidr, Host, METADATA, Name, Peers, ResolveRule, Rule, SPECIAL, Servers};

use crate::diagnostic::Diagnostic;

/// Networks of IPv4 below this prefix length are flagged as wide.
const WIDE_V4: u8 = 8;
/// Networks of IPv6 below this prefix length are flagged as wide.
const WIDE_V6: u8 = 20;

/// What should be said about an allow rule.
pub(crate) fn warnings(rule: &Rule, warn: impl Fn(String) -> Diagnostic) -> Vec<Diagnostic> {
    match rule {
        Rule::Connect(own) => peers_warnings(rule, own.peers(), own.ports().is_all(), &warn),
        Rule::Ping(own) => peers_warnings(rule, own.peers(), false, &warn),
        Rule::Resolve(ResolveRule::Any) => vec![
            warn("`any` allows every name to be asked for, and a name in a query is a way out for data".to_owned())
                .hint("name them, as in `*.example.com`"),
        ],
        Rule::Resolve(ResolveRule::Below(apex)) => tld_warning(apex, &warn).into_iter().collect(),
        Rule::Resolve(ResolveRule::Reverse(network)) if is_wide(network) => {
            vec![warn(format!("`{network}` allows the reverse names of a large part of the Internet to be asked for"))]
        }
        Rule::Resolve(ResolveRule::Name(_) | ResolveRule::Reverse(_)) => Vec::new(),
        Rule::Server(own) => match own.servers() {
            Servers::Any => vec![
                warn("`any` allows every public name server to be asked".to_owned())
                    .hint("name them, as in `192.0.2.53`, or write `system` for the host's own"),
            ],
            Servers::Network(network) => network_warnings(&network, &warn),
            Servers::Address(_) | Servers::System => Vec::new(),
        },
        Rule::Read(path) if path.is_root() => vec![
            warn("`/` allows every file to be read that this user can read".to_owned())
                .hint("name the directories, as in `/var/log`"),
        ],
        // A handler only computes, and `any` is what holds without a rule.
        Rule::Read(_) | Rule::Handler(_) => Vec::new(),
    }
}

fn tld_warning(apex: &Name, warn: impl Fn(String) -> Diagnostic) -> Option<Diagnostic> {
    (!apex.as_str().contains('.')).then(|| warn(format!("`*.{apex}` covers a whole top-level domain")))
}

fn peers_warnings(
    rule: &Rule,
    peers: &Peers,
    all_ports: bool,
    warn: &impl Fn(String) -> Diagnostic,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    match peers.host() {
        Host::Any => {
            let example = if matches!(rule, Rule::Ping(_)) { "*.example.com" } else { "tcp://*.example.com:443" };
            found.push(
                warn(format!("`{rule}` allows every name and every public address"))
                    .hint(format!("name the hosts, as in `{example}`")),
            );
        }
        Host::Wildcard(apex) => match tld_warning(apex, warn) {
            Some(warning) => found.push(warning),
            None if all_ports => found.push(warn(format!("`{rule}` allows every port of every name below"))),
            None => {}
        },
        Host::Network(network) => found.extend(network_warnings(network, warn)),
        Host::Name(_) | Host::Address(_) | Host::Localhost => {}
    }
    for network in peers.networks() {
        found.extend(network_warnings(network, warn));
    }
    found
}

/// Whether a network is a large part of the Internet, by way of NAT64 (RFC 6052) as well.
fn is_wide(network: &Cidr) -> bool {
    let special = SPECIAL.iter().any(|row| row.network.covers(network));
    let wide = match network.address() {
        IpAddr::V4(_) => network.prefix() < WIDE_V4,
        IpAddr::V6(six) if matches!(six.segments(), [0x64, 0xff9b, 0, 0, 0, 0, ..]) => network.prefix() < 96 + WIDE_V4,
        IpAddr::V6(_) => network.prefix() < WIDE_V6,
    };
    wide && (!special
        || matches!(network.address(), IpAddr::V6(six) if six.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0]))
}

fn network_warnings(network: &Cidr, warn: impl Fn(String) -> Diagnostic) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if is_wide(network) {
        found.push(warn(format!("`{network}` is a large part of the Internet")));
    }
    let narrower: Vec<_> =
        SPECIAL.iter().filter(|row| network.covers(&row.network) && row.network != *network).collect();
    if let Some(first) = narrower.first() {
        let more = match narrower.len() {
            1 => ", which lies".to_owned(),
            n => format!(" and {} more special ranges, which lie", n - 1),
        };
        found.push(
            warn(format!("`{network}` does not cover `{}`{more} inside it", first.network))
                .hint("a special range is covered only by a network that lies wholly inside it"),
        );
    }
    let metadata = METADATA.iter().find(|(address, _)| network.contains(*address));
    if let (Some((metadata, _)), true) = (metadata, narrower.is_empty()) {
        found.push(
            warn(format!("`{network}` does not cover the cloud metadata address `{metadata}`"))
                .hint("metadata addresses are reached only by a rule for that very address"),
        );
    }
    found
}

#[cfg(test)]
#[path = "breadth_tests.rs"]
mod tests;
