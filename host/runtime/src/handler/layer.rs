//! One handler of a connection: its store, its session, and the calls into it.

use std::sync::Arc;

use wasmtime::Store;
use wasmtime::component::ResourceAny;

use super::linked::{Handler, Linked};
use super::pure::Place;
use super::state::{Entry, HandlerState};
use super::step::{self, Checked};
use super::trapped::{Trapped, why};
use crate::abi::handler_0_1_0::{Encoded, Failure, GuestSession, ProtocolHandler, Reason, Step};

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
        let place = handler.place().map_err(Refused::Limit)?;
        let mut store = handler.store(linked.pre.engine(), entry).map_err(Refused::Limit)?;
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
            Err(trap) => Err(Refused::Trapped(why(&trap, &store, &handler.spec))),
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
        HandlerState::enter(&mut self.store, now);
        let session = self.exports.cofferdam_handler_handler().session();
        call(session, &mut self.store, self.session).map_err(|trap| why(&trap, &self.store, &self.handler.spec))
    }
}
