//! What was decided and done, as events, and where they are written before their effect happens.
//!
//! Deciding is `grants`' part; this crate only records. An event that cannot be written is an error, and the
//! effect that waits for it does not happen.

mod event;
mod log;
mod sink;

pub use event::{Decision, Event};
pub use log::Log;
pub use sink::{Sink, Unwritten};
