//! The host part of a rule: names, wildcards, addresses, networks, `localhost`, `any`.
//!
//! Protocols and ports are `rule.rs`. Each host has one spelling here; the others are refused with
//! the right one, never guessed.

use std::net::{IpAddr, Ipv6Addr};

use cofferdam_grants::{Cidr, CidrError, Host, METADATA, Name, NameError, SPECIAL};

use crate::address::odd_v4;
use crate::rule::{Purpose, RuleError};

/// Reads the host part. The places in its errors are the caller's: the whole of the host.
///
/// # Errors
/// What is wrong with it, with a hint where the meaning can be guessed.
pub(crate) fn parse_host(host: &str, purpose: Purpose) -> Result<Host, RuleError> {
    let error = |message: &str| RuleError::new(0..host.len(), message);
    if host.is_empty() {
        return Err(error("the host is missing").hint("every host is spelled `any`"));
    }
    if host == "*" {
        return Err(error("`*` is not a host").hint("every host is spelled `any`"));
    }
    if host.starts_with('[') || host.contains('/') {
        return parse_numeric(host, purpose);
    }
    if host.contains('%') {
        return Err(zone_error(host));
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        return check_address(host, address, purpose);
    }
    match host.to_ascii_lowercase().as_str() {
        "any" => return Ok(Host::Any),
        "any." => {
            return Err(error("`any.` is ambiguous").hint("every host is spelled `any`"));
        }
        "localhost" | "localhost." => return Ok(Host::Localhost),
        _ => {}
    }
    match host.strip_prefix("*.") {
        Some(apex) if apex.contains('*') => Err(error("`*` stands for whole labels at the start of a name, once")),
        Some(apex) => Ok(Host::Wildcard(parse_name(apex, host)?)),
        None if host.contains('*') => Err(error("`*` stands only at the start of a name")
            .hint("`*.example.com` covers every name below `example.com`")),
        None => Ok(Host::Name(parse_name(host, host)?)),
    }
}

/// Converts a name as the runtime does before a lookup (IDNA, UTS 46), so that both compare.
fn parse_name(text: &str, shown: &str) -> Result<Name, RuleError> {
    let error = |message: String| RuleError::new(0..shown.len(), message);
    let ascii = idna::domain_to_ascii(text).map_err(|_| error(format!("`{shown}` is not a host name (IDNA)")))?;
    Name::parse(&ascii).map_err(|why| match (&why, odd_v4(&ascii)) {
        (NameError::Number(_), Some(meant)) => error(format!("`{shown}` is an unusual spelling of an address"))
            .hint(format!("if you meant the address, write `{meant}`")),
        _ => error(why.to_string()),
    })
}

/// Reads an address in brackets, or a network with or without them.
fn parse_numeric(host: &str, purpose: Purpose) -> Result<Host, RuleError> {
    let error = |message: String| RuleError::new(0..host.len(), message);
    let bare = match host.strip_prefix('[') {
        None => host.to_owned(),
        Some(inner) => {
            let (inner, after) = inner.split_once(']').unwrap_or((inner, ""));
            if !(after.is_empty() || after.starts_with('/')) {
                return Err(error("after the bracket only a prefix length or the ports can follow".into()));
            }
            format!("{inner}{after}")
        }
    };
    if bare.contains('%') {
        return Err(zone_error(&bare));
    }
    if bare.contains('/') {
        return parse_network(&bare, purpose).map(Host::Network).map_err(|(message, hint)| {
            let mut problem = error(message);
            problem.hint = hint;
            problem
        });
    }
    let address = bare.parse::<Ipv6Addr>().map_err(|_| {
        let problem = error(format!("`{bare}` is not an IPv6 address"));
        match bare.parse::<IpAddr>() {
            Ok(four) => problem.hint(format!("an IPv4 address stands without brackets: `{four}`")),
            Err(_) => problem,
        }
    })?;
    check_address(host, IpAddr::V6(address), purpose)
}

/// Reads a network for a rule or for `within`; an error is a message and perhaps a hint.
pub(crate) fn parse_network(text: &str, purpose: Purpose) -> Result<Cidr, (String, Option<String>)> {
    let network = Cidr::parse(text).map_err(|error| {
        let hint = match &error {
            CidrError::HostBits { right } => Some(format!("write `{right}`")),
            CidrError::Prefix(_) | CidrError::PrefixTooLong { .. } => None,
            CidrError::Address(address) => Some(match odd_v4(address) {
                Some(_) => "an IPv4 network has four decimal parts, as in `10.0.0.0/8`".to_owned(),
                None => "only a network has a `/`, as in `10.0.0.0/8`".to_owned(),
            }),
            CidrError::NoPrefix => text
                .parse::<IpAddr>()
                .ok()
                .map(|address| format!("one address is `{address}/{}`", if address.is_ipv4() { 32 } else { 128 })),
        };
        (error.to_string(), hint)
    })?;
    if purpose != Purpose::Allow {
        return Ok(network);
    }
    // An allow rule that could never allow anything is a mistake, not a rule.
    if is_link_local_v6(network.address()) && network.prefix() >= 10 {
        return Err((LINK_LOCAL.to_owned(), None));
    }
    let one = METADATA
        .iter()
        .any(|(known, _)| *known == network.address() && network.prefix() == if known.is_ipv4() { 32 } else { 128 });
    if one {
        return Err((
            "a cloud metadata address is not reached through a network".to_owned(),
            Some(format!("write a rule for the address `{}` itself", network.address())),
        ));
    }
    let row = SPECIAL.iter().filter(|row| row.network.covers(&network)).max_by_key(|row| row.network.prefix());
    match row {
        Some(row) if row.range.needs_exact_rule() => Err((
            format!("`{network}` covers nothing: {} is only reached by a rule for that very address", row.range),
            None,
        )),
        _ => Ok(network),
    }
}

fn check_address(host: &str, address: IpAddr, purpose: Purpose) -> Result<Host, RuleError> {
    if purpose == Purpose::Allow {
        let error = |message: &str| RuleError::new(0..host.len(), message);
        if address.to_canonical().is_unspecified() {
            return Err(error("an unspecified address is no peer; the kernel dials it as loopback")
                .hint("write `localhost` for this machine, or `any` for every public host"));
        }
        if is_link_local_v6(address) {
            return Err(error(LINK_LOCAL));
        }
    }
    Ok(Host::Address(address))
}

const LINK_LOCAL: &str = "rules for link-local IPv6 addresses have to name a zone, which is not yet \
                          available in this version";

fn is_link_local_v6(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(six) if six.is_unicast_link_local())
}

fn zone_error(host: &str) -> RuleError {
    let address = host.split('%').next().unwrap_or(host);
    let link_local = address.parse().is_ok_and(is_link_local_v6);
    let message = if link_local {
        "IPv6 zones are not yet available in this version"
    } else {
        "only link-local IPv6 addresses have a zone"
    };
    RuleError::new(0..host.len(), message)
}
