//! One running call, as both sides see it: the caller cancels it, the guest hears of that and
//! reports progress.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::progress::Reports;

/// Why a call is to end before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancellation {
    /// Its caller no longer wants the answer.
    Cancelled,
    /// Its deadline has passed.
    Deadline,
}

/// The state of one running call.
#[derive(Debug)]
pub struct CallState {
    started: AtomicBool,
    /// It asked for something that could not be recorded, and so was not granted.
    unrecorded: AtomicBool,
    cancel: watch::Sender<Option<Cancellation>>,
    until: Instant,
    reports: Arc<Reports>,
}

impl CallState {
    /// A call that has to be over at `until`.
    pub fn new(until: Instant, reports: Arc<Reports>) -> Self {
        let (started, unrecorded) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { started, unrecorded, cancel: watch::Sender::new(None), until, reports }
    }

    /// How long the call may still take.
    pub fn time_left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Marks the call as handed to the guest. Returns false if nobody waits for it any more.
    pub fn start(&self) -> bool {
        self.started.store(true, Ordering::SeqCst);
        self.cancel.borrow().is_none()
    }

    /// Whether the call was handed to the guest.
    pub fn started(&self) -> bool {
        self.started.load(Ordering::SeqCst)
    }

    /// Marks the call as one whose ask could not be recorded.
    pub fn set_unrecorded(&self) {
        self.unrecorded.store(true, Ordering::SeqCst);
    }

    /// Whether an ask of the call could not be recorded.
    pub fn is_unrecorded(&self) -> bool {
        self.unrecorded.load(Ordering::SeqCst)
    }

    /// Tells the guest that the call is cancelled.
    pub fn cancel(&self, why: Cancellation) {
        self.cancel.send_replace(Some(why));
    }

    /// Waits until the call is cancelled.
    pub async fn cancelled(&self) -> Cancellation {
        let mut cancel = self.cancel.subscribe();
        match cancel.wait_for(Option::is_some).await.map(|why| *why) {
            Ok(Some(why)) => why,
            // The sender lives in `self`, so this does not happen; such a call is never cancelled.
            _ => std::future::pending().await,
        }
    }

    /// Where the call's progress goes.
    pub fn reports(&self) -> &Reports {
        &self.reports
    }
}
