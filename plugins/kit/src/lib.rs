//! What more than one shipped plugin needs, each part once: how a host may be spelled, how a connection to it is made, how
//! bytes are sent within a time, how a pattern is looked for in a stream, how bytes that come in pieces are text, how a long
//! answer is continued.
//!
//! What needs no world is tested natively. What only one plugin needs stays with that plugin.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod cursor;
pub mod dial;
pub mod durations;
pub mod failed;
pub mod hosts;
pub mod lookup;
pub mod pattern;
pub mod scanner;
pub mod text;
pub mod writer;

pub use dial::{dial, reason};
pub use durations::{milliseconds, seconds, within};
pub use failed::Failed;
pub use hosts::{Host, HostError, port};
pub use lookup::addresses;
pub use pattern::{Pattern, PatternError};
pub use scanner::Scanner;
pub use writer::{Unsent, Writer};
