//! How much a store may hold: the linear memory of all of its memories, its tables, and entries in
//! the host's tables. The limiter counts and refuses. A guest that cannot grow mostly traps.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cofferdam_grants::Limits;
use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTableError;

use crate::enforce::Gate;
use crate::memory::{Held, PER_INSTANCE, PluginMemory};

/// Elements of one table. A table holds function references; the largest guests here have a few
/// thousand.
const TABLE_ELEMENTS: usize = 100_000;

/// What an element takes of our memory: a pointer.
const ELEMENT: usize = 8;

/// What an entry of a resource table or a task table counts for, in bytes. 165 were measured for a
/// pollable and 190 for a stream; the object behind it may take more.
const ENTRY: u64 = 1024;
/// The least number of entries, and the most of sockets, streams and pollables. Tasks, streams and
/// futures of WASI 0.3 have a table of their own, which has room for connections besides.
const LEAST_ENTRIES: u64 = 2048;
const MOST_ENTRIES: u64 = 1 << 17;
const PER_CONNECTION: u64 = 64;

/// How many resources an instance with these limits may have in its table: what they take is a part
/// of its memory.
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
    /// `used`, for whoever holds the instance.
    shown: Arc<AtomicUsize>,
    /// What the instance uses of the process's memory.
    held: Held,
    /// The limit by which a growth was refused. It is most likely the reason of a trap that
    /// follows.
    pub exhausted: Option<&'static str>,
    gate: Arc<Gate>,
}

impl Limiter {
    /// With this limit, and what was counted for the instance before it started.
    pub fn new(limit: u64, held: Held, gate: Arc<Gate>) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Self { limit, used: 0, shown: Arc::default(), held, exhausted: None, gate }
    }

    /// Counts an instance that is about to start, if there is memory for it. Its linear memory is
    /// counted when it has its first turn.
    pub fn reserve(memory: &PluginMemory) -> Option<Held> {
        memory.take(PER_INSTANCE)
    }

    /// How much memory the instance uses, also later on.
    pub fn shown(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.shown)
    }

    /// Takes some more memory, if there is so much.
    fn take(&mut self, more: usize) -> bool {
        let used = self.used.saturating_add(more);
        if used > self.limit {
            return self.refuse("memory");
        }
        let granted = self.hold(more);
        if granted {
            self.used = used;
            self.shown.store(used, Ordering::Relaxed);
        }
        granted
    }

    /// Refuses a growth. The first refusal is recorded: the guest may go on.
    fn refuse(&mut self, limit: &'static str) -> bool {
        if self.exhausted.is_none() {
            self.exhausted = Some(limit);
            self.gate.limit_hit(limit, None);
        }
        false
    }

    /// Counts a growth in the process's memory.
    fn hold(&mut self, more: usize) -> bool {
        let held = self.held.grow(u64::try_from(more).unwrap_or(u64::MAX));
        held || self.refuse("total_memory")
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.take(desired.saturating_sub(current)))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > TABLE_ELEMENTS {
            return Ok(self.refuse("memory"));
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
