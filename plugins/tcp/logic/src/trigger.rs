//! One trigger: what it waits for, what it answers or runs, how often it may, and how often it did.
//!
//! How the triggers of a connection share a stream is in [`crate::trigger_set`].

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::encoding::Encoding;
use crate::member::{Member, NoMember};
use crate::pattern::{Pattern, PatternError};
use crate::response::{Response, ResponseError};
use crate::script::{Program, Run, Script};

/// The most triggers on one connection.
pub const MOST_TRIGGERS: usize = 256;

/// A trigger as it was set. Cloning shares the compiled pattern, the response and the program.
#[derive(Debug, Clone)]
pub struct Trigger {
    pub(crate) id: Arc<str>,
    pub(crate) pattern: Pattern,
    pub(crate) action: Action,
    pub(crate) on: On,
}

/// What a trigger does.
#[derive(Debug, Clone)]
pub(crate) enum Action {
    Respond(Response),
    Run(Script),
}

/// What a trigger looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum On {
    /// The bytes that are received.
    Bytes,
    /// The messages that a handler makes of them: this member, or all of a message's JSON.
    Message(Option<Member>),
}

impl On {
    /// Messages: a member of them as an argument has it, or all.
    pub fn message(member: Option<&str>) -> Result<On, TriggerError> {
        Ok(On::Message(member.map(Member::new).transpose()?))
    }

    /// The word for it in arguments and answers.
    pub fn name(&self) -> &'static str {
        match self {
            On::Bytes => "bytes",
            On::Message(_) => "message",
        }
    }

    /// The member, where one is looked at.
    pub fn member(&self) -> Option<&str> {
        match self {
            On::Message(Some(member)) => Some(member.as_str()),
            _ => None,
        }
    }
}

/// How the response of a trigger is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// As bytes.
    As(Encoding),
    /// As a message that the connection's handler makes bytes of.
    Message,
}

/// Why a trigger is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TriggerError {
    /// The pattern.
    #[error("`pattern`: {0}")]
    Pattern(#[from] PatternError),
    /// The response, or its terminator.
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// The member of a message to look at.
    #[error("`member`: {0}")]
    Member(#[from] NoMember),
    /// There are [`MOST_TRIGGERS`] already.
    #[error("a connection holds at most {} triggers; remove one first", MOST_TRIGGERS)]
    TooMany,
}

impl TriggerError {
    /// The name of the argument that is wrong.
    pub fn argument(&self) -> &'static str {
        match self {
            TriggerError::Pattern(_) => "pattern",
            TriggerError::Response(error) => error.argument(),
            TriggerError::Member(_) => "member",
            TriggerError::TooMany => "trigger_id",
        }
    }
}

impl Trigger {
    /// Reads the arguments of `tcp_set_trigger`; everything that can be wrong is
    /// refused here, before any data.
    pub fn new(
        id: &str,
        pattern: &str,
        response: &str,
        response_encoding: Encoding,
        response_terminator: Option<&str>,
    ) -> Result<Trigger, TriggerError> {
        let pattern = Pattern::new(pattern)?;
        let response = Response::new(&pattern, response, response_encoding, response_terminator)?;
        Ok(Trigger { id: id.into(), pattern, action: Action::Respond(response), on: On::Bytes })
    }

    /// The same for a trigger that looks at messages: at a member, or at all of their JSON.
    pub fn on_message(
        id: &str,
        pattern: &str,
        member: Option<&str>,
        response: &str,
        written: Written,
        response_terminator: Option<&str>,
    ) -> Result<Trigger, TriggerError> {
        let on = On::message(member)?;
        let pattern = Pattern::new(pattern)?;
        let response = match written {
            Written::As(encoding) => Response::new(&pattern, response, encoding, response_terminator)?,
            Written::Message => Response::message(&pattern, response, response_terminator)?,
        };
        Ok(Trigger { id: id.into(), pattern, action: Action::Respond(response), on })
    }

    /// The same for a trigger that runs a program, whose source has so many bytes.
    pub fn scripted(id: &str, pattern: Pattern, on: On, size: usize, program: Rc<dyn Program>) -> Trigger {
        Trigger { id: id.into(), pattern, action: Action::Run(Script { size, program: Some(program) }), on }
    }

    /// What it looks at.
    pub fn on(&self) -> &On {
        &self.on
    }

    /// The `trigger_id`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The pattern as it was written.
    pub fn pattern(&self) -> &str {
        self.pattern.as_str()
    }

    /// Bytes of the response, terminator included; of a response with groups, as it was written.
    pub fn response_size(&self) -> Option<usize> {
        if let Action::Respond(response) = &self.action { Some(response.size()) } else { None }
    }

    /// Bytes of the script's source.
    pub fn script_size(&self) -> Option<usize> {
        if let Action::Run(script) = &self.action { Some(script.size) } else { None }
    }

    /// The most memory this trigger comes to use, in bytes, whatever the peer sends; what all
    /// triggers of one connection share ([`crate::trigger_set::WINDOW`]) not counted. For a budget
    /// over all connections.
    pub fn most_memory(&self) -> usize {
        let action = match &self.action {
            Action::Respond(response) => response.size(),
            Action::Run(script) => script.most_memory(),
        };
        self.pattern.most_memory() + action + self.id.len()
    }
}

/// How often each trigger of a connection may fire. A trigger that answers itself ends here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FireLimits {
    /// Firings within one second, counted from the first of them.
    pub per_second: u32,
    /// Firings in the trigger's whole life.
    pub total: u64,
}

impl Default for FireLimits {
    /// 1,000 a second, 1,000,000 in total.
    fn default() -> FireLimits {
        FireLimits { per_second: 1_000, total: 1_000_000 }
    }
}

/// One firing, in the order of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firing {
    /// The trigger that fired.
    pub trigger_id: Arc<str>,
    /// What to send, or to run.
    pub reply: Reply,
    /// Absolute offset after the last byte of the match.
    pub end: u64,
}

/// One firing on a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    /// The trigger that fired.
    pub trigger_id: Arc<str>,
    /// What to send, or to run.
    pub reply: Reply,
}

/// What a trigger answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// These bytes, terminator included. Fixed responses are shared, not copied.
    Bytes(Arc<[u8]>),
    /// This message: a JSON object.
    Message(String),
    /// What this run comes to.
    Script(Box<Run>),
}

impl Reply {
    /// The bytes, where it is bytes.
    pub fn bytes(&self) -> Option<&Arc<[u8]>> {
        if let Reply::Bytes(bytes) = self { Some(bytes) } else { None }
    }
}

/// What `tcp_connection_info` shows of a trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggerInfo {
    /// The `trigger_id`.
    pub trigger_id: Arc<str>,
    /// The pattern as it was written.
    pub pattern: String,
    /// What it looks at.
    pub on: On,
    /// Why the last response could not be made into bytes, or the last run of
    /// its script that failed has.
    pub error: Option<String>,
    /// The last note of its script.
    pub note: Option<String>,
    /// Why its program is over.
    pub cut: Option<String>,
    /// See [`Trigger::response_size`].
    pub response_size: Option<usize>,
    /// See [`Trigger::script_size`].
    pub script_size: Option<usize>,
    /// What happened to its matches.
    pub counts: Counts,
    /// The limits it stands under.
    pub limits: FireLimits,
}

/// What happened to a trigger's matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Answered, or given to the script.
    pub fired: u64,
    /// Not answered, because of a fire limit. The bytes are spent all the same.
    pub suppressed: u64,
    /// Not answered, because the response would have been too large once expanded, because the
    /// match was so long that the groups for response or script were gone (see
    /// [`crate::trigger_set::WINDOW`]), or because the handler could not make bytes of it: each
    /// message of a script that it could not send is one.
    pub unanswerable: u64,
    /// Of those that were given to the script, runs that failed.
    pub failed: u64,
    /// Segments that were not searched to their end, because the pattern read
    /// the same bytes too often.
    pub skipped: u64,
}

/// Firings counted against the limits.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Meter {
    second: Option<Duration>,
    in_second: u32,
}

impl Meter {
    /// Whether a trigger that has fired so often may fire now; if so, it counts.
    pub(crate) fn admits(&mut self, limits: FireLimits, fired: u64, now: Duration) -> bool {
        let running = self.second.is_some_and(|start| now.saturating_sub(start) < Duration::from_secs(1));
        if !running {
            *self = Meter { second: Some(now), in_second: 0 };
        }
        if fired >= limits.total || self.in_second >= limits.per_second {
            return false;
        }
        self.in_second += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_name_their_argument() {
        let refuse = |pattern, response, terminator| {
            let error = Trigger::new("t", pattern, response, Encoding::Utf8, terminator).unwrap_err();
            (error.argument(), error.to_string())
        };
        let (argument, message) = refuse("a(", "x", None);
        assert_eq!(
            (argument, message.as_str()),
            ("pattern", "`pattern`: invalid pattern at character 2: unclosed group")
        );
        assert_eq!(refuse("a", "$1", None).0, "response");
        assert_eq!(refuse("a", "x", Some("0")).0, "response_terminator");
        assert_eq!(TriggerError::TooMany.argument(), "trigger_id");
    }

    #[test]
    fn the_meter_counts_by_second_and_in_total() {
        let limits = FireLimits { per_second: 2, total: 4 };
        let mut meter = Meter::default();
        let at = Duration::from_millis;
        assert!(meter.admits(limits, 0, at(500)) && meter.admits(limits, 1, at(900)));
        assert!(!meter.admits(limits, 2, at(1_499)));
        assert!(meter.admits(limits, 2, at(1_500)));
        assert!(!meter.admits(limits, 4, at(9_000)), "the total");
    }
}
