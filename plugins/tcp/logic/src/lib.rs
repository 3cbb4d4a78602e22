//! What the `tcp` plugin knows without touching the world: how text becomes bytes, how received
//! bytes and messages are kept and read, when a trigger fires and what comes of it, when a wait is
//! over, which handlers arguments mean.
//!
//! No sockets, no clocks and no async live here. Time is given as a [`std::time::Duration`]
//! since any fixed start. Whatever a peer or a model can send, the functions here answer in
//! linear time and bounded memory.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod buffer;
pub mod encoding;
pub mod member;
pub mod messages;
pub mod reading;
pub mod response;
pub mod script;
pub mod shown;
pub mod stack;
pub mod trigger;
pub mod trigger_set;
pub mod wait;

pub use buffer::{DEFAULT_LIMIT, ReceiveBuffer};
pub use encoding::{Encoding, EncodingError, decode, encode, terminator};
pub use messages::{Message, Messages, Page};
pub use plugin_kit::pattern::{Pattern, PatternError};
pub use plugin_kit::{pattern, scanner, text};
pub use reading::{ReadError, Reading, offset_and_limit};
pub use script::{Failed, Fault, Group, Input, Outcome, Piece, Program, Run};
pub use shown::{Shown, shown};
pub use stack::{Layer, StackError, stack};
pub use trigger::{Counts, FireLimits, Fired, Firing, On, Reply, Trigger, TriggerError, TriggerInfo, Written};
pub use trigger_set::{Done, TriggerSet, run};
pub use wait::{Progress, Until, Wait};
