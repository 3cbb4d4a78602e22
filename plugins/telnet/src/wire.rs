//! A connection with a conversation on it: bytes go in and out, and nothing is
//! waited for without a time.
//!
//! A read or a write that is given up for something else may have met the end of its
//! stream. That is remembered, and neither is used again: the host ends an instance that
//! uses a stream behind its end.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use cofferdam_sdk::Cx;
use cofferdam_sdk::sockets::{self, ErrorCode, StreamReader, StreamResult, StreamWriter, TcpSocket};
use plugin_kit::reason;
use telnet_logic::{Conversation, Ended, Progress};

use crate::turn::Deadline;

/// The most one read takes, and the most that is handed to the host at once.
const READ: usize = 16 << 10;
const WRITE: usize = 64 << 10;
/// After so many bytes other tasks get their turn, even if the peer has more.
const TURN: usize = 256 << 10;
/// How long a peer may take nothing of what it is sent.
const SEND: Duration = Duration::from_secs(30);
/// How long the last words may take to be sent, and an end to be explained.
const LAST: Duration = Duration::from_secs(1);
/// The same once the call's deadline has come, which leaves little for an answer.
const HURRIED: Duration = Duration::from_millis(50);
/// The silence that ends a greeting.
const QUIET: Duration = Duration::from_millis(100);
/// The longest that a greeting takes.
const GREETS: Duration = Duration::from_millis(500);
/// Of a greeting so much is read.
const GREETING: usize = 64 << 10;
/// How often a caller hears that it goes on.
const REPORT: Duration = Duration::from_secs(1);

type Done = Pin<Box<dyn Future<Output = Result<(), ErrorCode>>>>;

/// An open connection.
pub struct Wire {
    /// `None` once its end was met.
    reader: Option<StreamReader<u8>>,
    writer: Option<StreamWriter<u8>>,
    /// What the peer has not taken yet.
    unsent: Vec<u8>,
    received: Option<Done>,
    /// Says how sending has ended; as long as it is there, the host sends.
    _sent: Done,
    /// Keeps the socket open; both streams hold on to it as well.
    _socket: TcpSocket,
}

/// What has come of reading and writing at the same time.
#[derive(Default)]
struct Happened {
    received: Vec<u8>,
    /// Whether nothing more can be received.
    is_over: bool,
    /// Whether the peer has taken anything, or never will again.
    has_sent: bool,
    /// Whether it was neither.
    is_time: bool,
}

impl Wire {
    pub fn new(socket: TcpSocket) -> Self {
        let (reader, received) = socket.receive();
        let (writer, sending) = sockets::byte_stream();
        let sent = socket.send(sending);
        Self {
            reader: Some(reader),
            writer: Some(writer),
            unsent: Vec::new(),
            received: Some(Box::pin(received.into_future())),
            _sent: Box::pin(sent.into_future()),
            _socket: socket,
        }
    }

    /// Whether a further conversation could be held, as far as is known.
    pub fn is_open(&self) -> bool {
        self.reader.is_some() && self.writer.is_some()
    }

    /// Goes through a conversation. Gives how it ended, and why the connection broke if it did.
    pub async fn run(
        &mut self,
        conversation: &mut Conversation,
        cx: &Cx,
        end: Duration,
        deadline: &mut Deadline,
    ) -> (Ended, Option<&'static str>) {
        let began = cofferdam_sdk::now();
        let (mut reported, mut in_turn, mut broken, mut last) = (began, 0, None, LAST);
        let mut took = began;
        loop {
            let now = cofferdam_sdk::now();
            if deadline.has_come() && last != HURRIED {
                last = HURRIED;
                conversation.stop(now);
            }
            let progress = conversation.poll(now);
            let outgoing = conversation.outgoing();
            if self.unsent.is_empty() {
                took = now;
            }
            // What the peer will never take is not kept: what it still has to say is read.
            if self.writer.is_some() {
                self.unsent.extend(outgoing);
            }
            let until = match progress {
                Progress::Over(ended) => {
                    self.flush(last).await;
                    return (ended, broken);
                }
                Progress::Until(at) => at,
            };
            if now.saturating_sub(reported) >= REPORT {
                reported = now;
                let total = end.saturating_sub(began).as_secs_f64();
                cx.progress(now.saturating_sub(began).as_secs_f64(), Some(total), Some("in session"));
            }
            let happened = self.happens(until.saturating_sub(now).min(REPORT), Some(deadline), true).await;
            let now = cofferdam_sdk::now();
            if happened.has_sent {
                took = now;
            } else if !self.unsent.is_empty() && now.saturating_sub(took) >= SEND {
                broken = Some("timeout");
                self.writer = None;
                conversation.close();
            }
            if !happened.received.is_empty() {
                in_turn += happened.received.len();
                conversation.receive(&happened.received, now);
            }
            if happened.is_over && broken.is_none() {
                broken = self.why(last).await;
                conversation.close();
            }
            if in_turn >= TURN {
                in_turn = 0;
                cofferdam_sdk::yield_now().await;
            }
        }
    }

    /// Reads a greeting, which begins within this time or not at all, until the peer is quiet.
    pub async fn first(&mut self, patience: Duration, bytes: &mut Vec<u8>) {
        let (mut patience, end) = (patience, cofferdam_sdk::now() + patience + GREETS);
        loop {
            let happened = self.happens(patience, None, true).await;
            bytes.extend(happened.received);
            patience = QUIET.min(end.saturating_sub(cofferdam_sdk::now()));
            if happened.is_over || happened.is_time || bytes.len() >= GREETING || patience.is_zero() {
                return;
            }
        }
    }

    /// Waits up to this long for the peer to take what is not sent yet. The rest stays
    /// for the next conversation.
    async fn flush(&mut self, patience: Duration) {
        let end = cofferdam_sdk::now() + patience;
        while self.writer.is_some() && !self.unsent.is_empty() {
            let left = end.saturating_sub(cofferdam_sdk::now());
            if left.is_zero() || self.happens(left, None, false).await.is_time {
                return;
            }
        }
    }

    /// Reads, if that is wanted, and writes what there is to write, until either comes to
    /// something; or for so long, or until the deadline. What both have come to is in the answer
    /// and in `self`, also of the one that was given up for the other.
    async fn happens(&mut self, patience: Duration, deadline: Option<&mut Deadline>, reads: bool) -> Happened {
        let mut deadline = deadline.filter(|deadline| !deadline.has_come());
        let piece = self.unsent.get(..self.unsent.len().min(WRITE)).unwrap_or_default().to_vec();
        let length = piece.len();
        let (read, written, is_time) = {
            let reader = self.reader.as_mut().filter(|_| reads);
            let writer = self.writer.as_mut().filter(|_| length > 0);
            let mut reading = pin!(reader.map(|reader| reader.read(Vec::with_capacity(READ))));
            let mut writing = pin!(writer.map(|writer| writer.write(piece)));
            let mut sleeping = pin!(cofferdam_sdk::sleep(patience));
            let (mut read, mut written) = (None, None);
            let is_time = poll_fn(|cx| {
                if let Some(Poll::Ready(result)) = reading.as_mut().as_pin_mut().map(|reading| reading.poll(cx)) {
                    read = Some(result);
                }
                if let Some(Poll::Ready(result)) = writing.as_mut().as_pin_mut().map(|writing| writing.poll(cx)) {
                    written = Some(result);
                }
                if read.is_some() || written.is_some() {
                    return Poll::Ready(false);
                }
                if let Some(Poll::Ready(())) = deadline.as_mut().map(|deadline| deadline.poll(cx)) {
                    return Poll::Ready(true);
                }
                sleeping.as_mut().poll(cx).map(|()| true)
            })
            .await;
            // What is given up may have come to something at the last moment.
            let read = read.or_else(|| reading.as_mut().as_pin_mut().map(|reading| reading.cancel()));
            let written = written.or_else(|| writing.as_mut().as_pin_mut().map(|writing| writing.cancel()));
            (read, written, is_time)
        };
        let mut happened = Happened::default();
        if let Some((result, bytes)) = read {
            // With bytes, the end comes with the next read.
            if bytes.is_empty() && matches!(result, StreamResult::Dropped) {
                self.reader = None;
                happened.is_over = true;
            }
            happened.received = bytes;
        }
        if let Some((result, left)) = written {
            let sent = length - left.remaining();
            self.unsent.drain(..sent);
            happened.has_sent = sent > 0;
            if matches!(result, StreamResult::Dropped) {
                (self.writer, happened.has_sent) = (None, true);
                self.unsent.clear();
            }
        }
        happened.is_time = is_time && happened.received.is_empty() && !happened.is_over && !happened.has_sent;
        happened
    }

    /// Why the peer's half has ended, if not in good order.
    async fn why(&mut self, patience: Duration) -> Option<&'static str> {
        let received = self.received.take()?;
        match cofferdam_sdk::timeout(patience, received).await {
            Some(Err(code)) => Some(reason(&code)),
            Some(Ok(())) | None => None,
        }
    }
}
