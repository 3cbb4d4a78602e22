//! The interface `names`: the addresses of each kind by themselves, as they come, so that a guest can begin with those that are there
//! (RFC 8305) and asks for no others than it wants.

use std::net::IpAddr;
use std::sync::Arc;

use cofferdam_audit::Caller;
use cofferdam_grants::Name;
use tokio::sync::Mutex;
use wasmtime::component::{Access, Accessor, Linker, Resource};
use wasmtime::{AsContextMut as _, StoreContextMut};
use wasmtime_wasi::WasiView as _;

use super::{Begun, Failed};
use crate::abi::since_0_1_0::names::{self as abi, Answer, ErrorCode, IpAddressFamily};
use crate::enforce::resolver::{Family, Lookup, Unresolved};
use crate::enforce::{Gate, Gated, GatedView};
use crate::state::State;

/// A lookup as a guest holds it.
pub type NameLookup = Arc<Pending>;

/// Answers that are still to come.
pub struct Pending {
    gate: Arc<Gate>,
    caller: Option<Arc<Caller>>,
    left: Mutex<Left>,
}

enum Left {
    /// Without a question.
    These(Vec<Answer>),
    Asked(Name, Lookup),
}

/// Links the interface.
pub fn add_names(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    abi::add_to_linker::<State, Gated>(linker, |state| GatedView(state))
}

impl Pending {
    fn new(gate: Arc<Gate>, text: &str, families: &[Family], caller: Option<Arc<Caller>>) -> Result<Self, ErrorCode> {
        let left = match gate.begin(text, families, caller.as_deref()).map_err(code)? {
            Begun::These(addresses) => {
                let of = |family: &Family| {
                    let own: Vec<IpAddr> = addresses.iter().copied().filter(|own| family.has(*own)).collect();
                    answer(*family, if own.is_empty() { Err(ErrorCode::NoAddresses) } else { Ok(own) })
                };
                // They are given from the end.
                Left::These(families.iter().rev().map(of).collect())
            }
            Begun::Asked(name, lookup) => Left::Asked(name, lookup),
        };
        Ok(Self { gate, caller, left: Mutex::new(left) })
    }

    async fn next(&self) -> Option<Answer> {
        match &mut *self.left.lock().await {
            Left::These(left) => left.pop(),
            Left::Asked(name, lookup) => {
                let (family, outcome) = lookup.next().await?;
                let outcome = outcome.map_err(Failed::Unresolved);
                let kept = outcome.and_then(|found| self.gate.keep(name, &found, self.caller.as_deref()));
                Some(answer(family, kept.map_err(code)))
            }
        }
    }
}

fn answer(family: Family, addresses: Result<Vec<IpAddr>, ErrorCode>) -> Answer {
    let family = match family {
        Family::V4 => IpAddressFamily::Ipv4,
        Family::V6 => IpAddressFamily::Ipv6,
    };
    Answer { family, addresses: addresses.map(|addresses| addresses.into_iter().map(Into::into).collect()) }
}

fn code(failed: Failed) -> ErrorCode {
    match failed {
        Failed::Denied => ErrorCode::AccessDenied,
        Failed::Invalid => ErrorCode::InvalidName,
        Failed::Limit(limit) => ErrorCode::Limit(limit),
        Failed::Full(full) => ErrorCode::Limit(full.to_string()),
        Failed::Unresolved(Unresolved::NoSuchName) => ErrorCode::NoSuchName,
        Failed::Unresolved(Unresolved::NoAddresses) => ErrorCode::NoAddresses,
        Failed::Unresolved(Unresolved::NoAnswer) => ErrorCode::NoAnswer,
        Failed::Unresolved(Unresolved::Failed(why)) => ErrorCode::Failed(why.to_owned()),
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
        family: Option<IpAddressFamily>,
    ) -> wasmtime::Result<Result<Resource<NameLookup>, ErrorCode>> {
        let mut store: StoreContextMut<'_, State> = access.as_context_mut();
        let caller = State::caller(&mut store);
        let families = match family {
            None => Family::BOTH,
            Some(IpAddressFamily::Ipv4) => &[Family::V4],
            Some(IpAddressFamily::Ipv6) => &[Family::V6],
        };
        let gate = Arc::clone(&store.data().gate);
        match Pending::new(gate, &name, families, caller) {
            Ok(pending) => Ok(Ok(store.data_mut().ctx().table.push(Arc::new(pending))?)),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn next(accessor: &Accessor<State, Self>, lookup: Resource<NameLookup>) -> wasmtime::Result<Option<Answer>> {
        let pending = accessor
            .with(|mut access| Ok::<_, wasmtime::Error>(Arc::clone(access.get().0.ctx().table.get(&lookup)?)))?;
        Ok(pending.next().await)
    }
}
