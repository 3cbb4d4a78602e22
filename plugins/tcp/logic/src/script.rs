//! Scripts as the action of a trigger: a program's input, its output, and the end of a run.
//! [`Program`] hides what runs it. [`crate::trigger_set`] counts the runs.

use std::fmt;
use std::rc::Rc;

/// What a program takes of the memory for triggers besides its source: what this side keeps of it,
/// and what the host's side of a budget would not see.
const PROGRAM: usize = 64 << 10;

/// The program of one trigger. It keeps its state between runs.
pub trait Program: fmt::Debug {
    /// Runs it once.
    ///
    /// # Errors
    /// With why this run has failed, or why there will be no other.
    fn run(&self, input: Input) -> Result<Outcome, Failed>;
}

/// A program as a trigger has it. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) size: usize,
    /// None once it is over.
    pub(crate) program: Option<Rc<dyn Program>>,
}

impl Script {
    pub(crate) fn most_memory(&self) -> usize {
        self.size.saturating_add(PROGRAM)
    }
}

/// What a run is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    /// The bytes that matched.
    pub matched: Vec<u8>,
    /// The groups of the match: the first is group 1.
    pub groups: Vec<Group>,
    /// The message that matched, as JSON; none where bytes matched.
    pub message: Option<Rc<str>>,
    /// Milliseconds since any fixed start.
    pub now: u64,
    /// How often the trigger has fired, this time included.
    pub fired: u64,
}

impl Input {
    /// Bytes of it, for a bound on what one segment can cause.
    pub(crate) fn size(&self) -> usize {
        let groups = self.groups.iter().filter_map(|group| group.bytes.as_ref());
        let message = self.message.as_ref().map_or(0, |message| message.len());
        self.matched.len() + groups.map(Vec::len).sum::<usize>() + message
    }
}

/// A group of a match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its bytes; none if it took no part.
    pub bytes: Option<Vec<u8>>,
}

/// What has to happen after a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// In this order.
    pub send: Vec<Piece>,
    /// The trigger is removed.
    pub stop: bool,
    /// The connection is closed after that, and why.
    pub close: Option<String>,
    /// For whoever looks at the trigger.
    pub note: Option<String>,
}

/// Something to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// These bytes.
    Bytes(Vec<u8>),
    /// A message (JSON) for the connection's handler to encode.
    Message(String),
}

/// How a run ends badly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failed {
    /// The next one may go well.
    Run(Fault),
    /// The program is over; why.
    Cut(String),
}

/// What is wrong with a script, or with a run of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line and column, each from 1, if it has a place.
    pub at: Option<(u32, u32)>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.at {
            write!(f, "line {line}, column {column}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// A run that is to come.
#[derive(Debug, Clone)]
pub struct Run {
    pub(crate) program: Rc<dyn Program>,
    /// Without the time and the number of the firing, which it gets when it begins.
    pub input: Input,
}

impl PartialEq for Run {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.program, &other.program) && self.input == other.input
    }
}

impl Eq for Run {}
