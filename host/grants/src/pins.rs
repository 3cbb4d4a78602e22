//! The answers that an instance has kept: addresses that a granted name resolved to.
//!
//! A pin gives no authority by itself: `decide` checks on every use that the rules of the pin still
//! cover its name, its address and the port. Lookups happen in the runtime.

use std::net::IpAddr;
use std::time::Duration;

use crate::{Moment, Name, Permit, Resource, RuleId, canonical};

/// The most pins that one instance keeps.
pub const MAX_PINS: usize = 256;
/// A record's time to live counts as at least this much, so that a connect can follow a lookup.
const LEAST_TTL: Duration = Duration::from_secs(5);
/// A record's time to live counts as at most this much.
const MOST_TTL: Duration = Duration::from_secs(3600);
/// The time to live where the resolver does not tell.
const UNKNOWN_TTL: Duration = Duration::from_secs(60);

/// The pins of one instance, the oldest first; at most [`MAX_PINS`].
#[derive(Debug, Default)]
pub struct Pins {
    pins: Vec<Pin>,
}

/// One kept answer: this address, for this name, under these rules (and thereby their ports),
/// until it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    name: Name,
    address: IpAddr,
    rules: Vec<RuleId>,
    expires: Moment,
}

impl Pin {
    /// The name that was looked up.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The address that may be dialled, canonical.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// The rules that let the answer be kept.
    pub fn rules(&self) -> &[RuleId] {
        &self.rules
    }

    /// From when on the pin counts no more.
    pub fn expires(&self) -> Moment {
        self.expires
    }

    /// Whether the pin still counts.
    pub fn is_live(&self, now: Moment) -> bool {
        now < self.expires
    }
}

impl Pins {
    /// No pins.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps the answer that a permit of [`Ask::Pin`](crate::Ask::Pin) is for. `ttl` is the
    /// record's, `None` where unknown (60 s); it counts as 5 s at least and 1 h at most.
    ///
    /// An answer that is kept already is renewed. When the table is full, expired pins are dropped
    /// first, then the oldest. A permit of another kind keeps nothing and gives `false`.
    pub fn insert(&mut self, permit: Permit, ttl: Option<Duration>, now: Moment) -> bool {
        let Resource::Answer { name, address } = permit.resource() else {
            return false;
        };
        let ttl = ttl.unwrap_or(UNKNOWN_TTL).clamp(LEAST_TTL, MOST_TTL);
        let pin = Pin {
            name: name.clone(),
            address: *address,
            rules: permit.rules().to_vec(),
            expires: Moment(now.0.saturating_add(ttl)),
        };
        self.pins.retain(|old| old.name != pin.name || old.address != pin.address);
        if self.pins.len() >= MAX_PINS {
            self.pins.retain(|old| old.is_live(now));
        }
        if self.pins.len() >= MAX_PINS {
            self.pins.remove(0);
        }
        self.pins.push(pin);
        true
    }

    /// All pins, the oldest first, expired ones included.
    pub fn iter(&self) -> impl Iterator<Item = &Pin> {
        self.pins.iter()
    }

    /// The pins of this address, expired ones included.
    pub(crate) fn of(&self, address: IpAddr) -> impl Iterator<Item = &Pin> {
        let address = canonical(address);
        self.pins.iter().filter(move |pin| pin.address == address)
    }

    /// How many pins are kept, expired ones included.
    pub fn len(&self) -> usize {
        self.pins.len()
    }

    /// Whether no pin is kept.
    pub fn is_empty(&self) -> bool {
        self.pins.is_empty()
    }
}

#[cfg(test)]
#[path = "pins_tests.rs"]
mod tests;
