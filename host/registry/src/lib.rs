//! What is loaded, and how a call reaches it.

mod call;

use std::sync::Arc;

pub use call::{Annotations, Answer, Call, Principal, Progress, Tool, UnknownTool};

/// Stub
pub struct Registry;

impl Registry {
    /// The tools a client may list now.
    pub fn tools(&self) -> Arc<[Tool]> { Arc::from([]) }
    /// Changes whenever `tools` does.
    pub fn changes(&self) -> tokio::sync::watch::Receiver<u64> { tokio::sync::watch::channel(0).1 }
    /// Runs one call to its end: by its answer, its deadline or its cancellation.
    pub async fn call(&self, call: Call) -> Result<Answer, UnknownTool> { Err(UnknownTool(call.tool)) }
    /// Ends every instance; calls in flight are answered that the server is shutting down.
    pub async fn close(&self) {}
}
