//! A plugin's code, linked: where its instances come from. Where every call has an instance of its own, there is a pool with memory kept
//! ready for so many at one time; those beyond it are made one by one, from the same code on the engine that plugins share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use cofferdam_grants::Grants;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::component::Component;

use crate::abi::since_0_1_0::HostedPre;
use crate::engine::{Loaded, Runtime};
use crate::error::LoadError;
use crate::link;
use crate::state::State;

/// Instances of one plugin that live in its pool at one time.
pub const POOL: u32 = 24;

/// Fewer free places than these are a reason to prepare for more instances than the pool holds.
const FEW: usize = 8;

/// What is linked.
pub enum Program {
    /// Instances are made one by one, on the engine that plugins share.
    Singly(HostedPre<State>),
    /// Instances come from a pool, as long as it has places.
    Pooled(Arc<Pool>),
}

/// Code with memory kept ready for its instances.
pub struct Pool {
    pre: HostedPre<State>,
    places: Arc<Semaphore>,
    runtime: Runtime,
    grants: Grants,
    /// For instances beyond the pool's places; `None` where that cannot be had.
    beyond: OnceLock<Option<HostedPre<State>>>,
    prepares: AtomicBool,
}

/// What one instance is made from, and its place in the pool, free again when this is dropped: not before the instance is.
pub struct Mould {
    pub pre: HostedPre<State>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Program {
    /// Links a component.
    ///
    /// # Errors
    /// It cannot be loaded under its grants.
    pub fn link(runtime: &Runtime, plugin: &str, loaded: &Loaded, grants: &Grants) -> Result<Self, LoadError> {
        link::check_uses(plugin, &loaded.component, grants)?;
        let pre = linked(&loaded.component, grants)
            .map_err(|error| LoadError::Invalid { plugin: plugin.to_owned(), cause: format!("{error:#}") })?;
        if !loaded.pooled {
            return Ok(Self::Singly(pre));
        }
        Ok(Self::Pooled(Arc::new(Pool {
            pre,
            places: Arc::new(Semaphore::new(POOL as usize)),
            runtime: runtime.clone(),
            grants: grants.clone(),
            beyond: OnceLock::new(),
            prepares: AtomicBool::new(false),
        })))
    }

    /// For one more instance; `None` where the code for it cannot be loaded.
    pub fn mould(&self) -> Option<Mould> {
        match self {
            Self::Singly(pre) => Some(Mould { pre: pre.clone(), _place: None }),
            Self::Pooled(pool) => pool.mould(),
        }
    }
}

impl Pool {
    fn mould(self: &Arc<Self>) -> Option<Mould> {
        if self.places.available_permits() < FEW && !self.prepares.swap(true, Ordering::Relaxed) {
            let pool = Arc::clone(self);
            tokio::task::spawn_blocking(move || pool.beyond());
        }
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => Some(Mould { pre: self.pre.clone(), _place: Some(place) }),
            Err(_) => self.beyond().map(|pre| Mould { pre, _place: None }),
        }
    }

    fn beyond(&self) -> Option<HostedPre<State>> {
        let load = || {
            self.runtime
                .shared(self.pre.instance_pre().component())
                .and_then(|component| linked(&component, &self.grants))
        };
        let load =
            || load().inspect_err(|error| tracing::error!(target: "cofferdam", "code cannot be loaded: {error:#}"));
        self.beyond.get_or_init(|| load().ok()).clone()
    }
}

fn linked(component: &Component, grants: &Grants) -> wasmtime::Result<HostedPre<State>> {
    let linker = link::linker(component.engine(), grants)?;
    HostedPre::new(linker.instantiate_pre(component)?)
}
