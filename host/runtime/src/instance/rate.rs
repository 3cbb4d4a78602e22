//! How often a plugin is called: a token bucket, full at the start, that fills evenly. The limit is the operator's; who is
//! refused is told when to come back.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

const MINUTE: f64 = 60.0;

/// A plugin's calls in the last minute.
pub struct Rate {
    most: f64,
    state: Mutex<(f64, Instant)>,
}

impl Rate {
    pub fn per_minute(most: u32) -> Self {
        let most = f64::from(most);
        Self { most, state: Mutex::new((most, Instant::now())) }
    }

    /// Takes one call.
    ///
    /// # Errors
    /// There is none to take; how long until there is.
    pub fn take(&self, now: Instant) -> Result<(), Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, last) = *state;
        let passed = now.saturating_duration_since(last).as_secs_f64();
        let left = (left + passed * self.most / MINUTE).min(self.most);
        if left < 1.0 {
            *state = (left, now.max(last));
            return Err(Duration::from_secs_f64((1.0 - left) * MINUTE / self.most));
        }
        *state = (left - 1.0, now.max(last));
        Ok(())
    }
}

/// A limit as permits of a semaphore: one at least, and no more than a semaphore may have.
pub fn permits(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(1).clamp(1, Semaphore::MAX_PERMITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_a_minute_has_and_then_one_by_one() {
        let rate = Rate::per_minute(60);
        let start = Instant::now() + Duration::from_secs(1);
        assert_eq!((0..100).filter(|_| rate.take(start).is_ok()).count(), 60);
        let wait = rate.take(start).unwrap_err();
        assert!(wait > Duration::from_millis(990) && wait <= Duration::from_secs(1), "{wait:?}");
        assert!(rate.take(start + Duration::from_millis(500)).is_err());
        assert!(rate.take(start + Duration::from_millis(1001)).is_ok());
        assert!(rate.take(start + Duration::from_millis(1002)).is_err());
        assert_eq!((0..100).filter(|_| rate.take(start + Duration::from_secs(600)).is_ok()).count(), 60);
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let rate = Rate::per_minute(1);
        let start = Instant::now() + Duration::from_secs(5);
        assert!(rate.take(start).is_ok());
        assert!(rate.take(start - Duration::from_secs(4)).is_err());
        assert!(rate.take(start + Duration::from_secs(59)).is_err());
        assert!(rate.take(start + Duration::from_secs(61)).is_ok());
    }
}
