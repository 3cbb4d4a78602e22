//! rmcp's `Transport` over the lines of a pair of pipes. It answers broken lines, admits the others
//! (see [`SessionAdmission`]), takes batches apart and puts them together again, and reads nothing
//! while `initialize` waits for its answer. It knows no tool.

use std::{
    collections::VecDeque,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use rmcp::{
    RoleServer,
    model::{
        CancelledNotification, CancelledNotificationParam, ClientJsonRpcMessage, ClientNotification, ErrorCode,
        JsonRpcMessage, RequestId, ServerJsonRpcMessage,
    },
    transport::Transport,
};
use tokio::io::AsyncRead;

use crate::{
    admission::{Outbound, SessionAdmission},
    batch::Batches,
    decode::{self, Decoded},
    lines::{InputLine, LineReader},
    outbox::{self, Outbox},
    pipe_state::PipeState,
    refusal::Refusal,
};

/// The stream that lines are read from.
pub(crate) type Input = Box<dyn AsyncRead + Send + Unpin>;

/// The pipes as the service loop sees them.
pub(crate) struct PipeTransport {
    lines: LineReader<Input>,
    max_line: usize,
    /// `None` once closed.
    outbox: Option<Outbox>,
    state: Arc<PipeState>,
    /// Messages that were admitted and not yet given to the loop.
    ready: VecDeque<ClientJsonRpcMessage>,
    /// Answers of the transport's own that were not yet queued.
    replies: VecDeque<Vec<u8>>,
    admission: SessionAdmission,
    batches: Batches,
    clock: SilenceClock,
}

/// Time in which the input was silent, all in all: the clock of admission. A client that sends and
/// then closes is told apart from one that has waited before it closes, however slow this process
/// is.
#[derive(Debug, Default)]
struct SilenceClock {
    passed: Duration,
    since: Option<Instant>,
}

impl SilenceClock {
    /// The input is read from now on. Does nothing if it is read already.
    fn start(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    fn stop(&mut self) {
        self.passed += self.since.take().map_or(Duration::ZERO, |since| since.elapsed());
    }
}

impl PipeTransport {
    pub(crate) fn new(
        reader: Input,
        max_line: usize,
        outbox: Outbox,
        state: Arc<PipeState>,
        admission: SessionAdmission,
    ) -> Self {
        Self {
            lines: LineReader::new(reader, max_line),
            max_line,
            outbox: Some(outbox),
            state,
            ready: VecDeque::new(),
            replies: VecDeque::new(),
            admission,
            batches: Batches::default(),
            clock: SilenceClock::default(),
        }
    }

    /// Takes in what one line has become.
    fn take_in(&mut self, decoded: Decoded) {
        match decoded {
            Decoded::Nothing => {}
            Decoded::Refused(refusal) => self.replies.push_back(refusal.encode()),
            Decoded::Message(message) => match self.admit(*message) {
                Ok(Some(message)) => self.ready.push_back(message),
                Ok(None) => {}
                Err(refusal) => self.replies.push_back(refusal.encode()),
            },
            Decoded::Batch(elements) => self.take_in_batch(elements),
        }
    }

    /// Lets a message through, drops it, or refuses it.
    fn admit(&mut self, mut message: ClientJsonRpcMessage) -> Result<Option<ClientJsonRpcMessage>, Refusal> {
        match &mut message {
            JsonRpcMessage::Request(request) => self.admission.admit(request, self.clock.passed)?,
            JsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) = &mut notification.notification
                    && let Some(id) = &mut cancelled.params.request_id
                {
                    // A request that has been answered cannot be cancelled.
                    let Some(number) = self.admission.cancel(id) else { return Ok(None) };
                    self.replies.extend(self.batches.settle(&number, None));
                    *id = number;
                }
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => {}
        }
        Ok(Some(message))
    }

    fn take_in_batch(&mut self, elements: Vec<Decoded>) {
        if let Some(reason) = Batches::refusal(self.admission.handshake().version(), elements.len()) {
            let refuse = |id| Refusal::new(id, ErrorCode::INVALID_REQUEST, reason.as_str()).encode();
            let ids: Vec<_> = elements.into_iter().filter_map(request_id).collect();
            match ids.is_empty() {
                true => self.replies.push_back(refuse(None)),
                false => self.replies.extend(ids.into_iter().map(|id| refuse(Some(id)))),
            }
            return;
        }
        let (mut requests, mut answers) = (Vec::new(), Vec::new());
        for element in elements {
            match element {
                Decoded::Refused(refusal) => answers.push(refusal.encode()),
                Decoded::Message(message) => match self.admit(*message) {
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

    /// The input has ended: requests whose answers nobody waits for are cancelled, without an
    /// answer.
    fn abandon(&mut self) {
        for number in self.admission.abandon(self.clock.passed) {
            self.batches.settle(&number, None);
            self.ready.push_back(cancellation(number));
        }
    }

    fn too_long(&self, id: Option<String>) -> Decoded {
        let reason = format!("the message is over the limit of {} bytes and was not read", self.max_line);
        Decoded::Refused(Refusal::new(id, ErrorCode::INVALID_REQUEST, reason))
    }
}

fn cancellation(number: RequestId) -> ClientJsonRpcMessage {
    let params = CancelledNotificationParam::new(Some(number), Some("the input has ended".to_owned()));
    let cancelled = CancelledNotification::new(params);
    ClientJsonRpcMessage::notification(ClientNotification::CancelledNotification(cancelled))
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

impl Transport<RoleServer> for PipeTransport {
    type Error = io::Error;

    fn send(
        &mut self,
        mut message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let outbound = self.admission.outbound(&mut message);
        let mut batched = None;
        if let Outbound::Answer(number, _) = &outbound
            && self.batches.holds(number)
        {
            batched = Some(outbox::encode(&message).map(|answer| self.batches.settle(number, Some(answer))));
        }
        let outbox = self.outbox.clone().map(|outbox| (outbox.count_message(), outbox));
        async move {
            let memory = match outbound {
                Outbound::Unwanted => return Ok(()),
                Outbound::Answer(_, memory) => memory,
                Outbound::Other => None,
            };
            let (mut share, outbox) = outbox.ok_or(io::ErrorKind::NotConnected)?;
            share.hold(memory);
            match batched {
                None => outbox.send(message, share).await,
                Some(array) => match array? {
                    Some(array) => outbox.send_line(array, share).await,
                    None => Ok(()),
                },
            }
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            let outbox = self.outbox.as_ref()?;
            // `receive` may be dropped while it waits: a reply is taken only once there is a slot.
            while !self.replies.is_empty() {
                let slot = outbox.reserve().await.ok()?;
                if let Some(reply) = self.replies.pop_front() {
                    slot.send(reply);
                }
            }
            if let Some(message) = self.ready.pop_front() {
                return Some(message);
            }
            if self.state.input_ended.is_cancelled() {
                return None;
            }
            if self.admission.handshake().is_pending() {
                // The loop drops this wait when the answer is sent, and calls again.
                return std::future::pending().await;
            }
            outbox.wait_for_room().await;
            self.clock.start();
            let line = self.lines.next().await;
            self.clock.stop();
            let decoded = match line {
                Ok(Some(InputLine::Whole(line))) => decode::line(line),
                Ok(Some(InputLine::TooLong { id })) => self.too_long(id),
                Ok(None) => {
                    self.state.input_ended.cancel();
                    self.abandon();
                    continue;
                }
                Err(error) => {
                    self.state.fail_read(error);
                    return None;
                }
            };
            self.take_in(decoded);
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.outbox = None;
        Ok(())
    }
}
