//! The shipped components are embedded packed: a program without a cache unpacks the one that it
//! runs, and no start unpacks any.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::ends;
use crate::support::{cofferdam, scratch, stderr, stdout};

/// The first line of a file, by a process that knows this home. Returns the plugins whose component
/// or code it unpacked.
fn first_line(home: &Path, more: &[&str]) -> Vec<String> {
    let file = home.join("file");
    fs::write(&file, "a line\nand another\n").unwrap();
    let arguments = json!({ "file_path": file, "lines": 1 }).to_string();
    let allowed = home.display().to_string();
    let common = ["call", "head_tool", &arguments, "--allow-read", &allowed, "--log", "debug"];
    let output = cofferdam(&[&common[..], more].concat()).env("HOME", home).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "stdout:\n{}\nstderr:\n{}", stdout(&output), stderr(&output));
    assert_eq!(stdout(&output), "a line\n");
    unpacked(&stderr(&output))
}

fn unpacked(log: &str) -> Vec<String> {
    let of = |line: &str| {
        let (_, name) = line.split_once("plugin=")?;
        Some(name.split_whitespace().next()?.trim_matches('"').to_owned())
    };
    log.lines().filter(|line| line.contains("is unpacked")).map(|line| of(line).expect(line)).collect()
}

#[test]
fn a_start_unpacks_nothing_and_a_call_what_it_uses() {
    let home = scratch("embedded");
    assert_eq!(first_line(&home, &[]), ["files"], "the cache is empty");
    assert_eq!(first_line(&home, &[]), Vec::<String>::new(), "its code is kept");
    assert_eq!(first_line(&home, &["--no-cache"]), ["files"], "nothing is kept");

    // Listing them needs their manifests and definitions only.
    let output = cofferdam(&["tools", "--json", "--log", "debug"]).env("HOME", scratch("embedded")).output().unwrap();
    ends(&output, 0);
    assert!(stdout(&output).contains("\"head_tool\""));
    assert_eq!(unpacked(&stderr(&output)), Vec::<String>::new());
}
