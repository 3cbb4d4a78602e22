//! Whether a local address may be taken for an outbound connection.

use std::net::SocketAddr;

use super::Verdict;
use crate::denial::Near;
use crate::{Grants, Protocol, Reason, Rule};

impl Grants {
    /// An outbound connection takes the wildcard address with port 0 first; nothing else may be
    /// bound, or a plugin could choose a source that the peer trusts.
    pub(super) fn bind(&self, protocol: Protocol, at: SocketAddr) -> Verdict {
        if !at.ip().is_unspecified() || at.port() != 0 {
            return Err(Near::because(Reason::BindNotGranted));
        }
        let mut near = Near::because(Reason::NoRule);
        let connects = |rule: &&Rule| matches!(rule, Rule::Connect(own) if own.protocol() == protocol);
        for (id, rule) in self.allow.iter().filter(|(_, rule)| connects(&rule)) {
            if self.wants_some(rule) {
                return Ok(vec![*id]);
            }
            near.note(Reason::NotWanted, *id, rule.ports(), None);
        }
        let wanted = self.wants.iter().any(|want| connects(&want));
        Err(near.unless_wanted(wanted))
    }
}
