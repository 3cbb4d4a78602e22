//! The documents: every tool, command, policy key and special range stands in them, and every test
//! and file that they name is there. Their form, and where their links lead, is in `pages.rs`.

use std::collections::BTreeSet;
use std::net::IpAddr;

use cofferdam_grants::{METADATA, SPECIAL};
use cofferdam_policy::{Status, flags, keys};
use serde_json::Value;

use super::pages::pages;
use super::{Text, none, read, root, sources, texts};
use crate::support::{run, stdout};

const ARCHITECTURE: &str = "host/ARCHITECTURE.md";
const SECURITY: &str = "host/SECURITY.md";
const FROM_ITMCP: &str = "plugins/FROM-ITMCP.md";
const OPERATING: &str = "host/OPERATING.md";
const POLICY: &str = "host/POLICY.md";
const TOOLS: &str = "plugins/TOOLS.md";

/// Invariants that may say of themselves that they are not yet held: their issues come later.
const LATER: [u32; 2] = [13, 14];

/// The plugins' tool definitions, as they are embedded.
fn tools() -> Vec<Value> {
    let lists = texts(&["plugins"], &["/tools.json"]);
    let lists = lists.iter().map(|list| serde_json::from_str::<Vec<Value>>(&list.text).expect(&list.path));
    lists.flatten().collect()
}

#[test]
fn the_reference_of_tools_is_current() {
    let made = cofferdam_xtask::tools_page(&root().join("plugins")).unwrap_or_else(|error| panic!("{error}"));
    assert!(made == read(TOOLS), "`{TOOLS}` is not what the definitions say: run `cargo xtask tools-page`");
}

#[test]
fn every_tool_and_argument_is_in_the_reference() {
    let reference = read(TOOLS);
    let mut faults = Vec::new();
    for tool in tools() {
        let name = tool["name"].as_str().unwrap();
        let Some((_, section)) = reference.split_once(&format!("\n### `{name}`\n")) else {
            faults.push(format!("`{name}` has no section"));
            continue;
        };
        let section = section.split("\n##").next().unwrap();
        let arguments = tool["inputSchema"]["properties"].as_object().unwrap();
        let missing = arguments.keys().filter(|argument| !section.contains(&format!("\n- `{argument}` (")));
        faults.extend(missing.map(|argument| format!("`{argument}` of `{name}` is not there")));
    }
    none("the reference has every tool and argument", &faults);
}

#[test]
fn every_command_is_documented() {
    let operating = read(OPERATING);
    let help = stdout(&run(&["--help"]));
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let commands: Vec<&str> = list.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    let commands: Vec<&str> = commands.into_iter().filter(|command| !command.is_empty()).collect();
    assert!(commands.contains(&"serve"), "{help}");
    let missing = commands.into_iter().filter(|command| !operating.contains(&format!("- `cofferdam {command}")));
    none("the page for operators has every command", &missing.map(str::to_owned).collect::<Vec<_>>());
}

#[test]
fn the_page_for_itmcps_users_knows_which_tools_are_here() {
    let page = read(FROM_ITMCP);
    let tools: BTreeSet<String> = tools().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect();
    let rows: Vec<Vec<&str>> =
        page.lines().filter(|line| line.contains("_tool` | ")).map(|row| row.split('|').collect()).collect();
    let rows: Vec<_> = rows.into_iter().filter(|cells| matches!(cells[2].trim(), "yes" | "not yet")).collect();
    assert_eq!(rows.len(), 12, "ITMCP has twelve tools");
    let mut faults = Vec::new();
    for cells in rows {
        let (name, here) = (cells[1].trim().trim_matches('`'), cells[2].trim() == "yes");
        if tools.contains(name) != here {
            faults.push(format!("`{name}` is {}", if here { "not here" } else { "here" }));
        }
    }
    none("the table says which of ITMCP's tools are here", &faults);
}

#[test]
fn every_policy_key_is_documented() {
    let policy = read(POLICY);
    let words: BTreeSet<&str> = policy.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').collect();
    let enforced = keys().filter(|key| key.status == Status::Enforced).map(|key| key.name);
    let flags = flags().filter(|(_, status)| *status == Status::Enforced).map(|(flag, _)| flag.name);
    let missing = enforced.chain(flags).filter(|name| !words.contains(name));
    none(
        "the page about the policy explains every key and flag that is enforced",
        &missing.map(str::to_owned).collect::<Vec<_>>(),
    );
}

/// Whether a code span is the name of a test rather than of a tool or an item: tests' names are
/// sentences.
fn is_test_name(span: &str, tools: &[String]) -> bool {
    let plain = span.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    plain && span.matches('_').count() >= 3 && !tools.iter().any(|tool| tool == span)
}

/// What stands between single backticks; fenced blocks aside.
fn code_spans(text: &str) -> Vec<&str> {
    let prose = text.split("```").step_by(2);
    prose.flat_map(|part| part.split('`').skip(1).step_by(2)).collect()
}

/// The names of all tests.
fn tests(sources: &[Text]) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for source in sources {
        let mut marked = false;
        for line in source.text.lines().map(str::trim) {
            marked |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
            if let (true, Some(function)) = (marked, function) {
                names.extend(function.split(['(', '<']).next());
                marked = false;
            }
        }
    }
    names
}

#[test]
fn every_test_that_a_document_names_exists() {
    let sources = sources();
    let tests = tests(&sources);
    let tools: Vec<String> = tools().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect();
    let mut faults = Vec::new();
    for Text { path, text } in pages() {
        let named: Vec<&str> = code_spans(&text).into_iter().filter(|span| is_test_name(span, &tools)).collect();
        faults.extend(named.iter().filter(|name| !tests.contains(*name)).map(|name| format!("{path}: `{name}`")));
    }
    none("a test that is named exists", &faults);
}

#[test]
fn every_invariant_is_held_by_a_test_of_its_number() {
    let architecture = read(ARCHITECTURE);
    for number in 1..=18 {
        let item = architecture.split("\n- ").find(|item| item.starts_with(&format!("**I{number}** ")));
        let item = item.and_then(|item| item.split("\n\n").next()).unwrap_or_else(|| panic!("I{number} is not there"));
        let numbered = format!("i{number}_");
        let item = item.split_whitespace().collect::<Vec<_>>().join(" ");
        let held = code_spans(&item).iter().any(|span| span.starts_with(&numbered));
        let later = item.contains("Held by: Not yet held: ");
        assert!(held || later, "I{number} names no test `{numbered}…`");
        assert!(!later || LATER.contains(&number), "I{number} has to be held by now");
    }
    let sources = sources();
    let number = |name: &str| name.strip_prefix('i')?.split('_').next()?.parse::<u32>().ok();
    let odd = tests(&sources).into_iter().filter(|name| number(name).is_some_and(|number| !(1..=18).contains(&number)));
    none("a test's number is an invariant's", &odd.map(str::to_owned).collect::<Vec<_>>());
}

#[test]
fn every_source_file_of_the_host_is_on_the_map() {
    let architecture = read(ARCHITECTURE);
    let mut missing = Vec::new();
    for Text { path, .. } in texts(&["host"], &[".rs"]) {
        let Some((_, inside)) = path.split_once("/src/").filter(|_| !path.starts_with("host/xtask/")) else { continue };
        let is_test = inside.ends_with("tests.rs") || ["decide/pairs.rs", "testing.rs"].contains(&inside);
        let is_list = ["lib.rs", "abi/mod.rs", "instance/mod.rs"].contains(&inside);
        if !is_test && !is_list && !architecture.contains(&format!("`{inside}`")) {
            missing.push(path);
        }
    }
    none("the code map has every file", &missing);
}

#[test]
fn every_special_range_is_in_the_security_document() {
    let security = read(SECURITY);
    let rows: Vec<&str> = security.lines().filter(|line| line.starts_with("| `")).collect();
    let mut faults = Vec::new();
    for special in SPECIAL {
        let (begins, ends) = (format!("| `{}` | ", special.network), format!(" | {} |", special.source));
        match rows.iter().find(|row| row.starts_with(&begins)) {
            Some(row) if !row.ends_with(&ends) => {
                faults.push(format!("{}: the source is {}", special.network, special.source))
            }
            Some(row) if row.contains('✱') != special.range.is_closed() => {
                faults.push(format!("{}: ✱ says that no rule reaches it", special.network));
            }
            Some(_) => {}
            None => faults.push(format!("{} has no row", special.network)),
        }
    }
    for (address, whose) in METADATA {
        if !rows.contains(&format!("| `{address}` | {whose} |").as_str()) {
            faults.push(format!("{address} ({whose}) has no row"));
        }
    }
    none("the table of special ranges is the code's", &faults);
    let is_network = |text: &str| text.split_once('/').is_some_and(|(address, _)| address.parse::<IpAddr>().is_ok());
    let networks = rows.iter().filter(|row| row.split('`').nth(1).is_some_and(is_network));
    assert_eq!(networks.count(), SPECIAL.len(), "a row more than there are ranges");
}
