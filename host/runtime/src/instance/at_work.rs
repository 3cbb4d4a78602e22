//! The instances of a plugin that has one for each call, while they are at work: as many as calls run at once. A server that ends closes
//! them in good order.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::actor::Actor;

/// Instances by their calls' numbers.
#[derive(Default)]
pub struct AtWork(Mutex<HashMap<u64, Arc<Actor>>>);

/// An instance is at work until this is dropped.
pub struct Entry<'a> {
    all: &'a AtWork,
    call: u64,
}

impl AtWork {
    pub fn add(&self, call: u64, actor: &Arc<Actor>) -> Entry<'_> {
        self.lock().insert(call, Arc::clone(actor));
        Entry { all: self, call }
    }

    pub fn all(&self) -> Vec<Arc<Actor>> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Actor>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.all.lock().remove(&self.call);
    }
}
