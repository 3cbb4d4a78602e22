//! What the plugins of one generation have around them besides the engine.

use std::sync::Arc;

use crate::enforce::{NameServers, Names, OwnFiles, SharedFiles};
use crate::handler::Handlers;

/// Whom the host asks for names, which files are ours, and the protocol handlers. Cheap to clone.
#[derive(Clone)]
pub struct Environment {
    /// The host's resolver.
    pub(crate) names: Names,
    /// What instances share of files.
    pub(crate) files: Arc<SharedFiles>,
    /// The handlers that plugins may use.
    pub(crate) handlers: Handlers,
}

impl Environment {
    /// Has to be called on a tokio runtime, on which lookups go on. No grant reaches our own files.
    pub fn new(name_servers: NameServers, own: OwnFiles, handlers: Handlers) -> Self {
        Self { names: Names::new(name_servers), files: Arc::new(SharedFiles::new(own)), handlers }
    }
}
