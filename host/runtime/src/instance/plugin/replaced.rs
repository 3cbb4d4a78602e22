//! The end of a plugin whose generation was replaced. It goes with its last call, and what its
//! instances have open goes with it: that is recorded, since nobody else is told.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use cofferdam_audit::Event;

use super::Plugin;

impl Plugin {
    /// Says that another generation has taken the place of the plugin's own: no further call finds
    /// it.
    pub fn retire(&self) {
        self.replaced.store(true, Ordering::SeqCst);
    }
}

impl Drop for Plugin {
    fn drop(&mut self) {
        if !self.replaced.load(Ordering::SeqCst) {
            return;
        }
        let tenants = self.tenants.get_mut().unwrap_or_else(PoisonError::into_inner);
        for actor in tenants.values().flat_map(|tenant| tenant.take_all()) {
            let connections = actor.connections();
            // The end of one that was killed is recorded where it ends.
            if connections == 0 || actor.is_over() {
                continue;
            }
            self.runtime.sink().defer(&Event::InstanceLost {
                plugin: &self.about.name,
                caller: None,
                limit: None,
                reason: "its generation was replaced",
                connections,
            });
        }
    }
}
