//! The threads that a plugin's guests run on: its own, so that the kernel shares the processor between plugins whatever the number
//! of their calls, and no guest runs on the threads of the protocol, of its I/O or of its timers. Each thread has an event loop
//! of its own, with the guests' sockets and timers in it.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::enforce::EventLoop;

/// Threads of a plugin whose calls have an instance each; one that has one instance for all calls has one thread.
const MOST: usize = 4;

/// Operations that block, under way at one time on behalf of the guests of one thread.
const BLOCKING: usize = 64;

/// Guests give way to the protocol when both want the processor: the nice value of their threads.
const NICE: i32 = 2;

/// A plugin's threads, started as they are needed.
pub struct Threads {
    plugin: String,
    most: usize,
    clock: Clock,
    started: Mutex<Vec<Thread>>,
}

struct Thread {
    handle: Handle,
    /// One more holder for every instance on it.
    instances: Arc<()>,
    /// The thread ends when this is dropped.
    _end: oneshot::Sender<()>,
}

/// An instance's place on a thread; the thread with the fewest instances gets the next one.
pub struct Seat {
    handle: Handle,
    clock: Clock,
    _counted: Arc<()>,
}

impl Threads {
    /// For a plugin with one instance, or with one for each call. Starts none.
    pub fn new(plugin: &str, one_instance: bool, clock: Clock) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let most = if one_instance { 1 } else { cores.min(MOST) };
        Self { plugin: plugin.to_owned(), most, clock, started: Mutex::default() }
    }

    /// A place for one more instance.
    ///
    /// # Errors
    /// There is no thread yet, and the system has none.
    pub fn seat(&self) -> std::io::Result<Seat> {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        let busy = started.iter().all(|thread| Arc::strong_count(&thread.instances) > 1);
        if busy && started.len() < self.most {
            let event_loop = if started.is_empty() { Some(EventLoop::first()) } else { EventLoop::further() };
            match event_loop.map(|event_loop| Thread::start(&self.plugin, event_loop)) {
                Some(Ok(thread)) => started.push(thread),
                Some(Err(error)) if started.is_empty() => return Err(error),
                // Those that are there serve it as well.
                Some(Err(_)) | None => {}
            }
        }
        let emptiest = started.iter().min_by_key(|thread| Arc::strong_count(&thread.instances));
        let thread = emptiest.ok_or(std::io::ErrorKind::WouldBlock)?;
        let _counted = Arc::clone(&thread.instances);
        Ok(Seat { handle: thread.handle.clone(), clock: self.clock.clone(), _counted })
    }
}

impl Thread {
    fn start(plugin: &str, event_loop: EventLoop) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(BLOCKING)
            .thread_name(format!("{plugin}-io"))
            .build()?;
        let handle = runtime.handle().clone();
        let (_end, ended) = oneshot::channel();
        std::thread::Builder::new().name(plugin.to_owned()).spawn(move || {
            give_way(NICE);
            let _ = runtime.block_on(ended);
            // A blocking operation may be under way: nobody waits for it.
            runtime.shutdown_background();
            drop(event_loop);
        })?;
        Ok(Self { handle, instances: Arc::default(), _end })
    }
}

impl Seat {
    /// Runs what drives an instance on this thread.
    pub fn spawn<F>(self, instance: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let Self { handle, clock, _counted } = self;
        handle.spawn(async move {
            let _counted = _counted;
            let mut instance = pin!(instance);
            poll_fn(|cx| {
                let _running = clock.running();
                instance.as_mut().poll(cx)
            })
            .await
        })
    }
}

/// Lowers the priority of the thread that calls this. Where the system does not let it, the thread stays as it is.
pub fn give_way(nice: i32) {
    // On Linux the value is a thread's, and "the caller" is the calling thread (setpriority(2)).
    let _ = rustix::process::setpriority_process(None, nice);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn threads(one_instance: bool) -> Threads {
        Threads {
            most: if one_instance { 1 } else { 2 },
            ..Threads::new("test", one_instance, Clock::start().unwrap())
        }
    }

    #[tokio::test]
    async fn instances_are_shared_out_over_the_threads() {
        let threads = threads(false);
        let name = || std::thread::current().id();
        let (first, second, third) = (threads.seat().unwrap(), threads.seat().unwrap(), threads.seat().unwrap());
        assert_eq!(threads.started.lock().unwrap().len(), 2);
        let (first, second) = (first.spawn(async move { name() }), second.spawn(async move { name() }));
        assert_ne!(first.await.unwrap(), second.await.unwrap());
        drop(third);
        let one = self::threads(true);
        let (first, second) = (one.seat().unwrap(), one.seat().unwrap());
        let (first, second) = (first.spawn(async move { name() }), second.spawn(async move { name() }));
        assert_eq!(first.await.unwrap(), second.await.unwrap());
        assert_ne!(std::thread::current().id(), one.seat().unwrap().spawn(async move { name() }).await.unwrap());
    }

    #[tokio::test]
    async fn a_thread_ends_with_its_plugin() {
        let threads = threads(true);
        let seat = threads.seat().unwrap();
        let pending = seat.spawn(std::future::pending::<()>());
        drop(threads);
        assert!(pending.await.unwrap_err().is_cancelled());
    }
}
