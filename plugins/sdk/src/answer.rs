//! What a tool answers: its own type, perhaps with text for people beside it, or a failure.

use std::borrow::Cow;
use std::fmt::Display;

use serde::Serialize;
use serde_json::{Map, Value};

/// A success that reads differently for people: text blocks beside the structured answer. A tool that answers with its own
/// type alone is shown as that type's JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<T> {
    pub(crate) text: Vec<String>,
    pub(crate) structured: T,
}

impl<T> Answer<T> {
    /// An answer with one block of text.
    pub fn new(text: impl Into<String>, structured: T) -> Self {
        Self { text: vec![text.into()], structured }
    }
}

/// A failure that the caller can act on: a stable code, a message, and whatever else helps.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
    pub(crate) details: Map<String, Value>,
}

impl Failure {
    /// A failure with a stable code (`[a-z0-9_]{1,64}`) and a message that names the thing.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Display) -> Self {
        Self { code: code.into(), message: message.to_string(), details: Map::new() }
    }

    /// An argument that cannot be meant: code `invalid_argument`, with the argument's name in `argument`.
    pub fn argument(name: &'static str, message: impl Display) -> Self {
        let (message, name_first) = (message.to_string(), format!("`{name}`"));
        let message = if message.starts_with(&name_first) { message } else { format!("{name_first}: {message}") };
        Self::new("invalid_argument", message).with("argument", name)
    }

    /// Adds a member to the failure's JSON object. What cannot be JSON is left out.
    pub fn with(mut self, key: &str, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.details.insert(key.to_owned(), value);
        }
        self
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        &self.code
    }
}
