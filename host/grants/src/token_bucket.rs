//! How often something may happen: a token bucket, full at first, that fills evenly with time.

use std::time::Duration;

use crate::Moment;

/// The size of a token bucket, and how fast it fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many tokens the bucket holds.
    pub burst: u32,
    /// How many tokens come in `per`; one at least.
    pub tokens: u32,
    /// The time in which `tokens` come.
    pub per: Duration,
}

impl Rate {
    /// So many tokens a minute, all of which may be taken at once.
    pub const fn per_minute(tokens: u32) -> Self {
        Self { burst: tokens, tokens, per: Duration::from_secs(60) }
    }

    /// So many tokens a second, and so many that may be taken at once.
    pub const fn per_second(tokens: u32, burst: u32) -> Self {
        Self { burst, tokens, per: Duration::from_secs(1) }
    }

    /// The time in which so many tokens come.
    fn time(&self, tokens: u32) -> Duration {
        self.per.saturating_mul(tokens) / self.tokens.max(1)
    }
}

/// A token bucket.
#[derive(Clone, Debug)]
pub struct TokenBucket {
    rate: Rate,
    /// When the bucket will be full again. The tokens that are missing now are the time until then.
    full_at: Moment,
}

impl TokenBucket {
    /// A full bucket.
    pub const fn new(rate: Rate) -> Self {
        Self { rate, full_at: Moment(Duration::ZERO) }
    }

    /// How long until there are so many tokens; zero if they are there.
    pub fn wait(&self, tokens: u32, now: Moment) -> Duration {
        let missing = self.full_at.0.saturating_sub(now.0);
        missing.saturating_add(self.rate.time(tokens)).saturating_sub(self.rate.time(self.rate.burst))
    }

    /// Takes so many tokens.
    ///
    /// # Errors
    /// There are not so many. The error is how long until there are.
    pub fn take(&mut self, tokens: u32, now: Moment) -> Result<(), Duration> {
        match self.wait(tokens, now) {
            Duration::ZERO => {
                self.full_at = Moment(self.full_at.max(now).0.saturating_add(self.rate.time(tokens)));
                Ok(())
            }
            wait => Err(wait),
        }
    }

    /// Gives back tokens that were taken and not used.
    pub fn give_back(&mut self, tokens: u32) {
        self.full_at = Moment(self.full_at.0.saturating_sub(self.rate.time(tokens)));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SLOW: Rate = Rate::per_second(2, 4);

    fn at(milliseconds: u64) -> Moment {
        Moment(Duration::from_millis(milliseconds))
    }

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let mut bucket = TokenBucket::new(SLOW);
        for _ in 0..4 {
            assert_eq!(bucket.take(1, at(0)), Ok(()));
        }
        assert_eq!(bucket.take(1, at(0)), Err(Duration::from_millis(500)));
        assert_eq!(bucket.take(1, at(499)), Err(Duration::from_millis(1)));
        assert_eq!(bucket.take(1, at(500)), Ok(()));
        assert_eq!(bucket.take(2, at(500)), Err(Duration::from_secs(1)));
    }

    #[test]
    fn a_bucket_that_rests_holds_no_more_than_its_burst() {
        let mut bucket = TokenBucket::new(SLOW);
        assert_eq!(bucket.take(4, at(0)), Ok(()));
        assert_eq!(bucket.take(4, at(3_600_000)), Ok(()));
        assert_eq!(bucket.take(1, at(3_600_000)), Err(Duration::from_millis(500)));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let mut bucket = TokenBucket::new(SLOW);
        assert_eq!(bucket.take(4, at(0)), Ok(()));
        bucket.give_back(3);
        assert_eq!(bucket.take(3, at(0)), Ok(()));
        assert!(bucket.take(1, at(0)).is_err());
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let mut bucket = TokenBucket::new(Rate::per_minute(1));
        assert_eq!(bucket.take(1, at(5_000)), Ok(()));
        assert!(bucket.take(1, at(1_000)).is_err());
        assert!(bucket.take(1, at(64_999)).is_err());
        assert_eq!(bucket.take(1, at(65_000)), Ok(()));
    }

    proptest! {
        #[test]
        fn no_window_gives_more_than_burst_and_rate(
            burst in 1..50_u32, tokens in 1..50_u32, steps in prop::collection::vec((0..500_u64, 1..5_u32), 1..200),
        ) {
            let rate = Rate::per_second(tokens, burst);
            let mut bucket = TokenBucket::new(rate);
            let (mut now, mut taken) = (0, 0_u64);
            for (pause, wanted) in steps {
                now += pause;
                if bucket.take(wanted, at(now)).is_ok() {
                    taken += u64::from(wanted);
                }
                // A token may come a nanosecond early, because times are rounded.
                let most = u64::from(burst) + now * u64::from(tokens) / 1000 + 1;
                prop_assert!(taken <= most, "{taken} of {most} after {now} ms");
            }
        }
    }
}
