//! A plugin as a generation has it: what it is, what it may do, and the runtime's side of it.

use std::sync::Arc;

use cofferdam_policy::Policy;
use cofferdam_runtime::{CallError, Definition, Environment, Plugin, Runtime};

use crate::definition::Reach;
use crate::load::{Candidate, reach};

/// A loaded plugin.
pub struct LoadedPlugin {
    /// Its place among the plugins of its generation. The one that was named first has the names of
    /// its tools.
    pub place: usize,
    /// What it is, and what it may do.
    pub candidate: Candidate,
    /// What its tools' hints depend on.
    pub reach: Reach,
    /// What runs its calls.
    pub plugin: Arc<Plugin>,
    /// The policy of its generation, kept as long as the plugin is, so that its refusals are
    /// explained.
    _policy: Arc<Policy>,
}

impl LoadedPlugin {
    /// Hands a plugin to the runtime. Runs and compiles nothing.
    pub fn new(
        runtime: &Runtime,
        environment: &Environment,
        policy: &Arc<Policy>,
        place: usize,
        candidate: Candidate,
    ) -> Arc<Self> {
        let plugin = Plugin::new(runtime, environment, candidate.spec());
        Arc::new(Self { place, reach: reach(&candidate), candidate, plugin, _policy: Arc::clone(policy) })
    }

    /// Its name.
    pub fn name(&self) -> &Arc<str> {
        self.plugin.name()
    }

    /// The tools that the component says it has.
    ///
    /// # Errors
    /// It cannot be loaded, or does not answer.
    pub async fn definitions(&self) -> Result<Vec<Definition>, CallError> {
        self.plugin.definitions().await
    }

    /// SHA-256 of its component, in hexadecimal.
    pub fn digest(&self) -> &str {
        self.candidate.digest.as_str()
    }
}
