//! Calls that somebody waits for, and those that go on when nobody does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cofferdam_audit::Caller;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::patience::Patience;
use crate::call::CallState;
use crate::instance::actor::{Actor, Answered};

/// How long a call may take to end after it was cancelled; then its instance ends.
pub const GRACE: Duration = Duration::from_millis(500);

/// A call that somebody waits for.
pub struct Waiting {
    pub caller: Arc<Caller>,
    pub state: Arc<CallState>,
    pub patience: Patience,
    /// The bytes of its arguments.
    pub sent: usize,
}

/// What is said of an instance whose call did not end.
pub fn overdue(when: &str) -> String {
    format!("a call did not end {when} (grace of {} ms)", GRACE.as_millis())
}

/// Ends an instance if a call that nobody waits for goes on beyond its deadline.
pub async fn end_by_deadline(
    actor: Arc<Actor>,
    answered: oneshot::Receiver<Answered>,
    (until, limit): (Instant, Option<&'static str>),
    _running: OwnedSemaphorePermit,
) {
    if tokio::time::timeout_at((until + GRACE).into(), answered).await.is_err() {
        actor.kill(overdue("at its deadline"), limit);
    }
}
