//! One line of the audit file: what an event looks like as JSON. The fields have a fixed order and
//! `hash` is the last, so that a line can be checked byte by byte without being parsed. What links
//! the lines is `chain.rs`.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cofferdam_grants::{RuleId, cut, plain};
use serde::{Deserialize, Serialize};

use crate::hex::digest;
use crate::key::Key;
use crate::{Caller, Decision, Event};

/// The longest text of one field, in bytes; what is beyond is cut.
const TEXT: usize = 2048;

/// The same of arguments in clear.
const ARGUMENTS: usize = 64 << 10;

type Text<'a> = Option<Cow<'a, str>>;

/// One line. Which fields there are depends on the event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record<'a> {
    /// The line's number in the chain, from 1.
    pub seq: u64,
    /// When it happened, as RFC 3339 in UTC with microseconds; by the system's clock, which may
    /// have been set back. A line that could not be written at once stands later than its time.
    pub time: Cow<'a, str>,
    /// What: `opened`, `policy`, `loaded`, `load_refused`, `call_started`, `ask`, `limit_hit`,
    /// `handler_cut`, `instance_lost`, `call_ended`; and of the file itself `checkpoint`,
    /// `continued`, `recovered`, `omitted`.
    pub event: Cow<'a, str>,
    /// On whose behalf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Text<'a>,
    /// The program that the principal uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Text<'a>,
    /// The plugin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Text<'a>,
    /// SHA-256 of the component (of the policy, for `policy`; of the torn bytes, for `recovered`),
    /// in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Text<'a>,
    /// The tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Text<'a>,
    /// The call's number in its process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<u64>,
    /// What was asked for, canonical and in clear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Text<'a>,
    /// `allowed` or `denied`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Text<'a>,
    /// The rule that decided, and where it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Text<'a>,
    /// A stable code: why it was refused, how the call ended, which limit was hit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Text<'a>,
    /// More about it, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Text<'a>,
    /// From a call's arrival to its answer, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_us: Option<u64>,
    /// Bytes of a call's arguments (of the torn line, for `recovered`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_in: Option<u64>,
    /// Bytes of a call's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_out: Option<u64>,
    /// HMAC-SHA256 of a call's arguments under the audit key, its first 16 bytes in hexadecimal:
    /// equal arguments have equal digests, and nobody without the key can try out which they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Text<'a>,
    /// A call's arguments as JSON text, where the operator has asked for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clear: Text<'a>,
    /// Of a `recovered`: the line that the head knew last, where lines before it are gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_after: Option<u64>,
    /// Of a `checkpoint`: the ed25519 public key, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Text<'a>,
    /// Of a `checkpoint`: its signature over everything before this line, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Text<'a>,
    /// The `hash` of the line before; of a chain's first line, 64 zeros. Written when the line is
    /// sealed.
    #[serde(skip_serializing)]
    pub prev: Cow<'a, str>,
    /// SHA-256 of this line up to here, in hexadecimal. Written when the line is sealed.
    #[serde(default, skip_serializing)]
    pub hash: Cow<'a, str>,
}

impl<'a> Record<'a> {
    /// A line of this kind, otherwise empty.
    pub(crate) fn new(event: &'static str) -> Self {
        Self { event: Cow::Borrowed(event), ..Self::default() }
    }

    /// A line of this kind about a call.
    fn by(event: &'static str, caller: Option<&'a Caller>) -> Self {
        Self {
            principal: caller.and_then(|caller| text(&caller.principal)),
            client: caller.and_then(|caller| text(caller.client.as_deref()?)),
            call: caller.map(|caller| caller.call),
            ..Self::new(event)
        }
    }

    /// An event as a line; its place in the chain is filled in later. `clear`: arguments are
    /// written as they are, too.
    pub(crate) fn of(event: &Event<'a>, key: &Key, clear: bool, rule: &dyn Fn(RuleId) -> Option<String>) -> Self {
        match event {
            Event::PolicyLoaded { text, rules } => Self {
                digest: Some(digest(text.as_bytes()).into()),
                detail: Some(format!("{rules} rules").into()),
                ..Self::new("policy")
            },
            Event::Ask { plugin, caller, resource, decision } => {
                let (decision, id, reason) = match decision {
                    Decision::Allowed(id) => ("allowed", *id, None),
                    Decision::Denied(denial) => ("denied", denial.rule(), Some(denial.reason().code().into())),
                    Decision::Refused(code) => ("denied", None, Some((*code).into())),
                };
                Self {
                    plugin: text(plugin),
                    resource: Some(resource.to_string().into()),
                    decision: text(decision),
                    rule: id.and_then(rule).map(|rule| cut(&rule, TEXT).to_owned().into()),
                    reason,
                    ..Self::by("ask", *caller)
                }
            }
            Event::CallStarted { caller, plugin, digest, tool, arguments } => Self {
                plugin: text(plugin),
                digest: text(digest),
                tool: text(tool),
                bytes_in: Some(arguments.len() as u64),
                arguments: Some(key.digest(arguments.as_bytes()).into()),
                clear: clear.then(|| at_most(arguments, ARGUMENTS)),
                ..Self::by("call_started", Some(caller))
            },
            Event::CallEnded { caller, plugin, tool, outcome, took, bytes_out } => Self {
                plugin: text(plugin),
                tool: text(tool),
                reason: text(outcome),
                duration_us: Some(u64::try_from(took.as_micros()).unwrap_or(u64::MAX)),
                bytes_out: Some(*bytes_out),
                ..Self::by("call_ended", Some(caller))
            },
            Event::Loaded { plugin, digest } => {
                Self { plugin: text(plugin), digest: text(digest), ..Self::new("loaded") }
            }
            Event::LoadRefused { plugin, cause } => {
                Self { plugin: text(plugin), detail: text(cause), ..Self::new("load_refused") }
            }
            Event::InstanceLost { plugin, caller, limit, reason, connections } => Self {
                plugin: text(plugin),
                reason: limit.and_then(text),
                detail: Some(format!("{}; {connections} open connections are lost", cut(reason, TEXT)).into()),
                ..Self::by("instance_lost", *caller)
            },
            Event::HandlerCut { plugin, caller, handler, limit, reason } => Self {
                plugin: text(plugin),
                reason: limit.and_then(text),
                detail: Some(format!("handler {handler}: {}", cut(reason, TEXT)).into()),
                ..Self::by("handler_cut", *caller)
            },
            Event::LimitHit { plugin, caller, limit } => {
                Self { plugin: text(plugin), reason: text(limit), ..Self::by("limit_hit", *caller) }
            }
        }
    }

    /// The same, kept for later, with the time of now.
    pub(crate) fn kept(self) -> Record<'static> {
        let own = |text: Text<'a>| text.map(|text| Cow::Owned(text.into_owned()));
        Record {
            seq: self.seq,
            time: now().into(),
            event: Cow::Owned(self.event.into_owned()),
            principal: own(self.principal),
            client: own(self.client),
            plugin: own(self.plugin),
            digest: own(self.digest),
            tool: own(self.tool),
            call: self.call,
            resource: own(self.resource),
            decision: own(self.decision),
            rule: own(self.rule),
            reason: own(self.reason),
            detail: own(self.detail),
            duration_us: self.duration_us,
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            arguments: own(self.arguments),
            clear: own(self.clear),
            lost_after: self.lost_after,
            key: own(self.key),
            signature: own(self.signature),
            prev: Cow::Owned(self.prev.into_owned()),
            hash: Cow::Owned(self.hash.into_owned()),
        }
    }

    /// The record on one line, for people. Text of others is shown without control and direction
    /// characters.
    pub fn line(&self) -> String {
        let mut line = format!("{} {:<13}", self.time, self.event);
        let mut add = |before: &str, text: &str| {
            line.push_str(before);
            line.extend(text.chars().map(plain));
        };
        let number = |number: Option<u64>| number.map(|number| Cow::Owned(number.to_string()));
        for (before, field) in [
            (" #", number(self.call)),
            (" ", self.decision.clone()),
            (" ", self.plugin.clone()),
            (" ", self.tool.clone()),
            (" ", self.resource.clone()),
            (" ", self.reason.clone()),
            ("  ", self.detail.clone()),
            ("  rule ", self.rule.clone()),
            ("  by ", self.principal.clone()),
            (" with ", self.client.clone()),
            ("  in ", number(self.bytes_in)),
            ("  out ", number(self.bytes_out)),
            ("  µs ", number(self.duration_us)),
            ("  arguments ", self.clear.clone()),
            ("  lost after ", number(self.lost_after)),
        ] {
            if let Some(field) = field {
                add(before, &field);
            }
        }
        line
    }
}

fn text<'a>(text: &'a str) -> Text<'a> {
    Some(Cow::Borrowed(cut(text, TEXT)))
}

fn at_most(text: &str, most: usize) -> Cow<'_, str> {
    match text.len() > most {
        true => Cow::Owned(format!("{}…", cut(text, most))),
        false => Cow::Borrowed(text),
    }
}

/// Now, as RFC 3339 in UTC with microseconds.
pub(crate) fn now() -> String {
    rfc3339(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// The time since 1970-01-01 as RFC 3339, which ends with the year 9999.
fn rfc3339(since: Duration) -> String {
    const LAST: Duration = Duration::from_secs(253_402_300_799);
    humantime::format_rfc3339_micros(UNIX_EPOCH + since.min(LAST)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339() {
        let at = |seconds| rfc3339(Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(at(951_782_399), "2000-02-28T23:59:59.000000Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00.000000Z");
        assert_eq!(at(4_107_542_400), "2100-03-01T00:00:00.000000Z");
        assert_eq!(rfc3339(Duration::MAX), "9999-12-31T23:59:59.000000Z");
        assert_eq!(rfc3339(Duration::from_micros(1_795_300_014_123_456)), "2026-11-21T22:26:54.123456Z");
    }

    #[test]
    fn a_line_for_people_has_no_escapes() {
        let record = Record { plugin: text("a\u{1b}[2J\u{202e}b\nc"), ..Record::new("ask") };
        assert_eq!(record.line().trim_start(), "ask           a\u{fffd}[2J\u{fffd}b\u{fffd}c");
        // What only turns text, is not drawn, or only a model reads.
        for c in ['\u{61c}', '\u{ad}', '\u{e0041}', '\u{200b}', '\u{9b}', '\u{2028}'] {
            let record = Record { client: Some(c.to_string().into()), ..Record::new("ask") };
            assert!(!record.line().contains(c), "{c:?}");
        }
    }
}
