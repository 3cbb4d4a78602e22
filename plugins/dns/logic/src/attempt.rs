//! One try to get an answer, as the answer lists it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::Transport;

/// One try to get an answer from one server.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Attempt {
    /// ADDRESS:PORT
    pub server: String,
    /// How it was asked
    pub transport: Transport,
    /// answered, truncated, timeout, refused, unreachable, denied, closed,
    /// malformed, limit or other
    pub result: &'static str,
    /// More about it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How long it took, in milliseconds
    pub time_ms: f64,
    /// Messages that came but were not the answer, by reason
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<Ignored>,
}

/// Messages that were passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Ignored {
    /// malformed, not_a_reply, wrong_id or wrong_question
    pub reason: &'static str,
    /// How many
    pub count: u32,
}

/// Milliseconds with three digits behind the point.
pub(crate) fn milliseconds(time: std::time::Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
