//! A member of a message, by its path: `params.0`, `params[0]` and `/params/0` are the same.

use std::borrow::Cow;

use serde_json::Value;

/// The longest path, in characters.
const LONGEST: usize = 256;

/// Where a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    text: String,
    steps: Vec<String>,
}

/// Why a path is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is a member's path, as `command` or `params.0`, of at most {LONGEST} bytes")]
pub struct NoMember;

impl Member {
    /// Reads a path.
    pub fn new(text: &str) -> Result<Member, NoMember> {
        if text.len() > LONGEST {
            return Err(NoMember);
        }
        let steps: Vec<String> = match text.strip_prefix('/') {
            Some(pointer) => pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect(),
            None => {
                let plain = text.replace('[', ".").replace(']', "");
                plain.split('.').map(str::to_owned).collect()
            }
        };
        if steps.iter().any(String::is_empty) {
            return Err(NoMember);
        }
        Ok(Member { text: text.to_owned(), steps })
    }

    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What the member says, if it is there: a text is itself, all else its JSON.
    pub fn of<'v>(&self, message: &'v Value) -> Option<Cow<'v, str>> {
        let mut value = message;
        for step in &self.steps {
            value = match value {
                Value::Object(members) => members.get(step)?,
                Value::Array(values) => values.get(step.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(match value {
            Value::String(text) => Cow::Borrowed(text),
            other => Cow::Owned(other.to_string()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_leads_through_objects_and_lists() {
        let message = json!({ "command": "PING", "params": ["a", { "b": 5 }], "a/b": true, "0": null });
        let told = |path: &str| Member::new(path).unwrap().of(&message).map(Cow::into_owned);
        for (path, expected) in [
            ("command", Some("PING")),
            ("params.0", Some("a")),
            ("params[0]", Some("a")),
            ("/params/0", Some("a")),
            ("params[1].b", Some("5")),
            ("params.1", Some("{\"b\":5}")),
            ("/a~1b", Some("true")),
            ("0", Some("null")),
            ("params.2", None),
            ("params.-1", None),
            ("params.x", None),
            ("command.x", None),
            ("none", None),
        ] {
            assert_eq!(told(path).as_deref(), expected, "{path}");
        }
        for path in ["", ".", "a..b", "a.", "/", "a[]", &"a".repeat(257)] {
            assert!(Member::new(path).is_err(), "{path}");
        }
    }
}
