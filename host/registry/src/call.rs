//! One tool call and its answer, as plain data. `server` makes these from MCP messages and `cli`
//! from its arguments; nothing here knows either.

use std::sync::Arc;
use std::time::Duration;

use cofferdam_runtime::{Block, Held, Progress};
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::order::Turn;
use crate::person::Person;

/// One call, on its way to a plugin.
pub struct Call {
    /// The tool's name as the caller wrote it.
    pub tool: String,
    /// The arguments, not yet checked against the tool's schema.
    pub arguments: Map<String, Value>,
    /// On whose behalf: ids, instances and audit lines are bound to it.
    pub principal: Principal,
    /// The program that the principal uses, as it names itself: for the audit, not for any
    /// decision.
    pub client: Option<String>,
    /// How long the caller will wait; the operator's limit applies besides. `None` means the
    /// operator's limit.
    pub deadline: Option<Duration>,
    /// Where it goes, and its turn among the session's calls of the same plugin
    /// ([`crate::Orders::next_turn`]); `None` where order does not matter.
    pub turn: Option<Turn>,
    /// Cancelled when the caller no longer wants the answer.
    pub cancel: CancellationToken,
    /// Where progress goes, if the caller asked for it. A full channel drops the report.
    pub progress: Option<mpsc::Sender<Progress>>,
    /// Who answers the tool's questions; `None` where nobody can be asked.
    pub person: Option<Arc<dyn Person>>,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("tool", &self.tool).field("principal", &self.principal).finish_non_exhaustive()
    }
}

/// Who calls. Over stdio there is one: the user who started the server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Principal(pub String);

impl Principal {
    /// The only principal of a server on stdio, and of the command line.
    pub fn local() -> Self {
        Self("local".to_owned())
    }
}

/// What a call came to. A refusal or failure of the tool is an answer too, with `is_error`.
#[derive(Debug)]
pub struct Answer {
    /// Blocks, in order; bounded, without terminal escapes.
    pub content: Vec<Block>,
    /// The same as JSON, matching the tool's output schema when `is_error` is false.
    pub structured: Option<Map<String, Value>>,
    /// The tool failed, was refused, or never ran.
    pub is_error: bool,
    /// The memory that it counts for, until this is dropped: after the answer has been written.
    pub held: Option<Held>,
}

/// There is no tool of that name: a protocol error (-32602), not an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown tool `{0}`")]
pub struct UnknownTool(pub String);
