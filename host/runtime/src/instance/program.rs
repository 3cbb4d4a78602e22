//! A plugin's code, linked: where its instances come from. Where every call has an instance of its own, there is a pool with memory kept
//! ready for so many at one time; those beyond it are made one by one.

use std::sync::Arc;

use cofferdam_grants::Grants;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::component::Component;

use super::Shape;
use crate::abi::since_0_1_0::HostedPre;
use crate::engine::Runtime;
use crate::error::LoadError;
use crate::link;
use crate::state::State;

/// Instances of one plugin that live in its pool at one time.
const POOL: u32 = 24;

/// What is linked.
pub struct Program {
    /// Makes instances one by one.
    singly: HostedPre<State>,
    pool: Option<Pool>,
}

struct Pool {
    pre: HostedPre<State>,
    places: Arc<Semaphore>,
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
    pub fn link(
        runtime: &Runtime,
        plugin: &str,
        component: &Component,
        grants: &Grants,
        shape: Shape,
    ) -> Result<Self, LoadError> {
        link::check_uses(plugin, component, grants)?;
        let linked = |component: &Component| {
            link::linker(component.engine(), grants)
                .and_then(|linker| linker.instantiate_pre(component))
                .and_then(HostedPre::new)
                .map_err(|error| LoadError::Invalid { plugin: plugin.to_owned(), cause: format!("{error:#}") })
        };
        let pooled = (shape == Shape::PerCall).then(|| runtime.pooled(component, POOL)).flatten();
        let pool = match pooled {
            Some(component) => Some(Pool { pre: linked(&component)?, places: Arc::new(Semaphore::new(POOL as usize)) }),
            None => None,
        };
        Ok(Self { singly: linked(component)?, pool })
    }

    /// For one more instance.
    pub fn mould(&self) -> Mould {
        let pooled = self.pool.as_ref().and_then(|pool| {
            let place = Arc::clone(&pool.places).try_acquire_owned().ok()?;
            Some(Mould { pre: pool.pre.clone(), _place: Some(place) })
        });
        pooled.unwrap_or_else(|| Mould { pre: self.singly.clone(), _place: None })
    }
}
