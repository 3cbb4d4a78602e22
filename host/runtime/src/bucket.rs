//! Token buckets: how often something may be done. A bucket is full at first, and fills evenly. The
//! clock is handed in.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A bucket's size, and how fast it fills.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Tokens that may be taken at once. At least one.
    pub burst: u32,
    /// How long it takes an empty bucket to be full.
    pub fills_in: Duration,
}

/// A bucket of tokens.
#[derive(Debug)]
pub struct Bucket {
    rate: Rate,
    /// When it will be full again. What is missing now is the time until then, in tokens.
    full: Option<Instant>,
}

impl Bucket {
    /// A full bucket.
    pub const fn new(rate: Rate) -> Self {
        Self { rate, full: None }
    }

    /// How long until there are so many tokens; zero if they are there.
    fn wait(&self, tokens: u32, now: Instant) -> Duration {
        let missing = self.full.map_or(Duration::ZERO, |full| full.saturating_duration_since(now));
        (missing + self.time(tokens)).saturating_sub(self.rate.fills_in)
    }

    /// Takes tokens.
    ///
    /// # Errors
    /// There are not so many. How long until there are.
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
        self.rate.fills_in * tokens / self.rate.burst
    }
}

/// A bucket that many use: what may be done so often in a minute, and all of that at once.
pub struct PerMinute(Mutex<Bucket>);

impl PerMinute {
    /// So often.
    pub fn new(most: u32) -> Self {
        Self(Mutex::new(Bucket::new(Rate { burst: most.max(1), fills_in: Duration::from_secs(60) })))
    }

    /// Does it once.
    ///
    /// # Errors
    /// It was done too often. How long until it may be done again.
    pub fn take(&self, now: Instant) -> Result<(), Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take(1, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW: Rate = Rate { burst: 4, fills_in: Duration::from_secs(2) };

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
    fn as_many_as_a_minute_has_and_then_one_by_one() {
        let (rate, start) = (PerMinute::new(60), Instant::now());
        assert_eq!((0..100).filter(|_| rate.take(start).is_ok()).count(), 60);
        assert_eq!(rate.take(start), Err(Duration::from_secs(1)));
        assert!(rate.take(start + Duration::from_millis(500)).is_err());
        assert!(rate.take(start + Duration::from_millis(1001)).is_ok());
        assert!(rate.take(start + Duration::from_millis(1002)).is_err());
        assert_eq!((0..100).filter(|_| rate.take(start + Duration::from_secs(600)).is_ok()).count(), 60);
        let uneven = PerMinute::new(7);
        assert_eq!((0..100).filter(|_| uneven.take(start).is_ok()).count(), 7);
        let most = PerMinute::new(u32::MAX);
        assert!(most.take(start).is_ok());
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let (rate, start) = (PerMinute::new(1), Instant::now() + Duration::from_secs(5));
        assert!(rate.take(start).is_ok());
        assert!(rate.take(start - Duration::from_secs(4)).is_err());
        assert!(rate.take(start + Duration::from_secs(59)).is_err());
        assert!(rate.take(start + Duration::from_secs(61)).is_ok());
    }
}
