//! Connections that end at any moment of a telnet session, in every way: closed, reset, half
//! closed, stalled, with much or nothing unread. It is that session's end and nobody else's. What
//! happens is drawn by a seed (`COFFERDAM_SEED`).

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};
use serde_json::{Value, json};

use super::telnet::told;
use crate::support::{Dice, Listener, Passes, Peer, Session, pass, policy, seed};

/// So many connections end.
const ENDS: usize = 10_000;
/// So many calls are under way at once.
const AT_ONCE: usize = 150;

/// Says a part of what a device would, in pieces, hears some of what it is told, and ends in
/// one of the ways there are.
fn ends_somehow(mut stream: TcpStream, mut dice: Dice) {
    const SAYS: &[u8] = b"\xff\xfd\x18\xff\xfb\x01\xff\xfb\x03\xff\xfd\x1f\r\nlogin: \xff\xfa\x18\x01\xff\xf0Password: \r\n\x1b[24;1Hsw1# go go go go go go go go \r\nsw1# bye\r\n";
    let _ = stream.set_read_timeout(Some(Duration::from_millis(10)));
    let _ = stream.set_write_timeout(Some(Duration::from_millis(200)));
    let mut left = &SAYS[..dice.below(SAYS.len() + 1)];
    let mut buffer = vec![0; 1 << 16];
    loop {
        if dice.below(3) == 0 {
            let most = 1 + dice.below(buffer.len());
            let _ = stream.read(&mut buffer[..most]);
        }
        if left.is_empty() {
            break;
        }
        let (piece, rest) = left.split_at((1 + dice.below(40)).min(left.len()));
        if stream.write_all(piece).is_err() {
            return;
        }
        left = rest;
    }
    match dice.below(6) {
        // Closed: in good order if everything was read, and with a reset otherwise.
        0 | 1 => drop(stream),
        2 => {
            let at_once = nix::libc::linger { l_onoff: 1, l_linger: 0 };
            let _ = setsockopt(&stream, sockopt::Linger, &at_once);
        }
        // Half closed: it still hears.
        3 => {
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            while let Ok(1..) = stream.read(&mut buffer) {}
        }
        // The other half closed.
        4 => {
            let _ = stream.shutdown(Shutdown::Read);
            let _ = stream.read(&mut buffer);
        }
        // Neither says nor hears anything for a while.
        _ => pass(Passes::Peer, Duration::from_millis(dice.below(300) as u64)),
    }
}

/// One of the calls there are.
fn arguments(port: u16, dice: &mut Dice) -> Value {
    let mut all = json!({ "target": "127.0.0.1", "port": port, "timeout": 1, "output_limit": 1024 });
    let patience = 1 + dice.below(150);
    let more = match dice.below(6) {
        0 => json!({}),
        1 => json!({
            "user": "ops", "password": "hunter22", "silence_ms": 300,
            "steps": [{ "expect": "[>#] ?\\z", "send": "quit", "timeout_ms": patience }],
        }),
        // More than the kernel takes from whoever does not read.
        2 => json!({
            "steps": vec![json!({ "expect": "go ", "send": "x".repeat(60_000), "timeout_ms": patience }); 8], "silence_ms": 20,
        }),
        3 => json!({ "steps": vec![json!({ "send": "x".repeat(60_000) }); 8], "silence_ms": 1 }),
        4 => json!({ "steps": [{ "send": "enable" }, { "send": "quit" }], "silence_ms": 1 + dice.below(20) }),
        _ => {
            json!({ "steps": [{ "expect": "go", "send": "x", "repeat": true }, { "expect": "bye", "timeout_ms": patience }] })
        }
    };
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    if dice.below(3) == 0 {
        all["keep"] = json!(true);
    }
    all
}

#[test]
fn ten_thousand_ends_end_nothing_else() {
    let seed = seed();
    let count = AtomicU64::new(0);
    let peer = Peer::new(move |stream| {
        ends_somehow(stream, Dice::new(seed.wrapping_add(count.fetch_add(1, Ordering::Relaxed))));
    });
    let [flag, file] = policy("[plugins.telnet]\nconnect = [\"tcp://127.0.0.1:*\"]\n");
    let mut session = Session::serve(&[&flag, &file]);
    // Somebody else's session, which has to outlive them all.
    let listener = Listener::new();
    let keep = json!({ "target": "127.0.0.1", "port": listener.port(), "steps": [], "keep": true, "silence_ms": 1 });
    let call = session.post_call("telnet_tool", keep);
    let mut line = listener.accept();
    line.say("> ");
    let (answer, _) = told(session.called(call));
    let id = answer["session"]["session_id"].clone();

    let (mut dice, mut under_way, mut ends) = (Dice::new(seed), VecDeque::new(), std::collections::BTreeMap::new());
    let mut told_of = 0;
    while told_of < ENDS {
        if under_way.len() < AT_ONCE {
            let arguments = arguments(peer.port(), &mut dice);
            let call = session.post_call("telnet_tool", arguments.clone());
            if dice.below(20) == 0 {
                let cancelled =
                    json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": call } });
                session.send(&cancelled);
                told_of += 1;
            } else {
                under_way.push_back((call, arguments));
            }
            continue;
        }
        let (call, mut arguments) = under_way.pop_front().unwrap();
        let answer = session.called(call);
        told_of += 1;
        if answer.is_error {
            // Sessions that were kept are gone by now, and all places for them taken.
            let known = ["connection_failed", "not_found", "too_many_sessions", "overloaded"];
            assert!(known.iter().any(|code| answer.text.contains(code)), "seed {seed}: {}", answer.text);
            continue;
        }
        let (answer, _) = told(answer);
        let held = &answer["session"];
        *ends.entry(held["ended"].to_string()).or_insert(0) += 1;
        assert!(!answer.to_string().contains("hunter22"), "seed {seed}: {answer}");
        if held["ended"] == "closed" {
            assert_eq!(held["completed"], held["steps_done"] == held["steps"], "seed {seed}: {answer}");
            assert!(held.get("session_id").is_none(), "seed {seed}: {answer}");
        }
        if let Some(kept) = held.get("session_id") {
            arguments["session_id"] = kept.clone();
            arguments.as_object_mut().unwrap().remove("keep");
            let call = session.post_call("telnet_tool", arguments.clone());
            under_way.push_back((call, arguments));
        }
    }
    for (call, _) in under_way {
        session.called(call);
    }
    println!("{told_of} calls, seed {seed}: {ends:?}");
    let log = session.log();
    assert!(!log.contains("an instance is lost") && !log.contains("trap"), "seed {seed}: {log}");
    assert!(["\"closed\"", "\"done\"", "\"timeout\"", "null"].iter().all(|end| ends.contains_key(*end)), "{ends:?}");
    let next = json!({
        "target": "127.0.0.1", "port": listener.port(), "session_id": id, "steps": [{ "send": "quit" }, { "expect": "bye" }],
    });
    let call = session.post_call("telnet_tool", next);
    line.expect("quit\r\n");
    line.say("bye\r\n");
    assert_eq!(told(session.called(call)).0["session"]["completed"], true);
}

#[test]
fn a_device_that_closes_after_its_last_command_is_told_with_its_whole_transcript() {
    let [flag, file] = policy("[plugins.telnet]\nconnect = [\"tcp://127.0.0.1:*\"]\n");
    let mut session = Session::serve(&[&flag, &file]);
    let listener = Listener::new();
    let keep = json!({ "target": "127.0.0.1", "port": listener.port(), "steps": [], "keep": true, "silence_ms": 1 });
    let call = session.post_call("telnet_tool", keep);
    let mut other = listener.accept();
    other.say("other> ");
    let kept = told(session.called(call)).0["session"]["session_id"].clone();
    // With its last words and without, at once and in a while, in good order and with a reset.
    for round in 0..200 {
        let command = ["quit", "exit"][round % 2];
        let arguments = json!({ "target": "127.0.0.1", "port": listener.port(), "steps": [
            { "expect": "> ?\\z", "send": "show" }, { "expect": "(?s)up.*> ?\\z", "send": command },
        ], "silence_ms": 50, "keep": true });
        let call = session.post_call("telnet_tool", arguments);
        let mut line = listener.accept();
        line.say("\r\nsw1> ");
        line.expect("show\r\n");
        line.say("show\r\nport 1 up\r\nsw1> ");
        let heard = line.hear(if round % 5 == 0 { 4 } else { 6 });
        assert!(heard.starts_with(command.as_bytes()));
        let bye = if round % 3 == 0 { "" } else { "bye\r\n" };
        line.say(bye);
        drop(line);
        let (answer, _) = told(session.called(call));
        let held = &answer["session"];
        assert_eq!((&held["ended"], &held["completed"]), (&json!("closed"), &json!(true)), "{round}: {answer}");
        assert_eq!((&held["steps_done"], held.get("session_id")), (&json!(2), None), "{round}: {answer}");
        let said: String =
            held["transcript"].as_array().unwrap().iter().filter_map(|piece| piece["text"].as_str()).collect();
        let expected = format!("\nsw1> show\nshow\nport 1 up\nsw1> {command}\n{}", bye.replace('\r', ""));
        assert_eq!(said, expected, "{round}: {answer}");
    }
    let next = json!({ "target": "127.0.0.1", "port": listener.port(), "session_id": kept, "steps": [{ "expect": "other> ?\\z" }] });
    assert_eq!(told(session.call("telnet_tool", next)).0["session"]["completed"], true);
    assert!(!session.log().contains("an instance is lost"), "{}", session.log());
}

#[test]
fn a_refusal_that_closes_the_connection_keeps_no_session() {
    let peer = Peer::new(|mut stream| {
        let _ = stream.write_all(b"login: ");
        let _ = stream.read(&mut [0; 100]);
        let _ = stream.write_all(b"\r\nLogin incorrect\r\n");
    });
    let mut session = Session::local();
    let arguments = json!({ "target": "127.0.0.1", "port": peer.port(), "user": "ops", "password": "x", "keep": true });
    let (answer, _) = told(session.call("telnet_tool", arguments));
    assert_eq!(
        (&answer["session"]["ended"], answer["session"].get("session_id")),
        (&json!("login_failed"), None),
        "{answer}"
    );
}
