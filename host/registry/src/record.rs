//! What the audit learns of one call: its start, without which it does not run, and its end.

use std::sync::Arc;
use std::time::Instant;

use cofferdam_audit::{Caller, Event, Sink, Unwritten};
use cofferdam_runtime::{CallError, Question, Reply, Shown};
use serde_json::Map;

use crate::call::Answer;
use crate::catalog::Refusal;
use crate::outcome;
use crate::plugin::LoadedPlugin;

/// The record of one call, begun when the call arrives.
pub struct CallRecord<'a> {
    pub sink: &'a dyn Sink,
    pub caller: Arc<Caller>,
    pub plugin: &'a LoadedPlugin,
    pub tool: &'a str,
    pub begun: Instant,
}

impl CallRecord<'_> {
    /// The answer of a call that does not run.
    pub fn refused(&self, refusal: &Refusal) -> Answer {
        let answer = outcome::failure(refusal.code, &refusal.message, Map::new());
        self.ended(refusal.code, &answer);
        answer
    }

    /// Records that the call starts.
    ///
    /// # Errors
    /// The start cannot be recorded. The call does not run; this is its answer.
    pub fn started(&self, arguments: &str) -> Result<(), Answer> {
        let started = Event::CallStarted {
            caller: &self.caller,
            plugin: self.plugin.name(),
            digest: self.plugin.digest(),
            tool: self.tool,
            arguments,
        };
        let told = |unwritten: Unwritten| outcome::failure("audit_failed", &unwritten.to_string(), Map::new());
        self.sink.record(&started).map_err(told)
    }

    /// The answer of a call that has come to a reply.
    pub fn answered(&self, reply: Reply) -> Answer {
        let answer = outcome::answer(reply);
        self.ended("ok", &answer);
        answer
    }

    /// The answer of a call that came to nothing.
    pub fn failed(&self, error: CallError, shown: Shown) -> Answer {
        let code = error.code().to_owned();
        let answer = outcome::failed(error, shown);
        self.ended(&code, &answer);
        answer
    }

    /// The answer of a call whose tool asks a person, where nobody can be asked.
    pub fn unasked(&self, questions: &[Question]) -> Answer {
        let answer = outcome::unasked(questions);
        self.ended(outcome::INPUT_REQUIRED, &answer);
        answer
    }

    /// Whatever effects the call had, it has had: the line is deferred where it cannot be written
    /// now, and is no condition of anything.
    fn ended(&self, outcome: &str, answer: &Answer) {
        self.sink.defer(&Event::CallEnded {
            caller: &self.caller,
            plugin: self.plugin.name(),
            tool: self.tool,
            outcome,
            took: self.begun.elapsed(),
            bytes_out: answer.content.iter().map(|block| block.size() as u64).sum(),
        });
    }
}
