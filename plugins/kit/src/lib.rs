//! Parts that several shipped plugins share: how a pattern is looked for in a stream, how bytes
//! that come in pieces are text, how a long answer is continued. How a host is spelled and a
//! connection to it is made has the SDK.
//!
//! What needs no world is tested natively. What only one plugin needs stays with that plugin.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod cursor;
pub mod durations;
pub mod pattern;
pub mod scanner;
pub mod text;

pub use cofferdam_sdk::net::{Failed, Host, HostError, Unsent, Writer, addresses, dial, port, reason};
pub use durations::{milliseconds, seconds, within};
pub use pattern::{Pattern, PatternError};
pub use scanner::Scanner;
