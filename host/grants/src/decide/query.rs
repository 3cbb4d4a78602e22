//! Whether a name server may be asked for a name: both have to be covered, each by a rule of its
//! own.

use std::net::SocketAddr;

use super::Verdict;
use crate::denial::Near;
use crate::rule::Reach;
use crate::{Grants, QueryName, Reason, RuleId};

impl Grants {
    /// A query may be sent if a `resolve` rule covers its name and a `servers` rule its server.
    /// Without any `servers` rule the servers are those that the host itself asks.
    pub(super) fn query(&self, server: SocketAddr, name: &QueryName, system: &[SocketAddr]) -> Verdict {
        if server.port() == 0 {
            return Err(Near::because(Reason::BadPort));
        }
        let name_denied = self.resolve_denies().find(|(_, deny)| deny.denies(name)).map(|(id, _)| id);
        let server_denied = || self.server_denies().find(|(_, deny)| deny.denies(server, system));
        if let Some(id) = name_denied.or_else(|| Some(server_denied()?.0)) {
            return Err(Near::because(Reason::Denied(id)));
        }
        let wanted = self.resolve_wants().any(|want| want.covers(name)) && self.wants_server(server, system);
        let verdict = match self.asked_for(name) {
            Ok(named) => self.asked_of(server, system, Near::of_server(named)).map(|asked| [Some(named), asked]),
            // The rule for the server may be missing too.
            Err(near) => Err(match self.asked_of(server, system, Near::because(Reason::NoRule)) {
                Err(server) if server.lacks_server() => near.missing_server(self.server_rules().next().is_none()),
                _ => near,
            }),
        };
        verdict.map(|rules| rules.into_iter().flatten().collect()).map_err(|near| near.unless_wanted(wanted))
    }

    /// The rule that lets a name be asked for.
    fn asked_for(&self, name: &QueryName) -> Result<RuleId, Near> {
        let mut near = Near::because(Reason::NoRule);
        for (id, _) in self.resolves().filter(|(_, rule)| rule.covers(name)) {
            if self.resolve_wants().any(|want| want.covers(name)) {
                return Ok(id);
            }
            near.note(Reason::NotWanted, id, None, None);
        }
        Err(near)
    }

    /// The rule that lets a server be asked; none where the host's own servers are meant without
    /// one. `near` is what is told where no rule speaks of the server.
    fn asked_of(&self, server: SocketAddr, system: &[SocketAddr], mut near: Near) -> Result<Option<RuleId>, Near> {
        let wanted = self.wants_server(server, system);
        if self.server_rules().next().is_none() && system.contains(&server) {
            return if wanted { Ok(None) } else { Err(Near::because(Reason::NotWanted)) };
        }
        for (id, rule) in self.server_rules() {
            let reason = match rule.reach(server, system) {
                Reach::No | Reach::Outside => continue,
                Reach::Special(range) => Reason::SpecialRange(range),
                Reach::Yes if !wanted => Reason::NotWanted,
                Reach::Yes => return Ok(Some(id)),
            };
            near.note(reason, id, None, None);
        }
        let implicit = self.server_rules().next().is_none();
        Err(if near.reason() == Reason::NotWanted { near } else { near.missing_server(implicit) })
    }
}
