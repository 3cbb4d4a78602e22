//! Whether a name may be looked up by the host, and which of its addresses may be kept.

use std::net::IpAddr;

use super::Verdict;
use crate::denial::Near;
use crate::rule::Reach;
use crate::{Grants, Host, Name, Peers, QueryName, Range, Reason, Rule, RuleId};

impl Grants {
    /// A name may be looked up if some rule covers it that no deny rule takes away: a rule for dialling it, on some port;
    /// for pinging it; or for asking for it.
    pub(super) fn resolve(&self, name: &Name) -> Verdict {
        if let Some(id) = self.name_denied(name) {
            return Err(Near::because(Reason::Denied(id)));
        }
        let mut near = Near::because(Reason::NoRule);
        let mut rules = Vec::new();
        for (id, rule) in &self.allow {
            let covers = match rule {
                // What `localhost` is, nobody is asked.
                Rule::Resolve(rule) => !name.is_localhost() && rule.covers(&QueryName::from(name)),
                rule => rule.peers().is_some_and(|peers| peers.covers_name(name)),
            };
            if !covers {
                // `any` speaks of localhost too, but reaches no loopback address.
                if name.is_localhost() && rule.peers().is_some_and(|peers| *peers.host() == Host::Any) {
                    near.note_rule(Reason::SpecialRange(Range::Loopback), *id, rule);
                }
                continue;
            }
            match self.objection(rule, name, |deny| deny.denies_name(name)) {
                Some(reason) => near.note_rule(reason, *id, rule),
                None => rules.push(*id),
            }
        }
        if rules.is_empty() { Err(near) } else { Ok(rules) }
    }

    /// An answer may be kept if some rule for dialling or pinging covers both its name and its address.
    pub(super) fn pin(&self, name: &Name, address: IpAddr) -> Verdict {
        if let Some(id) = self.name_denied(name) {
            return Err(Near::because(Reason::Denied(id)));
        }
        let mut near = Near::because(Reason::NoRule);
        let mut rules = Vec::new();
        for (id, rule) in &self.allow {
            let reach = match rule {
                Rule::Connect(rule) => rule.peers().reach_answer(name, address),
                Rule::Ping(rule) => rule.reach_answer(name, address),
                Rule::Resolve(_) | Rule::Server(_) | Rule::Read(_) => Reach::No,
            };
            let reason = match reach {
                Reach::No => continue,
                Reach::Special(range) => Some(Reason::SpecialRange(range)),
                Reach::Outside => Some(Reason::OutsideWithin(*id)),
                Reach::Yes => self.objection(rule, name, |deny| deny.denies_address(address) || deny.denies_name(name)),
            };
            match reason {
                Some(reason) => near.note_rule(reason, *id, rule),
                None => rules.push(*id),
            }
        }
        if rules.is_empty() { Err(near) } else { Ok(rules) }
    }

    /// The deny rule for names in queries that covers a name, whatever it would be looked up for.
    pub(super) fn name_denied(&self, name: &Name) -> Option<RuleId> {
        // `localhost` is in no query.
        let query = (!name.is_localhost()).then(|| QueryName::from(name))?;
        self.resolve_denies().find(|(_, deny)| deny.denies(&query)).map(|(id, _)| id)
    }

    /// What speaks against an allow rule that covers a name: deny rules that take away all of it, or a manifest that
    /// wants none of it. A deny rule for some ports only is left to the connect, which knows the port.
    fn objection(&self, rule: &Rule, name: &Name, denies: impl Fn(&Peers) -> bool) -> Option<Reason> {
        let denied = self.deny.iter().find(|(_, deny)| match (rule, deny) {
            (Rule::Connect(rule), Rule::Connect(deny)) => {
                deny.protocol() == rule.protocol() && deny.ports().covers(rule.ports()) && denies(deny.peers())
            }
            (Rule::Ping(_), Rule::Ping(deny)) => denies(deny.peers()),
            _ => false,
        });
        if let Some((id, _)) = denied {
            return Some(Reason::Denied(*id));
        }
        let wanted = self.wants.iter().any(|want| match (rule, want) {
            (Rule::Connect(rule), Rule::Connect(want)) => {
                want.protocol() == rule.protocol()
                    && want.ports().overlaps(rule.ports())
                    && want.peers().wants_name(name)
            }
            (Rule::Ping(_), Rule::Ping(want)) => want.peers().wants_name(name),
            (Rule::Resolve(_), Rule::Resolve(want)) => want.covers(&QueryName::from(name)),
            _ => false,
        });
        (!wanted).then_some(Reason::NotWanted)
    }
}
