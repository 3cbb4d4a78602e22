//! How much may be sent: a bucket of tokens for each instance, and one for the whole process. One
//! token is one packet on the wire, so that a payload in many fragments costs as many.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::bucket::{Bucket, Rate};

/// What one instance may send: this many packets at once, and this many a second. SECURITY.md says
/// so.
pub const INSTANCE: Rate = Rate { burst: 100, fills_in: Duration::from_secs(1) };

/// What all instances of the process may send together.
pub const PROCESS: Rate = Rate { burst: 500, fills_in: Duration::from_secs(1) };

/// Bytes of a message that go into one packet (Ethernet's 1,500 less an IPv4 header).
const PACKET: usize = 1480;

/// What one message of so many bytes costs.
pub fn cost(message: usize) -> u32 {
    u32::try_from(message.div_ceil(PACKET)).unwrap_or(u32::MAX).max(1)
}

/// What all instances together may still send.
static ALL: Mutex<Bucket> = Mutex::new(Bucket::new(PROCESS));

/// What one instance may still send.
pub struct Sending(Mutex<Bucket>);

impl Default for Sending {
    fn default() -> Self {
        Self(Mutex::new(Bucket::new(INSTANCE)))
    }
}

impl Sending {
    /// Takes what a message of so many bytes costs, from the instance's tokens and the process's.
    ///
    /// # Errors
    /// There is not enough. How long until there is.
    pub fn take(&self, bytes: usize) -> Result<(), Duration> {
        let (cost, now) = (cost(bytes), Instant::now());
        let mut own = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        own.take(cost, now)?;
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.take(cost, now).inspect_err(|_| own.give_back(cost))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_in_fragments_costs_what_it_sends_and_the_longest_fits_into_a_burst() {
        assert_eq!([cost(8), cost(64), cost(1480), cost(1481), cost(65_515)], [1, 1, 1, 2, 45]);
        assert!(cost(65_515) <= INSTANCE.burst && INSTANCE.burst <= PROCESS.burst);
    }
}
