//! What the tools answer. The keys that TcpSocketMCP has keep their names; others are added. What
//! has to do with handlers is in `answers/handlers.rs`.

mod handlers;

pub use handlers::*;

use schemars::JsonSchema;
use serde::Serialize;
use tcp_logic::TriggerInfo;

#[derive(Debug, Serialize, JsonSchema)]
pub struct Connected {
    pub success: bool,
    pub connection_id: String,
    pub host: String,
    pub port: u16,
    pub status: &'static str,
    /// The address that answered
    pub address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied_triggers: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The handlers at work, from the lowest up
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Disconnected {
    pub success: bool,
    pub connection_id: String,
    pub status: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Sent {
    pub success: bool,
    pub connection_id: String,
    /// Terminator included
    pub bytes_sent: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ReadAnswer {
    pub connection_id: String,
    /// Chunks held
    pub chunks: usize,
    /// One string a chunk
    pub data: Vec<String>,
    pub format: &'static str,
    /// Offset of the first byte returned
    pub offset: u64,
    /// Where to go on reading
    pub next_offset: u64,
    /// There is more of what was asked for
    pub more: bool,
    /// The buffer is full: reading is paused until it is cleared; nothing is lost
    pub reading_paused: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Cleared {
    pub success: bool,
    pub connection_id: String,
    pub buffer_cleared: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct BufferInfo {
    pub connection_id: String,
    pub chunks: usize,
    pub total_bytes: usize,
    pub bytes_sent: u64,
    pub bytes_received: u64,
    /// False once the peer's end of stream, or a reset, was read
    pub connected: bool,
    pub peer_closed: bool,
    pub can_send: bool,
    /// Offset of the first byte held
    pub offset: u64,
    pub buffer_limit: usize,
    /// The buffer is full: reading is paused until it is cleared; nothing is lost
    pub reading_paused: bool,
    /// Why the connection broke, or why its handler or a script has closed it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_reason: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Trigger {
    pub trigger_id: String,
    pub pattern: String,
    /// Bytes of the response
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_size: Option<usize>,
    /// Bytes of the script
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script_size: Option<usize>,
    /// Matches that were answered, or given to the script
    pub fired: u64,
    /// Matches that were not answered because of a fire limit
    pub suppressed: u64,
    /// Matches whose response would have been too large, and messages that
    /// the handler could not send
    pub unanswerable: u64,
    /// Runs of the script that failed
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<u64>,
    /// Segments that were too costly to search to their end
    pub skipped: u64,
    /// `bytes` or `message`
    pub on: &'static str,
    /// What of a message is matched
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// Why the handler could not send the last response, or why the last run that failed has
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The script's last note
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why the script is cut off: it fires no more
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
    pub fires_per_second: u32,
    pub fires_in_total: u64,
}

impl From<TriggerInfo> for Trigger {
    fn from(info: TriggerInfo) -> Self {
        Self {
            trigger_id: info.trigger_id.to_string(),
            pattern: info.pattern,
            response_size: info.response_size,
            script_size: info.script_size,
            fired: info.counts.fired,
            suppressed: info.counts.suppressed,
            unanswerable: info.counts.unanswerable,
            failed: info.script_size.map(|_| info.counts.failed),
            skipped: info.counts.skipped,
            on: info.on.name(),
            member: info.on.member().map(str::to_owned),
            error: info.error,
            note: info.note,
            cut: info.cut,
            fires_per_second: info.limits.per_second,
            fires_in_total: info.limits.total,
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ConnectionInfo {
    pub connection_id: String,
    pub host: String,
    pub port: u16,
    pub address: String,
    pub connected: bool,
    /// RFC 3339
    pub created_at: String,
    pub buffer: BufferInfo,
    pub triggers: Vec<Trigger>,
    /// Triggers that their scripts have stopped, the latest of them
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stopped_triggers: Vec<Trigger>,
    /// Its handlers, from the lowest up
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// Which handler was cut off, and why
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handler_cut: Option<String>,
    /// Messages held
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<usize>,
    /// Of these, messages that no call has returned
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages_unread: Option<u64>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct TriggerSet {
    pub success: bool,
    pub connection_id: String,
    pub trigger_id: String,
    pub pattern: String,
    /// `active`, or `pending` until the connection is made
    pub status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'static str>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct TriggerRemoved {
    pub success: bool,
    pub connection_id: String,
    pub trigger_id: String,
    pub status: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ConnectedAndSent {
    pub success: bool,
    pub connection_id: String,
    pub host: String,
    pub port: u16,
    pub bytes_sent: u64,
    pub status: &'static str,
    /// Whether something had been received by the time of this answer
    pub immediate_response: bool,
    pub buffer_chunks: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied_triggers: Option<Vec<String>>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ListedConnection {
    pub connection_id: String,
    pub host: String,
    pub port: u16,
    pub connected: bool,
    pub bytes_sent: u64,
    pub bytes_received: u64,
    pub buffer_chunks: usize,
    /// How many
    pub triggers: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handler_cut: Option<String>,
    /// Messages held
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<usize>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Connections {
    pub total_connections: usize,
    pub connections: Vec<ListedConnection>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Waited {
    pub connection_id: String,
    /// Whether what was waited for came
    pub satisfied: bool,
    /// Why the wait ended: pattern, bytes, silence, close, timeout, or buffer_full
    pub ended: &'static str,
    /// What came since `offset`, up to the end of the match
    pub data: String,
    pub format: &'static str,
    /// Offset of the first byte of `data`
    pub offset: u64,
    /// Where the next tcp_wait begins, and where tcp_read_buffer can go on
    pub next_offset: u64,
    /// There is more before the end of the match than one answer holds
    pub more: bool,
    pub connected: bool,
    /// The buffer is full: reading is paused until it is cleared; nothing is lost
    pub reading_paused: bool,
    /// Which handler was cut off, and why
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handler_cut: Option<String>,
    pub waited_ms: u64,
}
