//! The engines: the one that plugins share, and those that keep memory ready for their instances;
//! and compiled code by digest.

use std::path::PathBuf;
use std::sync::Arc;

use cofferdam_audit::Sink;
use cofferdam_packed::unpack;
use wasmtime::component::Component;
use wasmtime::{Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::ahead;
use crate::cache::Cache;
use crate::clock::Clock;
use crate::compiler::Compiler;
use crate::component::Digest;
use crate::error::LoadError;
use crate::memory::TotalMemory;
use crate::settings::{handler_settings, settings};
use crate::trimmer::Trimmer;

/// What the instances of one engine with a pool may have at one time. A component that needs more
/// has no pool.
const CORE_INSTANCES: u32 = 16;
const TABLES: u32 = 4;
/// Stacks of an instance. It has one call. Each task of it that waits in the middle of a function
/// needs a stack.
const STACKS: u32 = 4;

/// The memory of an ended instance that is kept, cleared, for the next one. The rest goes back to
/// the system.
const KEPT: usize = 512 << 10;
/// The instances whose memory is kept.
const KEPT_INSTANCES: u32 = 4;

/// What a runtime is made with.
pub struct Options {
    /// Where compiled code is kept; `None` compiles every time.
    pub cache: Option<PathBuf>,
    /// What guests may use of memory in all, in bytes; `None` is half of what the machine has.
    pub total_memory: Option<u64>,
    /// Where events are recorded before their effect happens.
    pub sink: Arc<dyn Sink>,
}

/// What a component was compiled to, by an engine of our settings.
pub struct Code(Vec<u8>);

impl Code {
    pub fn load(&self, engine: &Engine) -> wasmtime::Result<Component> {
        #[expect(unsafe_code, reason = "the code is what an engine of these settings has made")]
        // SAFETY: a `Code` is made from what `serialize` or `precompile_component` gave only: just
        // now, or earlier and kept under our MAC or in this binary. How memory is allocated, in
        // which engines differ, is none of the code's affair.
        unsafe {
            Component::deserialize(engine, &self.0)
        }
    }
}

/// Code that is ready for instances.
pub struct Loaded {
    pub component: Component,
    /// Its engine keeps memory ready for as many instances as was asked for.
    pub pooled: bool,
}

/// What all plugins share. Cheap to clone.
#[derive(Clone)]
pub struct Runtime(Arc<Shared>);

struct Shared {
    engine: Engine,
    /// For protocol handlers.
    handlers: Engine,
    clock: Clock,
    compiler: Compiler,
    memory: Arc<TotalMemory>,
    trimmer: Trimmer,
    cache: Option<Cache>,
    sink: Arc<dyn Sink>,
}

impl Runtime {
    /// Sets an engine up. Compiles nothing. Has to be called on a tokio runtime, which runs
    /// everything but guests.
    ///
    /// # Errors
    /// This machine cannot run the compiled code.
    pub fn new(options: Options) -> Result<Self, String> {
        let engine = Engine::new(&settings());
        let engine = engine.map_err(|error| format!("the WebAssembly engine cannot start: {error:#}"))?;
        let clock = Clock::start().map_err(|error| format!("there is no thread for the engine's clock: {error}"))?;
        clock.add(&engine);
        let handlers = Engine::new(&handler_settings());
        let handlers = handlers.map_err(|error| format!("the engine of handlers cannot start: {error:#}"))?;
        clock.add(&handlers);
        let cache = options.cache.and_then(|folder| match Cache::open(&folder) {
            Ok(cache) => Some(cache),
            Err(error) => {
                tracing::warn!(target: "cofferdam", folder = %folder.display(), %error, "the cache is not used");
                None
            }
        });
        Ok(Self(Arc::new(Shared {
            engine,
            handlers,
            clock,
            compiler: Compiler::default(),
            memory: TotalMemory::new(options.total_memory),
            trimmer: Trimmer::start(),
            cache,
            sink: options.sink,
        })))
    }

    /// Tool definitions kept for a component, as the JSON that [`Runtime::keep_definitions`] was
    /// given.
    pub fn kept_definitions(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.0.cache.as_ref()?.get(&definitions_entry(digest))
    }

    /// Keeps a component's tool definitions, so that the next start lists them without running it.
    pub fn keep_definitions(&self, digest: &Digest, json: &[u8]) {
        self.keep(&definitions_entry(digest), json);
    }

    /// Loads code. With `pool`, the code gets an engine of its own, which has room for so many
    /// instances at one time and keeps their memory ready: starting one maps nothing, and ending
    /// one unmaps nothing. Without `pool`, the code runs on the engine that plugins share. So it
    /// does where the component needs more than a pool has, or the system does not reserve the room
    /// (4 GiB of addresses for each instance; memory is used only when it is written).
    pub(crate) fn load(&self, code: &Code, pool: Option<u32>) -> wasmtime::Result<Loaded> {
        if let Some(instances) = pool {
            let mut config = settings();
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(self::pool(instances)));
            match Engine::new(&config).and_then(|engine| Ok((code.load(&engine)?, engine))) {
                Ok((component, engine)) => {
                    self.0.clock.add(&engine);
                    return Ok(Loaded { component, pooled: true });
                }
                Err(error) => {
                    let error = format_args!("{error:#}");
                    tracing::debug!(target: "cofferdam", %error, "instances of a plugin are made one by one");
                }
            }
        }
        Ok(Loaded { component: code.load(&self.0.engine)?, pooled: false })
    }

    /// The same component on the engine that plugins share.
    pub(crate) fn shared(&self, component: &Component) -> wasmtime::Result<Component> {
        Code(component.serialize()?).load(&self.0.engine)
    }

    /// Sets what guests may use of memory in all, in bytes; `None` is half of what the machine has.
    /// What is in use stays in use.
    pub fn limit_memory(&self, total: Option<u64>) {
        self.0.memory.limit(total);
    }

    /// The engine that plugins share.
    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// The engine of protocol handlers.
    pub(crate) fn handlers(&self) -> &Engine {
        &self.0.handlers
    }

    pub(crate) fn sink(&self) -> &Arc<dyn Sink> {
        &self.0.sink
    }

    pub(crate) fn total_memory(&self) -> &Arc<TotalMemory> {
        &self.0.memory
    }

    pub(crate) fn trimmer(&self) -> &Trimmer {
        &self.0.trimmer
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(crate) fn compiler(&self) -> &Compiler {
        &self.0.compiler
    }

    /// Code that was compiled ahead and came with this program, packed. Once unpacked it is kept,
    /// so that the next start reads it. Blocks for as long as that takes.
    pub(crate) fn code_ahead(
        &self,
        engine: &Engine,
        plugin: &str,
        digest: &Digest,
        packed: Option<&[u8]>,
    ) -> Option<Code> {
        let entry = ahead_entry(engine, digest);
        if let Some(kept) = packed.and_then(|_| self.0.cache.as_ref()?.get(&entry)) {
            return Some(Code(kept));
        }
        let code = unpack(packed?)?;
        tracing::debug!(target: "cofferdam", plugin, "its code is unpacked");
        self.keep(&entry, &code);
        Some(Code(code))
    }

    /// Whether there is an entry for a component's code.
    pub(crate) fn has_code(&self, engine: &Engine, digest: &Digest) -> bool {
        self.0.cache.as_ref().is_some_and(|cache| cache.has(&code_entry(engine, digest)))
    }

    /// A component's code, if it is in the cache. Blocks for as long as reading it takes.
    pub(crate) fn kept_code(&self, engine: &Engine, digest: &Digest) -> Option<Code> {
        // Only what `serialize` gave under the same compatibility hash was ever put under this name
        // and our MAC.
        self.0.cache.as_ref()?.get(&code_entry(engine, digest)).map(Code)
    }

    /// Compiles a component for an engine and keeps its code. Blocks for as long as a compiler
    /// needs.
    pub(crate) fn compile(
        &self,
        engine: &Engine,
        plugin: &str,
        bytes: &[u8],
        digest: &Digest,
    ) -> Result<Code, LoadError> {
        let begun = std::time::Instant::now();
        let code = engine.precompile_component(bytes);
        let code =
            code.map_err(|error| LoadError::Invalid { plugin: plugin.to_owned(), cause: format!("{error:#}") })?;
        tracing::debug!(target: "cofferdam", plugin, took = ?begun.elapsed(), "the component is compiled");
        self.keep(&code_entry(engine, digest), &code);
        Ok(Code(code))
    }

    fn keep(&self, entry: &str, bytes: &[u8]) {
        if let Some(cache) = &self.0.cache
            && let Err(error) = cache.put(entry, bytes)
        {
            tracing::warn!(target: "cofferdam", %error, "the cache cannot be written");
        }
    }
}

/// The name of a component's code in the cache: with all that the code depends on besides the
/// component, which is wasmtime's version and settings, and this CPU.
fn code_entry(engine: &Engine, digest: &Digest) -> String {
    format!("{}-{:016x}.cwasm", digest.as_str(), compatibility(engine))
}

/// The name of code that came with a release.
fn ahead_entry(engine: &Engine, digest: &Digest) -> String {
    format!("{}-{:016x}-{}.cwasm", digest.as_str(), compatibility(engine), ahead::BASELINE)
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

/// Room for so many instances, of components with one memory.
fn pool(instances: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES))
        .max_core_instances_per_component(CORE_INSTANCES)
        .total_memories(instances)
        .max_memories_per_component(1)
        .total_tables(instances.saturating_mul(TABLES))
        .max_tables_per_component(TABLES)
        .total_stacks(instances.saturating_mul(STACKS))
        .max_unused_warm_slots(KEPT_INSTANCES)
        .linear_memory_keep_resident(KEPT)
        .table_keep_resident(KEPT)
        // Where the system can tell which pages were written, those are cleared. Otherwise all
        // pages are given back.
        .pagemap_scan(Enabled::Auto);
    pool
}
