//! The handlers of one connection, on top of each other: the payloads of one are the bytes of the
//! next. What comes out is told as if one handler had read the connection.
//!
//! A message of an upper handler may begin or end within a message of a lower one, whose bytes
//! cannot be divided. It then ends where the lower message ends, and the next begins there.

use std::collections::VecDeque;
use std::sync::Arc;

use cofferdam_grants::printable;

use super::layer::{Layer, Refused};
use super::linked::{Handler, Linked};
use super::state::Entry;
use super::step::Checked;
use super::trapped::Trapped;
use crate::abi::handler_0_1_0::{Encoded as LayerEncoded, Failure, Message, Reason};

/// The most handlers on top of each other.
const MOST: usize = 8;
/// So many ends of lower messages are remembered for an upper message that is not whole yet. Beyond
/// that, two that follow each other count as one.
const MOST_ENDS: usize = 4096;
/// What a message counts for besides its text.
const PER_MESSAGE: usize = 64;

/// Why nothing comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A configuration, a message or a stack that cannot be.
    Invalid {
        /// The handler that says so.
        handler: Option<String>,
        /// The member at fault.
        member: Option<String>,
        /// What is wrong.
        message: String,
    },
    /// A handler was cut off. The session is over.
    Cut(Cut),
    /// A limit is reached.
    Limit(String),
}

/// A handler was cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Which.
    pub handler: String,
    /// Why.
    pub why: String,
    /// The limit that was the reason, if one was.
    pub limit: Option<&'static str>,
}

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the handler `{}` is cut off: {}", self.handler, self.why)
    }
}

/// A message of the peer, with its range in all that has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// A JSON object.
    pub value: String,
    pub start: u64,
    pub end: u64,
    pub answers: Option<u64>,
}

/// What has to happen after a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    pub send: Vec<u8>,
    pub messages: Vec<Told>,
    pub tick: Option<u64>,
    pub close: Option<String>,
    /// For the log: the handler, and what it notes.
    pub notes: Vec<(String, String)>,
    size: usize,
}

/// A message as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    pub send: Vec<u8>,
    pub request: Option<u64>,
    pub tick: Option<u64>,
}

/// The handlers of one connection.
pub struct Layered {
    levels: Vec<Level>,
    /// Up to here, all bytes of the connection belong to messages that were told.
    told: u64,
    /// What one entry has taken of the processor, over all levels.
    entry: Arc<Entry>,
    /// The session is over.
    over: Option<Cut>,
}

/// One handler, and where its bytes come from.
struct Level {
    layer: Layer,
    due: Option<u64>,
    given: u64,
    /// Ends of the messages that its bytes came in: in its own bytes, and in the connection's.
    ends: VecDeque<(u64, u64)>,
    /// The last end that was passed.
    passed: (u64, u64),
}

impl Level {
    /// Where the connection's bytes end that hold all of this handler's before that place.
    fn outer(&mut self, at: u64) -> u64 {
        while let Some(end) = self.ends.front().copied().filter(|(own, _)| *own <= at) {
            self.passed = end;
            self.ends.pop_front();
        }
        match self.ends.front() {
            Some((_, outer)) if at > self.passed.0 => *outer,
            _ => self.passed.1,
        }
    }

    fn give(&mut self, count: usize, outer: u64) {
        self.given += count as u64;
        if self.ends.len() >= MOST_ENDS {
            self.ends.pop_front();
        }
        self.ends.push_back((self.given, outer));
    }
}

impl Layered {
    /// Starts sessions of these handlers, the lowest first, each with its configuration.
    ///
    /// # Errors
    /// The stack cannot be, or a handler refuses its configuration.
    pub fn create(stack: &[(Arc<Handler>, Arc<Linked>, String)]) -> Result<Self, Error> {
        // The argument of tools and plugins that names the stack.
        let member = || Some("handler".to_owned());
        let invalid = |message: String| Error::Invalid { handler: None, member: member(), message };
        let Some(((highest, ..), lower)) = stack.split_last() else {
            return Err(invalid("at least one handler is needed".to_owned()));
        };
        if stack.len() > MOST {
            return Err(invalid(format!("{} handlers stand on each other, {MOST} are the most", stack.len())));
        }
        if let Some((bare, ..)) = lower.iter().find(|(_, linked, _)| !linked.description.carries) {
            let (bare, above) = (&bare.spec.name, &highest.spec.name);
            return Err(invalid(format!("`{bare}` carries no other handler: `{above}` cannot stand above it")));
        }
        let entry = Arc::new(Entry::default());
        let mut levels = Vec::with_capacity(stack.len());
        for (index, (handler, linked, config)) in stack.iter().enumerate() {
            entry.begin();
            let below = index + 1 < stack.len();
            let layer = Layer::create(handler, linked, config, below, &entry);
            let layer = layer.map_err(|refused| error(&handler.spec.name, refused))?;
            levels.push(Level { layer, due: None, given: 0, ends: VecDeque::new(), passed: (0, 0) });
        }
        Ok(Self { levels, told: 0, entry, over: None })
    }

    /// The connection is there.
    pub fn open(&mut self, now: u64) -> Result<Step, Error> {
        self.enter(|own, all| own.each(now, all, |layer| layer.open(now)))
    }

    /// Bytes have come.
    pub fn data(&mut self, bytes: &[u8], now: u64) -> Result<Step, Error> {
        self.enter(|own, all| {
            let checked = own.call(0, |layer| layer.data(bytes, now))?;
            own.absorb(0, checked, now, all)
        })
    }

    /// The time that a step asked for has come.
    pub fn tick(&mut self, now: u64) -> Result<Step, Error> {
        self.enter(|own, all| {
            for index in 0..own.levels.len() {
                if own.levels[index].due.is_some_and(|due| due <= now) {
                    own.levels[index].due = None;
                    let checked = own.call(index, |layer| layer.tick(now))?;
                    own.absorb(index, checked, now, all)?;
                }
            }
            Ok(())
        })
    }

    /// The session ends.
    pub fn close(&mut self, reason: Reason, now: u64) -> Result<Step, Error> {
        self.enter(|own, all| own.each(now, all, |layer| layer.close(reason, now)))
    }

    /// A message of the highest handler, as bytes of the lowest.
    pub fn encode(&mut self, message: &str, now: u64) -> Result<Encoded, Error> {
        self.is_alive()?;
        self.entry.begin();
        let highest = self.levels.len() - 1;
        let encoded = self.call(highest, |layer| layer.encode(message, now));
        let encoded = encoded.and_then(|encoded| match encoded {
            Err(failure) => Ok(Err(self.failed(highest, failure))),
            Ok(LayerEncoded { send, request, tick }) => {
                self.due(highest, tick, now);
                let wrapped = if send.is_empty() { Ok(send) } else { self.wrap(highest, send, now)? };
                Ok(wrapped.map(|send| Encoded { send, request, tick: None }))
            }
        });
        match encoded {
            Ok(Ok(encoded)) => Ok(Encoded { tick: self.soonest(), ..encoded }),
            Ok(Err(failure)) => Err(failure),
            Err(cut) => Err(self.end(cut)),
        }
    }

    /// Enters the handlers; a session whose handler was cut off is over.
    fn enter(&mut self, run: impl FnOnce(&mut Self, &mut Step) -> Result<(), Cut>) -> Result<Step, Error> {
        self.is_alive()?;
        self.entry.begin();
        let mut all = Step::default();
        match run(self, &mut all) {
            Ok(()) => {
                all.tick = self.soonest();
                Ok(all)
            }
            Err(cut) => Err(self.end(cut)),
        }
    }

    fn is_alive(&self) -> Result<(), Error> {
        self.over.clone().map_or(Ok(()), |cut| Err(Error::Cut(cut)))
    }

    fn end(&mut self, cut: Cut) -> Error {
        self.over = Some(cut.clone());
        Error::Cut(cut)
    }

    fn call<T>(&mut self, index: usize, call: impl FnOnce(&mut Layer) -> Result<T, Trapped>) -> Result<T, Cut> {
        let layer = &mut self.levels[index].layer;
        call(layer).map_err(|trapped| cut(layer.name(), trapped))
    }

    /// Calls each handler, from the lowest.
    fn each(
        &mut self,
        now: u64,
        all: &mut Step,
        call: impl Fn(&mut Layer) -> Result<Checked, Trapped>,
    ) -> Result<(), Cut> {
        for index in 0..self.levels.len() {
            let checked = self.call(index, &call)?;
            self.absorb(index, checked, now, all)?;
        }
        Ok(())
    }

    /// What has to happen after the handler at this place was called.
    fn absorb(&mut self, index: usize, checked: Checked, now: u64, all: &mut Step) -> Result<(), Cut> {
        let step = checked.step;
        self.due(index, step.tick, now);
        let name = || self.levels[index].layer.name().to_owned();
        all.notes.extend(step.note.map(|note| (name(), note)));
        all.close = all.close.take().or(step.close);
        let is_highest = index + 1 == self.levels.len();
        for message in step.messages {
            let end = if index == 0 { message.end } else { self.levels[index].outer(message.end) };
            match &message.payload {
                Some(payload) if !is_highest && !payload.is_empty() => {
                    let above = &mut self.levels[index + 1];
                    above.give(payload.len(), end);
                    let checked = self.call(index + 1, |layer| layer.data(payload, now))?;
                    self.absorb(index + 1, checked, now, all)?;
                }
                _ => self.tell(index, message, end, all)?,
            }
        }
        if !step.send.is_empty() {
            let name = self.levels[index].layer.name().to_owned();
            match self.wrap(index, step.send, now)? {
                Ok(bytes) => all.send.extend(bytes),
                Err(failure) => all.notes.push((name, format!("it could not send what it had to: {failure:?}"))),
            }
        }
        Ok(())
    }

    /// A message of the handler at this place, with its range in the connection's bytes.
    fn tell(&mut self, index: usize, message: Message, end: u64, all: &mut Step) -> Result<(), Cut> {
        let layer = &self.levels[index].layer;
        all.size = all.size.saturating_add(message.value.len() + PER_MESSAGE);
        let limit = layer.handler.spec.limits.output;
        if u64::try_from(all.size).unwrap_or(u64::MAX) > limit {
            let why = format!("the messages of one step have more than {limit} bytes (limit `output`)");
            return Err(cut(layer.name(), Trapped { why, limit: Some("output") }));
        }
        let start = self.told;
        self.told = end.max(start);
        let value = match self.levels.len() {
            1 => message.value,
            _ => placed(message.value, index, layer.name(), start),
        };
        all.messages.push(Told { value, start, end: self.told, answers: message.answers });
        Ok(())
    }

    /// Bytes of the handler at this place, as bytes of the lowest.
    fn wrap(&mut self, index: usize, mut bytes: Vec<u8>, now: u64) -> Result<Result<Vec<u8>, Error>, Cut> {
        for lower in (0..index).rev() {
            match self.call(lower, |layer| layer.encode_payload(&bytes, now))? {
                Ok(LayerEncoded { send, tick, .. }) => {
                    self.due(lower, tick, now);
                    bytes = send;
                }
                Err(failure) => return Ok(Err(self.failed(lower, failure))),
            }
        }
        Ok(Ok(bytes))
    }

    fn failed(&self, index: usize, failure: Failure) -> Error {
        error(self.levels[index].layer.name(), Refused::Failure(failure))
    }

    /// Notes when a handler wants to be ticked, 10 ms from now at the soonest.
    fn due(&mut self, index: usize, tick: Option<u64>, now: u64) {
        if let Some(at) = tick {
            self.levels[index].due = Some(at.max(now.saturating_add(super::step::SOONEST)));
        }
    }

    fn soonest(&self) -> Option<u64> {
        self.levels.iter().filter_map(|level| level.due).min()
    }
}

/// A malformed message of one of several handlers says which of them, and where in all that has
/// come.
fn placed(value: String, index: usize, name: &str, start: u64) -> String {
    if !value.contains("\"malformed\"") {
        return value;
    }
    match serde_json::from_str(&value) {
        Ok(serde_json::Value::Object(mut members)) if members.contains_key("malformed") => {
            // The lowest handler's own place is right already.
            if index > 0 {
                members.insert("at".to_owned(), start.into());
            }
            members.insert("handler".to_owned(), name.into());
            serde_json::Value::Object(members).to_string()
        }
        _ => value,
    }
}

fn cut(handler: &str, trapped: Trapped) -> Cut {
    Cut { handler: handler.to_owned(), why: trapped.why, limit: trapped.limit }
}

fn error(handler: &str, refused: Refused) -> Error {
    match refused {
        Refused::Failure(Failure { member, message }) => Error::Invalid {
            handler: Some(handler.to_owned()),
            member: member.map(|member| printable(&member, 200).into_owned()),
            message: printable(&message, 1000).into_owned(),
        },
        Refused::Trapped(trapped) => Error::Cut(cut(handler, trapped)),
        Refused::Limit(limit) => Error::Limit(limit),
    }
}
