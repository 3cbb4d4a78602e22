//! Whose turn it is on a plugin's thread. An instance that has computed little comes before one
//! that has computed much, so that a short call does not wait for long ones. Of those that have
//! computed little, the first is brought to its end first, so that few instances are half done,
//! with their memory, at one time. One turn in a few follows another order, so that nothing
//! starves. Pure: `threads.rs` and `driver.rs` run the instances.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// An instance, by its number on the thread.
pub type Id = u64;

/// How long an instance computes before it leaves [`Class::Brief`], and [`Class::Short`].
const BRIEF: Duration = Duration::from_millis(4);
const SHORT: Duration = Duration::from_millis(64);

/// One turn in so many goes to an instance that has not started, even without room for it. Another
/// goes to the last class.
const EXCEPTION: u32 = 4;

/// How an instance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// It has just begun.
    Brief,
    /// It has not begun: it has no memory yet.
    Fresh,
    /// It has computed a little.
    Short,
    /// It has computed much: these take turns.
    Long,
}

#[derive(Debug)]
struct Standing {
    class: Class,
    computed: Duration,
    /// Its place in its class: earlier numbers come first.
    place: u64,
    ready: bool,
}

/// The instances of a thread, and those that want a turn.
#[derive(Debug, Default)]
pub struct Schedule {
    all: HashMap<Id, Standing>,
    ready: BTreeMap<(Class, u64), Id>,
    places: u64,
    turns: u32,
}

impl Schedule {
    /// Adds an instance, which wants its first turn.
    pub fn add(&mut self, id: Id) {
        let place = self.next_place();
        self.all.insert(id, Standing { class: Class::Fresh, computed: Duration::ZERO, place, ready: true });
        self.ready.insert((Class::Fresh, place), id);
    }

    /// An instance wants a turn.
    pub fn wants(&mut self, id: Id) {
        if let Some(standing) = self.all.get_mut(&id)
            && !standing.ready
        {
            standing.ready = true;
            self.ready.insert((standing.class, standing.place), id);
        }
    }

    /// The instance whose turn it is. `room`: there is memory for one more.
    pub fn next(&mut self, room: impl FnOnce() -> bool) -> Option<Id> {
        self.turns = self.turns.wrapping_add(1);
        let chosen = match self.turns % EXCEPTION {
            0 => self.last_class(),
            2 => self.first_of(Class::Fresh),
            _ => None,
        };
        let chosen = chosen.or_else(|| self.first(room))?;
        let id = self.ready.remove(&chosen)?;
        if let Some(standing) = self.all.get_mut(&id) {
            standing.ready = false;
        }
        Some(id)
    }

    /// An instance has had its turn, in which it computed for so long.
    pub fn had(&mut self, id: Id, took: Duration) {
        let place = self.next_place();
        let Some(standing) = self.all.get_mut(&id) else { return };
        // Only the time of a turn counts. Waiting between turns delays nobody.
        standing.computed += took;
        let class = match standing.computed {
            computed if computed < BRIEF => Class::Brief,
            computed if computed < SHORT => Class::Short,
            _ => Class::Long,
        };
        if class == Class::Long {
            standing.place = place;
        }
        standing.class = class;
    }

    /// An instance has ended.
    pub fn remove(&mut self, id: Id) {
        if let Some(Standing { class, place, .. }) = self.all.remove(&id) {
            self.ready.remove(&(class, place));
        }
    }

    /// Whether somebody wants a turn.
    pub fn is_any_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    fn next_place(&mut self) -> u64 {
        self.places += 1;
        self.places
    }

    fn first_of(&self, class: Class) -> Option<(Class, u64)> {
        self.ready.range((class, 0)..=(class, u64::MAX)).next().map(|(at, _)| *at)
    }

    fn last_class(&self) -> Option<(Class, u64)> {
        let ((class, _), _) = self.ready.last_key_value()?;
        self.first_of(*class)
    }

    /// In the usual order. Without room an instance begins only where nobody else wants a turn.
    fn first(&self, room: impl FnOnce() -> bool) -> Option<(Class, u64)> {
        let (first, _) = self.ready.first_key_value()?;
        if first.0 != Class::Fresh || room() {
            return Some(*first);
        }
        let begun = self.ready.range((Class::Short, 0)..).next();
        Some(begun.map_or(*first, |(at, _)| *at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLICE: Duration = Duration::from_millis(2);

    /// Runs instances that each compute for so many slices, and tells who ended in which order.
    fn ends(
        turns: &mut Schedule,
        work: &mut HashMap<Id, u32>,
        room: bool,
        mut until: impl FnMut(&[Id]) -> bool,
    ) -> Vec<Id> {
        let mut ended = Vec::new();
        while !until(&ended)
            && let Some(id) = turns.next(|| room)
        {
            let left = work.get_mut(&id).unwrap();
            *left -= 1;
            turns.had(id, SLICE);
            if *left == 0 {
                turns.remove(id);
                ended.push(id);
            } else {
                turns.wants(id);
            }
        }
        ended
    }

    #[test]
    fn who_came_first_is_brought_to_its_end_first() {
        let (mut turns, mut work) = (Schedule::default(), HashMap::new());
        for id in 0..100 {
            turns.add(id);
            work.insert(id, 5);
        }
        let half = ends(&mut turns, &mut work, false, |ended| ended.len() == 50);
        let begun = work.values().filter(|left| **left < 5).count();
        assert!(begun < 90, "{begun} have begun, 50 have ended: {half:?}");
        assert!(half.iter().filter(|id| **id < 60).count() > 40, "{half:?}");
    }

    #[test]
    fn a_short_one_does_not_wait_for_long_ones() {
        let (mut turns, mut work) = (Schedule::default(), HashMap::new());
        for id in 0..400 {
            turns.add(id);
            work.insert(id, 10_000);
        }
        let mut count = 0;
        // Until each of them counts as long.
        ends(&mut turns, &mut work, true, |_| {
            count += 1;
            count > 400 * 60
        });
        for room in [true, false] {
            let id = if room { 1000 } else { 1001 };
            turns.add(id);
            work.insert(id, 3);
            let mut waited = 0;
            let ended = ends(&mut turns, &mut work, room, |ended| {
                waited += 1;
                !ended.is_empty()
            });
            assert!(ended == [id] && waited < 20, "{waited} turns");
        }
    }

    #[test]
    fn long_ones_go_on_beside_ever_new_short_ones() {
        let (mut turns, mut work) = (Schedule::default(), HashMap::new());
        turns.add(0);
        work.insert(0, 200);
        let mut id = 0;
        while work.get(&0).is_some_and(|left| *left > 0) {
            id += 1;
            assert!(id < 2000, "the long one starves");
            turns.add(id);
            work.insert(id, 1);
            ends(&mut turns, &mut work, true, |ended| !ended.is_empty());
        }
    }

    #[test]
    fn who_waits_has_no_turn_and_who_has_ended_none_either() {
        let mut turns = Schedule::default();
        turns.add(1);
        assert_eq!(turns.next(|| false), Some(1));
        turns.had(1, Duration::ZERO);
        assert!(turns.next(|| true).is_none() && !turns.is_any_ready());
        turns.wants(1);
        turns.wants(1);
        assert_eq!((turns.next(|| true), turns.next(|| true)), (Some(1), None));
        turns.wants(1);
        turns.remove(1);
        turns.wants(1);
        assert_eq!(turns.next(|| true), None);
    }
}
