//! What more than one shipped plugin needs, each part once: how a host may be spelled, how a connection to it is made,
//! how a long answer is continued.
//!
//! What needs no world is tested natively. What only one plugin needs stays with that plugin.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod cursor;
pub mod dial;
pub mod hosts;

pub use dial::{addresses, dial, reason};
pub use hosts::{Host, HostError, port};
