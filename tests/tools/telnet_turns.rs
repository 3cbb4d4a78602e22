//! Time and memory of telnet sessions: what had come at a deadline is told, whoever set
//! it; many sessions go on beside each other, and one that would have no time left is told
//! so instead of being cut.

use std::time::Duration;

use serde_json::{Value, json};

use super::telnet::told;
use crate::support::{Claim, Clock, LOCAL, Listener, Peer, Session, closed_port, policy, run, stdout};

fn greets() -> Peer {
    Peer::new(|mut stream| {
        let _ = std::io::Write::write_all(&mut stream, b"hello\r\n> ");
        let _ = std::io::Read::read_to_end(&mut stream, &mut Vec::new());
    })
}

fn waits(port: u16, timeout: u64) -> Value {
    json!({ "target": "127.0.0.1", "port": port, "steps": [{ "expect": "never", "send": "x" }], "timeout": timeout })
}

#[test]
fn what_had_come_at_the_callers_deadline_is_told() {
    let peer = greets();
    let arguments = waits(peer.port(), 30).to_string();
    let mut all = vec!["call", "telnet_tool", arguments.as_str(), "--timeout", "6s"];
    all.extend(LOCAL);
    let begun = Clock::start();
    let output = run(&all);
    assert!(stdout(&output).contains("hello") && stdout(&output).contains("timeout"), "{}", stdout(&output));
    begun.within(Claim::Deadline, Duration::from_secs(15));
}

#[test]
fn what_had_come_at_the_operators_deadline_is_told() {
    let (peer, rules) = (greets(), "[plugins.telnet]\nconnect = [\"tcp://127.0.0.1:*\"]\n\n[limits]\ncall = \"3 s\"\n");
    let [flag, file] = policy(rules);
    let mut session = Session::serve(&[&flag, &file]);
    // The first call may spend its time on the compiler.
    session.call("telnet_tool", waits(closed_port(), 1));
    let listener = Listener::new();
    let mut arguments = waits(peer.port(), 30);
    arguments["keep"] = json!(true);
    let (answer, _) = told(session.call("telnet_tool", arguments));
    assert_eq!(answer["session"]["ended"], "timeout", "{answer}");
    assert_eq!(answer["session"]["transcript"][0]["text"], "hello\n> ", "{answer}");
    // The deadline, and what ending a call may take behind it.
    assert!(answer["session"]["took_ms"].as_u64().unwrap() < 3500, "{answer}");
    // The session stays, and so does the instance.
    let id = answer["session"]["session_id"].clone();
    let next = json!({ "target": "127.0.0.1", "port": peer.port(), "session_id": id, "steps": [{ "expect": "> $" }] });
    assert_eq!(told(session.call("telnet_tool", next)).0["session"]["completed"], true);
    // A server that takes nothing of what it is sent does not hold the answer up.
    let sends: Vec<Value> = (0..17).map(|_| json!({ "send": "x".repeat(60_000), "expect": "go" })).collect();
    let arguments = json!({ "target": "127.0.0.1", "port": listener.port(), "steps": sends, "timeout": 30 });
    let call = session.post_call("telnet_tool", arguments);
    let mut line = listener.accept();
    line.say("go ".repeat(16));
    assert_eq!(told(session.called(call)).0["session"]["steps_done"], 16);
    assert!(!session.log().contains("an instance is lost"), "{}", session.log());
}

#[test]
fn a_session_does_not_wait_behind_others_that_are_stuck() {
    let (stuck, quick) = (greets(), greets());
    let mut session = Session::serve(&LOCAL);
    told(session.call("telnet_tool", json!({ "target": "127.0.0.1", "port": closed_port() })));
    let posted: Vec<u64> = (0..60).map(|_| session.post_call("telnet_tool", waits(stuck.port(), 8))).collect();
    let steps = json!([{ "expect": "> $" }]);
    let arguments = json!({ "target": "127.0.0.1", "port": quick.port(), "steps": steps, "silence_ms": 1 });
    assert_eq!(told(session.call("telnet_tool", arguments)).0["session"]["ended"], "done");
    assert!(posted.iter().all(|id| session.is_pending(*id)), "it waited for them");
    for id in posted {
        let (answer, _) = told(session.called(id));
        assert_eq!(answer["session"]["transcript"][0]["text"], "hello\n> ", "{answer}");
        assert!(answer["session"]["took_ms"].as_u64().unwrap() >= 7_000, "it had its time: {answer}");
    }
}

#[test]
fn who_would_have_no_time_left_is_told_so_and_nobody_is_dialled() {
    let peer = greets();
    let rules =
        "[plugins.telnet]\nconnect = [\"tcp://127.0.0.1:*\"]\n\n[limits]\nmemory = \"16 MiB\"\ncall = \"12 s\"\n";
    let [flag, file] = policy(rules);
    let mut session = Session::serve(&[&flag, &file]);
    session.call("telnet_tool", waits(closed_port(), 1));
    let posted: Vec<u64> = (0..30).map(|_| session.post_call("telnet_tool", waits(peer.port(), 8))).collect();
    let (mut served, mut refused) = (0, 0);
    for id in posted {
        let answer = session.called(id);
        if answer.is_error {
            let failure = answer.failed("overloaded");
            assert!(failure["message"].as_str().unwrap().contains("nobody was dialled"), "{failure}");
            refused += 1;
        } else {
            assert_eq!(told(answer).0["session"]["transcript"][0]["text"], "hello\n> ");
            served += 1;
        }
    }
    assert!(served >= 4 && refused >= 4, "{served} served, {refused} refused");
    assert_eq!(peer.accepted(), served);
}
