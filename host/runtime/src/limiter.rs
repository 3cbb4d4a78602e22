//! How much a store may hold: linear memory over all of its memories, and tables. Only counts and refuses; that a guest
//! then traps is its own affair.

use std::sync::Arc;

use wasmtime::ResourceLimiter;

use crate::enforce::Gate;
use crate::memory::{Held, PER_INSTANCE, PluginMemory};

/// Elements of one table. A table holds function references; the largest guests here have a few thousand.
const TABLE_ELEMENTS: usize = 100_000;

/// The linear memory that is counted for an instance before it starts: as much as most have then.
const TO_START: usize = 2 << 20;

pub struct Limiter {
    limit: usize,
    used: usize,
    /// What the instance uses of the process's memory, and how much of it is still for memory to start with.
    held: Held,
    to_start: usize,
    /// The limit by which a growth was refused: the reason a trap that follows most likely has.
    pub exhausted: Option<&'static str>,
    gate: Arc<Gate>,
}

impl Limiter {
    /// With this limit, and what was counted for the instance before it started.
    pub fn new(limit: u64, held: Held, gate: Arc<Gate>) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Self { limit, used: 0, held, to_start: TO_START, exhausted: None, gate }
    }

    /// Counts an instance that is about to start, if there is memory for it.
    pub fn reserve(memory: &PluginMemory) -> Option<Held> {
        memory.take(PER_INSTANCE + u64::try_from(TO_START).unwrap_or(u64::MAX))
    }

    /// A growth is refused. The first is written down: a guest may well go on.
    fn refuse(&mut self, limit: &'static str) -> bool {
        if self.exhausted.is_none() {
            self.exhausted = Some(limit);
            self.gate.limit_hit(limit, None);
        }
        false
    }

    /// Counts a growth in the process's memory.
    fn hold(&mut self, more: usize) -> bool {
        let counted = more.min(self.to_start);
        self.to_start -= counted;
        let held = self.held.grow(u64::try_from(more - counted).unwrap_or(u64::MAX));
        held || self.refuse("total_memory")
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        let used = self.used.saturating_add(more);
        if used > self.limit {
            return Ok(self.refuse("memory"));
        }
        let granted = self.hold(more);
        if granted {
            self.used = used;
        }
        Ok(granted)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > TABLE_ELEMENTS {
            return Ok(self.refuse("memory"));
        }
        Ok(self.hold(desired.saturating_sub(current).saturating_mul(size_of::<usize>())))
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
