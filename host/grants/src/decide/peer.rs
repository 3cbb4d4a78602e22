//! Whether a peer may be dialled or pinged, by address or by name: one decision over the peers, and
//! the ports, of rules.

use std::net::IpAddr;

use super::{Verdict, nearer};
use crate::denial::Near;
use crate::rule::{LOCALHOST, Reach};
use crate::{Grants, Moment, Name, Peers, Pins, Protocol, Reason, Rule, RuleId, Zone};

/// What a peer is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// A connection to this port, or datagrams.
    Dial(Protocol, u16),
    /// ICMP echo requests.
    Ping,
}

impl Use {
    /// The peers of a rule about this use, whatever its ports.
    fn peers(self, rule: &Rule) -> Option<&Peers> {
        match (self, rule) {
            (Self::Dial(protocol, _), Rule::Connect(own)) if own.protocol() == protocol => Some(own.peers()),
            (Self::Ping, Rule::Ping(own)) => Some(own.peers()),
            _ => None,
        }
    }

    /// The same, of a rule that covers the port too.
    fn peers_on_port(self, rule: &Rule) -> Option<&Peers> {
        self.peers(rule).filter(|_| self.is_on_port(rule))
    }

    fn is_on_port(self, rule: &Rule) -> bool {
        match (self, rule.ports()) {
            (Self::Dial(_, port), Some(ports)) => ports.contains(port),
            _ => true,
        }
    }
}

impl Grants {
    /// An address may be used if a rule covers it with its zone and port, or a live pin does.
    pub(super) fn peer(&self, how: Use, to: IpAddr, zone: Option<&Zone>, pins: &Pins, now: Moment) -> Verdict {
        if let Use::Dial(_, 0) = how {
            return Err(Near::because(Reason::BadPort));
        }
        if let Some(id) = self.peer_denied(how, |deny| deny.denies_address(to) && deny.denies_on(zone)) {
            return Err(Near::because(Reason::Denied(id)));
        }
        let mut near = Near::because(Reason::NoRule);
        for (id, rule) in &self.allow {
            let (id, Some(peers)) = (*id, how.peers(rule)) else { continue };
            let reason = match rule.reach_address(to) {
                Reach::No if how.is_on_port(rule) && peers.is_of_names() => Reason::NotPinned,
                Reach::No => continue,
                Reach::Special(range) => Reason::SpecialRange(range),
                Reach::Outside => Reason::OutsideWithin(id),
                Reach::Yes if !peers.is_on(zone) => Reason::ZoneNotGranted,
                Reach::Yes if !how.is_on_port(rule) => Reason::PortNotGranted(id),
                Reach::Yes if !self.wants_peer(how, |want| want.wants_address(to)) => Reason::NotWanted,
                Reach::Yes => return Ok(vec![id]),
            };
            near.note(reason, id, rule.ports(), None);
        }
        // Nobody looks up a zone: a pin is for an address without one.
        for pin in pins.of(to).filter(|_| zone.is_none()) {
            let name = pin.name();
            // The pin only remembers; what its rules cover is checked again, on every use.
            let covering = self.allow.iter().filter(|(id, rule)| {
                let own = how.peers(rule).is_some() && pin.rules().contains(id);
                own && rule.reach_answer(name, to) == Reach::Yes
            });
            for (id, rule) in covering {
                let reason = match self.use_of_name_denied(how, name) {
                    Some(deny) => Reason::Denied(deny),
                    None if !how.is_on_port(rule) => Reason::PortNotGranted(*id),
                    None if !pin.is_live(now) => Reason::PinExpired,
                    None if !self.wants_peer(how, |want| want.wants_name(name)) => Reason::NotWanted,
                    None => return Ok(vec![*id]),
                };
                near.note(reason, *id, rule.ports(), Some(name));
            }
        }
        let wanted = match near.pinned() {
            Some(name) => self.wants_peer(how, |want| want.wants_name(name)),
            None => self.wants_peer(how, |want| want.wants_address(to)),
        };
        match near.reason() {
            // A manifest that wants names only is reminded of the lookup.
            Reason::NotPinned if !wanted && self.wants_peer(how, Peers::is_of_names) => Err(near.without_rule()),
            _ => Err(near.unless_wanted(wanted)),
        }
    }

    /// A name may be used if some rule covers it, and the port. Where it may lead is decided when
    /// that is known, which it is for `localhost`.
    pub(super) fn name_for(&self, how: Use, name: &Name) -> Verdict {
        let wanted = || self.wants_peer(how, |want| want.wants_name(name));
        if name.is_localhost() {
            let pins = Pins::new();
            let [four, six] = LOCALHOST.map(|address| self.peer(how, address, None, &pins, Moment::default()));
            // There is nothing to be looked up, so that a missing pin is a missing rule.
            return nearer(four, six).map_err(|near| near.without_pins().unless_wanted(wanted()));
        }
        if let Use::Dial(_, 0) = how {
            return Err(Near::because(Reason::BadPort));
        }
        if let Some(id) = self.use_of_name_denied(how, name) {
            return Err(Near::because(Reason::Denied(id)));
        }
        let mut near = Near::because(Reason::NoRule);
        let mut rules = Vec::new();
        for (id, rule) in &self.allow {
            if !how.peers(rule).is_some_and(|peers| peers.covers_name(name)) {
                continue;
            }
            let reason = match how.is_on_port(rule) {
                false => Reason::PortNotGranted(*id),
                true if !wanted() => Reason::NotWanted,
                true => {
                    rules.push(*id);
                    continue;
                }
            };
            near.note(reason, *id, rule.ports(), None);
        }
        if rules.is_empty() { Err(near.unless_wanted(wanted())) } else { Ok(rules) }
    }

    /// Whether the manifest wants such peers for this use.
    fn wants_peer(&self, how: Use, test: impl Fn(&Peers) -> bool) -> bool {
        self.wants.iter().filter_map(|want| how.peers_on_port(want)).any(test)
    }

    /// The deny rule for such peers and this use.
    fn peer_denied(&self, how: Use, test: impl Fn(&Peers) -> bool) -> Option<RuleId> {
        let denied = self.deny.iter().find(|(_, deny)| how.peers_on_port(deny).is_some_and(&test));
        denied.map(|(id, _)| *id)
    }

    /// The deny rule for a name: for this use, or for every use.
    fn use_of_name_denied(&self, how: Use, name: &Name) -> Option<RuleId> {
        self.peer_denied(how, |deny| deny.denies_name(name)).or_else(|| self.name_denied(name))
    }
}
