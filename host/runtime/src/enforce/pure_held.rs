//! What a guest holds of components that only compute.

use std::sync::Arc;

use cofferdam_audit::Caller;

use crate::handler::{Layered, Program};

/// The handlers of one connection, and the call that began to use them.
pub struct HandlerSession {
    pub(super) layered: Layered,
    pub(super) caller: Option<Arc<Caller>>,
}

/// A trigger's script, and the call that has set it.
pub struct ScriptProgram {
    pub(super) program: Program,
    pub(super) caller: Option<Arc<Caller>>,
}
