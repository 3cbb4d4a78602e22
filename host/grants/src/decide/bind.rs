//! Whether a local address may be taken for an outbound connection.

use std::net::SocketAddr;

use super::Verdict;
use crate::denial::Near;
use crate::{Grants, Protocol, Reason};

impl Grants {
    /// An outbound connection takes the wildcard address with port 0 first; nothing else may be
    /// bound, or a plugin could choose a source that the peer trusts.
    pub(super) fn bind(&self, protocol: Protocol, at: SocketAddr) -> Verdict {
        if !at.ip().is_unspecified() || at.port() != 0 {
            return Err(Near::because(Reason::BindNotGranted));
        }
        let mut near = Near::because(Reason::NoRule);
        for (id, rule) in self.connects().filter(|(_, rule)| rule.protocol() == protocol) {
            if self.connect_wants().any(|want| rule.meets(want)) {
                return Ok(vec![id]);
            }
            near.note(Reason::NotWanted, id, Some(rule.ports()), None);
        }
        let wanted = self.connect_wants().any(|want| want.protocol() == protocol);
        Err(near.unless_wanted(wanted))
    }
}
