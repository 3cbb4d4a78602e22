//! Where a call's instance comes from: the one that serves all calls, the one that was started
//! ahead, or a fresh one.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cofferdam_audit::Caller;
use cofferdam_grants::Limits;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Plugin;
use crate::enforce::Gate;
use crate::error::CallError;
use crate::instance::actor::Actor;
use crate::instance::at_work::{AtWork, Entry};
use crate::instance::program::Program;
use crate::instance::{About, Lifetime};
use crate::permits::permits;

/// Linear memory never shrinks. An instance for all calls that has so much of it, and nothing open,
/// is ended after a burst.
const GROWN: usize = 32 << 20;

/// The instances of one principal.
pub enum Instances {
    /// One instance serves all calls.
    Shared(Mutex<Shared>),
    /// Every call has an instance of its own.
    PerCall(PerCall),
}

/// The instance for all calls.
#[derive(Default)]
pub struct Shared {
    current: Option<Arc<Actor>>,
    /// Why the one before it ended, if that was in no good order.
    predecessor: Option<String>,
}

/// Instances for one call each.
pub struct PerCall {
    /// The next call's instance, started ahead, and its gate, which learns then whose it is.
    spare: Mutex<Option<(Arc<Actor>, Arc<Gate>)>>,
    /// The mailbox that they have together.
    places: Arc<Semaphore>,
    at_work: AtWork,
}

/// An instance at the service of one call, until this is dropped.
pub struct Lease<'a> {
    pub actor: Arc<Actor>,
    at_work: Option<Entry<'a>>,
}

impl Lease<'_> {
    /// Whether the instance serves this call only.
    pub fn is_for_one_call(&self) -> bool {
        self.at_work.is_some()
    }
}

/// What instances are started with.
pub struct Start<'a> {
    pub plugin: &'a Plugin,
    /// Makes a new instance's way to the policy.
    pub gate: &'a dyn Fn() -> Arc<Gate>,
    pub program: &'a Arc<Program>,
}

impl Start<'_> {
    fn instance(&self, gate: Arc<Gate>, predecessor: Option<String>) -> Result<Arc<Actor>, CallError> {
        let state = self.plugin.state(gate, predecessor)?;
        let (seat, sink) = (self.plugin.seat()?, Arc::clone(self.plugin.runtime.sink()));
        Ok(Arc::new(Actor::start(seat, Arc::clone(self.program), state, sink)))
    }

    fn is_closed(&self) -> bool {
        self.plugin.closed.load(Ordering::SeqCst)
    }

    fn full(&self) -> CallError {
        let About { name, limits, .. } = &*self.plugin.about;
        CallError::Overloaded { plugin: name.clone(), limit: "mailbox", most: limits.mailbox }
    }
}

impl Instances {
    /// None yet.
    pub fn new(lifetime: Lifetime, limits: &Limits) -> Self {
        match lifetime {
            Lifetime::Shared => Self::Shared(Mutex::default()),
            Lifetime::PerCall => Self::PerCall(PerCall {
                spare: Mutex::default(),
                places: Arc::new(Semaphore::new(permits(limits.mailbox))),
                at_work: AtWork::default(),
            }),
        }
    }

    /// An instance for one call, and the call's place in its mailbox.
    ///
    /// # Errors
    /// No place is free, or no instance can be started.
    pub fn acquire(
        &self,
        start: &Start<'_>,
        caller: &Arc<Caller>,
    ) -> Result<(Lease<'_>, OwnedSemaphorePermit), CallError> {
        match self {
            Self::Shared(shared) => {
                let actor = lock(shared).living(start)?;
                let place = actor.place().ok_or_else(|| start.full())?;
                Ok((Lease { actor, at_work: None }, place))
            }
            Self::PerCall(per_call) => {
                let place = Arc::clone(&per_call.places).try_acquire_owned().map_err(|_| start.full())?;
                let actor = per_call.own(start, caller)?;
                let at_work = Some(per_call.at_work.add(&actor));
                Ok((Lease { actor, at_work }, place))
            }
        }
    }

    /// Ends what nobody uses. Does nothing while there are calls; then it returns false.
    pub fn let_go(&self, has_calls: impl FnOnce() -> bool, about: &About) -> bool {
        match self {
            Self::Shared(shared) => {
                // A call that is let in from here on waits for the lock, and finds no instance.
                let mut shared = lock(shared);
                if has_calls() {
                    return false;
                }
                if let Some(actor) = shared.current.take_if(|actor| actor.idle_memory() >= GROWN) {
                    let mebibytes = actor.idle_memory() >> 20;
                    tracing::debug!(target: "cofferdam", plugin = about.name.as_str(), mebibytes, "an instance that has grown ends");
                    let grown = format!("it had grown to {mebibytes} MiB and had nothing open");
                    shared.predecessor = Some(grown);
                    actor.close();
                }
                true
            }
            Self::PerCall(per_call) => {
                let mut spare = lock(&per_call.spare);
                if has_calls() {
                    return false;
                }
                if let Some((actor, _)) = spare.take() {
                    actor.stop();
                }
                true
            }
        }
    }

    /// All instances, to be closed.
    pub fn take_all(&self) -> Vec<Arc<Actor>> {
        match self {
            Self::Shared(shared) => lock(shared).current.take().into_iter().collect(),
            Self::PerCall(per_call) => {
                let spare = lock(&per_call.spare).take().map(|(actor, _)| actor);
                spare.into_iter().chain(per_call.at_work.all()).collect()
            }
        }
    }
}

impl Shared {
    /// The instance that lives, or a fresh one.
    fn living(&mut self, start: &Start<'_>) -> Result<Arc<Actor>, CallError> {
        match &self.current {
            Some(actor) if !actor.is_over() => Ok(Arc::clone(actor)),
            gone => {
                if let Some(reason) = gone.as_ref().and_then(|actor| actor.last_words()) {
                    self.predecessor = Some(reason);
                }
                let actor = start.instance((start.gate)(), self.predecessor.clone())?;
                Ok(Arc::clone(self.current.insert(actor)))
            }
        }
    }
}

impl PerCall {
    /// An instance for this call alone: the one that was started ahead, if it is there. The next
    /// call's instance is started at once, while this call is at work.
    fn own(&self, start: &Start<'_>, caller: &Arc<Caller>) -> Result<Arc<Actor>, CallError> {
        let ahead = lock(&self.spare).take().filter(|(actor, _)| !actor.is_over());
        let actor = match ahead {
            Some((actor, gate)) => {
                gate.belongs_to(caller);
                actor
            }
            None => {
                let gate = (start.gate)();
                gate.belongs_to(caller);
                start.instance(gate, None)?
            }
        };
        let mut spare = lock(&self.spare);
        // Of several calls at once the first has filled it. A server that closes wants none.
        if spare.is_none() && !start.is_closed() {
            let gate = (start.gate)();
            // Where it cannot be started now, the next call tries itself.
            *spare = start.instance(Arc::clone(&gate), None).ok().map(|actor| (actor, gate));
        }
        Ok(actor)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
