//! The host's side of `echo`. The policy decides about one address, and the guest gets a socket for
//! that address. The guest says when, how far and how much. The host fills in the rest, counts, and
//! tells what comes back because of it.

mod arrived;
pub(super) mod echo;
mod filter;
mod message;
mod rate;
mod socket;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use cofferdam_audit::Caller;
use cofferdam_grants::{Ask, Grants};
use nix::errno::Errno;
use wasmtime::AsContextMut as _;
use wasmtime::component::{Access, Accessor, Resource};
use wasmtime_wasi::WasiView as _;

use super::{Gate, Gated, GatedView, zone};
use crate::abi::plugin_0_1_0::echo as abi;
use crate::abi::plugin_0_1_0::types::{IpAddress, Refusal};
use crate::offer::Offer;
use crate::state::State;
use echo::{Echo, Failed, Heard};
use message::{HEADER, Kind, MOST_PAYLOAD};

pub use rate::Sending;
pub use socket::IcmpSocket;

/// What would let this process open a socket, for whoever runs it.
const NOT_PERMITTED: &str = "this process may not send echo requests: let the sysctl `net.ipv4.ping_group_range` include one \
    of its groups (for everybody: `sysctl -w net.ipv4.ping_group_range=\"0 2147483647\"`), or give the program CAP_NET_RAW";

impl Gate {
    /// Asks for a target, and opens a socket for it.
    fn ping(
        &self,
        target: IpAddr,
        zone: Option<&str>,
        do_not_fragment: bool,
        caller: Option<&Caller>,
    ) -> Result<Echo, abi::Error> {
        let target = cofferdam_grants::canonical(target);
        let link = zone.map(zone::link_of);
        let permit = {
            let pins = self.pins();
            let ask = Ask::Ping { to: target, zone: link.as_ref(), pins: &pins, now: self.now() };
            self.ask_in_words(&ask, caller).map_err(|why| abi::Error::Refused(Refusal::Denied(why)))?
        };
        let group = || abi::Error::InvalidArgument(format!("`{target}` is a group: echo requests go to one address"));
        if is_group(target) {
            return Err(group());
        }
        Echo::open(permit, do_not_fragment, || self.descriptor(caller).ok()).map_err(|failed| match failed {
            Failed::Group => group(),
            failed => failed.into(),
        })
    }
}

/// Whether many may answer. A rule can name a group; only the answers of one address could be told
/// apart from lies.
fn is_group(address: IpAddr) -> bool {
    address.is_multicast() || address == IpAddr::V4(std::net::Ipv4Addr::BROADCAST)
}

impl From<Failed> for abi::Error {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::TooLarge(mtu) => Self::TooLarge(mtu),
            Failed::Unreachable(error) => Self::Unreachable(in_words(&error)),
            Failed::Group => Self::InvalidArgument("echo requests go to one address, not to a group".to_owned()),
            Failed::NotPermitted => Self::NotPermitted(NOT_PERMITTED.to_owned()),
            Failed::Other(error) => Self::Other(in_words(&error)),
        }
    }
}

/// An error of the system's as `ping` writes it: without its number.
fn in_words(error: &std::io::Error) -> String {
    let known = error.raw_os_error().map(Errno::from_raw).filter(|known| *known != Errno::UnknownErrno);
    known.map_or_else(|| error.kind().to_string(), |known| known.desc().to_owned())
}

impl From<Kind> for abi::Kind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::EchoReply => Self::EchoReply,
            Kind::DestinationUnreachable => Self::DestinationUnreachable,
            Kind::TimeExceeded => Self::TimeExceeded,
            Kind::PacketTooBig => Self::PacketTooBig,
            Kind::ParameterProblem => Self::ParameterProblem,
            Kind::Redirect => Self::Redirect,
            Kind::SourceQuench => Self::SourceQuench,
            Kind::DamagedReply => Self::DamagedReply,
        }
    }
}

/// Echo requests: a `ping` rule grants them.
pub const ICMP: Offer = Offer {
    imports: &["cofferdam:icmp/echo"],
    is_granted: Grants::grants_ping,
    link: |linker| abi::add_to_linker::<State, Gated>(linker, |state| GatedView(state)),
};

impl abi::Host for GatedView<'_> {}

impl abi::HostSocket for GatedView<'_> {
    fn drop(&mut self, socket: Resource<IcmpSocket>) -> wasmtime::Result<()> {
        self.0.ctx().table.delete(socket)?;
        Ok(())
    }
}

impl abi::HostSocketWithStore<State> for Gated {
    fn open(
        mut store: Access<'_, State, Self>,
        target: IpAddress,
        do_not_fragment: bool,
    ) -> wasmtime::Result<Result<Resource<IcmpSocket>, abi::Error>> {
        let caller = State::caller(&mut store.as_context_mut());
        let state = store.get().0;
        let slot = match state.socket_slot(caller.as_deref()) {
            Ok(slot) => slot,
            Err(limit) => return Ok(Err(abi::Error::Refused(Refusal::Limit(limit)))),
        };
        let (target, zone) = target.into_parts();
        Ok(match state.gate.ping(target, zone.as_deref(), do_not_fragment, caller.as_deref()) {
            Ok(echo) => {
                Ok(state.ctx().table.push(IcmpSocket { echo: Arc::new(echo), _slot: slot, told: false.into() })?)
            }
            Err(error) => Err(error),
        })
    }

    fn send(
        mut store: Access<'_, State, Self>,
        socket: Resource<IcmpSocket>,
        sequence: u16,
        hop_limit: u8,
        payload: Vec<u8>,
    ) -> wasmtime::Result<Result<abi::Instant, abi::Error>> {
        let caller = State::caller(&mut store.as_context_mut());
        let state = store.get().0;
        let echo = Arc::clone(&state.ctx().table.get(&socket)?.echo);
        if payload.len() > MOST_PAYLOAD {
            return Ok(Err(abi::Error::TooLarge(None)));
        }
        if hop_limit == 0 {
            return Ok(Err(abi::Error::InvalidArgument("a hop limit of 0 reaches nobody".to_owned())));
        }
        if let Err(wait) = state.gate.sending.take(HEADER + payload.len()) {
            if !state.ctx().table.get(&socket)?.told.swap(true, Ordering::Relaxed) {
                state.gate.limit_hit("ping rate", caller.as_deref());
            }
            return Ok(Err(abi::Error::Refused(Refusal::Wait(u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX)))));
        }
        let sent = echo.send(sequence, hop_limit, &payload);
        Ok(sent.map(|at| state.gate.instant(at)).map_err(Into::into))
    }

    async fn receive(
        accessor: &Accessor<State, Self>,
        socket: Resource<IcmpSocket>,
    ) -> wasmtime::Result<Result<abi::Packet, abi::Error>> {
        let (echo, gate) = accessor.with(|mut access| {
            let state = access.get().0;
            let gate = Arc::clone(&state.gate);
            state.ctx().table.get(&socket).map(|socket| (Arc::clone(&socket.echo), gate))
        })?;
        Ok(match echo.receive().await {
            Ok(heard) => Ok(gate.packet(heard)),
            Err(error) => Err(abi::Error::Other(error.to_string())),
        })
    }
}

impl Gate {
    fn packet(&self, heard: Heard) -> abi::Packet {
        let Heard { kind, icmp_type, code, sender, sequence, hop_limit, size, mtu, pointer, next_hop, .. } = heard;
        abi::Packet {
            kind: kind.into(),
            icmp_type,
            code,
            sender: sender.into(),
            sequence,
            hop_limit,
            size,
            mtu,
            pointer,
            next_hop: next_hop.map(Into::into),
            payload: heard.payload,
            received: self.instant(heard.received),
        }
    }

    /// An instant as guests see it: since their instance began.
    fn instant(&self, at: Instant) -> abi::Instant {
        u64::try_from(at.saturating_duration_since(self.started).as_nanos()).unwrap_or(u64::MAX)
    }
}
