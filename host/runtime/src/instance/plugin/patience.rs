//! How long a caller waits for its call.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::error::CallError;

/// A call's deadline, and its caller's cancellation.
pub struct Patience {
    until: Instant,
    deadline: Duration,
    by_policy: bool,
    cancel: CancellationToken,
}

impl Patience {
    /// From now on: until the caller's deadline or the operator's, whichever is sooner.
    pub fn new(deadline: Option<Duration>, limit: Duration, cancel: CancellationToken) -> Self {
        let deadline = deadline.unwrap_or(limit).min(limit);
        Self { until: Instant::now() + deadline, deadline, by_policy: deadline == limit, cancel }
    }

    /// The deadline.
    pub fn until(&self) -> Instant {
        self.until
    }

    /// The deadline, and the limit of the policy that it is, if it is one.
    pub fn last(&self) -> (Instant, Option<&'static str>) {
        (self.until, self.by_policy.then_some("call"))
    }

    /// What a piece of work comes to, if the caller waits for so long. Work that is done counts,
    /// also where the caller no longer waits.
    ///
    /// # Errors
    /// The deadline has passed, or the call was cancelled.
    pub async fn wait_for<T>(&self, work: impl Future<Output = T>) -> Result<T, CallError> {
        tokio::select! {
            // A server that ends answers first, and then cancels what is left.
            biased;
            done = work => Ok(done),
            () = tokio::time::sleep_until(self.until.into()) => {
                Err(CallError::Deadline { after: self.deadline, by_policy: self.by_policy })
            }
            () = self.cancel.cancelled() => Err(CallError::Cancelled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(5);

    #[tokio::test]
    async fn work_that_is_done_counts_and_other_work_waits_until_the_deadline() {
        let patience = Patience::new(Some(SHORT), LIMIT, CancellationToken::new());
        let late = patience.wait_for(std::future::pending::<()>()).await;
        assert_eq!(late, Err(CallError::Deadline { after: SHORT, by_policy: false }));
        assert_eq!(patience.wait_for(async { 1 }).await, Ok(1));
        let by_policy = Patience::new(Some(LIMIT), SHORT, CancellationToken::new());
        let late = by_policy.wait_for(std::future::pending::<()>()).await;
        assert_eq!(late, Err(CallError::Deadline { after: SHORT, by_policy: true }));
    }

    #[tokio::test]
    async fn a_cancelled_call_waits_no_longer() {
        let cancel = CancellationToken::new();
        let patience = Patience::new(None, LIMIT, cancel.clone());
        let waiting = patience.wait_for(std::future::pending::<()>());
        let (waited, ()) = tokio::join!(waiting, async { cancel.cancel() });
        assert_eq!(waited, Err(CallError::Cancelled));
    }
}
