//! The way to a target: requests whose hop limit grows, several on their way at once,
//! and who answers each. The way ends where the target answers, or where somebody says
//! that it goes no further.

use std::net::IpAddr;
use std::time::Duration;

use crate::{Message, Step, ends_the_way};

/// Requests on their way at once: ten hops of three. Linux's `traceroute` has 16; with thirty, a
/// way of thirty silent hops is known to be silent after three timeouts.
const PARALLEL: usize = 30;

/// What a trace is to do.
#[derive(Clone, Debug)]
pub struct TracePlan {
    /// The target, as it was written.
    pub target: String,
    /// Its address.
    pub address: IpAddr,
    /// The most hops.
    pub max_hops: u8,
    /// Requests for each hop.
    pub probes: u8,
    /// Bytes of payload.
    pub size: u32,
    /// How long to wait for an answer to each request.
    pub timeout: Duration,
    /// When the trace ends whatever is still open, on the caller's clock.
    pub deadline: Duration,
}

/// An answer to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The round trip.
    pub rtt: Duration,
    /// What came.
    pub message: Message,
}

/// One hop: what came for each of its requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Its number, from 1.
    pub hop: u8,
    /// One for each request, in the order of sending; nothing where nothing came in time.
    pub answers: Vec<Option<Answer>>,
}

#[derive(Clone, Copy, Debug)]
struct Probe {
    /// On the host's clock.
    sent: Duration,
    /// On the caller's clock.
    overdue: Duration,
    answer: Option<Answer>,
}

/// A trace under way.
#[derive(Debug)]
pub struct Trace {
    plan: TracePlan,
    probes: Vec<Probe>,
    /// The hop where the way ends, once that is known.
    last_hop: Option<u8>,
    not_before: Duration,
    stopped: bool,
}

impl Trace {
    /// A trace that has sent nothing yet.
    pub fn new(plan: TracePlan) -> Self {
        Self { plan, probes: Vec::new(), last_hop: None, not_before: Duration::ZERO, stopped: false }
    }

    fn hop_of(&self, index: usize) -> u8 {
        u8::try_from(index / usize::from(self.plan.probes.max(1))).map_or(u8::MAX, |hop| hop.saturating_add(1))
    }

    fn end(&self) -> u8 {
        self.last_hop.unwrap_or(self.plan.max_hops)
    }

    /// What is to be done next.
    pub fn next(&mut self, now: Duration) -> Step {
        let all = usize::from(self.end()) * usize::from(self.plan.probes);
        let of_interest = self.probes.len().min(all);
        let open = self.probes[..of_interest].iter().filter(|probe| probe.answer.is_none() && probe.overdue > now);
        let (waiting, first_overdue) = (open.clone().count(), open.map(|probe| probe.overdue).min());
        let hop_limit = self.hop_of(self.probes.len());
        let more = self.probes.len() < all;
        if !more && waiting == 0 {
            return Step::Done;
        }
        if now >= self.plan.deadline {
            self.stopped = true;
            return Step::Done;
        }
        if more && waiting < PARALLEL && now >= self.not_before {
            // The plan's bounds keep this within 16 bits: 255 hops, 10 requests each.
            return Step::Send { sequence: u16::try_from(self.probes.len() + 1).unwrap_or(u16::MAX), hop_limit };
        }
        let wake = if more && waiting < PARALLEL { Some(self.not_before) } else { first_overdue };
        Step::Wait(wake.unwrap_or(self.plan.deadline).min(self.plan.deadline))
    }

    /// The request that was due has left, at this instant of the host's clock and
    /// this moment of the caller's.
    pub fn sent(&mut self, at: Duration, now: Duration) {
        self.probes.push(Probe { sent: at, overdue: now + self.plan.timeout, answer: None });
    }

    /// Nothing can be sent before this moment.
    pub fn postpone(&mut self, until: Duration) {
        self.not_before = self.not_before.max(until);
    }

    /// Ends the trace: nothing more can be sent.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Takes in a message; only the first to each request counts. Advice is nothing that
    /// `traceroute` asks for.
    pub fn heard(&mut self, message: Message) {
        if message.kind.leaves_open() {
            return;
        }
        let index = usize::from(message.sequence).wrapping_sub(1);
        let hop = self.hop_of(index);
        let Some(probe) = self.probes.get_mut(index).filter(|probe| probe.answer.is_none()) else { return };
        probe.answer = Some(Answer { rtt: message.received.saturating_sub(probe.sent), message });
        if ends_the_way(&message) {
            self.last_hop = Some(self.end().min(hop));
        }
    }

    /// The hops that were asked about, up to the end of the way.
    pub fn hops(&self) -> Vec<Hop> {
        let hops = self.probes.chunks(usize::from(self.plan.probes.max(1))).zip(1u8..=self.end());
        hops.map(|(probes, hop)| Hop { hop, answers: probes.iter().map(|probe| probe.answer).collect() }).collect()
    }

    /// How many hops, from the first, have nothing open any more.
    pub fn settled(&self, now: Duration) -> usize {
        let is_settled = |probe: &Probe| probe.answer.is_some() || probe.overdue <= now;
        let whole = self.probes.chunks_exact(usize::from(self.plan.probes.max(1)));
        whole.take(usize::from(self.end())).take_while(|probes| probes.iter().all(is_settled)).count()
    }

    /// Whether the target itself has answered.
    pub fn is_reached(&self) -> bool {
        let target = self.plan.address;
        self.probes.iter().flat_map(|probe| probe.answer).any(|answer| answer.message.sender == target)
    }

    /// Whether the trace ended before its time.
    pub fn is_partial(&self) -> bool {
        self.stopped
    }

    /// What the trace was to do.
    pub fn plan(&self) -> &TracePlan {
        &self.plan
    }
}
