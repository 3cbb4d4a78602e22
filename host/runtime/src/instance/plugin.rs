//! What callers hold of a plugin. It finds an instance for a call, or starts one, keeps the
//! deadlines from outside the instance, and tells every caller how its call ended. It does not know
//! what a tool does.

mod code;
mod instances;
mod late;
mod listing;
mod patience;
mod replaced;
mod tenant;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use cofferdam_audit::{Caller, Event, Unwritten};
use cofferdam_grants::Grants;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::actor::{Actor, Answered, End, Message};
use super::ends::CLOSING;
use super::program::Program;
use super::readiness::Readiness;
use super::threads::{Seat, Threads};
use super::{About, Lifetime, Request, Spec, Turn};
use crate::call::{CallState, Cancellation, Shown};
use crate::component::Digest;
use crate::enforce::{Descriptors, Gate, Names};
use crate::engine::Runtime;
use crate::environment::Environment;
use crate::error::{CallError, LoadError};
use crate::limiter::Limiter;
use crate::link;
use crate::output::{self, Outcome};
use crate::progress::Reports;
use crate::state::State;
use crate::trimmer::LetGo;
use instances::Lease;
use late::{GRACE, Waiting, end_by_deadline, overdue};
use patience::Patience;
use tenant::Tenant;

/// How long an instance may take to end. It ends after the last turn of its event loop.
const ENDING: Duration = Duration::from_secs(5);

/// A loaded plugin. Nothing is compiled before the first call, or [`Plugin::prepare`].
pub struct Plugin {
    runtime: Runtime,
    environment: Environment,
    name: Arc<str>,
    about: Arc<About>,
    grants: Grants,
    bytes: Cow<'static, [u8]>,
    digest: Digest,
    ahead: Option<&'static [u8]>,
    /// Whether everything that the component imports is known, once somebody has asked.
    imports: OnceLock<Result<(), LoadError>>,
    readiness: Arc<Readiness<Program>>,
    threads: Threads,
    /// What belongs to each principal. There are as many as principals that the operator admits.
    tenants: Mutex<HashMap<String, Arc<Tenant>>>,
    closed: AtomicBool,
    replaced: AtomicBool,
}

impl Plugin {
    /// Takes a plugin in. Runs and compiles nothing.
    pub fn new(runtime: &Runtime, environment: &Environment, spec: Spec) -> Arc<Self> {
        let memory = runtime.total_memory().plugin();
        let one_instance = spec.lifetime == Lifetime::Shared;
        let plugin = Arc::new(Self {
            environment: environment.clone(),
            name: spec.name.as_str().into(),
            threads: Threads::new(&spec.name, one_instance, runtime.clock().clone(), memory.clone()),
            runtime: runtime.clone(),
            about: Arc::new(About {
                name: spec.name,
                limits: spec.limits,
                settings: spec.settings,
                memory,
                lifetime: spec.lifetime,
                concurrency: spec.concurrency,
            }),
            grants: spec.grants,
            bytes: spec.bytes,
            digest: spec.digest,
            ahead: spec.ahead,
            imports: OnceLock::new(),
            readiness: Arc::default(),
            tenants: Mutex::default(),
            closed: AtomicBool::new(false),
            replaced: AtomicBool::new(false),
        });
        runtime.trimmer().before(&plugin);
        plugin
    }

    /// Its name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Whether its code is kept, so that nothing has to be compiled. Whether the code can be used
    /// turns out when it is loaded.
    pub fn has_code(&self) -> bool {
        self.ahead.is_some() || self.runtime.has_code(self.runtime.engine(), &self.digest)
    }

    /// Compiles and links the plugin, if that is not done yet.
    ///
    /// # Errors
    /// It cannot be loaded.
    pub async fn prepare(self: &Arc<Self>) -> Result<(), LoadError> {
        self.check_imports()?;
        self.ready().await.map(drop)
    }

    /// Refuses a component that imports what the host does not know. Reads the component once, and
    /// compiles nothing.
    fn check_imports(&self) -> Result<(), LoadError> {
        let check = || link::check_imports(&self.about.name, &self.bytes);
        self.imports.get_or_init(check).clone()
    }

    /// Runs one call to its end. What it has shown before a failure stands beside the failure.
    ///
    /// # Errors
    /// Why it came to nothing.
    pub async fn call(self: &Arc<Self>, request: Request) -> (Result<Outcome, CallError>, Shown) {
        let caller = Arc::clone(&request.caller);
        let sent = request.arguments.len();
        let (result, shown) = self.run(request).await;
        self.runtime.trimmer().used(sent + result.as_ref().map_or(0, Outcome::size));
        if let Err(error) = &result
            && let Some(limit) = error.limit()
            && !matches!(error, CallError::InstanceLost { .. })
        {
            // The call came to nothing in any case: nothing more depends on the record.
            self.runtime.sink().defer(&Event::LimitHit { plugin: &self.about.name, caller: Some(&caller), limit });
        }
        (result, shown)
    }

    async fn run(self: &Arc<Self>, request: Request) -> (Result<Outcome, CallError>, Shown) {
        let Request { tool, arguments, replies, caller, turn, deadline, cancel, progress } = request;
        let patience = Patience::new(deadline, self.about.limits.call, cancel);
        let state = Arc::new(CallState::new(patience.until(), Arc::new(Reports::to(progress))));
        let waiting =
            Waiting { caller: Arc::clone(&caller), state: Arc::clone(&state), patience, sent: arguments.len() };
        let replies = replies.iter().map(|(id, said)| (id.clone(), said.into())).collect();
        let (answer, answered) = oneshot::channel();
        let message = {
            let state = Arc::clone(&state);
            |place| Message { tool, arguments, replies, caller, state, answer, place }
        };
        let result = self.send(waiting, turn, message, answered).await;
        (result, state.take_shown())
    }

    /// Finds an instance for a call, hands the call over, and waits for its end.
    async fn send(
        self: &Arc<Self>,
        waiting: Waiting,
        mut turn: Option<Turn>,
        message: impl FnOnce(OwnedSemaphorePermit) -> Message,
        answered: oneshot::Receiver<Answered>,
    ) -> Result<Outcome, CallError> {
        let Waiting { caller, state, patience, sent } = &waiting;
        let tenant = self.tenant(&caller.principal);
        let running = tenant.admit(&self.about)?;
        let memory = self.about.memory.take_text(*sent);
        let _arguments = memory.ok_or_else(|| self.no_memory())?;
        // Calls that have instances of their own reach nothing one after the other.
        turn = turn.filter(|_| self.about.lifetime == Lifetime::Shared);
        if let Some(turn) = &mut turn {
            patience.wait_for(turn.join(&self.name)).await?;
        }
        self.check_imports()?;
        let program = patience.wait_for(self.ready_for(state.reports())).await??;
        if let Some(turn) = &mut turn {
            patience.wait_for(turn.come()).await?;
        }
        let lease = self.post(&tenant, &program, caller, message)?;
        drop(turn);
        self.answer(&lease, answered, &waiting, running).await
    }

    /// Puts a message into the mailbox of an instance. An instance that ends just then is replaced,
    /// once.
    fn post<'a>(
        &'a self,
        tenant: &'a Tenant,
        program: &'a Arc<Program>,
        caller: &Arc<Caller>,
        write: impl FnOnce(OwnedSemaphorePermit) -> Message,
    ) -> Result<Lease<'a>, CallError> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(CallError::ShuttingDown);
        }
        let (mut lease, place) = tenant.acquire(self, program, caller)?;
        if let Err(mut message) = lease.actor.post(write(place)) {
            let again = tenant.acquire(self, program, caller)?;
            (lease, message.place) = again;
            let posted = lease.actor.post(message);
            posted.map_err(|_| self.not_started("it ends as soon as it starts"))?;
        }
        if self.closed.load(Ordering::SeqCst) {
            // Whoever closed the plugin may not have seen this instance.
            lease.actor.close();
        }
        Ok(lease)
    }

    /// Waits for the answer of an instance, for as long as the caller does.
    async fn answer(
        &self,
        lease: &Lease<'_>,
        mut answered: oneshot::Receiver<Answered>,
        waiting: &Waiting,
        running: OwnedSemaphorePermit,
    ) -> Result<Outcome, CallError> {
        let Waiting { state, patience, .. } = waiting;
        let error = match patience.wait_for(&mut answered).await {
            Ok(answer) => return self.finish(&lease.actor, answer, state).await,
            Err(error) => error,
        };
        let is_late = matches!(error, CallError::Deadline { .. });
        state.cancel(if is_late { Cancellation::Deadline } else { Cancellation::Cancelled });
        // A message that waits in the mailbox is not opened any more: nothing of the guest has to
        // end.
        if !state.started() {
            return Err(error);
        }
        if lease.is_for_one_call() {
            match error.limit() {
                Some(_) => lease.actor.kill("its only call took too long".to_owned(), error.limit()),
                // Nobody wants the answer: nothing is lost.
                None => lease.actor.stop(),
            }
            return Err(error);
        }
        let rests = lease.actor.cpu_meter().rests();
        match tokio::time::timeout(GRACE, &mut answered).await {
            Ok(answer) => match self.finish(&lease.actor, answer, state).await {
                // The guest's own word for what it was told. Ours knows the deadline.
                Err(CallError::Cancelled | CallError::OwnDeadline) => Err(error),
                other => other,
            },
            // It has not asked to be told, and holds nobody up. Its late answer is dropped.
            Err(_) if !is_late && !state.listens() && !lease.actor.cpu_meter().computes_since(rests) => {
                tokio::spawn(end_by_deadline(Arc::clone(&lease.actor), answered, patience.last(), running));
                Err(error)
            }
            Err(_) => {
                let when = if is_late { "at its deadline" } else { "when it was cancelled" };
                lease.actor.kill(overdue(when), error.limit());
                Err(self.lost(lease.actor.end().await))
            }
        }
    }

    /// Makes a reply of a guest's answer, or says why there is none.
    async fn finish(
        &self,
        actor: &Actor,
        answer: Result<Answered, oneshot::error::RecvError>,
        state: &CallState,
    ) -> Result<Outcome, CallError> {
        let (name, limit) = (&self.about.name, self.about.limits.output);
        match answer {
            // The guest took for a refusal what was none. A success in an instance that goes on,
            // such as a connection to another address, is told: its caller has to know of it.
            Ok(Err(_)) if state.is_unrecorded() => Err(CallError::Unrecorded(Unwritten)),
            Ok(Ok(_)) if state.is_unrecorded() && self.about.lifetime == Lifetime::PerCall => {
                Err(CallError::Unrecorded(Unwritten))
            }
            Ok(Ok((outcome, Some(held)))) => output::outcome(name, limit, outcome, held, state.take_shown()),
            Ok(Ok((_, None))) => Err(self.no_memory()),
            Ok(Err(ending)) => Err(output::ending(name, limit, ending)),
            Err(_) => {
                let end = tokio::time::timeout(ENDING, actor.end()).await;
                match end.unwrap_or_else(|_| End::lost("it does not end", None)) {
                    // There was no memory to start it: the guest has not seen the call.
                    End { limit: Some("total_memory"), .. } if !state.started() => Err(self.no_memory()),
                    End { not_started: true, reason: Some(why), .. } if !state.started() => Err(self.not_started(&why)),
                    End { unsettled: Some(why), .. } => Err(CallError::Settings { plugin: name.clone(), why }),
                    end => Err(self.lost(end)),
                }
            }
        }
    }

    /// Ends every instance in good order. Calls under way are answered that the server is going
    /// down.
    pub async fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        let all: Vec<_> = self.all_tenants().iter().flat_map(|tenant| tenant.take_all()).collect();
        all.iter().for_each(|actor| actor.close());
        // An instance may be in the middle of a tick, not longer, before it is told.
        let ends = futures::future::join_all(all.iter().map(|actor| actor.end()));
        let _ = tokio::time::timeout(GRACE + CLOSING, ends).await;
    }

    /// What belongs to a principal.
    fn tenant(&self, principal: &str) -> Arc<Tenant> {
        let mut tenants = self.tenants();
        if let Some(tenant) = tenants.get(principal) {
            return Arc::clone(tenant);
        }
        let names = self.environment.names.limited(&self.about.limits);
        let tenant = Arc::new(Tenant::new(&self.about.limits, self.about.lifetime, names));
        tenants.insert(principal.to_owned(), Arc::clone(&tenant));
        tenant
    }

    fn all_tenants(&self) -> Vec<Arc<Tenant>> {
        self.tenants().values().cloned().collect()
    }

    fn tenants(&self) -> MutexGuard<'_, HashMap<String, Arc<Tenant>>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new instance's way to the policy.
    fn gate(&self, grants: &Grants, names: Names, descriptors: Arc<Descriptors>) -> Arc<Gate> {
        let (files, sink) = (Arc::clone(&self.environment.files), Arc::clone(self.runtime.sink()));
        let handlers = self.environment.handlers.clone();
        Arc::new(Gate::new(Arc::clone(&self.name), grants.clone(), names, files, handlers, descriptors, sink))
    }

    /// What a new instance holds, if there is memory for one.
    fn state(&self, gate: Arc<Gate>, predecessor: Option<String>) -> Result<State, CallError> {
        let memory = Limiter::reserve(&self.about.memory).ok_or_else(|| self.no_memory())?;
        Ok(State::new(Arc::clone(&self.about), gate, memory, predecessor))
    }

    /// A place on one of the plugin's threads.
    fn seat(&self) -> Result<Seat, CallError> {
        self.threads.seat().map_err(|error| {
            tracing::error!(target: "cofferdam", plugin = self.about.name.as_str(), %error, "the system has no thread");
            self.not_started("the system has no thread to run it on")
        })
    }

    fn no_memory(&self) -> CallError {
        CallError::NoMemory { plugin: self.about.name.clone() }
    }

    fn not_started(&self, why: &str) -> CallError {
        if self.closed.load(Ordering::SeqCst) {
            return CallError::ShuttingDown;
        }
        CallError::NotStarted { plugin: self.about.name.clone(), why: why.to_owned() }
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

impl LetGo for Plugin {
    /// Lets go of memory that nobody uses, after a burst of calls. A plugin whose calls have
    /// instances of their own lets go of its spare instances, its pool and its code, unless it has
    /// a call. An instance for all calls ends where it has grown, has nothing open and has no call.
    /// The next call finds the plugin as it was at the start.
    fn let_go(&self) {
        let tenants = self.all_tenants();
        let idle = tenants.iter().filter(|tenant| tenant.let_go(&self.about)).count();
        if idle == tenants.len() && self.about.lifetime == Lifetime::PerCall {
            self.readiness.let_go();
        } else if let Some(program) = self.readiness.made() {
            program.let_go();
        }
    }
}

#[cfg(test)]
#[path = "plugin_tests.rs"]
mod tests;
