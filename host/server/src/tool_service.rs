//! The tools behind the server: what this crate needs of the registry, and all it sees of it.

use std::sync::Arc;

use cofferdam_registry::{Answer, Call, Registry, Target, Tool, UnknownTool};
use futures::future::BoxFuture;
use tokio::sync::watch;

/// Lists tools and answers calls. [`Registry`] in the product, a few lines in a test.
pub trait ToolService: Send + Sync + 'static {
    /// The tools that a client is shown now. The same `Arc` until they change.
    fn tools(&self) -> Arc<[Tool]>;

    /// Whether the operator's policy allows anything at all.
    fn allows_anything(&self) -> bool;

    /// Changes whenever [`ToolService::tools`] does.
    fn changes(&self) -> watch::Receiver<u64>;

    /// Where a call of this tool goes; see [`Registry::find`].
    fn find(&self, tool: &str) -> Option<Target>;

    /// Whether there is such a tool. A tool that is not listed is known: its calls are refused.
    fn knows(&self, tool: &str) -> bool {
        self.find(tool).is_some()
    }

    /// Runs one call until its answer, its deadline or its cancellation.
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Answer, UnknownTool>>;
}

impl ToolService for Registry {
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

    fn call(&self, call: Call) -> BoxFuture<'_, Result<Answer, UnknownTool>> {
        Box::pin(self.call(call))
    }
}
