//! Gives free memory back to the system, a while after much of it was used. The C library keeps
//! what each thread has freed for that thread, so that a burst of large answers would stay
//! resident; and where each thread has an arena of its own, as the library does it, each of them
//! grows for minutes: twice the memory after three minutes of mixed calls.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

/// After so many bytes it is worth it.
const WORTH: usize = 16 << 20;

/// What a call uses besides its texts, about.
const PER_CALL: usize = 16 << 10;

/// How long it waits for more to come.
const WAIT: Duration = Duration::from_secs(3);

/// Who holds memory that it can do without.
pub trait LetGo: Send + Sync {
    /// Lets go of what nobody uses.
    fn let_go(&self);
}

/// How long the end of an instance may take that nobody uses.
const MOMENT: Duration = Duration::from_millis(200);

/// Counts what is used, and trims.
pub struct Trimmer {
    used: AtomicUsize,
    all: Arc<Mutex<Vec<Weak<dyn LetGo>>>>,
    worth_it: Arc<Notify>,
    _task: AbortOnDropHandle<()>,
}

impl Trimmer {
    /// Starts it, on the tokio runtime that this is called on. It wakes up for nothing but calls.
    pub fn start() -> Self {
        share_arenas();
        let worth_it = Arc::new(Notify::new());
        let told = Arc::clone(&worth_it);
        let all = Arc::<Mutex<Vec<Weak<dyn LetGo>>>>::default();
        let each = Arc::clone(&all);
        let task = tokio::spawn(async move {
            loop {
                told.notified().await;
                tokio::time::sleep(WAIT).await;
                let present = |one: &Weak<dyn LetGo>| one.upgrade().inspect(|one| one.let_go()).is_some();
                each.lock().unwrap_or_else(PoisonError::into_inner).retain(present);
                // What has been told to end is given a moment for it.
                tokio::time::sleep(MOMENT).await;
                // It takes as long as there are free pages, some milliseconds.
                let _ = tokio::task::spawn_blocking(trim).await;
                tracing::debug!(target: "cofferdam", "memory is given back to the system");
            }
        });
        Self { used: AtomicUsize::new(0), all, worth_it, _task: AbortOnDropHandle::new(task) }
    }

    /// Before it trims, this one lets go of what nobody uses, as long as it is there.
    pub fn before<T: LetGo + 'static>(&self, one: &Arc<T>) {
        let one: Weak<T> = Arc::downgrade(one);
        self.all.lock().unwrap_or_else(PoisonError::into_inner).push(one);
    }

    /// What was done used so much that it is worth it.
    pub fn much_was_used(&self) {
        self.used(WORTH);
    }

    /// A call has used so many bytes of texts.
    pub fn used(&self, texts: usize) {
        let used = texts.saturating_add(PER_CALL);
        if self.used.fetch_add(used, Ordering::Relaxed).saturating_add(used) >= WORTH {
            self.used.store(0, Ordering::Relaxed);
            self.worth_it.notify_one();
        }
    }
}

/// Arenas of the C library that all threads share: calls do not become slower with so few.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const ARENAS: i32 = 2;

/// Has threads that are started from here on share few arenas.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn share_arenas() {
    #[expect(unsafe_code, reason = "there is no safe function for it")]
    // SAFETY: mallopt(3) with M_ARENA_MAX sets a number, under malloc's own lock. malloc reads it
    // when a thread looks for an arena.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, ARENAS);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn share_arenas() {}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn trim() {
    #[expect(unsafe_code, reason = "there is no safe function for it")]
    // SAFETY: malloc_trim(3) touches only memory that is free, and may be called on any thread at
    // any time.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Other allocators give back what is free by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn trim() {}
