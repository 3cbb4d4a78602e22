//! A trigger's script: a program of the component for scripts, in a store of its own.

use std::sync::Arc;

use cofferdam_grants::{Limits, printable};
use wasmtime::Store;
use wasmtime::component::{InstancePre, ResourceAny};

use super::json::check_object;
use super::pure::{Code, Place, Pure};
use super::state::{Entry, HandlerState};
use super::trapped::{Trapped, why};
use crate::abi::script_0_1_0::{self as abi, Input, Outcome, Piece, TriggerScript, TriggerScriptPre};

/// The longest summary of the language, and the longest reason to close and note, in bytes.
const SUMMARY: usize = 1024;
const TEXT: usize = 1024;

/// What a program may use, beside processor time and memory, which the host bounds: what the
/// reference of the language says. A run holds up the plugin while it lasts.
const LIMITS: abi::Limits = abi::Limits {
    source: 16 << 10,
    operations: 50_000,
    calls: 16,
    value: 64 << 10,
    members: 1024,
    memory: 8 << 20,
    output: 64 << 10,
};

/// The component for scripts.
pub type Scripts = Pure<Language>;

/// Its code, and its language.
pub struct Language {
    pre: TriggerScriptPre<HandlerState>,
    /// The language's name.
    pub name: String,
    /// The language and its helpers in a few words.
    pub summary: String,
}

impl Code for Language {
    fn of(scripts: &Scripts, linked: InstancePre<HandlerState>) -> Result<Self, String> {
        let pre = TriggerScriptPre::new(linked).map_err(|error| format!("{error:#}"))?;
        let mut store = scripts.store_for_describing(pre.engine())?;
        let described = pre
            .instantiate(&mut store)
            .and_then(|component| component.cofferdam_script_script().call_describe(&mut store));
        let described = described.map_err(|trap| why(&trap, &store, &scripts.spec).why)?;
        let summary = printable(&described.summary, SUMMARY).into_owned();
        Ok(Self { pre, name: printable(&described.name, 40).into_owned(), summary })
    }
}

/// Why there is no outcome.
#[derive(Debug)]
pub enum Fault {
    /// The script is at fault, or goes beyond a limit.
    Script(abi::Error),
    /// The component is.
    Cut(Trapped),
    /// There is no room for a further program.
    Full(String),
}

/// A program.
pub struct Program {
    scripts: Arc<Scripts>,
    exports: TriggerScript,
    program: ResourceAny,
    store: Store<HandlerState>,
    entry: Arc<Entry>,
    over: Option<Trapped>,
    _place: Place,
}

impl Program {
    /// Makes a program of its source.
    ///
    /// # Errors
    /// The source is at fault, or there is no room.
    pub fn create(scripts: &Arc<Scripts>, language: &Language, source: &str) -> Result<Self, Fault> {
        let place = scripts.place().map_err(Fault::Full)?;
        let entry = Arc::new(Entry::default());
        let mut store = scripts.store(language.pre.engine(), &entry).map_err(Fault::Full)?;
        let created = language.pre.instantiate(&mut store).and_then(|exports| {
            let programs = exports.cofferdam_script_script().program();
            let created = programs.call_create(&mut store, source, LIMITS)?;
            Ok((exports, created))
        });
        match created {
            Ok((exports, Ok(program))) => {
                Ok(Self { scripts: Arc::clone(scripts), exports, program, store, entry, over: None, _place: place })
            }
            Ok((_, Err(error))) => Err(Fault::Script(plain(error))),
            Err(trap) => Err(Fault::Cut(why(&trap, &store, &scripts.spec))),
        }
    }

    /// Runs it once.
    ///
    /// # Errors
    /// The run is at fault, or the component; then the program is over.
    pub fn run(&mut self, input: &Input) -> Result<Outcome, Fault> {
        if let Some(trapped) = &self.over {
            return Err(Fault::Cut(trapped.clone()));
        }
        self.entry.begin();
        HandlerState::enter(&mut self.store, input.now);
        let programs = self.exports.cofferdam_script_script().program();
        let ran = programs.call_run(&mut self.store, self.program, input);
        let spec = &self.scripts.spec;
        let checked = match ran {
            Ok(Ok(outcome)) => check(outcome, &spec.limits),
            Ok(Err(error)) => return Err(Fault::Script(plain(error))),
            Err(trap) => Err(why(&trap, &self.store, spec)),
        };
        checked.map_err(|trapped| {
            self.over = Some(trapped.clone());
            Fault::Cut(trapped)
        })
    }

    /// The component's name.
    pub fn component(&self) -> &str {
        &self.scripts.spec.name
    }
}

/// Refuses an outcome that is none: too much of it, or a message that is no JSON object.
fn check(mut outcome: Outcome, limits: &Limits) -> Result<Outcome, Trapped> {
    let size = outcome.send.iter().map(|piece| match piece {
        Piece::Bytes(bytes) => bytes.len(),
        Piece::Message(text) => text.len(),
    });
    let size: usize = size.sum();
    if u64::try_from(size).unwrap_or(u64::MAX) > limits.output {
        let why = format!("one run of it sends {size} bytes, {} are the most (limit `output`)", limits.output);
        return Err(Trapped { why, limit: Some("output") });
    }
    for piece in &outcome.send {
        if let Piece::Message(text) = piece {
            check_object(text).map_err(|why| Trapped::answered(&why))?;
        }
    }
    for text in [&mut outcome.close, &mut outcome.note].into_iter().flatten() {
        *text = printable(text, TEXT).into_owned();
    }
    Ok(outcome)
}

/// An error whose text can be shown.
fn plain(error: abi::Error) -> abi::Error {
    abi::Error { message: printable(&error.message, TEXT).into_owned(), ..error }
}
