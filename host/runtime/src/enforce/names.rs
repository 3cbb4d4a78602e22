//! `ip-name-lookup` of WASI 0.2 and 0.3, our own: a name is asked for only if it is granted, its answers are filtered,
//! and what passes is pinned. Only what is pinned here can be dialled on the name's behalf.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::task::Poll;

use cofferdam_audit::Caller;
use cofferdam_grants::{Ask, Name};
use wasmtime::AsContextMut as _;
use wasmtime::component::{Accessor, Linker, Resource};
use wasmtime_wasi::WasiView;
use wasmtime_wasi::p2::SocketError;
use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup as v0_2;
use wasmtime_wasi::p2::bindings::sockets::network as v0_2_network;
use wasmtime_wasi::p3::bindings::sockets::ip_name_lookup as v0_3;
use wasmtime_wasi::p3::bindings::sockets::types as v0_3_types;
use wasmtime_wasi_io::poll::{DynPollable, Pollable, subscribe};

use super::resolver::Unresolved;
use super::{Gate, Gated, GatedView};
use crate::state::State;

/// Why a lookup was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Failed {
    Denied,
    Invalid,
    /// There is no descriptor for it.
    Limit(String),
    Unresolved(Unresolved),
}

impl Gate {
    /// Looks a guest's name up, filters what comes back and pins what is left.
    async fn resolve(&self, text: &str, caller: Option<&Caller>) -> Result<Vec<IpAddr>, Failed> {
        // An address is not a name: nothing is asked, and `Connect` decides about it.
        if let Ok(address) = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            return Ok(vec![address]);
        }
        let ascii = idna::domain_to_ascii(text).map_err(|_| Failed::Invalid)?;
        let name = Name::parse(ascii.strip_suffix('.').unwrap_or(&ascii)).map_err(|_| Failed::Invalid)?;
        if name.is_localhost() {
            // An alias of two addresses, not a name (RFC 6761): whether they may be dialled is decided then.
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        let permit = self.ask(&Ask::Resolve { name: &name }, caller).ok_or(Failed::Denied)?;
        let _slot = self.lookup_descriptors(caller).map_err(Failed::Limit)?;
        let (found, ttl) = self.names.lookup(permit, &name).await.map_err(Failed::Unresolved)?;
        if found.is_empty() {
            return Err(Failed::Unresolved(Unresolved::NoSuchName));
        }
        let now = self.now();
        let mut kept = Vec::with_capacity(found.len());
        for address in found {
            if let Some(permit) = self.ask(&Ask::Pin { name: &name, address }, caller)
                && self.pins().insert(permit, ttl, now)
            {
                kept.push(cofferdam_grants::canonical(address));
            }
        }
        if kept.is_empty() { Err(Failed::Denied) } else { Ok(kept) }
    }
}

/// Links WASI 0.3's lookup.
pub fn add_names_0_3(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    v0_3::add_to_linker::<State, Gated>(linker, |state| GatedView(state))
}

impl v0_3::Host for GatedView<'_> {}

impl v0_3::HostWithStore<State> for Gated {
    async fn resolve_addresses(
        accessor: &Accessor<State, Self>,
        name: String,
    ) -> wasmtime::Result<Result<Vec<v0_3_types::IpAddress>, v0_3::ErrorCode>> {
        use v0_3::ErrorCode;
        let (gate, caller) = accessor.with(|mut access| {
            let mut store = access.as_context_mut();
            (Arc::clone(&store.data().gate), State::caller(&mut store))
        });
        Ok(match gate.resolve(&name, caller.as_deref()).await {
            Ok(addresses) => Ok(addresses.into_iter().map(Into::into).collect()),
            Err(Failed::Denied) => Err(ErrorCode::AccessDenied),
            Err(Failed::Invalid) => Err(ErrorCode::InvalidArgument),
            Err(Failed::Limit(limit)) => Err(ErrorCode::Other(Some(limit))),
            Err(Failed::Unresolved(Unresolved::NoSuchName)) => Err(ErrorCode::NameUnresolvable),
            Err(Failed::Unresolved(Unresolved::Temporary)) => Err(ErrorCode::TemporaryResolverFailure),
            Err(Failed::Unresolved(Unresolved::Permanent)) => Err(ErrorCode::PermanentResolverFailure),
        })
    }
}

/// Links WASI 0.2's lookup.
pub fn add_names_0_2(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    v0_2::add_to_linker::<State, Gated>(linker, |state| GatedView(state))
}

/// A lookup under way, in WASI 0.2's manner: polled, then read address by address.
struct Lookup {
    task: Option<tokio::task::JoinHandle<Result<Vec<IpAddr>, Failed>>>,
    found: Result<std::vec::IntoIter<IpAddr>, Failed>,
}

impl Drop for Lookup {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Lookup {
    fn poll(&mut self, cx: &mut std::task::Context<'_>) -> Poll<()> {
        if let Some(task) = &mut self.task {
            let Poll::Ready(done) = std::pin::Pin::new(task).poll(cx) else { return Poll::Pending };
            self.task = None;
            self.found = done.unwrap_or(Err(Failed::Unresolved(Unresolved::Permanent))).map(Vec::into_iter);
        }
        Poll::Ready(())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Lookup {
    async fn ready(&mut self) {
        std::future::poll_fn(|cx| self.poll(cx)).await;
    }
}

/// WASI's resource type is wasmtime's and cannot be made outside; its handle stands for our entry in the table.
fn ours(resource: &Resource<v0_2::ResolveAddressStream>) -> Resource<Lookup> {
    if resource.owned() { Resource::new_own(resource.rep()) } else { Resource::new_borrow(resource.rep()) }
}

impl v0_2::Host for GatedView<'_> {
    fn resolve_addresses(
        &mut self,
        network: Resource<v0_2_network::Network>,
        name: String,
    ) -> Result<Resource<v0_2::ResolveAddressStream>, SocketError> {
        let gate = std::sync::Arc::clone(&self.0.gate);
        let table = self.0.ctx().table;
        // The handle is the capability to ask at all.
        table.get(&network)?;
        let task = tokio::spawn(async move { gate.resolve(&name, None).await });
        let lookup = table.push(Lookup { task: Some(task), found: Ok(Vec::new().into_iter()) })?;
        Ok(Resource::new_own(lookup.rep()))
    }
}

impl v0_2::HostResolveAddressStream for GatedView<'_> {
    fn resolve_next_address(
        &mut self,
        stream: Resource<v0_2::ResolveAddressStream>,
    ) -> Result<Option<v0_2_network::IpAddress>, SocketError> {
        use v0_2_network::ErrorCode;
        let lookup = self.0.ctx().table.get_mut(&ours(&stream))?;
        if lookup.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_pending() {
            return Err(ErrorCode::WouldBlock.into());
        }
        match &mut lookup.found {
            Ok(addresses) => Ok(addresses.next().map(Into::into)),
            Err(Failed::Denied) => Err(ErrorCode::AccessDenied.into()),
            Err(Failed::Invalid) => Err(ErrorCode::InvalidArgument.into()),
            Err(Failed::Limit(_)) => Err(ErrorCode::NewSocketLimit.into()),
            Err(Failed::Unresolved(Unresolved::NoSuchName)) => Err(ErrorCode::NameUnresolvable.into()),
            Err(Failed::Unresolved(Unresolved::Temporary)) => Err(ErrorCode::TemporaryResolverFailure.into()),
            Err(Failed::Unresolved(Unresolved::Permanent)) => Err(ErrorCode::PermanentResolverFailure.into()),
        }
    }

    fn subscribe(&mut self, stream: Resource<v0_2::ResolveAddressStream>) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.0.ctx().table, ours(&stream))
    }

    fn drop(&mut self, stream: Resource<v0_2::ResolveAddressStream>) -> wasmtime::Result<()> {
        self.0.ctx().table.delete(ours(&stream))?;
        Ok(())
    }
}
