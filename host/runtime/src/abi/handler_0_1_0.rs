//! `cofferdam:handler@0.1.0`: its types and functions, as bindings for the host.

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/handler",
        world: "protocol-handler",
    });
}

pub use bindings::exports::cofferdam::handler::handler::{
    Description, Encoded, Example, Failure, GuestSession, Message, Reason, Step,
};
pub use bindings::{ProtocolHandler, ProtocolHandlerPre};
