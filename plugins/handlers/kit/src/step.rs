//! What has to happen after a handler was called.

use serde_json::Value;

use crate::Now;

/// A range of the bytes that have come: from the first to behind the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it begins.
    pub start: u64,
    /// Where it ends: the byte behind its last.
    pub end: u64,
}

/// A message of the peer.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// What it says.
    pub value: Value,
    /// The bytes it came from.
    pub span: Span,
    /// The request that it answers, as [`Encoded::request`](crate::Encoded::request) numbered it.
    pub answers: Option<u64>,
    /// The bytes that it carries for the handler above: see [`CARRIES`](crate::Handler::CARRIES).
    pub payload: Option<Vec<u8>>,
}

/// What has to happen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// Bytes for the peer.
    pub send: Vec<u8>,
    /// Messages of the peer, in the order of their bytes.
    pub messages: Vec<Message>,
    /// When to call [`tick`](crate::Handler::tick): it replaces what an earlier step asked for.
    /// None leaves that as it is.
    pub tick: Option<Now>,
    /// Close the connection, and why.
    pub close: Option<String>,
    /// Lines for the operator's log.
    pub notes: Vec<String>,
}

impl Step {
    /// A message, from these bytes.
    pub fn message(&mut self, value: Value, span: Span) {
        self.messages.push(Message { value, span, answers: None, payload: None });
    }

    /// A message that carries bytes for the handler above.
    pub fn carries(&mut self, value: Value, span: Span, payload: Vec<u8>) {
        self.messages.push(Message { value, span, answers: None, payload: Some(payload) });
    }

    /// A message that answers a request of ours.
    pub fn answer(&mut self, value: Value, span: Span, request: u64) {
        self.messages.push(Message { value, span, answers: Some(request), payload: None });
    }

    /// Bytes that are no message of the protocol, and why.
    pub fn malformed(&mut self, reason: impl Into<String>, span: Span) {
        self.message(malformed(reason.into(), span), span);
    }

    /// The same, before a message that was told already.
    pub fn malformed_at(&mut self, index: usize, reason: impl Into<String>, span: Span) {
        self.malformed(reason, span);
        if let Some(behind) = self.messages.get_mut(index..) {
            behind.rotate_right(1);
        }
    }
}

/// The schema of a malformed message, for handlers whose messages are one of several schemas.
pub fn malformed_schema() -> Value {
    serde_json::json!({
        "type": "object",
        "properties": { "malformed": { "type": "string" }, "at": { "type": "integer" } },
        "required": ["malformed", "at"],
    })
}

/// A malformed message as every handler tells it.
fn malformed(reason: String, span: Span) -> Value {
    serde_json::json!({ "malformed": reason, "at": span.start })
}
