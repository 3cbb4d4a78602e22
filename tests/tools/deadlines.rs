//! A caller who waits for less time than the operator allows gets what there is by then, marked as
//! not being all of it; what starting and compiling took counts.

use serde_json::{Value, json};

use crate::support::{Folder, NameServer, allow_ping_sockets, in_namespace, policy, run, stderr, stdout};

/// What `cofferdam call` prints for a client, with two seconds for all of it.
#[track_caller]
fn within_two_seconds(tool: &str, arguments: &Value, rules: &[&str]) -> Value {
    let arguments = arguments.to_string();
    let mut all = vec!["call", tool, &arguments, "--json", "--timeout", "2s"];
    all.extend(rules);
    let output = run(&all);
    serde_json::from_str(&stdout(&output)).unwrap_or_else(|error| panic!("{error}: {}", stderr(&output)))
}

#[test]
fn a_file_is_followed_until_the_callers_deadline() {
    let folder = Folder::new("deadline");
    let path = folder.write("log", "old\n");
    let follow = json!({ "file_path": path, "follow": true, "seconds": 30 });
    let said = within_two_seconds("tail_tool", &follow, &["--allow-read", &folder.path("")]);
    let told = &said["structuredContent"];
    assert_eq!((&told["content"], &told["partial"]), (&json!("old\n"), &json!(true)), "{said}");
    assert_eq!(told["followed"]["cut_short"], true, "{said}");
}

#[test]
fn a_search_goes_on_until_the_callers_deadline() {
    let folder = Folder::new("deadline");
    let found = folder.write("tree/a", "needle\n");
    let big = folder.write("tree/big", "");
    std::fs::OpenOptions::new().write(true).open(big).unwrap().set_len(1 << 40).unwrap();
    let search = json!({ "pattern": "needle", "file_path": folder.path("tree"), "options": "-r" });
    let said = within_two_seconds("grep_tool", &search, &["--allow-read", &folder.path("")]);
    let told = &said["structuredContent"];
    assert_eq!((&told["files"][0]["file"], &told["partial"]), (&json!(found), &json!(true)), "{said}");
}

#[test]
fn a_name_server_that_is_silent_is_told_of_at_the_callers_deadline() {
    let server = NameServer::new(|_, _| Vec::new());
    let rules = policy(&format!("[plugins.dns]\nresolve = [\"any\"]\nservers = [\"{}\"]\n", server.address));
    let asked = json!({ "target": "www.example", "timeout_ms": 30_000 });
    let said = within_two_seconds("dig_tool", &asked, &[&rules[0], &rules[1]]);
    let text = said["content"][0]["text"].as_str().unwrap();
    let failure: Value = serde_json::from_str(text).unwrap();
    assert_eq!((&failure["error"], &failure["reason"]), (&json!("no_answer"), &json!("timeout")), "{said}");
    assert_eq!(failure["attempts"].as_array().map(Vec::len), Some(1), "{said}");
}

#[test]
fn pings_that_were_answered_until_the_callers_deadline_are_told() {
    in_namespace(|| {
        allow_ping_sockets(true);
        let rules = policy("[plugins.ping]\nping = [\"localhost\"]\n");
        let ping = json!({ "target": "127.0.0.1", "count": 30 });
        let said = within_two_seconds("ping_tool", &ping, &[&rules[0], &rules[1]]);
        let told = &said["structuredContent"];
        assert!(told["received"].as_u64().is_some_and(|received| received > 0), "{said}");
        assert_eq!(told["partial"], true, "{said}");
    });
}
