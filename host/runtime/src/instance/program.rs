//! A plugin's code, linked: where its instances come from. Where every call has an instance of its
//! own, a pool keeps memory ready for some of them. Those beyond it are made one by one, from the
//! same code on the engine that plugins share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cofferdam_grants::Grants;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::Store;
use wasmtime::component::{Component, InstancePre};

use crate::abi::plugin_0_1_0::{Exported, Exports};
use crate::engine::{Loaded, Runtime};
use crate::error::LoadError;
use crate::link;
use crate::state::State;

/// Instances of one plugin that live in its pool at one time.
pub const POOL: u32 = 24;

/// Fewer free places than these are a reason to prepare for more instances than the pool holds.
const FEW: usize = 8;

/// What instances of a plugin are made from.
pub enum Program {
    /// Instances are made one by one, on the engine that plugins share.
    Single(Linked),
    /// Instances come from a pool, as long as it has places.
    Pooled(Arc<Pool>),
}

/// A component with what calls are linked against: what its grants name.
pub struct Linked {
    component: Component,
    for_calls: Instantiable,
}

/// Code with memory kept ready for its instances.
pub struct Pool {
    linked: Linked,
    places: Arc<Semaphore>,
    runtime: Runtime,
    plugin: String,
    grants: Grants,
    /// For instances beyond the pool's places, once there were any.
    beyond: Mutex<Option<Arc<Linked>>>,
    prepares: AtomicBool,
}

/// What one instance is made from, and its place in the pool. The place is free again when this is
/// dropped, not before the instance is.
pub struct Template {
    pub pre: Instantiable,
    _place: Option<OwnedSemaphorePermit>,
}

/// A linked component, and what it exports.
#[derive(Clone)]
pub struct Instantiable {
    pre: InstancePre<State>,
    exports: Exports,
}

impl Instantiable {
    /// The engine of its code.
    pub fn engine(&self) -> &wasmtime::Engine {
        self.pre.engine()
    }

    /// Makes an instance.
    ///
    /// # Errors
    /// It traps at its start, or the system lacks something that it needs.
    pub async fn instantiate(&self, store: &mut Store<State>) -> wasmtime::Result<Exported> {
        let instance = self.pre.instantiate_async(&mut *store).await?;
        self.exports.of(store, &instance)
    }
}

impl Program {
    /// Links a component.
    ///
    /// # Errors
    /// It is no component of our world.
    pub fn link(runtime: &Runtime, plugin: &str, loaded: Loaded, grants: &Grants) -> Result<Self, LoadError> {
        let linked = Linked::new(plugin, loaded.component, grants)?;
        if !loaded.pooled {
            return Ok(Self::Single(linked));
        }
        Ok(Self::Pooled(Arc::new(Pool {
            linked,
            places: Arc::new(Semaphore::new(POOL as usize)),
            runtime: runtime.clone(),
            plugin: plugin.to_owned(),
            grants: grants.clone(),
            beyond: Mutex::default(),
            prepares: AtomicBool::new(false),
        })))
    }

    /// Lets go of code that no instance needs now.
    pub fn let_go(&self) {
        if let Self::Pooled(pool) = self {
            pool.let_go();
        }
    }

    /// For one more instance; `None` where the code for it cannot be loaded.
    pub fn for_calls(&self) -> Option<Template> {
        self.template(|linked| Some(linked.for_calls.clone()))
    }

    /// For an instance that is only asked for its tools, behind a gate that denies everything.
    pub fn for_listing(&self) -> Option<Template> {
        self.template(|linked| told(linked.for_listing()))
    }

    fn template(&self, pre: impl FnOnce(&Linked) -> Option<Instantiable>) -> Option<Template> {
        match self {
            Self::Single(linked) => Some(Template { pre: pre(linked)?, _place: None }),
            Self::Pooled(pool) => pool.template(pre),
        }
    }
}

impl Linked {
    fn new(plugin: &str, component: Component, grants: &Grants) -> Result<Self, LoadError> {
        let invalid =
            |error: wasmtime::Error| LoadError::Invalid { plugin: plugin.to_owned(), cause: format!("{error:#}") };
        Ok(Self { for_calls: pre(&component, grants).map_err(invalid)?, component })
    }

    fn for_listing(&self) -> wasmtime::Result<Instantiable> {
        pre(&self.component, &Grants::default())
    }
}

impl Pool {
    fn template(self: &Arc<Self>, pre: impl FnOnce(&Linked) -> Option<Instantiable>) -> Option<Template> {
        if self.places.available_permits() < FEW && !self.prepares.swap(true, Ordering::Relaxed) {
            let pool = Arc::clone(self);
            tokio::task::spawn_blocking(move || pool.beyond().is_some());
        }
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => Some(Template { pre: pre(&self.linked)?, _place: Some(place) }),
            Err(_) => Some(Template { pre: pre(&*self.beyond()?)?, _place: None }),
        }
    }

    fn beyond(&self) -> Option<Arc<Linked>> {
        let mut beyond = self.beyond.lock().unwrap_or_else(PoisonError::into_inner);
        if beyond.is_none() {
            let component = told(self.runtime.shared(&self.linked.component))?;
            let linked = told(Linked::new(&self.plugin, component, &self.grants))?;
            *beyond = Some(Arc::new(linked));
        }
        beyond.clone()
    }

    /// Lets go of what serves instances beyond the pool, unless the pool is about to be full.
    fn let_go(&self) {
        if self.places.available_permits() >= FEW {
            self.beyond.lock().unwrap_or_else(PoisonError::into_inner).take();
            self.prepares.store(false, Ordering::Relaxed);
        }
    }
}

fn pre(component: &Component, grants: &Grants) -> wasmtime::Result<Instantiable> {
    let linker = link::linker(component.engine(), component, grants)?;
    let pre = linker.instantiate_pre(component)?;
    Ok(Instantiable { exports: Exports::new(&pre)?, pre })
}

/// What was loaded. Why it was not is told to the operator.
fn told<T, E: std::fmt::Display>(loaded: Result<T, E>) -> Option<T> {
    let tell =
        |error: &E| tracing::error!(target: "cofferdam", error = %format_args!("{error:#}"), "code is not loaded");
    loaded.inspect_err(tell).ok()
}
