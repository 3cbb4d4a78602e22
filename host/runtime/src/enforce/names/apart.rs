//! The interface `lookups`, which gives each kind of address by itself, as it comes. So a guest can
//! begin with those that are there (RFC 8305), and asks for no others than it wants.

use std::net::IpAddr;
use std::sync::Arc;

use wasmtime::component::{Access, Accessor, Linker, Resource};
use wasmtime::{AsContextMut as _, StoreContextMut};
use wasmtime_wasi::WasiView as _;

use super::Failed;
use super::pending::{NameLookup, Pending};
use crate::abi::plugin_0_1_0::lookups::{self as abi, Answer, Error};
use crate::abi::plugin_0_1_0::types::Refusal;
use crate::enforce::resolver::{Family, Unresolved};
use crate::enforce::{Gated, GatedView};
use crate::state::State;

/// Links the interface.
pub fn add_names(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    abi::add_to_linker::<State, Gated>(linker, |state| GatedView(state))
}

fn answer((family, addresses): (Family, Result<Vec<IpAddr>, Failed>)) -> Answer {
    let family = match family {
        Family::V4 => abi::Family::Ipv4,
        Family::V6 => abi::Family::Ipv6,
    };
    let addresses = addresses.map(|addresses| addresses.into_iter().map(Into::into).collect());
    Answer { family, addresses: addresses.map_err(code) }
}

fn code(failed: Failed) -> Error {
    match failed {
        Failed::Denied(why) => Error::Refused(Refusal::Denied(why)),
        Failed::Invalid => Error::InvalidName,
        Failed::Limit(limit) => Error::Refused(Refusal::Limit(limit)),
        Failed::Full(full) => Error::Refused(Refusal::Limit(full.to_string())),
        Failed::Unresolved(Unresolved::NoSuchName) => Error::NoSuchName,
        Failed::Unresolved(Unresolved::NoAddresses) => Error::NoAddresses,
        Failed::Unresolved(Unresolved::NoAnswer) => Error::NoAnswer,
        Failed::Unresolved(Unresolved::Failed(why)) => Error::Failed(why.to_owned()),
    }
}

impl abi::Host for GatedView<'_> {}

impl abi::HostLookup for GatedView<'_> {
    fn drop(&mut self, lookup: Resource<NameLookup>) -> wasmtime::Result<()> {
        self.0.ctx().table.delete(lookup)?;
        Ok(())
    }
}

impl abi::HostLookupWithStore<State> for Gated {
    fn start(
        mut access: Access<'_, State, Self>,
        name: String,
        family: Option<abi::Family>,
    ) -> wasmtime::Result<Result<Resource<NameLookup>, Error>> {
        let mut store: StoreContextMut<'_, State> = access.as_context_mut();
        let caller = State::caller(&mut store);
        let families = match family {
            None => Family::BOTH,
            Some(abi::Family::Ipv4) => &[Family::V4],
            Some(abi::Family::Ipv6) => &[Family::V6],
        };
        let gate = Arc::clone(&store.data().gate);
        match Pending::new(gate, &name, families, caller) {
            Ok(pending) => Ok(Ok(store.data_mut().ctx().table.push(Arc::new(pending))?)),
            Err(failed) => Ok(Err(code(failed))),
        }
    }

    async fn next(accessor: &Accessor<State, Self>, lookup: Resource<NameLookup>) -> wasmtime::Result<Option<Answer>> {
        let pending = accessor
            .with(|mut access| Ok::<_, wasmtime::Error>(Arc::clone(access.get().0.ctx().table.get(&lookup)?)))?;
        Ok(pending.next().await.map(answer))
    }
}
