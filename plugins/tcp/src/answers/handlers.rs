//! What the tools answer that work with handlers and their messages.

use cofferdam_sdk::handlers;
use schemars::JsonSchema;
use serde::Serialize;
use tcp_logic::Shown;

use crate::json::Object;

#[derive(Debug, Serialize, JsonSchema)]
pub struct Told {
    pub number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Object>,
    /// Offset of its first byte, for tcp_read_buffer
    pub start: u64,
    /// Offset after its last byte
    pub end: u64,
    /// The `request` it answers
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<u64>,
    /// Its bytes of JSON, where no answer may be so long: `message` is absent then
    #[serde(skip_serializing_if = "Option::is_none")]
    pub too_long: Option<usize>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct MessagesAnswer {
    pub connection_id: String,
    /// Whether as many as were waited for came
    pub satisfied: bool,
    /// Why the wait ended: messages, timeout, close, buffer_full, handler_cut, or detached
    pub ended: &'static str,
    pub messages: Vec<Told>,
    /// There are more of what was asked for
    pub more: bool,
    /// `after` of the next page
    pub next_after: u64,
    /// How many of what was asked for are not held any more
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forgotten: Option<u64>,
    pub connected: bool,
    /// The buffer, or the room for messages, is full: reading is paused until messages are taken
    pub reading_paused: bool,
    /// Which handler was cut off, and why
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handler_cut: Option<String>,
    pub waited_ms: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct MessageSent {
    pub success: bool,
    pub connection_id: String,
    /// The handler may send later what has to wait
    pub bytes_sent: u64,
    /// `answers` of the message that answers it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<u64>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Requested {
    pub connection_id: String,
    pub answered: bool,
    /// Why the wait ended: answer, unanswered (nothing answers such a message), timeout, close,
    /// buffer_full, handler_cut, or detached
    pub ended: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<u64>,
    pub bytes_sent: u64,
    /// The answer; without one, what else came meanwhile
    pub messages: Vec<Told>,
    pub connected: bool,
    /// The buffer, or the room for messages, is full: reading is paused until messages are taken
    pub reading_paused: bool,
    /// Which handler was cut off, and why
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handler_cut: Option<String>,
    pub waited_ms: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct HandlerSet {
    pub success: bool,
    pub connection_id: String,
    /// `attached`, or `detached`
    pub status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// Offset of the first byte that it sees
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// Messages held
    pub messages: usize,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Handlers {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handlers: Option<Vec<Summary>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handler: Option<Described>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<Language>,
}

/// The language of scripts.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Language {
    pub language: String,
    pub summary: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    pub name: String,
    pub version: String,
    pub description: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Described {
    pub name: String,
    pub title: String,
    pub summary: String,
    /// Of `handler_config`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_schema: Option<Object>,
    /// Of messages from the peer
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incoming_schema: Option<Object>,
    /// Of messages to the peer
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outgoing_schema: Option<Object>,
    /// Whether tcp_request can be used
    pub pairs: bool,
    /// Whether another handler can stand above it
    pub carries: bool,
    pub examples: Vec<Example>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Example {
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handler_config: Option<Object>,
    /// What is sent
    pub outgoing: Vec<Outgoing>,
    /// What comes then
    pub incoming: Incoming,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Outgoing {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Object>,
    /// The bytes where they are printable ASCII with line ends and tabs
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Other bytes
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hex: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Incoming {
    /// The bytes where they are printable ASCII with line ends and tabs
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Other bytes
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hex: Option<String>,
    pub messages: Vec<Object>,
}

/// Bytes as text, or else in hex.
fn text_or_hex(bytes: &[u8]) -> (Option<String>, Option<String>) {
    match tcp_logic::shown(bytes) {
        Shown::Text(text) => (Some(text), None),
        Shown::Hex(hex) => (None, Some(hex)),
    }
}

impl From<handlers::Summary> for Summary {
    fn from(one: handlers::Summary) -> Self {
        Self { name: one.name, version: one.version, description: one.description }
    }
}

impl From<handlers::Description> for Described {
    fn from(told: handlers::Description) -> Self {
        Self {
            name: told.name,
            title: told.title,
            summary: told.summary,
            config_schema: Object::given(told.config_schema),
            incoming_schema: Object::given(told.incoming_schema),
            outgoing_schema: Object::given(told.outgoing_schema),
            pairs: told.pairs,
            carries: told.carries,
            examples: told.examples.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<handlers::Example> for Example {
    fn from(example: handlers::Example) -> Self {
        let sent = |(message, bytes): (String, Vec<u8>)| {
            let (text, hex) = text_or_hex(&bytes);
            Outgoing { message: Object::given(message), text, hex }
        };
        let (bytes, messages) = example.incoming;
        let (text, hex) = text_or_hex(&bytes);
        Self {
            title: example.title,
            handler_config: Object::given(example.config),
            outgoing: example.outgoing.into_iter().map(sent).collect(),
            incoming: Incoming { text, hex, messages: messages.into_iter().filter_map(Object::given).collect() },
        }
    }
}
