//! Why a component that only computes came to its end, in words: for whoever waits, for the
//! operator, and without the place in its code.

use cofferdam_grants::{printable, printable_text};
use wasmtime::Store;

use super::pure::PureSpec;
use super::state::{CpuLimit, HandlerState};

/// A handler ended, or answered what it must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trapped {
    /// Why, for people.
    pub why: String,
    /// The limit that was the reason, if one was.
    pub limit: Option<&'static str>,
}

impl Trapped {
    /// It answered what it must not.
    pub fn answered(what: &str) -> Self {
        Self { why: format!("it answered what it must not: {what}"), limit: None }
    }
}

/// Why a component trapped, without the place in its code: that is for the log only.
pub fn why(trap: &wasmtime::Error, store: &Store<HandlerState>, spec: &PureSpec) -> Trapped {
    let (state, PureSpec { name, limits, .. }) = (store.data(), spec);
    let handler = name.as_str();
    tracing::debug!(target: "guest", handler, stream = "trap", text = %printable_text(format!("{trap:?}")));
    if let Some(limit) = trap.downcast_ref::<CpuLimit>() {
        return Trapped { why: limit.to_string(), limit: Some("cpu") };
    }
    match state.exhausted {
        Some("memory") => {
            let why = format!("it used up its memory of {} MiB (limit `memory`)", limits.memory >> 20);
            return Trapped { why, limit: Some("memory") };
        }
        Some(limit) => {
            return Trapped { why: format!("there is no memory left for it (limit `{limit}`)"), limit: Some(limit) };
        }
        None => {}
    }
    let root = trap.root_cause().to_string();
    // wasmtime has no type for it: more than it may copy out of a guest in one call.
    if root.contains("fuel allocated for hostcalls") {
        let why = format!("one step of it has more than {} bytes (limit `output`)", limits.output);
        return Trapped { why, limit: Some("output") };
    }
    let said = state.last_said();
    if !said.is_empty() {
        tracing::warn!(target: "guest", handler, stream = "stderr", text = %printable(&said, 2048));
    }
    if let Some(code) = trap.downcast_ref::<wasmtime::Trap>() {
        return Trapped { why: format!("it trapped: {code}"), limit: None };
    }
    let root = root.lines().next().unwrap_or_default();
    Trapped { why: format!("it failed: {}", printable(root, 200)), limit: None }
}
