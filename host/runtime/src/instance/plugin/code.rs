//! A plugin's code, made when a call needs it.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::Plugin;
use crate::engine::{Code, Loaded};
use crate::error::LoadError;
use crate::instance::Lifetime;
use crate::instance::program::{POOL, Program};
use crate::instance::readiness::Made;
use crate::prepare::{Prepare, Source, prepare};
use crate::progress::{Progress, Reports};

/// How often a call is told what it waits for.
const TELL: Duration = Duration::from_secs(1);

impl Plugin {
    /// The linked code, made if it is not there yet.
    pub(super) async fn ready(self: &Arc<Self>) -> Made<Program> {
        let limit = self.about.limits.compile;
        let late = LoadError::TooSlow { plugin: self.about.name.clone(), after: limit };
        let plugin = Arc::clone(self);
        self.readiness.get(limit, late, move || prepare(plugin)).await
    }

    /// The same for a call, which is told meanwhile what it waits for.
    pub(super) async fn ready_for(self: &Arc<Self>, reports: &Reports) -> Made<Program> {
        let mut ready = pin!(self.ready());
        let mut told = 0_u32;
        loop {
            match tokio::time::timeout(TELL, &mut ready).await {
                Ok(made) => return made,
                Err(_) => told += 1,
            }
            if reports.are_wanted() {
                let seconds = u64::from(told) * TELL.as_secs();
                let message = Some(format!("compiling the `{}` plugin, for {seconds} s so far", self.about.name));
                // The number is so small that the tool's first one is larger.
                reports.report(Progress { progress: f64::from(told) * 1e-9, total: None, message });
            }
        }
    }

    /// How many instances are to have memory kept ready.
    fn pool(&self) -> Option<u32> {
        (self.about.lifetime == Lifetime::PerCall).then_some(POOL)
    }
}

impl Prepare for Plugin {
    type Loaded = Loaded;
    type Linked = Program;

    fn source(&self) -> Source<'_> {
        Source {
            runtime: &self.runtime,
            engine: self.runtime.engine(),
            name: &self.about.name,
            bytes: &self.bytes,
            digest: &self.digest,
            ahead: self.ahead,
            memory: &self.about.memory,
        }
    }

    fn load(&self, code: &Code) -> wasmtime::Result<Loaded> {
        self.runtime.load(code, self.pool())
    }

    fn link(&self, loaded: Loaded) -> Result<Program, LoadError> {
        Program::link(&self.runtime, &self.about.name, loaded, &self.grants)
    }
}
