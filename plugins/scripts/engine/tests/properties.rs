//! No source makes the engine panic, and nothing that comes of one is beyond its bounds.

use proptest::prelude::*;
use script::{Group, Input, Limits, Outcome, Piece, Program};

/// What soups are cooked of: the language's words, the helpers, and values at the edges.
fn token() -> impl Strategy<Value = String> {
    let names: Vec<String> = script::names().map(str::to_owned).collect();
    let words = [
        "let",
        "a",
        "b",
        "=",
        "==",
        "+",
        "-",
        "*",
        "/",
        "%",
        "<<",
        ">>",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "#{",
        ",",
        ";",
        ".",
        "..",
        "..=",
        "|",
        "||",
        "&&",
        "!",
        "??",
        "if",
        "else",
        "for",
        "in",
        "while",
        "loop",
        "break",
        "continue",
        "return",
        "fn",
        "switch",
        "=>",
        "_",
        "throw",
        "try",
        "catch",
        "this",
        "true",
        "0",
        "1",
        "-1",
        "255",
        "9223372036854775807",
        "1.5",
        "\"\"",
        "\"u16be\"",
        "\"md5\"",
        "\"(a)?\"",
        "\"é\\x00\"",
        "'c'",
        "`${a}`",
        "()",
        "matched",
        "message",
        "now",
        "fired",
        "state",
        "state.x",
        "group(1)",
        "\n",
        "const",
        "private",
        "import",
        "eval",
        "Fn",
        "global",
        "is",
        "with",
    ];
    prop_oneof![3 => prop::sample::select(words.map(str::to_owned).to_vec()), 1 => prop::sample::select(names)]
}

/// A statement that is one, so that more than the parser is met.
fn statement() -> impl Strategy<Value = String> {
    let values = [
        "0",
        "-1",
        "300",
        "9223372036854775807",
        "-9223372036854775807",
        "1.5",
        "0.0/0.0",
        "true",
        "'c'",
        "\"\"",
        "\"abc\"",
        "\"é\"",
        "\"u8 i64le f32be\"",
        "\"sha256\"",
        "\"modbus\"",
        "\"(a|b)*\"",
        "()",
        "[]",
        "[1, \"a\", [2]]",
        "#{a: 1}",
        "matched",
        "group(1)",
        "message",
        "state",
        "\"sort\"",
        "\"sleep\"",
        "\"hex\"",
        "[0.0/0.0, 1.0]",
        "|x| x",
        "|x, y| x + y",
        "0..3",
        "1..=9223372036854775807",
    ];
    let names: Vec<String> = script::names().map(str::to_owned).collect();
    let value = prop::sample::select(values.to_vec());
    let operator = prop::sample::select(vec![
        "+", "-", "*", "/", "%", "**", "<<", ">>", "&", "|", "^", "==", "<", ">=", "in", "??", "&&",
    ]);
    prop_oneof![
        (prop::sample::select(names), prop::collection::vec(value.clone(), 0..4), any::<bool>()).prop_map(
            |(name, values, dotted)| match (dotted, values.split_first()) {
                (true, Some((first, rest))) => format!("v = ({first}).{name}({});", rest.join(", ")),
                _ => format!("v = {name}({});", values.join(", ")),
            }
        ),
        (value.clone(), operator, value.clone()).prop_map(|(a, operator, b)| format!("v = ({a}) {operator} ({b});")),
        (value.clone(), value.clone()).prop_map(|(a, b)| format!("v = ({a})[{b}];")),
        (value.clone(), value.clone(), value.clone()).prop_map(|(a, b, c)| format!("v = {a}; v[{b}] = {c};")),
        value.clone().prop_map(|a| format!("v = `<${{{a}}}>`;")),
        value.prop_map(|a| format!("state.x = {a};")),
    ]
}

fn given() -> Input {
    Input {
        matched: b"PING \xff\r\n".to_vec(),
        groups: vec![Group { name: Some("a".to_owned()), bytes: Some(b"\xff\x00a".to_vec()) }, Group::default()],
        message: Some(r#"{"a": [1, "x", null], "b": {"c": 1.5}}"#.to_owned()),
        now: 1,
        fired: u64::MAX,
    }
}

fn limits() -> Limits {
    Limits { operations: 2_000, value: 4_096, members: 128, output: 2_048, ..Limits::default() }
}

/// Bytes of all that comes of a run.
fn size(outcome: &Outcome) -> usize {
    let piece = |piece: &Piece| match piece {
        Piece::Bytes(bytes) => bytes.len(),
        Piece::Message(message) => message.len(),
    };
    outcome.send.iter().map(piece).sum()
}

/// Runs it twice: what it keeps is part of the second.
fn tried(source: &str) -> Result<bool, TestCaseError> {
    let Ok(mut program) = Program::new(source, limits(), || 0) else { return Ok(false) };
    for _ in 0..2 {
        match program.run(given()) {
            Ok(outcome) => {
                prop_assert!(size(&outcome) <= limits().output && outcome.send.len() <= 64);
                prop_assert!(outcome.note.is_none_or(|note| note.len() <= 1024));
                prop_assert!(outcome.close.is_none_or(|close| close.len() <= 1024));
            }
            Err(fault) => prop_assert!(!fault.message.is_empty() && fault.message.len() <= 510, "{fault}"),
        }
    }
    Ok(true)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn soups_do_not_panic(tokens in prop::collection::vec(token(), 0..24)) {
        tried(&tokens.join(" "))?;
    }

    #[test]
    fn statements_do_not_panic(statements in prop::collection::vec(statement(), 1..6)) {
        // Each by itself, so that one that fails does not hide the next.
        let guarded: String = statements.iter().map(|statement| format!("try {{ {statement} }} catch {{}}\n")).collect();
        tried(&format!("let v = ();\n{guarded}"))?;
    }

    #[test]
    fn bytes_do_not_panic(source in "\\PC{0,64}") {
        tried(&source)?;
    }
}
