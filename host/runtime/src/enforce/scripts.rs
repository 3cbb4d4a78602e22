//! The interface `programs`: trigger scripts that a plugin runs. The policy is asked about the
//! component that runs them, by its name, as about a handler. A script may use nothing: it runs in
//! `handler/`.

use std::sync::Arc;

use cofferdam_audit::{Caller, Event};
use cofferdam_grants::{Ask, Grants, HandlerName};
use wasmtime::AsContextMut as _;
use wasmtime::component::{Accessor, Resource};
use wasmtime_wasi::WasiView as _;

use super::pure_held::ScriptProgram;
use super::{Gate, Gated, GatedView};
use crate::abi::plugin_0_1_0::programs::{self as abi, Error, Input, Outcome, Piece, Position};
use crate::abi::plugin_0_1_0::types::Refusal;
use crate::handler::{self, Fault, Program, ScriptError, Scripts};
use crate::offer::Offer;
use crate::state::State;

/// Trigger scripts: the rules for handlers grant them.
pub const SCRIPTS: Offer = Offer {
    imports: &["cofferdam:scripts/programs"],
    // A script only computes: who may run none is refused by the component's name.
    is_granted: |_: &Grants| true,
    link: |linker| abi::add_to_linker::<State, Gated>(linker, |state| GatedView(state)),
};

impl Gate {
    /// The component for scripts, if there is one and the policy allows it.
    fn scripts(&self, caller: Option<&Caller>) -> Result<Arc<Scripts>, Error> {
        let none = || denied("there is no component for scripts".to_owned());
        let scripts = self.handlers.scripts().ok_or_else(none)?;
        let name = HandlerName::parse(&scripts.spec.name).ok_or_else(none)?;
        let answer = self.grants.decide(&Ask::Handler { name: &name });
        self.may_use(&name, answer, caller).map_err(denied)?;
        Ok(Arc::clone(scripts))
    }

    /// What a guest reads of a fault. The operator is told where the component is at fault.
    fn script_fault(&self, component: &str, fault: Fault, caller: Option<&Caller>) -> Error {
        match fault {
            Fault::Script(error) => wire_error(error),
            Fault::Full(why) => Error::Refused(Refusal::Limit(why)),
            Fault::Cut(trapped) => {
                let (limit, reason) = (trapped.limit, trapped.why.as_str());
                let handler = component;
                self.sink.defer(&Event::HandlerCut { plugin: &self.plugin, caller, handler, limit, reason });
                Error::Cut(trapped.why)
            }
        }
    }
}

impl abi::Host for GatedView<'_> {}

impl abi::HostWithStore<State> for Gated {
    async fn describe(accessor: &Accessor<State, Self>) -> wasmtime::Result<Result<(String, String), Error>> {
        let scripts = accessor.with(|mut access| {
            let mut store = access.as_context_mut();
            let caller = State::caller(&mut store);
            store.data_mut().gate.scripts(caller.as_deref())
        });
        Ok(match scripts {
            Ok(scripts) => match scripts.ready().await {
                Ok(language) => Ok((language.name.clone(), language.summary.clone())),
                Err(error) => Err(Error::Unavailable(error.to_string())),
            },
            Err(error) => Err(error),
        })
    }
}

impl abi::HostProgram for GatedView<'_> {
    fn run(&mut self, program: Resource<ScriptProgram>, input: Input) -> wasmtime::Result<Result<Outcome, Error>> {
        let gate = Arc::clone(&self.0.gate);
        let ScriptProgram { program, caller } = self.0.ctx().table.get_mut(&program)?;
        let group = |group: abi::Group| handler::Group { name: group.name, bytes: group.bytes };
        let input = handler::Input {
            matched: input.matched,
            groups: input.groups.into_iter().map(group).collect(),
            message: input.message,
            now: input.now,
            fired: input.fired,
        };
        let ran = program.run(&input);
        Ok(ran.map(wire).map_err(|fault| gate.script_fault(program.component(), fault, caller.as_deref())))
    }

    fn drop(&mut self, program: Resource<ScriptProgram>) -> wasmtime::Result<()> {
        self.0.ctx().table.delete(program)?;
        Ok(())
    }
}

impl abi::HostProgramWithStore<State> for Gated {
    async fn create(
        accessor: &Accessor<State, Self>,
        source: String,
    ) -> wasmtime::Result<Result<Resource<ScriptProgram>, Error>> {
        let begun = accessor.with(|mut access| {
            let mut store = access.as_context_mut();
            let caller = State::caller(&mut store);
            let gate = Arc::clone(&store.data().gate);
            gate.scripts(caller.as_deref()).map(|scripts| (scripts, gate, caller))
        });
        let (scripts, gate, caller) = match begun {
            Ok(begun) => begun,
            Err(error) => return Ok(Err(error)),
        };
        let language = match scripts.ready().await {
            Ok(language) => language,
            Err(error) => return Ok(Err(Error::Unavailable(error.to_string()))),
        };
        match Program::create(&scripts, &language, &source) {
            Ok(program) => accessor.with(|mut access| {
                let program = ScriptProgram { program, caller };
                Ok(Ok(access.get().0.ctx().table.push(program)?))
            }),
            Err(fault) => Ok(Err(gate.script_fault(&scripts.spec.name, fault, caller.as_deref()))),
        }
    }
}

fn denied(why: String) -> Error {
    Error::Refused(Refusal::Denied(why))
}

fn wire(outcome: handler::Outcome) -> Outcome {
    let piece = |piece: handler::Piece| match piece {
        handler::Piece::Bytes(bytes) => Piece::Bytes(bytes),
        handler::Piece::Message(text) => Piece::Message(text),
    };
    Outcome {
        send: outcome.send.into_iter().map(piece).collect(),
        stop: outcome.stop,
        close: outcome.close,
        note: outcome.note,
    }
}

fn wire_error(error: ScriptError) -> Error {
    let at = error.at.map(|at| Position { line: at.line, column: at.column });
    let fault = abi::Fault { at, message: error.message };
    match error.kind {
        handler::Kind::Source => Error::Source(fault),
        handler::Kind::Run => Error::Run(fault),
        handler::Kind::Limit => Error::Exceeded(fault),
    }
}
