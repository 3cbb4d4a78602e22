//! Rules about names in queries: `www.example.com`, `*.example.com`, `192.0.2.0/24` for its reverse
//! names, `any`.

use cofferdam_grants::{Cidr, Host, ResolveRule};

use crate::host::parse_host;
use crate::rule_text::{Purpose, RuleError, no_spaces};

/// Reads a rule. What it is for changes nothing.
///
/// # Errors
/// A [`RuleError`] about the first part that cannot be understood.
pub(crate) fn parse_names(text: &str) -> Result<ResolveRule, RuleError> {
    no_spaces(text)?;
    let error = |message: &str, hint: &str| Err(RuleError::new(0..text.len(), message).hint(hint));
    if text.contains("://") || (text.contains(':') && text.matches(':').count() == 1) {
        return error("a `resolve` rule is a name alone", "leave out the protocol and the port");
    }
    if text.contains(['[', '%']) {
        return error("a `resolve` rule has neither brackets nor a zone", "write the address or the network alone");
    }
    // Of a want, as special addresses have reverse names like all others.
    let peers = parse_host(text, Purpose::Want)?;
    match peers.host() {
        Host::Name(name) => Ok(ResolveRule::Name(name.clone())),
        Host::Wildcard(apex) => Ok(ResolveRule::Below(apex.clone())),
        Host::Any => Ok(ResolveRule::Any),
        Host::Network(network) => Ok(ResolveRule::Reverse(*network)),
        Host::Address(address) => match Cidr::new(*address, if address.is_ipv4() { 32 } else { 128 }) {
            Ok(network) => Ok(ResolveRule::Reverse(network)),
            Err(why) => Err(RuleError::new(0..text.len(), why.to_string())),
        },
        Host::Localhost => error(
            "`localhost` is asked of nobody: it stands for 127.0.0.1 and ::1",
            "their reverse names are `127.0.0.1` and `::1`",
        ),
    }
}
