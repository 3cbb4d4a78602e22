//! The interface `queries`: a guest's questions to name servers. A question is read (`question.rs`),
//! the policy is asked about its name and its server, it is counted as a lookup, and only then it
//! is sent (`carrier.rs`).

mod carrier;
mod question;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cofferdam_audit::Caller;
use cofferdam_grants::{Ask, Grants, canonical, canonical_socket, printable};
use wasmtime::AsContextMut as _;
use wasmtime::component::{Accessor, Resource};
use wasmtime_wasi::WasiView as _;

use super::descriptors::Slot;
use super::{Gate, Gated, GatedView, zone};
use crate::abi::plugin_0_1_0::queries::{self, Error, Reply, Server, Transport};
use crate::abi::plugin_0_1_0::types::{IpAddress, Refusal};
use crate::offer::Offer;
use crate::state::State;

pub use carrier::{Carrier, Query};
pub(super) use carrier::{Failed, Over};
use question::Question;

/// The longest message that is read.
const LONGEST: usize = 4096;

/// Questions to name servers: a `resolve` rule grants them.
pub const DNS: Offer = Offer {
    imports: &["cofferdam:dns/queries"],
    is_granted: Grants::grants_query,
    link: |linker| queries::add_to_linker::<State, Gated>(linker, |state| GatedView(state)),
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
    ) -> Result<Carrier, Error> {
        if message.len() > LONGEST {
            return Err(Error::TooLarge);
        }
        let question = Question::read(message).map_err(Error::Malformed)?;
        let server = self.server(to)?;
        let ask = Ask::Query { server, name: &question.asked, system: &self.system_servers() };
        let permit = self.ask_in_words(&ask, caller).map_err(|why| Error::Refused(Refusal::Denied(why)))?;
        // A refused question costs none of the lookups of a minute.
        let place = self.names.question().map_err(|full| {
            self.limit_hit(full.limit, caller);
            Error::Refused(Refusal::Limit(full.to_string()))
        })?;
        // The id is ours: a number that the guest may choose is a way out for data, and a forger
        // must not know it.
        let id = getrandom::u32().map_err(|error| Error::Other(error.to_string()))? as u16;
        let message = question.message(id).map_err(Error::Malformed)?;
        let over = match transport {
            Transport::Udp => Over::Udp,
            Transport::Tcp => Over::Tcp,
        };
        Ok(Carrier::send(permit, over, id, &message, within, (slot, place)).await?)
    }
}

impl Gate {
    /// The server that a guest names. A zone can only be that of a server of the machine's.
    fn server(&self, to: Server) -> Result<SocketAddr, Error> {
        let (address, zone) = to.address.into_parts();
        let server = self.on_its_link(canonical_socket(SocketAddr::new(canonical(address), to.port)));
        let link = match server {
            SocketAddr::V6(server) => server.scope_id(),
            SocketAddr::V4(_) => 0,
        };
        match zone {
            Some(zone) if zone::link_of(&zone).index != link || link == 0 => {
                Err(Error::Other(format!("no name server of this machine is in the zone `{}`", printable(&zone, 32))))
            }
            _ => Ok(server),
        }
    }

    /// A server of the machine's that is reached over one link only: guests know it by its address.
    fn on_its_link(&self, server: SocketAddr) -> SocketAddr {
        let same = |known: &SocketAddr| known.ip() == server.ip() && known.port() == server.port();
        if server.is_ipv4() { server } else { self.servers().into_iter().find(same).unwrap_or(server) }
    }
}

impl queries::Host for GatedView<'_> {
    fn servers(&mut self) -> wasmtime::Result<Vec<Server>> {
        let servers = self.0.gate.servers();
        let wire = |at: SocketAddr| {
            let link = if let SocketAddr::V6(at) = at { at.scope_id() } else { 0 };
            Server { address: IpAddress::from(at.ip()).in_zone(link), port: at.port() }
        };
        Ok(servers.into_iter().map(wire).collect())
    }
}

impl queries::HostQuery for GatedView<'_> {
    fn id(&mut self, query: Resource<Query>) -> wasmtime::Result<u16> {
        Ok(self.0.ctx().table.get(&query)?.id)
    }

    fn drop(&mut self, query: Resource<Query>) -> wasmtime::Result<()> {
        self.0.ctx().table.delete(query)?;
        Ok(())
    }
}

impl queries::HostQueryWithStore<State> for Gated {
    async fn send(
        accessor: &Accessor<State, Self>,
        to: Server,
        transport: Transport,
        message: Vec<u8>,
        within: u64,
    ) -> wasmtime::Result<Result<Resource<Query>, Error>> {
        let begun = accessor.with(|mut access| {
            let mut store = access.as_context_mut();
            let caller = State::caller(&mut store);
            let state = store.data_mut();
            let slot = state.socket_slot(caller.as_deref())?;
            Ok((Arc::clone(&state.gate), slot, state.within(within), caller))
        });
        let (gate, slot, within, caller) = match begun {
            Ok(begun) => begun,
            Err(limit) => return Ok(Err(Error::Refused(Refusal::Limit(limit)))),
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
    ) -> wasmtime::Result<Result<Reply, Error>> {
        let (carrier, within) = accessor.with(|mut access| {
            let state = &mut access.get().0;
            let within = state.within(within);
            Ok::<_, wasmtime::Error>((Arc::clone(state.ctx().table.get(&query)?), within))
        })?;
        let received = carrier.receive(within).await.map_err(Error::from);
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

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::NotPermitted => Self::Refused(Refusal::Denied("denied: the system does not permit it".to_owned())),
            Failed::Refused => Self::ConnectionRefused,
            Failed::Unreachable => Self::Unreachable,
            Failed::Timeout => Self::Timeout,
            Failed::Closed => Self::Closed,
            Failed::Other(what) => Self::Other(what),
        }
    }
}
