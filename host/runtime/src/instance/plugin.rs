//! What callers hold of a plugin: it finds its instance, or starts a fresh one; it keeps the deadlines, from outside the
//! instance; and it tells every caller how its call ended. It does not know what a tool does.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cofferdam_audit::{Caller, Event};
use cofferdam_grants::Grants;
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore, oneshot};

use super::actor::{Actor, End, Letter};
use super::at_work::AtWork;
use super::program::Program;
use super::rate::Rate;
use super::{About, GRACE, Request, Shape, Spec};
use crate::abi::since_0_1_0::{Cancellation, Failure, Output};
use crate::component::Digest;
use crate::enforce::{Descriptors, Gate};
use crate::engine::Runtime;
use crate::error::{CallError, LoadError};
use crate::link;
use crate::output::{self, Definition, Reply};
use crate::state::{CallState, State};

/// A loaded plugin. Nothing is compiled before the first call, or [`Plugin::prepare`].
pub struct Plugin {
    runtime: Runtime,
    descriptors: Arc<Descriptors>,
    about: Arc<About>,
    grants: Grants,
    shape: Shape,
    bytes: std::borrow::Cow<'static, [u8]>,
    digest: Digest,
    ready: OnceCell<Result<Arc<Program>, LoadError>>,
    actor: Mutex<Option<Arc<Actor>>>,
    /// Where every call has an instance of its own: the next one's, started ahead, and the gate that learns whose it is.
    spare: Mutex<Option<(Arc<Actor>, Arc<Gate>)>>,
    predecessor: Mutex<Option<String>>,
    next_call: AtomicU64,
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
        let room = |most: u32| {
            let most = usize::try_from(most).unwrap_or(1).clamp(1, Semaphore::MAX_PERMITS);
            Arc::new(Semaphore::new(most))
        };
        Self {
            rate: Rate::per_minute(spec.limits.calls_per_minute),
            running: room(spec.limits.concurrent_calls),
            places: room(spec.limits.mailbox),
            at_work: AtWork::default(),
            runtime: runtime.clone(),
            descriptors: Descriptors::new(spec.limits.descriptors),
            about: Arc::new(About { name: spec.name, limits: spec.limits, settings: spec.settings }),
            grants: spec.grants,
            shape: spec.shape,
            bytes: spec.bytes,
            digest: spec.digest,
            ready: OnceCell::new(),
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

    /// Compiles and links the plugin, if that is not done yet.
    ///
    /// # Errors
    /// It cannot be loaded under its grants.
    pub async fn prepare(self: &Arc<Self>) -> Result<(), LoadError> {
        self.ready().await.map(drop)
    }

    async fn ready(self: &Arc<Self>) -> Result<Arc<Program>, LoadError> {
        let made = self.ready.get_or_init(|| async {
            let plugin = Arc::clone(self);
            let cause = "the compiler failed".to_owned();
            let failed = LoadError::Invalid { plugin: self.about.name.clone(), cause };
            tokio::task::spawn_blocking(move || plugin.link()).await.unwrap_or(Err(failed)).map(Arc::new)
        });
        made.await.clone()
    }

    fn link(&self) -> Result<Program, LoadError> {
        let Self { runtime, about, bytes, digest, grants, shape, .. } = self;
        let program = Program::link(runtime, &about.name, bytes, digest, grants, *shape)?;
        // If it cannot be written now, it is before anything that this plugin asks for: until then nothing is granted.
        runtime.sink().owe(&Event::Loaded { plugin: &about.name, digest: digest.as_str() });
        Ok(program)
    }

    /// The tools that the component says it has, from an instance that lives for this question only.
    ///
    /// # Errors
    /// It cannot be loaded, or does not answer within its call limit.
    pub async fn definitions(self: &Arc<Self>) -> Result<Vec<Definition>, CallError> {
        let mould = self.ready().await?.mould();
        let state = State::new(Arc::clone(&self.about), self.gate(None), None);
        let asked = super::actor::list(mould, state, self.about.limits.cpu);
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
                self.runtime.sink().owe(&lost);
                Err(self.lost(End { reason: Some(reason), limit, connections: 0 }))
            }
            Err(_) => {
                let hit = Event::LimitHit { plugin: &self.about.name, caller: None, limit: "call" };
                self.runtime.sink().owe(&hit);
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
        let result = self.run(request).await;
        if let Err(error) = &result
            && let Some(limit) = error.limit()
            && !matches!(error, CallError::InstanceLost { .. })
        {
            // The call came to nothing in any case: nothing more depends on the record.
            self.runtime.sink().owe(&Event::LimitHit { plugin: &self.about.name, caller: Some(&caller), limit });
        }
        result
    }

    async fn run(self: &Arc<Self>, request: Request) -> Result<Reply, CallError> {
        let Request { tool, arguments, caller, mut turn, deadline, cancel, progress } = request;
        let limit = self.about.limits.call;
        let deadline = deadline.unwrap_or(limit).min(limit);
        let late = || CallError::Deadline { after: deadline, by_policy: deadline == limit };
        let _running = self.admit()?;
        let until = Instant::now() + deadline;
        let mut timer = pin!(tokio::time::sleep_until(until.into()));
        let program = tokio::select! {
            program = self.ready() => program?,
            () = &mut timer => return Err(late()),
            () = cancel.cancelled() => return Err(CallError::Cancelled),
        };
        if let Some(turn) = &mut turn {
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
            answer = &mut answered => return self.finish(&actor, answer).await,
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
            Ok(answer) => match self.finish(&actor, answer).await {
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

    fn overloaded(&self, limit: &'static str, most: u32) -> CallError {
        CallError::Overloaded { plugin: self.about.name.clone(), limit, most }
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

    /// Hands a letter to the instance, starting an instance where there is none.
    fn post(
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
                        let reason = Some("it ends as soon as it starts".to_owned());
                        Err(self.lost(End { reason, limit: None, connections: 0 }))
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
        Actor::start(program.mould(), Arc::clone(&self.about), gate, sink, predecessor)
    }

    fn gate(&self, only: Option<&Arc<Caller>>) -> Arc<Gate> {
        let (names, sink) = (self.runtime.names().clone(), Arc::clone(self.runtime.sink()));
        let files = self.runtime.files();
        let (name, descriptors) = (self.about.name.as_str().into(), Arc::clone(&self.descriptors));
        let gate = Arc::new(Gate::new(name, self.grants.clone(), names, files, descriptors, sink));
        if let Some(caller) = only {
            gate.belongs_to(caller);
        }
        gate
    }

    fn spare(&self) -> std::sync::MutexGuard<'_, Option<(Arc<Actor>, Arc<Gate>)>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Arc<Actor>>> {
        self.actor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn finish(
        &self,
        actor: &Actor,
        answer: Result<Result<Output, Failure>, oneshot::error::RecvError>,
    ) -> Result<Reply, CallError> {
        let (name, limit) = (&self.about.name, self.about.limits.output);
        match answer {
            Ok(Ok(output)) => output::reply(name, limit, output),
            Ok(Err(failure)) => Err(output::failure(name, limit, failure)),
            Err(_) => {
                // The instance ends now, or has ended; it does not take longer than its loop's last turn.
                let end = tokio::time::timeout(Duration::from_secs(5), actor.end()).await;
                let endless = || End { reason: Some("it does not end".to_owned()), limit: None, connections: 0 };
                Err(self.lost(end.unwrap_or_else(|_| endless())))
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
