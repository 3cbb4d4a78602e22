//! Whether a peer may be dialled, by address or by name, and the local address for that.

use std::net::SocketAddr;

use super::{Verdict, nearer};
use crate::denial::Near;
use crate::rule::{LOCALHOST, Reach};
use crate::{ConnectRule, Grants, Moment, Name, Pins, Protocol, Reason, Zone};

impl Grants {
    /// A peer may be dialled if a rule covers its address, zone and port, or a live pin does.
    pub(super) fn connect(
        &self,
        protocol: Protocol,
        to: SocketAddr,
        zone: Option<&Zone>,
        pins: &Pins,
        now: Moment,
    ) -> Verdict {
        let (address, port) = (to.ip(), to.port());
        if port == 0 {
            return Err(Near::because(Reason::BadPort));
        }
        let on_port = |rule: &ConnectRule| rule.protocol() == protocol && rule.ports().contains(port);
        let denied = |test: &dyn Fn(&ConnectRule) -> bool| {
            self.connect_denies().find(|(_, deny)| on_port(deny) && test(deny)).map(|(id, _)| id)
        };
        if let Some(id) = denied(&|deny| deny.peers().denies_address(address) && deny.peers().denies_on(zone)) {
            return Err(Near::because(Reason::Denied(id)));
        }

        let mut near = Near::because(Reason::NoRule);
        for (id, rule) in self.connects().filter(|(_, rule)| rule.protocol() == protocol) {
            let wanted = || self.connect_wants().any(|want| on_port(want) && want.peers().wants_address(address));
            let reason = match rule.peers().reach_address(address) {
                Reach::No if on_port(rule) && rule.peers().is_of_names() => Reason::NotPinned,
                Reach::No => continue,
                Reach::Special(range) => Reason::SpecialRange(range),
                Reach::Outside => Reason::OutsideWithin(id),
                Reach::Yes if !rule.peers().is_on(zone) => Reason::ZoneNotGranted,
                Reach::Yes if !on_port(rule) => Reason::PortNotGranted(id),
                Reach::Yes if !wanted() => Reason::NotWanted,
                Reach::Yes => return Ok(vec![id]),
            };
            near.note(reason, id, Some(rule.ports()), None);
        }
        // Nobody looks up a zone: a pin is for an address without one.
        for pin in pins.of(address).filter(|_| zone.is_none()) {
            let name = pin.name();
            // The pin only remembers; what its rules cover is checked again, on every use.
            let covering = self.connects().filter(|(id, rule)| {
                rule.protocol() == protocol
                    && pin.rules().contains(id)
                    && rule.peers().reach_answer(name, address) == Reach::Yes
            });
            for (id, rule) in covering {
                let wanted = || self.connect_wants().any(|want| on_port(want) && want.peers().wants_name(name));
                let reason = match denied(&|deny| deny.peers().denies_name(name)) {
                    Some(deny) => Reason::Denied(deny),
                    None if !on_port(rule) => Reason::PortNotGranted(id),
                    None if !pin.is_live(now) => Reason::PinExpired,
                    None if !wanted() => Reason::NotWanted,
                    None => return Ok(vec![id]),
                };
                near.note(reason, id, Some(rule.ports()), Some(name));
            }
        }
        let wants_on_port = || self.connect_wants().filter(|want| on_port(want));
        let wanted = match near.pinned() {
            Some(name) => wants_on_port().any(|want| want.peers().wants_name(name)),
            None => wants_on_port().any(|want| want.peers().wants_address(address)),
        };
        // A manifest that wants names only is reminded of the lookup.
        let by_name = || wants_on_port().any(|want| want.peers().is_of_names());
        match near.reason() {
            Reason::NotPinned if !wanted && by_name() => Err(near.without_hope()),
            _ => Err(near.unless_wanted(wanted)),
        }
    }

    /// A name may be dialled on a port if some rule covers both; where it may lead is decided when that is known. For
    /// `localhost` it is known.
    pub(super) fn dial(&self, protocol: Protocol, name: &Name, port: u16) -> Verdict {
        if name.is_localhost() {
            let pins = Pins::new();
            let [four, six] = LOCALHOST
                .map(|address| self.connect(protocol, SocketAddr::new(address, port), None, &pins, Moment::default()));
            let wanted = self.connect_wants().any(|want| {
                want.protocol() == protocol && want.ports().contains(port) && want.peers().wants_name(name)
            });
            // There is nothing to be looked up, so that a missing pin is a missing rule.
            return nearer(four, six).map_err(|near| near.without_pins().unless_wanted(wanted));
        }
        if port == 0 {
            return Err(Near::because(Reason::BadPort));
        }
        let on_port = |rule: &ConnectRule| rule.protocol() == protocol && rule.ports().contains(port);
        let denied = self.connect_denies().find(|(_, deny)| on_port(deny) && deny.peers().denies_name(name));
        if let Some(id) = denied.map(|(id, _)| id).or_else(|| self.name_denied(name)) {
            return Err(Near::because(Reason::Denied(id)));
        }
        let mut near = Near::because(Reason::NoRule);
        let mut rules = Vec::new();
        let covering =
            self.connects().filter(|(_, rule)| rule.protocol() == protocol && rule.peers().covers_name(name));
        for (id, rule) in covering {
            let wanted = || self.connect_wants().any(|want| on_port(want) && want.peers().wants_name(name));
            let reason = match on_port(rule) {
                false => Reason::PortNotGranted(id),
                true if !wanted() => Reason::NotWanted,
                true => {
                    rules.push(id);
                    continue;
                }
            };
            near.note(reason, id, Some(rule.ports()), None);
        }
        let wanted = || self.connect_wants().any(|want| on_port(want) && want.peers().wants_name(name));
        if rules.is_empty() { Err(near.unless_wanted(wanted())) } else { Ok(rules) }
    }

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
