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

impl Plugin {
    /// Hands a letter to the instance, starting an instance where there is none.
    pub(super) fn post(
        &self,
        program: &Program,
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
                (self.own_instance(program, &caller), place)
            }
            Shape::Actor => {
                let actor = self.living(program);
                let place = actor.place().ok_or_else(full)?;
                (actor, place)
            }
        };
        match actor.post(write(place)) {
            Ok(()) => Ok(actor),
            // It has ended since it was looked at, which is a moment ago.
            Err(letter) => {
                let actor = match self.shape {
                    Shape::PerCall => self.own_instance(program, &caller),
                    Shape::Actor => self.living(program),
                };
                match actor.post(letter) {
                    Ok(()) => Ok(actor),
                    Err(_) => {
                        let reason = actor.last_words().unwrap_or_else(|| "it ends as soon as it starts".to_owned());
                        Err(self.lost(End { reason: Some(reason), limit: None, connections: 0 }))
                    }
                }
            }
        }
    }

    /// The instance that lives, or a fresh one.
    fn living(&self, program: &Program) -> Arc<Actor> {
        let mut slot = self.slot();
        match &*slot {
            Some(actor) if !actor.is_over() => Arc::clone(actor),
            gone => {
                if let Some(reason) = gone.as_ref().and_then(|actor| actor.last_words()) {
                    *self.predecessor.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
                }
                Arc::clone(slot.insert(Arc::new(self.start(program, self.gate(None)))))
            }
        }
    }

    /// An instance for this call alone: the one that was started ahead, if it is there. The next one's is started at once, while this
    /// call is at work.
    fn own_instance(&self, program: &Program, caller: &Arc<Caller>) -> Arc<Actor> {
        let ahead = self.spare().take().filter(|(actor, gate)| !actor.is_over() && gate.is_current());
        let actor = match ahead {
            Some((actor, gate)) => {
                gate.belongs_to(caller);
                actor
            }
            None => Arc::new(self.start(program, self.gate(Some(caller)))),
        };
        let mut spare = self.spare();
        // Of several calls at once the first has filled it; a server that closes wants none.
        if spare.is_none() && !self.closed.load(Ordering::SeqCst) {
            let gate = self.gate(None);
            *spare = Some((Arc::new(self.start(program, Arc::clone(&gate))), gate));
        }
        actor
    }

    fn start(&self, program: &Program, gate: Arc<Gate>) -> Actor {
        let predecessor = self.predecessor.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let sink = Arc::clone(self.runtime.sink());
        match self.seat() {
            Ok(seat) => Actor::start(seat, program.mould(), Arc::clone(&self.about), gate, sink, predecessor),
            Err(reason) => Actor::unstarted(reason),
        }
    }

    /// A place on one of the plugin's threads.
    pub(super) fn seat(&self) -> Result<Seat, String> {
        self.threads.seat().map_err(|error| {
            tracing::error!(target: "cofferdam", "there is no thread for `{}`: {error}", self.about.name);
            "the system has no thread to run it on".to_owned()
        })
    }

    pub(super) fn gate(&self, only: Option<&Arc<Caller>>) -> Arc<Gate> {
        let (names, sink) = (self.runtime.names().clone(), Arc::clone(self.runtime.sink()));
        let files = self.runtime.files();
        let gate = Arc::new(Gate::new(self.about.name.as_str().into(), self.grants.clone(), names, files, sink));
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
