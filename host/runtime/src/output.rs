//! What comes back from a guest, made safe to pass on: bounded, valid, and without anything that a
//! terminal would obey. `registry` decides what is an error, and how a client sees it.

use std::borrow::Cow;

use cofferdam_grants::{harmless_json, printable, printable_text};
use serde_json::{Map, Value};

use crate::abi::plugin_0_1_0 as abi;
use crate::blocks;
use crate::call::Shown;
use crate::content::Block;
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
    /// Members of MCP's `_meta`: a JSON object, as text.
    pub meta: Option<String>,
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
        let abi::Definition { name, title, description, input_schema, output_schema, hints, meta } = definition;
        Self { name, title, description, input_schema, output_schema, hints: hints.into(), meta }
    }
}

/// What a call came to.
#[derive(Debug)]
pub enum Outcome {
    /// It is done.
    Done(Reply),
    /// The tool asks the person behind the client, and is called again with what the person says.
    Asks(Vec<Question>),
}

/// A successful answer.
#[derive(Debug)]
pub struct Reply {
    /// Blocks, safe to show.
    pub content: Vec<Block>,
    /// The structured answer.
    pub structured: Option<Map<String, Value>>,
    /// The memory that it counts for, until this is dropped.
    pub held: Held,
}

/// A question to the person behind the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What the reply bears: one question of a call has it.
    pub id: String,
    /// What is asked.
    pub message: String,
    /// JSON Schema of the reply.
    pub schema: Map<String, Value>,
}

/// What a person says to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A JSON object that matches the question's schema.
    Accepted(Map<String, Value>),
    /// The person does not want to answer.
    Declined,
    /// The person has made no choice.
    Dismissed,
}

impl From<&Said> for abi::Reply {
    fn from(said: &Said) -> Self {
        match said {
            Said::Accepted(object) => Self::Accepted(Value::Object(object.clone()).to_string()),
            Said::Declined => Self::Declined,
            Said::Dismissed => Self::Dismissed,
        }
    }
}

/// The most questions at once.
const QUESTIONS: usize = 16;

impl Outcome {
    /// The bytes of what is shown.
    pub fn size(&self) -> usize {
        match self {
            Self::Done(reply) => reply.content.iter().map(Block::size).sum(),
            Self::Asks(questions) => questions.iter().map(|question| question.message.len()).sum(),
        }
    }
}

/// The bytes of a guest's answer.
pub fn size(outcome: &abi::Outcome) -> usize {
    match outcome {
        abi::Outcome::Done(output) => {
            let content: usize = output.content.iter().map(blocks::size).sum();
            content + output.structured.as_ref().map_or(0, String::len)
        }
        abi::Outcome::InputRequired(questions) => {
            questions.iter().map(|question| question.message.len() + question.schema.len()).sum()
        }
    }
}

/// Takes a guest's answer over, behind what it has shown before.
pub fn outcome(
    plugin: &str,
    limit: u64,
    outcome: abi::Outcome,
    held: Held,
    shown: Shown,
) -> Result<Outcome, CallError> {
    let bytes = u64::try_from(size(&outcome).saturating_add(shown.bytes)).unwrap_or(u64::MAX);
    if bytes > limit {
        return Err(CallError::OutputTooLarge { bytes, limit });
    }
    match outcome {
        abi::Outcome::Done(output) => reply(plugin, output, held, shown).map(Outcome::Done),
        abi::Outcome::InputRequired(questions) => asks(plugin, questions).map(Outcome::Asks),
    }
}

fn reply(plugin: &str, output: abi::Output, mut held: Held, shown: Shown) -> Result<Reply, CallError> {
    let invalid = |expected| CallError::OutputInvalid { plugin: plugin.to_owned(), expected };
    let structured = match &output.structured {
        None => None,
        Some(json) => match serde_json::from_str(json) {
            Ok(Value::Object(object)) => Some(object),
            _ => return Err(invalid("a JSON object")),
        },
    };
    let mut content = output.content.into_iter().map(blocks::block).collect::<Result<Vec<_>, _>>().map_err(invalid)?;
    if content.is_empty()
        && let Some(json) = output.structured
    {
        let harmless = match harmless_json(&json) {
            Cow::Borrowed(_) => None,
            Cow::Owned(harmless) => Some(harmless),
        };
        content.push(Block::Text(harmless.unwrap_or(json)));
    }
    if !shown.blocks.is_empty() {
        content.splice(0..0, shown.blocks);
        shown.held.into_iter().for_each(|more| held.join(more));
    }
    Ok(Reply { content, structured, held })
}

fn asks(plugin: &str, questions: Vec<abi::Question>) -> Result<Vec<Question>, CallError> {
    let invalid = |expected| CallError::OutputInvalid { plugin: plugin.to_owned(), expected };
    if questions.is_empty() || questions.len() > QUESTIONS {
        return Err(invalid("one question or more, and 16 at most"));
    }
    let mut asked: Vec<Question> = Vec::with_capacity(questions.len());
    for abi::Question { id, message, schema } in questions {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
        if id.is_empty() || id.len() > 64 || !id.bytes().all(plain) || asked.iter().any(|other| other.id == id) {
            return Err(invalid("a question with an id of its own"));
        }
        let Ok(Value::Object(schema)) = serde_json::from_str(&schema) else {
            return Err(invalid("a question with a JSON Schema"));
        };
        asked.push(Question { id, message: printable_text(message), schema });
    }
    Ok(asked)
}

/// Takes over why a call of a guest ended without an outcome. What the guest says of a cancellation
/// or a deadline is no more than that it has stopped: the host knows better.
pub fn ending(plugin: &str, limit: u64, ending: abi::Ending) -> CallError {
    let failed = match ending {
        abi::Ending::Failed(failed) => failed,
        abi::Ending::Cancelled => return CallError::Cancelled,
        abi::Ending::Deadline => return CallError::OwnDeadline,
    };
    let abi::Failure { mut code, message, details, retry } = failed;
    let bytes = message.len() + details.as_ref().map_or(0, String::len);
    if u64::try_from(bytes).unwrap_or(u64::MAX) > limit {
        return CallError::OutputTooLarge { bytes: u64::try_from(bytes).unwrap_or(u64::MAX), limit };
    }
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if code.is_empty() || code.len() > 64 || !code.bytes().all(plain) {
        let code_shown = printable(&code, 64);
        tracing::warn!(target: "cofferdam", plugin, code = %code_shown, "a failure has no error code: it counts as `failed`");
        code = "failed".to_owned();
    }
    let details = match details.as_deref().map(serde_json::from_str) {
        None => Map::new(),
        Some(Ok(Value::Object(object))) => object,
        Some(_) => return CallError::OutputInvalid { plugin: plugin.to_owned(), expected: "a JSON object" },
    };
    let retry = match retry {
        abi::Retry::Unknown => None,
        abi::Retry::CanHelp => Some(true),
        abi::Retry::CannotHelp => Some(false),
    };
    CallError::Failed { code, message: printable(&message, usize::MAX).into_owned(), details, retry }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::plugin_0_1_0::content as abi_content;

    fn texts(content: &[&str], structured: Option<&str>) -> abi::Outcome {
        abi::Outcome::Done(abi::Output {
            content: content.iter().map(|s| abi_content::Block::Text((*s).to_owned())).collect(),
            structured: structured.map(str::to_owned),
        })
    }

    fn came(limit: u64, given: abi::Outcome) -> Result<Outcome, CallError> {
        outcome("p", limit, given, held(), Shown::default())
    }

    fn shown(limit: u64, given: abi::Outcome) -> Vec<String> {
        match came(limit, given).unwrap() {
            Outcome::Done(reply) => reply.content.iter().filter_map(|block| block.text().map(str::to_owned)).collect(),
            Outcome::Asks(_) => panic!("it is done"),
        }
    }

    fn held() -> Held {
        crate::memory::TotalMemory::new(None).plugin().take(0).unwrap()
    }

    #[test]
    fn i12_text_from_a_guest_has_no_terminal_escapes() {
        let content = shown(1000, texts(&["a\x1b[2Jb\u{202e}c\u{9b}1m\tok\r\nnext"], None));
        assert_eq!(content, ["a\\u{1b}[2Jb\\u{202e}c\\u{9b}1m\tok\nnext"]);
    }

    #[test]
    fn i12_json_stays_the_same_json() {
        let json = "{\"a\":\"x\u{9b}\u{200b}y\\u001b\"}";
        let content = shown(1000, texts(&[], Some(json)));
        assert_eq!(content, ["{\"a\":\"x\\u009b\\u200by\\u001b\"}"]);
        assert_eq!(serde_json::from_str::<Value>(&content[0]).unwrap(), serde_json::from_str::<Value>(json).unwrap());
    }

    #[test]
    fn an_answer_over_the_limit_is_refused_with_what_was_shown_before() {
        let long = came(3, texts(&["abcd"], None));
        assert_eq!(long.err(), Some(CallError::OutputTooLarge { bytes: 4, limit: 3 }));
        let before = Shown { blocks: vec![Block::Text("ab".to_owned())], bytes: 2, held: None };
        let long = outcome("p", 3, texts(&["cd"], None), held(), before);
        assert_eq!(long.err(), Some(CallError::OutputTooLarge { bytes: 4, limit: 3 }));
    }

    #[test]
    fn an_answer_that_is_no_object_is_refused() {
        for json in ["[]", "1", "{", ""] {
            assert!(matches!(came(100, texts(&[], Some(json))), Err(CallError::OutputInvalid { .. })), "{json}");
        }
    }

    #[test]
    fn questions_have_ids_of_their_own_and_schemas() {
        let question = |id: &str, schema: &str| abi::Question {
            id: id.to_owned(),
            message: "m\u{1b}".to_owned(),
            schema: schema.to_owned(),
        };
        let asks = |questions| came(1000, abi::Outcome::InputRequired(questions));
        let Ok(Outcome::Asks(asked)) = asks(vec![question("a", "{}"), question("b.1", "{}")]) else {
            panic!("two questions")
        };
        assert_eq!((asked[0].id.as_str(), asked[1].message.as_str()), ("a", "m\\u{1b}"));
        for wrong in [
            vec![],
            vec![question("a", "{}"), question("a", "{}")],
            vec![question("", "{}")],
            vec![question("a b", "{}")],
            vec![question("a", "[]")],
            (0..17).map(|n| question(&n.to_string(), "{}")).collect(),
        ] {
            assert!(matches!(asks(wrong), Err(CallError::OutputInvalid { .. })));
        }
    }

    #[test]
    fn a_failure_with_an_odd_code_keeps_its_message() {
        for code in ["", "Not Found", "\u{1b}"] {
            let failure =
                abi::Failure { code: code.into(), message: "m".into(), details: None, retry: abi::Retry::CannotHelp };
            let told = ending("p", 100, abi::Ending::Failed(failure));
            let CallError::Failed { code, message, retry, .. } = told else { panic!("a failure") };
            assert_eq!((code.as_str(), message.as_str(), retry), ("failed", "m", Some(false)));
        }
    }

    #[test]
    fn long_lines_are_cut_at_a_character() {
        assert_eq!(printable("aéé", 2), "a…");
    }
}
