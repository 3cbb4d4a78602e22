//! What a call came to, as an answer: a failure is one JSON object, `{"error": code, "message": …}`, the same for every
//! plugin.

use cofferdam_runtime::{CallError, Reply, harmless_json};
use serde_json::{Map, Value};

use crate::call::Answer;

/// The answer of a call that the runtime has run.
pub fn answer(result: Result<Reply, CallError>) -> Answer {
    match result {
        Ok(reply) => Answer { content: reply.content, structured: reply.structured, is_error: false },
        Err(error) => {
            let (code, message, limit) = (error.code().to_owned(), error.to_string(), error.limit());
            let mut details = match error {
                CallError::Failed { details, .. } => details,
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
        }
    }
}

/// An answer that says why there is none, in JSON that no terminal obeys: details are a guest's. It carries no structured content: that would have to match the tool's
/// output schema.
pub fn failure(code: &str, message: &str, details: Map<String, Value>) -> Answer {
    let mut object = Map::new();
    object.insert("error".to_owned(), Value::from(code));
    object.insert("message".to_owned(), Value::from(message));
    for (key, value) in details {
        object.entry(key).or_insert(value);
    }
    Answer { content: vec![harmless_json(Value::Object(object).to_string())], structured: None, is_error: true }
}
