//! Time, where time is what a test claims. Everything else waits for an event: a line of the log or
//! the audit, a peer's accept, a progress report, a counter. Tests sleep and look at a clock here
//! only (`tests/tidy/timing.rs`), and each such place names its claim.

use std::time::{Duration, Instant};

/// Between two looks at what tells nobody that it has changed.
const LOOK: Duration = Duration::from_millis(2);

/// The longest that something is waited for which has to come soon.
const SOON: Duration = Duration::from_secs(15);

/// How long clients wait for a server to end after its input has; then they kill it.
pub const CLIENTS_WAIT: Duration = Duration::from_secs(2);

/// What is claimed of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// What waits ends at its deadline, not later, and not before.
    Deadline,
    /// What one caller, guest or peer does is not felt by others.
    Isolation,
    /// Work takes time in proportion to its size, whatever it reads.
    Cost,
    /// There is a pace: so many in a time, or so long between two.
    Pace,
}

/// Why a test lets time pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passes {
    /// A peer or a server of the test's own is slow, stalls, or goes on at random.
    Peer,
    /// The window of a rate, or of silence, has to be over.
    Window,
}

/// Lets time pass.
pub fn pass(_why: Passes, time: Duration) {
    std::thread::sleep(time);
}

/// Whether something holds within this time.
pub fn holds_within(patience: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    loop {
        if holds() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(LOOK);
    }
}

/// Waits until something holds; what it waits for has to come soon.
#[track_caller]
pub fn eventually(what: &str, holds: impl FnMut() -> bool) {
    assert!(holds_within(SOON, holds), "not within {SOON:?}: {what}");
}

/// A time that is measured from its start.
#[derive(Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it took until now.
    pub fn stop(self) -> Took {
        Took(self.0.elapsed())
    }

    /// It took no longer than this until now.
    #[track_caller]
    pub fn within(self, claim: Claim, most: Duration) {
        self.stop().within(claim, most);
    }

    /// It took no less than this until now.
    #[track_caller]
    pub fn at_least(self, claim: Claim, least: Duration) {
        self.stop().at_least(claim, least);
    }

    /// How many there may be by now, where so many may come at once and then one in each time.
    pub fn paced(self, at_once: usize, each: Duration) -> usize {
        at_once + (self.0.elapsed().as_millis() / each.as_millis()) as usize
    }
}

/// How long something took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Took(Duration);

impl Took {
    #[track_caller]
    pub fn within(self, claim: Claim, most: Duration) {
        assert!(self.0 < most, "{claim:?}: it took {:?}, at most {most:?}", self.0);
    }

    #[track_caller]
    pub fn at_least(self, claim: Claim, least: Duration) {
        assert!(self.0 >= least, "{claim:?}: it took {:?}, at least {least:?}", self.0);
    }
}

/// Rounds of a measurement of which one has to be good: tests run side by side.
const ROUNDS: usize = 5;

/// The median, and the 99th percentile, of many measurements.
pub fn spread(times: usize, mut measured: impl FnMut()) -> (Duration, Duration) {
    let mut all: Vec<Duration> = (0..times)
        .map(|_| {
            let begun = Instant::now();
            measured();
            begun.elapsed()
        })
        .collect();
    all.sort();
    (all[times / 2], all[times - 1 - times / 100])
}

/// In one round of several, median and 99th percentile are within so many milliseconds.
#[track_caller]
pub fn one_round_is_within(claim: Claim, middle: u64, worst: u64, mut round: impl FnMut() -> (Duration, Duration)) {
    let (middle, worst) = (Duration::from_millis(middle), Duration::from_millis(worst));
    let rounds: Vec<_> = (0..ROUNDS)
        .map_while(|_| {
            let found = round();
            (found.0 > middle || found.1 > worst).then_some(found)
        })
        .collect();
    assert!(rounds.len() < ROUNDS, "{claim:?}: none is within {middle:?} and {worst:?}: {rounds:?}");
}
