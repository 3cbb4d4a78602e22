//! Rules about pings: `HOST`, without a protocol and ports.

use cofferdam_grants::{Cidr, Host, PingRule, Range, SPECIAL};

use super::{Purpose, RuleError, no_spaces};
use crate::host::parse_host;

/// Reads a rule.
///
/// # Errors
/// A [`RuleError`] about the first part that cannot be understood.
pub(crate) fn parse_ping(text: &str, purpose: Purpose) -> Result<PingRule, RuleError> {
    no_spaces(text)?;
    let whole = 0..text.len();
    if let Some((_, host)) = text.split_once("://") {
        return Err(RuleError::new(whole, "a `ping` rule is a host alone, without a protocol")
            .hint(format!("write `{}`", host.split(':').next().unwrap_or(host))));
    }
    if let Some(inner) = text.strip_prefix('[') {
        let bare = inner.replacen(']', "", 1);
        return Err(RuleError::new(whole, "where no port follows, an IPv6 address stands without brackets")
            .hint(format!("write `{bare}`")));
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

/// Whether the addresses of a network are all groups, whose members would all answer.
pub(crate) fn is_of_groups(network: &Cidr) -> bool {
    let group = |range| matches!(range, Range::Multicast | Range::Broadcast);
    SPECIAL.iter().any(|row| group(row.range) && row.network.covers(network))
}

/// What is wrong with such a network.
pub(crate) fn groups(network: &Cidr) -> String {
    format!("`{network}` covers nothing: a group of hosts is only pinged by a rule for its very address")
}
