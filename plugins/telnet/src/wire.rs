//! A connection with a conversation on it: bytes go in and out, and nothing is waited for without a time.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use cofferdam_sdk::Cx;
use cofferdam_sdk::sockets::{self, ErrorCode, StreamReader, StreamResult, TcpSocket};
use plugin_kit::{Unsent, Writer, reason};
use telnet_logic::{Conversation, Ended, Progress};

use crate::turn::Deadline;

/// The most one read takes.
const READ: usize = 16 << 10;
/// After so many bytes other tasks get their turn, even if the peer has more.
const TURN: usize = 256 << 10;
/// How long a peer may take nothing of what it is sent.
const SEND: Duration = Duration::from_secs(30);
/// How long the last words may take to be sent, and an end to be explained.
const LAST: Duration = Duration::from_secs(1);
/// The same once the call's deadline has come, which leaves little for an answer.
const HURRIED: Duration = Duration::from_millis(50);
/// After so long a silence a greeting is over, and whatever it does it may not take longer than that.
const QUIET: Duration = Duration::from_millis(100);
const GREETS: Duration = Duration::from_millis(500);
/// Of a greeting so much is read.
const GREETING: usize = 64 << 10;
/// How often a caller hears that it goes on.
const REPORT: Duration = Duration::from_secs(1);

type Done = Pin<Box<dyn Future<Output = Result<(), ErrorCode>>>>;
type Writing = Pin<Box<dyn Future<Output = Result<(), Unsent>>>>;

/// An open connection.
pub struct Wire {
    reader: StreamReader<u8>,
    received: Option<Done>,
    writer: Rc<Writer>,
    /// Keeps the socket open; both streams hold on to it as well.
    _socket: TcpSocket,
}

enum Happened {
    Read(StreamResult, Vec<u8>),
    Written(Result<(), Unsent>),
    Time,
}

impl Wire {
    pub fn new(socket: TcpSocket) -> Self {
        let (reader, received) = socket.receive();
        let (writing, sending) = sockets::byte_stream();
        let sent = socket.send(sending);
        Self {
            reader,
            received: Some(Box::pin(received.into_future())),
            writer: Rc::new(Writer::new(writing, Box::pin(sent.into_future()))),
            _socket: socket,
        }
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
        let mut waiting = Vec::new();
        let mut writing: Option<Writing> = None;
        loop {
            let now = cofferdam_sdk::now();
            if deadline.has_come() && last != HURRIED {
                last = HURRIED;
                conversation.stop(now);
            }
            let progress = conversation.poll(now);
            waiting.append(&mut conversation.outgoing());
            if writing.is_none() && !waiting.is_empty() && self.writer.can_send() {
                let (writer, bytes) = (Rc::clone(&self.writer), std::mem::take(&mut waiting));
                writing = Some(Box::pin(async move { writer.send(&bytes, SEND).await }));
            }
            let until = match progress {
                Progress::Over(ended) => {
                    if let Some(writing) = writing {
                        _ = cofferdam_sdk::timeout(last, writing).await;
                    }
                    return (ended, broken);
                }
                Progress::Until(at) => at,
            };
            if now.saturating_sub(reported) >= REPORT {
                reported = now;
                let total = end.saturating_sub(began).as_secs_f64();
                cx.progress(now.saturating_sub(began).as_secs_f64(), Some(total), Some("in session"));
            }
            match self.happens(&mut writing, until.saturating_sub(now).min(REPORT), Some(deadline)).await {
                Happened::Time => {}
                Happened::Written(result) => {
                    writing = None;
                    // What a broken connection still had to say is read first; one that only takes nothing is left.
                    if let Err(Unsent { reason: "timeout", .. }) = result {
                        broken = Some("timeout");
                        conversation.close();
                    }
                }
                Happened::Read(result, bytes) => {
                    if !bytes.is_empty() {
                        in_turn += bytes.len();
                        conversation.receive(&bytes, cofferdam_sdk::now());
                    } else if matches!(result, StreamResult::Dropped) {
                        broken = self.why(last).await;
                        conversation.close();
                    }
                }
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
        while let Happened::Read(result, more) = self.happens(&mut None, patience, None).await {
            let is_over = more.is_empty() && matches!(result, StreamResult::Dropped);
            bytes.extend(more);
            patience = QUIET.min(end.saturating_sub(cofferdam_sdk::now()));
            if is_over || bytes.len() >= GREETING || patience.is_zero() {
                return;
            }
        }
    }

    /// What comes first: something to read, the end of a write, or time: so much of it, or the call's deadline.
    async fn happens(
        &mut self,
        writing: &mut Option<Writing>,
        patience: Duration,
        deadline: Option<&mut Deadline>,
    ) -> Happened {
        let mut deadline = deadline.filter(|deadline| !deadline.has_come());
        let mut reading = pin!(self.reader.read(Vec::with_capacity(READ)));
        let mut sleeping = pin!(cofferdam_sdk::sleep(patience));
        let happened = poll_fn(|cx| {
            if let Poll::Ready((result, bytes)) = reading.as_mut().poll(cx) {
                return Poll::Ready(Happened::Read(result, bytes));
            }
            if let Some(Poll::Ready(result)) = writing.as_mut().map(|writing| writing.as_mut().poll(cx)) {
                return Poll::Ready(Happened::Written(result));
            }
            if let Some(Poll::Ready(())) = deadline.as_mut().map(|deadline| deadline.poll(cx)) {
                return Poll::Ready(Happened::Time);
            }
            sleeping.as_mut().poll(cx).map(|()| Happened::Time)
        })
        .await;
        match happened {
            Happened::Read(..) => happened,
            // A read that is given up may have brought something at the last moment.
            other => match reading.as_mut().cancel() {
                (result, bytes) if !bytes.is_empty() => {
                    // A write that has ended is told by its next poll: the writer remembers what it must.
                    if let Happened::Written(result) = other {
                        *writing = Some(Box::pin(async move { result }));
                    }
                    Happened::Read(result, bytes)
                }
                _ => other,
            },
        }
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
