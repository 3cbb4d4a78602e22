//! The threads of a plugin's guests. Every plugin has its own, so that the kernel shares the
//! processor between plugins whatever the number of their calls. No guest runs on the threads of
//! the protocol, of its I/O or of its timers. Each thread has an event loop with the sockets and
//! timers of its guests. `driver.rs` decides whose turn it is on a thread.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;
use tracing::{Instrument as _, Span};

use super::driver::{Inbox, drive};
use crate::clock::Clock;
use crate::enforce::EventLoop;
use crate::memory::PluginMemory;

/// Threads of a plugin whose calls have an instance each. A plugin with one instance for all calls
/// has one thread.
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
    memory: PluginMemory,
    started: Mutex<Vec<Thread>>,
}

struct Thread {
    inbox: Arc<Inbox>,
    /// One more holder for every instance on it.
    instances: Arc<()>,
    /// The thread ends when this is dropped.
    _end: oneshot::Sender<()>,
}

/// An instance's place on a thread; the thread with the fewest instances gets the next one.
pub struct Seat {
    inbox: Arc<Inbox>,
    counted: Arc<()>,
    /// What the log says of the instance, it says within this.
    span: Span,
}

impl Threads {
    /// For a plugin with one instance, or with one for each call. Starts none.
    pub fn new(plugin: &str, one_instance: bool, clock: Clock, memory: PluginMemory) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let most = if one_instance { 1 } else { cores.min(MOST) };
        Self { plugin: plugin.to_owned(), most, clock, memory, started: Mutex::default() }
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
            let start = |event_loop| Thread::start(&self.plugin, &self.clock, &self.memory, event_loop);
            match event_loop.map(start) {
                Some(Ok(thread)) => started.push(thread),
                Some(Err(error)) if started.is_empty() => return Err(error),
                // The threads that are there serve it.
                Some(Err(_)) | None => {}
            }
        }
        let emptiest = started.iter().min_by_key(|thread| Arc::strong_count(&thread.instances));
        let thread = emptiest.ok_or(std::io::ErrorKind::WouldBlock)?;
        let span = tracing::debug_span!(target: "cofferdam", parent: None, "instance", plugin = self.plugin.as_str());
        Ok(Seat { inbox: Arc::clone(&thread.inbox), counted: Arc::clone(&thread.instances), span })
    }
}

impl Thread {
    fn start(plugin: &str, clock: &Clock, memory: &PluginMemory, event_loop: EventLoop) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(BLOCKING)
            .thread_name(format!("{plugin}-io"))
            .build()?;
        let inbox = Arc::<Inbox>::default();
        let (_end, ended) = oneshot::channel();
        runtime.spawn(drive(Arc::clone(&inbox), memory.clone(), clock.clone()));
        std::thread::Builder::new().name(plugin.to_owned()).spawn(move || {
            give_way(NICE);
            let _ = runtime.block_on(ended);
            // A blocking operation may be under way: nobody waits for it.
            runtime.shutdown_background();
            drop(event_loop);
        })?;
        Ok(Self { inbox, instances: Arc::default(), _end })
    }
}

impl Seat {
    /// Runs what drives an instance on this thread, to its end.
    pub fn run(self, instance: impl Future<Output = ()> + Send + 'static) {
        let Self { inbox, counted, span } = self;
        let counting = async move {
            let _counted = counted;
            instance.await;
        };
        inbox.run(Box::pin(counting.instrument(span)));
    }

    /// The same for a task with a result. The task is dropped when the receiver is.
    pub fn ask<T: Send + 'static>(self, instance: impl Future<Output = T> + Send + 'static) -> oneshot::Receiver<T> {
        let (mut tell, told) = oneshot::channel();
        self.run(async move {
            let come = tokio::select! {
                come = instance => Some(come),
                () = tell.closed() => None,
            };
            if let Some(come) = come {
                let _ = tell.send(come);
            }
        });
        told
    }
}

/// Lowers the priority of the thread that calls this. Where the system does not let it, the thread
/// stays as it is.
pub fn give_way(nice: i32) {
    // On Linux the value is a thread's, and "the caller" is the calling thread (setpriority(2)).
    let _ = rustix::process::setpriority_process(None, nice);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::TotalMemory;

    fn threads(one_instance: bool) -> Threads {
        let memory = TotalMemory::new(Some(1 << 30)).plugin();
        Threads {
            most: if one_instance { 1 } else { 2 },
            ..Threads::new("test", one_instance, Clock::start().unwrap(), memory)
        }
    }

    #[tokio::test]
    async fn instances_are_shared_out_over_the_threads() {
        let threads = threads(false);
        let name = || std::thread::current().id();
        let (first, second, third) = (threads.seat().unwrap(), threads.seat().unwrap(), threads.seat().unwrap());
        assert_eq!(threads.started.lock().unwrap().len(), 2);
        let (first, second) = (first.ask(async move { name() }), second.ask(async move { name() }));
        assert_ne!(first.await.unwrap(), second.await.unwrap());
        drop(third);
        let one = self::threads(true);
        let (first, second) = (one.seat().unwrap(), one.seat().unwrap());
        let (first, second) = (first.ask(async move { name() }), second.ask(async move { name() }));
        assert_eq!(first.await.unwrap(), second.await.unwrap());
        assert_ne!(std::thread::current().id(), one.seat().unwrap().ask(async move { name() }).await.unwrap());
    }

    #[tokio::test]
    async fn a_thread_ends_with_its_plugin() {
        let threads = threads(true);
        let pending = threads.seat().unwrap().ask(std::future::pending::<()>());
        drop(threads);
        assert!(pending.await.is_err());
    }

    #[tokio::test]
    async fn what_nobody_asks_for_any_more_is_given_up() {
        let threads = threads(true);
        let (alive, ended) = oneshot::channel::<()>();
        let asked = threads.seat().unwrap().ask(async move {
            let _alive = alive;
            std::future::pending::<()>().await;
        });
        drop(asked);
        assert!(ended.await.is_err());
    }

    #[tokio::test]
    async fn timers_and_other_instances_have_their_turn_beside_one_that_computes() {
        let threads = threads(true);
        let (stop, stopped) = oneshot::channel::<()>();
        let computing = threads.seat().unwrap().ask(async move {
            let mut stopped = stopped;
            while matches!(stopped.try_recv(), Err(oneshot::error::TryRecvError::Empty)) {
                std::thread::yield_now();
                tokio::task::yield_now().await;
            }
        });
        let waits = threads.seat().unwrap().ask(tokio::time::sleep(std::time::Duration::from_millis(5)));
        waits.await.unwrap();
        stop.send(()).unwrap();
        computing.await.unwrap();
    }
}
