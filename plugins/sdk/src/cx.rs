//! A call's context, and what the host tells every plugin. It gives no capability: those are WASI's, as granted.

use std::time::Duration;

use crate::bindings::cofferdam::plugin::host;

pub use crate::bindings::cofferdam::plugin::host::Level;

/// One call's context.
#[derive(Clone, Copy, Debug)]
pub struct Cx {
    pub(crate) call: u64,
}

impl Cx {
    /// Tells the caller how far the call has come; `progress` has to grow from report to report.
    pub fn progress(&self, progress: f64, total: Option<f64>, message: Option<&str>) {
        host::progress(self.call, progress, total, message);
    }

    /// How long the call may still take. Who ends a little before answers with what there is by then; who does not is ended.
    pub fn time_left(&self) -> Duration {
        Duration::from_millis(host::time_left(self.call))
    }
}

/// What the operator limits this plugin to.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Linear memory of the whole instance, in bytes.
    pub memory: u64,
    /// Open sockets at one time.
    pub connections: u32,
    /// The longest a call may take.
    pub call: Duration,
    /// The longest answer of one call, in bytes of JSON.
    pub output: u64,
}

/// The limits in force.
pub fn limits() -> Limits {
    let limits = host::get_limits();
    Limits {
        memory: limits.memory,
        connections: limits.connections,
        call: Duration::from_millis(limits.call_ms),
        output: limits.output,
    }
}

/// Writes one line to the operator's log.
pub fn log(level: Level, message: &str) {
    host::log(level, message);
}

/// The operator's settings for this plugin: a JSON object.
pub fn settings() -> String {
    host::settings()
}

/// Why the instance before this one ended, if it ended badly: what it held is lost.
pub fn predecessor() -> Option<String> {
    host::predecessor()
}
