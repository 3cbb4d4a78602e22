//! Where a call's instance comes from: the one that lives, the one that was started ahead, or a fresh one.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

use cofferdam_audit::Caller;
use tokio::sync::OwnedSemaphorePermit;

use super::Plugin;
use crate::enforce::Gate;
use crate::error::CallError;
use crate::instance::Shape;
use crate::instance::actor::{Actor, End, Letter};
use crate::instance::program::Program;
use crate::instance::threads::Seat;
use crate::limiter::Limiter;
use crate::state::State;

impl Plugin {
    /// Hands a letter to the instance, starting an instance where there is none.
    pub(super) fn post(
        &self,
        program: &Arc<Program>,
        caller: Arc<Caller>,
        write: impl FnOnce(OwnedSemaphorePermit) -> Letter,
    ) -> Result<Arc<Actor>, CallError> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(CallError::ShuttingDown);
        }
        let full = || self.overloaded("mailbox", self.about.limits.mailbox);
        let (actor, place) = match self.shape {
            // Dropping the only sender of its mailbox ends the instance after this letter.
            Shape::PerCall => {
                let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| full())?;
                (self.own_instance(program, &caller)?, place)
            }
            Shape::Actor => {
                let actor = self.living(program)?;
                let place = actor.place().ok_or_else(full)?;
                (actor, place)
            }
        };
        match actor.post(write(place)) {
            Ok(()) => Ok(actor),
            // It has ended since it was looked at, which is a moment ago.
            Err(letter) => {
                let actor = match self.shape {
                    Shape::PerCall => self.own_instance(program, &caller)?,
                    Shape::Actor => self.living(program)?,
                };
                match actor.post(letter) {
                    Ok(()) => Ok(actor),
                    Err(_) => Err(self.not_started("it ends as soon as it starts")),
                }
            }
        }
    }

    /// The instance that lives, or a fresh one.
    fn living(&self, program: &Arc<Program>) -> Result<Arc<Actor>, CallError> {
        let mut slot = self.slot();
        match &*slot {
            Some(actor) if !actor.is_over() => Ok(Arc::clone(actor)),
            gone => {
                if let Some(reason) = gone.as_ref().and_then(|actor| actor.last_words()) {
                    *self.predecessor.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
                }
                let started = Arc::new(self.start(program, self.gate(None))?);
                Ok(Arc::clone(slot.insert(started)))
            }
        }
    }

    /// An instance for this call alone: the one that was started ahead, if it is there. The next one's is started at once, while this
    /// call is at work.
    fn own_instance(&self, program: &Arc<Program>, caller: &Arc<Caller>) -> Result<Arc<Actor>, CallError> {
        let ahead = self.spare().take().filter(|(actor, _)| !actor.is_over());
        let actor = match ahead {
            Some((actor, gate)) => {
                gate.belongs_to(caller);
                actor
            }
            None => Arc::new(self.start(program, self.gate(Some(caller)))?),
        };
        let mut spare = self.spare();
        // Of several calls at once the first has filled it; a server that closes wants none.
        if spare.is_none() && !self.closed.load(Ordering::SeqCst) {
            let gate = self.gate(None);
            // Where it cannot be started now, the next call tries itself.
            *spare = self.start(program, Arc::clone(&gate)).ok().map(|actor| (Arc::new(actor), gate));
        }
        Ok(actor)
    }

    fn start(&self, program: &Arc<Program>, gate: Arc<Gate>) -> Result<Actor, CallError> {
        let predecessor = self.predecessor.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let state = self.state(gate, predecessor)?;
        Ok(Actor::start(self.seat()?, Arc::clone(program), state, Arc::clone(self.runtime.sink())))
    }

    /// What a new instance holds, if there is memory for one.
    pub(super) fn state(&self, gate: Arc<Gate>, predecessor: Option<String>) -> Result<State, CallError> {
        let memory = Limiter::reserve(&self.about.memory).ok_or_else(|| self.no_memory())?;
        Ok(State::new(Arc::clone(&self.about), gate, memory, predecessor))
    }

    /// A place on one of the plugin's threads.
    pub(super) fn seat(&self) -> Result<Seat, CallError> {
        self.threads.seat().map_err(|error| {
            tracing::error!(target: "cofferdam", "there is no thread for `{}`: {error}", self.about.name);
            self.not_started("the system has no thread to run it on")
        })
    }

    pub(super) fn not_started(&self, why: &str) -> CallError {
        self.lost(End { reason: Some(why.to_owned()), limit: None, connections: 0 })
    }

    pub(super) fn gate(&self, only: Option<&Arc<Caller>>) -> Arc<Gate> {
        let (names, sink) = (self.names.clone(), Arc::clone(self.runtime.sink()));
        let files = self.runtime.files();
        let (name, descriptors) = (self.about.name.as_str().into(), Arc::clone(&self.descriptors));
        let gate = Arc::new(Gate::new(name, self.grants.clone(), names, files, descriptors, sink));
        if let Some(caller) = only {
            gate.belongs_to(caller);
        }
        gate
    }

    pub(super) fn spare(&self) -> MutexGuard<'_, Option<(Arc<Actor>, Arc<Gate>)>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn slot(&self) -> MutexGuard<'_, Option<Arc<Actor>>> {
        self.actor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
