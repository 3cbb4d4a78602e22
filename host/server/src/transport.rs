//! rmcp's `Transport` over our own lines. It decides what reaches the service loop: broken lines are answered here, ids
//! that are in use are refused and all others replaced (see [`Ids`]), batches are taken apart and put together again, and
//! requests that need a session wait for it or are refused. It does not know any tool.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use cofferdam_registry::{Orders, Target, Turn};
use rmcp::{
    RoleServer,
    model::{
        CancelledNotification, CancelledNotificationParam, ClientJsonRpcMessage, ClientNotification, ClientRequest,
        ErrorCode, GetMeta, JsonRpcError, JsonRpcMessage, ProtocolVersion, RequestId, ServerJsonRpcMessage,
        ServerResult,
    },
    transport::Transport,
};
use tokio::io::AsyncRead;
use tokio_util::sync::CancellationToken;

use crate::{
    batch::{Batches, MAX_BATCH},
    decode::{self, Decoded, Refusal},
    ids::Ids,
    lines::{Line, Lines},
    outbox::{self, Outbox},
};

/// What the ends of the wire have come to; shared by the transport, the writer and the one who waits for them.
#[derive(Debug, Default)]
pub(crate) struct Link {
    /// The input has ended, or could not be read further.
    pub(crate) ended: CancellationToken,
    /// The output cannot be written any more.
    pub(crate) broken: CancellationToken,
    read_error: OnceLock<io::Error>,
    write_error: OnceLock<io::Error>,
}

impl Link {
    pub(crate) fn fail_write(&self, error: io::Error) {
        let _ = self.write_error.set(error);
        self.broken.cancel();
    }

    fn fail_read(&self, error: io::Error) {
        let _ = self.read_error.set(error);
        self.ended.cancel();
    }

    pub(crate) fn read_error(&self) -> Option<io::Error> {
        self.read_error.get().map(copy)
    }

    pub(crate) fn write_error(&self) -> Option<io::Error> {
        self.write_error.get().map(copy)
    }
}

fn copy(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| io::Error::new(error.kind(), error.to_string()), io::Error::from_raw_os_error)
}

/// The wire as the service loop sees it.
pub(crate) struct Wire<R> {
    lines: Lines<R>,
    limit: usize,
    /// `None` once closed.
    outbox: Option<Outbox>,
    link: Arc<Link>,
    /// Decoded and not yet given to the loop.
    ready: VecDeque<ClientJsonRpcMessage>,
    /// Answers of the transport's own, not yet queued.
    replies: VecDeque<Vec<u8>>,
    /// Requests whose answers have not been sent.
    ids: Ids,
    batches: Batches,
    session: Session,
    /// What `initialize` settled on.
    version: Option<ProtocolVersion>,
    /// How long the input has been silent, all in all, and since when it is.
    silence: Duration,
    silent_since: Option<Instant>,
    /// Calls reach their plugin in the order of their arrival.
    orders: Orders,
    /// Finds where a call of a tool goes.
    find: Find,
}

/// Finds a tool; see [`Desk::find`](crate::desk::Desk::find).
pub(crate) type Find = Box<dyn Fn(&str) -> Option<Target> + Send>;

/// How far the handshake of the older protocols has come.
#[derive(Debug, PartialEq, Eq)]
enum Session {
    /// There was none: only what says itself which protocol it speaks is served.
    None,
    /// An `initialize` has been read; what stands behind it waits for its answer. It bears this number inside.
    Opening(RequestId),
    /// One has been answered.
    Open,
}

/// What becomes of a message to the client.
#[derive(Debug, PartialEq, Eq)]
enum Outward {
    /// It answers the request that bears this number inside.
    Answer(RequestId),
    /// It answers nothing.
    Other,
    /// It belongs to a request that the client has cancelled or abandoned, and is dropped.
    Unwanted,
}

/// A call's turn on its way through the loop, which hands requests on as values that can be cloned.
#[derive(Clone, Debug)]
pub(crate) struct Place(Arc<Mutex<Option<Turn>>>);

impl Place {
    fn new(turn: Turn) -> Self {
        Self(Arc::new(Mutex::new(Some(turn))))
    }

    /// The turn, for the one who runs the call.
    pub(crate) fn take(&self) -> Option<Turn> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<R: AsyncRead + Unpin> Wire<R> {
    pub(crate) fn new(reader: R, limit: usize, outbox: Outbox, link: Arc<Link>, find: Find) -> Self {
        Self {
            lines: Lines::new(reader, limit),
            limit,
            outbox: Some(outbox),
            link,
            ready: VecDeque::new(),
            replies: VecDeque::new(),
            ids: Ids::default(),
            batches: Batches::default(),
            session: Session::None,
            version: None,
            orders: Orders::default(),
            find,
            silence: Duration::ZERO,
            silent_since: None,
        }
    }

    fn admit(&mut self, decoded: Decoded) {
        match decoded {
            Decoded::Nothing => {}
            Decoded::Refused(refusal) => self.replies.push_back(refusal.encode()),
            Decoded::Message(message) => match self.check(*message) {
                Ok(Some(message)) => self.ready.push_back(message),
                Ok(None) => {}
                Err(refusal) => self.replies.push_back(refusal.encode()),
            },
            Decoded::Batch(elements) => self.admit_batch(elements),
        }
    }

    /// Lets a message through, drops it, or refuses it.
    fn check(&mut self, mut message: ClientJsonRpcMessage) -> Result<Option<ClientJsonRpcMessage>, Refusal> {
        match &mut message {
            JsonRpcMessage::Request(request) => {
                let id = serde_json::to_string(&request.id).ok();
                if self.session == Session::None
                    && let Some(reason) = needs_session(&request.request)
                {
                    return Err(Refusal::new(id, ErrorCode::INVALID_PARAMS, reason));
                }
                let Some(number) = self.ids.admit(&request.id, self.silence) else {
                    let reason = "a request with this `id` has not been answered yet";
                    return Err(Refusal::new(id, ErrorCode::INVALID_REQUEST, reason));
                };
                request.id = number;
                match &mut request.request {
                    ClientRequest::InitializeRequest(_) => self.session = Session::Opening(request.id.clone()),
                    ClientRequest::CallToolRequest(call) => {
                        let target = (self.find)(&call.params.name);
                        call.extensions.insert(Place::new(self.orders.next_turn(target)));
                    }
                    _ => {}
                }
            }
            JsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) = &mut notification.notification
                    && let Some(id) = &mut cancelled.params.request_id
                {
                    // What has been answered cannot be cancelled.
                    let Some(number) = self.ids.cancel(id) else { return Ok(None) };
                    self.replies.extend(self.batches.settle(&number, None));
                    *id = number;
                }
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => {}
        }
        Ok(Some(message))
    }

    /// At the end of the input: requests whose answers nobody waits for are cancelled, without an answer.
    fn abandon(&mut self) {
        for number in self.ids.abandon(self.silence) {
            self.batches.settle(&number, None);
            let params = CancelledNotificationParam::new(Some(number), Some("the input has ended".to_owned()));
            let cancelled = ClientNotification::CancelledNotification(CancelledNotification::new(params));
            self.ready.push_back(ClientJsonRpcMessage::notification(cancelled));
        }
    }

    fn admit_batch(&mut self, elements: Vec<Decoded>) {
        let refused = if self.version != Some(ProtocolVersion::V_2025_03_26) {
            Some("batches belong to protocol 2025-03-26; send one message a line".to_owned())
        } else {
            (elements.len() > MAX_BATCH).then(|| format!("a batch may hold {MAX_BATCH} messages"))
        };
        if let Some(reason) = refused {
            let ids: Vec<_> = elements.into_iter().filter_map(request_id).collect();
            if ids.is_empty() {
                self.replies.push_back(Refusal::new(None, ErrorCode::INVALID_REQUEST, reason).encode());
            } else {
                let refuse = |id| Refusal::new(Some(id), ErrorCode::INVALID_REQUEST, reason.as_str()).encode();
                self.replies.extend(ids.into_iter().map(refuse));
            }
            return;
        }
        let (mut requests, mut answers) = (Vec::new(), Vec::new());
        for element in elements {
            match element {
                Decoded::Refused(refusal) => answers.push(refusal.encode()),
                Decoded::Message(message) => match self.check(*message) {
                    Ok(Some(message)) => {
                        if let JsonRpcMessage::Request(request) = &message {
                            requests.push(request.id.clone());
                        }
                        self.ready.push_back(message);
                    }
                    Ok(None) => {}
                    Err(refusal) => answers.push(refusal.encode()),
                },
                Decoded::Nothing | Decoded::Batch(_) => {}
            }
        }
        self.replies.extend(self.batches.open(requests, answers));
    }

    /// Gives a message the ids that the client knows.
    fn outward(&mut self, message: &mut ServerJsonRpcMessage) -> Outward {
        let id = match message {
            JsonRpcMessage::Response(response) => &mut response.id,
            JsonRpcMessage::Error(JsonRpcError { id: Some(id), .. }) => id,
            JsonRpcMessage::Notification(notification) => {
                if let Some(subscription) = notification.notification.get_meta().subscription_id() {
                    let Some(id) = self.ids.known(&subscription) else { return Outward::Unwanted };
                    notification.notification.get_meta_mut().set_subscription_id(id.clone());
                }
                return Outward::Other;
            }
            JsonRpcMessage::Error(_) | JsonRpcMessage::Request(_) => return Outward::Other,
        };
        let Some(outside) = self.ids.answer(id) else { return Outward::Unwanted };
        let inside = std::mem::replace(id, outside.clone());
        if let JsonRpcMessage::Response(response) = message {
            match &mut response.result {
                ServerResult::InitializeResult(result) => self.version = Some(result.protocol_version.clone()),
                ServerResult::SubscriptionsListenResult(result) => result.meta.set_subscription_id(outside),
                _ => {}
            }
        }
        if self.session == Session::Opening(inside.clone()) {
            self.session = if self.version.is_some() { Session::Open } else { Session::None };
        }
        Outward::Answer(inside)
    }

    fn too_long(&self, id: Option<String>) -> Decoded {
        let reason = format!("the message is over the limit of {} bytes and was not read", self.limit);
        Decoded::Refused(Refusal::new(id, ErrorCode::INVALID_REQUEST, reason))
    }
}

/// Why a request is refused before any `initialize`: it does not say itself which protocol it speaks.
fn needs_session(request: &ClientRequest) -> Option<String> {
    if matches!(request, ClientRequest::InitializeRequest(_) | ClientRequest::PingRequest(_)) {
        return None;
    }
    let missing = request.get_meta().missing_required_keys(&ProtocolVersion::NO_INITIALIZE);
    let names = missing.join("` and `");
    (!missing.is_empty()).then(|| format!("no session yet: send `initialize` first, or name `{names}` in `_meta`"))
}

/// The id as JSON text, if the element asks for an answer.
fn request_id(element: Decoded) -> Option<String> {
    match element {
        Decoded::Refused(refusal) => refusal.id,
        Decoded::Message(message) => match *message {
            JsonRpcMessage::Request(request) => serde_json::to_string(&request.id).ok(),
            _ => None,
        },
        Decoded::Batch(_) | Decoded::Nothing => None,
    }
}

impl<R: AsyncRead + Send + Unpin + 'static> Transport<RoleServer> for Wire<R> {
    type Error = io::Error;

    fn send(
        &mut self,
        mut message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let mut held = None;
        let outward = self.outward(&mut message);
        if let Outward::Answer(inside) = &outward
            && self.batches.holds(inside)
        {
            held = Some(outbox::encode(&message).map(|answer| self.batches.settle(inside, Some(answer))));
        }
        let way = self.outbox.clone().map(|outbox| (outbox.ticket(), outbox));
        async move {
            if outward == Outward::Unwanted {
                return Ok(());
            }
            let (ticket, outbox) = way.ok_or(io::ErrorKind::NotConnected)?;
            match held {
                None => outbox.send(message, ticket).await,
                Some(array) => match array? {
                    Some(array) => outbox.send_line(array, ticket).await,
                    None => Ok(()),
                },
            }
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            let outbox = self.outbox.as_ref()?;
            // `receive` may be dropped while it waits: a reply is taken only once there is a place for it.
            while !self.replies.is_empty() {
                let place = outbox.place().await.ok()?;
                if let Some(reply) = self.replies.pop_front() {
                    place.put(reply);
                }
            }
            if let Some(message) = self.ready.pop_front() {
                return Some(message);
            }
            if self.link.ended.is_cancelled() {
                return None;
            }
            if matches!(self.session, Session::Opening(_)) {
                // The loop drops this wait when the answer is sent, and asks again.
                return std::future::pending().await;
            }
            outbox.room().await;
            let since = *self.silent_since.get_or_insert_with(Instant::now);
            let line = self.lines.next().await;
            self.silent_since = None;
            self.silence += since.elapsed();
            let decoded = match line {
                Ok(Some(Line::Whole(line))) => decode::line(line),
                Ok(Some(Line::TooLong { id })) => self.too_long(id),
                Ok(None) => {
                    self.link.ended.cancel();
                    self.abandon();
                    continue;
                }
                Err(error) => {
                    self.link.fail_read(error);
                    return None;
                }
            };
            self.admit(decoded);
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.outbox = None;
        Ok(())
    }
}
