//! Rules about name servers: `192.0.2.53`, `192.0.2.0/24:5353`, `[2001:db8::53]:53`, `any`,
//! `system`.

use std::net::{IpAddr, SocketAddr};

use cofferdam_grants::{DNS_PORT, Host, ServerRule, Servers, quoted};

use crate::host::parse_host;
use crate::rule_text::{Purpose, RuleError, no_spaces};

/// Reads a rule. Without a port it is for port 53; a deny rule or a want is then for every port.
///
/// # Errors
/// A [`RuleError`] about the first part that cannot be understood.
pub(crate) fn parse_server(text: &str, purpose: Purpose) -> Result<ServerRule, RuleError> {
    no_spaces(text)?;
    let error = |message: String| RuleError::new(0..text.len(), message);
    let unsaid = (purpose == Purpose::Allow).then_some(DNS_PORT);
    match text.to_ascii_lowercase().as_str() {
        "any" => return Ok(ServerRule::new(Servers::Any, unsaid)),
        "system" => return Ok(ServerRule::new(Servers::System, None)),
        _ => {}
    }
    if text.contains("://") {
        return Err(error("a name server is an address, without a protocol".to_owned()).hint(FORMS));
    }
    let (host, port) = split_port(text).map_err(error)?;
    let peers = match parse_host(&host, purpose) {
        Ok(peers) => peers,
        Err(why) if host.contains(['/', ':']) || host.starts_with(|c: char| c.is_ascii_digit()) => {
            // Rules for name servers have no names and no zones.
            let hint = match host.parse::<IpAddr>() {
                Ok(address) if address.is_unspecified() => Some("write `127.0.0.1` for this machine".to_owned()),
                Ok(IpAddr::V6(six)) if six.is_unicast_link_local() => Some(SYSTEM.to_owned()),
                _ => why.hint,
            };
            return Err(RuleError { at: 0..text.len(), message: why.message, hint });
        }
        Err(_) => return Err(error("a name server is an address, with or without a port".to_owned()).hint(FORMS)),
    };
    let servers = match peers.host() {
        _ if peers.zone().is_some() => {
            return Err(error("a name server's address has no zone here".to_owned()).hint(SYSTEM));
        }
        Host::Address(address) => Servers::Address(*address),
        Host::Network(network) => Servers::Network(*network),
        Host::Name(_) | Host::Wildcard(_) | Host::Localhost | Host::Any => {
            return Err(error("a name server is an address, with or without a port".to_owned()).hint(FORMS));
        }
    };
    Ok(ServerRule::new(servers, port.or(unsaid)))
}

const SYSTEM: &str = "`system` covers the host's own, whatever they are";

const FORMS: &str =
    "write `192.0.2.53`, `192.0.2.53:5353`, `[2001:db8::53]:53`, a network, `system` for the host's own, or `any`";

/// Divides a server's address or network, without brackets, from its port.
fn split_port(text: &str) -> Result<(String, Option<u16>), String> {
    // `2001:db8::53:53` is an address; with a port, it stands in brackets.
    if text.parse::<IpAddr>().is_ok() {
        return Ok((text.to_owned(), None));
    }
    if let Ok(server) = text.parse::<SocketAddr>() {
        return port(&server.port().to_string()).map(|port| (server.ip().to_string(), Some(port)));
    }
    let (host, after) = match text.strip_prefix('[').map(|inner| inner.split_once(']')) {
        Some(None) => return Err("the bracket is not closed".to_owned()),
        Some(Some((inner, after))) => match after.split_once(':') {
            Some((prefix, port)) => (format!("{inner}{prefix}"), Some(port)),
            None => (format!("{inner}{after}"), None),
        },
        None => match text.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') => (host.to_owned(), Some(port)),
            _ => (text.to_owned(), None),
        },
    };
    Ok((host, after.map(port).transpose()?))
}

fn port(text: &str) -> Result<u16, String> {
    let plain = !text.starts_with(['+', '0']);
    text.parse::<u16>().ok().filter(|_| plain).ok_or_else(|| format!("`{}` is not a port", quoted(text, 64)))
}
