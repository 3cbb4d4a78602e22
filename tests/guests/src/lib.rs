//! What the hostile guests share: arguments and answers of the simplest kind. The guests themselves are in `examples/`.

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
