//! Rules about connections: `tcp://HOST:PORTS`.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use cofferdam_grants::{ConnectRule, Ports, Protocol};

use crate::host::parse_host;
use crate::keys::did_you_mean;
use crate::rule_text::{Purpose, RuleError, no_spaces};

/// Reads a rule.
///
/// # Errors
/// A [`RuleError`] about the first part that cannot be understood.
pub(crate) fn parse_connect(text: &str, purpose: Purpose) -> Result<ConnectRule, RuleError> {
    no_spaces(text)?;
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(RuleError::new(0..text.len(), "a rule begins with its protocol").hint(meant(text, purpose)));
    };
    let protocol = parse_protocol(scheme)?;
    let start = scheme.len() + 3;
    let shift = |mut error: RuleError| {
        error.at = error.at.start + start..error.at.end + start;
        error
    };
    let (host, ports) = split_ports(rest).map_err(shift)?;
    let host_error = |mut error: RuleError| {
        error.at = start..start + host.len();
        error.hint = error.hint.map(|hint| in_full(&hint, scheme, ports, purpose));
        error
    };
    let parsed = parse_host(host, purpose).map_err(host_error)?;
    let ports_at = start + host.len()..text.len();
    let ports = match (ports, purpose) {
        (Some(ports), _) => Ports::parse(ports).map_err(|error| bad_ports(ports_at.start + 1..ports_at.end, &error))?,
        (None, Purpose::Deny) => Ports::all(),
        (None, Purpose::Allow | Purpose::Want) => {
            return Err(RuleError::new(0..text.len(), "the rule does not say which ports")
                .hint(format!("write `{text}:22`, or `{text}:*` for every port")));
        }
    };
    Ok(ConnectRule::to(protocol, parsed, ports))
}

/// Advice about a host as advice about the rule: hosts that are to be written stand in a whole one,
/// where that is one.
fn in_full(hint: &str, scheme: &str, ports: Option<&str>, purpose: Purpose) -> String {
    if !(hint.starts_with("write `") || hint.starts_with("if you meant ")) {
        return hint.to_owned();
    }
    let ports = ports.map(|ports| format!(":{ports}")).unwrap_or_default();
    let whole = |host: &str| {
        let bracketed = match host.split_once('/') {
            Some((address, prefix)) if address.contains(':') => format!("[{address}]/{prefix}"),
            None if host.contains(':') => format!("[{host}]"),
            _ => host.to_owned(),
        };
        let rule = format!("{scheme}://{bracketed}{ports}");
        parse_connect(&rule, purpose).is_ok().then_some(rule)
    };
    // Every second part stands between backquotes.
    let parts = hint.split('`').enumerate();
    let parts = parts.map(|(index, part)| match (index % 2 == 1).then(|| whole(part)).flatten() {
        Some(rule) => Cow::Owned(rule),
        None => Cow::Borrowed(part),
    });
    parts.collect::<Vec<_>>().join("`")
}

/// What is wrong with the ports of a rule whose host is wrong, too.
pub(crate) fn further(text: &str, first: &RuleError) -> Option<RuleError> {
    let (_, rest) = text.split_once("://")?;
    let (host, ports) = split_ports(rest).ok()?;
    let end = text.len() - rest.len() + host.len();
    let problem = Ports::parse(ports?).err().filter(|_| first.at.end == end)?;
    Some(bad_ports(end + 1..text.len(), &problem))
}

fn bad_ports(at: std::ops::Range<usize>, why: &impl std::fmt::Display) -> RuleError {
    RuleError::new(at, why.to_string()).hint("ports are `22`, `22,8000-8099`, or `*` for every port")
}

/// What a text without a protocol may have meant, if that would be a rule.
fn meant(text: &str, purpose: Purpose) -> String {
    let host = text.split('/').next().unwrap_or(text);
    let bracketed = match text.strip_prefix(host).filter(|_| host.parse::<Ipv6Addr>().is_ok()) {
        Some(prefix) => format!("tcp://[{host}]{prefix}"),
        None => format!("tcp://{text}"),
    };
    for rule in [bracketed.clone(), format!("{bracketed}:22")] {
        if !text.is_empty() && parse_connect(&rule, purpose).is_ok() {
            return format!("write `{rule}`");
        }
    }
    "rules are `tcp://HOST:PORTS`".to_owned()
}

fn parse_protocol(scheme: &str) -> Result<Protocol, RuleError> {
    let error = |message: String| RuleError::new(0..scheme.len(), message);
    match scheme.to_ascii_lowercase().as_str() {
        "tcp" => Ok(Protocol::Tcp),
        "udp" => Err(error("`udp://` rules are not yet available in this version".to_owned())),
        "http" | "https" | "ws" | "wss" | "ssh" | "tls" | "telnet" => {
            Err(error(format!("`{scheme}` is not a protocol of rules"))
                .hint("rules speak of connections: `tcp://HOST:PORTS`"))
        }
        other => {
            let near = did_you_mean(other, ["tcp"].into_iter());
            let hint = near.map_or("rules begin with `tcp://`".to_owned(), |near| format!("did you mean `{near}://`?"));
            Err(error(format!("unknown protocol `{scheme}`")).hint(hint))
        }
    }
}

/// Divides `HOST:PORTS`; the host keeps its brackets and its prefix length.
fn split_ports(rest: &str) -> Result<(&str, Option<&str>), RuleError> {
    let whole = 0..rest.len();
    if rest.contains('@') {
        return Err(RuleError::new(whole, "a rule names no user").hint("write the host and the ports alone"));
    }
    if rest.starts_with('[') {
        let Some(close) = rest.find(']') else {
            return Err(RuleError::new(whole, "the bracket is not closed"));
        };
        return match rest[close + 1..].find(':') {
            Some(colon) => {
                let colon = close + 1 + colon;
                Ok((&rest[..colon], Some(&rest[colon + 1..])))
            }
            None => Ok((rest, None)),
        };
    }
    if rest.matches(':').count() > 1 {
        let hint = unbracketed(rest);
        return Err(RuleError::new(whole, "an IPv6 address stands in brackets")
            .hint(hint.unwrap_or("write `tcp://[ADDRESS]:PORTS`".to_owned())));
    }
    Ok(match rest.split_once(':') {
        Some((host, ports)) => (host, Some(ports)),
        None => (rest, None),
    })
}

/// How an IPv6 address without brackets should have been written.
fn unbracketed(rest: &str) -> Option<String> {
    let bracketed = |text: &str| match text.split_once('/') {
        Some((address, prefix)) => address.parse::<Ipv6Addr>().ok().map(|address| format!("[{address}]/{prefix}")),
        None => text.parse::<Ipv6Addr>().ok().map(|address| format!("[{address}]")),
    };
    // `::1:22` is an address as well, but a rule has ports.
    let with_ports = rest.rsplit_once(':').and_then(|(host, ports)| {
        Ports::parse(ports).ok()?;
        Some(format!("write `tcp://{}:{ports}`", bracketed(host)?))
    });
    with_ports.or_else(|| Some(format!("write `tcp://{}:PORTS`", bracketed(rest)?)))
}

#[cfg(test)]
#[path = "connect_tests.rs"]
pub(super) mod tests;
