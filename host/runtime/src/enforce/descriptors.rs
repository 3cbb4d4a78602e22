//! File descriptors that guests cause. Each is counted for its principal of a plugin, over all of
//! its instances, and for the process. Those of the event loops that guests run on count for the
//! process. The process keeps some back for the protocol, the audit and the cache.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Descriptors that no guest gets: standard streams, the audit and its rotation, the cache, granted
/// roots, the host's event loop, and a plugin's first event loop where guests have all the others.
const RESERVE: usize = 64;
/// One in so many of the process's descriptors is kept back besides, up to [`MOST_KEPT_BACK`].
const KEPT_BACK: usize = 8;
const MOST_KEPT_BACK: usize = 1024;
/// The descriptors of a process whose limit the system does not tell: the least that POSIX allows.
const UNKNOWN: usize = 256;

/// Why there is no further descriptor, by the name that the operator reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The plugin has as many as it may (limit `descriptors`).
    Plugin,
    /// All plugins together have as many as the process may spend on guests.
    Process,
}

impl Full {
    /// The limit, as records name it.
    pub fn limit(self) -> &'static str {
        match self {
            Self::Plugin => "descriptors",
            Self::Process => "descriptors of the process",
        }
    }
}

/// A number that goes up to a bound, and back down.
#[derive(Debug)]
struct Count {
    most: usize,
    now: AtomicUsize,
}

impl Count {
    const fn up_to(most: usize) -> Self {
        Self { most, now: AtomicUsize::new(0) }
    }

    fn add(&self, by: usize) -> bool {
        let added = |now: usize| now.checked_add(by).filter(|then| *then <= self.most);
        self.now.fetch_update(Ordering::Relaxed, Ordering::Relaxed, added).is_ok()
    }

    /// The same, beyond the bound as well.
    fn add_in_any_case(&self, by: usize) {
        self.now.fetch_add(by, Ordering::Relaxed);
    }

    fn subtract(&self, by: usize) {
        self.now.fetch_sub(by, Ordering::Relaxed);
    }
}

/// The process's count. There is one process, and so one of these.
fn process() -> &'static Count {
    static PROCESS: OnceLock<Count> = OnceLock::new();
    PROCESS.get_or_init(|| {
        let allowed = rlimit::Resource::NOFILE.get_soft().ok().and_then(|allowed| usize::try_from(allowed).ok());
        Count::up_to(budget(allowed.unwrap_or(UNKNOWN)))
    })
}

/// What guests may have of so many descriptors.
fn budget(allowed: usize) -> usize {
    let kept = RESERVE + (allowed / KEPT_BACK).min(MOST_KEPT_BACK);
    allowed.saturating_sub(kept).max(1)
}

/// Descriptors of one event loop of tokio's: its epoll instance twice, what wakes it up, and its
/// end of the socket for signals.
const EVENT_LOOP: usize = 4;

/// The places of one event loop among the process's descriptors, until this is dropped.
#[derive(Debug)]
pub struct EventLoop(&'static Count);

impl EventLoop {
    /// For a plugin's first event loop, without which nothing of it runs: it counts, and is there
    /// in any case.
    pub fn first() -> Self {
        Self::first_of(process())
    }

    /// For a further one, if guests leave room for it.
    pub fn further() -> Option<Self> {
        Self::further_of(process())
    }

    fn first_of(process: &'static Count) -> Self {
        process.add_in_any_case(EVENT_LOOP);
        Self(process)
    }

    fn further_of(process: &'static Count) -> Option<Self> {
        process.add(EVENT_LOOP).then(|| Self(process))
    }
}

impl Drop for EventLoop {
    fn drop(&mut self) {
        self.0.subtract(EVENT_LOOP);
    }
}

/// A plugin's count.
#[derive(Debug)]
pub struct Descriptors {
    plugin: Count,
    process: &'static Count,
}

impl Descriptors {
    /// For a plugin that may have so many.
    pub fn new(most: u32) -> Arc<Self> {
        Self::of(most, process())
    }

    /// One plugin has half of the process's descriptors at most.
    fn of(most: u32, process: &'static Count) -> Arc<Self> {
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(process.most.div_ceil(2));
        Arc::new(Self { plugin: Count::up_to(most), process })
    }

    /// How many the plugin may have.
    pub fn most(&self) -> usize {
        self.plugin.most
    }

    /// A place for one more descriptor, which is to be opened only then, and closed before the
    /// place is given back.
    ///
    /// # Errors
    /// Whose count is full.
    pub fn slot(self: &Arc<Self>) -> Result<Slot, Full> {
        self.slots(1)
    }

    /// The same for so many at once.
    ///
    /// # Errors
    /// Whose count is full.
    pub fn slots(self: &Arc<Self>, number: usize) -> Result<Slot, Full> {
        if !self.plugin.add(number) {
            return Err(Full::Plugin);
        }
        if !self.process.add(number) {
            self.plugin.subtract(number);
            return Err(Full::Process);
        }
        Ok(Slot { of: Arc::clone(self), number, instance: None })
    }
}

/// Sockets of one instance that are open, by handle or by stream (limit `connections`).
#[derive(Clone, Debug, Default)]
pub struct Sockets(Arc<AtomicUsize>);

impl Sockets {
    /// How many.
    pub fn open(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// A place among the descriptors, until it is dropped.
#[derive(Debug)]
pub struct Slot {
    of: Arc<Descriptors>,
    number: usize,
    instance: Option<Sockets>,
}

impl Slot {
    /// Counts as one of the instance's sockets too.
    pub fn for_socket(mut self, sockets: &Sockets) -> Self {
        sockets.0.fetch_add(1, Ordering::Relaxed);
        self.instance = Some(sockets.clone());
        self
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(Sockets(open)) = &self.instance {
            open.fetch_sub(1, Ordering::Relaxed);
        }
        self.of.plugin.subtract(self.number);
        self.of.process.subtract(self.number);
    }
}

/// An open descriptor with its place, which is given back once the descriptor is closed.
#[derive(Debug)]
pub struct Held<T> {
    // Dropped first.
    open: T,
    slot: Slot,
}

impl<T> Held<T> {
    /// Keeps both together.
    pub fn new(open: T, slot: Slot) -> Self {
        Self { open, slot }
    }

    /// Takes both apart, for a caller that makes something else of the descriptor, with the same
    /// place.
    pub fn into_parts(self) -> (T, Slot) {
        (self.open, self.slot)
    }
}

impl<T> std::ops::Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.open
    }
}

impl<T> std::ops::DerefMut for Held<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.open
    }
}

impl<T: AsFd> AsFd for Held<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.open.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process_of(most: usize) -> &'static Count {
        Box::leak(Box::new(Count::up_to(most)))
    }

    fn counted(plugin: u32, process: usize) -> Arc<Descriptors> {
        Descriptors::of(plugin, process_of(process))
    }

    #[test]
    fn a_plugin_gets_what_it_may_have_and_gets_it_again_when_it_gives_it_back() {
        let descriptors = counted(2, 100);
        let (one, two) = (descriptors.slot().unwrap(), descriptors.slot().unwrap());
        assert_eq!(descriptors.slot().unwrap_err(), Full::Plugin);
        drop(one);
        let three = descriptors.slot().unwrap();
        assert_eq!(descriptors.slot().unwrap_err(), Full::Plugin);
        drop((two, three));
        assert_eq!(descriptors.plugin.now.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn plugins_share_the_process_and_a_refusal_costs_nothing() {
        let process = process_of(4);
        let [one, two, three] = [10, 10, 10].map(|most| Descriptors::of(most, process));
        let held = one.slots(2).unwrap();
        assert_eq!(one.slot().unwrap_err(), Full::Plugin, "the other half is for others");
        let other = two.slot().unwrap();
        assert_eq!(three.slots(2).unwrap_err(), Full::Process);
        assert_eq!(three.plugin.now.load(Ordering::Relaxed), 0);
        drop((held, other));
        three.slots(2).unwrap();
    }

    #[test]
    fn sockets_of_an_instance_are_counted_beside() {
        let (descriptors, sockets) = (counted(10, 10), Sockets::default());
        let socket = descriptors.slot().unwrap().for_socket(&sockets);
        let file = descriptors.slot().unwrap();
        assert_eq!(sockets.open(), 1);
        drop((socket, file));
        assert_eq!(sockets.open(), 0);
    }

    #[test]
    fn event_loops_are_counted_and_a_plugins_first_one_is_always_there() {
        let process = process_of(2 * EVENT_LOOP);
        let (first, further) = (EventLoop::first_of(process), EventLoop::further_of(process).unwrap());
        assert!(EventLoop::further_of(process).is_none(), "a further one leaves guests what they have");
        let others = EventLoop::first_of(process);
        let guests = Descriptors::of(10, process);
        assert_eq!(guests.slot().unwrap_err(), Full::Process, "what is beyond the bound is missing elsewhere");
        drop((first, further));
        guests.slots(EVENT_LOOP).unwrap();
        drop(others);
        assert_eq!(process.now.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn something_is_kept_back_whatever_the_system_allows() {
        for (allowed, guests) in [(0, 1), (64, 1), (256, 160), (1024, 832), (1 << 20, (1 << 20) - 64 - 1024)] {
            assert_eq!(budget(allowed), guests, "{allowed}");
        }
    }
}
