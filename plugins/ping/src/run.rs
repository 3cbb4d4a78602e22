//! Does what the logic says is due: sends, waits for messages and for the next moment, and hands
//! everything back to it.

use std::pin::pin;
use std::time::Duration;

use cofferdam_sdk::icmp::{Error, Refusal, Socket};
use cofferdam_sdk::{Cx, now, sleep};
use futures::future::{Either, select};
use ping_logic::{Event, Message, Pings, Step, Trace, dump, hop_line, line};

use crate::target::{message, words};

/// The least that is left of a call for its answer, once the work is over.
const FOR_THE_ANSWER: Duration = Duration::from_millis(500);

/// When the work of a call has to be over, so that what was gathered can still be told.
pub fn deadline(cx: Cx) -> Duration {
    let left = cx.time_left();
    now() + left - FOR_THE_ANSWER.min(left / 4)
}

/// What sends requests and learns of messages: a run of `ping`, or a trace.
trait Work {
    fn next(&mut self, now: Duration) -> Step;
    fn sent(&mut self, sequence: u16, at: Duration, now: Duration);
    /// The request is too large for the way. Whether the work can go on.
    fn too_large(&mut self, sequence: u16, mtu: Option<u32>, now: Duration) -> bool;
    /// This machine could not send the request. Whether the work can go on.
    fn unsent(&mut self, sequence: u16, why: &str, now: Duration) -> bool;
    fn postpone(&mut self, until: Duration);
    fn stop(&mut self);
    /// A message came, an answer with this payload.
    fn heard(&mut self, message: Message, payload: &[u8]);
}

/// A run whose caller hears of each line.
pub struct Pinging {
    pub pings: Pings,
    cx: Cx,
    lines: Vec<String>,
    told: u32,
    dumped: usize,
    untold: u64,
}

impl Pinging {
    pub fn new(cx: Cx, pings: Pings) -> Self {
        Self { pings, cx, lines: Vec::new(), told: 0, dumped: 0, untold: 0 }
    }

    /// The lines of the run.
    pub fn into_lines(self) -> Vec<String> {
        let more = (self.untold > 0).then(|| format!("({} more lines)", self.untold));
        self.lines.into_iter().chain(more).collect()
    }

    /// Runs to the end; gives the reason if it could not.
    pub async fn run(&mut self, socket: &Socket, size: usize) -> Option<String> {
        drive(self, socket, &payload(size)).await
    }

    fn tell(&mut self, event: &Event, payload: &[u8]) {
        let Some(mut line) = line(event) else { return };
        // What a peer sends without end is counted, and told up to a number of lines.
        if !event.is_kept {
            self.untold += 1;
            return;
        }
        self.told += 1;
        // Duplicates may make it more than the count; progress has to grow all the same.
        let total = f64::from(self.pings.plan().count).max(f64::from(self.told));
        self.cx.progress(f64::from(self.told), Some(total), Some(&line));
        let differs = event.message.is_some_and(|message| message.difference.is_some()) && !event.is_truncated;
        if differs && self.dumped < MOST_DUMPS {
            self.dumped += 1;
            line.push_str(&dump(payload));
        }
        self.lines.push(line);
    }
}

/// Replies with wrong bytes whose payload is shown.
const MOST_DUMPS: usize = 16;

impl Work for Pinging {
    fn next(&mut self, now: Duration) -> Step {
        self.pings.next(now)
    }

    fn sent(&mut self, sequence: u16, at: Duration, now: Duration) {
        self.pings.sent(sequence, at, now);
    }

    fn too_large(&mut self, sequence: u16, mtu: Option<u32>, now: Duration) -> bool {
        let event = self.pings.too_large(sequence, mtu, now);
        self.tell(&event, &[]);
        true
    }

    fn unsent(&mut self, sequence: u16, why: &str, now: Duration) -> bool {
        let event = self.pings.unsent(sequence, why, now);
        self.tell(&event, &[]);
        true
    }

    fn postpone(&mut self, until: Duration) {
        self.pings.postpone(until);
    }

    fn stop(&mut self) {
        self.pings.stop();
    }

    fn heard(&mut self, message: Message, payload: &[u8]) {
        if let Some(event) = self.pings.heard(message) {
            self.tell(&event, payload);
        }
    }
}

/// A trace whose caller hears of each hop, once nothing more is awaited of it.
pub struct Tracing {
    pub trace: Trace,
    cx: Cx,
    told: usize,
}

impl Tracing {
    pub fn new(cx: Cx, trace: Trace) -> Self {
        Self { trace, cx, told: 0 }
    }

    /// Runs to the end; gives the reason if it could not.
    pub async fn run(&mut self, socket: &Socket, size: usize) -> Option<String> {
        drive(self, socket, &payload(size)).await
    }

    fn tell(&mut self, now: Duration) {
        let settled = self.trace.settled(now);
        for hop in self.trace.hops().iter().take(settled).skip(self.told) {
            let total = f64::from(self.trace.plan().max_hops);
            self.cx.progress(f64::from(hop.hop), Some(total), Some(&hop_line(hop)));
        }
        self.told = self.told.max(settled);
    }
}

impl Work for Tracing {
    fn next(&mut self, now: Duration) -> Step {
        self.tell(now);
        self.trace.next(now)
    }

    fn sent(&mut self, _: u16, at: Duration, now: Duration) {
        self.trace.sent(at, now);
    }

    fn too_large(&mut self, _: u16, _: Option<u32>, _: Duration) -> bool {
        self.trace.stop();
        false
    }

    fn unsent(&mut self, _: u16, _: &str, _: Duration) -> bool {
        self.trace.stop();
        false
    }

    fn postpone(&mut self, until: Duration) {
        self.trace.postpone(until);
    }

    fn stop(&mut self) {
        self.trace.stop();
    }

    fn heard(&mut self, message: Message, _: &[u8]) {
        self.trace.heard(message);
    }
}

async fn drive(work: &mut impl Work, socket: &Socket, payload: &[u8]) -> Option<String> {
    let mut receiving = Box::pin(socket.receive());
    loop {
        match work.next(now()) {
            Step::Done => return None,
            Step::Send { sequence, hop_limit } => match socket.send(sequence, hop_limit, payload) {
                Ok(at) => work.sent(sequence, Duration::from_nanos(at), now()),
                Err(Error::Refused(Refusal::Wait(wait))) => work.postpone(now() + Duration::from_nanos(wait)),
                Err(Error::TooLarge(mtu)) => {
                    if !work.too_large(sequence, mtu, now()) {
                        return Some(words(Error::TooLarge(mtu)));
                    }
                }
                // This may change before the next request: a link comes up, a route comes back.
                Err(Error::Unreachable(why) | Error::Other(why)) => {
                    if !work.unsent(sequence, &why, now()) {
                        return Some(why);
                    }
                }
                Err(error) => {
                    work.stop();
                    return Some(words(error));
                }
            },
            Step::Wait(until) => {
                let turn = pin!(sleep(until.saturating_sub(now())));
                if let Either::Left((heard, _)) = select(&mut receiving, turn).await {
                    match heard {
                        Ok(packet) => work.heard(message(&packet, payload), &packet.payload),
                        Err(error) => {
                            work.stop();
                            return Some(words(error));
                        }
                    }
                    receiving = Box::pin(socket.receive());
                }
            }
        }
    }
}

/// What requests carry: the bytes that `ping` has always sent, so that packet dumps look familiar.
fn payload(size: usize) -> Vec<u8> {
    (0u8..=255).cycle().take(size).collect()
}
