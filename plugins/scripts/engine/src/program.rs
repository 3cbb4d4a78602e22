//! One trigger's program: made from a source once, run at every firing.

use std::rc::Rc;

use rhai::{AST, Dynamic, Engine, Map, Scope};

use crate::bytes::Bytes;
use crate::fault::{Fault, Kind};
use crate::helpers::{self, json, values};
use crate::language;
use crate::limits::Limits;
use crate::names;
use crate::turn::{Input, Outcome, Turn};

/// A script, compiled, with what it keeps from run to run.
pub struct Program {
    engine: Engine,
    script: AST,
    turn: Rc<Turn>,
    state: Map,
}

impl Program {
    /// Compiles a source. Nothing of it runs yet. `memory` says how many bytes are in use.
    ///
    /// # Errors
    /// The source is no script, calls what there is not, or exceeds a limit.
    pub fn new(source: &str, limits: Limits, memory: fn() -> usize) -> Result<Self, Fault> {
        let limits = limits.bounded();
        if source.len() > limits.source {
            let message = format!("the source has {} bytes, {} are allowed", source.len(), limits.source);
            return Err(Fault { at: end_of(source, limits.source), ..Fault::new(Kind::Limit, message) });
        }
        let turn = Rc::new(Turn::new(limits, memory));
        let mut engine = language::engine(&turn);
        helpers::register(&mut engine, &turn);
        let scope = scope(Bytes::default(), Dynamic::UNIT, 0, 0, Map::new());
        let script = engine.compile_with_scope(&scope, source).map_err(Fault::parsing)?;
        names::check(&script)?;
        Ok(Self { engine, script, turn, state: Map::new() })
    }

    /// Runs it once. What it keeps stays as it was where the run fails.
    ///
    /// # Errors
    /// The script fails, or exceeds a limit.
    pub fn run(&mut self, input: Input) -> Result<Outcome, Fault> {
        let Input { matched, groups, message, now, fired } = input;
        let matched = Bytes::from(matched.as_slice());
        let counters = self.turn.begin(matched.clone(), groups);
        let result = match message {
            Some(text) => json::parsed(&self.turn, text.as_bytes()),
            None => Ok(Dynamic::UNIT),
        };
        let result = result.and_then(|message| {
            let mut scope = scope(matched, message, now, fired, self.state.clone());
            let inputs = scope.len();
            let value = self.engine.eval_ast_with_scope::<Dynamic>(&mut scope, &self.script)?;
            scope.rewind(inputs);
            Ok((value, scope))
        });
        let ended = match result {
            Ok((value, scope)) => self.ended(&value, &scope),
            Err(error) => Err(Fault::running(error, &self.turn.limits)),
        };
        let outcome = self.turn.end();
        // Such a fault ends the run as a limit does, but is none.
        let kind = |fault: Fault| if self.turn.has_failed() { Fault { kind: Kind::Run, ..fault } } else { fault };
        match ended.map_err(kind) {
            Ok(state) => {
                self.state = state;
                Ok(outcome)
            }
            Err(fault) => {
                self.turn.restore(counters);
                Err(fault)
            }
        }
    }

    /// The state after a run that went well so far.
    fn ended(&self, value: &Dynamic, scope: &Scope) -> Result<Map, Fault> {
        if let Some(message) = self.turn.ends(0) {
            return Err(Fault::new(Kind::Limit, message));
        }
        let Some(state) = scope.get("state").and_then(|state| state.clone().try_cast::<Map>()) else {
            return Err(Fault::new(Kind::Run, "`state` is a map; write `state.name = value`"));
        };
        values::kept(&self.turn, &state).map_err(|error| Fault::running(error, &self.turn.limits))?;
        if self.turn.is_idle() && (value.is_string() || value.is::<Bytes>()) {
            self.turn.notes("nothing is sent: the script ends with a value; `send(value)` sends it");
        }
        Ok(state)
    }
}

/// Line and column of the first character that is not within the first `bytes` bytes.
fn end_of(source: &str, bytes: usize) -> Option<(u32, u32)> {
    let within = source.get(..source.floor_char_boundary(bytes))?;
    let line = within.bytes().filter(|&byte| byte == b'\n').count() + 1;
    let column = within.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Some((u32::try_from(line).ok()?, u32::try_from(column).ok()?))
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").finish_non_exhaustive()
    }
}

/// What a script finds when it begins. All but the state cannot be changed.
fn scope(matched: Bytes, message: Dynamic, now: u64, fired: u64, state: Map) -> Scope<'static> {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let mut scope = Scope::new();
    scope.push_constant("matched", matched);
    scope.push_constant_dynamic("message", message);
    scope.push_constant("now", number(now));
    scope.push_constant("fired", number(fired));
    scope.push("state", state);
    scope
}
