//! One instance: a store and its event loop, in a task on one of its plugin's threads, fed by a
//! bounded mailbox. It ends when its mailbox closes, when it is killed, or when its guest traps.
//! Everyone who waits is told why. Deadlines are not kept here: a timer inside the loop would not
//! fire while the guest spins.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use cofferdam_audit::{Caller, Event, Sink};
use cofferdam_grants::{printable, printable_text};
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use wasmtime::component::Accessor;
use wasmtime::{AsContextMut as _, Store, UpdateDeadline};
use wasmtime_wasi::WasiView as _;

use super::Lifetime;
use super::ends::{self, lacks, not_instantiated, overdue, unsettled};
use super::program::{Instantiable, Program, Template};
use super::threads::Seat;
use crate::abi::plugin_0_1_0::{Definition, Ending, Exported, Outcome, Reply};
use crate::call::CallState;
use crate::clock::TICK;
use crate::context::Context;
use crate::cpu_meter::CpuMeter;
use crate::enforce::Sockets;
use crate::limiter;
use crate::memory::Held;
use crate::output;
use crate::permits::permits;
use crate::state::State;

/// A call on its way into an instance.
pub struct Message {
    pub tool: String,
    pub arguments: String,
    /// To the questions that the call has asked before.
    pub replies: Vec<(String, Reply)>,
    /// On whose behalf.
    pub caller: Arc<Caller>,
    pub state: Arc<CallState>,
    pub answer: oneshot::Sender<Answered>,
    /// The call's place among those that wait or run; free again when the guest is done with it.
    pub place: OwnedSemaphorePermit,
}

/// What a guest answers, and the memory that its answer takes from here on; `None` if there is no
/// room for it.
pub type Answered = Result<(Outcome, Option<Held>), Ending>;

/// How an instance ended.
#[derive(Clone, Debug)]
pub struct End {
    /// For people; `None` after an orderly close.
    pub reason: Option<String>,
    /// The limit that ended it, if one did.
    pub limit: Option<&'static str>,
    /// Connections that were open.
    pub connections: usize,
    /// The system lacked something that the instance needs to start. The guest has not run.
    pub not_started: bool,
    /// The guest does not take its settings, and why. It has seen no call.
    pub unsettled: Option<String>,
}

impl End {
    /// An instance that ended out of order, with nothing open.
    pub fn lost(reason: impl Into<String>, limit: Option<&'static str>) -> Self {
        Self { reason: Some(reason.into()), limit, connections: 0, not_started: false, unsettled: None }
    }

    /// An instance that did not start.
    pub fn not_started(reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), limit: None, connections: 0, not_started: true, unsettled: None }
    }

    fn unsettled(why: String) -> Self {
        Self { reason: None, limit: None, connections: 0, not_started: false, unsettled: Some(why) }
    }
}

/// Why an instance ended, for people, and the limit that it went beyond, if that is why.
pub type Why = (String, Option<&'static str>);

/// The handle of an instance.
pub struct Actor {
    mailbox: mpsc::Sender<Message>,
    places: Arc<Semaphore>,
    kill: Arc<Kill>,
    end: watch::Receiver<Option<End>>,
    sockets: Sockets,
    memory: Arc<AtomicUsize>,
    cpu_meter: Arc<CpuMeter>,
}

#[derive(Default)]
struct Kill {
    why: std::sync::OnceLock<Why>,
    orderly: AtomicBool,
    notify: Notify,
    /// The guest is to end by itself.
    closing: CancellationToken,
}

impl Actor {
    /// Starts an instance. If it cannot start, everyone who waits for an answer is told.
    pub fn start(seat: Seat, program: Arc<Program>, state: State, sink: Arc<dyn Sink>) -> Self {
        let places = permits(state.about.limits.mailbox);
        let (mailbox, messages) = mpsc::channel(places);
        let places = Arc::new(Semaphore::new(places));
        let kill = Arc::new(Kill::default());
        let (ended, end) = watch::channel(None);
        let (sockets, memory) = (state.sockets.clone(), state.limiter.shown());
        let cpu_meter = Arc::clone(&state.cpu_meter);
        let task = run(program, state, sink, messages, Arc::clone(&kill), ended);
        seat.run(task);
        Self { mailbox, places, kill, end, sockets, memory, cpu_meter }
    }

    /// A place for one more call, if there is one.
    pub fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// Puts a message into the mailbox; gives it back if the instance has ended.
    pub fn post(&self, message: Message) -> Result<(), Message> {
        // A message has its place, and there are as many as the mailbox holds: it is never full.
        self.mailbox.try_send(message).map_err(mpsc::error::TrySendError::into_inner)
    }

    /// Ends the instance in good order: nothing of it counts as lost. A guest that has no call is
    /// told, and has [`ends::CLOSING`].
    pub fn close(&self) {
        self.kill.orderly.store(true, Ordering::SeqCst);
        self.kill.closing.cancel();
    }

    /// Ends the instance in good order, now, whatever it does.
    pub fn stop(&self) {
        self.kill.orderly.store(true, Ordering::SeqCst);
        self.kill.notify.notify_one();
    }

    /// Ends the instance now, whatever it does. `limit` is the one that it went beyond, if that is
    /// why.
    pub fn kill(&self, why: String, limit: Option<&'static str>) {
        let _ = self.kill.why.set((why, limit));
        self.kill.notify.notify_one();
    }

    /// How its guest computes and waits.
    pub fn cpu_meter(&self) -> &CpuMeter {
        &self.cpu_meter
    }

    /// The memory of an instance that has no connections, in bytes; zero if it has any.
    pub fn idle_memory(&self) -> usize {
        if self.sockets.open() > 0 { 0 } else { self.memory.load(Ordering::Relaxed) }
    }

    /// Connections that are open.
    pub fn connections(&self) -> usize {
        self.sockets.open()
    }

    /// Whether it has ended, and why.
    pub fn ended(&self) -> Option<End> {
        self.end.borrow().clone()
    }

    /// Whether it takes no more messages: it has ended, or is about to.
    pub fn is_over(&self) -> bool {
        self.mailbox.is_closed()
            || self.kill.closing.is_cancelled()
            || self.kill.why.get().is_some()
            || self.ended().is_some()
    }

    /// Why it ended, or is about to, unless that is in good order.
    pub fn last_words(&self) -> Option<String> {
        let killed = || self.kill.why.get().map(|(why, _)| why.clone());
        self.ended().map_or_else(killed, |end| end.reason)
    }

    /// Waits for its end.
    pub async fn end(&self) -> End {
        match self.end.clone().wait_for(Option::is_some).await.map(|end| end.clone()) {
            Ok(Some(end)) => end,
            _ => End::lost("its task was lost", None),
        }
    }
}

async fn run(
    program: Arc<Program>,
    state: State,
    sink: Arc<dyn Sink>,
    mut messages: mpsc::Receiver<Message>,
    kill: Arc<Kill>,
    ended: watch::Sender<Option<End>>,
) {
    let about = Arc::clone(&state.about);
    // The place in the pool is taken at the first turn, not before.
    let Some(template) = program.for_calls() else {
        ended.send_replace(Some(End::not_started("its code cannot be loaded")));
        return;
    };
    let mut store = Store::new(template.pre.engine(), state);
    State::bound(&mut store);
    interrupt(&mut store, about.limits.cpu);

    let ran = tokio::select! {
        biased;
        () = kill.notify.notified() => Err(None),
        // A guest that spins hears nothing.
        () = overdue(&kill.closing) => Err(None),
        ran = live(&template.pre, &mut store, &mut messages, &kill.closing) => ran.map_err(Some),
    };
    // From here on the instance takes no call. A call that comes later finds a fresh instance.
    messages.close();
    let connections = store.data().sockets.open();
    let lack = ran.as_ref().err().and_then(|trap| trap.as_ref()).and_then(lacks);
    if let Some(reason) = lack {
        tracing::error!(target: "cofferdam", plugin = about.name.as_str(), reason, "an instance cannot start");
        drop(store);
        drop(template);
        ended.send_replace(Some(End::not_started(reason)));
        return;
    }
    if let Some(why) = ran.as_ref().err().and_then(|trap| trap.as_ref()).and_then(unsettled) {
        tracing::error!(target: "cofferdam", plugin = %about.name, why, "the plugin does not take its settings");
        drop(store);
        drop(template);
        ended.send_replace(Some(End::unsettled(why)));
        return;
    }
    let why: Option<Why> = match ran {
        Ok(()) => None,
        Err(_) if kill.orderly.load(Ordering::SeqCst) => None,
        Err(trap) => Some(kill.why.get().cloned().unwrap_or_else(|| match trap {
            Some(trap) => why_trapped(&trap, store.data(), about.limits.cpu),
            None => ("it was ended".to_owned(), None),
        })),
    };
    let (reason, limit) = why.map_or((None, None), |(reason, limit)| (Some(reason), limit));
    if let Some(reason) = &reason {
        // The instance is gone in any case: nothing depends on the record.
        let caller = store.data().gate.only();
        sink.defer(&Event::InstanceLost { plugin: &about.name, caller, limit, reason, connections });
    }
    // Sockets are closed and the log is complete before anyone is told.
    drop(store);
    drop(template);
    ended.send_replace(Some(End { reason, limit, connections, not_started: false, unsettled: None }));
    // Messages that were never opened go with the mailbox: their senders read the end.
    drop(messages);
}

/// Sets up the interrupt: every tick other tasks of the host get their turn, and the CPU limit is
/// looked at.
fn interrupt(store: &mut Store<State>, cpu: Duration) {
    let most = u32::try_from(cpu.as_millis() / TICK.as_millis()).unwrap_or(u32::MAX).max(1);
    let cpu_meter = Arc::clone(&store.data().cpu_meter);
    store.epoch_deadline_callback(move |_| {
        if cpu_meter.tick() >= most {
            return Err(CpuLimit.into());
        }
        Ok(UpdateDeadline::Yield(1))
    });
    store.set_epoch_deadline(1);
}

#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the CPU limit was reached")]
struct CpuLimit;

async fn live(
    pre: &Instantiable,
    store: &mut Store<State>,
    messages: &mut mpsc::Receiver<Message>,
    closing: &CancellationToken,
) -> wasmtime::Result<()> {
    let exported = pre.instantiate(store).await.map_err(not_instantiated)?;
    let (about, cpu_meter) = (Arc::clone(&store.data().about), Arc::clone(&store.data().cpu_meter));
    cpu_meter.rest();
    let at_once = about.concurrency.unwrap_or(usize::MAX);
    store
        .run_concurrent(async |accessor| {
            let mut beginning = std::pin::pin!(ends::begin(accessor, &exported, &about));
            loop {
                tokio::select! {
                    begun = &mut beginning => break begun?,
                    () = closing.cancelled() => return Ok(()),
                    () = cpu_meter.turn() => cpu_meter.rest(),
                }
            }
            let mut running = FuturesUnordered::new();
            loop {
                tokio::select! {
                    message = messages.recv(), if running.len() < at_once => match message {
                        Some(message) => running.push(answer(accessor, &exported, message)),
                        None => break,
                    },
                    Some(answered) = running.next(), if !running.is_empty() => answered?,
                    () = closing.cancelled() => break,
                    () = cpu_meter.turn() => cpu_meter.rest(),
                }
            }
            if running.is_empty() && about.lifetime == Lifetime::Shared {
                ends::end(accessor, &exported).await?;
            }
            Ok(())
        })
        .await?
}

/// Runs one call in the guest.
async fn answer(accessor: &Accessor<State>, exported: &Exported, message: Message) -> wasmtime::Result<()> {
    let Message { tool, arguments, replies, caller, state, answer, place } = message;
    let Some(tools) = &exported.tools else { return Ok(()) };
    if !state.start() {
        return Ok(());
    }
    let call = tools.func_call();
    let started = accessor.with(|mut access| -> wasmtime::Result<_> {
        let own = access.data_mut();
        own.gate.call_begins(&caller, &state);
        let context = Context { state: Arc::clone(&state), number: caller.call };
        let context = own.ctx().table.push(context)?;
        let started = call.start_call_concurrent(access.as_context_mut(), (context, tool, arguments, replies))?;
        // What the guest asks for is attributed by this. A task's number is used again when the
        // task has ended, so that there are never more than tasks have been at one time.
        access.data_mut().callers.insert(started.task(), Arc::clone(&caller));
        Ok(started)
    })?;
    let answered = call.finish_call_concurrent(accessor, started).await.map(|(answered,)| answered);
    state.end();
    let memory = accessor.with(|mut access| {
        access.data_mut().gate.call_ends(&caller);
        access.data_mut().about.memory.clone()
    });
    // The place is free before the answer is sent.
    drop(place);
    let answered = answered?.map(|outcome| {
        let held = memory.take_text(output::size(&outcome));
        (outcome, held)
    });
    // A caller that no longer waits has dropped the other end.
    let _ = answer.send(answered);
    Ok(())
}

/// Says in an operator's words why a guest trapped.
fn why_trapped(trap: &wasmtime::Error, state: &State, cpu: Duration) -> Why {
    if trap.is::<CpuLimit>() {
        return (format!("it used the CPU for {} s without waiting (limit `cpu`)", cpu.as_secs_f64()), Some("cpu"));
    }
    match state.limiter.exhausted {
        Some("memory") => {
            let memory = state.about.limits.memory >> 20;
            return (format!("it used up its memory of {memory} MiB (limit `memory`)"), Some("memory"));
        }
        Some(limit) => return (format!("the server has no memory left for it (limit `{limit}`)"), Some(limit)),
        None => {}
    }
    if limiter::is_full(trap) {
        return ("it used up the tables that go with its memory (limit `memory`)".to_owned(), Some("memory"));
    }
    if let Some(exit) = trap.downcast_ref::<wasmtime_wasi::I32Exit>() {
        return (format!("it exited with status {}", exit.0), None);
    }
    let (plugin, text) = (state.about.name.as_str(), || printable_text(format!("{trap:?}")));
    if let Some(code) = trap.downcast_ref::<wasmtime::Trap>() {
        tracing::debug!(target: "guest", plugin, stream = "trap", text = %text());
        return (format!("it trapped: {code}"), None);
    }
    // The place in the code is for the operator only: the reason reaches the model.
    tracing::debug!(target: "guest", plugin, stream = "failure", text = %text());
    let root = trap.root_cause().to_string();
    (format!("it failed: {}", printable(root.lines().next().unwrap_or_default(), 200)), None)
}

/// Asks a throw-away instance for its tools. It is not told its settings.
pub async fn list(template: Template, state: State, cpu: Duration) -> Result<Vec<Definition>, Why> {
    let mut store = Store::new(template.pre.engine(), state);
    State::bound(&mut store);
    interrupt(&mut store, cpu);
    let listed = async {
        match template.pre.instantiate(&mut store).await?.tools {
            Some(tools) => tools.call_list(&mut store).await,
            None => Ok(Vec::new()),
        }
    };
    let listed = listed.await;
    listed.map_err(|trap| why_trapped(&trap, store.data(), cpu))
}
