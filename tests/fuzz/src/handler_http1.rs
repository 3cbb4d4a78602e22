//! The handler `http1`, in the sessions of [`handlers`](crate::handlers).

use handler_kit::{Message, Span, Value, bytes_of, hex};
use http1_handler::Http1;

use crate::handlers::{Compared, hold};

/// Configurations that are valid.
const CONFIGS: [&str; 5] = [
    r#"{"host":"web.example"}"#,
    r#"{"stream":true,"host":"web.example:8080"}"#,
    r#"{"longest_body":0,"longest_head":256,"host":"h"}"#,
    r#"{"longest_body":16,"host":"h"}"#,
    r#"{}"#,
];

/// Any bytes: a session.
pub fn target(data: &[u8]) {
    hold::<Http1>(data, &CONFIGS, Compared::Joined(joined));
}

/// Parts of one body, and bytes of another protocol, are told as they come:
/// together they are the same.
fn joined(messages: Vec<Message>) -> Vec<Message> {
    let mut all: Vec<Message> = Vec::new();
    for mut message in messages {
        let Some(mut data) = data(&message) else {
            all.push(message);
            continue;
        };
        if let Some(before) = all.pop_if(|before| goes_on(before, &message)) {
            data = before.value["data"].as_str().unwrap_or_default().to_owned() + &data;
            message.span = Span { start: before.span.start, end: message.span.end };
        }
        message.value["data"] = data.into();
        all.push(message);
    }
    all
}

/// The bytes of a part, in hexadecimal digits.
fn data(message: &Message) -> Option<String> {
    let is_part = matches!(message.value["type"].as_str(), Some("body" | "raw"));
    is_part.then(|| hex(&bytes_of(&message.value["data"], "data").unwrap()))
}

/// Whether the message is a part of what the one before is a part of.
fn goes_on(before: &Message, message: &Message) -> bool {
    let alike = before.value["type"] == message.value["type"];
    alike && before.value.get("last").is_none_or(|last| *last == Value::Bool(false))
}
