//! Calls as they arrive: where each goes, found once, and its turn among the calls of its session.

use std::fmt;
use std::sync::Arc;

use cofferdam_runtime as runtime;

use crate::catalog::Entry;

/// Where a call goes: a tool with its plugin, in the generation that was current when it was found.
#[derive(Clone)]
pub struct Target(pub(crate) Arc<Entry>);

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Target").field(self.0.plugin.name()).finish()
    }
}

/// The orders of one session: calls of one plugin reach it in the order of their arrival. Cheap to
/// clone.
#[derive(Clone, Debug, Default)]
pub struct Orders(runtime::Orders);

impl Orders {
    /// The turn of a call that has just arrived, after all before it that go to the same plugin. A
    /// call whose plugin is not known yet is in order with the others of that kind.
    pub fn next_turn(&self, target: Option<Target>) -> Turn {
        let plugin = target.as_ref().map(|target| Arc::clone(target.0.plugin.name()));
        Turn { target, turn: self.0.next_turn(plugin) }
    }
}

/// A call's turn, and where the call goes.
#[derive(Debug)]
pub struct Turn {
    pub(crate) target: Option<Target>,
    pub(crate) turn: runtime::Turn,
}
