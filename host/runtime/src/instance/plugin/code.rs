//! A plugin's code: from the cache, or from the compiler, and linked.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use cofferdam_audit::Event;
use tokio::sync::mpsc;
use wasmtime::component::Component;

use super::Plugin;
use crate::error::LoadError;
use crate::instance::ProgressReport;
use crate::instance::program::Program;
use crate::instance::readiness::Made;

/// How often a call is told what it waits for.
const TELL: Duration = Duration::from_secs(1);

impl Plugin {
    pub(super) async fn ready(self: &Arc<Self>) -> Made {
        let limit = self.about.limits.compile;
        let late = LoadError::TooSlow { plugin: self.about.name.clone(), after: limit };
        let plugin = Arc::clone(self);
        self.readiness.get(limit, late, move || plugin.make()).await
    }

    /// The same for a call, which is told meanwhile what it waits for.
    pub(super) async fn ready_for(self: &Arc<Self>, progress: Option<&mpsc::Sender<ProgressReport>>) -> Made {
        let mut ready = pin!(self.ready());
        let mut told = 0_u32;
        loop {
            match tokio::time::timeout(TELL, &mut ready).await {
                Ok(made) => return made,
                Err(_) => told += 1,
            }
            if let Some(progress) = progress {
                let seconds = u64::from(told) * TELL.as_secs();
                let message = Some(format!("compiling the `{}` plugin, for {seconds} s so far", self.about.name));
                // So little that whatever the tool reports afterwards is more.
                let _ = progress.try_send(ProgressReport { progress: f64::from(told) * 1e-9, total: None, message });
            }
        }
    }

    /// Takes the code from the cache and links it, or compiles it before.
    async fn make(self: Arc<Self>) -> Made {
        let failed = |cause: String| LoadError::NotCompiled { plugin: self.about.name.clone(), cause };
        let plugin = Arc::clone(&self);
        let kept = tokio::task::spawn_blocking(move || {
            plugin.check_imports()?;
            let code = plugin.runtime.kept_code(&plugin.about.name, &plugin.digest);
            code.map(|component| plugin.link(&component)).transpose()
        });
        if let Some(program) = kept.await.map_err(|_| failed("its code cannot be read".to_owned()))?? {
            return Ok(program);
        }
        let plugin = Arc::clone(&self);
        let compiled = self.runtime.compiler().run(move || {
            let component = plugin.runtime.compile(&plugin.about.name, &plugin.bytes, &plugin.digest)?;
            plugin.link(&component)
        });
        let compiled = compiled.await;
        // A compiler leaves much memory behind.
        self.runtime.trimmer().much_was_used();
        compiled.map_err(|error| failed(error.to_string()))?
    }

    fn link(&self, component: &Component) -> Made {
        let Self { runtime, about, digest, grants, shape, .. } = self;
        let program = Program::link(runtime, &about.name, component, grants, *shape)?;
        // If it cannot be written now, it is before anything that this plugin asks for: until then nothing is granted.
        runtime.sink().defer(&Event::Loaded { plugin: &about.name, digest: digest.as_str() });
        Ok(Arc::new(program))
    }
}
