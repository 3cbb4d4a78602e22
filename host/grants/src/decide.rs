//! The decision: the only place that answers whether a plugin may do something (invariant I3).
//!
//! Pure and total over [`Ask`]. It looks nothing up, opens nothing and writes nothing; refusals
//! are put into words in `denial.rs`.

mod permit;

use std::net::{IpAddr, SocketAddr};

pub use permit::Permit;

use crate::denial::Near;
use crate::rule::{LOCALHOST, Reach};
use crate::{
    Ask, Denial, Grants, Host, Moment, Name, Pins, Protocol, Range, Reason, Rule, RuleId, canonical, canonical_socket,
};

/// The rules that allow the ask, or what came nearest to allowing it.
type Verdict = Result<Vec<RuleId>, Near>;

impl Grants {
    /// Answers an ask. Allowed is what an allow rule covers and the manifest wants, unless a deny
    /// rule covers it too. A deny rule for addresses wins over rules and pins alike, in every
    /// IPv4-in-IPv6 spelling; a deny rule for a name denies the name and its pins, not the
    /// addresses that the name happens to lead to.
    ///
    /// # Errors
    /// The [`Denial`], with the reason that came nearest to a permit.
    pub fn decide(&self, ask: &Ask<'_>) -> Result<Permit, Denial> {
        let verdict = match *ask {
            Ask::Resolve { name } => self.resolve(name),
            Ask::Pin { name, address } => self.pin(name, canonical(address)),
            Ask::Connect { protocol, to, pins, now } => self.connect(protocol, canonical_socket(to), pins, now),
            Ask::Dial { protocol, name, port } => self.dial(protocol, name, port),
            Ask::Bind { protocol, at } => self.bind(protocol, canonical_socket(at)),
            Ask::Listen { .. } | Ask::Accept { .. } => Err(Near::because(Reason::NotYetAvailable)),
        };
        let near = match verdict {
            Ok(rules) => match Permit::new(ask.resource(), rules) {
                Some(permit) => return Ok(permit),
                None => Near::because(Reason::NoRule),
            },
            Err(near) => near,
        };
        Err(Denial::new(ask.resource(), near))
    }

    /// A name may be looked up if some rule covers it for some port that no deny rule takes away.
    fn resolve(&self, name: &Name) -> Verdict {
        let mut near = Near::because(Reason::NoRule);
        let mut rules = Vec::new();
        for (id, rule) in &self.allow {
            if !rule.covers_name(name) {
                // `any` speaks of localhost too, but reaches no loopback address.
                if name.is_localhost() && *rule.host() == Host::Any {
                    near.note(Reason::SpecialRange(Range::Loopback), *id, rule, None);
                }
                continue;
            }
            match self.objection(rule, |deny| deny.denies_name(name), name) {
                Some(reason) => near.note(reason, *id, rule, None),
                None => rules.push(*id),
            }
        }
        if rules.is_empty() { Err(near) } else { Ok(rules) }
    }

    /// An answer may be kept if some rule covers both its name and its address.
    fn pin(&self, name: &Name, address: IpAddr) -> Verdict {
        let mut near = Near::because(Reason::NoRule);
        let mut rules = Vec::new();
        for (id, rule) in &self.allow {
            let reason = match rule.reach_answer(name, address) {
                Reach::No => continue,
                Reach::Special(range) => Some(Reason::SpecialRange(range)),
                Reach::Outside => Some(Reason::OutsideWithin(*id)),
                Reach::Yes => {
                    let denies = |d: &Rule| d.denies_address(address) || d.denies_name(name);
                    self.objection(rule, denies, name)
                }
            };
            match reason {
                Some(reason) => near.note(reason, *id, rule, None),
                None => rules.push(*id),
            }
        }
        if rules.is_empty() { Err(near) } else { Ok(rules) }
    }

    /// What speaks against an allow rule that covers a name: deny rules that take away all of its
    /// ports, or a manifest that wants none of it. A deny rule for some ports only is left to the
    /// connect, which knows the port.
    fn objection(&self, rule: &Rule, denies: impl Fn(&Rule) -> bool, name: &Name) -> Option<Reason> {
        let denied = self
            .deny
            .iter()
            .find(|(_, deny)| deny.protocol() == rule.protocol() && deny.ports().covers(rule.ports()) && denies(deny));
        if let Some((id, _)) = denied {
            return Some(Reason::Denied(*id));
        }
        let wanted = self.wants.iter().any(|want| {
            want.protocol() == rule.protocol() && want.ports().overlaps(rule.ports()) && want.wants_name(name)
        });
        (!wanted).then_some(Reason::NotWanted)
    }

    /// A peer may be dialled if a rule covers its address and port, or a live pin does.
    fn connect(&self, protocol: Protocol, to: SocketAddr, pins: &Pins, now: Moment) -> Verdict {
        let (address, port) = (to.ip(), to.port());
        if port == 0 {
            return Err(Near::because(Reason::BadPort));
        }
        if matches!(to, SocketAddr::V6(six) if six.scope_id() != 0) {
            return Err(Near::because(Reason::ZoneNotGranted));
        }
        let on_port = |rule: &Rule| rule.protocol() == protocol && rule.ports().contains(port);
        let denied = |test: &dyn Fn(&Rule) -> bool| {
            self.deny.iter().find(|(_, deny)| on_port(deny) && test(deny)).map(|(id, _)| *id)
        };
        if let Some(id) = denied(&|deny| deny.denies_address(address)) {
            return Err(Near::because(Reason::Denied(id)));
        }

        let mut near = Near::because(Reason::NoRule);
        for (id, rule) in self.allow.iter().filter(|(_, rule)| rule.protocol() == protocol) {
            let wanted = || self.wants.iter().any(|w| on_port(w) && w.wants_address(address));
            let reason = match rule.reach_address(address) {
                Reach::No if on_port(rule) && is_of_names(rule) => Reason::NotPinned,
                Reach::No => continue,
                Reach::Special(range) => Reason::SpecialRange(range),
                Reach::Outside => Reason::OutsideWithin(*id),
                Reach::Yes if !on_port(rule) => Reason::PortNotGranted(*id),
                Reach::Yes if !wanted() => Reason::NotWanted,
                Reach::Yes => return Ok(vec![*id]),
            };
            near.note(reason, *id, rule, None);
        }
        for pin in pins.of(address) {
            let name = pin.name();
            // The pin only remembers; what its rules cover is checked again, on every use.
            let covering = self.allow.iter().filter(|(id, rule)| {
                rule.protocol() == protocol
                    && pin.rules().contains(id)
                    && rule.reach_answer(name, address) == Reach::Yes
            });
            for (id, rule) in covering {
                let wanted = || self.wants.iter().any(|w| on_port(w) && w.wants_name(name));
                let reason = match denied(&|deny| deny.denies_name(name)) {
                    Some(deny) => Reason::Denied(deny),
                    None if !on_port(rule) => Reason::PortNotGranted(*id),
                    None if !pin.is_live(now) => Reason::PinExpired,
                    None if !wanted() => Reason::NotWanted,
                    None => return Ok(vec![*id]),
                };
                near.note(reason, *id, rule, Some(name));
            }
        }
        Err(near)
    }

    /// A name may be dialled on a port if some rule covers both; where it may lead is decided when that is known. For
    /// `localhost` it is known.
    fn dial(&self, protocol: Protocol, name: &Name, port: u16) -> Verdict {
        if name.is_localhost() {
            let pins = Pins::new();
            let [four, six] = LOCALHOST
                .map(|address| self.connect(protocol, SocketAddr::new(address, port), &pins, Moment::default()));
            // There is nothing to be looked up, so that a missing pin is a missing rule.
            return four.or_else(|near| six.map_err(|_| near)).map_err(Near::without_pins);
        }
        if port == 0 {
            return Err(Near::because(Reason::BadPort));
        }
        let on_port = |rule: &Rule| rule.protocol() == protocol && rule.ports().contains(port);
        if let Some((id, _)) = self.deny.iter().find(|(_, deny)| on_port(deny) && deny.denies_name(name)) {
            return Err(Near::because(Reason::Denied(*id)));
        }
        let mut near = Near::because(Reason::NoRule);
        let mut rules = Vec::new();
        let covering = self.allow.iter().filter(|(_, rule)| rule.protocol() == protocol && rule.covers_name(name));
        for (id, rule) in covering {
            let wanted = || self.wants.iter().any(|want| on_port(want) && want.wants_name(name));
            match on_port(rule) {
                false => near.note(Reason::PortNotGranted(*id), *id, rule, None),
                true if !wanted() => near.note(Reason::NotWanted, *id, rule, None),
                true => rules.push(*id),
            }
        }
        if rules.is_empty() { Err(near) } else { Ok(rules) }
    }

    /// An outbound connection takes the wildcard address with port 0 first; nothing else may be
    /// bound, or a plugin could choose a source that the peer trusts.
    fn bind(&self, protocol: Protocol, at: SocketAddr) -> Verdict {
        if !at.ip().is_unspecified() || at.port() != 0 {
            return Err(Near::because(Reason::BindNotGranted));
        }
        let mut near = Near::because(Reason::NoRule);
        for (id, rule) in self.allow.iter().filter(|(_, rule)| rule.protocol() == protocol) {
            if self.wants.iter().any(|want| rule.meets(want)) {
                return Ok(vec![*id]);
            }
            near.note(Reason::NotWanted, *id, rule, None);
        }
        Err(near)
    }
}

fn is_of_names(rule: &Rule) -> bool {
    matches!(rule.host(), Host::Name(_) | Host::Wildcard(_))
}

#[cfg(test)]
mod tests;
