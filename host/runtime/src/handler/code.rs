//! A handler's code, compiled and linked when it is first used, and what the handler says of
//! itself.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use cofferdam_audit::Event;
use cofferdam_grants::{Limits, printable};
use wasmtime::Store;
use wasmtime::component::Component;

use super::inert;
use super::layer::{Layer, Trapped};
use super::state::{Entry, HandlerState};
use crate::abi::handler_0_1_0::{Description, ProtocolHandlerPre};
use crate::component::{Digest, compile_memory};
use crate::engine::Runtime;
use crate::error::LoadError;
use crate::instance::{Made, Readiness};
use crate::memory::{Held, PluginMemory};

/// What one session needs in the host besides its linear memory, about.
const PER_SESSION: u64 = 64 << 10;
/// The longest text that a handler says of itself, in bytes: its schemas and examples together.
const DESCRIPTION: usize = 256 << 10;

/// A handler to be loaded.
#[derive(Debug)]
pub struct HandlerSpec {
    /// Its name, unique among handlers and plugins of its generation.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is for.
    pub description: String,
    /// The component.
    pub bytes: Cow<'static, [u8]>,
    /// The component's digest.
    pub digest: Digest,
    /// The component's code, where it was compiled ahead and came with this program.
    pub ahead: Option<&'static [u8]>,
    /// What its sessions may use.
    pub limits: Limits,
}

/// A loaded handler. Nothing is compiled before it is first used.
pub struct Handler {
    pub spec: HandlerSpec,
    runtime: Runtime,
    memory: PluginMemory,
    readiness: Arc<Readiness<Linked>>,
    sessions: Arc<AtomicU32>,
}

/// A handler's code, ready for sessions.
pub struct Linked {
    pub pre: ProtocolHandlerPre<HandlerState>,
    pub description: Description,
}

/// A session's place among those of its handler, free again when it is dropped.
pub struct Place(Arc<AtomicU32>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Handler {
    /// Takes a handler in. Runs and compiles nothing.
    pub fn new(runtime: &Runtime, spec: HandlerSpec) -> Arc<Self> {
        Arc::new(Self {
            spec,
            runtime: runtime.clone(),
            memory: runtime.total_memory().plugin(),
            readiness: Arc::default(),
            sessions: Arc::default(),
        })
    }

    /// The linked code, made if it is not there yet.
    ///
    /// # Errors
    /// It cannot be loaded.
    pub async fn ready(self: &Arc<Self>) -> Made<Linked> {
        let limit = self.spec.limits.compile;
        let late = LoadError::TooSlow { plugin: self.spec.name.clone(), after: limit };
        let handler = Arc::clone(self);
        self.readiness.get(limit, late, move || handler.make()).await
    }

    /// A place for one more session; `None` where it has as many as it may.
    pub fn place(&self) -> Option<Place> {
        let most = self.spec.limits.connections;
        let more = |now: u32| (now < most).then(|| now + 1);
        let placed = self.sessions.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        placed.ok().map(|_| Place(Arc::clone(&self.sessions)))
    }

    /// Memory for one more session, as far as it is known before it starts.
    pub fn memory(&self) -> Option<Held> {
        self.memory.take(PER_SESSION)
    }

    async fn make(self: Arc<Self>) -> Made<Linked> {
        let name = &self.spec.name;
        let failed = |cause: String| LoadError::NotCompiled { plugin: name.clone(), cause };
        inert::check_imports(name, &self.spec.bytes)?;
        let handler = Arc::clone(&self);
        let kept = tokio::task::spawn_blocking(move || {
            let Self { runtime, spec, .. } = &*handler;
            let engine = runtime.handlers();
            let kept = || runtime.kept_code(engine, &spec.digest);
            let ahead = || runtime.code_ahead(spec.ahead);
            let loaded = kept().and_then(|code| code.load(engine).ok()).or_else(|| ahead()?.load(engine).ok());
            loaded.map(|component| handler.link(&component)).transpose()
        });
        if let Some(linked) = kept.await.map_err(|_| failed("its code cannot be read".to_owned()))?? {
            return Ok(linked);
        }
        let handler = Arc::clone(&self);
        let compiled = self.runtime.compiler().run(move || {
            let Self { runtime, spec, .. } = &*handler;
            let engine = runtime.handlers();
            let invalid = |cause: String| LoadError::Invalid { plugin: spec.name.clone(), cause };
            let takes = compile_memory(&spec.bytes).map_err(invalid)?;
            let _memory = handler.memory.take(takes).ok_or_else(|| LoadError::NotCompiled {
                plugin: spec.name.clone(),
                cause: format!("compiling it takes about {} MiB (limit `total_memory`)", takes >> 20),
            })?;
            let code = runtime.compile(engine, &spec.name, &spec.bytes, &spec.digest)?;
            let component = code.load(engine).map_err(|error| invalid(format!("{error:#}")))?;
            handler.link(&component)
        });
        let compiled = compiled.await;
        self.runtime.trimmer().much_was_used();
        compiled.map_err(|error| failed(error.to_string()))?
    }

    /// Links the code, and asks the handler what it is.
    fn link(&self, component: &Component) -> Made<Linked> {
        let name = &self.spec.name;
        let invalid = |cause: String| LoadError::Invalid { plugin: name.clone(), cause };
        let linker = inert::linker(self.runtime.handlers(), component);
        let pre = linker.and_then(|linker| ProtocolHandlerPre::new(linker.instantiate_pre(component)?));
        let pre = pre.map_err(|error| invalid(format!("{error:#}")))?;
        let described = self.describe(&pre).map_err(|trapped| invalid(trapped.why))?;
        check(name, &described).map_err(invalid)?;
        let (plugin, digest) = (name.as_str(), self.spec.digest.as_str());
        self.runtime.sink().defer(&Event::Loaded { plugin, digest });
        Ok(Arc::new(Linked { pre, description: described }))
    }

    fn describe(&self, pre: &ProtocolHandlerPre<HandlerState>) -> Result<Description, Trapped> {
        let _running = self.runtime.clock().running();
        let no_memory = || Trapped { why: "there is no memory for it (limit `total_memory`)".to_owned(), limit: None };
        let state = HandlerState::new(self.spec.limits.memory, self.memory().ok_or_else(no_memory)?);
        let mut store = Store::new(pre.engine(), state);
        HandlerState::bound(&mut store, self.spec.limits.cpu, Arc::new(Entry::default()));
        store.set_hostcall_fuel(DESCRIPTION);
        let described = pre.instantiate(&mut store).and_then(|handler| {
            let described = handler.cofferdam_handler_handler().call_describe(&mut store)?;
            Ok(described)
        });
        described.map_err(|trap| Layer::why(&trap, &store, &self.spec.limits))
    }
}

/// Refuses what a handler says of itself where it is not what the contract says.
fn check(name: &str, own: &Description) -> Result<(), String> {
    if own.name != name {
        return Err(format!("its manifest says `{name}`, and it calls itself `{}`", printable(&own.name, 64)));
    }
    let schemas = [
        ("config-schema", &own.config_schema),
        ("incoming-schema", &own.incoming_schema),
        ("outgoing-schema", &own.outgoing_schema),
    ];
    for (what, schema) in schemas {
        let read = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(schema);
        read.map_err(|error| format!("its `{what}` is no JSON object: {error}"))?;
    }
    if own.examples.is_empty() {
        return Err("it has no example".to_owned());
    }
    Ok(())
}
