//! Hostile guests, run through the real binary: each claims something in its first line, and
//! the test shows that it is not so. What they may not dial or look up is in `deny/`; how they
//! die is in `lifecycle.rs`.

/// What is done in the name of calls, and without one.
mod calls;

/// Forged tools: names, texts, schemas.
mod definitions;

/// File descriptors and the host's tables.
mod descriptors;

/// Peers that end at any moment.
mod ends;

/// What is held and not let go of.
mod handles;

/// Protocol handlers that do what they must not.
mod handlers;

/// Sockets as guests use them: options, and small pieces.
mod sockets;

/// Faults that other hosts have had.
mod peers;

/// Guests that no compiler makes.
mod raw;

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Clock, Passes, Session, guest, pass, scratch, shipped};

const LOCAL: [&str; 2] = ["--allow-connect", "tcp://localhost:*"];

fn with_guest(name: &str) -> Session {
    Session::serve(&["--plugin", &guest(name), LOCAL[0], LOCAL[1]])
}

#[test]
fn i8_what_a_guest_prints_goes_to_the_log_not_to_the_client() {
    let mut session = with_guest("prints");
    let id = session.post_call("print", json!({}));
    // Every line on stdout is checked to be JSON-RPC by the session; a forged answer
    // would be one, and come first.
    let answer = session.answer_to(&json!(id));
    assert!(answer["result"].get("forged").is_none(), "{answer}");
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert!(!text.contains('\u{1b}') && !text.contains('\u{9b}'), "{text:?}");
    let said = |stream: &str, text: &str| format!(r#"guest: plugin="hostile" stream="{stream}" text={text}"#);
    session.log_has(&said("stdout", r#"{"jsonrpc":"2.0","id":1,"result":{"forged":true}}"#));
    // Whose it is stands before it.
    session.log_has(&said("stdout", r#"x plugin="tcp" stream="log""#));
    session.log_has(&said("stderr", "to stderr \\u{1b}[2J"));
    session.log_has(&said("log", "logged\\nin two lines"));
    assert!(!session.log().contains('\u{1b}'), "{:?}", session.log());
}

#[test]
fn i8_a_guest_sees_nothing_of_the_hosts_environment() {
    let mut session = with_guest("ambient");
    let seen = session.call("look", json!({})).ok()["text"].as_str().unwrap().to_owned();
    assert!(seen.starts_with("[] []"), "{seen}");
    assert!(!seen.contains("secret") && !seen.contains(env!("CARGO_MANIFEST_DIR")), "{seen}");
}

#[test]
fn a_flood_of_log_lines_is_cut() {
    let mut session = with_guest("floods");
    session.call("log", json!({ "count": 5000 })).ok();
    pass(Passes::Window, Duration::from_millis(1100));
    session.call("log", json!({ "count": 1 })).ok();
    session.log_has("lines are dropped plugin=\"hostile\" dropped=");
    let lines = session.log().matches("flood ").count();
    assert!((1..=101).contains(&lines), "{lines} lines came through");
}

#[test]
fn a_flood_of_progress_reaches_nobody_who_did_not_ask_and_is_bounded_for_who_did() {
    let mut session = with_guest("floods");
    session.call("progress", json!({ "count": 10_000 })).ok();
    assert_eq!(session.count(|message| message["method"] == "notifications/progress"), 0);
    let params = json!({ "name": "progress", "arguments": { "count": 100_000 }, "_meta": { "progressToken": "t" } });
    let begun = Clock::start();
    let answer = session.request("tools/call", params);
    assert!(!answer["result"]["isError"].as_bool().unwrap_or(false), "{answer}");
    session.request("ping", json!({}));
    let told = session.count(|message| message["method"] == "notifications/progress");
    // A burst, what its time is worth, and the last.
    let most = begun.paced(64, Duration::from_millis(50)) + 1;
    assert!((1..=most).contains(&told), "{told} of 100,000 reports, {most} at most");
}

#[test]
fn an_answer_over_the_limit_is_refused_and_says_so() {
    let policy = scratch("output").join("policy.toml");
    std::fs::write(&policy, "[defaults]\nconnect = [\"tcp://localhost:*\"]\n[limits]\noutput = \"64 KiB\"\n").unwrap();
    let mut session = Session::serve(&["--policy", &policy.display().to_string(), "--plugin", &guest("floods")]);
    let failure = session.call("output", json!({ "count": 100_000 })).failed("output_too_large");
    assert!(failure["message"].as_str().unwrap().contains("the limit is 65536"), "{failure}");
    assert_eq!(session.call("output", json!({ "count": 1000 })).ok()["text"].as_str().unwrap().len(), 1000);
}

#[test]
fn a_flood_in_any_other_form_is_bounded_too() {
    let [flag, file] = crate::support::policy("[limits]\noutput = \"64 KiB\"\n");
    let mut session = Session::serve(&[&flag, &file, "--plugin", &guest("floods"), LOCAL[0], LOCAL[1]]);
    session.call("failure", json!({ "count": 100_000 })).failed("output_too_large");
    session.call("failure", json!({ "count": 1000 })).failed("failed");
    // A line that does not end takes no more room than one that does.
    session.call("line", json!({ "count": 50_000_000 })).ok();
    session.call("line", json!({ "count": 1 })).ok();
    assert!(session.log().len() < 20_000, "{} bytes of log", session.log().len());
}

#[test]
fn sockets_are_limited() {
    let policy = scratch("sockets").join("policy.toml");
    std::fs::write(&policy, "[defaults]\nconnect = [\"tcp://localhost:*\"]\n[limits]\nconnections = 50\n").unwrap();
    let mut session = Session::serve(&["--policy", &policy.display().to_string(), "--plugin", &guest("sockets")]);
    let opened = session.call("open", json!({ "count": 10_000 })).ok()["text"].as_str().unwrap().to_owned();
    assert!(opened.starts_with("50 ") && opened.contains("the limit of 50 connections is reached"), "{opened}");
    session.log_line_has(&["a limit is hit", "plugin=\"hostile\"", "limit=\"connections\""]);
    // What the call opened went with it.
    assert_eq!(session.call("open", json!({ "count": 10 })).ok()["text"], "10");
}

#[test]
fn i7_files_that_nobody_granted_are_not_there() {
    let mut session = with_guest("files");
    let read = session.call("read", json!({})).ok()["text"].as_str().unwrap().to_owned();
    assert!(read.starts_with("[false, false, false, false] Err("), "{read}");
}

/// The interfaces that were called without a grant, from the audit.
fn refused_interfaces(session: &Session) -> Vec<String> {
    let asks = session.events().into_iter().filter(|event| event["event"] == "ask" && event["reason"] == "not-granted");
    let mut resources: Vec<String> = asks.map(|event| event["resource"].as_str().unwrap().to_owned()).collect();
    resources.sort();
    resources.dedup();
    resources
}

#[test]
fn i7_an_interface_that_is_not_granted_answers_access_denied_and_the_operator_is_told() {
    let place = json!({ "host": "127.0.0.1", "port": 1 });
    let mut session = Session::serve(&["--plugin", &guest("dials")]);
    assert_eq!(session.call("dial", place.clone()).failed("create")["message"], "ErrorCode::AccessDenied");
    for tool in ["dial_std", "listen"] {
        assert_eq!(session.call(tool, place.clone()).ok()["text"], "Err(PermissionDenied)", "{tool}");
    }
    let sockets = ["interface:wasi:sockets/tcp-create-socket", "interface:wasi:sockets/types"];
    assert_eq!(refused_interfaces(&session), sockets);
    let mut granted = with_guest("dials");
    assert_eq!(
        granted.call("dial", place.clone()).ok()["text"],
        "Err(ErrorCode::ConnectionRefused)",
        "and granted, it dials"
    );
    assert!(refused_interfaces(&granted).is_empty());
    let mut session = Session::serve(&["--plugin", &guest("resolves")]);
    let name = json!({ "host": "localhost.example", "port": 1 });
    assert_eq!(session.call("resolve", name.clone()).ok()["text"], "Err(ErrorCode::AccessDenied)");
    assert_eq!(session.call("resolve_std", name.clone()).ok()["text"], "Err(PermissionDenied)");
    assert_eq!(refused_interfaces(&session), ["interface:wasi:sockets/ip-name-lookup"]);
}

#[test]
fn i7_a_shipped_plugin_without_its_grant_is_not_listed_and_answers_denied() {
    let mut session = Session::serve(&[]);
    let listed = session.request("tools/list", json!({}));
    assert_eq!(listed["result"]["tools"], json!([]));
    let failure = session.call("tcp_list_connections", json!({})).failed("denied");
    assert!(failure["message"].as_str().unwrap().contains("the operator's policy does not grant"), "{failure}");
    assert!(!failure.to_string().contains("rule"), "a model is not told what to write: {failure}");
}

#[test]
fn a_tool_name_that_is_taken_stays_where_it_was() {
    let mut session = with_guest("clash");
    session.log_line_has(&[
        "a plugin has a problem",
        "plugin=\"other\"",
        "cause=its tool `tcp_list_connections` is the name of a tool of `tcp` already",
    ]);
    assert_eq!(session.call("tcp_list_connections", json!({})).ok()["total_connections"], 0);
}

#[test]
fn i15_no_tool_changes_what_is_granted() {
    let mut session = Session::serve(&LOCAL);
    let listed = session.request("tools/list", json!({}));
    let tools = listed["result"]["tools"].as_array().unwrap().clone();
    let said: Vec<&Value> = tools.iter().collect();
    for tool in said {
        let name = tool["name"].as_str().unwrap();
        assert!(shipped::tools().iter().any(|tool| tool == name), "a tool that is no plugin's: {name}");
        for word in ["policy", "grant", "plugin", "allow", "permission", "approve"] {
            assert!(!name.contains(word), "{name}");
            assert!(tool["inputSchema"]["properties"].get(word).is_none(), "{name} takes `{word}`");
        }
    }
    // Asking again, or asking for more in other words, changes nothing.
    for _ in 0..3 {
        let ask = json!({ "host": "10.0.0.1", "port": 22, "allow": ["tcp://10.0.0.1:22"], "policy": "any" });
        session.call("tcp_connect", ask).failed("invalid_argument");
        let ask = json!({ "host": "10.0.0.1", "port": 22 });
        assert_eq!(session.call("tcp_connect", ask).failed("connection_failed")["reason"], "denied");
    }
}
