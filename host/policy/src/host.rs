//! The host part of a rule: names, wildcards, addresses, networks, `localhost`, `any`.
//!
//! Protocols and ports are `rule.rs`. Each host has one spelling here; the others are refused with
//! the right one, never guessed.

use std::net::{IpAddr, Ipv6Addr};

use cofferdam_grants::{
    Cidr, CidrError, Host, METADATA, Name, NameError, Peers, Range as Special, SPECIAL, ZoneName, classify, is_barren,
    is_closed, is_compatible, quoted,
};

use crate::address::odd_v4;
use crate::rule_text::{Purpose, RuleError};

/// Reads the host part. The places in its errors are the caller's: the whole of the host.
///
/// # Errors
/// What is wrong with it, with a hint where the meaning can be guessed.
pub(crate) fn parse_host(host: &str, purpose: Purpose) -> Result<Peers, RuleError> {
    let error = |message: &str| RuleError::new(0..host.len(), message);
    if host.is_empty() {
        return Err(error("the host is missing").hint("every host is spelled `any`"));
    }
    if host == "*" {
        return Err(error("`*` is not a host").hint("every host is spelled `any`"));
    }
    if host.contains('%') {
        return parse_zoned(host, purpose);
    }
    if host.starts_with('[') || host.contains('/') {
        return parse_numeric(host, purpose).map(Peers::new);
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        return check_address(host, address, purpose).map(Peers::new);
    }
    match host.to_ascii_lowercase().as_str() {
        "any" => return Ok(Peers::new(Host::Any)),
        "any." => {
            return Err(error("`any.` is ambiguous").hint("every host is spelled `any`"));
        }
        "localhost" | "localhost." => return Ok(Peers::new(Host::Localhost)),
        _ => {}
    }
    let host = match host.strip_prefix("*.") {
        Some(apex) if apex.contains('*') => {
            return Err(error("`*` stands for whole labels at the start of a name, once"));
        }
        Some(apex) => Host::Wildcard(parse_name(apex, host)?),
        None if host.contains('*') => {
            return Err(error("`*` stands only at the start of a name")
                .hint("`*.example.com` covers every name below `example.com`"));
        }
        None => {
            let name = parse_name(host, host)?;
            // `ａｎｙ` and `any。` become ASCII, and would be shown as the word that they are not.
            if let word @ ("any" | "localhost") = name.as_str() {
                return Err(error(&format!("`{host}` is an unusual spelling of `{word}`"))
                    .hint(format!("if you meant the word, write `{word}`")));
            }
            Host::Name(name)
        }
    };
    Ok(Peers::new(host))
}

/// Reads a link-local address or network with its zone: `fe80::1%eth0`, `fe80::%eth0/64`, in
/// brackets or without.
fn parse_zoned(host: &str, purpose: Purpose) -> Result<Peers, RuleError> {
    let error = |message: String| RuleError::new(0..host.len(), message);
    let bare = unbracketed(host).map_err(error)?;
    let (address, rest) = bare.split_once('%').unwrap_or((&bare, ""));
    let (zone, prefix) = match rest.split_once('/') {
        Some((zone, prefix)) => (zone, Some(prefix)),
        None => (rest, None),
    };
    if !address.parse::<Ipv6Addr>().is_ok_and(is_link_local) {
        return Err(error("only link-local IPv6 addresses have a zone".to_owned()));
    }
    let Some(name) = ZoneName::parse(zone) else {
        let message = format!("`{}` is not the name or the number of an interface", quoted(zone, 64));
        return Err(error(message).hint(format!("write `{address}%eth0` or `{address}%2`")));
    };
    let plain = match prefix {
        Some(prefix) => format!("{address}/{prefix}"),
        None => format!("[{address}]"),
    };
    // What it is without its zone is checked as a want's: the zone is what an allow rule would
    // lack.
    let inner = parse_numeric(&plain, if purpose == Purpose::Allow { Purpose::Want } else { purpose });
    inner.map(|host| Peers::new(host).on(Some(name))).map_err(|why| RuleError { at: 0..host.len(), ..why })
}

/// The text without the brackets around its address.
fn unbracketed(host: &str) -> Result<String, String> {
    let Some(inner) = host.strip_prefix('[') else { return Ok(host.to_owned()) };
    let (inner, after) = inner.split_once(']').ok_or("the bracket is not closed")?;
    if !(after.is_empty() || after.starts_with('/')) {
        return Err("after the bracket only a prefix length or the ports can follow".into());
    }
    Ok(format!("{inner}{after}"))
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
    let bare = unbracketed(host).map_err(error)?;
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

/// Reads a network of a `within`; an error is a message and perhaps a hint. What a rule could name
/// and no name leads to is refused without advice.
pub(crate) fn parse_within(text: &str) -> Result<Cidr, (String, Option<String>)> {
    parse_network(text, Purpose::Allow).map_err(|(message, hint)| match &*message {
        LINK_LOCAL => ("a name leads to no link-local IPv6 address: no answer says on which link".to_owned(), None),
        NO_METADATA => ("no name leads to a cloud metadata address".to_owned(), None),
        _ => (message, hint),
    })
}

/// Reads a network for a rule; an error is a message and perhaps a hint.
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
    if let IpAddr::V6(six) = network.address()
        && is_link_local(six)
        && network.prefix() >= 10
    {
        return Err((LINK_LOCAL.to_owned(), Some(zone_hint(&format!("{six}%eth0/{}", network.prefix())))));
    }
    let unspecified = SPECIAL.iter().any(|row| row.range == Special::Unspecified && row.network.covers(&network));
    if unspecified && network.address().is_unspecified() {
        return Err((format!("`{network}` has no peers in it; the kernel dials its first address as loopback"), None));
    }
    let compatible = matches!(network.address(), IpAddr::V6(six) if network.prefix() >= 96 && is_compatible(six));
    if compatible {
        let message = format!("`{network}` covers nothing: nobody can be reached by an IPv4-compatible address");
        return Err((message, None));
    }
    if is_barren(&network) {
        return Err((
            format!("`{network}` covers nothing: all of its addresses are special, and of several ranges"),
            None,
        ));
    }
    let one = METADATA
        .iter()
        .any(|(known, _)| *known == network.address() && network.prefix() == if known.is_ipv4() { 32 } else { 128 });
    if one {
        return Err((
            NO_METADATA.to_owned(),
            Some(format!("write a rule for the address `{}` itself", network.address())),
        ));
    }
    let row = SPECIAL.iter().filter(|row| row.network.covers(&network)).max_by_key(|row| row.network.prefix());
    match row {
        Some(row) if row.range.is_closed() => Err((closed(&network.to_string(), row.range), None)),
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
        // Neither the system nor the sandbox dials those (RFC 4291 §2.5.5.1).
        if let IpAddr::V6(six) = address
            && is_compatible(six)
        {
            let inner = std::net::Ipv4Addr::from_bits(six.to_bits() as u32);
            return Err(error(&format!("`{six}` is an IPv4-compatible address, which nobody can be reached by"))
                .hint(format!("write `{inner}`")));
        }
        if is_closed(address) {
            return Err(error(&closed(&address.to_string(), classify(address))));
        }
        if let IpAddr::V6(six) = address
            && is_link_local(six)
        {
            return Err(error(LINK_LOCAL).hint(zone_hint(&format!("{six}%eth0"))));
        }
    }
    Ok(Host::Address(address))
}

/// What is wrong with a rule for a tunnel.
fn closed(text: &str, range: Special) -> String {
    format!("`{text}` is {range}: nobody knows where it leads, and no rule reaches it")
}

const NO_METADATA: &str = "a cloud metadata address is not reached through a network";

const LINK_LOCAL: &str = "a link-local IPv6 address is one of a link: the rule has to say of which";

fn zone_hint(example: &str) -> String {
    format!("write `{example}`, with the interface that you mean")
}

/// Whether an address means something on one link only: those of hosts, and those of groups (RFC
/// 4291 §2.7).
fn is_link_local(address: Ipv6Addr) -> bool {
    address.is_unicast_link_local() || matches!(address.segments()[0] & 0xff0f, 0xff01 | 0xff02)
}
