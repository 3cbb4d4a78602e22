//! The components of one generation that only compute: protocol handlers, by name, and the one for
//! trigger scripts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::linked::Handler;
use super::program::Scripts;
use super::pure::{Pure, PureSpec};
use crate::engine::Runtime;

/// What is loaded. Cheap to clone.
#[derive(Clone, Default)]
pub struct Handlers(Arc<All>);

#[derive(Default)]
struct All {
    handlers: BTreeMap<String, Arc<Handler>>,
    scripts: Option<Arc<Scripts>>,
}

impl Handlers {
    /// Takes handlers in, and the component for scripts. Runs and compiles nothing.
    pub fn new(runtime: &Runtime, handlers: impl IntoIterator<Item = PureSpec>, scripts: Option<PureSpec>) -> Self {
        let handlers = handlers.into_iter().map(|spec| (spec.name.clone(), Pure::new(runtime, spec)));
        let scripts = scripts.map(|spec| Pure::new(runtime, spec));
        Self(Arc::new(All { handlers: handlers.collect(), scripts }))
    }

    /// The handler of this name.
    pub fn find(&self, name: &str) -> Option<&Arc<Handler>> {
        self.0.handlers.get(name)
    }

    /// All handlers, by name.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Handler>> {
        self.0.handlers.values()
    }

    /// The component for scripts.
    pub fn scripts(&self) -> Option<&Arc<Scripts>> {
        self.0.scripts.as_ref()
    }
}
