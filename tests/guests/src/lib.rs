//! What the hostile guests share: arguments and answers of the simplest kind. The guests
//! themselves are in `examples/`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A text, in or out.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Text {
    /// The text.
    pub text: String,
}

/// A place to dial.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Place {
    /// An address or a name.
    pub host: String,
    /// A port.
    pub port: u16,
}

/// How many.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Count {
    /// How many.
    pub count: u32,
}

/// An answer of one text.
pub fn text(text: impl Into<String>) -> Result<Text, cofferdam_sdk::Failure> {
    Ok(Text { text: text.into() })
}

/// Tells the log that a call of this name has begun, for whoever waits for it.
pub fn begins(call: &str) {
    cofferdam_sdk::log(cofferdam_sdk::Level::Warn, &format!("`{call}` begins"));
}

/// Writes a manifest into the component, for guests that do without `#[plugin]`.
#[macro_export]
macro_rules! manifest {
    ($file:literal) => {
        const _: () = {
            const BYTES: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $file));
            #[used]
            // Nothing else has a section of this name.
            #[cfg_attr(target_family = "wasm", unsafe(link_section = "cofferdam-manifest"))]
            static SECTION: [u8; BYTES.len()] = *include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $file));
        };
    };
}
