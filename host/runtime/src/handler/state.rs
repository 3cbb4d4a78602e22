//! What one session's store holds, and what it may use: memory, and processor time for each entry.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use wasmtime::{ResourceLimiter, Store, StoreContextMut, UpdateDeadline};

use crate::memory::Held;
use crate::stubs::Refusing;

/// What is kept of standard output and error, from the end.
const SAID: usize = 2048;
/// Elements of one table.
const TABLE_ELEMENTS: usize = 100_000;
/// What an element takes of our memory: a pointer.
const ELEMENT: usize = 8;

/// The processor time that one entry into a stack has taken, over all of its handlers. The clock of
/// the thread is read when a tick of the epoch finds a handler running, not before.
#[derive(Debug, Default)]
pub struct Entry(AtomicU64);

impl Entry {
    /// Begins a new entry.
    pub fn begin(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// How long it has run, from the first tick on.
    fn took(&self) -> Duration {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        let nanoseconds =
            u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0);
        // 0 says that there was no tick yet.
        match self.0.compare_exchange(0, nanoseconds.max(1), Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => Duration::ZERO,
            Err(begun) => Duration::from_nanos(nanoseconds.saturating_sub(begun)),
        }
    }
}

/// A handler used the processor for too long.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("it used the processor for more than {} ms (limit `cpu`)", .0.as_millis())]
pub struct CpuLimit(Duration);

/// What one store holds.
pub struct HandlerState {
    /// The time that was handed in, in milliseconds.
    pub now: u64,
    /// The limit by which a growth was refused.
    pub exhausted: Option<&'static str>,
    memory: usize,
    used: usize,
    held: Held,
    said: Vec<u8>,
    random: u64,
}

impl HandlerState {
    /// With this limit of memory, of which so much is counted already.
    pub fn new(memory: u64, held: Held) -> Self {
        let memory = usize::try_from(memory).unwrap_or(usize::MAX);
        Self { now: 0, exhausted: None, memory, used: 0, held, said: Vec::new(), random: 0 }
    }

    /// Bounds what the store around this may hold, and how long an entry may take.
    pub fn bound(store: &mut Store<Self>, cpu: Duration, entry: Arc<Entry>) {
        store.limiter(|state| state);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| match entry.took() < cpu {
            true => Ok(UpdateDeadline::Continue(1)),
            false => Err(CpuLimit(cpu).into()),
        });
    }

    /// Before each call: the time that is handed in, and the next tick that is looked at.
    pub fn enter(store: &mut Store<Self>, now: u64) {
        store.data_mut().now = now;
        store.set_epoch_deadline(1);
    }

    /// Keeps what was written to standard output or error.
    pub fn said(&mut self, bytes: &[u8]) {
        self.said.extend_from_slice(bytes);
        let beyond = self.said.len().saturating_sub(SAID);
        self.said.drain(..beyond);
    }

    /// What was written last.
    pub fn last_said(&self) -> String {
        String::from_utf8_lossy(&self.said).into_owned()
    }

    /// The next of a row of numbers (splitmix64), the same in every session.
    pub fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn take(&mut self, more: usize) -> bool {
        let used = self.used.saturating_add(more);
        let refused = match used > self.memory {
            true => Some("memory"),
            false if self.held.grow(u64::try_from(more).unwrap_or(u64::MAX)) => None,
            false => Some("total_memory"),
        };
        match refused {
            None => self.used = used,
            Some(limit) => self.exhausted = self.exhausted.or(Some(limit)),
        }
        refused.is_none()
    }
}

impl Refusing for HandlerState {
    /// A handler is granted nothing, whatever the policy says: there is nothing to tell.
    fn refused(_: &mut StoreContextMut<'_, Self>, _: &str) {}
}

impl ResourceLimiter for HandlerState {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.take(desired.saturating_sub(current)))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS && self.take(desired.saturating_sub(current).saturating_mul(ELEMENT)))
    }

    fn instances(&self) -> usize {
        64
    }

    fn tables(&self) -> usize {
        16
    }

    fn memories(&self) -> usize {
        16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_measured_from_its_first_tick_by_the_time_of_its_thread() {
        let entry = Entry::default();
        for _ in 0..2 {
            assert_eq!(entry.took(), Duration::ZERO);
            while entry.took() < Duration::from_millis(2) {
                std::hint::black_box(());
            }
            entry.begin();
        }
    }
}
