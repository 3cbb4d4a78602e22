//! The developer's workbench: what has to happen on a machine before, and around, `cargo build` and
//! `cargo test`.
//!
//! Here live the guest toolchain, the building of guest components, the foreign programs the tests
//! talk to ("peers"), and the page of all tools. Nothing of this is shipped: the host never starts
//! a program while it serves, so everything that spawns processes or fetches from the network
//! belongs here, and nothing that decides or serves does.
//!
//! The library is also linked into build scripts, whose stdout is cargo's protocol. It therefore
//! never prints to stdout: it tells its caller's `progress` what it is doing, and nothing else.

#![allow(
    clippy::disallowed_methods,
    reason = "a developer's tool: running cargo, apt, pip and npm and filling a cache folder is its whole job"
)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may end where it finds a fault"))]

mod apt;
mod cache;
mod cargo;
mod components;
mod error;
mod languages;
mod markdown;
pub mod peers;
mod process;
mod progress;
mod rules;
mod toolchain;
mod tools_page;

pub use components::{Component, What, build_components};
pub use error::Error;
pub use languages::{Language, build_language};
pub use progress::{Progress, loud_progress, stderr_progress};
pub use rules::rules_for_every_tool;
pub use toolchain::Toolchain;
pub use tools_page::tools_page;
