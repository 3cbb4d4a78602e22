//! The engine that all plugins share: its settings, the clock that interrupts guests, and compiled code by digest.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cofferdam_audit::Sink;
use wasmtime::component::Component;
use wasmtime::{Config, Engine};

use crate::cache::Cache;
use crate::component::Digest;
use crate::enforce::{NameServers, Names, OwnFiles, SharedFiles};
use crate::error::LoadError;

/// How often a running guest is interrupted so that others get their turn.
pub const TICK: Duration = Duration::from_millis(10);

/// What a runtime is made with.
pub struct Options {
    /// Where compiled code is kept; `None` compiles every time.
    pub cache: Option<PathBuf>,
    /// Whom the host asks when a granted name is looked up.
    pub name_servers: NameServers,
    /// Our own files, which no grant reaches.
    pub own: OwnFiles,
    /// Where events are recorded before their effect happens.
    pub sink: Arc<dyn Sink>,
}

/// What all plugins share. Cheap to clone.
#[derive(Clone)]
pub struct Runtime(Arc<Shared>);

struct Shared {
    engine: Engine,
    cache: Option<Cache>,
    names: Names,
    files: Arc<SharedFiles>,
    sink: Arc<dyn Sink>,
}

impl Runtime {
    /// Sets an engine up. Compiles nothing.
    ///
    /// # Errors
    /// This machine cannot run the compiled code.
    pub fn new(options: Options) -> Result<Self, String> {
        let mut config = Config::new();
        config.wasm_component_model_async(true).epoch_interruption(true);
        // The default reserves what a guest may never use; a guard page is what keeps it inside all the same.
        config.max_wasm_stack(1 << 20).async_stack_size(2 << 20);
        let engine = Engine::new(&config).map_err(|error| format!("the WebAssembly engine cannot start: {error:#}"))?;
        tick(&engine).map_err(|error| format!("no thread for the engine's clock: {error}"))?;
        let cache = options.cache.and_then(|folder| match Cache::open(&folder) {
            Ok(cache) => Some(cache),
            Err(error) => {
                tracing::warn!(target: "cofferdam", "the cache `{}` is not used: {error}", folder.display());
                None
            }
        });
        let (names, files) = (Names::new(options.name_servers), Arc::new(SharedFiles::new(options.own)));
        Ok(Self(Arc::new(Shared { engine, cache, names, files, sink: options.sink })))
    }

    /// Tool definitions kept for a component, as the JSON that [`Runtime::keep_definitions`] was given.
    pub fn kept_definitions(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.0.cache.as_ref()?.get(&definitions_entry(digest))
    }

    /// Keeps a component's tool definitions, so that the next start lists them without running it.
    pub fn keep_definitions(&self, digest: &Digest, json: &[u8]) {
        self.keep(&definitions_entry(digest), json);
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    pub(crate) fn names(&self) -> &Names {
        &self.0.names
    }

    pub(crate) fn files(&self) -> Arc<SharedFiles> {
        Arc::clone(&self.0.files)
    }

    pub(crate) fn sink(&self) -> &Arc<dyn Sink> {
        &self.0.sink
    }

    /// Compiles a component, or takes it from the cache. Blocks for as long as a compiler needs.
    pub(crate) fn compile(&self, plugin: &str, bytes: &[u8], digest: &Digest) -> Result<Component, LoadError> {
        // What compiled code depends on besides the component: wasmtime's version and settings, and this CPU.
        let entry = format!("{}-{:016x}.cwasm", digest.as_str(), compatibility(&self.0.engine));
        if let Some(code) = self.0.cache.as_ref().and_then(|cache| cache.get(&entry)) {
            #[expect(unsafe_code, reason = "the code carries our MAC: an engine of these settings has made it")]
            // SAFETY: only bytes that `serialize` gave under the same compatibility hash were ever put under this MAC.
            let component = unsafe { Component::deserialize(&self.0.engine, &code) };
            match component {
                Ok(component) => return Ok(component),
                Err(error) => {
                    tracing::debug!(target: "cofferdam", "cached code of `{plugin}` is made again: {error:#}")
                }
            }
        }
        let begun = std::time::Instant::now();
        let component = Component::new(&self.0.engine, bytes)
            .map_err(|error| LoadError::Invalid { plugin: plugin.to_owned(), cause: format!("{error:#}") })?;
        tracing::debug!(target: "cofferdam", "`{plugin}` is compiled in {:?}", begun.elapsed());
        match component.serialize() {
            Ok(code) => self.keep(&entry, &code),
            Err(error) => tracing::debug!(target: "cofferdam", "code of `{plugin}` cannot be kept: {error:#}"),
        }
        Ok(component)
    }

    fn keep(&self, entry: &str, bytes: &[u8]) {
        if let Some(cache) = &self.0.cache
            && let Err(error) = cache.put(entry, bytes)
        {
            tracing::warn!(target: "cofferdam", "the cache cannot be written: {error}");
        }
    }
}

fn definitions_entry(digest: &Digest) -> String {
    format!("{}-{}.tools", digest.as_str(), env!("CARGO_PKG_VERSION"))
}

fn compatibility(engine: &Engine) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.finish()
}

/// Starts the clock that interrupts guests. It ends with the engine.
#[expect(clippy::disallowed_methods, reason = "a thread of its own, which does nothing else")]
fn tick(engine: &Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new().name("epoch".to_owned()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    })?;
    Ok(())
}
