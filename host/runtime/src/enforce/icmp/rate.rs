//! How much may be sent: a bucket of tokens that fills with time, one for each instance and one for the whole process. One
//! token is one packet on the wire, so that a payload in many fragments costs as many. Pure: the clock is handed in.

use std::time::{Duration, Instant};

/// What one instance may send: this many packets at once, and this many a second. SECURITY.md says so.
pub const INSTANCE: Rate = Rate { burst: 100, per_second: 100 };

/// What all instances of the process may send together.
pub const PROCESS: Rate = Rate { burst: 500, per_second: 500 };

/// Bytes of a message that go into one packet (Ethernet's 1,500 less an IPv4 header).
const PACKET: usize = 1480;

/// A bucket's size, and how fast it fills.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    pub burst: u32,
    pub per_second: u32,
}

/// A bucket of tokens, full at first.
#[derive(Debug)]
pub struct Bucket {
    rate: Rate,
    /// When it will be full again. What is missing now is the time until then, in tokens.
    full: Option<Instant>,
}

/// What one message of so many bytes costs.
pub fn cost(message: usize) -> u32 {
    u32::try_from(message.div_ceil(PACKET)).unwrap_or(u32::MAX).max(1)
}

impl Bucket {
    pub const fn new(rate: Rate) -> Self {
        Self { rate, full: None }
    }

    /// How long until there are so many tokens; zero if they are there.
    pub fn wait(&self, tokens: u32, now: Instant) -> Duration {
        let missing = self.full.map_or(Duration::ZERO, |full| full.saturating_duration_since(now));
        (missing + self.time(tokens)).saturating_sub(self.time(self.rate.burst))
    }

    /// Takes them, if they are there; otherwise says how long until they are.
    pub fn take(&mut self, tokens: u32, now: Instant) -> Result<(), Duration> {
        match self.wait(tokens, now) {
            Duration::ZERO => {
                let from = self.full.map_or(now, |full| full.max(now));
                self.full = Some(from + self.time(tokens));
                Ok(())
            }
            wait => Err(wait),
        }
    }

    /// Gives back what was taken and not used.
    pub fn give_back(&mut self, tokens: u32) {
        self.full = self.full.and_then(|full| full.checked_sub(self.time(tokens)));
    }

    fn time(&self, tokens: u32) -> Duration {
        Duration::from_secs(1) * tokens / self.rate.per_second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW: Rate = Rate { burst: 4, per_second: 2 };

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let (start, mut bucket) = (Instant::now(), Bucket::new(SLOW));
        for _ in 0..4 {
            assert_eq!(bucket.take(1, start), Ok(()));
        }
        assert_eq!(bucket.take(1, start), Err(Duration::from_millis(500)));
        assert_eq!(bucket.take(1, start + Duration::from_millis(499)), Err(Duration::from_millis(1)));
        assert_eq!(bucket.take(1, start + Duration::from_millis(500)), Ok(()));
        assert_eq!(bucket.take(2, start + Duration::from_millis(500)), Err(Duration::from_secs(1)));
    }

    #[test]
    fn a_bucket_that_rests_holds_no_more_than_its_burst() {
        let (start, mut bucket) = (Instant::now(), Bucket::new(SLOW));
        assert_eq!(bucket.take(4, start), Ok(()));
        let later = start + Duration::from_secs(3600);
        assert_eq!(bucket.take(4, later), Ok(()));
        assert_eq!(bucket.take(1, later), Err(Duration::from_millis(500)));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let (start, mut bucket) = (Instant::now(), Bucket::new(SLOW));
        assert_eq!(bucket.take(4, start), Ok(()));
        bucket.give_back(3);
        assert_eq!(bucket.take(3, start), Ok(()));
        assert!(bucket.take(1, start).is_err());
    }

    #[test]
    fn a_message_in_fragments_costs_what_it_sends_and_the_longest_fits_into_a_burst() {
        assert_eq!([cost(8), cost(64), cost(1480), cost(1481), cost(65_515)], [1, 1, 1, 2, 45]);
        assert!(cost(65_515) <= INSTANCE.burst && INSTANCE.burst <= PROCESS.burst);
    }
}
