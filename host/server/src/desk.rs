//! The desk at which calls are handed in: what this crate needs of the registry, and all it sees of it.

use std::{future::Future, sync::Arc};

use cofferdam_registry::{Answer, Call, Registry, Target, Tool, UnknownTool};
use tokio::sync::watch;

/// Where tools are listed and calls are answered. [`Registry`] in the product, a few lines in a test.
pub trait Desk: Send + Sync + 'static {
    /// The tools a client is shown now. The same `Arc` until they change.
    fn tools(&self) -> Arc<[Tool]>;

    /// Whether the operator's policy allows anything at all.
    fn allows_anything(&self) -> bool;

    /// Changes whenever [`Desk::tools`] does.
    fn changes(&self) -> watch::Receiver<u64>;

    /// Where a call of this tool goes; see [`Registry::find`].
    fn find(&self, tool: &str) -> Option<Target>;

    /// Whether there is such a tool.
    fn knows(&self, tool: &str) -> bool {
        self.find(tool).is_some()
    }

    /// Runs one call to its end: by its answer, its deadline or its cancellation.
    fn call(&self, call: Call) -> impl Future<Output = Result<Answer, UnknownTool>> + Send;
}

impl Desk for Registry {
    fn tools(&self) -> Arc<[Tool]> {
        self.tools()
    }

    fn allows_anything(&self) -> bool {
        self.allows_anything()
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes()
    }

    fn find(&self, tool: &str) -> Option<Target> {
        self.find(tool)
    }

    fn call(&self, call: Call) -> impl Future<Output = Result<Answer, UnknownTool>> + Send {
        self.call(call)
    }
}
