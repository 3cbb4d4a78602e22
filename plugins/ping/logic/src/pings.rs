//! A run of echo requests to one target: when the next one is due, what each message is to the run,
//! and what stays unanswered.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use crate::{Kind, Message, Statistics, Step};

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The target, as it was written.
    pub target: String,
    /// Its address.
    pub address: IpAddr,
    /// How many requests.
    pub count: u16,
    /// From one to the next.
    pub interval: Duration,
    /// Bytes of payload.
    pub size: u32,
    /// The hop limit that requests leave with.
    pub hop_limit: u8,
    /// How long to wait for an answer after the last request.
    pub timeout: Duration,
    /// When the run ends whatever is still open, on the caller's clock.
    pub deadline: Duration,
}

/// What became of a request, or what else came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The target's first answer.
    Reply {
        /// The round trip.
        rtt: Duration,
    },
    /// Another answer to a request that had been answered.
    Duplicate {
        /// The time since the request.
        rtt: Duration,
    },
    /// An answer with a wrong checksum, which answers nothing.
    Damaged {
        /// The time since the request.
        rtt: Duration,
    },
    /// Somebody says that it did not get there.
    Error,
    /// This machine would not send it: it is larger than the MTU, where that is known.
    TooLarge(Option<u32>),
    /// This machine could not send it, for this reason: its link is down, say.
    Unsent(Box<str>),
    /// Nothing came in time.
    Lost,
}

/// One line of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The request.
    pub sequence: u16,
    /// What became of it.
    pub outcome: Outcome,
    /// The message that told it, if one did.
    pub message: Option<Message>,
    /// Whether it is an answer that carries less than the request did.
    pub is_truncated: bool,
    /// Whether it is among the events of the run, and its line worth telling: what a peer sends
    /// without end is only counted.
    pub is_kept: bool,
}

/// A run.
#[derive(Debug)]
pub struct Pings {
    plan: Plan,
    statistics: Statistics,
    events: Vec<Event>,
    /// How many of them are neither the first about their request nor its first answer.
    further: usize,
    /// When each open request was sent, on the host's clock; what was answered
    /// stays for its duplicates.
    sent: BTreeMap<u16, Duration>,
    /// Requests of which nothing was heard.
    open: BTreeSet<u16>,
    /// Requests that the target answered.
    answered: BTreeSet<u16>,
    started: Duration,
    /// When the next request is due.
    due: Duration,
    /// When the last request was sent.
    last: Duration,
    stopped: bool,
}

impl Pings {
    /// A run that begins now.
    pub fn new(plan: Plan, now: Duration) -> Self {
        Self {
            plan,
            statistics: Statistics::default(),
            events: Vec::new(),
            further: 0,
            sent: BTreeMap::new(),
            open: BTreeSet::new(),
            answered: BTreeSet::new(),
            started: now,
            due: now,
            last: now,
            stopped: false,
        }
    }

    /// What is to be done next.
    pub fn next(&mut self, now: Duration) -> Step {
        let next = self.next_sequence();
        if next.is_none() && (self.open.is_empty() || now >= self.last + self.plan.timeout) {
            return Step::Done;
        }
        if now >= self.plan.deadline {
            self.stopped = true;
            return Step::Done;
        }
        match next {
            Some(sequence) if now >= self.due => Step::Send { sequence, hop_limit: self.plan.hop_limit },
            Some(_) => Step::Wait(self.due.min(self.plan.deadline)),
            None => Step::Wait((self.last + self.plan.timeout).min(self.plan.deadline)),
        }
    }

    fn next_sequence(&self) -> Option<u16> {
        let sequence = u16::try_from(self.statistics.transmitted + 1).ok()?;
        (sequence <= self.plan.count).then_some(sequence)
    }

    /// The request that was due has left at this instant of the host's clock.
    pub fn sent(&mut self, sequence: u16, at: Duration, now: Duration) {
        self.sent.insert(sequence, at);
        self.open.insert(sequence);
        self.passed(now);
    }

    /// The request that was due is too large to be sent.
    pub fn too_large(&mut self, sequence: u16, mtu: Option<u32>, now: Duration) -> Event {
        self.statistics.errors += 1;
        self.passed(now);
        self.told(Event {
            sequence,
            outcome: Outcome::TooLarge(mtu),
            message: None,
            is_truncated: false,
            is_kept: true,
        })
    }

    /// The request that was due could not be sent. The next one may be: a link
    /// that is down comes up again.
    pub fn unsent(&mut self, sequence: u16, why: &str, now: Duration) -> Event {
        self.statistics.errors += 1;
        self.passed(now);
        self.told(Event {
            sequence,
            outcome: Outcome::Unsent(why.into()),
            message: None,
            is_truncated: false,
            is_kept: true,
        })
    }

    fn passed(&mut self, now: Duration) {
        self.statistics.transmitted += 1;
        self.last = now;
        // A run that fell behind (the host was asked to wait, say) does not catch up in a burst.
        self.due = (self.due + self.plan.interval).max(now);
    }

    /// Nothing can be sent before this moment.
    pub fn postpone(&mut self, until: Duration) {
        self.due = self.due.max(until);
    }

    /// Ends the run: nothing more can be sent.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Takes in a message. Nothing if it is about no request of this run.
    pub fn heard(&mut self, message: Message) -> Option<Event> {
        let rtt = message.received.saturating_sub(*self.sent.get(&message.sequence)?);
        let sequence = message.sequence;
        let outcome = match message.kind {
            Kind::EchoReply if self.answered.contains(&sequence) => {
                self.statistics.duplicated(rtt);
                Outcome::Duplicate { rtt }
            }
            Kind::EchoReply => {
                self.statistics.answered(rtt);
                self.statistics.out_of_order += u32::from(self.answered.last().is_some_and(|last| sequence < *last));
                self.answered.insert(sequence);
                Outcome::Reply { rtt }
            }
            Kind::DamagedReply => {
                self.statistics.corrupted += 1;
                Outcome::Damaged { rtt }
            }
            _ => {
                self.statistics.errors += 1;
                Outcome::Error
            }
        };
        let is_first = !message.kind.leaves_open() && self.open.remove(&sequence);
        let is_further = !is_first && !matches!(outcome, Outcome::Reply { .. });
        let is_kept = !is_further || self.further < self.most_further();
        self.further += usize::from(is_further && is_kept);
        // iputils takes errors as the end of a request for IPv4 only.
        let is_over = message.kind == Kind::EchoReply || message.sender.is_ipv4();
        if is_over && message.kind != Kind::DamagedReply {
            self.statistics.on_their_way(sequence);
        }
        let is_truncated = message.kind.is_reply() && message.size < self.plan.size + 8;
        Some(self.told(Event { sequence, outcome, message: Some(message), is_truncated, is_kept }))
    }

    fn told(&mut self, event: Event) -> Event {
        if event.is_kept {
            self.events.push(event.clone());
        }
        event
    }

    /// The events that are kept beside the first event and the first answer of each request. A
    /// flood takes no room from those.
    fn most_further(&self) -> usize {
        usize::from(self.plan.count) + 64
    }

    /// What has been sent and come so far.
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// What the run was to do.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Everything that happened, in order; then what never came.
    pub fn events(&self) -> impl Iterator<Item = Event> {
        let lost = self.open.iter().map(|&sequence| Event {
            sequence,
            outcome: Outcome::Lost,
            message: None,
            is_truncated: false,
            is_kept: true,
        });
        self.events.iter().cloned().chain(lost)
    }

    /// Whether the run ended before it had sent everything and waited long enough.
    pub fn is_partial(&self) -> bool {
        self.stopped
    }

    /// From the beginning to the last request, as iputils counts it.
    pub fn elapsed(&self) -> Duration {
        self.last.saturating_sub(self.started)
    }
}
