//! Whether a name may be looked up by the host, and which of its addresses may be kept.

use std::net::IpAddr;

use super::Verdict;
use crate::denial::Near;
use crate::rule::Reach;
use crate::{Grants, Host, Name, Peers, QueryName, Range, Reason, Rule, RuleId};

impl Grants {
    /// A name may be looked up if some rule covers it that no deny rule takes away: a rule for
    /// dialling it, on some port; for pinging it; or for asking for it.
    pub(super) fn resolve(&self, name: &Name) -> Verdict {
        if let Some(id) = self.name_denied(name) {
            return Err(Near::because(Reason::Denied(id)));
        }
        let mut near = Near::because(Reason::NoRule);
        let mut rules = Vec::new();
        let denies_name = |deny: &Peers| deny.denies_name(name);
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
            match self.objection(rule, name, denies_name) {
                Some(reason) => near.note_rule(reason, *id, rule),
                None => rules.push(*id),
            }
        }
        if rules.is_empty() {
            Err(self.for_a_want(near, name, &["resolve", "connect", "ping"], denies_name))
        } else {
            Ok(rules)
        }
    }

    /// An answer may be kept if some rule for dialling or pinging covers both its name and its
    /// address.
    pub(super) fn pin(&self, name: &Name, address: IpAddr) -> Verdict {
        if let Some(id) = self.name_denied(name) {
            return Err(Near::because(Reason::Denied(id)));
        }
        let mut near = Near::because(Reason::NoRule);
        let mut rules = Vec::new();
        let denies = |deny: &Peers| deny.denies_address(address) || deny.denies_name(name);
        for (id, rule) in &self.allow {
            let reason = match rule.reach_answer(name, address) {
                Reach::No => continue,
                Reach::Special(range) => Some(Reason::SpecialRange(range)),
                Reach::Outside => Some(Reason::OutsideWithin(*id)),
                Reach::Yes => self.objection(rule, name, denies),
            };
            match reason {
                Some(reason) => near.note_rule(reason, *id, rule),
                None => rules.push(*id),
            }
        }
        if rules.is_empty() { Err(self.for_a_want(near, name, &["connect", "ping"], denies)) } else { Ok(rules) }
    }

    /// The refusal of a lookup, or of an answer to one, with the kind of rule that would help: that
    /// of the rule which came nearest, or else the first of these kinds, if the manifest wants the
    /// name for it. If it wants it for none, that is the reason; and if a deny rule would take away
    /// all that such a rule gives, that is.
    fn for_a_want(&self, near: Near, name: &Name, kinds: &[&str], denies: impl Fn(&Peers) -> bool) -> Near {
        let wanted: Vec<&Rule> = self.wants.iter().filter(|want| wants_name(want, name)).collect();
        let nearest = near.nearest().and_then(|(key, ports)| {
            let on_ports = |want: &&Rule| match (ports, want.ports()) {
                (Some(own), Some(wanted)) => own.overlaps(wanted),
                _ => true,
            };
            wanted.iter().copied().filter(|want| want.key() == key).find(on_ports)
        });
        // A rule of a kind that the manifest wants no name for says nothing about it.
        let of_another_kind = near.nearest().is_some_and(|(key, _)| wanted.iter().all(|want| want.key() != key));
        let first = kinds.iter().find_map(|key| wanted.iter().copied().find(|want| want.key() == *key));
        match (nearest, first) {
            (Some(want), _) => near.or_for(want),
            // What a rule of another kind, or on other ports, lacks is not what this plugin lacks.
            (None, Some(want)) => {
                let of_rules = matches!(near.reason(), Reason::NotWanted | Reason::Denied(_)) && of_another_kind;
                let near = if near.is_about_a_rule() || of_rules { Near::because(Reason::NoRule) } else { near };
                match self.denied_all(want, denies).filter(|_| near.reason() == Reason::NoRule) {
                    Some(id) => Near::because(Reason::Denied(id)),
                    None => near.or_for(want),
                }
            }
            (None, None) => near.unless_wanted(false),
        }
    }

    /// The deny rule for names in queries that covers a name, whatever it would be looked up for.
    pub(super) fn name_denied(&self, name: &Name) -> Option<RuleId> {
        // `localhost` is in no query.
        let query = (!name.is_localhost()).then(|| QueryName::from(name))?;
        self.resolve_denies().find(|(_, deny)| deny.denies(&query)).map(|(id, _)| id)
    }

    /// What speaks against an allow rule that covers a name: deny rules that take away all of it,
    /// or a manifest that wants none of it. A deny rule for some ports only is left to the connect,
    /// which knows the port.
    fn objection(&self, rule: &Rule, name: &Name, denies: impl Fn(&Peers) -> bool) -> Option<Reason> {
        if let Some(id) = self.denied_all(rule, denies) {
            return Some(Reason::Denied(id));
        }
        let wanted = self.wants.iter().any(|want| match (rule, want) {
            (Rule::Connect(rule), Rule::Connect(wanted)) => {
                let overlaps = wanted.ports().overlaps(rule.ports());
                wanted.protocol() == rule.protocol() && overlaps && wants_name(want, name)
            }
            (Rule::Ping(_), Rule::Ping(_)) | (Rule::Resolve(_), Rule::Resolve(_)) => wants_name(want, name),
            _ => false,
        });
        (!wanted).then_some(Reason::NotWanted)
    }

    /// The deny rule that takes away all that this rule, or this want, would give.
    fn denied_all(&self, rule: &Rule, denies: impl Fn(&Peers) -> bool) -> Option<RuleId> {
        let denied = self.deny.iter().find(|(_, deny)| match (rule, deny) {
            (Rule::Connect(rule), Rule::Connect(deny)) => {
                deny.protocol() == rule.protocol() && deny.ports().covers(rule.ports()) && denies(deny.peers())
            }
            (Rule::Ping(_), Rule::Ping(deny)) => denies(deny.peers()),
            _ => false,
        });
        denied.map(|(id, _)| *id)
    }
}

/// Whether a want of a manifest includes a name, to be looked up for what the want is about.
fn wants_name(want: &Rule, name: &Name) -> bool {
    match want {
        Rule::Resolve(want) => !name.is_localhost() && want.covers(&QueryName::from(name)),
        want => want.peers().is_some_and(|peers| peers.wants_name(name)),
    }
}
