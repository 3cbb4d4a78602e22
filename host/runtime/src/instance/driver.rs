//! Runs the instances of one thread, one turn at a time, in the order that `schedule.rs` says.
//! Between two turns the thread's event loop looks at its sockets and timers.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use futures::task::AtomicWaker;

use super::schedule::{Id, Schedule};
use crate::clock::Clock;
use crate::memory::PluginMemory;

/// The task of an instance, until it ends.
pub type Instance = Pin<Box<dyn Future<Output = ()> + Send>>;

/// When a plugin uses this much memory, further instances begin slowly: those that have begun end
/// first.
const MUCH: u64 = 128 << 20;

/// What other threads tell the driver.
#[derive(Default)]
pub struct Inbox {
    told: Mutex<Told>,
    driver: AtomicWaker,
}

#[derive(Default)]
struct Told {
    /// Instances to run: as many as calls are let in.
    new: Vec<Instance>,
    /// Those that want a turn, each once.
    woken: Vec<Id>,
}

impl Inbox {
    /// Hands an instance over.
    pub fn run(&self, instance: Instance) {
        self.tell(|told| told.new.push(instance));
    }

    fn tell(&self, what: impl FnOnce(&mut Told)) {
        what(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner));
        self.driver.wake();
    }
}

/// Wakes one instance.
struct InstanceWaker {
    inbox: Arc<Inbox>,
    id: Id,
    is_woken: AtomicBool,
}

impl Wake for InstanceWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_woken.swap(true, Ordering::AcqRel) {
            self.inbox.tell(|told| told.woken.push(self.id));
        }
    }
}

struct Run {
    instance: Instance,
    instance_waker: Arc<InstanceWaker>,
    waker: Waker,
}

/// Runs what comes into the inbox, for ever.
pub async fn drive(inbox: Arc<Inbox>, memory: PluginMemory, clock: Clock) {
    let mut driver = Driver { inbox, memory, clock, schedule: Schedule::default(), runs: HashMap::new(), last: 0 };
    poll_fn(|cx| driver.poll(cx)).await
}

struct Driver {
    inbox: Arc<Inbox>,
    memory: PluginMemory,
    clock: Clock,
    schedule: Schedule,
    runs: HashMap<Id, Run>,
    last: Id,
}

impl Driver {
    /// Gives one turn.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.inbox.driver.register(cx.waker());
        self.listen();
        let memory = &self.memory;
        if let Some(id) = self.schedule.next(|| memory.used() < MUCH) {
            self.run(id);
            self.listen();
        }
        if self.schedule.is_any_ready() {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    fn listen(&mut self) {
        let Told { new, woken } = std::mem::take(&mut *self.inbox.told.lock().unwrap_or_else(PoisonError::into_inner));
        for id in woken {
            self.schedule.wants(id);
        }
        for instance in new {
            self.last += 1;
            let instance_waker = Arc::new(InstanceWaker {
                inbox: Arc::clone(&self.inbox),
                id: self.last,
                is_woken: AtomicBool::new(false),
            });
            let waker = Waker::from(Arc::clone(&instance_waker));
            self.runs.insert(self.last, Run { instance, instance_waker, waker });
            self.schedule.add(self.last);
        }
    }

    fn run(&mut self, id: Id) {
        let Some(Run { instance, instance_waker, waker }) = self.runs.get_mut(&id) else { return };
        // A wake-up from here on asks for another turn.
        instance_waker.is_woken.store(false, Ordering::Release);
        let begun = Instant::now();
        let running = self.clock.running();
        let polled = instance.as_mut().poll(&mut Context::from_waker(waker));
        drop(running);
        match polled {
            Poll::Ready(()) => {
                self.runs.remove(&id);
                self.schedule.remove(id);
            }
            Poll::Pending => self.schedule.had(id, begun.elapsed()),
        }
    }
}
