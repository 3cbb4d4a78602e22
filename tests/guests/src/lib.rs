//! What the hostile guests share: arguments and answers of the simplest kind. The guests themselves
//! are in `examples/`.

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

/// A tool of a guest that does without `#[plugin]`. It answers with a [`Text`].
pub fn tool<A: cofferdam_sdk::export::Arguments>(name: &str, description: &str) -> cofferdam_sdk::export::Definition {
    use cofferdam_sdk::export::{Described, Hints, Probe, StructShape as _, definition, output_schema};
    let none = Hints { read_only: false, additive: false, idempotent: false, closed_world: false, pages: false };
    let described = Described { name, title: None, description, details: None, hints: none, meta: None };
    definition::<A>(described, output_schema((&&Probe::<Text>::NEW).shape(), Probe::<Text>::NEW))
}

/// Reads the arguments of a tool, which the host has checked.
pub fn read<A: cofferdam_sdk::export::Arguments>(arguments: &str) -> A {
    cofferdam_sdk::export::arguments(arguments).unwrap_or_else(|failure| panic!("{}", failure.message()))
}

/// What the host refuses, without its words where the policy is meant.
pub fn refused(refusal: &cofferdam_sdk::Refusal) -> String {
    match refusal {
        cofferdam_sdk::Refusal::Denied(_) => "denied".to_owned(),
        cofferdam_sdk::Refusal::Limit(limit) => format!("limit: {limit}"),
        cofferdam_sdk::Refusal::Wait(_) => "wait".to_owned(),
    }
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
