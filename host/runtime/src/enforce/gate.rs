//! The gate: every ask of a guest comes through here to `Grants::decide`, is recorded, and only
//! then answered. No decision is taken here.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use cofferdam_audit::{Caller, Decision, Event, Sink, Unwritten};
use cofferdam_grants::{Ask, Denial, Grants, Moment, Permit, Pins, Resource};
use wasmtime_wasi::WasiCtxBuilder;

use super::descriptors::{Descriptors, Full, Slot};
use super::files::{Files, SharedFiles};
use super::icmp::Sending;
use super::resolver::Names;
use crate::call::CallState;
use crate::handler::Handlers;

/// One instance's way to the policy. Pins live and die with it.
pub struct Gate {
    pub(super) plugin: Arc<str>,
    pub(super) grants: Grants,
    pins: Mutex<Pins>,
    pub(super) started: Instant,
    pub(crate) names: Names,
    pub(super) sink: Arc<dyn Sink>,
    pub(super) files: Files,
    pub(super) handlers: Handlers,
    pub(super) sending: Sending,
    /// The one call that the instance is for, where it is for one only.
    only: OnceLock<Arc<Caller>>,
    /// The calls under way, by their numbers, so that an ask which cannot be recorded is told as
    /// that.
    calls: Mutex<HashMap<u64, Arc<CallState>>>,
    descriptors: Arc<Descriptors>,
}

impl Gate {
    /// A gate under these grants.
    pub fn new(
        plugin: Arc<str>,
        grants: Grants,
        names: Names,
        files: Arc<SharedFiles>,
        handlers: Handlers,
        descriptors: Arc<Descriptors>,
        sink: Arc<dyn Sink>,
    ) -> Self {
        Self {
            only: OnceLock::new(),
            plugin,
            grants,
            pins: Mutex::new(Pins::new()),
            started: Instant::now(),
            names,
            sink,
            files: Files::new(files),
            handlers,
            sending: Sending::default(),
            calls: Mutex::default(),
            descriptors,
        }
    }

    /// Says whose the instance is, where it is for one call only. It is said once.
    pub fn belongs_to(&self, caller: &Arc<Caller>) {
        let _ = self.only.set(Arc::clone(caller));
    }

    /// Whose the instance is, where it is for one call only.
    pub fn only(&self) -> Option<&Caller> {
        self.only.get().map(|caller| &**caller)
    }

    /// Sets WASI's own switches, all of them off: sockets and names are our own.
    #[expect(clippy::disallowed_methods, reason = "the gate: nothing of wasmtime's own is let through")]
    pub fn close_wasi(wasi: &mut WasiCtxBuilder) {
        wasi.allow_tcp(false).allow_udp(false).allow_ip_name_lookup(false);
    }

    /// Asks, records, answers. If the answer cannot be recorded it is no.
    pub(super) fn ask(&self, ask: &Ask<'_>, caller: Option<&Caller>) -> Option<Permit> {
        self.recorded(ask, self.grants.decide(ask), caller)
    }

    /// The same. What is said of a no names the thing, for the guest.
    pub(super) fn ask_in_words(&self, ask: &Ask<'_>, caller: Option<&Caller>) -> Result<Permit, String> {
        let answer = self.grants.decide(ask);
        let denied = answer.as_ref().err().map(Denial::for_model);
        let unrecorded = || "denied: it could not be recorded".to_owned();
        self.recorded(ask, answer, caller).ok_or_else(|| denied.unwrap_or_else(unrecorded))
    }

    /// Records an answer and gives it out.
    pub(super) fn recorded(
        &self,
        ask: &Ask<'_>,
        answer: Result<Permit, Denial>,
        caller: Option<&Caller>,
    ) -> Option<Permit> {
        let decision = match &answer {
            Ok(permit) => Decision::Allowed(Some(permit.rule())),
            Err(denial) => Decision::Denied(denial),
        };
        self.record(ask, decision, caller).ok().and(answer.ok())
    }

    /// Records an ask. The guest reads of one that cannot be recorded what it reads of a refusal;
    /// the call that has asked is marked, so that its answer does not blame the policy.
    pub(super) fn record(
        &self,
        ask: &Ask<'_>,
        decision: Decision<'_>,
        caller: Option<&Caller>,
    ) -> Result<(), Unwritten> {
        self.written(ask.resource(), decision, caller)
    }

    fn written(&self, resource: Resource, decision: Decision<'_>, caller: Option<&Caller>) -> Result<(), Unwritten> {
        let caller = caller.or(self.only.get().map(|caller| &**caller));
        let recorded = self.sink.record(&Event::Ask { plugin: &self.plugin, caller, resource, decision });
        recorded.inspect_err(|unwritten| {
            tracing::error!(target: "cofferdam", plugin = &*self.plugin, error = %unwritten, "an ask is not granted");
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

    /// A place for one more descriptor. The error says why there is none.
    pub fn descriptor(&self, caller: Option<&Caller>) -> Result<Slot, String> {
        self.descriptors.slot().map_err(|full| self.no_room(full, caller))
    }

    /// Places for so many descriptors, which are opened only then; why there are none, for whoever
    /// asked.
    pub fn descriptors(&self, number: usize, caller: Option<&Caller>) -> Result<Slot, String> {
        self.descriptors.slots(number).map_err(|full| self.no_room(full, caller))
    }

    fn no_room(&self, full: Full, caller: Option<&Caller>) -> String {
        self.limit_hit(full.limit(), caller);
        match full {
            Full::Plugin => format!("the limit of {} descriptors is reached", self.descriptors.most()),
            Full::Process => "the process has as many descriptors open as it may".to_owned(),
        }
    }

    /// Records that a guest has called an interface that it is not granted.
    pub fn not_granted(&self, import: &str, caller: Option<&Caller>) {
        let interface = import.split_once('@').map_or(import, |(interface, _)| interface);
        let (resource, decision) = (Resource::Interface(interface.to_owned()), Decision::Refused("not-granted"));
        // It is refused in any case: nothing more depends on the record.
        let _ = self.written(resource, decision, caller);
    }

    /// The name servers that the host asks now: those that the policy names, or else the machine's.
    pub(super) fn system_servers(&self) -> Vec<SocketAddr> {
        self.names.machine_servers().unwrap_or_else(|| self.grants.system_servers().to_vec())
    }

    /// The name servers that a question goes to if nobody says otherwise.
    pub(super) fn servers(&self) -> Vec<SocketAddr> {
        self.grants.servers(&self.system_servers())
    }

    pub(super) fn now(&self) -> Moment {
        Moment(self.started.elapsed())
    }

    pub(super) fn pins(&self) -> MutexGuard<'_, Pins> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that a limit was hit.
    pub fn limit_hit(&self, limit: &'static str, caller: Option<&Caller>) {
        let caller = caller.or(self.only.get().map(|caller| &**caller));
        // The request is refused in any case: nothing more depends on the record.
        self.sink.defer(&Event::LimitHit { plugin: &self.plugin, caller, limit });
    }
}
