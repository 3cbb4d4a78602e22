//! What a plugin and a call are made from: plain data.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use cofferdam_audit::Caller;
use cofferdam_grants::{Grants, Limits};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::turn::Turn;
use crate::component::Digest;
use crate::memory::PluginMemory;
use crate::output::Said;
use crate::progress::Progress;

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
    /// How long an instance lives.
    pub lifetime: Lifetime,
    /// How many calls one instance takes at one time; `None` where it takes all.
    pub concurrency: Option<usize>,
}

/// How long an instance lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// One instance serves all calls of a principal, and keeps state between them.
    Shared,
    /// Every call has an instance of its own.
    PerCall,
}

/// A plugin to be loaded.
#[derive(Debug)]
pub struct Spec {
    /// Its name, unique in its generation.
    pub name: String,
    /// The component.
    pub bytes: Cow<'static, [u8]>,
    /// The component's digest.
    pub digest: Digest,
    /// The component's code, where it was compiled ahead and came with this program.
    pub ahead: Option<&'static [u8]>,
    /// What it may do.
    pub grants: Grants,
    /// What it may use.
    pub limits: Limits,
    /// The operator's settings, as a JSON object.
    pub settings: String,
    /// How long an instance lives.
    pub lifetime: Lifetime,
    /// How many calls one instance takes at one time; `None` where it takes all.
    pub concurrency: Option<usize>,
}

/// One call to a tool, its arguments already checked.
#[derive(Debug)]
pub struct Request {
    /// The tool's name.
    pub tool: String,
    /// A JSON object.
    pub arguments: String,
    /// What the person behind the client has said to the questions that the call has asked before,
    /// by their ids.
    pub replies: Vec<(String, Said)>,
    /// On whose behalf. The principal's instances, rates and places serve the call.
    pub caller: Arc<Caller>,
    /// Its turn among the calls that arrived; `None` where order does not matter.
    pub turn: Option<Turn>,
    /// How long the caller waits. The plugin's limit applies besides.
    pub deadline: Option<Duration>,
    /// Cancelled when the caller no longer wants the answer.
    pub cancel: CancellationToken,
    /// Where progress goes, if the caller has asked for it. A full channel drops the report.
    pub progress: Option<mpsc::Sender<Progress>>,
}
