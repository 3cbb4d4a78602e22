//! What a tool answers beside its text: everything the reply said, and how it was come by.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::attempt::{Attempt, milliseconds};
use crate::edns::Edns;
use crate::exchange::Answered;
use crate::record::Record;
use crate::reply::Reply;
use crate::{Transport, kind, text};

/// About how many bytes of records one answer holds; what is beyond is counted, not shown.
const ROOM: usize = 1 << 20;

/// What came of a question, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// There are such records.
    Answer,
    /// The name exists, but has no record of this type (RFC 2308).
    Nodata,
    /// The name does not exist.
    Nxdomain,
    /// The server names others who know.
    Referral,
    /// The server failed; `extended_errors` may say why.
    Servfail,
    /// The server does not answer such questions to us.
    Refused,
    /// The server reports another error: see `status`.
    Error,
    /// A trace that did not come to its end: `trace` has the steps that were made.
    Incomplete,
}

/// The structured answer of `dig_tool` and `nslookup_tool`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Answer {
    /// What came of it
    pub outcome: Outcome,
    /// The reply's status: NOERROR, NXDOMAIN, SERVFAIL, REFUSED, …; empty if there is none
    pub status: String,
    /// The number of question and reply
    pub id: u16,
    /// The header's flags: qr aa tc rd ra ad cd
    pub flags: Vec<String>,
    /// The question
    pub question: Question,
    /// The answer section
    pub answers: Vec<Record>,
    /// The authority section: records as in `answers`
    #[schemars(with = "Vec<Map<String, Value>>")]
    pub authority: Vec<Record>,
    /// The additional section, without EDNS: records as in `answers`
    #[schemars(with = "Vec<Map<String, Value>>")]
    pub additional: Vec<Record>,
    /// Records that are not shown because there are too many
    #[serde(skip_serializing_if = "is_zero")]
    pub omitted: usize,
    /// The names from the question's along its aliases (CNAME), if there are any
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<String>,
    /// EDNS of the reply, if it has any
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edns: Option<Edns>,
    /// The server that answered: ADDRESS:PORT
    pub server: String,
    /// How the answer came
    pub transport: Option<Transport>,
    /// From the question to its answer, in milliseconds
    pub time_ms: f64,
    /// The reply's size in bytes
    pub size: usize,
    /// Why a trace has not come to its end
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
    /// True if this is a part of the answer: it is cut off and TCP, which carries all of it, was
    /// not possible or not wanted, or the trace has not come to its end
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// Whether EDNS was sent, and in it a wish for signatures.
    #[serde(skip)]
    #[schemars(skip)]
    pub(crate) asked_with: AskedWith,
    /// Everything that was tried, in order
    pub attempts: Vec<Attempt>,
    /// With trace: the referrals from the root down
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<Step>,
}

/// What of a question matters for what is said about its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AskedWith {
    pub edns: bool,
    pub dnssec: bool,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Question {
    /// The name, absolute, in ASCII
    pub name: String,
    /// The class: IN
    pub class: String,
    /// The type
    #[serde(rename = "type")]
    pub kind: String,
}

/// One step of a trace: what one server of a zone said.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Step {
    /// The zone whose servers were asked
    pub zone: String,
    /// The server that answered, by name, if it is known by one
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// Its ADDRESS:PORT
    pub server: String,
    /// The reply's status
    pub status: String,
    /// From the question to its answer, in milliseconds
    pub time_ms: f64,
    /// The reply's size in bytes
    pub size: usize,
    /// What it said: the answer, or the next zone's servers; records as in `answers`
    #[schemars(with = "Vec<Map<String, Value>>")]
    pub records: Vec<Record>,
}

impl Answer {
    /// Says all of a reply.
    pub fn new(answered: Answered, attempts: Vec<Attempt>) -> Self {
        let Answered { reply, server, transport, elapsed, partial, question } = answered;
        let chain = reply.chain(&question.name);
        let outcome = outcome(&reply, question.kind, &chain);
        let names = chain.iter().map(text::name).collect();
        let (status, flags) = (reply.status(), reply.flags().into_iter().map(str::to_owned).collect());
        let (mut room, mut omitted) = (ROOM, 0);
        let mut fit = |mut records: Vec<Record>| {
            let keep = records
                .iter()
                .take_while(|record| room.checked_sub(record.weight()).map(|left| room = left).is_some())
                .count();
            omitted += records.len() - keep;
            records.truncate(keep);
            records
        };
        let (answers, authority, additional) = (fit(reply.answers), fit(reply.authority), fit(reply.additional));
        Self {
            outcome,
            status,
            id: reply.header.metadata.id,
            flags,
            question: Question {
                name: text::name(&question.name),
                class: "IN".to_owned(),
                kind: kind::name(question.kind),
            },
            answers,
            authority,
            additional,
            omitted,
            chain: if chain.len() > 1 { names } else { Vec::new() },
            edns: reply.edns,
            server: server.to_string(),
            transport: Some(transport),
            time_ms: milliseconds(elapsed),
            size: reply.size,
            incomplete: None,
            partial,
            asked_with: AskedWith { edns: question.edns.is_some(), dnssec: question.dnssec },
            attempts,
            trace: Vec::new(),
        }
    }
}

impl Answer {
    /// What is to be said of an answer that is cut off.
    pub(crate) fn cut_off(&self) -> &'static str {
        match self.attempts.iter().any(|attempt| attempt.transport == Transport::Tcp) {
            true if self.transport == Some(Transport::Tcp) => "the answer is truncated, over TCP as well",
            true => "the answer is truncated and TCP failed",
            false => "the answer is truncated and TCP was not tried",
        }
    }
}

fn outcome(reply: &Reply, kind: hickory_proto::rr::RecordType, chain: &[hickory_proto::rr::Name]) -> Outcome {
    match reply.status {
        0 if reply.answers_with(kind, chain) => Outcome::Answer,
        0 if is_referral(reply) => Outcome::Referral,
        0 => Outcome::Nodata,
        2 => Outcome::Servfail,
        3 => Outcome::Nxdomain,
        5 => Outcome::Refused,
        _ => Outcome::Error,
    }
}

/// No answer, no SOA that would say that there is none, but servers to ask (RFC 2308, section 2.2).
pub(crate) fn is_referral(reply: &Reply) -> bool {
    let has = |kind| reply.authority.iter().any(|record| record.raw.kind == kind);
    let (ns, soa) = (hickory_proto::rr::RecordType::NS, hickory_proto::rr::RecordType::SOA);
    reply.status == 0 && reply.answers.is_empty() && !reply.header.metadata.authoritative && has(ns) && !has(soa)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's `skip_serializing_if` gives a reference")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}
