//! Write a protocol handler for Cofferdam in ordinary Rust. A handler turns the bytes of one
//! connection into messages, and messages into bytes. It does no I/O, reads no clock and imports
//! nothing, so that it can do no harm.
//!
//! A protocol whose messages stand one behind the other is a [`Protocol`]: its types are the
//! schemas, and what it is called stands in the crate's `plugin.toml`. Timers, answers paired with
//! requests and payloads for a handler above are in [`Handler`], which `#[handler]` takes as well.
//!
//! ```
//! use cofferdam_handler::{Example, Failure, Next, NoConfig, Protocol};
//! use cofferdam_handler::{handler, json, message, testing};
//!
//! /// A reading.
//! #[message]
//! struct Reading {
//!     /// Degrees Celsius
//!     celsius: f64,
//! }
//!
//! struct Thermometer;
//!
//! // Without `manifest` it reads `plugin.toml`.
//! #[handler(title = "Thermometer", manifest = "tests/thermometer.toml")]
//! impl Protocol for Thermometer {
//!     type Config = NoConfig;
//!     type Incoming = Reading;
//!     type Outgoing = Reading;
//!
//!     fn new(_: NoConfig) -> Result<Self, Failure> {
//!         Ok(Self)
//!     }
//!
//!     fn next(&mut self, bytes: &[u8], _: &mut Vec<u8>) -> Next<Reading> {
//!         match bytes {
//!             [high, low, ..] => {
//!                 let celsius = f64::from(i16::from_be_bytes([*high, *low])) / 10.0;
//!                 Next::Message(2, Reading { celsius })
//!             }
//!             _ => Next::More,
//!         }
//!     }
//!
//!     fn encode(&mut self, Reading { celsius }: Reading) -> Result<Vec<u8>, Failure> {
//!         Ok(((celsius * 10.0) as i16).to_be_bytes().to_vec())
//!     }
//!
//!     fn examples() -> Vec<Example> {
//!         vec![Example {
//!             title: "a reading",
//!             config: json!({}),
//!             outgoing: vec![(json!({ "celsius": -1.5 }), vec![0xff, 0xf1])],
//!             incoming: (vec![0, 215], vec![json!({ "celsius": 21.5 })]),
//!         }]
//!     }
//! }
//!
//! testing::examples_hold::<Thermometer>();
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod protocol;

pub use cofferdam_sdk_macros::{config, handler, message};
#[doc(hidden)]
#[cfg(target_arch = "wasm32")]
pub use handler_guest as guest;
pub use handler_kit::*;
pub use protocol::{Next, NoConfig, Protocol};

/// What the macros refer to.
#[doc(hidden)]
pub use {schemars, serde};

#[doc(hidden)]
pub use protocol::way;
