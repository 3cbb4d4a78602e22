//! Rules about pings: `HOST`, without a protocol and ports.

use cofferdam_grants::{Cidr, Host, PingRule, Range, SPECIAL};

use crate::host::parse_host;
use crate::rule_text::{Purpose, RuleError, no_spaces};

/// Reads a rule.
///
/// # Errors
/// A [`RuleError`] about the first part that cannot be understood.
pub(crate) fn parse_ping(text: &str, purpose: Purpose) -> Result<PingRule, RuleError> {
    no_spaces(text)?;
    let whole = 0..text.len();
    let write = |host: &str| parse_host(host, purpose).is_ok().then(|| format!("write `{host}`"));
    if let Some((_, host)) = text.split_once("://") {
        let mut problem = RuleError::new(whole, "a `ping` rule is a host alone, without a protocol");
        problem.hint = write(&alone(host));
        return Err(problem);
    }
    if text.starts_with('[') {
        let mut problem = RuleError::new(whole, "where no port follows, an IPv6 address stands without brackets");
        problem.hint = write(&alone(text));
        return Err(problem);
    }
    // An IPv6 address has two colons at least.
    if let (Some((host, _)), 1) = (text.split_once(':'), text.matches(':').count()) {
        return Err(RuleError::new(host.len()..text.len(), "a `ping` rule has no port").hint(format!("write `{host}`")));
    }
    let peers = parse_host(text, purpose)?;
    match peers.host() {
        Host::Network(network) if purpose == Purpose::Allow && is_of_groups(network) => {
            Err(RuleError::new(whole, groups(network)).hint("write a rule for each address"))
        }
        _ => Ok(PingRule::new(peers)),
    }
}

/// The host of `HOST:PORTS`, without brackets.
fn alone(text: &str) -> String {
    match text.strip_prefix('[') {
        Some(inner) => {
            let (address, after) = inner.split_once(']').unwrap_or((inner, ""));
            let prefix = after.split(':').next().unwrap_or(after);
            format!("{address}{prefix}")
        }
        None if text.matches(':').count() == 1 => text.split(':').next().unwrap_or(text).to_owned(),
        None => text.to_owned(),
    }
}

/// Whether the addresses of a network are all groups, whose members would all answer.
pub(crate) fn is_of_groups(network: &Cidr) -> bool {
    let group = |range| matches!(range, Range::Multicast | Range::Broadcast);
    SPECIAL.iter().any(|row| group(row.range) && row.network.covers(network))
}

/// What is wrong with such a network.
pub(crate) fn groups(network: &Cidr) -> String {
    format!("`{network}` covers nothing: a group of hosts is only pinged by a rule for its very address")
}
