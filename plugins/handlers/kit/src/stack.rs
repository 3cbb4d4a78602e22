//! Handlers on top of each other: the messages of one carry the bytes of the next. What comes out
//! is told as if one handler had read the connection: the ranges of all messages, put together, are
//! the bytes that came.
//!
//! A message of an upper handler may begin or end within a message of a lower one, whose bytes
//! cannot be divided. It then ends where the lower message ends, and the next begins there. Bytes
//! that a lower handler finds malformed are told at once, with what an upper handler still waits
//! with.

use std::collections::VecDeque;

use serde_json::Value;

use crate::{Encoded, Failure, Handler, Message, Now, Reason, Session, Span, Step};

/// So many ends of lower messages are remembered for an upper message that is not whole yet. Beyond
/// that, two that follow each other count as one.
const MOST_ENDS: usize = 4096;

/// One handler among several, whatever its type is.
pub trait Layer {
    /// What tools call it.
    fn name(&self) -> &'static str;
    /// Whether a handler can stand above it.
    fn carries(&self) -> bool;
    /// The connection is there.
    fn open(&mut self, now: Now) -> Step;
    /// Bytes have come.
    fn data(&mut self, bytes: &[u8], now: Now) -> Step;
    /// The time that a step asked for has come.
    fn tick(&mut self, now: Now) -> Step;
    /// The session ends.
    fn close(&mut self, reason: Reason, now: Now) -> Step;
    /// A message as bytes.
    ///
    /// # Errors
    /// It is none of the protocol.
    fn encode(&mut self, message: &Value, now: Now) -> Result<Encoded, Failure>;
    /// Bytes of the handler above, as one message.
    ///
    /// # Errors
    /// It carries none, or not these.
    fn encode_payload(&mut self, payload: &[u8], now: Now) -> Result<Encoded, Failure>;
    /// When it wants to be ticked next, asked after an `encode`.
    fn due(&self) -> Option<Now>;
}

impl<H: Handler> Layer for Session<H> {
    fn name(&self) -> &'static str {
        H::NAME
    }
    fn carries(&self) -> bool {
        H::CARRIES
    }
    fn open(&mut self, now: Now) -> Step {
        Session::open(self, now)
    }
    fn data(&mut self, bytes: &[u8], now: Now) -> Step {
        Session::data(self, bytes, now)
    }
    fn tick(&mut self, now: Now) -> Step {
        Session::tick(self, now)
    }
    fn close(&mut self, reason: Reason, now: Now) -> Step {
        Session::close(self, reason, now)
    }
    fn encode(&mut self, message: &Value, now: Now) -> Result<Encoded, Failure> {
        Session::encode(self, message, now)
    }
    fn encode_payload(&mut self, payload: &[u8], now: Now) -> Result<Encoded, Failure> {
        Session::encode_payload(self, payload, now)
    }
    fn due(&self) -> Option<Now> {
        Session::due(self)
    }
}

/// Handlers on top of each other, the lowest first.
pub struct Stack {
    levels: Vec<Level>,
    /// Up to here, all bytes of the connection belong to messages that were told.
    told: u64,
}

/// One handler, and where its bytes come from.
struct Level {
    layer: Box<dyn Layer>,
    due: Option<Now>,
    /// How many bytes it was given.
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

impl Stack {
    /// These handlers, the lowest first.
    ///
    /// # Errors
    /// There are none, or one that carries nothing has another above it.
    pub fn new(layers: Vec<Box<dyn Layer>>) -> Result<Self, Failure> {
        let Some((_, lower)) = layers.split_last() else {
            return Err(Failure::of("handler", "at least one handler is needed"));
        };
        if let Some(bare) = lower.iter().find(|layer| !layer.carries()) {
            return Err(Failure::of("handler", format!("`{}` carries no other: it stands last", bare.name())));
        }
        let level = |layer| Level { layer, due: None, given: 0, ends: VecDeque::new(), passed: (0, 0) };
        Ok(Self { levels: layers.into_iter().map(level).collect(), told: 0 })
    }

    /// The connection is there.
    pub fn open(&mut self, now: Now) -> Step {
        self.each(now, |layer| layer.open(now))
    }

    /// Bytes have come.
    pub fn data(&mut self, bytes: &[u8], now: Now) -> Step {
        let mut all = Step::default();
        let step = self.levels[0].layer.data(bytes, now);
        self.absorb(0, step, now, &mut all);
        self.ask(&mut all);
        all
    }

    /// The time that a step asked for has come.
    pub fn tick(&mut self, now: Now) -> Step {
        let mut all = Step::default();
        for index in 0..self.levels.len() {
            if self.levels[index].due.is_some_and(|due| due <= now) {
                self.levels[index].due = None;
                let step = self.levels[index].layer.tick(now);
                self.absorb(index, step, now, &mut all);
            }
        }
        self.ask(&mut all);
        all
    }

    /// The session ends.
    pub fn close(&mut self, reason: Reason, now: Now) -> Step {
        self.each(now, |layer| layer.close(reason, now))
    }

    /// A message of the highest handler, as bytes of the lowest.
    ///
    /// # Errors
    /// It is none of the highest, or a lower one cannot carry it.
    pub fn encode(&mut self, message: &Value, now: Now) -> Result<Encoded, Failure> {
        let highest = self.levels.len() - 1;
        let mut encoded = self.levels[highest].layer.encode(message, now)?;
        if !encoded.bytes.is_empty() {
            encoded.bytes = self.wrap(highest, encoded.bytes, now)?;
        }
        for level in &mut self.levels {
            level.due = earlier(level.due, level.layer.due());
        }
        Ok(encoded)
    }

    /// When it wants to be ticked next, asked after an `encode`.
    pub fn due(&self) -> Option<Now> {
        self.levels.iter().filter_map(|level| level.due).min()
    }

    /// Calls each handler, from the lowest.
    fn each(&mut self, now: Now, call: impl Fn(&mut dyn Layer) -> Step) -> Step {
        let mut all = Step::default();
        for index in 0..self.levels.len() {
            let step = call(self.levels[index].layer.as_mut());
            self.absorb(index, step, now, &mut all);
        }
        self.ask(&mut all);
        all
    }

    /// Says when to tick next.
    fn ask(&self, all: &mut Step) {
        all.tick = self.due();
    }

    /// What has to happen after the handler at this place was called.
    fn absorb(&mut self, index: usize, step: Step, now: Now, all: &mut Step) {
        let name = self.levels[index].layer.name();
        if step.tick.is_some() {
            self.levels[index].due = step.tick;
        }
        all.notes.extend(step.notes);
        all.close = all.close.take().or(step.close);
        for message in step.messages {
            let end = if index == 0 { message.span.end } else { self.levels[index].outer(message.span.end) };
            let is_highest = index + 1 == self.levels.len();
            match &message.payload {
                Some(payload) if !is_highest && !payload.is_empty() => {
                    let above = &mut self.levels[index + 1];
                    above.give(payload.len(), end);
                    let step = above.layer.data(payload, now);
                    self.absorb(index + 1, step, now, all);
                }
                _ => {
                    let message = self.told(index, message, end);
                    all.messages.push(message);
                }
            }
        }
        if !step.send.is_empty() {
            match self.wrap(index, step.send, now) {
                Ok(bytes) => all.send.extend(bytes),
                Err(failure) => all.notes.push(format!("`{name}` could not send what it had to: {failure}")),
            }
        }
    }

    /// A message of the handler at this place, with its range in the connection's bytes.
    fn told(&mut self, index: usize, mut message: Message, end: u64) -> Message {
        let span = Span { start: self.told, end: end.max(self.told) };
        self.told = span.end;
        message.span = span;
        if let Value::Object(members) = &mut message.value
            && members.contains_key("malformed")
        {
            // The lowest handler's own place is right already.
            if index > 0 {
                members.insert("at".to_owned(), span.start.into());
            }
            members.insert("handler".to_owned(), self.levels[index].layer.name().into());
        }
        message
    }

    /// Bytes of the handler at this place, as bytes of the lowest.
    fn wrap(&mut self, index: usize, mut bytes: Vec<u8>, now: Now) -> Result<Vec<u8>, Failure> {
        for level in self.levels[..index].iter_mut().rev() {
            bytes = level.layer.encode_payload(&bytes, now)?.bytes;
        }
        Ok(bytes)
    }
}

/// The earlier of two times.
fn earlier(one: Option<Now>, other: Option<Now>) -> Option<Now> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
