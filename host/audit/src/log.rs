//! The sink for people: refusals, losses and hit limits as lines of the process's log (standard error).

use crate::{Decision, Event, Sink, Unwritten};

/// Writes events through `tracing`: what an operator should see at `warn`, the rest at `debug`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Log;

impl Sink for Log {
    fn record(&self, event: &Event<'_>) -> Result<(), Unwritten> {
        match event {
            Event::Ask { plugin, decision: Decision::Denied(denial), .. } => {
                tracing::warn!(target: "cofferdam", "{}", denial.for_operator(plugin));
            }
            Event::Ask { plugin, resource, decision: Decision::Allowed } => {
                tracing::debug!(target: "cofferdam", "`{plugin}` is granted {resource}");
            }
            Event::CallStarted { plugin, tool } => {
                tracing::debug!(target: "cofferdam", "`{plugin}` starts `{tool}`");
            }
            Event::CallEnded { plugin, tool, outcome, took } => {
                tracing::debug!(target: "cofferdam", "`{plugin}` ends `{tool}` after {took:?}: {outcome}");
            }
            Event::Loaded { plugin, digest } => {
                tracing::debug!(target: "cofferdam", "`{plugin}` is loaded (sha256:{digest})");
            }
            Event::InstanceLost { plugin, reason, connections } => {
                tracing::warn!(target: "cofferdam", "`{plugin}` ended: {reason}; {connections} open connections are lost");
            }
            Event::LimitHit { plugin, limit } => {
                tracing::warn!(target: "cofferdam", "`{plugin}` hit its limit `{limit}`");
            }
        }
        Ok(())
    }
}
