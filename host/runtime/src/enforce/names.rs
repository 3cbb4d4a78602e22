//! Names, as guests ask for their addresses: `ip-name-lookup` of WASI 0.2 and 0.3, and our own
//! `lookups`, which gives each kind of address as it comes. A name is asked for only if it is
//! granted. Its answers are filtered, and those that pass are pinned. Only a pinned address can be
//! dialled on behalf of the name.

mod apart;
mod pending;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::task::Poll;

use cofferdam_audit::Caller;
use cofferdam_grants::{Ask, Name, Protocol};
use tokio::time::Instant;
use wasmtime::AsContextMut as _;
use wasmtime::component::{Accessor, Linker, Resource};
use wasmtime_wasi::WasiView;
use wasmtime_wasi::p2::SocketError;
use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup as v0_2;
use wasmtime_wasi::p2::bindings::sockets::network as v0_2_network;
use wasmtime_wasi::p3::bindings::sockets::ip_name_lookup as v0_3;
use wasmtime_wasi::p3::bindings::sockets::types as v0_3_types;
use wasmtime_wasi_io::poll::{DynPollable, Pollable, subscribe};

use super::lookups::Full;
use super::resolver::{Family, Lookup as Asked, Resolved, Unresolved};
use super::{Gate, Gated, GatedView};
use crate::offer::Offer;
use crate::state::State;

use apart::add_names;
pub use pending::NameLookup;

/// Why a lookup was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failed {
    /// What is refused, for the guest.
    Denied(String),
    Invalid,
    Full(Full),
    /// There is no descriptor for it.
    Limit(String),
    Unresolved(Unresolved),
}

impl From<Full> for Failed {
    fn from(full: Full) -> Self {
        Self::Full(full)
    }
}

impl Failed {
    /// Which of the failures for several kinds of address tells most.
    fn weight(&self) -> u8 {
        match self {
            Self::Invalid | Self::Full(_) | Self::Limit(_) => 5,
            Self::Denied(_) => 4,
            Self::Unresolved(Unresolved::NoSuchName) => 3,
            Self::Unresolved(Unresolved::Failed(_)) => 2,
            Self::Unresolved(Unresolved::NoAnswer) => 1,
            Self::Unresolved(Unresolved::NoAddresses) => 0,
        }
    }
}

/// What a guest's text stands for.
enum Begun {
    /// Addresses, without a question.
    These(Vec<IpAddr>),
    /// A name that is being looked up.
    Asked(Name, Asked),
}

impl Gate {
    /// Begins to look a guest's name up.
    fn begin(&self, text: &str, families: &[Family], caller: Option<&Caller>) -> Result<Begun, Failed> {
        // An address is not a name: nothing is asked, and `Connect` decides about it.
        if let Ok(address) = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            return Ok(Begun::These(vec![address]));
        }
        // As the names of rules are read.
        let ascii = idna::domain_to_ascii(text).map_err(|_| Failed::Invalid)?;
        let name = Name::parse(&ascii).map_err(|_| Failed::Invalid)?;
        if name.is_localhost() {
            // An alias of two addresses, not a name (RFC 6761): whether they may be dialled is
            // decided then.
            return Ok(Begun::These(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]));
        }
        let permit = self.ask_in_words(&Ask::Resolve { name: &name }, caller).map_err(Failed::Denied)?;
        let room = |sockets| self.descriptors(sockets, caller).map(Some).map_err(Failed::Limit);
        match self.names.begin(permit, families, room) {
            Ok(asked) => Ok(Begun::Asked(name, asked)),
            Err(failed) => {
                if let Failed::Full(full) = &failed {
                    self.limit_hit(full.limit, caller);
                }
                Err(failed)
            }
        }
    }

    /// Filters the answers and pins what is left.
    fn keep(&self, name: &Name, found: &Resolved, caller: Option<&Caller>) -> Result<Vec<IpAddr>, Failed> {
        let (now, ttl) = (self.now(), found.until.map(|until| until.saturating_duration_since(Instant::now())));
        let mut kept = Vec::with_capacity(found.addresses.len());
        for address in found.addresses.iter().copied() {
            if let Some(permit) = self.ask(&Ask::Pin { name, address }, caller)
                && self.pins().insert(permit, ttl, now)
            {
                kept.push(cofferdam_grants::canonical(address));
            }
        }
        let none = || {
            Failed::Denied(format!("denied: no address of `{name}` may be dialled: the operator's policy decides that"))
        };
        if kept.is_empty() { Err(none()) } else { Ok(kept) }
    }

    /// Looks a guest's name up: all of its addresses that are there in time.
    async fn resolve(&self, text: &str, caller: Option<&Caller>) -> Result<Vec<IpAddr>, Failed> {
        let (name, asked) = match self.begin(text, Family::BOTH, caller)? {
            Begun::These(addresses) => return Ok(addresses),
            Begun::Asked(name, asked) => (name, asked),
        };
        let (mut kept, mut worst) = (Vec::new(), Failed::Unresolved(Unresolved::NoAddresses));
        for (family, outcome) in asked.all().await {
            let outcome = outcome.map_err(Failed::Unresolved);
            match outcome.and_then(|found| self.keep(&name, &found, caller)) {
                // IPv4 comes first: a guest that tries one after the other begins with what every
                // machine reaches.
                Ok(addresses) if family == Family::V4 => drop(kept.splice(0..0, addresses)),
                Ok(addresses) => kept.extend(addresses),
                Err(failed) if failed.weight() > worst.weight() => worst = failed,
                Err(_) => {}
            }
        }
        if kept.is_empty() { Err(worst) } else { Ok(kept) }
    }
}

/// Names, and the types of addresses: whatever may be done with an address needs them.
pub const NAMES: Offer = Offer {
    imports: &["wasi:sockets/types@0.3", "wasi:sockets/ip-name-lookup@0.3", "cofferdam:names/lookups"],
    is_granted: |grants| grants.grants_connect(Protocol::Tcp) || grants.grants_ping(),
    link: |linker| {
        add_names_0_3(linker)?;
        add_names(linker)
    },
};

/// Links WASI 0.3's lookup.
fn add_names_0_3(linker: &mut Linker<State>) -> wasmtime::Result<()> {
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
            Err(Failed::Denied(_)) => Err(ErrorCode::AccessDenied),
            Err(Failed::Invalid) => Err(ErrorCode::InvalidArgument),
            Err(Failed::Limit(limit)) => Err(ErrorCode::Other(Some(limit))),
            Err(Failed::Full(full)) => Err(ErrorCode::Other(Some(full.to_string()))),
            Err(Failed::Unresolved(Unresolved::NoSuchName | Unresolved::NoAddresses)) => {
                Err(ErrorCode::NameUnresolvable)
            }
            Err(Failed::Unresolved(Unresolved::NoAnswer)) => Err(ErrorCode::TemporaryResolverFailure),
            Err(Failed::Unresolved(Unresolved::Failed(_))) => Err(ErrorCode::PermanentResolverFailure),
        })
    }
}

/// Links WASI 0.2's lookup.
pub fn add_names_0_2(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    v0_2::add_to_linker::<State, Gated>(linker, |state| GatedView(state))
}

/// What is said of a lookup whose task is gone.
const ENDED: Failed = Failed::Unresolved(Unresolved::Failed("the lookup has ended"));

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
            self.found = done.unwrap_or(Err(ENDED)).map(Vec::into_iter);
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

/// WASI's resource type is wasmtime's and cannot be made outside; its handle stands for our entry
/// in the table.
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
        let task = gate.names.runtime().spawn({
            let gate = Arc::clone(&gate);
            async move { gate.resolve(&name, None).await }
        });
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
            Err(Failed::Denied(_)) => Err(ErrorCode::AccessDenied.into()),
            Err(Failed::Invalid) => Err(ErrorCode::InvalidArgument.into()),
            Err(Failed::Limit(_) | Failed::Full(_)) => Err(ErrorCode::NewSocketLimit.into()),
            Err(Failed::Unresolved(Unresolved::NoSuchName | Unresolved::NoAddresses)) => {
                Err(ErrorCode::NameUnresolvable.into())
            }
            Err(Failed::Unresolved(Unresolved::NoAnswer)) => Err(ErrorCode::TemporaryResolverFailure.into()),
            Err(Failed::Unresolved(Unresolved::Failed(_))) => Err(ErrorCode::PermanentResolverFailure.into()),
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
