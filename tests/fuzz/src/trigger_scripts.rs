//! Trigger scripts: no source and no match makes the engine panic, nothing that comes of a run is
//! beyond its bounds, and the same runs give the same again. The source stands first; what a run is
//! given stands behind lines that begin with `%%`.

use script::{Fault, Group, Input, Limits, Outcome, Piece, Program};

/// Small, so that loops end soon and bounds are met.
const LIMITS: Limits =
    Limits { source: 4_096, operations: 2_000, calls: 8, value: 2_048, members: 64, memory: 8 << 20, output: 1_024 };

/// So many runs of one program.
const MOST_RUNS: usize = 4;

/// The longest message of a fault, in bytes.
const FAULT: usize = 512;

/// Any bytes: a source, and matches.
pub fn target(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.split("\n%%");
    let source = parts.next().unwrap_or_default();
    let runs: Vec<&str> = parts.take(MOST_RUNS).collect();
    let (once, again) = (runs_of(source, &runs), runs_of(source, &runs));
    assert_eq!(once, again, "the same runs give the same");
}

/// What comes of each run, or what is wrong with the source.
fn runs_of(source: &str, runs: &[&str]) -> Result<Vec<Result<Outcome, Fault>>, Fault> {
    let mut program = Program::new(source, LIMITS, || 0).inspect_err(is_told)?;
    let given = if runs.is_empty() { &["PING 1"] } else { runs };
    let outcomes = given.iter().zip(1..).map(|(matched, fired)| {
        let outcome = program.run(input(matched, fired));
        match &outcome {
            Ok(outcome) => is_bounded(outcome),
            Err(fault) => is_told(fault),
        }
        outcome
    });
    Ok(outcomes.collect())
}

/// The match is a text, its words are its groups, and a message is what stands behind a tabulator.
fn input(text: &str, fired: u64) -> Input {
    let (matched, message) = match text.split_once('\t') {
        Some((matched, message)) => (matched, Some(message.to_owned())),
        None => (text, None),
    };
    let group = |(word, name): (&str, usize)| Group {
        name: (name == 1).then(|| "a".to_owned()),
        bytes: (word != "-").then(|| word.as_bytes().to_vec()),
    };
    let groups = matched.split(' ').take(8).zip(0..).map(group).collect();
    Input { matched: matched.as_bytes().to_vec(), groups, message, now: 1_000, fired }
}

fn is_bounded(outcome: &Outcome) {
    let mut length = 0;
    for piece in &outcome.send {
        length += match piece {
            Piece::Bytes(bytes) => bytes.len(),
            Piece::Message(message) => {
                assert!(serde_json::from_str::<serde_json::Value>(message).is_ok(), "a message is JSON: {message}");
                message.len()
            }
        };
    }
    assert!(length <= LIMITS.output, "{length} bytes are sent");
    assert!(outcome.send.len() <= 64, "{} pieces are sent", outcome.send.len());
    for text in [&outcome.note, &outcome.close].into_iter().flatten() {
        assert!(text.len() <= 1_024, "{} bytes are told", text.len());
    }
}

fn is_told(fault: &Fault) {
    assert!((1..=FAULT).contains(&fault.message.len()), "{fault}");
}
