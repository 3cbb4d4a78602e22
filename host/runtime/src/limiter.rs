//! How much a store may hold: linear memory over all of its memories, and tables. Only counts and refuses; that a guest
//! then traps is its own affair.

use std::sync::Arc;

use wasmtime::ResourceLimiter;

use crate::enforce::Gate;

/// Elements of one table. A table holds function references; the largest guests here have a few thousand.
const TABLE_ELEMENTS: usize = 100_000;

pub struct Limiter {
    limit: usize,
    used: usize,
    /// Set once a growth was refused: the reason a trap that follows most likely has.
    pub exhausted: bool,
    gate: Arc<Gate>,
}

impl Limiter {
    pub fn new(limit: u64, gate: Arc<Gate>) -> Self {
        Self { limit: usize::try_from(limit).unwrap_or(usize::MAX), used: 0, exhausted: false, gate }
    }

    /// A growth is refused. The first is written down: a guest may well go on.
    fn refuse(&mut self) {
        if !self.exhausted {
            self.exhausted = true;
            self.gate.limit_hit("memory", None);
        }
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(desired.saturating_sub(current));
        let granted = used <= self.limit;
        if granted {
            self.used = used;
        } else {
            self.refuse();
        }
        Ok(granted)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let granted = desired <= TABLE_ELEMENTS;
        if !granted {
            self.refuse();
        }
        Ok(granted)
    }

    fn instances(&self) -> usize {
        256
    }

    fn tables(&self) -> usize {
        64
    }

    fn memories(&self) -> usize {
        16
    }
}
