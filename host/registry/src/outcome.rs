//! What a call came to, as an answer: a failure is one JSON object, `{"error": code, "message":
//! …}`, the same for every plugin.

use cofferdam_grants::{harmless_json, printable_text};
use cofferdam_runtime::{Block, CallError, LoadError, Question, Reply, Shown};
use serde_json::{Map, Value};

use crate::call::Answer;
use crate::person;

/// The code of a call whose tool asks a person.
pub const INPUT_REQUIRED: &str = "input_required";

/// The answer of a call that has come to a reply.
pub fn answer(Reply { content, structured, held }: Reply) -> Answer {
    Answer { content, structured, is_error: false, held: Some(held) }
}

/// The answer of a call whose tool asks a person, where nobody can be asked.
pub fn unasked(questions: &[Question]) -> Answer {
    let asked: Vec<&str> = questions.iter().map(|question| question.message.as_str()).collect();
    let message = format!("the tool asks the person behind the client, who cannot be asked here: {}", asked.join(" "));
    failure(INPUT_REQUIRED, &message, Map::from_iter([("questions".to_owned(), person::to_json(questions))]))
}

/// The answer of a call that came to nothing, with what it has shown before.
pub fn failed(error: CallError, shown: Shown) -> Answer {
    let mut answer = {
        let (code, limit) = (error.code().to_owned(), error.limit());
        let message = match &error {
            CallError::Failed { message, .. } => message.clone(),
            CallError::Load(LoadError::Invalid { plugin, cause }) => {
                // A compiler's words: the operator's to read.
                let (plugin, cause) = (plugin.as_str(), printable_text(cause.clone()));
                tracing::error!(target: "cofferdam", plugin, %cause, "a plugin cannot be loaded");
                format!("the `{plugin}` plugin cannot be loaded; the operator's log says why")
            }
            CallError::InstanceLost { plugin, limit, reason, connections } => {
                let (plugin, limit, connections) = (plugin.clone(), *limit, *connections);
                CallError::InstanceLost { plugin, limit, reason: for_model(reason), connections }.to_string()
            }
            ours => ours.to_string(),
        };
        let mut details = match error {
            CallError::Failed { mut details, retry, .. } => {
                if let Some(can_help) = retry {
                    details.entry("retry").or_insert(Value::from(can_help));
                }
                details
            }
            CallError::InstanceLost { connections, .. } => {
                Map::from_iter([("connections_lost".to_owned(), Value::from(connections))])
            }
            CallError::RateLimited { wait, .. } => {
                let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
                Map::from_iter([("retry_after_ms".to_owned(), Value::from(wait))])
            }
            _ => Map::new(),
        };
        if let Some(limit) = limit {
            details.insert("limit".to_owned(), Value::from(limit));
        }
        failure(&code, &message, details)
    };
    answer.content.extend(shown.blocks);
    answer.held = shown.held;
    answer
}

/// Why an instance ended, without what is the operator's to read: addresses in a guest's memory,
/// and paths of this machine. Each is in the log.
fn for_model(reason: &str) -> String {
    let first = reason.lines().next().unwrap_or_default();
    let word = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '/');
        if bare.starts_with("0x") || bare.len() > 1 && bare.starts_with('/') {
            "…".to_owned()
        } else {
            word.to_owned()
        }
    };
    first.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// An answer that says why there is none, in JSON that no terminal obeys: details are a guest's. It
/// carries no structured content: that would have to match the tool's output schema.
pub fn failure(code: &str, message: &str, details: Map<String, Value>) -> Answer {
    let mut object = Map::new();
    object.insert("error".to_owned(), Value::from(code));
    object.insert("message".to_owned(), Value::from(message));
    for (key, value) in details {
        object.entry(key).or_insert(value);
    }
    let content = vec![Block::Text(harmless_json(&Value::Object(object).to_string()).into_owned())];
    Answer { content, structured: None, is_error: true, held: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(error: CallError) -> String {
        let shown = Shown { blocks: vec![Block::Text("before".to_owned())], ..Shown::default() };
        let [Block::Text(text), Block::Text(before)] = &failed(error, shown).content[..] else { panic!("two texts") };
        assert_eq!(before, "before");
        text.clone()
    }

    #[test]
    fn a_model_reads_no_backtrace_no_address_and_no_path() {
        let reason =
            "it failed at 0x7ffe12 of `/opt/guest.wasm` (see /tmp/x)\nwasm backtrace:\n  0: 0x1f4a - guest!run";
        let lost =
            CallError::InstanceLost { plugin: "p".to_owned(), reason: reason.to_owned(), limit: None, connections: 2 };
        let text = told(lost);
        assert!(
            !text.contains("0x") && !text.contains("guest!") && !text.contains("/opt") && !text.contains("/tmp"),
            "{text}"
        );
        assert!(
            text.contains("the `p` plugin ended: it failed at … of … (see …")
                && text.contains("\"connections_lost\":2"),
            "{text}"
        );
        assert!(text.contains("the next call finds a fresh instance"), "{text}");
        let invalid = LoadError::Invalid { plugin: "p".to_owned(), cause: "failed to parse /opt/x at 0x2".to_owned() };
        let text = told(CallError::Load(invalid));
        assert!(text.contains("the `p` plugin cannot be loaded; the operator's log says why"), "{text}");
    }

    #[test]
    fn a_tools_own_words_stay_as_they_are() {
        let failed = CallError::Failed {
            code: "not_found".to_owned(),
            message: "`/var/log/x` is not there, at 0x10".to_owned(),
            details: Map::new(),
            retry: Some(false),
        };
        let text = told(failed);
        assert!(text.contains("`/var/log/x` is not there, at 0x10") && text.contains("\"retry\":false"), "{text}");
    }
}
