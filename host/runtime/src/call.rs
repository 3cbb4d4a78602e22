//! One running call, as both sides see it: the caller cancels it, the guest hears of that, reports
//! progress, and shows blocks before it ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::content::Block;
use crate::memory::{Held, PluginMemory};
use crate::progress::Reports;

/// Why a call is to end before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancellation {
    /// Its caller no longer wants the answer.
    Cancelled,
    /// Its deadline has passed.
    Deadline,
    /// Its guest has answered: nothing is left to end.
    Ended,
}

/// What a call has shown before its end.
#[derive(Debug, Default)]
pub struct Shown {
    /// The blocks, safe to show.
    pub blocks: Vec<Block>,
    /// The bytes that they count for.
    pub bytes: usize,
    /// The memory that they count for, until this is dropped.
    pub held: Option<Held>,
}

/// The state of one running call.
#[derive(Debug)]
pub struct CallState {
    started: AtomicBool,
    over: AtomicBool,
    /// It asked for something that could not be recorded, and so was not granted.
    unrecorded: AtomicBool,
    /// The guest has asked to be told when it should end.
    listens: AtomicBool,
    /// What was shown so far; `None` once the call has ended.
    shown: Mutex<Option<Shown>>,
    cancel: watch::Sender<Option<Cancellation>>,
    until: Instant,
    reports: Arc<Reports>,
}

impl CallState {
    /// A call that has to be over at `until`.
    pub fn new(until: Instant, reports: Arc<Reports>) -> Self {
        Self {
            started: AtomicBool::new(false),
            over: AtomicBool::new(false),
            unrecorded: AtomicBool::new(false),
            listens: AtomicBool::new(false),
            shown: Mutex::new(Some(Shown::default())),
            cancel: watch::Sender::new(None),
            until,
            reports,
        }
    }

    /// How long the call may still take: nothing, once it has ended.
    pub fn time_left(&self) -> Duration {
        if self.is_over() { Duration::ZERO } else { self.until.saturating_duration_since(Instant::now()) }
    }

    /// Marks the call as one that its guest has answered.
    pub fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
        self.cancel.send_if_modified(|why| {
            let first = why.is_none();
            *why = why.or(Some(Cancellation::Ended));
            first
        });
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
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

    /// Marks the call as one that is told when it should end.
    pub fn set_listens(&self) {
        self.listens.store(true, Ordering::SeqCst);
    }

    /// Whether the guest has asked to be told when the call should end.
    pub fn listens(&self) -> bool {
        self.listens.load(Ordering::SeqCst)
    }

    /// Shows a block, if all of them are within a limit of bytes, and there is memory for it. What
    /// is shown after the call's end is seen by nobody.
    ///
    /// # Errors
    /// The limit that is reached.
    pub fn show(&self, block: Block, limit: u64, memory: &PluginMemory) -> Result<(), &'static str> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(shown) = shown.as_mut().filter(|_| !self.is_over()) else { return Ok(()) };
        let bytes = shown.bytes.saturating_add(block.size());
        if u64::try_from(bytes).unwrap_or(u64::MAX) > limit {
            return Err("output");
        }
        let held = memory.take_text(block.size()).ok_or("total_memory")?;
        match &mut shown.held {
            Some(all) => all.join(held),
            none => *none = Some(held),
        }
        shown.bytes = bytes;
        shown.blocks.push(block);
        Ok(())
    }

    /// What was shown. Nothing is taken from here on.
    pub fn take_shown(&self) -> Shown {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }

    /// Tells the guest that the call is cancelled.
    pub fn cancel(&self, why: Cancellation) {
        self.cancel.send_replace(Some(why));
    }

    /// Waits until the call is cancelled, or has ended.
    pub async fn cancelled(&self) -> Cancellation {
        let mut cancel = self.cancel.subscribe();
        match cancel.wait_for(Option::is_some).await.map(|why| *why) {
            Ok(Some(why)) => why,
            // The sender lives in `self`, so this does not happen; such a call is never over.
            _ => std::future::pending().await,
        }
    }

    /// Where the call's progress goes.
    pub fn reports(&self) -> &Reports {
        &self.reports
    }

    /// The same for its guest, as long as it runs and somebody wants to know.
    pub fn wanted_reports(&self) -> Option<&Reports> {
        (!self.is_over() && self.reports.are_wanted()).then_some(&self.reports)
    }
}
