//! The reference: each example of it does what it says, each name is in it, and it is short.

use crate::common::{made, program};
use script::{Group, Input, Limits, REFERENCE, SUMMARY};

/// What the reference's examples are given.
fn given() -> Input {
    Input {
        matched: b"PING :irc.example\r\n".to_vec(),
        groups: vec![Group { name: Some("server".to_owned()), bytes: Some(b"irc.example".to_vec()) }],
        message: Some(r#"{"command": "PING", "params": ["irc.example"]}"#.to_owned()),
        now: 1500,
        fired: 3,
    }
}

/// The fenced blocks of a kind.
fn blocks(kind: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = REFERENCE.lines();
    while let Some(line) = lines.next() {
        if line == format!("```{kind}") {
            blocks.push(lines.by_ref().take_while(|line| *line != "```").collect::<Vec<_>>().join("\n"));
        }
    }
    blocks
}

#[test]
fn each_line_of_the_reference_is_true() {
    let mut lines = 0;
    for line in blocks("rhai-true").iter().flat_map(|block| block.lines()) {
        let expression = line.split("  //").next().unwrap().split(" // ").next().unwrap();
        let source = format!("if !({expression}) {{ throw \"it is not so\" }}");
        let result = made(&source, Limits::default()).and_then(|mut program| program.run(given()));
        assert!(result.is_ok(), "{expression}: {}", result.unwrap_err());
        lines += 1;
    }
    assert!(lines > 50, "{lines} lines are found");
}

#[test]
fn the_scripts_of_the_reference_run() {
    let blocks = blocks("rhai");
    assert_eq!(blocks.len(), 1);
    let mut program = program(&blocks[0]);
    for fired in 1..=1000 {
        let outcome = program.run(given()).unwrap();
        assert_eq!(crate::common::line(&outcome), "PONG :irc.example\r\n");
        assert_eq!(outcome.stop, fired == 1000, "the {fired}th run");
    }
}

#[test]
fn the_reference_names_every_function() {
    let words: std::collections::BTreeSet<&str> = REFERENCE.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let missing: Vec<&str> = script::names().filter(|name| !words.contains(name)).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn the_reference_tells_the_limits() {
    let limits = Limits::default();
    for told in [
        format!("{},{:03} operations", limits.operations / 1000, limits.operations % 1000),
        format!("{} calls", limits.calls),
        format!("{} KiB for one value", limits.value >> 10),
        format!("{} MiB of memory", limits.memory >> 20),
        format!("A source has {} KiB", limits.source >> 10),
    ] {
        assert!(REFERENCE.contains(&told), "{told}");
    }
    assert_eq!((limits.members, limits.output), (1_024, limits.value));
}

#[test]
fn the_summary_is_short_and_its_example_runs() {
    assert!(SUMMARY.len() <= 600, "{} bytes", SUMMARY.len());
    let example = SUMMARY.rsplit("Example: ").next().unwrap();
    assert_eq!(crate::common::line(&program(example).run(given()).unwrap()), "PONG irc.example\r\n");
    let words = SUMMARY.split(|c: char| !c.is_alphanumeric() && c != '_');
    let helpers = words.filter(|word| script::names().any(|name| name == *word)).count();
    assert!(helpers > 30, "{helpers}");
}
