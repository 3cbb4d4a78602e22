//! How much a store may hold: linear memory over all of its memories, its tables besides, and entries in the tables of its host. Only counts and refuses; that a guest
//! then traps is its own affair.

use std::sync::Arc;

use cofferdam_grants::Limits;
use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTableError;

use crate::enforce::Gate;

/// Elements of one table. A table holds function references; the largest guests here have a few thousand.
const TABLE_ELEMENTS: usize = 100_000;

/// What an element takes of our memory: a pointer.
const ELEMENT: usize = 8;

/// What an entry of a resource table or a task table is reckoned with: measured are 165 bytes for a pollable's, 190 for a stream's, and
/// what one stands for may be more.
const ENTRY: u64 = 1024;
/// Entries that even the least memory has room for, and the most of sockets, streams and pollables that there ever are. Tasks, streams
/// and futures of WASI 0.3 have a table of their own, with what connections need besides.
const LEAST_ENTRIES: u64 = 2048;
const MOST_ENTRIES: u64 = 1 << 17;
const PER_CONNECTION: u64 = 64;

/// How many resources an instance with these limits may have in its table: what they take is a part of its memory.
pub fn resources(limits: &Limits) -> usize {
    entries(limits.memory, MOST_ENTRIES)
}

/// The same for its tasks, streams and futures.
pub fn tasks(limits: &Limits) -> usize {
    entries(limits.memory, MOST_ENTRIES + u64::from(limits.connections) * PER_CONNECTION)
}

/// Whether a guest has ended because one of these was full.
pub fn is_full(trap: &wasmtime::Error) -> bool {
    // wasmtime has no type for the second: more handles than one store may have.
    matches!(trap.downcast_ref::<ResourceTableError>(), Some(ResourceTableError::Full))
        || trap.root_cause().to_string().ends_with("handle limit exceeded")
}

fn entries(memory: u64, most: u64) -> usize {
    usize::try_from((memory / ENTRY).clamp(LEAST_ENTRIES, most)).unwrap_or(usize::MAX)
}

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

    /// Takes some more memory, if there is so much.
    fn take(&mut self, more: usize) -> bool {
        let used = self.used.saturating_add(more);
        let granted = used <= self.limit;
        if granted {
            self.used = used;
        } else {
            self.refuse();
        }
        granted
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
        Ok(self.take(desired.saturating_sub(current)))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > TABLE_ELEMENTS {
            self.refuse();
            return Ok(false);
        }
        Ok(self.take(desired.saturating_sub(current).saturating_mul(ELEMENT)))
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
