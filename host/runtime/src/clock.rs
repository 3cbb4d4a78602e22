//! The clock that interrupts guests. It advances the epoch of every engine while a guest runs. It
//! stands still when none does, so that an idle server does not wake up.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::thread::Thread;
use std::time::Duration;

use wasmtime::{Engine, EngineWeak};

/// How often a running guest is interrupted so that others on its thread get their turn.
pub const TICK: Duration = Duration::from_millis(2);

/// Ticks without a running guest after which the clock stands still. Calls that follow each other
/// closely do not wake it each time.
const REST_AFTER: u32 = 50;

/// The clock of all engines. Cheap to clone; it ends with the last clone.
#[derive(Clone)]
pub struct Clock(Arc<Shared>);

#[derive(Default)]
struct Shared {
    engines: Mutex<Vec<EngineWeak>>,
    /// Threads that run a guest just now.
    running: AtomicUsize,
    /// The clock stands still: whoever runs a guest starts it again.
    resting: AtomicBool,
    thread: OnceLock<Thread>,
}

/// A guest runs until this is dropped.
pub struct Running<'a>(&'a Shared);

impl Clock {
    /// Starts the clock's thread.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub fn start() -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let weak = Arc::downgrade(&shared);
        let thread = std::thread::Builder::new().name("epoch".to_owned()).spawn(move || tick(&weak))?;
        let _ = shared.thread.set(thread.thread().clone());
        Ok(Self(shared))
    }

    /// Interrupts the guests of this engine too, for as long as the engine is there.
    pub fn add(&self, engine: &Engine) {
        self.0.engines.lock().unwrap_or_else(PoisonError::into_inner).push(engine.weak());
    }

    /// Says that a guest runs on this thread.
    pub fn running(&self) -> Running<'_> {
        let shared = &*self.0;
        shared.running.fetch_add(1, Ordering::SeqCst);
        if shared.resting.load(Ordering::SeqCst) && shared.resting.swap(false, Ordering::SeqCst) {
            shared.wake();
        }
        Running(shared)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Shared {
    fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    fn advance(&self) {
        let mut engines = self.engines.lock().unwrap_or_else(PoisonError::into_inner);
        engines.retain(|engine| engine.upgrade().inspect(Engine::increment_epoch).is_some());
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.wake();
    }
}

#[expect(clippy::disallowed_methods, reason = "a thread of its own, which does nothing else")]
fn tick(clock: &Weak<Shared>) {
    let mut idle = 0;
    while let Some(shared) = clock.upgrade() {
        if shared.running.load(Ordering::SeqCst) > 0 {
            idle = 0;
            shared.advance();
        } else {
            idle += 1;
        }
        if idle < REST_AFTER {
            drop(shared);
            std::thread::sleep(TICK);
            continue;
        }
        shared.resting.store(true, Ordering::SeqCst);
        // Either this sees the guest that has just begun to run, or that one sees that the clock
        // rests and wakes it.
        if shared.running.load(Ordering::SeqCst) > 0 {
            shared.resting.store(false, Ordering::SeqCst);
            continue;
        }
        drop(shared);
        std::thread::park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait_until(condition: impl Fn() -> bool) {
        let end = std::time::Instant::now() + Duration::from_secs(10);
        while !condition() {
            assert!(std::time::Instant::now() < end, "it does not come");
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_clock_rests_while_no_guest_runs_and_goes_on_with_the_next() {
        let clock = Clock::start().unwrap();
        let resting = || clock.0.resting.load(Ordering::SeqCst);
        for _ in 0..3 {
            wait_until(resting);
            let running = clock.running();
            assert!(!resting());
            drop(running);
        }
    }

    #[test]
    fn the_clock_ends_with_its_last_holder() {
        let clock = Clock::start().unwrap();
        wait_until(|| clock.0.resting.load(Ordering::SeqCst));
        let weak = Arc::downgrade(&clock.0);
        drop(clock);
        wait_until(|| weak.upgrade().is_none());
    }
}
