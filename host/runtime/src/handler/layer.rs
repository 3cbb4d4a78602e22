//! One handler of a connection: its store, its session, and the calls into it.

use std::sync::Arc;

use cofferdam_grants::{Limits, printable, printable_text};
use wasmtime::Store;
use wasmtime::component::ResourceAny;

use super::code::{Handler, Linked, Place};
use super::state::{CpuLimit, Entry, HandlerState};
use super::step::{self, Checked};
use crate::abi::handler_0_1_0::{Encoded, Failure, GuestSession, ProtocolHandler, Reason, Step};

/// A handler ended, or answered what it must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trapped {
    /// Why, for people.
    pub why: String,
    /// The limit that was the reason, if one was.
    pub limit: Option<&'static str>,
}

/// What cannot be: a session is refused by its handler, or the handler ended meanwhile.
#[derive(Debug)]
pub enum Refused {
    Failure(Failure),
    Trapped(Trapped),
    Limit(String),
}

/// One handler, with its store.
pub struct Layer {
    pub handler: Arc<Handler>,
    exports: ProtocolHandler,
    session: ResourceAny,
    store: Store<HandlerState>,
    /// How many bytes it was given.
    given: u64,
    /// So many of them belong to messages that were told.
    told: u64,
    _place: Place,
}

impl Layer {
    /// Starts a session.
    ///
    /// # Errors
    /// The handler refuses the configuration, or cannot be run.
    pub fn create(
        handler: &Arc<Handler>,
        linked: &Arc<Linked>,
        config: &str,
        below: bool,
        entry: &Arc<Entry>,
    ) -> Result<Self, Refused> {
        let spec = &handler.spec;
        let limits = &spec.limits;
        let full = || format!("the handler `{}` has {} sessions (limit `connections`)", spec.name, limits.connections);
        let place = handler.place().ok_or_else(|| Refused::Limit(full()))?;
        let no_memory = || Refused::Limit("there is no memory for a further session (limit `total_memory`)".to_owned());
        let state = HandlerState::new(limits.memory, handler.memory().ok_or_else(no_memory)?);
        let mut store = Store::new(linked.pre.engine(), state);
        HandlerState::bound(&mut store, limits.cpu, Arc::clone(entry));
        store.set_hostcall_fuel(fuel(limits));
        let exports = linked.pre.instantiate(&mut store);
        let created = exports.and_then(|exports| {
            let created = exports.cofferdam_handler_handler().session().call_create(&mut store, config, below)?;
            Ok((exports, created))
        });
        match created {
            Ok((exports, Ok(session))) => {
                Ok(Self { handler: Arc::clone(handler), exports, session, store, given: 0, told: 0, _place: place })
            }
            Ok((_, Err(failure))) => Err(Refused::Failure(failure)),
            Err(trap) => Err(Refused::Trapped(Self::why(&trap, &store, limits))),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.handler.spec.name
    }

    /// The connection is there.
    pub fn open(&mut self, now: u64) -> Result<Checked, Trapped> {
        self.step(now, |session, store, own| session.call_open(store, own, now))
    }

    /// Bytes have come.
    pub fn data(&mut self, bytes: &[u8], now: u64) -> Result<Checked, Trapped> {
        self.given = self.given.saturating_add(bytes.len() as u64);
        self.step(now, |session, store, own| session.call_data(store, own, bytes, now))
    }

    /// The time that it asked for has come.
    pub fn tick(&mut self, now: u64) -> Result<Checked, Trapped> {
        self.step(now, |session, store, own| session.call_tick(store, own, now))
    }

    /// The session ends.
    pub fn close(&mut self, reason: Reason, now: u64) -> Result<Checked, Trapped> {
        self.step(now, |session, store, own| session.call_close(store, own, reason, now))
    }

    /// A message as bytes.
    pub fn encode(&mut self, message: &str, now: u64) -> Result<Result<Encoded, Failure>, Trapped> {
        self.run(now, |session, store, own| session.call_encode(store, own, message, now))
    }

    /// Bytes of the handler above as one message.
    pub fn encode_payload(&mut self, payload: &[u8], now: u64) -> Result<Result<Encoded, Failure>, Trapped> {
        self.run(now, |session, store, own| session.call_encode_payload(store, own, payload, now))
    }

    fn step(
        &mut self,
        now: u64,
        call: impl FnOnce(GuestSession<'_>, &mut Store<HandlerState>, ResourceAny) -> wasmtime::Result<Step>,
    ) -> Result<Checked, Trapped> {
        let step = self.run(now, call)?;
        let checked = step::check(step, self.told..self.given, self.handler.spec.limits.output, now)?;
        self.told = checked.told;
        Ok(checked)
    }

    fn run<T>(
        &mut self,
        now: u64,
        call: impl FnOnce(GuestSession<'_>, &mut Store<HandlerState>, ResourceAny) -> wasmtime::Result<T>,
    ) -> Result<T, Trapped> {
        self.store.data_mut().now = now;
        self.store.set_epoch_deadline(1);
        let session = self.exports.cofferdam_handler_handler().session();
        call(session, &mut self.store, self.session)
            .map_err(|trap| Self::why(&trap, &self.store, &self.handler.spec.limits))
    }

    /// Why a handler trapped, without the place in its code: that is for the log only.
    pub fn why(trap: &wasmtime::Error, store: &Store<HandlerState>, limits: &Limits) -> Trapped {
        let state = store.data();
        tracing::debug!(target: "guest", "[handler] {}", printable_text(format!("{trap:?}")));
        if let Some(limit) = trap.downcast_ref::<CpuLimit>() {
            return Trapped { why: limit.to_string(), limit: Some("cpu") };
        }
        match state.exhausted {
            Some("memory") => {
                let why = format!("it used up its memory of {} MiB (limit `memory`)", limits.memory >> 20);
                return Trapped { why, limit: Some("memory") };
            }
            Some(limit) => {
                return Trapped {
                    why: format!("there is no memory left for it (limit `{limit}`)"),
                    limit: Some(limit),
                };
            }
            None => {}
        }
        let root = trap.root_cause().to_string();
        // wasmtime has no type for it: more than it may copy out of a guest in one call.
        if root.contains("fuel allocated for hostcalls") {
            let why = format!("one step of it has more than {} bytes (limit `output`)", limits.output);
            return Trapped { why, limit: Some("output") };
        }
        let said = state.last_said();
        if !said.is_empty() {
            tracing::warn!(target: "guest", "[handler stderr] {}", printable(&said, 2048));
        }
        if let Some(code) = trap.downcast_ref::<wasmtime::Trap>() {
            return Trapped { why: format!("it trapped: {code}"), limit: None };
        }
        let root = root.lines().next().unwrap_or_default();
        Trapped { why: format!("it failed: {}", printable(root, 200)), limit: None }
    }
}

/// What one call may bring out of a handler's memory, in bytes of ours.
fn fuel(limits: &Limits) -> usize {
    usize::try_from(limits.output).unwrap_or(usize::MAX).saturating_mul(2)
}
