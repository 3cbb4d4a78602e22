//! What helpers share: the input of the run, its outcome, and what it has used.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use regex::bytes::Regex;

use crate::bytes::Bytes;
use crate::fault::{Failable, exceeded, wrong};
use crate::limits::{COUNTERS, Limits, NOTE, PIECES, STRIDE};

/// A group of a match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its bytes; none if it took no part.
    pub bytes: Option<Vec<u8>>,
}

/// What a run is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// The bytes that matched.
    pub matched: Vec<u8>,
    /// The groups of the match: the first is group 1.
    pub groups: Vec<Group>,
    /// The decoded message (JSON), where a handler decodes.
    pub message: Option<String>,
    /// Milliseconds since some moment before the program.
    pub now: u64,
    /// How often the trigger has fired, this time included.
    pub fired: u64,
}

/// Something to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Bytes for the peer.
    Bytes(Vec<u8>),
    /// A message (JSON) for the connection's handler.
    Message(String),
}

/// What has to happen after a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// In this order; neighbouring bytes are one piece.
    pub send: Vec<Piece>,
    /// The trigger is removed.
    pub stop: bool,
    /// The connection is closed, and why.
    pub close: Option<String>,
    /// A line for whoever looks at the trigger.
    pub note: Option<String>,
}

/// One program's turn: what lasts for a run, and the few things that last longer.
pub(crate) struct Turn {
    pub limits: Limits,
    memory: fn() -> usize,
    /// Operations of helpers.
    cost: Cell<u64>,
    /// A fault where none can be answered.
    fault: RefCell<Option<String>>,
    matched: RefCell<Bytes>,
    groups: RefCell<Vec<Group>>,
    outcome: RefCell<Outcome>,
    output: Cell<usize>,
    counters: RefCell<BTreeMap<String, i64>>,
    /// Patterns, compiled, the latest last. They last from run to run.
    patterns: RefCell<Vec<(String, Rc<Regex>)>>,
}

impl Turn {
    pub fn new(limits: Limits, memory: fn() -> usize) -> Self {
        Self {
            limits,
            memory,
            cost: Cell::default(),
            fault: RefCell::default(),
            matched: RefCell::default(),
            groups: RefCell::default(),
            outcome: RefCell::default(),
            output: Cell::default(),
            counters: RefCell::default(),
            patterns: RefCell::default(),
        }
    }

    /// A run begins. The counters are what it may have to go back to.
    pub fn begin(&self, matched: Bytes, groups: Vec<Group>) -> BTreeMap<String, i64> {
        self.cost.set(0);
        self.output.set(0);
        self.fault.take();
        self.outcome.take();
        self.matched.replace(matched);
        self.groups.replace(groups);
        self.counters.borrow().clone()
    }

    /// The run has ended: what came of it.
    pub fn end(&self) -> Outcome {
        self.matched.take();
        self.groups.take();
        self.outcome.take()
    }

    /// The counters as they were.
    pub fn restore(&self, counters: BTreeMap<String, i64>) {
        self.counters.replace(counters);
    }

    /// What ends the run after so many operations of the language, if anything does.
    pub fn ends(&self, operations: u64) -> Option<String> {
        if operations.saturating_add(self.cost.get()) > self.limits.operations {
            return Some(format!("the run takes more than {} operations", self.limits.operations));
        }
        if (self.memory)() > self.limits.memory {
            return Some(format!("the program has more than {} bytes of memory in use", self.limits.memory));
        }
        self.fault.borrow().clone()
    }

    /// A helper reads so many bytes.
    pub fn reads(&self, bytes: usize) {
        self.costs(u64::try_from(bytes / STRIDE).unwrap_or(u64::MAX));
    }

    /// A helper takes so many operations.
    pub fn costs(&self, operations: u64) {
        self.cost.set(self.cost.get().saturating_add(operations));
    }

    /// A fault where the language ignores what is answered: the run ends at the next operation.
    pub fn fails(&self, message: String) {
        self.fault.borrow_mut().get_or_insert(message);
    }

    /// Whether there is such a fault.
    pub fn has_failed(&self) -> bool {
        self.fault.borrow().is_some()
    }

    /// Bytes of a value that is about to be made.
    pub fn fits(&self, size: usize) -> Failable<()> {
        if size > self.limits.value {
            return exceeded(format!("a value has {size} bytes, {} are allowed", self.limits.value));
        }
        self.reads(size);
        Ok(())
    }

    /// Members of a list that is about to be made.
    pub fn holds(&self, members: usize) -> Failable<()> {
        if members > self.limits.members {
            return exceeded(format!("a list has more than {} members", self.limits.members));
        }
        Ok(())
    }

    /// Bytes are sent.
    pub fn sends(&self, bytes: &[u8]) -> Failable<()> {
        self.gives(bytes.len())?;
        let mut outcome = self.outcome.borrow_mut();
        match outcome.send.last_mut() {
            Some(Piece::Bytes(last)) => last.extend_from_slice(bytes),
            _ => outcome.send.push(Piece::Bytes(bytes.to_vec())),
        }
        Ok(())
    }

    /// A message is sent.
    pub fn sends_message(&self, message: String) -> Failable<()> {
        self.gives(message.len())?;
        self.outcome.borrow_mut().send.push(Piece::Message(message));
        Ok(())
    }

    fn gives(&self, size: usize) -> Failable<()> {
        let output = self.output.get().saturating_add(size);
        if output > self.limits.output {
            return exceeded(format!("one run sends {output} bytes, {} are allowed", self.limits.output));
        }
        if self.outcome.borrow().send.len() >= PIECES {
            return exceeded(format!("one run sends more than {PIECES} pieces"));
        }
        self.output.set(output);
        Ok(())
    }

    pub fn stops(&self) {
        self.outcome.borrow_mut().stop = true;
    }

    pub fn closes(&self, reason: &str) {
        self.outcome.borrow_mut().close = Some(short(reason));
    }

    /// A line is added to the note, as long as there is room for it.
    pub fn notes(&self, line: &str) {
        let mut outcome = self.outcome.borrow_mut();
        let note = outcome.note.get_or_insert_default();
        if !note.is_empty() {
            note.push('\n');
        }
        note.push_str(line);
        *note = short(note);
    }

    /// Whether nothing came of the run.
    pub fn is_idle(&self) -> bool {
        *self.outcome.borrow() == Outcome::default()
    }

    /// The group of a number; 0 is the whole match.
    pub fn group(&self, number: i64) -> Failable<Option<Bytes>> {
        let groups = self.groups.borrow();
        match usize::try_from(number) {
            Ok(0) => Ok(Some(self.matched.borrow().clone())),
            Ok(number) if number <= groups.len() => Ok(groups[number - 1].bytes.as_deref().map(Bytes::from)),
            _ => wrong(format!("there is no group {number}: the pattern has {}", groups.len())),
        }
    }

    /// The group of a name.
    pub fn named_group(&self, name: &str) -> Failable<Option<Bytes>> {
        let groups = self.groups.borrow();
        match groups.iter().find(|group| group.name.as_deref() == Some(name)) {
            Some(group) => Ok(group.bytes.as_deref().map(Bytes::from)),
            None => {
                let names: Vec<String> =
                    groups.iter().filter_map(|group| group.name.as_ref().map(|name| format!("`{name}`"))).collect();
                let known = if names.is_empty() { "no named groups".to_owned() } else { names.join(", ") };
                wrong(format!("there is no group `{name}`: the pattern has {known}"))
            }
        }
    }

    /// One more of a counter, which begins at 0.
    pub fn counts(&self, name: &str) -> Failable<i64> {
        let mut counters = self.counters.borrow_mut();
        if !counters.contains_key(name) && counters.len() >= COUNTERS {
            return exceeded(format!("there are more than {COUNTERS} counters"));
        }
        let counter = counters.entry(name.to_owned()).or_default();
        *counter = counter.wrapping_add(1);
        Ok(*counter)
    }

    /// A pattern, compiled once.
    pub fn pattern(&self, source: &str, compile: impl FnOnce(&str) -> Failable<Regex>) -> Failable<Rc<Regex>> {
        /// Patterns that are kept.
        const KEPT: usize = 16;
        let mut patterns = self.patterns.borrow_mut();
        if let Some((_, pattern)) = patterns.iter().find(|(known, _)| known == source) {
            return Ok(Rc::clone(pattern));
        }
        let pattern = Rc::new(compile(source)?);
        if patterns.len() >= KEPT {
            patterns.remove(0);
        }
        patterns.push((source.to_owned(), Rc::clone(&pattern)));
        Ok(pattern)
    }
}

/// At most [`NOTE`] bytes of a line.
fn short(line: &str) -> String {
    line[..line.floor_char_boundary(NOTE)].to_owned()
}
