//! The handlers of one generation, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::code::{Handler, HandlerSpec};
use crate::engine::Runtime;

/// The handlers that are loaded. Cheap to clone.
#[derive(Clone, Default)]
pub struct Handlers(Arc<BTreeMap<String, Arc<Handler>>>);

impl Handlers {
    /// Takes handlers in. Runs and compiles nothing.
    pub fn new(runtime: &Runtime, specs: impl IntoIterator<Item = HandlerSpec>) -> Self {
        let handlers = specs.into_iter().map(|spec| (spec.name.clone(), Handler::new(runtime, spec)));
        Self(Arc::new(handlers.collect()))
    }

    /// The handler of this name.
    pub fn find(&self, name: &str) -> Option<&Arc<Handler>> {
        self.0.get(name)
    }

    /// All of them, by name.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Handler>> {
        self.0.values()
    }
}
