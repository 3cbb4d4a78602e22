//! `cofferdam:script@0.1.0`: its types and functions, as bindings for the host.

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/script",
        world: "trigger-script",
    });
}

pub use bindings::exports::cofferdam::script::script::{Error, Group, Input, Kind, Limits, Outcome, Piece};
pub use bindings::{TriggerScript, TriggerScriptPre};
