//! A call's context, and what the host tells every plugin. It gives no capability: those are WASI's, as granted.

use std::cell::RefCell;
use std::collections::HashSet;
use std::future::Future;
use std::time::Duration;

use crate::bindings::cofferdam::plugin::host::{self, Cancellation};

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

    /// Resolves when the call's deadline has come: the operator's, or the caller's own if that is sooner. Only the host knows it.
    ///
    /// Without asking for it, a tool is dropped at its deadline. A tool that has called this is not, nor is a
    /// `#[tool(last_words)]`: it has [`LAST_WORDS`] to return what it has so far, and is dropped after that. Whoever is cancelled
    /// is dropped in any case.
    /// (A plugin with one instance for each call is not asked: the host drops the instance.)
    pub fn deadline(&self) -> impl Future<Output = ()> + 'static {
        ask(self.call);
        let call = self.call;
        async move {
            if host::cancelled(call).await == Cancellation::Cancelled {
                std::future::pending().await
            }
        }
    }
}

/// How long a tool may go on after its deadline, if it asked to be told. The host's patience is a little longer.
pub const LAST_WORDS: Duration = Duration::from_millis(400);

std::thread_local! {
    /// The calls that want to be told of their deadline.
    static ASKED: RefCell<HashSet<u64>> = RefCell::default();
}

/// A call wants to be told of its deadline.
pub(crate) fn ask(call: u64) {
    ASKED.with_borrow_mut(|asked| asked.insert(call));
}

/// Whether a call wants to be told of its deadline.
pub(crate) fn has_asked(call: u64) -> bool {
    ASKED.with_borrow(|asked| asked.contains(&call))
}

/// Forgets a call when it ends, however it does.
pub(crate) struct Forget(pub(crate) u64);

impl Drop for Forget {
    fn drop(&mut self) {
        ASKED.with_borrow_mut(|asked| asked.remove(&self.0));
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

/// Why the instance before this one ended, if it ended badly: what it held is lost.
pub fn predecessor() -> Option<String> {
    host::predecessor()
}
