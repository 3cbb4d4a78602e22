//! The lookups of one principal of a plugin: how many are under way, and how many begin in a
//! minute. All of its instances share them. A lookup of the host's has at most two questions under
//! way, and a question has at most three sockets. A question that a guest asks itself, through
//! `dns`, is one lookup with one socket.

use std::sync::Arc;
use std::time::Instant;

use cofferdam_grants::Limits;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::bucket::PerMinute;
use crate::permits::permits;

/// What a plugin may still look up.
pub struct Lookups {
    places: Arc<Semaphore>,
    most: u32,
    rate: PerMinute,
    per_minute: u32,
}

/// A lookup that is under way. It has ended when this is dropped.
#[derive(Debug)]
pub struct LookupPlace(#[expect(dead_code, reason = "held")] OwnedSemaphorePermit);

/// A limit that is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// The limit's key.
    pub limit: &'static str,
    /// What it is.
    pub most: u32,
}

impl std::fmt::Display for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { limit, most } = self;
        match *limit {
            "lookups" => write!(f, "the limit of {most} lookups at one time is reached (`{limit}`)"),
            _ => write!(f, "the limit of {most} lookups in a minute is reached (`{limit}`)"),
        }
    }
}

impl Lookups {
    pub fn new(limits: &Limits) -> Self {
        let (most, per_minute) = (limits.lookups, limits.lookups_per_minute);
        Self { places: Arc::new(Semaphore::new(permits(most))), most, rate: PerMinute::new(per_minute), per_minute }
    }

    /// Begins a lookup for which a name server has to be asked.
    ///
    /// # Errors
    /// The limit that is reached.
    pub fn begin(&self) -> Result<LookupPlace, Full> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Full { limit: "lookups", most: self.most })?;
        let taken = self.rate.take(Instant::now());
        taken.map_err(|_| Full { limit: "lookups_per_minute", most: self.per_minute })?;
        Ok(LookupPlace(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookups_are_counted_while_they_last_and_by_the_minute() {
        let lookups = Lookups::new(&Limits { lookups: 2, lookups_per_minute: 3, ..Limits::default() });
        let (first, second) = (lookups.begin().unwrap(), lookups.begin().unwrap());
        assert_eq!(lookups.begin().unwrap_err(), Full { limit: "lookups", most: 2 });
        drop(first);
        let third = lookups.begin().unwrap();
        drop((second, third));
        let full = lookups.begin().unwrap_err();
        assert_eq!(full, Full { limit: "lookups_per_minute", most: 3 });
        assert_eq!(full.to_string(), "the limit of 3 lookups in a minute is reached (`lookups_per_minute`)");
    }
}
