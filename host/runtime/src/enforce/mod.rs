//! The gate: every ask of a guest comes through here to `Grants::decide`, is recorded, and only then answered. No
//! decision is taken here.

mod dns;
mod files;
mod icmp;
mod lookups;
mod names;
mod resolver;
mod sockets;
mod zone;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use cofferdam_audit::{Caller, Decision, Event, Sink, Unwritten};
use cofferdam_grants::{Ask, Denial, Grants, Moment, Permit, Pins, Protocol};
use wasmtime::component::HasData;
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::sockets::SocketAddrUse;

use crate::state::{CallState, State};

pub use dns::{Query, add_dns};
pub use files::{Files, OwnFiles, SharedFiles, add_files_0_2, try_reading};
pub use icmp::{IcmpSocket, add_icmp};
pub use names::{NameLookup, add_names, add_names_0_2, add_names_0_3};
pub use resolver::{NameServers, Names, Unresolved, machine_servers};
pub use sockets::{Orphans, add_sockets_0_2, add_sockets_0_3};
pub use zone::link_of;

/// Where generated code finds our state, for the interfaces that are our own.
pub struct Gated;

impl HasData for Gated {
    type Data<'a> = GatedView<'a>;
}

/// A wrapper, so that WASI's traits can be implemented for our state beside wasmtime's own implementations.
pub struct GatedView<'a>(&'a mut State);

/// One instance's way to the policy. Pins live and die with it.
pub struct Gate {
    plugin: Arc<str>,
    grants: Grants,
    pins: Mutex<Pins>,
    started: Instant,
    names: Names,
    sink: Arc<dyn Sink>,
    files: Files,
    sending: icmp::Sending,
    /// The one call that the instance is for, where it is for one only.
    only: OnceLock<Arc<Caller>>,
    /// Whose effect is under way, while wasmtime asks about a socket's address without saying for whom.
    asking: Mutex<Option<Arc<Caller>>>,
    /// The calls under way, by their numbers, so that an ask which cannot be recorded is told as that.
    calls: Mutex<HashMap<u64, Arc<CallState>>>,
}

impl Gate {
    /// A gate under these grants, in which `system` means the name servers that the machine asks now.
    pub fn new(plugin: Arc<str>, grants: Grants, names: Names, files: Arc<SharedFiles>, sink: Arc<dyn Sink>) -> Self {
        let machine = grants.grants_query().then(|| names.machine_servers()).flatten();
        let grants = match machine {
            Some(servers) => grants.with_system_servers(servers),
            None => grants,
        };
        Self {
            only: OnceLock::new(),
            plugin,
            grants,
            pins: Mutex::new(Pins::new()),
            started: Instant::now(),
            names,
            sink,
            files: Files::new(files),
            sending: icmp::Sending::default(),
            asking: Mutex::default(),
            calls: Mutex::default(),
        }
    }

    /// Whether what the machine asks is still what it was when this was made.
    pub fn is_current(&self) -> bool {
        let machine = self.grants.grants_query().then(|| self.names.machine_servers()).flatten();
        machine.is_none_or(|servers| servers == self.grants.system_servers())
    }

    /// Says whose the instance is, where it is for one call only. It is said once.
    pub fn belongs_to(&self, caller: &Arc<Caller>) {
        let _ = self.only.set(Arc::clone(caller));
    }

    /// Whose the instance is, where it is for one call only.
    pub fn only(&self) -> Option<&Caller> {
        self.only.get().map(|caller| &**caller)
    }

    /// Sets WASI's own switches: TCP where anything of it is granted, every address through [`Gate::socket`].
    #[expect(clippy::disallowed_methods, reason = "the gate: every address goes through `Gate::socket`")]
    pub fn open(self: &Arc<Self>, wasi: &mut WasiCtxBuilder) {
        wasi.allow_tcp(self.grants.grants_connect(Protocol::Tcp));
        wasi.allow_udp(false);
        // Names are looked up by our own interface, never by wasmtime's.
        wasi.allow_ip_name_lookup(false);
        let gate = Arc::clone(self);
        wasi.socket_addr_check(move |address, to| Box::pin(std::future::ready(gate.socket(address, to))));
    }

    /// Asks, records, answers. If the answer cannot be recorded it is no.
    fn ask(&self, ask: &Ask<'_>, caller: Option<&Caller>) -> Option<Permit> {
        self.recorded(ask, self.grants.decide(ask), caller)
    }

    /// Records an answer and gives it out.
    fn recorded(&self, ask: &Ask<'_>, answer: Result<Permit, Denial>, caller: Option<&Caller>) -> Option<Permit> {
        let decision = match &answer {
            Ok(permit) => Decision::Allowed(Some(permit.rule())),
            Err(denial) => Decision::Denied(denial),
        };
        self.record(ask, decision, caller).ok().and(answer.ok())
    }

    /// Records an ask. The guest reads of one that cannot be recorded what it reads of a refusal; the call that has asked is marked,
    /// so that its answer does not blame the policy.
    fn record(&self, ask: &Ask<'_>, decision: Decision<'_>, caller: Option<&Caller>) -> Result<(), Unwritten> {
        let caller = caller.or(self.only.get().map(|caller| &**caller));
        let recorded =
            self.sink.record(&Event::Ask { plugin: &self.plugin, caller, resource: ask.resource(), decision });
        recorded.inspect_err(|unwritten| {
            tracing::error!(target: "cofferdam", "{unwritten}");
            let calls = self.calls();
            match caller {
                Some(caller) => calls.get(&caller.call).into_iter().for_each(|call| call.set_unrecorded()),
                // Nobody knows which of them it was.
                None => calls.values().for_each(|call| call.set_unrecorded()),
            }
        })
    }

    /// Says that a call is under way.
    pub fn call_begins(&self, caller: &Caller, state: &Arc<CallState>) {
        self.calls().insert(caller.call, Arc::clone(state));
    }

    /// Says that a call has ended.
    pub fn call_ends(&self, caller: &Caller) {
        self.calls().remove(&caller.call);
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<u64, Arc<CallState>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn socket(&self, address: SocketAddr, to: SocketAddrUse) -> bool {
        use Protocol::{Tcp, Udp};
        let pins = self.pins();
        // What is dialled is known by its number; rules may name the link.
        let link = match address {
            SocketAddr::V6(six) if six.scope_id() != 0 => Some(zone::numbered(six.scope_id())),
            _ => None,
        };
        let zone = link.as_ref();
        let ask = match to {
            SocketAddrUse::TcpBind => Ask::Bind { protocol: Tcp, at: address },
            SocketAddrUse::TcpConnect => {
                Ask::Connect { protocol: Tcp, to: address, zone, pins: &pins, now: self.now() }
            }
            SocketAddrUse::TcpListen => Ask::Listen { protocol: Tcp, at: address },
            SocketAddrUse::TcpAccept => Ask::Accept { protocol: Tcp, from: address },
            SocketAddrUse::UdpBind => Ask::Bind { protocol: Udp, at: address },
            SocketAddrUse::UdpSend => Ask::Connect { protocol: Udp, to: address, zone, pins: &pins, now: self.now() },
            SocketAddrUse::UdpReceive => Ask::Accept { protocol: Udp, from: address },
        };
        let caller = self.asking.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match self.ask(&ask, caller.as_deref()) {
            // The effect is wasmtime's own next step, on this very address: the permit has done its part.
            Some(permit) => {
                drop(permit);
                true
            }
            None => false,
        }
    }

    /// The name servers that a question goes to if nobody says otherwise.
    fn servers(&self) -> Vec<SocketAddr> {
        self.grants.servers()
    }

    fn now(&self) -> Moment {
        Moment(self.started.elapsed())
    }

    fn pins(&self) -> MutexGuard<'_, Pins> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that a limit was hit.
    pub fn limit_hit(&self, limit: &'static str, caller: Option<&Caller>) {
        let caller = caller.or(self.only.get().map(|caller| &**caller));
        // The request is refused in any case: nothing more depends on the record.
        self.sink.owe(&Event::LimitHit { plugin: &self.plugin, caller, limit });
    }

    /// Runs an effect of wasmtime's so that what it asks is recorded as this caller's. Effects of one instance are polled one
    /// after the other, by the one event loop.
    async fn on_behalf<T>(&self, caller: Option<Arc<Caller>>, effect: impl Future<Output = T>) -> T {
        let mut effect = std::pin::pin!(effect);
        let asking = || self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        std::future::poll_fn(|cx| {
            *asking() = caller.clone();
            let polled = effect.as_mut().poll(cx);
            *asking() = None;
            polled
        })
        .await
    }
}
