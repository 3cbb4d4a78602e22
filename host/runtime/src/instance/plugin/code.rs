//! A plugin's code: taken from the cache or compiled, and linked.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use cofferdam_audit::Event;

use super::Plugin;
use crate::component::compile_memory;
use crate::engine::{Code, Loaded};
use crate::error::LoadError;
use crate::instance::Lifetime;
use crate::instance::program::{POOL, Program};
use crate::instance::readiness::Made;
use crate::memory::Held;
use crate::progress::{Progress, Reports};

/// How often a call is told what it waits for.
const TELL: Duration = Duration::from_secs(1);

impl Plugin {
    /// The linked code, made if it is not there yet.
    pub(super) async fn ready(self: &Arc<Self>) -> Made<Program> {
        let limit = self.about.limits.compile;
        let late = LoadError::TooSlow { plugin: self.about.name.clone(), after: limit };
        let plugin = Arc::clone(self);
        self.readiness.get(limit, late, move || plugin.make()).await
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

    /// Takes the code from the cache, or compiles it; then links it.
    async fn make(self: Arc<Self>) -> Made<Program> {
        let failed = |cause: String| LoadError::NotCompiled { plugin: self.about.name.clone(), cause };
        let plugin = Arc::clone(&self);
        let kept = tokio::task::spawn_blocking(move || {
            // Code that was compiled on this machine uses all of its CPU.
            let kept = || plugin.runtime.kept_code(plugin.runtime.engine(), &plugin.digest);
            let ahead = || plugin.runtime.code_ahead(plugin.ahead);
            let loaded = kept().and_then(|code| plugin.load(&code)).or_else(|| plugin.load(&ahead()?));
            loaded.map(|loaded| plugin.link(loaded)).transpose()
        });
        if let Some(program) = kept.await.map_err(|_| failed("its code cannot be read".to_owned()))?? {
            return Ok(program);
        }
        let plugin = Arc::clone(&self);
        let compiled = self.runtime.compiler().run(move || {
            let _memory = plugin.memory_to_compile()?;
            let code =
                plugin.runtime.compile(plugin.runtime.engine(), &plugin.about.name, &plugin.bytes, &plugin.digest)?;
            let loaded = plugin.runtime.load(&code, plugin.pool()).map_err(|error| LoadError::Invalid {
                plugin: plugin.about.name.clone(),
                cause: format!("{error:#}"),
            })?;
            plugin.link(loaded)
        });
        let compiled = compiled.await;
        // A compiler leaves much memory behind.
        self.runtime.trimmer().much_was_used();
        compiled.map_err(|error| failed(error.to_string()))?
    }

    /// Counts what the compiler will use: a component may be made so that it is very much.
    fn memory_to_compile(&self) -> Result<Held, LoadError> {
        let plugin = || self.about.name.clone();
        let takes = compile_memory(&self.bytes).map_err(|cause| LoadError::Invalid { plugin: plugin(), cause })?;
        tracing::debug!(target: "cofferdam", plugin = %self.about.name, mebibytes = takes >> 20, "compiling");
        self.about.memory.take(takes).ok_or_else(|| LoadError::NotCompiled {
            plugin: plugin(),
            cause: format!(
                "compiling it takes about {} MiB, and there is not so much (limit `total_memory`)",
                takes >> 20
            ),
        })
    }

    /// Loads code that was made earlier.
    fn load(&self, code: &Code) -> Option<Loaded> {
        let told = |error: &wasmtime::Error| {
            let error = format_args!("{error:#}");
            tracing::debug!(target: "cofferdam", plugin = %self.about.name, %error, "code is made again");
        };
        self.runtime.load(code, self.pool()).inspect_err(told).ok()
    }

    /// How many instances are to have memory kept ready.
    fn pool(&self) -> Option<u32> {
        (self.lifetime == Lifetime::PerCall).then_some(POOL)
    }

    fn link(&self, loaded: Loaded) -> Made<Program> {
        let Self { runtime, about, digest, grants, .. } = self;
        let program = Program::link(runtime, &about.name, loaded, grants)?;
        // If it cannot be written now, it is before anything that this plugin asks for: until then
        // nothing is granted.
        runtime.sink().defer(&Event::Loaded { plugin: &about.name, digest: digest.as_str() });
        Ok(Arc::new(program))
    }
}
