//! Rules that are broader, or narrower, than they look.
//!
//! These are warnings: such a rule works, exactly as documented. What is a mistake is refused in
//! `rule.rs`.

use cofferdam_grants::{Cidr, Host, METADATA, Rule, SPECIAL};

use crate::diagnostic::Diagnostic;

/// Networks of IPv4 below this prefix length are flagged as wide.
const WIDE_V4: u8 = 8;
/// Networks of IPv6 below this prefix length are flagged as wide.
const WIDE_V6: u8 = 20;

/// What should be said about an allow rule.
pub(crate) fn warnings(rule: &Rule, warn: impl Fn(String) -> Diagnostic) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let all_ports = rule.ports().is_all();
    match rule.host() {
        Host::Any => {
            found.push(
                warn(format!("`{rule}` allows every name and every public address"))
                    .hint("name the hosts, as in `tcp://*.example.com:443`"),
            );
        }
        Host::Wildcard(apex) if !apex.as_str().contains('.') => {
            found.push(warn(format!("`*.{apex}` covers a whole top-level domain")));
        }
        Host::Wildcard(_) if all_ports => {
            found.push(warn(format!("`{rule}` allows every port of every name below")));
        }
        Host::Network(network) => found.extend(network_warnings(network, &warn)),
        Host::Wildcard(_) | Host::Name(_) | Host::Address(_) | Host::Localhost => {}
    }
    for network in rule.networks() {
        found.extend(network_warnings(network, &warn));
    }
    found
}

fn network_warnings(network: &Cidr, warn: impl Fn(String) -> Diagnostic) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let wide = if network.address().is_ipv4() { WIDE_V4 } else { WIDE_V6 };
    let special = SPECIAL.iter().any(|row| row.network.covers(network));
    if network.prefix() < wide && !special {
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
