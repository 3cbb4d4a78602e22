//! A call's context, as a guest holds it: for as long as it likes.

use std::sync::Arc;

use crate::call::CallState;

/// One call's context.
pub struct Context {
    /// The call.
    pub state: Arc<CallState>,
    /// Its number in the audit, which its log lines bear.
    pub number: u64,
}
