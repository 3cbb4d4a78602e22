//! The component: the way from the contract's functions to [`Program`] and back.

use std::cell::RefCell;

use crate::{Fault, Group, Input, Kind, Limits, Outcome, Piece, Program, REFERENCE, SUMMARY};

use bindings::exports::cofferdam::script::script as abi;

/// What `wit-bindgen` makes of the contract.
#[allow(missing_docs, unsafe_code, clippy::all, unused_qualifications, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({ path: "../../../wit/script", world: "trigger-script" });

    use super::Component;
    export!(Component);
}

/// Counts what is in use, so that a run ends before the memory does.
#[global_allocator]
static MEMORY: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, usize::MAX);

/// The manifest, in the one place of a component that the host can read without running it.
#[used]
#[allow(unsafe_code, reason = "a custom section is named by an unsafe attribute")]
// SAFETY: no other section has this name, and nothing reads it as code.
#[unsafe(link_section = "cofferdam-manifest")]
static MANIFEST: [u8; include_bytes!("../../plugin.toml").len()] = *include_bytes!("../../plugin.toml");

struct Component;

/// A program, as the component has it: one call at a time.
struct Held(RefCell<Program>);

impl abi::Guest for Component {
    type Program = Held;

    fn describe() -> abi::Description {
        abi::Description { name: "rhai".to_owned(), summary: SUMMARY.to_owned(), reference: REFERENCE.to_owned() }
    }
}

impl abi::GuestProgram for Held {
    fn create(source: String, limits: abi::Limits) -> Result<abi::Program, abi::Error> {
        let size = |size: u32| usize::try_from(size).unwrap_or(usize::MAX);
        let limits = Limits {
            source: size(limits.source),
            operations: limits.operations,
            calls: size(limits.calls),
            value: size(limits.value),
            members: size(limits.members),
            memory: usize::try_from(limits.memory).unwrap_or(usize::MAX),
            output: size(limits.output),
        };
        match Program::new(&source, limits, || MEMORY.allocated()) {
            Ok(program) => Ok(abi::Program::new(Self(RefCell::new(program)))),
            Err(fault) => Err(error(fault)),
        }
    }

    fn run(&self, input: abi::Input) -> Result<abi::Outcome, abi::Error> {
        let abi::Input { matched, groups, message, now, fired } = input;
        let groups = groups.into_iter().map(|abi::Group { name, bytes }| Group { name, bytes }).collect();
        let input = Input { matched, groups, message, now, fired };
        self.0.borrow_mut().run(input).map(outcome).map_err(error)
    }
}

fn outcome(outcome: Outcome) -> abi::Outcome {
    let piece = |piece| match piece {
        Piece::Bytes(bytes) => abi::Piece::Bytes(bytes),
        Piece::Message(message) => abi::Piece::Message(message),
    };
    let Outcome { send, stop, close, note } = outcome;
    abi::Outcome { send: send.into_iter().map(piece).collect(), stop, close, note }
}

fn error(fault: Fault) -> abi::Error {
    let Fault { kind, at, message } = fault;
    let kind = match kind {
        Kind::Source => abi::Kind::Source,
        Kind::Run => abi::Kind::Run,
        Kind::Limit => abi::Kind::Limit,
    };
    abi::Error { kind, at: at.map(|(line, column)| abi::Position { line, column }), message }
}
