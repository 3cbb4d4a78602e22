//! What was decided and done, as events, and where they are written before their effect happens.
//!
//! Deciding is `grants`' part; this crate only records. An event that cannot be written is an
//! error, and the effect that waits for it does not happen.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests read and forge the files"))]

// What is recorded, and how it looks.
mod event;
mod record;

// The file that proves itself.
mod chain;
mod deferred;
mod file;
mod files;
mod follow;
mod head;
mod hex;
mod key;
mod key_file;
mod open;
mod recover;
mod rotate;
mod signer;
mod under;
mod verify;

// Where events go.
mod log;
mod sink;

mod secret;

#[cfg(test)]
mod chain_tests;
#[cfg(test)]
mod deferred_tests;
#[cfg(test)]
mod edit_tests;
#[cfg(test)]
mod place_tests;
#[cfg(test)]
mod rotate_tests;
#[cfg(test)]
mod under_tests;

pub use event::{Caller, Decision, Event};
pub use file::{ChainFile, Keeping};
pub use files::files;
pub use follow::{Follow, Lines};
pub use key_file::{KEY_BYTES, read_key, read_or_make_key};
pub use log::Log;
pub use record::Record;
pub use recover::OpenError;
pub use secret::Secret;
pub use sink::{Both, Sink, Unwritten};
pub use verify::{Fault, Kind, Report, verify};
