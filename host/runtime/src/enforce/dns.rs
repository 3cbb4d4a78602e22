//! The interface `dns`: a guest's questions to name servers. A question is read (`question.rs`),
//! the policy is asked about its name and its server, it is counted as a lookup, and only then it
//! is sent (`carrier.rs`).

mod carrier;
mod question;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use cofferdam_audit::Caller;
use cofferdam_grants::{Ask, Grants, canonical, canonical_socket};
use wasmtime::AsContextMut as _;
use wasmtime::component::{Accessor, Resource};
use wasmtime_wasi::WasiView as _;

use super::descriptors::Slot;
use super::{Gate, Gated, GatedView};
use crate::abi::since_0_1_0::dns::{self, ErrorCode, IpAddress, Reply, Server, Transport};
use crate::offer::Offer;
use crate::state::State;

pub use carrier::{Carrier, Query};
pub(super) use carrier::{Failed, Over};
use question::Question;

/// The longest message that is read.
const LONGEST: usize = 4096;

/// Questions to name servers: a `resolve` rule grants them.
pub const DNS: Offer = Offer {
    imports: &["cofferdam:plugin/dns"],
    is_granted: Grants::grants_query,
    link: |linker| dns::add_to_linker::<State, Gated>(linker, |state| GatedView(state)),
};

impl Gate {
    /// Sends a guest's question, if the policy allows its name and its server.
    async fn query(
        &self,
        to: Server,
        transport: Transport,
        message: &[u8],
        within: Duration,
        slot: Slot,
        caller: Option<&Caller>,
    ) -> Result<Carrier, ErrorCode> {
        if message.len() > LONGEST {
            return Err(ErrorCode::TooLarge);
        }
        let question = Question::read(message).map_err(ErrorCode::Malformed)?;
        let server = self.on_its_link(canonical_socket(SocketAddr::new(canonical(address(to.address)), to.port)));
        let ask = Ask::Query { server, name: &question.asked, system: &self.system_servers() };
        let permit = self.ask(&ask, caller).ok_or(ErrorCode::AccessDenied)?;
        // A refused question costs none of the lookups of a minute.
        let place = self.names.question().map_err(|full| {
            self.limit_hit(full.limit, caller);
            ErrorCode::Limit(full.to_string())
        })?;
        // The id is ours: a number that the guest may choose is a way out for data, and a forger
        // must not know it.
        let id = getrandom::u32().map_err(|error| ErrorCode::Other(error.to_string()))? as u16;
        let message = question.message(id).map_err(ErrorCode::Malformed)?;
        let over = match transport {
            Transport::Udp => Over::Udp,
            Transport::Tcp => Over::Tcp,
        };
        Ok(Carrier::send(permit, over, id, &message, within, (slot, place)).await?)
    }
}

impl Gate {
    /// A server of the machine's that is reached over one link only: guests know it by its address.
    fn on_its_link(&self, server: SocketAddr) -> SocketAddr {
        let same = |known: &SocketAddr| known.ip() == server.ip() && known.port() == server.port();
        if server.is_ipv4() { server } else { self.servers().into_iter().find(same).unwrap_or(server) }
    }
}

impl dns::Host for GatedView<'_> {
    fn servers(&mut self) -> wasmtime::Result<Vec<Server>> {
        let servers = self.0.gate.servers();
        Ok(servers.into_iter().map(|at| Server { address: wire(at.ip()), port: at.port() }).collect())
    }
}

impl dns::HostQuery for GatedView<'_> {
    fn id(&mut self, query: Resource<Query>) -> wasmtime::Result<u16> {
        Ok(self.0.ctx().table.get(&query)?.id)
    }

    fn drop(&mut self, query: Resource<Query>) -> wasmtime::Result<()> {
        self.0.ctx().table.delete(query)?;
        Ok(())
    }
}

impl dns::HostQueryWithStore<State> for Gated {
    async fn send(
        accessor: &Accessor<State, Self>,
        to: Server,
        transport: Transport,
        message: Vec<u8>,
        within: u64,
    ) -> wasmtime::Result<Result<Resource<Query>, ErrorCode>> {
        let begun = accessor.with(|mut access| {
            let mut store = access.as_context_mut();
            let caller = State::caller(&mut store);
            let state = store.data_mut();
            let slot = state.socket_slot(caller.as_deref())?;
            Ok((Arc::clone(&state.gate), slot, state.within(within), caller))
        });
        let (gate, slot, within, caller) = match begun {
            Ok(begun) => begun,
            Err(limit) => return Ok(Err(ErrorCode::Limit(limit))),
        };
        match gate.query(to, transport, &message, within, slot, caller.as_deref()).await {
            Ok(carrier) => accessor.with(|mut access| Ok(Ok(access.get().0.ctx().table.push(Arc::new(carrier))?))),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn receive(
        accessor: &Accessor<State, Self>,
        query: Resource<Query>,
        within: u64,
    ) -> wasmtime::Result<Result<Reply, ErrorCode>> {
        let (carrier, within) = accessor.with(|mut access| {
            let state = &mut access.get().0;
            let within = state.within(within);
            Ok::<_, wasmtime::Error>((Arc::clone(state.ctx().table.get(&query)?), within))
        })?;
        let received = carrier.receive(within).await.map_err(ErrorCode::from);
        Ok(received.map(|(message, elapsed)| Reply {
            message,
            elapsed: u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX),
        }))
    }
}

impl State {
    /// A guest's wait, which ends with the longest call at the latest.
    fn within(&self, nanoseconds: u64) -> Duration {
        Duration::from_nanos(nanoseconds).min(self.about.limits.call)
    }
}

impl From<Failed> for ErrorCode {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::NotPermitted => Self::AccessDenied,
            Failed::Refused => Self::Refused,
            Failed::Unreachable => Self::Unreachable,
            Failed::Timeout => Self::Timeout,
            Failed::Closed => Self::Closed,
            Failed::Other(what) => Self::Other(what),
        }
    }
}

fn address(address: IpAddress) -> IpAddr {
    match address {
        IpAddress::Ipv4((a, b, c, d)) => IpAddr::from([a, b, c, d]),
        IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => IpAddr::from([a, b, c, d, e, f, g, h]),
    }
}

fn wire(address: IpAddr) -> IpAddress {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            IpAddress::Ipv4((a, b, c, d))
        }
        IpAddr::V6(address) => {
            let [a, b, c, d, e, f, g, h] = address.segments();
            IpAddress::Ipv6((a, b, c, d, e, f, g, h))
        }
    }
}
