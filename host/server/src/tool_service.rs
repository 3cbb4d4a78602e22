//! The tools behind the server: what this crate needs of the registry, and all it sees of it.

use std::sync::Arc;

use cofferdam_registry::{Answer, Call, Registry, Tool, UnknownTool};
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

    /// The calls that a call of this tool is kept in order with; see [`Registry::group`].
    fn group(&self, tool: &str) -> Option<usize>;

    /// Whether there is such a tool. A tool that is not listed is known: its calls are refused.
    fn knows(&self, tool: &str) -> bool {
        self.group(tool).is_some()
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

    fn group(&self, tool: &str) -> Option<usize> {
        self.group(tool)
    }

    fn call(&self, call: Call) -> BoxFuture<'_, Result<Answer, UnknownTool>> {
        Box::pin(self.call(call))
    }
}
