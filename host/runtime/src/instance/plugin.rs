//! What callers hold of a plugin: it finds its instance, or starts a fresh one; it keeps the deadlines, from outside the
//! instance; and it tells every caller how its call ended. It does not know what a tool does.

mod code;
mod start;

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cofferdam_audit::{Event, Unwritten};
use cofferdam_grants::Grants;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::actor::{Actor, End, Letter};
use super::at_work::AtWork;
use super::rate::Rate;
use super::readiness::Readiness;
use super::threads::Threads;
use super::{About, GRACE, Request, Shape, Spec, permits};
use crate::abi::since_0_1_0::{Cancellation, Failure, Output};
use crate::component::Digest;
use crate::enforce::{Descriptors, Gate, Names};
use crate::engine::Runtime;
use crate::error::{CallError, LoadError};
use crate::link;
use crate::output::{self, Definition, Reply};
use crate::state::CallState;

/// Linear memory never shrinks. An instance for all calls that has so much of it, and nothing open, is ended after a burst.
const GROWN: usize = 32 << 20;

/// A loaded plugin. Nothing is compiled before the first call, or [`Plugin::prepare`].
pub struct Plugin {
    runtime: Runtime,
    descriptors: Arc<Descriptors>,
    about: Arc<About>,
    grants: Grants,
    shape: Shape,
    bytes: std::borrow::Cow<'static, [u8]>,
    digest: Digest,
    ahead: Option<&'static [u8]>,
    readiness: Arc<Readiness>,
    threads: Threads,
    actor: Mutex<Option<Arc<Actor>>>,
    /// Where every call has an instance of its own: the next one's, started ahead, and the gate that learns whose it is.
    spare: Mutex<Option<(Arc<Actor>, Arc<Gate>)>>,
    predecessor: Mutex<Option<String>>,
    next_call: AtomicU64,
    /// The host's resolver, with the lookups of this plugin's instances.
    names: Names,
    rate: Rate,
    running: Arc<Semaphore>,
    /// Where every call has an instance of its own: the mailbox that they have together.
    places: Arc<Semaphore>,
    /// The same: the instances that are at work.
    at_work: AtWork,
    closed: AtomicBool,
}

impl Plugin {
    /// Takes a plugin in. Runs and compiles nothing.
    pub fn new(runtime: &Runtime, spec: Spec) -> Self {
        let room = |most: u32| Arc::new(Semaphore::new(permits(most)));
        let memory = runtime.total_memory().plugin();
        Self {
            names: runtime.names().limited(&spec.limits),
            rate: Rate::per_minute(spec.limits.calls_per_minute),
            running: room(spec.limits.concurrent_calls),
            places: room(spec.limits.mailbox),
            at_work: AtWork::default(),
            threads: Threads::new(&spec.name, spec.shape == Shape::Actor, runtime.clock().clone(), memory.clone()),
            runtime: runtime.clone(),
            descriptors: Descriptors::new(spec.limits.descriptors),
            about: Arc::new(About { name: spec.name, limits: spec.limits, settings: spec.settings, memory }),
            grants: spec.grants,
            shape: spec.shape,
            bytes: spec.bytes,
            digest: spec.digest,
            ahead: spec.ahead,
            readiness: Arc::default(),
            actor: Mutex::new(None),
            spare: Mutex::new(None),
            predecessor: Mutex::new(None),
            next_call: AtomicU64::new(1),
            closed: AtomicBool::new(false),
        }
    }

    /// Whether everything the component imports is granted. Reads it only: nothing is compiled.
    ///
    /// # Errors
    /// It needs what it is not granted, or is not a component.
    pub fn check_imports(&self) -> Result<(), LoadError> {
        link::check_imports(&self.about.name, &self.bytes, &self.grants)
    }

    /// Whether its code is kept, so that nothing has to be compiled. That it can be used turns out when it is loaded.
    pub fn has_code(&self) -> bool {
        self.ahead.is_some() || self.runtime.has_code(&self.digest)
    }

    /// Compiles and links the plugin, if that is not done yet.
    ///
    /// # Errors
    /// It cannot be loaded under its grants.
    pub async fn prepare(self: &Arc<Self>) -> Result<(), LoadError> {
        self.ready().await.map(drop)
    }

    /// The tools that the component says it has, from an instance that lives for this question only.
    ///
    /// # Errors
    /// It cannot be loaded, or does not answer within its call limit.
    pub async fn definitions(self: &Arc<Self>) -> Result<Vec<Definition>, CallError> {
        let program = self.ready().await?;
        let state = self.state(self.gate(None), None)?;
        let mould = program.mould().ok_or_else(|| self.not_started("its code cannot be loaded"))?;
        let asked = super::actor::list(mould, state, self.about.limits.cpu);
        let asked = self.seat()?.ask(asked);
        let asked = async { asked.await.unwrap_or_else(|_| Err(("its thread has ended".to_owned(), None))) };
        match tokio::time::timeout(self.about.limits.call, asked).await {
            Ok(Ok(definitions)) => Ok(definitions.into_iter().map(Into::into).collect()),
            Ok(Err((reason, limit))) => {
                let lost = Event::InstanceLost {
                    plugin: &self.about.name,
                    caller: None,
                    limit,
                    reason: &reason,
                    connections: 0,
                };
                self.runtime.sink().defer(&lost);
                Err(self.lost(End { reason: Some(reason), limit, connections: 0 }))
            }
            Err(_) => {
                let hit = Event::LimitHit { plugin: &self.about.name, caller: None, limit: "call" };
                self.runtime.sink().defer(&hit);
                Err(CallError::Deadline { after: self.about.limits.call, by_policy: true })
            }
        }
    }

    /// Runs one call to its end.
    ///
    /// # Errors
    /// Why it came to nothing.
    pub async fn call(self: &Arc<Self>, request: Request) -> Result<Reply, CallError> {
        let caller = Arc::clone(&request.caller);
        let sent = request.arguments.len();
        let result = self.run(request).await;
        self.runtime.trimmer().used(sent + result.as_ref().map_or(0, Reply::size));
        if let Err(error) = &result
            && let Some(limit) = error.limit()
            && !matches!(error, CallError::InstanceLost { .. })
        {
            // The call came to nothing in any case: nothing more depends on the record.
            self.runtime.sink().defer(&Event::LimitHit { plugin: &self.about.name, caller: Some(&caller), limit });
        }
        result
    }

    async fn run(self: &Arc<Self>, request: Request) -> Result<Reply, CallError> {
        let Request { tool, arguments, caller, mut turn, deadline, cancel, progress } = request;
        let limit = self.about.limits.call;
        let deadline = deadline.unwrap_or(limit).min(limit);
        let late = || CallError::Deadline { after: deadline, by_policy: deadline == limit };
        let _running = self.admit()?;
        let memory = self.about.memory.take_text(arguments.len());
        let _arguments = memory.ok_or_else(|| self.no_memory())?;
        let until = Instant::now() + deadline;
        let mut timer = pin!(tokio::time::sleep_until(until.into()));
        let program = tokio::select! {
            program = self.ready_for(progress.as_ref()) => program?,
            () = &mut timer => return Err(late()),
            () = cancel.cancelled() => return Err(CallError::Cancelled),
        };
        // Where every call has an instance of its own, there is nothing that they reach one after the other.
        if let Some(turn) = turn.as_mut().filter(|_| self.shape == Shape::Actor) {
            tokio::select! {
                biased;
                () = turn.come() => {}
                () = &mut timer => return Err(late()),
                () = cancel.cancelled() => return Err(CallError::Cancelled),
            }
        }
        let state = Arc::new(CallState::new(until, progress));
        let (answer, mut answered) = oneshot::channel();
        let id = self.next_call.fetch_add(1, Ordering::Relaxed);
        let call = Arc::clone(&state);
        let actor = self.post(&program, Arc::clone(&caller), move |place| Letter {
            id,
            tool,
            arguments,
            caller,
            state: call,
            answer,
            place,
        })?;
        drop(turn);
        let _at_work = (self.shape == Shape::PerCall).then(|| self.at_work.add(id, &actor));
        if self.closed.load(Ordering::SeqCst) {
            // Whoever closed the plugin may not have seen this instance.
            actor.close();
        }

        let (why, error) = tokio::select! {
            // A server that ends answers first, and then cancels what is left.
            biased;
            answer = &mut answered => return self.finish(&actor, answer, &state).await,
            () = &mut timer => (Cancellation::Deadline, late()),
            () = cancel.cancelled() => (Cancellation::Cancelled, CallError::Cancelled),
        };
        state.cancel(why);
        if !state.started() {
            // It waits in the mailbox, and will not be opened: nothing of the guest's has to end.
            return Err(error);
        }
        if self.shape == Shape::PerCall {
            match error.limit() {
                Some(_) => actor.kill("its only call took too long".to_owned(), error.limit()),
                // Whoever wanted it has let go of it: nothing is lost.
                None => actor.close(),
            }
            return Err(error);
        }
        match tokio::time::timeout(GRACE, &mut answered).await {
            Ok(answer) => match self.finish(&actor, answer, &state).await {
                // The SDK's own word for what we asked of it; ours knows the deadline.
                Err(CallError::Failed { code, .. }) if matches!(code.as_str(), "cancelled" | "deadline") => Err(error),
                other => other,
            },
            Err(_) => {
                let call = if why == Cancellation::Deadline { "at its deadline" } else { "when it was cancelled" };
                let why = format!("a call did not end {call} (grace of {} ms)", GRACE.as_millis());
                actor.kill(why, error.limit());
                Err(self.lost(actor.end().await))
            }
        }
    }

    /// Lets a call in, if there were not too many in this minute and there are not too many now.
    fn admit(&self) -> Result<OwnedSemaphorePermit, CallError> {
        let limits = &self.about.limits;
        self.rate.take(Instant::now()).map_err(|wait| CallError::RateLimited {
            plugin: self.about.name.clone(),
            most: limits.calls_per_minute,
            wait,
        })?;
        let room = Arc::clone(&self.running).try_acquire_owned();
        room.map_err(|_| self.overloaded("concurrent_calls", limits.concurrent_calls))
    }

    fn no_memory(&self) -> CallError {
        CallError::NoMemory { plugin: self.about.name.clone() }
    }

    fn overloaded(&self, limit: &'static str, most: u32) -> CallError {
        CallError::Overloaded { plugin: self.about.name.clone(), limit, most }
    }

    /// Lets go of memory that nobody uses, after a burst of calls: the pool and the code of a plugin whose calls have instances
    /// of their own, and an instance for all calls that has grown and has nothing open. The next call finds it as it was at
    /// the start. Does nothing while there are calls.
    pub fn let_go(&self) {
        // Whoever is let in from here on waits for the slot, and finds it empty.
        let mut slot = self.slot();
        if self.running.available_permits() < permits(self.about.limits.concurrent_calls) {
            return;
        }
        if self.shape == Shape::PerCall {
            if let Some((spare, _)) = self.spare().take() {
                spare.close();
            }
            self.readiness.let_go();
        } else if let Some(actor) = slot.take_if(|actor| actor.idle_memory() >= GROWN) {
            let grown = format!("it had grown to {} MiB and had nothing open", actor.idle_memory() >> 20);
            tracing::debug!(target: "cofferdam", "the instance of `{}` ends: {grown}", self.about.name);
            *self.predecessor.lock().unwrap_or_else(PoisonError::into_inner) = Some(grown);
            actor.close();
        }
    }

    /// Ends the instance in good order. Calls under way are answered that the server is going down.
    pub async fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        let spare = self.spare().take().map(|(actor, _)| actor);
        let actor = self.slot().take();
        let all: Vec<_> = actor.into_iter().chain(spare).chain(self.at_work.all()).collect();
        all.iter().for_each(|actor| actor.close());
        // An instance may be in the middle of a tick, not longer.
        let ends = futures::future::join_all(all.iter().map(|actor| actor.end()));
        let _ = tokio::time::timeout(GRACE, ends).await;
    }

    async fn finish(
        &self,
        actor: &Actor,
        answer: Result<Result<Output, Failure>, oneshot::error::RecvError>,
        state: &CallState,
    ) -> Result<Reply, CallError> {
        let (name, limit) = (&self.about.name, self.about.limits.output);
        match answer {
            // What the guest took for a refusal was none. What has succeeded all the same in an instance that goes on, such as a
            // connection to another address, is told: its caller has to know of it.
            Ok(Err(_)) if state.is_unrecorded() => Err(CallError::Unrecorded(Unwritten)),
            Ok(Ok(_)) if state.is_unrecorded() && self.shape == Shape::PerCall => Err(CallError::Unrecorded(Unwritten)),
            Ok(Ok(output)) => match self.about.memory.take_text(output::size(&output)) {
                Some(_held) => output::reply(name, limit, output),
                None => Err(self.no_memory()),
            },
            Ok(Err(failure)) => Err(output::failure(name, limit, failure)),
            Err(_) => {
                // The instance ends now, or has ended; it does not take longer than its loop's last turn.
                let end = tokio::time::timeout(Duration::from_secs(5), actor.end()).await;
                let endless = || End { reason: Some("it does not end".to_owned()), limit: None, connections: 0 };
                match end.unwrap_or_else(|_| endless()) {
                    // Its memory to start with was not to be had: the guest has not seen the call.
                    End { limit: Some("total_memory"), .. } if !state.started() => Err(self.no_memory()),
                    end => Err(self.lost(end)),
                }
            }
        }
    }

    fn lost(&self, end: End) -> CallError {
        if self.closed.load(Ordering::SeqCst) {
            return CallError::ShuttingDown;
        }
        CallError::InstanceLost {
            plugin: self.about.name.clone(),
            limit: end.limit,
            reason: end.reason.unwrap_or_else(|| "it was closed".to_owned()),
            connections: end.connections,
        }
    }
}
