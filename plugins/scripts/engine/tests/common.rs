//! What several tests of scripts need.

use script::{Fault, Group, Input, Limits, Outcome, Piece, Program};

/// The program of a source.
pub fn program(source: &str) -> Program {
    made(source, Limits::default()).unwrap_or_else(|fault| panic!("{fault}: {source}"))
}

/// The same, or what is wrong.
pub fn made(source: &str, limits: Limits) -> Result<Program, Fault> {
    Program::new(source, limits, || 0)
}

/// The fault of a source, or of its first run.
pub fn fault(source: &str, limits: Limits) -> Fault {
    match made(source, limits) {
        Ok(mut program) => program.run(Input::default()).expect_err(source),
        Err(fault) => fault,
    }
}

/// The outcome of a source's first run.
pub fn outcome(source: &str, limits: Limits) -> Outcome {
    let result = made(source, limits).and_then(|mut program| program.run(Input::default()));
    result.unwrap_or_else(|fault| panic!("{fault}: {:.300}", source))
}

/// A match of these groups, named where they have a name.
pub fn input(matched: &[u8], groups: &[(&str, &[u8])]) -> Input {
    let group = |(name, bytes): &(&str, &[u8])| Group {
        name: (!name.is_empty()).then(|| (*name).to_owned()),
        bytes: Some(bytes.to_vec()),
    };
    Input { matched: matched.to_vec(), groups: groups.iter().map(group).collect(), ..Input::default() }
}

/// The bytes that are sent, which are all that is.
pub fn sent(outcome: &Outcome) -> Vec<u8> {
    let bytes = |piece: &Piece| match piece {
        Piece::Bytes(bytes) => bytes.clone(),
        Piece::Message(message) => panic!("a message is sent: {message}"),
    };
    outcome.send.iter().flat_map(bytes).collect()
}

/// The same as text.
pub fn line(outcome: &Outcome) -> String {
    String::from_utf8(sent(outcome)).unwrap()
}
