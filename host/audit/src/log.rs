//! The sink for people: refusals, losses and hit limits as lines of the process's log (standard error).

use cofferdam_grants::Denial;

use crate::{Decision, Event, Sink, Unwritten};

/// Writes events through `tracing`: what an operator should see at `warn`, the rest at `debug`.
pub struct Log {
    explain: Box<Explain>,
}

/// A denial in an operator's words, given the plugin's name.
type Explain = dyn Fn(&str, &Denial) -> String + Send + Sync;

impl Log {
    /// With the words for a denial: who knows the rules' sources can say more than the denial itself.
    pub fn new(explain: impl Fn(&str, &Denial) -> String + Send + Sync + 'static) -> Self {
        Self { explain: Box::new(explain) }
    }
}

impl Sink for Log {
    fn record(&self, event: &Event<'_>) -> Result<(), Unwritten> {
        match event {
            Event::Ask { plugin, decision: Decision::Denied(denial), .. } => {
                tracing::warn!(target: "cofferdam", "{}", (self.explain)(plugin, denial));
            }
            Event::Ask { plugin, resource, decision: Decision::Allowed(_) } => {
                tracing::debug!(target: "cofferdam", "`{plugin}` is granted {resource}");
            }
            Event::PolicyLoaded { rules } => {
                tracing::debug!(target: "cofferdam", "{} rules are in force", rules.len());
            }
            Event::CallStarted { plugin, tool, .. } => {
                tracing::debug!(target: "cofferdam", "`{plugin}` starts `{tool}`");
            }
            Event::CallEnded { plugin, tool, outcome, took, .. } => {
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
