//! How long a guest has computed without waiting for anything: what the limit `cpu` is about. Interrupts are counted from outside; the
//! count goes back to nothing whenever the instance's event loop has its turn, and with every mebibyte that is read of files. (A
//! guest that reads a file waits for the host, but the store stays its own meanwhile, so that the loop has no turn.)

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use tokio::sync::Notify;

/// Bytes of files, or what costs as much, after which reading has been waiting.
const WORK: u64 = 1 << 20;

/// What one look at a file costs, in bytes read.
pub const LOOK: u64 = 16 << 10;

/// The pulse of one instance.
#[derive(Default)]
pub struct Pulse {
    ticks: AtomicU32,
    turn: Notify,
    work: AtomicU64,
}

impl Pulse {
    /// Counts an interrupt; the event loop is told to take its turn. Returns how many there have been without one.
    pub fn tick(&self) -> u32 {
        self.turn.notify_one();
        self.ticks.fetch_add(1, Ordering::Relaxed)
    }

    /// The guest has waited.
    pub fn rest(&self) {
        self.ticks.store(0, Ordering::Relaxed);
    }

    /// Waits until the event loop is to take its turn.
    pub async fn turn(&self) {
        self.turn.notified().await;
    }

    /// The guest has been given so much of files. Now and then the host's other tasks have their turn first.
    pub async fn worked(&self, bytes: u64) {
        if self.work.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) >= WORK {
            self.work.store(0, Ordering::Relaxed);
            tokio::task::yield_now().await;
            self.rest();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mebibyte_that_was_read_is_a_rest_and_less_is_none() {
        let pulse = Pulse::default();
        let ticks = |pulse: &Pulse| pulse.ticks.load(Ordering::Relaxed);
        pulse.tick();
        pulse.worked(WORK - 1).await;
        assert_eq!(ticks(&pulse), 1);
        pulse.worked(1).await;
        assert_eq!(ticks(&pulse), 0);
        pulse.tick();
        for _ in 1..WORK / LOOK {
            pulse.worked(LOOK).await;
        }
        assert_eq!(ticks(&pulse), 1);
        pulse.worked(LOOK).await;
        assert_eq!(ticks(&pulse), 0);
    }
}
