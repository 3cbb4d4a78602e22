//! The sink for people: refusals, losses and hit limits as lines of the process's log (standard
//! error), each within the span of the call that caused it. A plugin that is refused without end
//! does not fill it: what goes beyond a few lines a second is counted. The audit file has every
//! one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use cofferdam_grants::Denial;

use crate::{Caller, Decision, Event, Sink, Unwritten};

/// The span of a call on whose behalf a plugin has acted; none where that is not known. A level
/// that is off costs a comparison.
macro_rules! call_span {
    ($level:expr, $caller:expr) => {
        match $caller {
            None => tracing::Span::none(),
            Some(Caller { call, principal, .. }) => {
                tracing::span!(target: "cofferdam", $level, "call", id = call, principal = principal.as_str())
            }
        }
    };
}

/// Lines about one plugin in one second.
const LINES: u32 = 20;

/// Plugins that are told apart; beyond, they share.
const PLUGINS: usize = 1024;

/// Writes events through `tracing`: what an operator should see at `warn`, the rest at `debug`.
pub struct Log {
    explain: Box<Explain>,
    rates: Mutex<HashMap<String, Rate>>,
}

/// A denial in an operator's words, given the plugin's name.
type Explain = dyn Fn(&str, &Denial) -> String + Send + Sync;

/// What was said of one plugin in this second.
struct Rate {
    since: Instant,
    lines: u32,
    unsaid: u64,
}

impl Log {
    /// With the words for a denial: who knows the rules' sources can say more than the denial
    /// itself.
    pub fn new(explain: impl Fn(&str, &Denial) -> String + Send + Sync + 'static) -> Self {
        Self { explain: Box::new(explain), rates: Mutex::default() }
    }

    /// Whether one more line about this plugin may be said now; and how many were not, in the
    /// second before.
    fn may_say(&self, plugin: &str, now: Instant) -> (bool, u64) {
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        let plugin = if rates.len() >= PLUGINS && !rates.contains_key(plugin) { "" } else { plugin };
        let fresh = || Rate { since: now, lines: 0, unsaid: 0 };
        let rate = rates.entry(plugin.to_owned()).or_insert_with(fresh);
        let mut before = 0;
        if now.duration_since(rate.since) >= Duration::from_secs(1) {
            before = rate.unsaid;
            *rate = fresh();
        }
        let may = rate.lines < LINES;
        if may {
            rate.lines += 1
        } else {
            rate.unsaid += 1
        }
        (may, before)
    }

    /// Says something at `warn` within the span of a call, if one more line may be said.
    fn warn(&self, plugin: &str, caller: Option<&Caller>, say: impl FnOnce()) {
        let (may, unsaid) = self.may_say(plugin, Instant::now());
        if unsaid > 0 {
            tracing::warn!(target: "cofferdam", plugin, unsaid, "further refusals and limits are in the audit only");
        }
        if may {
            call_span!(tracing::Level::WARN, caller).in_scope(say);
        }
    }
}

impl Sink for Log {
    fn record(&self, event: &Event<'_>) -> Result<(), Unwritten> {
        match event {
            Event::Ask { plugin, caller, decision: Decision::Denied(denial), .. } => {
                // It names the plugin, and ends in lines to be copied.
                self.warn(plugin, *caller, || {
                    tracing::warn!(target: "cofferdam", "{}", (self.explain)(plugin, denial));
                });
            }
            Event::Ask { plugin, caller, resource, decision: Decision::Refused(code) } => {
                self.warn(plugin, *caller, || {
                    tracing::warn!(target: "cofferdam", plugin, %resource, code, "refused: no rule can grant it");
                });
            }
            Event::Ask { plugin, caller, resource, decision: Decision::Allowed(_) } => {
                call_span!(tracing::Level::DEBUG, *caller)
                    .in_scope(|| tracing::debug!(target: "cofferdam", plugin, %resource, "granted"));
            }
            Event::PolicyLoaded { rules, .. } => {
                tracing::debug!(target: "cofferdam", rules, "the policy is in force");
            }
            Event::CallStarted { .. } => {
                tracing::debug!(target: "cofferdam", "a call starts");
            }
            Event::CallEnded { outcome, took, bytes_out, .. } => {
                tracing::debug!(target: "cofferdam", outcome, ?took, bytes_out, "a call ends");
            }
            Event::Loaded { plugin, digest } => {
                tracing::debug!(target: "cofferdam", plugin, digest, "a plugin is loaded");
            }
            Event::LoadRefused { plugin, cause } => {
                tracing::debug!(target: "cofferdam", plugin, cause, "a plugin is not loaded");
            }
            Event::InstanceLost { plugin, caller, limit, reason, connections } => self.warn(plugin, *caller, || {
                tracing::warn!(target: "cofferdam", plugin, limit, connections, %reason, "an instance is lost");
            }),
            Event::HandlerCut { plugin, caller, handler, limit, reason } => self.warn(plugin, *caller, || {
                tracing::warn!(target: "cofferdam", plugin, handler, limit, %reason, "a handler is cut off");
            }),
            Event::LimitHit { plugin, caller, limit } => self.warn(plugin, *caller, || {
                tracing::warn!(target: "cofferdam", plugin, limit, "a limit is hit");
            }),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_is_counted_and_another_plugin_is_heard() {
        let log = Log::new(|_, _| String::new());
        let start = Instant::now();
        let said = (0..1000).filter(|_| log.may_say("loud", start).0).count();
        assert_eq!(said, LINES as usize);
        assert!(log.may_say("quiet", start).0);
        assert_eq!(log.may_say("loud", start + Duration::from_secs(1)), (true, 1000 - u64::from(LINES)));
        assert_eq!(log.may_say("loud", start + Duration::from_millis(1500)), (true, 0));
    }
}
