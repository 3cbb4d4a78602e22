//! The instances that serve one call each, while they are at work. A server that ends closes them
//! in good order.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::actor::Actor;

/// The instances, by number. There are as many as calls run at once.
#[derive(Default)]
pub struct AtWork(Mutex<Instances>);

#[derive(Default)]
struct Instances {
    last: u64,
    all: HashMap<u64, Arc<Actor>>,
}

/// An instance is at work until this is dropped.
pub struct Entry<'a> {
    all: &'a AtWork,
    number: u64,
}

impl AtWork {
    /// Counts an instance among those at work.
    pub fn add(&self, actor: &Arc<Actor>) -> Entry<'_> {
        let mut instances = self.lock();
        instances.last += 1;
        let number = instances.last;
        instances.all.insert(number, Arc::clone(actor));
        Entry { all: self, number }
    }

    /// All that are at work now.
    pub fn all(&self) -> Vec<Arc<Actor>> {
        self.lock().all.values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Instances> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.all.lock().all.remove(&self.number);
    }
}
