//! A protocol handler's code, and what the handler says of itself.

use cofferdam_grants::printable;
use wasmtime::component::InstancePre;

use super::pure::{Code, Pure};
use super::state::HandlerState;
use super::trapped::why;
use crate::abi::handler_0_1_0::{Description, ProtocolHandlerPre};

/// A protocol handler.
pub type Handler = Pure<Linked>;

/// A handler's code, ready for sessions.
pub struct Linked {
    pub pre: ProtocolHandlerPre<HandlerState>,
    pub description: Description,
}

impl Code for Linked {
    fn of(handler: &Handler, linked: InstancePre<HandlerState>) -> Result<Self, String> {
        let pre = ProtocolHandlerPre::new(linked).map_err(|error| format!("{error:#}"))?;
        let mut store = handler.store_for_describing(pre.engine())?;
        let described = pre
            .instantiate(&mut store)
            .and_then(|handler| handler.cofferdam_handler_handler().call_describe(&mut store));
        let description = described.map_err(|trap| why(&trap, &store, &handler.spec).why)?;
        check(&handler.spec.name, &description)?;
        Ok(Self { pre, description })
    }
}

/// Refuses what a handler says of itself where it is not what the contract says.
fn check(name: &str, own: &Description) -> Result<(), String> {
    if own.name != name {
        return Err(format!("its manifest says `{name}`, and it calls itself `{}`", printable(&own.name, 64)));
    }
    let schemas = [
        ("config-schema", &own.config_schema),
        ("incoming-schema", &own.incoming_schema),
        ("outgoing-schema", &own.outgoing_schema),
    ];
    for (what, schema) in schemas {
        let read = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(schema);
        read.map_err(|error| format!("its `{what}` is no JSON object: {error}"))?;
    }
    if own.examples.is_empty() {
        return Err("it has no example".to_owned());
    }
    Ok(())
}
