//! What all connections together may hold: at most half of the instance's memory, so
//! that no peer can make it run out. Bytes received and triggers set count; the other
//! half is for everything else.

use std::cell::Cell;

use tokio::sync::watch;

/// The share, and what is taken of it.
pub struct Budget {
    share: usize,
    taken: Cell<usize>,
    triggers: Cell<usize>,
    /// Grows when something is given back.
    returned: watch::Sender<u64>,
}

impl Budget {
    pub fn new(memory: u64) -> Self {
        let share = usize::try_from(memory / 2).unwrap_or(usize::MAX);
        Self { share, taken: Cell::new(0), triggers: Cell::new(0), returned: watch::Sender::new(0) }
    }

    /// Bytes that may still be received.
    pub fn left(&self) -> usize {
        // Bookkeeping of small chunks costs up to an eighth on top.
        (self.share / 9 * 8).saturating_sub(self.taken.get()).saturating_sub(self.triggers.get())
    }

    pub fn take(&self, bytes: usize) {
        self.taken.set(self.taken.get().saturating_add(bytes));
    }

    pub fn give_back(&self, bytes: usize) {
        self.taken.set(self.taken.get().saturating_sub(bytes));
        self.returned.send_modify(|version| *version = version.wrapping_add(1));
    }

    /// Sees what is given back from now on.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.returned.subscribe()
    }

    /// Whether a trigger of this size may be set: triggers take at most half of the share.
    /// What it replaces is given back.
    pub fn exchange_trigger(&self, replaced: usize, bytes: usize) -> bool {
        let taken = self.triggers.get().saturating_sub(replaced).saturating_add(bytes);
        let fits = taken <= self.share / 2;
        if fits {
            self.triggers.set(taken);
        }
        fits
    }

    pub fn give_back_trigger(&self, bytes: usize) {
        self.triggers.set(self.triggers.get().saturating_sub(bytes));
    }
}
