//! What the `telnet` plugin knows without touching the world: the protocol (RFC 854 and its
//! options), terminal output as plain text, and a conversation in steps with who said what.
//!
//! No sockets, no clocks, no async and no JSON live here. Time is given as a
//! [`std::time::Duration`] since any fixed start. Whatever a peer sends, the functions here answer
//! in linear time and bounded memory.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod codec;
pub mod conversation;
pub mod encoding;
pub mod line;
pub mod login;
pub mod option;
pub mod outcome;
pub mod prompt;
pub mod protocol;
pub mod script;
pub mod secrets;
pub mod terminal;
pub mod transcript;
mod wait;

pub use codec::LineEnd;
pub use conversation::{Bounds, Conversation};
pub use encoding::Encoding;
pub use line::Line;
pub use outcome::{Ended, Progress, Record};
pub use protocol::{Protocol, Settings};
pub use script::{Script, ScriptError, Step, Times};
pub use terminal::Terminal;
pub use transcript::{Entry, Hidden, Speaker, Transcript};
