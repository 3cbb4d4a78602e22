//! A plugin at work. `plugin.rs` is what callers hold: it finds or starts an instance and keeps deadlines, from outside
//! the instance. `actor.rs` is the instance: one store, one event loop, one mailbox, on one of the plugin's `threads.rs`. `program.rs` is
//! what instances are made from, once `readiness.rs` has it.

mod actor;
mod at_work;
mod driver;
mod plugin;
mod program;
mod rate;
mod readiness;
mod schedule;
mod threads;
mod turn;

use std::sync::Arc;
use std::time::Duration;

use cofferdam_audit::Caller;
use cofferdam_grants::Limits;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::memory::PluginMemory;

pub use plugin::Plugin;
pub use rate::{Rate, permits};
pub use threads::give_way;
pub use turn::{Orders, Turn};

/// How long a call may take to end after it was cancelled; then its instance ends.
pub const GRACE: Duration = Duration::from_millis(500);

/// What an instance is told about itself.
#[derive(Debug)]
pub struct About {
    /// The plugin's name.
    pub name: String,
    /// What it may use.
    pub limits: Limits,
    /// The operator's settings, as a JSON object.
    pub settings: String,
    /// Its part of the process's memory.
    pub memory: PluginMemory,
}

/// How long an instance lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One instance for all calls: it keeps state.
    Actor,
    /// One for each call.
    PerCall,
}

/// A plugin to be loaded.
#[derive(Debug)]
pub struct Spec {
    /// Its name, unique in the registry.
    pub name: String,
    /// The component.
    pub bytes: std::borrow::Cow<'static, [u8]>,
    /// Its digest.
    pub digest: crate::Digest,
    /// Its code, where that was compiled ahead and came with this program.
    pub ahead: Option<&'static [u8]>,
    /// What it may do.
    pub grants: cofferdam_grants::Grants,
    /// What it may use.
    pub limits: Limits,
    /// The operator's settings, as a JSON object.
    pub settings: String,
    /// How long an instance lives.
    pub shape: Shape,
}

/// One call to a tool, its arguments already checked.
#[derive(Debug)]
pub struct Request {
    /// The tool's name.
    pub tool: String,
    /// A JSON object.
    pub arguments: String,
    /// On whose behalf.
    pub caller: Arc<Caller>,
    /// Its place among the calls that arrived; `None` where order does not matter.
    pub turn: Option<Turn>,
    /// How long the caller waits; the plugin's limit applies besides.
    pub deadline: Option<Duration>,
    /// Cancelled when the caller no longer wants the answer.
    pub cancel: CancellationToken,
    /// Where progress goes.
    pub progress: Option<mpsc::Sender<ProgressReport>>,
}

/// How far a call has come.
#[derive(Clone, Debug, PartialEq)]
pub struct ProgressReport {
    /// Grows with every report.
    pub progress: f64,
    /// What it will be at the end.
    pub total: Option<f64>,
    /// A line for people, safe to show.
    pub message: Option<String>,
}
