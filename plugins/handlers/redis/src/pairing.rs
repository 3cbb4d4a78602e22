//! Which answer belongs to which command. A server answers in order. What it sends unasked are
//! pushes: a type of their own in RESP3, and arrays of a subscriber in RESP2.

use std::collections::VecDeque;

use handler_kit::{Failure, Value};

use crate::value::{Item, Kind};

/// The most commands that may wait for an answer.
const MOST_WAITING: usize = 100_000;

/// The three kinds of subscriptions, each with a count of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Channels,
    Patterns,
    Shards,
}

/// What `CLIENT REPLY` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Silence {
    #[default]
    On,
    /// Neither this command nor the next one is answered.
    Skip,
    /// Nothing is answered until it is on again.
    Off,
}

/// What a command waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Waits {
    /// One answer.
    Once,
    /// One answer for each channel, or so many as there turn out to be.
    Confirmations {
        family: Family,
        subscribes: bool,
        left: Option<usize>,
    },
    /// `+OK`, and from then on a line for each command of others.
    Monitor,
    /// `+RESET`, and all subscriptions are over.
    Reset,
    Silence(Silence),
}

#[derive(Clone, Debug)]
struct Waiting {
    /// The request's number. None where the handler itself has asked.
    id: Option<u64>,
    waits: Waits,
    /// It has been answered once.
    answered: bool,
}

/// What a message of the server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It answers that request.
    Answers(u64),
    /// It answers what the handler has sent by itself.
    AnswersHandler,
    /// It comes unasked, or nothing says what it answers.
    Unasked,
}

/// The commands of one connection that wait for their answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pairing {
    waiting: VecDeque<Waiting>,
    next: u64,
    silence: Silence,
    /// Pairing is over: something came that is no message.
    lost: bool,
    /// Confirmations come as arrays, so that messages do too.
    arrays: bool,
    /// How many channels and patterns are subscribed to, and how many shard channels.
    subscribed: (i64, i64),
    monitors: bool,
}

impl Pairing {
    /// A command goes out. The number by which its answer is known.
    pub(crate) fn sent(&mut self, waits: Waits, by_handler: bool) -> Result<Option<u64>, Failure> {
        if self.waiting.len() >= MOST_WAITING {
            return Err(Failure::new(format!("{MOST_WAITING} commands wait for their answers: read those first")));
        }
        let unanswered = self.silence != Silence::On;
        if self.silence == Silence::Skip {
            self.silence = Silence::On;
        }
        if let Waits::Silence(silence) = waits {
            self.silence = silence;
        }
        let answered = match waits {
            Waits::Silence(silence) => silence == Silence::On,
            _ => !unanswered,
        };
        if self.lost || !answered {
            return Ok(None);
        }
        let id = (!by_handler).then_some(self.next);
        self.next += u64::from(!by_handler);
        self.waiting.push_back(Waiting { id, waits, answered: false });
        Ok(id)
    }

    /// Something came that is no message: nothing is known of what follows. The request in whose
    /// place it came, and how many others wait in vain.
    pub(crate) fn lose(&mut self) -> (Option<u64>, usize) {
        self.lost = true;
        let waiting = std::mem::take(&mut self.waiting);
        (waiting.front().and_then(|first| first.id), waiting.len().saturating_sub(1))
    }

    /// An answer that was given up has come: the request that it belongs to.
    pub(crate) fn skipped(&mut self) -> Option<u64> {
        self.drop_answered();
        self.waiting.pop_front().and_then(|first| first.id)
    }

    /// One that waited for as many confirmations as come has got them all.
    fn drop_answered(&mut self) {
        while self.waiting.front().is_some_and(|first| first.answered) {
            self.waiting.pop_front();
        }
    }

    /// A message has come. Whether it is a push, and what it answers.
    pub(crate) fn came(&mut self, item: &Item) -> (bool, Role) {
        let word = item.value.get(0).and_then(Value::as_str).unwrap_or_default();
        let push = item.kind == Kind::Push;
        if push || item.kind == Kind::Array {
            if let Some((family, subscribes)) = confirmation(word)
                && let Some(role) = self.confirmed(push, family, subscribes, &item.value)
            {
                return (true, role);
            }
            let message = matches!(word, "message" | "pmessage" | "smessage");
            if push || (message && self.arrays && self.subscribed != (0, 0)) {
                return (true, Role::Unasked);
            }
        }
        if self.monitors && item.kind == Kind::Status && item.value.as_str().is_some_and(monitored) {
            return (false, Role::Unasked);
        }
        self.drop_answered();
        let Some(first) = self.waiting.pop_front() else { return (false, Role::Unasked) };
        if item.kind != Kind::Error {
            match first.waits {
                Waits::Monitor => self.monitors = true,
                Waits::Reset => (self.subscribed, self.monitors, self.arrays) = ((0, 0), false, false),
                _ => {}
            }
        }
        (false, first.id.map_or(Role::AnswersHandler, Role::Answers))
    }

    /// A confirmation. None if it is an array that only looks like one.
    fn confirmed(&mut self, push: bool, family: Family, subscribes: bool, value: &Value) -> Option<Role> {
        // Who unsubscribes from nothing is told of no channel, once.
        let nothing = value.get(1).is_some_and(Value::is_null);
        let at = self.waiting.iter().position(|waiting| {
            let Waits::Confirmations { family: f, subscribes: s, .. } = waiting.waits else { return false };
            f == family && s == subscribes && !(nothing && waiting.answered)
        });
        // Those before it were answered, except for what a RESP3 server confirms late.
        let at = at.filter(|at| push || self.waiting.iter().take(*at).all(|before| before.answered));
        if at.is_none() && !push && !(self.arrays && self.subscribed != (0, 0)) {
            return None;
        }
        self.arrays = !push;
        let count = value.get(2).and_then(Value::as_i64).unwrap_or_default();
        match family {
            Family::Shards => self.subscribed.1 = count,
            Family::Channels | Family::Patterns => self.subscribed.0 = count,
        }
        let Some(waiting) = at.and_then(|at| self.waiting.get_mut(at)) else { return Some(Role::Unasked) };
        let id = waiting.id;
        let done = match &mut waiting.waits {
            Waits::Confirmations { left: Some(left), .. } => {
                *left -= 1;
                *left == 0
            }
            _ => {
                waiting.answered = true;
                false
            }
        };
        if done && let Some(at) = at {
            self.waiting.remove(at);
        }
        Some(id.map_or(Role::AnswersHandler, Role::Answers))
    }
}

fn confirmation(word: &str) -> Option<(Family, bool)> {
    Some(match word {
        "subscribe" => (Family::Channels, true),
        "psubscribe" => (Family::Patterns, true),
        "ssubscribe" => (Family::Shards, true),
        "unsubscribe" => (Family::Channels, false),
        "punsubscribe" => (Family::Patterns, false),
        "sunsubscribe" => (Family::Shards, false),
        _ => return None,
    })
}

/// Whether a status is a line of MONITOR: `1700000000.000000 [0 127.0.0.1:50000] "PING"`.
fn monitored(line: &str) -> bool {
    let end = line.find(' ').unwrap_or(line.len());
    let (time, rest) = line.split_at(end);
    !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && rest.starts_with(" [")
}
