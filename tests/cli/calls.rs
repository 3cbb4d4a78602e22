//! `cofferdam call`: a tool's answer on standard output, whether it failed as the exit code, and
//! what is wrong with a command.

use std::io::Write;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::{ends, misused};
use crate::support::{Claim, Clock, Deaf, LOCAL, Peer, closed_port, cofferdam, guest, run, stderr, stdout};

fn call(tool: &str, arguments: &Value) -> Output {
    run(&["call", tool, &arguments.to_string(), LOCAL[0], LOCAL[1]])
}

#[test]
fn a_call_prints_its_answer() {
    let peer = Peer::echo();
    let arguments = json!({ "host": "localhost", "port": peer.port(), "data": "hi", "connection_id": "c" });
    let output = call("tcp_connect_and_send", &arguments);
    ends(&output, 0);
    let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((&answer["status"], &answer["bytes_sent"]), (&json!("connected"), &json!(2)));
    assert_eq!(stderr(&output), "");
    assert_eq!(peer.accepted(), 1);
}

#[test]
fn a_call_that_fails_prints_its_answer_and_says_so_by_its_code() {
    let arguments = json!({ "host": "127.0.0.1", "port": closed_port() });
    let output = call("tcp_connect", &arguments);
    ends(&output, 1);
    let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((&answer["error"], &answer["reason"]), (&json!("connection_failed"), &json!("refused")));

    let output = call("tcp_connect", &json!({ "host": "127.0.0.1" }));
    ends(&output, 1);
    assert!(stdout(&output).contains("`port` is required"), "{}", stdout(&output));

    // Without a grant the tool is there, and the refusal is its answer.
    let output = run(&["call", "tcp_list_connections"]);
    ends(&output, 1);
    assert!(stdout(&output).contains(r#""error":"denied""#), "{}", stdout(&output));
}

#[test]
fn hidden_characters_of_an_answer_are_escapes_in_its_json() {
    let hidden = "x\u{9b}1m\u{202e}\u{200b}\u{e0041}\u{ad}y";
    let arguments = json!({ "text": hidden }).to_string();
    let component = guest("fails");
    let output = run(&["call", "succeed", &arguments, "--json", "--plugin", &component, LOCAL[0], LOCAL[1]]);
    ends(&output, 0);
    let printed = stdout(&output);
    assert!(!printed.contains(['\u{9b}', '\u{202e}', '\u{200b}', '\u{e0041}', '\u{ad}']), "{printed:?}");
    let answer: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(answer["structuredContent"]["text"], hidden, "it is the same JSON");
}

#[test]
fn a_refusal_tells_the_operator_what_would_allow_it() {
    let peer = Peer::echo();
    let output = run(&[
        "call",
        "tcp_connect",
        &json!({ "host": "127.0.0.1", "port": peer.port() }).to_string(),
        "--allow-connect",
        "tcp://localhost:1",
    ]);
    ends(&output, 1);
    assert!(stdout(&output).contains(r#""reason":"denied""#), "{}", stdout(&output));
    assert!(
        stderr(&output).contains(&format!("hint: `[plugins.tcp] connect = [\"tcp://127.0.0.1:{}\"]`", peer.port()))
    );
    assert_eq!(peer.accepted(), 0);
}

#[test]
fn deny_wins_over_allow() {
    let peer = Peer::echo();
    let arguments = json!({ "host": "127.0.0.1", "port": peer.port() }).to_string();
    let deny = format!("tcp://127.0.0.1:{}", peer.port());
    let output = run(&["call", "tcp_connect", &arguments, LOCAL[0], LOCAL[1], "--deny-connect", &deny]);
    ends(&output, 1);
    assert!(stdout(&output).contains(r#""reason":"denied""#), "{}", stdout(&output));
    assert_eq!(peer.accepted(), 0);
}

#[test]
fn a_call_as_json_is_what_a_client_gets() {
    let output = run(&["call", "tcp_list_connections", "--json", LOCAL[0], LOCAL[1]]);
    ends(&output, 0);
    let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(answer["structuredContent"], json!({ "total_connections": 0, "connections": [] }));
    assert_eq!(answer["isError"], false);
    let text = answer["content"][0]["text"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), answer["structuredContent"]);
}

#[test]
fn arguments_may_come_from_standard_input() {
    let peer = Peer::echo();
    let mut child = cofferdam(&["call", "tcp_connect", "-", LOCAL[0], LOCAL[1]])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let arguments = json!({ "host": "127.0.0.1", "port": peer.port() }).to_string();
    child.stdin.take().unwrap().write_all(arguments.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    ends(&output, 0);
    assert!(stdout(&output).contains("connected"));
}

#[test]
fn a_call_ends_at_its_timeout() {
    let deaf = Deaf::new();
    let begun = Clock::start();
    let output = run(&[
        "call",
        "tcp_connect",
        &json!({ "host": "127.0.0.1", "port": deaf.port(), "connect_timeout_ms": 60_000 }).to_string(),
        LOCAL[0],
        LOCAL[1],
        "--timeout",
        "300ms",
    ]);
    ends(&output, 1);
    begun.within(Claim::Deadline, Duration::from_secs(20));
    // The plugin's own time ends with the call's.
    assert!(stdout(&output).contains("deadline") || stdout(&output).contains("timeout"), "{}", stdout(&output));
}

#[test]
fn a_call_that_is_misused_shows_where() {
    misused(&["call", "tcp_conect"], "error: there is no tool `tcp_conect`\nhint: did you mean `tcp_connect`?");
    misused(&["call", "frobnicate"], "error: there is no tool `frobnicate`\nhint: `cofferdam tools` lists them");
    misused(
        &["call", "tcp_connect", r#"{"host": localhost}"#],
        "error: the arguments are not JSON: expected value\n  |\n1 | {\"host\": localhost}\n  |          ^\n\
         hint: one quoted word, as in: cofferdam call tcp_connect '{\"host\": \"localhost\", \"port\": 80}'",
    );
    misused(
        &["call", "tcp_connect", r#"["localhost", 80]"#],
        "error: the arguments are a list, not an object, as in {\"name\": \"value\"}",
    );
    for arguments in [
        &["call"][..],
        &["call", "x", "{}", "{}"],
        &["frob"],
        &["serve", "--frob"],
        &["call", "x", "--timeout", "3"],
        &[],
    ] {
        let output = run(arguments);
        ends(&output, 2);
        assert!(!stderr(&output).is_empty(), "{arguments:?}");
    }
}
