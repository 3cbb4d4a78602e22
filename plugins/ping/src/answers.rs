//! What the tools answer beside their text.

use std::time::Duration;

use ping_logic::{Event, Hop, Message, Outcome, Pings, Rtt, Trace, explain};
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Serialize, JsonSchema)]
pub struct Pinged {
    target: String,
    address: String,
    transmitted: u32,
    received: u32,
    /// Answers to requests that had been answered before
    duplicates: u32,
    /// First answers that came after the answer to a later request
    out_of_order: u32,
    /// Answers with a wrong checksum, which count as none
    corrupted: u32,
    /// Messages that a request could not be delivered, and advice of routers
    errors: u32,
    loss_percent: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    rtt: Option<Times>,
    /// From the first request to the last
    elapsed_ms: f64,
    /// True if the run ended early: there was no time left for the call
    partial: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<String>,
    /// What became of each request, in the order in which it was heard of
    packets: Vec<Packet>,
}

/// Round trips in milliseconds
#[derive(Serialize, JsonSchema)]
struct Times {
    min_ms: f64,
    avg_ms: f64,
    max_ms: f64,
    mdev_ms: f64,
}

#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum What {
    Reply,
    Duplicate,
    Damaged,
    Unreachable,
    TimeExceeded,
    PacketTooBig,
    ParameterProblem,
    Redirect,
    SourceQuench,
    TooLarge,
    Unsent,
    Lost,
}

#[derive(Serialize, JsonSchema)]
struct Packet {
    sequence: u16,
    outcome: What,
    #[serde(skip_serializing_if = "Option::is_none", flatten)]
    heard: Option<Heard>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mtu: Option<u32>,
}

/// What a message says of itself
#[derive(Default, Serialize, JsonSchema)]
struct Heard {
    /// Who sent it
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u8>,
    /// An error in words
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icmp_type: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icmp_code: Option<u8>,
    /// Where in the request a parameter problem is, in bytes
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<u32>,
    /// The router that a redirect names
    #[serde(skip_serializing_if = "Option::is_none")]
    next_hop: Option<String>,
    /// First byte of an answer's payload that is not as it was sent
    #[serde(skip_serializing_if = "Option::is_none")]
    wrong_byte: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
pub struct Traced {
    target: String,
    address: String,
    /// Whether the target itself answered
    reached: bool,
    max_hops: u8,
    /// True if the trace ended early: there was no time left for the call
    partial: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<String>,
    hops: Vec<TracedHop>,
}

#[derive(Serialize, JsonSchema)]
struct TracedHop {
    hop: u8,
    /// One for each request, in the order of sending
    probes: Vec<Probe>,
}

#[derive(Serialize, JsonSchema)]
struct Probe {
    outcome: What,
    #[serde(skip_serializing_if = "Option::is_none", flatten)]
    heard: Option<Heard>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mtu: Option<u32>,
}

impl Pinged {
    pub fn new(pings: &Pings, stopped: Option<String>) -> Self {
        let (plan, told) = (pings.plan(), pings.statistics());
        Self {
            target: plan.target.clone(),
            address: plan.address.to_string(),
            transmitted: told.transmitted,
            received: told.received,
            duplicates: told.duplicates,
            out_of_order: told.out_of_order,
            corrupted: told.corrupted,
            errors: told.errors,
            loss_percent: told.loss(),
            rtt: told.rtt().map(Times::from),
            elapsed_ms: milliseconds(pings.elapsed()),
            partial: pings.is_partial(),
            stopped,
            packets: pings.events().map(Packet::from).collect(),
        }
    }
}

impl Traced {
    pub fn new(trace: &Trace, stopped: Option<String>) -> Self {
        let plan = trace.plan();
        Self {
            target: plan.target.clone(),
            address: plan.address.to_string(),
            reached: trace.is_reached(),
            max_hops: plan.max_hops,
            partial: trace.is_partial(),
            stopped,
            hops: trace.hops().into_iter().map(TracedHop::from).collect(),
        }
    }
}

impl From<Rtt> for Times {
    fn from(rtt: Rtt) -> Self {
        let [min_ms, avg_ms, max_ms, mdev_ms] = [rtt.min, rtt.avg, rtt.max, rtt.mdev].map(milliseconds);
        Self { min_ms, avg_ms, max_ms, mdev_ms }
    }
}

impl From<Event> for Packet {
    fn from(event: Event) -> Self {
        let Event { sequence, outcome, message, .. } = event;
        let mut heard = message.map(Heard::from);
        let (what, time) = match &outcome {
            Outcome::Reply { rtt } => (What::Reply, Some(*rtt)),
            Outcome::Duplicate { rtt } => (What::Duplicate, Some(*rtt)),
            Outcome::Damaged { rtt } => (What::Damaged, Some(*rtt)),
            Outcome::Error => (message.as_ref().map_or(What::Lost, What::of), None),
            Outcome::TooLarge(_) => (What::TooLarge, None),
            Outcome::Unsent(why) => {
                heard = Some(Heard { detail: Some(why.to_string()), ..Heard::default() });
                (What::Unsent, None)
            }
            Outcome::Lost => (What::Lost, None),
        };
        let mtu = match outcome {
            Outcome::TooLarge(mtu) => mtu,
            _ => message.and_then(|message| message.mtu),
        };
        Self { sequence, outcome: what, heard, time_ms: time.map(milliseconds), mtu }
    }
}

impl From<Hop> for TracedHop {
    fn from(hop: Hop) -> Self {
        let probes = hop.answers.into_iter().map(|answer| match answer {
            None => Probe { outcome: What::Lost, heard: None, time_ms: None, mtu: None },
            Some(answer) => Probe {
                outcome: What::of(&answer.message),
                heard: Some(answer.message.into()),
                time_ms: Some(milliseconds(answer.rtt)),
                mtu: answer.message.mtu,
            },
        });
        Self { hop: hop.hop, probes: probes.collect() }
    }
}

impl What {
    fn of(message: &Message) -> Self {
        match message.kind {
            ping_logic::Kind::EchoReply => Self::Reply,
            ping_logic::Kind::Unreachable => Self::Unreachable,
            ping_logic::Kind::TimeExceeded => Self::TimeExceeded,
            ping_logic::Kind::TooBig => Self::PacketTooBig,
            ping_logic::Kind::ParameterProblem => Self::ParameterProblem,
            ping_logic::Kind::Redirect => Self::Redirect,
            ping_logic::Kind::SourceQuench => Self::SourceQuench,
            ping_logic::Kind::DamagedReply => Self::Damaged,
        }
    }
}

impl From<Message> for Heard {
    fn from(message: Message) -> Self {
        let is_reply = message.kind.is_reply();
        Self {
            from: Some(message.sender.to_string()),
            bytes: is_reply.then_some(message.size),
            ttl: message.hop_limit,
            detail: (!is_reply).then(|| explain(&message)),
            icmp_type: (!is_reply).then_some(message.icmp_type),
            icmp_code: (!is_reply).then_some(message.code),
            pointer: message.pointer,
            next_hop: message.next_hop.map(|next| next.to_string()),
            wrong_byte: message.difference.map(|difference| difference.at),
        }
    }
}

/// Milliseconds with as many decimals as the clock is worth.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
