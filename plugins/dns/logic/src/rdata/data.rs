//! What the data of a record says.

use serde_json::{Map, Value};

/// A record's data: its text, and its fields by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Data {
    pub text: String,
    pub fields: Map<String, Value>,
}

impl Data {
    /// Adds a part behind a blank. An empty text leaves its blank, as with dig.
    pub fn push(&mut self, name: &str, text: &str, value: Value) {
        if !self.fields.is_empty() {
            self.text.push(' ');
        }
        self.text += text;
        self.fields.insert(name.to_owned(), value);
    }

    /// Adds a part that is not there: it has no blank either.
    pub fn push_none(&mut self, name: &str, value: Value) {
        self.fields.insert(name.to_owned(), value);
    }
}
