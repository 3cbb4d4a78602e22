//! Write a Cofferdam plugin in ordinary Rust: a doc comment is the description (up to `# Details`,
//! which is for people), a derived struct the schema, an `async fn` the tool. The WIT behind it
//! lives in [`bindings`] and need not be touched.
//!
//! ```
//! use std::cell::Cell;
//!
//! use cofferdam_sdk::Failure;
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct Who {
//!     /// Whom to greet
//!     name: String,
//! }
//!
//! #[derive(Serialize, JsonSchema)]
//! struct Greeting {
//!     text: String,
//!     before: u32,
//! }
//!
//! #[derive(Default)]
//! struct Greeter {
//!     greeted: Cell<u32>,
//! }
//!
//! // Without an argument it reads `plugin.toml`.
//! #[cofferdam_sdk::plugin(manifest = "tests/greeter.toml")]
//! impl Greeter {
//!     /// Greet somebody by name.
//!     #[tool(title = "Greet")]
//!     async fn greet(&self, who: Who) -> Result<Greeting, Failure> {
//!         if who.name.is_empty() {
//!             return Err(Failure::argument("name", "is empty"));
//!         }
//!         let before = self.greeted.replace(self.greeted.get() + 1);
//!         Ok(Greeting { text: format!("Hello, {}!", who.name), before })
//!     }
//! }
//! ```
//!
//! What a plugin may reach stands in its `plugin.toml` (what it wants) and in the operator's policy
//! (what it gets); nothing here widens either.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

#[cfg(all(target_arch = "wasm32", any(not(target_os = "wasi"), target_env = "p1")))]
compile_error!("a plugin is a component: build it with `cargo build --release --target wasm32-wasip2`");

mod address;
mod answer;
mod ask;
mod clock;
mod cx;
pub mod dns;
pub mod export;
mod failure;
#[cfg(feature = "files")]
mod files;
pub mod net;
mod schema;
mod settings;
mod task;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use address::{IpAddress, Ipv6Address};
pub use answer::{Answer, Blob, Block, Blocks, Body, Embedded, Link};
pub use ask::{Reply, Unanswered, question_schema};
pub use clock::{now, sleep, timeout, wall_clock};
pub use cofferdam_sdk_macros::{Settings, plugin};
pub use cx::{Cx, LAST_WORDS, Level, Limits, limits, log, predecessor};
pub use failure::{Failure, Refusal};
#[cfg(feature = "files")]
pub use files::roots;
pub use net::TcpStream;
pub use schema::{Integer, NoArguments};
pub use settings::{Settings, settings, settings_schema, settings_text};
pub use task::Task;
/// Wakes a task from another of the same instance: `notify_one` lets one `notified` return, also
/// one that comes later.
pub use tokio::sync::Notify;
pub use wit_bindgen::{spawn_local as spawn, yield_async as yield_now};

/// What `wit-bindgen` makes of `wit/plugin`: the contract, and the WASI 0.3 interfaces a plugin may
/// be granted.
#[allow(missing_docs, unsafe_code, clippy::all, reason = "generated")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/plugin",
        world: "plugin",
        generate_all,
        pub_export_macro: true,
        default_bindings_module: "::cofferdam_sdk::bindings",
        runtime_path: "::cofferdam_sdk::wit_bindgen_rt",
    });
}

/// What tests of the macros derive with.
#[doc(hidden)]
pub use {schemars, serde};

/// The runtime that exported bindings refer to.
#[doc(hidden)]
pub use wit_bindgen::rt as wit_bindgen_rt;

extern crate self as cofferdam_sdk;

/// WASI sockets, as granted. A socket that the policy does not allow answers `access-denied`.
pub mod sockets {
    pub use crate::bindings::wasi::sockets::ip_name_lookup;
    pub use crate::bindings::wasi::sockets::types::*;

    pub use wit_bindgen::rt::async_support::{StreamRead, StreamReader, StreamResult, StreamWrite, StreamWriter};

    /// A stream of bytes: what is written to the one end goes to whoever was given the other.
    pub fn byte_stream() -> (StreamWriter<u8>, StreamReader<u8>) {
        crate::bindings::wit_stream::new()
    }
}

/// Names, as granted: their addresses, each kind by itself, as they come. What passes the policy's
/// filter is what may be dialled.
pub mod names {
    pub use crate::bindings::cofferdam::names::lookups::{Answer, Error, Family, Lookup};
    pub use crate::{IpAddress, Refusal};
}

/// Protocol handlers, as granted: components that turn the bytes of a connection into messages. The
/// host runs them.
pub mod handlers {
    pub use crate::Refusal;
    pub use crate::bindings::cofferdam::handlers::sessions::*;
}

/// Trigger scripts, as granted: programs of a component of its own, which the host runs.
pub mod scripts {
    pub use crate::Refusal;
    pub use crate::bindings::cofferdam::scripts::programs::*;
}

/// Echo requests of ICMP and ICMPv6, as granted. Each socket is for one address; one that the
/// policy does not allow is refused.
pub mod icmp {
    pub use crate::bindings::cofferdam::host::types::Instant;
    pub use crate::bindings::cofferdam::icmp::echo::{Error, Kind, Packet, Socket};
    pub use crate::{IpAddress, Refusal};
}
