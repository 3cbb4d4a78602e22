//! Admission of requests: which are let in, under which number, in which order, and how many at
//! once. It lies between a transport, which reads and writes messages, and the handlers. It reads
//! no bytes and knows no pipe, so that every transport can admit through it.
//!
//! One [`Admission`] serves the process: its bound is shared by all sessions of a principal. A
//! [`SessionAdmission`] serves one session: request ids and the order of calls are the session's
//! own.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use cofferdam_registry::{Held, Orders, Principal, Target, Turn};
use rmcp::model::{
    ClientRequest, ErrorCode, GetExtensions, GetMeta, JsonRpcError, JsonRpcMessage, JsonRpcRequest, RequestId,
    ServerJsonRpcMessage, ServerResult,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    handshake::Handshake,
    ids::Ids,
    refusal::{OVERLOADED, Refusal},
};

/// The bounds that all sessions of a server share.
#[derive(Debug)]
pub(crate) struct Admission {
    /// How many requests of one principal may run at once.
    max_running: usize,
    /// The principals that have a session or a running request, each with its free places.
    running: Mutex<HashMap<Principal, Weak<Semaphore>>>,
}

/// Finds where a call of a tool goes; see [`ToolService::find`](crate::ToolService::find).
pub(crate) type Find = Box<dyn Fn(&str) -> Option<Target> + Send>;

/// The requests of one session.
pub(crate) struct SessionAdmission {
    principal: Principal,
    max_running: usize,
    /// The principal's free places.
    running: Arc<Semaphore>,
    ids: Ids,
    handshake: Handshake,
    orders: Orders,
    find: Find,
    /// Calls that have not been answered, each with the memory that its answer holds.
    held: HashMap<RequestId, HeldMemory>,
}

/// The memory that an answer holds on its way out, once there is one.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeldMemory(Arc<Mutex<Option<Held>>>);

impl HeldMemory {
    fn put(&self, held: Option<Held>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = held;
    }
}

/// What admission has given to a request. It travels with the request as an extension, and handlers
/// take from it what they need. What nobody has taken is given back when the request is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Admitted(Arc<Mutex<Grant>>);

#[derive(Debug)]
struct Grant {
    principal: Principal,
    running: Option<OwnedSemaphorePermit>,
    turn: Option<Turn>,
    held: HeldMemory,
}

/// What becomes of a message to the client.
#[derive(Debug)]
pub(crate) enum Outbound {
    /// It answers the request with this number. The memory is held until the answer is written.
    Answer(RequestId, Option<HeldMemory>),
    /// It answers nothing.
    Other,
    /// It belongs to a request that the client has cancelled or abandoned. It is dropped.
    Unwanted,
}

impl Admission {
    pub(crate) fn new(max_running: usize) -> Self {
        Self { max_running: max_running.min(Semaphore::MAX_PERMITS), running: Mutex::default() }
    }

    /// A new session of this principal.
    pub(crate) fn session(&self, principal: Principal, find: Find) -> SessionAdmission {
        let mut all = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, running| running.strong_count() > 0);
        let running = all.get(&principal).and_then(Weak::upgrade).unwrap_or_else(|| {
            let running = Arc::new(Semaphore::new(self.max_running));
            all.insert(principal.clone(), Arc::downgrade(&running));
            running
        });
        SessionAdmission {
            principal,
            max_running: self.max_running,
            running,
            ids: Ids::default(),
            handshake: Handshake::default(),
            orders: Orders::default(),
            find,
            held: HashMap::new(),
        }
    }
}

impl SessionAdmission {
    /// Admits a request: it gets a number in place of its id, and an [`Admitted`] as an extension.
    /// `at` is the time on the clock of the transport.
    ///
    /// # Errors
    /// The answer to a request that is not let in.
    pub(crate) fn admit(&mut self, request: &mut JsonRpcRequest<ClientRequest>, at: Duration) -> Result<(), Refusal> {
        let refuse = |code, reason: String| Err(Refusal::new(serde_json::to_string(&request.id).ok(), code, reason));
        if let Some(reason) = self.handshake.is_missing_for(&request.request) {
            return refuse(ErrorCode::INVALID_PARAMS, reason);
        }
        if self.ids.is_used(&request.id) {
            let reason = "a request with this `id` has not been answered yet".to_owned();
            return refuse(ErrorCode::INVALID_REQUEST, reason);
        }
        let Ok(running) = Arc::clone(&self.running).try_acquire_owned() else {
            let reason = format!("{} requests are running, no more are taken; try again later", self.max_running);
            return refuse(OVERLOADED, reason);
        };
        request.id = self.ids.admit(&request.id, at);
        let turn = match &request.request {
            ClientRequest::InitializeRequest(_) => {
                self.handshake.begin(request.id.clone());
                None
            }
            ClientRequest::CallToolRequest(call) => Some(self.orders.next_turn((self.find)(&call.params.name))),
            _ => None,
        };
        let held = HeldMemory::default();
        if turn.is_some() {
            self.held.insert(request.id.clone(), held.clone());
        }
        let grant = Grant { principal: self.principal.clone(), running: Some(running), turn, held };
        request.request.extensions_mut().insert(Admitted(Arc::new(Mutex::new(grant))));
        Ok(())
    }

    /// The client cancels a request: nothing answers it any more. Returns its number, if it has not
    /// been answered.
    pub(crate) fn cancel(&mut self, id: &RequestId) -> Option<RequestId> {
        let number = self.ids.cancel(id)?;
        self.held.remove(&number);
        Some(number)
    }

    /// The input has ended: nothing answers the requests that came long before. Returns their
    /// numbers.
    pub(crate) fn abandon(&mut self, now: Duration) -> Vec<RequestId> {
        let numbers = self.ids.abandon(now);
        numbers.iter().for_each(|number| _ = self.held.remove(number));
        numbers
    }

    /// Gives a message to the client the ids that the client knows.
    pub(crate) fn outbound(&mut self, message: &mut ServerJsonRpcMessage) -> Outbound {
        let id = match message {
            JsonRpcMessage::Response(response) => &mut response.id,
            JsonRpcMessage::Error(JsonRpcError { id: Some(id), .. }) => id,
            JsonRpcMessage::Notification(notification) => {
                if let Some(subscription) = notification.notification.get_meta().subscription_id() {
                    let Some(id) = self.ids.known(&subscription) else { return Outbound::Unwanted };
                    notification.notification.get_meta_mut().set_subscription_id(id.clone());
                }
                return Outbound::Other;
            }
            JsonRpcMessage::Error(_) | JsonRpcMessage::Request(_) => return Outbound::Other,
        };
        let Some(outside) = self.ids.answer(id) else { return Outbound::Unwanted };
        let number = std::mem::replace(id, outside.clone());
        if let JsonRpcMessage::Response(response) = message {
            match &mut response.result {
                ServerResult::InitializeResult(result) => self.handshake.settle(result.protocol_version.clone()),
                ServerResult::SubscriptionsListenResult(result) => result.meta.set_subscription_id(outside),
                _ => {}
            }
        }
        self.handshake.answered(&number);
        let held = self.held.remove(&number);
        Outbound::Answer(number, held)
    }

    /// The handshake of this session.
    pub(crate) fn handshake(&self) -> &Handshake {
        &self.handshake
    }
}

impl fmt::Debug for SessionAdmission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionAdmission").field("principal", &self.principal).field("ids", &self.ids).finish()
    }
}

impl Admitted {
    /// On whose behalf the request came.
    pub(crate) fn principal(&self) -> Principal {
        self.grant(|grant| grant.principal.clone())
    }

    /// The request's place among those that run. The place is free again when this is dropped.
    pub(crate) fn take_place(&self) -> Option<OwnedSemaphorePermit> {
        self.grant(|grant| grant.running.take())
    }

    /// The call's turn among the calls that arrived.
    pub(crate) fn take_turn(&self) -> Option<Turn> {
        self.grant(|grant| grant.turn.take())
    }

    /// The answer of the request holds this memory until it is written, or is not wanted any more.
    pub(crate) fn hold(&self, memory: Option<Held>) {
        self.grant(|grant| grant.held.put(memory));
    }

    fn grant<T>(&self, take: impl FnOnce(&mut Grant) -> T) -> T {
        take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
#[path = "admission_tests.rs"]
mod tests;
