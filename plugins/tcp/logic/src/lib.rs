//! What the `tcp` plugin knows without touching the world: how text becomes bytes, how received bytes are kept and
//! read, when a trigger fires, when a wait is over.
//!
//! No sockets, no clocks, no async and no JSON live here. Time is given as a [`std::time::Duration`] since any fixed
//! start. Whatever a peer or a model can send, the functions here answer in linear time and bounded memory.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod buffer;
pub mod encoding;
pub mod reading;
pub mod response;
pub mod trigger;
pub mod trigger_set;
pub mod wait;

pub use buffer::{DEFAULT_LIMIT, ReceiveBuffer};
pub use encoding::{Encoding, EncodingError, decode, encode, terminator};
pub use plugin_kit::pattern::{Pattern, PatternError};
pub use plugin_kit::{pattern, scanner, text};
pub use reading::{ReadError, Reading, offset_and_limit};
pub use trigger::{Counts, FireLimits, Firing, Trigger, TriggerError, TriggerInfo};
pub use trigger_set::TriggerSet;
pub use wait::{Progress, Until, Wait};
