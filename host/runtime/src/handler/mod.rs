//! Protocol handlers: components that turn the bytes of one connection into messages and messages
//! into bytes. Each session has a store of its own, which runs only while one of its functions is
//! called, on the thread of the plugin that calls it. A handler may use nothing but processor time
//! and memory. What it answers is checked before anything is done with it. Trigger scripts run the
//! same way, each program in a store of its own.

mod inert;
mod json;
mod layer;
mod linked;
mod program;
mod pure;
mod session;
mod set;
mod state;
mod step;
mod trapped;

pub use inert::check_imports;
pub use linked::Handler;
pub use program::{Fault, Program, Scripts};
pub use pure::PureSpec;
pub use session::{Encoded, Error, Layered, Step, Told};
pub use set::Handlers;

pub use crate::abi::handler_0_1_0::{Description, Example, Reason};
pub use crate::abi::script_0_1_0::{Error as ScriptError, Group, Input, Kind, Outcome, Piece};
