//! A component that only computes: its code, compiled and linked when it is first used, and what
//! its sessions have in common.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use cofferdam_grants::Limits;
use wasmtime::component::{Component, InstancePre};
use wasmtime::{Engine, Store};

use super::inert;
use super::state::{Entry, HandlerState};
use crate::component::Digest;
use crate::engine::{self, Runtime};
use crate::error::LoadError;
use crate::instance::{Made, Readiness};
use crate::memory::PluginMemory;
use crate::prepare::{Prepare, Source, prepare};

/// What one session needs in the host besides its linear memory, about.
const PER_SESSION: u64 = 64 << 10;
/// The longest text that a component says of itself, in bytes: its schemas, examples and reference
/// together.
const DESCRIPTION: usize = 256 << 10;

/// A component to be loaded.
#[derive(Debug)]
pub struct PureSpec {
    /// Its name, unique among components of its generation.
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

/// What is made of a component's code.
pub trait Code: Sized + Send + Sync + 'static {
    /// From what is linked: also asks the component what it is.
    ///
    /// # Errors
    /// It is none of its world; why.
    fn of(component: &Pure<Self>, linked: InstancePre<HandlerState>) -> Result<Self, String>;
}

/// A loaded component. Nothing is compiled before it is first used.
pub struct Pure<C> {
    pub spec: PureSpec,
    runtime: Runtime,
    memory: PluginMemory,
    readiness: Arc<Readiness<C>>,
    sessions: Arc<AtomicU32>,
}

/// A session's place among those of its component, free again when it is dropped.
pub struct Place(Arc<AtomicU32>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<C: Code> Pure<C> {
    /// Takes a component in. Runs and compiles nothing.
    pub fn new(runtime: &Runtime, spec: PureSpec) -> Arc<Self> {
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
    pub async fn ready(self: &Arc<Self>) -> Made<C> {
        let limit = self.spec.limits.compile;
        let late = LoadError::TooSlow { plugin: self.spec.name.clone(), after: limit };
        let component = Arc::clone(self);
        self.readiness
            .get(limit, late, move || async move {
                inert::check_imports(&component.spec.name, &component.spec.bytes)?;
                prepare(component).await
            })
            .await
    }

    /// A place for one more session.
    ///
    /// # Errors
    /// It has as many as it may.
    pub fn place(&self) -> Result<Place, String> {
        let most = self.spec.limits.connections;
        let more = |now: u32| (now < most).then(|| now + 1);
        let placed = self.sessions.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        let name = &self.spec.name;
        let full = |_| format!("the handler `{name}` has {most} sessions (limit `connections`)");
        placed.map(|_| Place(Arc::clone(&self.sessions))).map_err(full)
    }

    /// A store for one more session, bounded.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn store(&self, engine: &Engine, entry: &Arc<Entry>) -> Result<Store<HandlerState>, String> {
        let limits = &self.spec.limits;
        let held = self.memory.take(PER_SESSION);
        let held = held.ok_or("there is no memory for a further session (limit `total_memory`)")?;
        let mut store = Store::new(engine, HandlerState::new(limits.memory, held));
        HandlerState::bound(&mut store, limits.cpu, Arc::clone(entry));
        // What one call may bring out of its memory, in bytes of ours.
        store.set_hostcall_fuel(usize::try_from(limits.output).unwrap_or(usize::MAX).saturating_mul(2));
        Ok(store)
    }

    /// The same for one question about what the component is, whose answer has at most so many
    /// bytes.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn store_for_describing(&self, engine: &Engine) -> Result<Store<HandlerState>, String> {
        let mut store = self.store(engine, &Arc::new(Entry::default()))?;
        store.set_hostcall_fuel(DESCRIPTION);
        Ok(store)
    }
}

impl<C: Code> Prepare for Pure<C> {
    type Loaded = Component;
    type Linked = C;

    fn source(&self) -> Source<'_> {
        let PureSpec { name, bytes, digest, ahead, .. } = &self.spec;
        let (runtime, memory) = (&self.runtime, &self.memory);
        Source { runtime, engine: runtime.handlers(), name, bytes, digest, ahead: *ahead, memory }
    }

    fn load(&self, code: &engine::Code) -> wasmtime::Result<Component> {
        code.load(self.runtime.handlers())
    }

    /// Links the code, and asks the component what it is.
    fn link(&self, loaded: Component) -> Result<C, LoadError> {
        let invalid = |cause: String| LoadError::Invalid { plugin: self.spec.name.clone(), cause };
        let linker = inert::linker(self.runtime.handlers(), &loaded);
        let linked = linker.and_then(|linker| linker.instantiate_pre(&loaded));
        let linked = linked.map_err(|error| invalid(format!("{error:#}")))?;
        let _running = self.runtime.clock().running();
        C::of(self, linked).map_err(invalid)
    }
}
