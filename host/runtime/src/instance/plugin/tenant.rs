//! What belongs to one principal of a plugin: its instances, its rates, and its places among calls,
//! lookups and descriptors. Principals share the plugin's code, threads and memory, and nothing
//! else.

use std::sync::Arc;
use std::time::Instant;

use cofferdam_audit::Caller;
use cofferdam_grants::Limits;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Plugin;
use super::instances::{Instances, Lease, Start};
use crate::bucket::PerMinute;
use crate::enforce::{Descriptors, Gate, Names};
use crate::error::CallError;
use crate::instance::actor::Actor;
use crate::instance::program::Program;
use crate::instance::{About, Lifetime};
use crate::permits::permits;

/// What belongs to one principal of a plugin.
pub struct Tenant {
    instances: Instances,
    rate: PerMinute,
    /// One permit for each call that may run at one time.
    running: Arc<Semaphore>,
    /// The host's resolver, with the principal's lookups.
    names: Names,
    descriptors: Arc<Descriptors>,
}

impl Tenant {
    /// For a principal of a plugin with these limits. Starts nothing.
    pub fn new(limits: &Limits, lifetime: Lifetime, names: Names) -> Self {
        Self {
            instances: Instances::new(lifetime, limits),
            rate: PerMinute::new(limits.calls_per_minute),
            running: Arc::new(Semaphore::new(permits(limits.concurrent_calls))),
            names,
            descriptors: Descriptors::new(limits.descriptors),
        }
    }

    /// Lets a call in, if there were not too many in this minute and there are not too many now.
    ///
    /// # Errors
    /// The limit that is reached.
    pub fn admit(&self, about: &About) -> Result<OwnedSemaphorePermit, CallError> {
        let (plugin, limits) = (|| about.name.clone(), &about.limits);
        self.rate.take(Instant::now()).map_err(|wait| CallError::RateLimited {
            plugin: plugin(),
            most: limits.calls_per_minute,
            wait,
        })?;
        let (limit, most) = ("concurrent_calls", limits.concurrent_calls);
        let room = Arc::clone(&self.running).try_acquire_owned();
        room.map_err(|_| CallError::Overloaded { plugin: plugin(), limit, most })
    }

    /// An instance for one call, and the call's place in its mailbox.
    ///
    /// # Errors
    /// No place is free, or no instance can be started.
    pub fn acquire<'a>(
        &'a self,
        plugin: &'a Plugin,
        program: &'a Arc<Program>,
        caller: &Arc<Caller>,
    ) -> Result<(Lease<'a>, OwnedSemaphorePermit), CallError> {
        let gate = || self.gate(plugin);
        self.instances.acquire(&Start { plugin, program, gate: &gate }, caller)
    }

    /// A new instance's way to the policy.
    pub fn gate(&self, plugin: &Plugin) -> Arc<Gate> {
        plugin.gate(&plugin.grants, self.names.clone(), Arc::clone(&self.descriptors))
    }

    /// Ends what nobody uses. Does nothing while there are calls; then it returns false.
    pub fn let_go(&self, about: &About) -> bool {
        let has_calls = || self.running.available_permits() < permits(about.limits.concurrent_calls);
        self.instances.let_go(has_calls, about)
    }

    /// All instances, to be closed.
    pub fn take_all(&self) -> Vec<Arc<Actor>> {
        self.instances.take_all()
    }
}
