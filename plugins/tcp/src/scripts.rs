//! Scripts of triggers: programs that the host runs. A run is synchronous, and nothing is borrowed
//! while it goes on. Which runs begin and what they count is `tcp-logic`'s; here is the host's side
//! of it.

use std::rc::Rc;

use cofferdam_sdk::Failure;
use cofferdam_sdk::scripts::{self, Error};
use tcp_logic::{Failed, Fault, Input, Outcome, Piece, Program};

/// The name by which `handlers_list` tells of the language.
pub const NAME: &str = "script";

/// A program of the host's.
#[derive(Debug)]
struct Hosted(scripts::Program);

/// A program from a trigger's `script`.
pub async fn create(source: &str) -> Result<Rc<dyn Program>, Failure> {
    let program = scripts::Program::create(source.to_owned()).await.map_err(refused)?;
    Ok(Rc::new(Hosted(program)))
}

/// The language's name and a summary of it.
pub async fn describe() -> Result<(String, String), Failure> {
    scripts::describe().await.map_err(refused)
}

impl Program for Hosted {
    fn run(&self, input: Input) -> Result<Outcome, Failed> {
        let group = |group: tcp_logic::Group| scripts::Group { name: group.name, bytes: group.bytes };
        let input = scripts::Input {
            matched: input.matched,
            groups: input.groups.into_iter().map(group).collect(),
            message: input.message.map(|message| message.to_string()),
            now: input.now,
            fired: input.fired,
        };
        let outcome = self.0.run(&input).map_err(failed)?;
        let piece = |piece| match piece {
            scripts::Piece::Bytes(bytes) => Piece::Bytes(bytes),
            scripts::Piece::Message(message) => Piece::Message(message),
        };
        Ok(Outcome {
            send: outcome.send.into_iter().map(piece).collect(),
            stop: outcome.stop,
            close: outcome.close,
            note: outcome.note,
        })
    }
}

fn fault(fault: scripts::Fault) -> Fault {
    Fault { at: fault.at.map(|at| (at.line, at.column)), message: fault.message }
}

/// Why a run has failed. Only a cut ends the program.
fn failed(error: Error) -> Failed {
    match error {
        Error::Source(one) | Error::Run(one) | Error::Exceeded(one) => Failed::Run(fault(one)),
        Error::Refused(refusal) => Failed::Run(Fault { at: None, message: refusal.words() }),
        Error::Unavailable(message) => Failed::Run(Fault { at: None, message }),
        Error::Cut(why) => Failed::Cut(why),
    }
}

/// Why there is no program.
fn refused(error: Error) -> Failure {
    match error {
        // Without a place in the source, what is exceeded is not the source's fault.
        Error::Exceeded(one) if one.at.is_none() => Failure::new("limit", one.message),
        Error::Source(one) | Error::Run(one) | Error::Exceeded(one) => {
            let fault = fault(one);
            let failure = Failure::argument("script", &fault);
            match fault.at {
                Some((line, column)) => failure.with("line", line).with("column", column),
                None => failure,
            }
        }
        Error::Refused(refusal) => refusal.into(),
        Error::Unavailable(why) | Error::Cut(why) => Failure::new("script_unavailable", why),
    }
}
