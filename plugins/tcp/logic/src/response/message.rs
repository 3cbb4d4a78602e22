//! A response that is a message: JSON whose texts are templates. Names of members stay as they are.

use serde_json::Value;

use super::{Kind, LARGEST, Part, Response, ResponseError, expanded, template};
use crate::pattern::Pattern;

impl Response {
    /// Reads a response that is a message for the connection's handler.
    pub fn message(pattern: &Pattern, text: &str, terminator: Option<&str>) -> Result<Response, ResponseError> {
        if text.len() > LARGEST {
            return Err(ResponseError::TooLarge { size: text.len() });
        }
        if terminator.is_some_and(|terminator| !terminator.is_empty()) {
            return Err(ResponseError::Terminated);
        }
        let message: Value = serde_json::from_str(text).map_err(|error| ResponseError::NoMessage(error.to_string()))?;
        if !message.is_object() {
            return Err(ResponseError::NoMessage("this is another value".to_owned()));
        }
        check(pattern, &message)?;
        Ok(Response { kind: Kind::Message(message), size: text.len() })
    }

    /// Whether it is a message.
    pub fn is_message(&self) -> bool {
        matches!(self.kind, Kind::Message(_))
    }

    /// The message for one match, as [`Response::expand`] has bytes. `None` if it
    /// would be longer than `most`.
    pub fn expand_message<'h>(
        &self,
        pattern: &Pattern,
        most: usize,
        group: impl Fn(usize) -> &'h [u8],
    ) -> Option<String> {
        let Kind::Message(message) = &self.kind else { return None };
        let mut message = message.clone();
        fill(pattern, &mut message, &mut { most }, &group)?;
        let text = message.to_string();
        (text.len() <= most).then_some(text)
    }
}

/// Whether every text is a template for that pattern.
fn check(pattern: &Pattern, value: &Value) -> Result<(), ResponseError> {
    match value {
        Value::String(text) => template(pattern, text).map(drop),
        Value::Array(values) => values.iter().try_for_each(|value| check(pattern, value)),
        Value::Object(members) => members.values().try_for_each(|value| check(pattern, value)),
        _ => Ok(()),
    }
}

/// Puts the groups into every text; `most` is what all of them may still take.
fn fill<'h>(pattern: &Pattern, value: &mut Value, most: &mut usize, group: &impl Fn(usize) -> &'h [u8]) -> Option<()> {
    match value {
        Value::String(text) if text.contains('$') => {
            let parts: Vec<Part> = template(pattern, text).ok()?;
            let bytes = expanded(&parts, *most, group)?;
            *most -= bytes.len();
            *text = String::from_utf8_lossy(&bytes).into_owned();
            Some(())
        }
        Value::Array(values) => values.iter_mut().try_for_each(|value| fill(pattern, value, most, group)),
        Value::Object(members) => members.values_mut().try_for_each(|value| fill(pattern, value, most, group)),
        _ => Some(()),
    }
}
