//! How long a guest has computed without waiting, which the limit `cpu` bounds. The clock's
//! interrupts are counted. The count goes back to zero whenever the instance's event loop has a
//! turn, and with every mebibyte that is read from files. (A guest that reads a file waits for the
//! host, but the store stays busy meanwhile, so that the event loop has no turn.)

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use tokio::sync::Notify;

/// Bytes of files, or what costs as much, after which reading has been waiting.
const WORK: u64 = 1 << 20;

/// What one look at a file costs, in bytes read.
pub const LOOK: u64 = 16 << 10;

/// The cpu_meter of one instance.
#[derive(Default)]
pub struct CpuMeter {
    ticks: AtomicU32,
    rests: AtomicU32,
    turn: Notify,
    work: AtomicU64,
}

impl CpuMeter {
    /// Counts an interrupt; the event loop is told to take its turn. Returns how many there have
    /// been without one.
    pub fn tick(&self) -> u32 {
        self.turn.notify_one();
        self.ticks.fetch_add(1, Ordering::Relaxed)
    }

    /// The guest has waited.
    pub fn rest(&self) {
        self.rests.fetch_add(1, Ordering::Relaxed);
        self.ticks.store(0, Ordering::Relaxed);
    }

    /// How often the guest has waited so far.
    pub fn rests(&self) -> u32 {
        self.rests.load(Ordering::Relaxed)
    }

    /// Whether the guest computes, and has not waited since it had waited so often.
    pub fn computes_since(&self, rests: u32) -> bool {
        self.ticks.load(Ordering::Relaxed) > 0 && self.rests() == rests
    }

    /// Waits until the event loop is to take its turn.
    pub async fn turn(&self) {
        self.turn.notified().await;
    }

    /// The guest has been given so much of files. Now and then the host's other tasks have their
    /// turn first.
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
        let cpu_meter = CpuMeter::default();
        let ticks = |cpu_meter: &CpuMeter| cpu_meter.ticks.load(Ordering::Relaxed);
        cpu_meter.tick();
        cpu_meter.worked(WORK - 1).await;
        assert_eq!(ticks(&cpu_meter), 1);
        cpu_meter.worked(1).await;
        assert_eq!(ticks(&cpu_meter), 0);
        cpu_meter.tick();
        for _ in 1..WORK / LOOK {
            cpu_meter.worked(LOOK).await;
        }
        assert_eq!(ticks(&cpu_meter), 1);
        cpu_meter.worked(LOOK).await;
        assert_eq!(ticks(&cpu_meter), 0);
    }

    #[test]
    fn a_guest_that_computes_is_told_from_one_that_waits() {
        let cpu_meter = CpuMeter::default();
        let before = cpu_meter.rests();
        assert!(!cpu_meter.computes_since(before), "it waits");
        cpu_meter.tick();
        assert!(cpu_meter.computes_since(before));
        cpu_meter.rest();
        cpu_meter.tick();
        assert!(!cpu_meter.computes_since(before), "it has waited meanwhile");
    }
}
