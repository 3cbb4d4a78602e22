//! The memory that guests cause, over the whole process: linear memory, tables, the arguments and
//! answers of calls. It is counted for each plugin and in all, and refused before the machine has
//! none left. Nothing is allocated here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The least total, whatever the machine has: the shipped plugins work within it.
const LEAST: u64 = 256 << 20;
/// The most that is taken by default.
const MOST: u64 = 4 << 30;

/// What one instance needs in the host besides its linear memory, about: store, stacks, tables of
/// resources.
pub const PER_INSTANCE: u64 = 192 << 10;

/// How many times the text of arguments or of an answer is in memory while it passes through the
/// host, about.
const COPIES: u64 = 4;

/// How much may be used in all.
#[derive(Debug)]
pub struct TotalMemory {
    limit: AtomicU64,
    used: AtomicU64,
}

/// One plugin's part of it: at most three quarters, so that something is left for the others.
#[derive(Clone, Debug)]
pub struct PluginMemory(Arc<Shares>);

#[derive(Debug)]
struct Shares {
    total: Arc<TotalMemory>,
    used: AtomicU64,
}

/// Memory that is in use until this is dropped.
#[derive(Debug)]
pub struct Held {
    plugin: PluginMemory,
    bytes: u64,
}

impl TotalMemory {
    /// With the operator's limit, or half of what the machine or the control group has.
    pub fn new(limit: Option<u64>) -> Arc<Self> {
        let limit = limit.unwrap_or_else(machine_default);
        Arc::new(Self { limit: AtomicU64::new(limit), used: AtomicU64::new(0) })
    }

    /// Sets another limit. What is held stays held.
    pub fn limit(&self, limit: Option<u64>) {
        self.limit.store(limit.unwrap_or_else(machine_default), Ordering::Relaxed);
    }

    /// The part of one plugin.
    pub fn plugin(self: &Arc<Self>) -> PluginMemory {
        PluginMemory(Arc::new(Shares { total: Arc::clone(self), used: AtomicU64::new(0) }))
    }
}

impl PluginMemory {
    /// How much the plugin uses.
    pub fn used(&self) -> u64 {
        self.0.used.load(Ordering::Relaxed)
    }

    /// Counts so many bytes, if there is room for them.
    pub fn take(&self, bytes: u64) -> Option<Held> {
        let mut held = Held { plugin: self.clone(), bytes: 0 };
        held.grow(bytes).then_some(held)
    }

    /// Counts a text that passes through the host.
    pub fn take_text(&self, bytes: usize) -> Option<Held> {
        self.take(u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(COPIES))
    }
}

impl Held {
    /// Counts more, if there is room for it.
    pub fn grow(&mut self, more: u64) -> bool {
        let Shares { total, used } = &*self.plugin.0;
        let limit = total.limit.load(Ordering::Relaxed);
        let own = limit - limit / 4;
        if !add(used, more, own) {
            return false;
        }
        if !add(&total.used, more, limit) {
            used.fetch_sub(more, Ordering::Relaxed);
            return false;
        }
        self.bytes += more;
        true
    }
}

impl Held {
    /// Takes over what another one holds of the same plugin's memory.
    pub fn join(&mut self, mut other: Self) {
        self.bytes += std::mem::take(&mut other.bytes);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Shares { total, used } = &*self.plugin.0;
        used.fetch_sub(self.bytes, Ordering::Relaxed);
        total.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Adds up to a limit. What was held before a limit is never taken back by it.
fn add(used: &AtomicU64, more: u64, limit: u64) -> bool {
    let within = |now: u64| now.checked_add(more).filter(|sum| *sum <= limit);
    used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within).is_ok()
}

/// Half of the memory of the machine, or of the control group where that has less, within bounds.
fn machine_default() -> u64 {
    let Ok(mut system) = sysinfo::System::new() else { return LEAST };
    system.refresh_memory();
    let group = system.cgroup_limits().map(|limits| limits.total_memory).filter(|total| *total > 0);
    let all = system.total_memory();
    (group.map_or(all, |group| group.min(all)) / 2).clamp(LEAST, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_counted_and_given_back() {
        let total = TotalMemory::new(Some(1000));
        let (one, other) = (total.plugin(), total.plugin());
        let mut first = one.take(500).unwrap();
        assert!(first.grow(250) && !first.grow(1), "three quarters are one plugin's");
        let second = other.take(250).unwrap();
        assert!(other.take(1).is_none(), "all of it is in use");
        drop(first);
        let third = other.take(500).unwrap();
        assert!(other.take(1).is_none() && one.take(250).is_some());
        drop((second, third));
        assert!(other.take(750).is_some() && other.take(u64::MAX).is_none());
        total.limit(Some(100));
        assert!(other.take(75).is_some() && other.take(76).is_none());
        assert_eq!(total.used.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn the_default_is_within_its_bounds() {
        let default = machine_default();
        assert!((LEAST..=MOST).contains(&default), "{default}");
    }
}
