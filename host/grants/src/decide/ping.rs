//! Whether an address, or a name, may be pinged.

use std::net::IpAddr;

use super::{Verdict, misplaced, nearer};
use crate::denial::Near;
use crate::rule::{LOCALHOST, Reach};
use crate::{Grants, Moment, Name, Pins, Reason, RuleId, Zone};

impl Grants {
    /// An address may be pinged if a rule covers it, or a live pin of a ping rule does.
    pub(super) fn ping(&self, to: IpAddr, zone: Option<&Zone>, pins: &Pins, now: Moment) -> Verdict {
        if misplaced(to, zone) {
            return Err(Near::because(Reason::ZoneNotGranted));
        }
        let denied = self.ping_denies().find(|(_, deny)| {
            let peers = deny.peers();
            peers.denies_address(to) && peers.denies_on(zone)
        });
        if let Some((id, _)) = denied {
            return Err(Near::because(Reason::Denied(id)));
        }
        let mut near = Near::because(Reason::NoRule);
        for (id, rule) in self.pings() {
            let wanted = || self.ping_wants().any(|want| want.peers().wants_address(to));
            let reason = match rule.reach_address(to) {
                Reach::No if rule.peers().is_of_names() => Reason::NotPinned,
                Reach::No => continue,
                Reach::Special(range) => Reason::SpecialRange(range),
                Reach::Outside => Reason::OutsideWithin(id),
                Reach::Yes if !rule.peers().is_on(zone) => Reason::ZoneNotGranted,
                Reach::Yes if !wanted() => Reason::NotWanted,
                Reach::Yes => return Ok(vec![id]),
            };
            near.note(reason, id, None, None);
        }
        for pin in pins.of(to).filter(|_| zone.is_none()) {
            let name = pin.name();
            let covering =
                self.pings().filter(|(id, rule)| pin.rules().contains(id) && rule.reach_answer(name, to) == Reach::Yes);
            for (id, _) in covering {
                let wanted = || self.ping_wants().any(|want| want.peers().wants_name(name));
                let reason = match self.ping_name_denied(name) {
                    Some(deny) => Reason::Denied(deny),
                    None if !pin.is_live(now) => Reason::PinExpired,
                    None if !wanted() => Reason::NotWanted,
                    None => return Ok(vec![id]),
                };
                near.note(reason, id, None, Some(name));
            }
        }
        let wanted = match near.pinned() {
            Some(name) => self.ping_wants().any(|want| want.peers().wants_name(name)),
            None => self.ping_wants().any(|want| want.peers().wants_address(to)),
        };
        match near.reason() {
            Reason::NotPinned if !wanted && self.ping_wants().any(|want| want.peers().is_of_names()) => {
                Err(near.without_hope())
            }
            _ => Err(near.unless_wanted(wanted)),
        }
    }

    /// A name may be pinged if some rule covers it; where it may lead is decided when that is known. For `localhost` it
    /// is known.
    pub(super) fn ping_name(&self, name: &Name) -> Verdict {
        if name.is_localhost() {
            let pins = Pins::new();
            let [four, six] = LOCALHOST.map(|address| self.ping(address, None, &pins, Moment::default()));
            let wanted = self.ping_wants().any(|want| want.peers().wants_name(name));
            return nearer(four, six).map_err(|near| near.without_pins().unless_wanted(wanted));
        }
        if let Some(id) = self.ping_name_denied(name) {
            return Err(Near::because(Reason::Denied(id)));
        }
        let mut near = Near::because(Reason::NoRule);
        let mut rules = Vec::new();
        for (id, _) in self.pings().filter(|(_, rule)| rule.peers().covers_name(name)) {
            match self.ping_wants().any(|want| want.peers().wants_name(name)) {
                true => rules.push(id),
                false => near.note(Reason::NotWanted, id, None, None),
            }
        }
        let wanted = || self.ping_wants().any(|want| want.peers().wants_name(name));
        if rules.is_empty() { Err(near.unless_wanted(wanted())) } else { Ok(rules) }
    }

    fn ping_name_denied(&self, name: &Name) -> Option<RuleId> {
        let denied = self.ping_denies().find(|(_, deny)| deny.peers().denies_name(name));
        denied.map(|(id, _)| id).or_else(|| self.name_denied(name))
    }
}
