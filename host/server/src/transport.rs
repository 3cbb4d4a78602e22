//! rmcp's `Transport` over our own lines. It decides what reaches the service loop: broken lines are answered here, ids
//! that are in use are refused, batches are taken apart and put together again, and nothing that would end the loop
//! before the handshake gets through. It does not know any tool.

use std::{
    collections::{HashSet, VecDeque},
    io,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use cofferdam_registry::{Orders, Turn};
use rmcp::{
    RoleServer,
    model::{
        ClientJsonRpcMessage, ClientNotification, ClientRequest, ErrorCode, GetMeta, JsonRpcMessage, ProtocolVersion,
        RequestId, ServerJsonRpcMessage, ServerResult,
    },
    transport::Transport,
};
use tokio::io::AsyncRead;
use tokio_util::sync::CancellationToken;

use crate::{
    batch::{Batches, MAX_BATCH},
    decode::{self, Decoded, Refusal},
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
    running: HashSet<RequestId>,
    batches: Batches,
    /// The service loop runs: notifications may pass.
    open: bool,
    /// What `initialize` settled on.
    version: Option<ProtocolVersion>,
    /// In which calls reach their plugins.
    orders: Orders,
    /// The calls that a tool's calls are kept in order with.
    group: Grouping,
}

/// Finds a tool's [group](crate::desk::Desk::group).
pub(crate) type Grouping = Box<dyn Fn(&str) -> Option<usize> + Send>;

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
    pub(crate) fn new(reader: R, limit: usize, outbox: Outbox, link: Arc<Link>, group: Grouping) -> Self {
        Self {
            lines: Lines::new(reader, limit),
            limit,
            outbox: Some(outbox),
            link,
            ready: VecDeque::new(),
            replies: VecDeque::new(),
            running: HashSet::new(),
            batches: Batches::default(),
            open: false,
            version: None,
            orders: Orders::default(),
            group,
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
                let id = || serde_json::to_string(&request.id).ok();
                if !self.open {
                    self.open = opens(&request.request)
                        .map_err(|reason| Refusal::new(id(), ErrorCode::INVALID_PARAMS, reason))?;
                }
                if !self.running.insert(request.id.clone()) {
                    let reason = "a request with this `id` has not been answered yet";
                    return Err(Refusal::new(id(), ErrorCode::INVALID_REQUEST, reason));
                }
                if let ClientRequest::CallToolRequest(call) = &mut request.request {
                    let group = (self.group)(&call.params.name);
                    call.extensions.insert(Place::new(self.orders.next_turn(group)));
                }
            }
            JsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) = &notification.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    self.running.remove(id);
                    self.replies.extend(self.batches.settle(id, None));
                }
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => {}
        }
        Ok(self.open_to(&message).then_some(message))
    }

    /// Before the handshake the loop takes requests only, and ends at anything else.
    fn open_to(&self, message: &ClientJsonRpcMessage) -> bool {
        self.open || matches!(message, JsonRpcMessage::Request(_))
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

    fn too_long(&self, id: Option<String>) -> Decoded {
        let reason = format!("the message is over the limit of {} bytes and was not read", self.limit);
        Decoded::Refused(Refusal::new(id, ErrorCode::INVALID_REQUEST, reason))
    }
}

/// Whether a request begins the session, by the rule that the service loop itself applies. One that neither begins it nor
/// may stand before it is refused with the reason.
fn opens(request: &ClientRequest) -> Result<bool, String> {
    match request {
        ClientRequest::InitializeRequest(_) => Ok(true),
        ClientRequest::PingRequest(_) => Ok(false),
        request => {
            let meta = request.get_meta();
            let missing = meta.missing_required_keys(&ProtocolVersion::NO_INITIALIZE);
            if !missing.is_empty() {
                return Err(format!(
                    "no session yet: send `initialize` first, or name `{}` in `_meta`",
                    missing.join("` and `")
                ));
            }
            let known =
                meta.protocol_version().is_some_and(|version| ProtocolVersion::KNOWN_VERSIONS.contains(&version));
            Ok(known && !matches!(request, ClientRequest::DiscoverRequest(_)))
        }
    }
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
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let id = match &message {
            JsonRpcMessage::Response(response) => Some(&response.id),
            JsonRpcMessage::Error(error) => error.id.as_ref(),
            JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => None,
        };
        let mut held = None;
        if let Some(id) = id {
            self.running.remove(id);
            if self.batches.holds(id) {
                held = Some(outbox::encode(&message).map(|answer| self.batches.settle(id, Some(answer))));
            }
        }
        if let JsonRpcMessage::Response(response) = &message
            && let ServerResult::InitializeResult(result) = &response.result
        {
            self.version = Some(result.protocol_version.clone());
        }
        let way = self.outbox.clone().map(|outbox| (outbox.ticket(), outbox));
        async move {
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
            outbox.room().await;
            let decoded = match self.lines.next().await {
                Ok(Some(Line::Whole(line))) => decode::line(line),
                Ok(Some(Line::TooLong { id })) => self.too_long(id),
                Ok(None) => {
                    self.link.ended.cancel();
                    return None;
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
