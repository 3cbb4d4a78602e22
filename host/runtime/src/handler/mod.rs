//! Protocol handlers: components that turn the bytes of one connection into messages and messages
//! into bytes. Each session has a store of its own, which runs only while one of its functions is
//! called, on the thread of the plugin that calls it. A handler may use nothing but processor time
//! and memory. What it answers is checked before anything is done with it.

mod code;
mod inert;
mod layer;
mod session;
mod set;
mod state;
mod step;

pub use code::{Handler, HandlerSpec};
pub use inert::check_imports;
pub use session::{Encoded, Error, Layered, Step, Told};
pub use set::Handlers;

pub use crate::abi::handler_0_1_0::{Description, Example, Reason};
