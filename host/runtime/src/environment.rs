//! What the plugins of one generation have around them besides the engine.

use std::sync::Arc;

use crate::enforce::{NameServers, Names, OwnFiles, SharedFiles};

/// Whom the host asks for names, and which files are ours. Cheap to clone.
#[derive(Clone)]
pub struct Environment {
    /// The host's resolver.
    pub(crate) names: Names,
    /// What instances share of files.
    pub(crate) files: Arc<SharedFiles>,
}

impl Environment {
    /// Has to be called on a tokio runtime, on which lookups go on. No grant reaches our own files.
    pub fn new(name_servers: NameServers, own: OwnFiles) -> Self {
        Self { names: Names::new(name_servers), files: Arc::new(SharedFiles::new(own)) }
    }
}
