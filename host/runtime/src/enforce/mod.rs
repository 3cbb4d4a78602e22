//! What guests may do beyond computing: each capability has a file or a folder, whose functions ask
//! the gate (`gate.rs`) before they do anything, and do only what its permit says.

mod descriptors;
mod dns;
mod files;
mod gate;
mod handlers;
mod icmp;
mod lookups;
mod names;
mod pure_held;
mod resolver;
mod scripts;
mod sockets;
mod zone;

#[cfg(test)]
mod permit_tests;

use wasmtime::component::HasData;

use crate::state::State;

pub use descriptors::{Descriptors, EventLoop, Sockets};
pub use dns::{DNS, Query};
pub use files::{FILES, OwnFiles, SharedFiles, try_reading};
pub use gate::Gate;
pub use handlers::HANDLERS;
pub use icmp::{ICMP, IcmpSocket};
pub use names::{NAMES, NameLookup};
pub use pure_held::{HandlerSession, ScriptProgram};
pub use resolver::{NameServers, Names, Unresolved, machine_servers};
pub use scripts::SCRIPTS;
pub use sockets::SOCKETS;
pub use zone::link_of;

/// Where generated code finds our state, for the interfaces that are our own.
pub struct Gated;

impl HasData for Gated {
    type Data<'a> = GatedView<'a>;
}

/// A wrapper, so that WASI's traits can be implemented for our state beside wasmtime's own
/// implementations.
pub struct GatedView<'a>(&'a mut State);
