//! The interface `sessions`: protocol handlers that a plugin uses on its connections. The policy is
//! asked about each by its name. A handler itself may use nothing: it runs in `handler/`.

use std::sync::Arc;

use cofferdam_audit::{Caller, Event};
use cofferdam_grants::{Ask, Denial, Grants, HandlerName, Permit, printable};
use wasmtime::AsContextMut as _;
use wasmtime::component::{Accessor, Resource};
use wasmtime_wasi::WasiView as _;

use super::pure_held::HandlerSession;
use super::{Gate, Gated, GatedView};
use crate::abi::plugin_0_1_0::sessions::{self as abi, Encoded, Error as Code, Example, Fault, Message, Step, Summary};
use crate::abi::plugin_0_1_0::types::Refusal;
use crate::handler::{Description, Encoded as Bytes, Error, Handler, Layered, Reason, Step as Done};
use crate::offer::Offer;
use crate::state::State;

/// The most bytes that are handed in at once.
const DATA: usize = 1 << 20;
/// The longest configuration or message, in bytes of JSON.
const TEXT: usize = 4 << 20;

/// Protocol handlers: a `handlers` rule grants them, and without one all that are loaded are.
pub const HANDLERS: Offer = Offer {
    imports: &["cofferdam:handlers/sessions"],
    // A handler only computes: who may use none is refused each by its name.
    is_granted: |_: &Grants| true,
    link: |linker| abi::add_to_linker::<State, Gated>(linker, |state| GatedView(state)),
};

impl Gate {
    /// The handler of this name, if there is one and the policy allows it.
    fn handler(&self, name: &str, caller: Option<&Caller>) -> Result<Arc<Handler>, Code> {
        let shown = || printable(name, 64);
        let read = HandlerName::parse(name);
        let read = read.ok_or_else(|| denied(format!("there is no handler `{}`", shown())))?;
        let answer = self.grants.decide(&Ask::Handler { name: &read });
        let missing = || {
            let known: Vec<String> = self.allowed_handlers().map(|one| format!("`{}`", one.spec.name)).collect();
            let known = if known.is_empty() { "there are none".to_owned() } else { known.join(", ") };
            denied(format!("there is no handler `{read}`: {known}"))
        };
        match (answer, self.handlers.find(name)) {
            (Ok(_), None) => Err(missing()),
            (answer, found) => {
                self.may_use(&read, answer, caller).map_err(denied)?;
                found.map(Arc::clone).ok_or_else(missing)
            }
        }
    }

    /// Records the answer about a component that only computes, and gives it out in words.
    pub(super) fn may_use(
        &self,
        name: &HandlerName,
        answer: Result<Permit, Denial>,
        caller: Option<&Caller>,
    ) -> Result<(), String> {
        let denied = answer.as_ref().err().map(Denial::for_model);
        let permit = self.recorded(&Ask::Handler { name }, answer, caller);
        let unrecorded = || format!("the use of `{name}` could not be recorded");
        permit.map(drop).ok_or_else(|| denied.unwrap_or_else(unrecorded))
    }

    /// The handlers that the policy allows.
    fn allowed_handlers(&self) -> impl Iterator<Item = &Arc<Handler>> {
        self.handlers.all().filter(|one| {
            let name = HandlerName::parse(&one.spec.name);
            name.is_some_and(|name| self.grants.decide(&Ask::Handler { name: &name }).is_ok())
        })
    }

    /// Tells the operator that a handler was cut off.
    fn handler_cut(&self, error: &Error, caller: Option<&Caller>) {
        if let Error::Cut(cut) = error {
            let (handler, reason, limit) = (cut.handler.as_str(), cut.why.as_str(), cut.limit);
            self.sink.defer(&Event::HandlerCut { plugin: &self.plugin, caller, handler, limit, reason });
        }
    }
}

impl GatedView<'_> {
    /// Enters the handlers of a session, and tells of what was cut off.
    fn enter<T>(
        &mut self,
        session: &Resource<HandlerSession>,
        enter: impl FnOnce(&mut Layered) -> Result<T, Error>,
    ) -> wasmtime::Result<Result<T, Code>> {
        let HandlerSession { layered, caller } = self.0.ctx().table.get_mut(session)?;
        Ok(match enter(layered) {
            Ok(done) => Ok(done),
            Err(error) => {
                let caller = caller.clone();
                self.0.gate.handler_cut(&error, caller.as_deref());
                Err(wire_error(error))
            }
        })
    }

    fn step(
        &mut self,
        session: &Resource<HandlerSession>,
        enter: impl FnOnce(&mut Layered) -> Result<Done, Error>,
    ) -> wasmtime::Result<Result<Step, Code>> {
        let done = self.enter(session, enter)?;
        Ok(done.map(|Done { send, messages, tick, close, notes, .. }| {
            for (handler, note) in notes {
                self.0.log.line(tracing::Level::INFO, &handler, note.as_bytes());
            }
            let message = |told: crate::handler::Told| Message {
                value: told.value,
                start: told.start,
                end: told.end,
                answers: told.answers,
            };
            Step { send, messages: messages.into_iter().map(message).collect(), tick, close }
        }))
    }
}

impl abi::Host for GatedView<'_> {
    fn list(&mut self) -> wasmtime::Result<Vec<Summary>> {
        let summary = |one: &Arc<Handler>| Summary {
            name: one.spec.name.clone(),
            version: one.spec.version.clone(),
            description: one.spec.description.clone(),
        };
        Ok(self.0.gate.allowed_handlers().map(summary).collect())
    }
}

impl abi::HostWithStore<State> for Gated {
    async fn describe(
        accessor: &Accessor<State, Self>,
        name: String,
    ) -> wasmtime::Result<Result<abi::Description, Code>> {
        let handler = accessor.with(|mut access| {
            let mut store = access.as_context_mut();
            let caller = State::caller(&mut store);
            store.data_mut().gate.handler(&name, caller.as_deref())
        });
        Ok(match handler {
            Ok(handler) => handler.ready().await.map(|linked| wire(&linked.description)).map_err(unavailable),
            Err(error) => Err(error),
        })
    }
}

impl abi::HostSession for GatedView<'_> {
    fn open(&mut self, session: Resource<HandlerSession>, now: u64) -> wasmtime::Result<Result<Step, Code>> {
        self.step(&session, |layered| layered.open(now))
    }

    fn data(
        &mut self,
        session: Resource<HandlerSession>,
        bytes: Vec<u8>,
        now: u64,
    ) -> wasmtime::Result<Result<Step, Code>> {
        if bytes.len() > DATA {
            return Ok(Err(too_long(bytes.len(), DATA)));
        }
        self.step(&session, |layered| layered.data(&bytes, now))
    }

    fn tick(&mut self, session: Resource<HandlerSession>, now: u64) -> wasmtime::Result<Result<Step, Code>> {
        self.step(&session, |layered| layered.tick(now))
    }

    fn close(
        &mut self,
        session: Resource<HandlerSession>,
        reason: abi::Reason,
        now: u64,
    ) -> wasmtime::Result<Result<Step, Code>> {
        let reason = match reason {
            abi::Reason::Ended => Reason::Ended,
            abi::Reason::Broken => Reason::Broken,
            abi::Reason::Detached => Reason::Detached,
        };
        self.step(&session, |layered| layered.close(reason, now))
    }

    fn encode(
        &mut self,
        session: Resource<HandlerSession>,
        message: String,
        now: u64,
    ) -> wasmtime::Result<Result<Encoded, Code>> {
        if message.len() > TEXT {
            return Ok(Err(too_long(message.len(), TEXT)));
        }
        let encoded = self.enter(&session, |layered| layered.encode(&message, now))?;
        Ok(encoded.map(|Bytes { send, request, tick }| Encoded { send, request, tick }))
    }

    fn drop(&mut self, session: Resource<HandlerSession>) -> wasmtime::Result<()> {
        self.0.ctx().table.delete(session)?;
        Ok(())
    }
}

impl abi::HostSessionWithStore<State> for Gated {
    async fn create(
        accessor: &Accessor<State, Self>,
        stack: Vec<abi::Layer>,
    ) -> wasmtime::Result<Result<Resource<HandlerSession>, Code>> {
        if let Some(long) = stack.iter().map(|layer| layer.config.len()).find(|length| *length > TEXT) {
            return Ok(Err(too_long(long, TEXT)));
        }
        let begun = accessor.with(|mut access| {
            let mut store = access.as_context_mut();
            let caller = State::caller(&mut store);
            let gate = Arc::clone(&store.data().gate);
            let handlers = stack.iter().map(|layer| gate.handler(&layer.handler, caller.as_deref()));
            handlers.collect::<Result<Vec<_>, _>>().map(|handlers| (handlers, gate, caller))
        });
        let (handlers, gate, caller) = match begun {
            Ok(begun) => begun,
            Err(error) => return Ok(Err(error)),
        };
        let mut layers = Vec::with_capacity(handlers.len());
        for (handler, layer) in handlers.into_iter().zip(stack) {
            match handler.ready().await {
                Ok(linked) => layers.push((handler, linked, layer.config)),
                Err(error) => return Ok(Err(unavailable(error))),
            }
        }
        match Layered::create(&layers) {
            Ok(layered) => accessor.with(|mut access| {
                let session = HandlerSession { layered, caller };
                Ok(Ok(access.get().0.ctx().table.push(session)?))
            }),
            Err(error) => {
                gate.handler_cut(&error, caller.as_deref());
                Ok(Err(wire_error(error)))
            }
        }
    }
}

fn denied(why: String) -> Code {
    Code::Refused(Refusal::Denied(why))
}

fn unavailable(error: crate::error::LoadError) -> Code {
    Code::Unavailable(error.to_string())
}

fn too_long(length: usize, most: usize) -> Code {
    let message = format!("it has {length} bytes, {most} are the most");
    Code::Invalid(Fault { handler: None, member: None, message })
}

fn wire_error(error: Error) -> Code {
    match error {
        Error::Invalid { handler, member, message } => Code::Invalid(Fault { handler, member, message }),
        Error::Cut(cut) => Code::Cut(cut.to_string()),
        Error::Limit(limit) => Code::Refused(Refusal::Limit(limit)),
    }
}

fn wire(own: &Description) -> abi::Description {
    let example = |own: &crate::handler::Example| Example {
        title: own.title.clone(),
        config: own.config.clone(),
        outgoing: own.outgoing.clone(),
        incoming: own.incoming.clone(),
    };
    abi::Description {
        name: own.name.clone(),
        title: own.title.clone(),
        summary: own.summary.clone(),
        config_schema: own.config_schema.clone(),
        incoming_schema: own.incoming_schema.clone(),
        outgoing_schema: own.outgoing_schema.clone(),
        pairs: own.pairs,
        carries: own.carries,
        examples: own.examples.iter().map(example).collect(),
    }
}
