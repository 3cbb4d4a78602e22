//! What comes back from a guest, made safe to pass on: bounded, valid, and without anything that a
//! terminal would obey. `registry` decides what is an error, and how a client sees it.

use std::borrow::Cow;

use cofferdam_grants::{harmless_json, printable, printable_text};
use serde_json::{Map, Value};

use crate::abi::since_0_1_0 as abi;
use crate::error::CallError;
use crate::memory::Held;

/// A tool's definition as the guest gave it: not yet validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The tool's name.
    pub name: String,
    /// A name for people.
    pub title: Option<String>,
    /// What it does.
    pub description: String,
    /// JSON Schema of the arguments, as text.
    pub input_schema: String,
    /// JSON Schema of the structured answer, as text.
    pub output_schema: Option<String>,
    /// What it claims of itself.
    pub hints: Hints,
}

/// What a tool claims of itself. The more dangerous is assumed of what it does not claim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a claim of its own")]
pub struct Hints {
    /// It changes nothing outside itself.
    pub read_only: bool,
    /// It only adds.
    pub additive: bool,
    /// Twice is the same as once.
    pub idempotent: bool,
    /// It has to do with a closed set of things.
    pub closed_world: bool,
    /// Its answer may be a long page, to be shown whole.
    pub pages: bool,
}

impl From<abi::Hints> for Hints {
    fn from(hints: abi::Hints) -> Self {
        let abi::Hints { read_only, additive, idempotent, closed_world, pages } = hints;
        Self { read_only, additive, idempotent, closed_world, pages }
    }
}

impl From<abi::Definition> for Definition {
    fn from(definition: abi::Definition) -> Self {
        let abi::Definition { name, title, description, input_schema, output_schema, hints } = definition;
        Self { name, title, description, input_schema, output_schema, hints: hints.into() }
    }
}

/// A successful answer.
#[derive(Debug)]
pub struct Reply {
    /// Text blocks, safe to show.
    pub content: Vec<String>,
    /// The structured answer.
    pub structured: Option<Map<String, Value>>,
    /// The memory that it counts for, until this is dropped.
    pub held: Held,
}

impl Reply {
    /// The bytes of its texts.
    pub fn size(&self) -> usize {
        self.content.iter().map(String::len).sum()
    }
}

/// The bytes of a guest's answer.
pub fn size(output: &abi::Output) -> usize {
    output.content.iter().map(String::len).sum::<usize>() + output.structured.as_ref().map_or(0, String::len)
}

/// Takes a guest's answer over.
pub fn reply(plugin: &str, limit: u64, output: abi::Output, held: Held) -> Result<Reply, CallError> {
    let bytes = u64::try_from(size(&output)).unwrap_or(u64::MAX);
    if bytes > limit {
        return Err(CallError::OutputTooLarge { bytes, limit });
    }
    let structured = match &output.structured {
        None => None,
        Some(json) => match serde_json::from_str(json) {
            Ok(Value::Object(object)) => Some(object),
            _ => return Err(CallError::OutputInvalid { plugin: plugin.to_owned(), expected: "a JSON object" }),
        },
    };
    let mut content: Vec<String> = output.content.into_iter().map(printable_text).collect();
    if content.is_empty()
        && let Some(json) = output.structured
    {
        let shown = match harmless_json(&json) {
            Cow::Owned(shown) => Some(shown),
            Cow::Borrowed(_) => None,
        };
        content.push(shown.unwrap_or(json));
    }
    Ok(Reply { content, structured, held })
}

/// Takes a guest's failure over.
pub fn failure(plugin: &str, limit: u64, failure: abi::Failure) -> CallError {
    let abi::Failure { code, message, details } = failure;
    let bytes = message.len() + details.as_ref().map_or(0, String::len);
    if u64::try_from(bytes).unwrap_or(u64::MAX) > limit {
        return CallError::OutputTooLarge { bytes: u64::try_from(bytes).unwrap_or(u64::MAX), limit };
    }
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if code.is_empty() || code.len() > 64 || !code.bytes().all(plain) {
        return CallError::OutputInvalid { plugin: plugin.to_owned(), expected: "an error code" };
    }
    let details = match details.as_deref().map(serde_json::from_str) {
        None => Map::new(),
        Some(Ok(Value::Object(object))) => object,
        Some(_) => return CallError::OutputInvalid { plugin: plugin.to_owned(), expected: "a JSON object" },
    };
    CallError::Failed { code, message: printable(&message, usize::MAX).into_owned(), details }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(content: &[&str], structured: Option<&str>) -> abi::Output {
        abi::Output {
            content: content.iter().map(|s| (*s).to_owned()).collect(),
            structured: structured.map(str::to_owned),
        }
    }

    fn held() -> Held {
        crate::memory::TotalMemory::new(None).plugin().take(0).unwrap()
    }

    #[test]
    fn i12_text_from_a_guest_has_no_terminal_escapes() {
        let reply = reply("p", 1000, output(&["a\x1b[2Jb\u{202e}c\u{9b}1m\tok\r\nnext"], None), held()).unwrap();
        assert_eq!(reply.content, ["a\\u{1b}[2Jb\\u{202e}c\\u{9b}1m\tok\nnext"]);
    }

    #[test]
    fn i12_json_stays_the_same_json() {
        let json = "{\"a\":\"x\u{9b}\u{200b}y\\u001b\"}";
        let reply = reply("p", 1000, output(&[], Some(json)), held()).unwrap();
        assert_eq!(reply.content, ["{\"a\":\"x\\u009b\\u200by\\u001b\"}"]);
        assert_eq!(
            serde_json::from_str::<Value>(&reply.content[0]).unwrap(),
            serde_json::from_str::<Value>(json).unwrap()
        );
    }

    #[test]
    fn an_answer_over_the_limit_is_refused() {
        let long = reply("p", 3, output(&["abcd"], None), held());
        assert_eq!(long.err(), Some(CallError::OutputTooLarge { bytes: 4, limit: 3 }));
    }

    #[test]
    fn an_answer_that_is_no_object_is_refused() {
        for json in ["[]", "1", "{", ""] {
            assert!(
                matches!(reply("p", 100, output(&[], Some(json)), held()), Err(CallError::OutputInvalid { .. })),
                "{json}"
            );
        }
    }

    #[test]
    fn a_failure_with_an_odd_code_is_refused() {
        for code in ["", "Not Found", "\u{1b}"] {
            let failed = failure("p", 100, abi::Failure { code: code.into(), message: "m".into(), details: None });
            assert!(matches!(failed, CallError::OutputInvalid { .. }), "{code}");
        }
    }

    #[test]
    fn long_lines_are_cut_at_a_character() {
        assert_eq!(printable("aéé", 2), "a…");
    }
}
