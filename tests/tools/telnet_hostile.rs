//! Hostile servers of a telnet session: each keeps it from ending in another way. Each session ends
//! in its time, within its memory, and others are served meanwhile.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::telnet::told;
use crate::support::{Claim, Clock, Listener, Peer, Session, policy};

/// Says this again and again, as fast as it is taken, and reads what comes back.
fn floods(what: impl Into<Vec<u8>>) -> Peer {
    let what: Vec<u8> = what.into().repeat(256);
    Peer::new(move |mut stream: TcpStream| {
        let mut answers = stream.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 65536];
            while let Ok(1..) = answers.read(&mut buffer) {}
        });
        while stream.write_all(&what).is_ok() {}
    })
}

/// A session that waits for what never comes.
fn waits(session: &mut Session, port: u16) -> Value {
    let steps = json!([{ "expect": "never ever", "send": "x", "timeout_ms": 1500 }]);
    let arguments = json!({ "target": "127.0.0.1", "port": port, "steps": steps, "output_limit": 4096 });
    let (answer, text) = told(session.call("telnet_tool", arguments));
    assert!(text.len() < 16 << 10, "{} bytes of text", text.len());
    answer
}

#[test]
fn every_server_without_end_is_left_in_time() {
    let [flag, file] =
        policy("[plugins.telnet]\nconnect = [\"tcp://localhost:*\"]\n\n[limits]\nmemory = \"64 MiB\"\ncpu = \"5 s\"\n");
    let mut session = Session::serve(&[&flag, &file]);
    waits(&mut session, Peer::echo().port());
    for (what, flood) in [
        ("options asked for and taken back", b"\xff\xfb\x01\xff\xfc\x01\xff\xfd\x18\xff\xfe\x18".to_vec()),
        ("options that nobody has", b"\xff\xfd\x63\xff\xfb\xc8".to_vec()),
        ("a subnegotiation without end", b"\xff\xfa\x18\x01 and on and on".to_vec()),
        ("terminal types asked for again and again", b"\xff\xfd\x18\xff\xfa\x18\x01\xff\xf0".to_vec()),
        ("commands only", b"\xff\xf1".to_vec()),
        ("an operating system command without end", b"\x1b]0;title and on and on".to_vec()),
        ("lines", b"data without end\r\n".to_vec()),
        ("one line", b"x".to_vec()),
        ("cursors far away", b"\x1b[999;999Hx".to_vec()),
        ("blanks put in", b"a\r\x1b[999@".to_vec()),
        ("questions to the terminal", b"\x1b[6n\x1b[c".to_vec()),
        ("characters that are none", b"\xfe\x80\xc3".to_vec()),
        ("password prompts", b"Password: \r\n".to_vec()),
    ] {
        let peer = floods(flood);
        let answer = waits(&mut session, peer.port());
        let ended = answer["session"]["ended"].as_str().unwrap();
        assert!(["timeout", "too_much"].contains(&ended), "{what}: {answer}");
        assert!(answer["session"]["took_ms"].as_u64().unwrap() < 10_000, "{what}: {answer}");
        assert!(answer["session"]["bytes_sent"].as_u64().unwrap() < 64 << 10, "{what}: {answer}");
    }
    assert!(!session.log().contains("an instance is lost"), "{}", session.log());
}

#[test]
fn a_server_that_takes_nothing_is_left_in_time() {
    let listener = Listener::new();
    let mut session = Session::local();
    waits(&mut session, Peer::echo().port());
    let big = "x".repeat(60_000);
    let sends: Vec<Value> = (0..17).map(|_| json!({ "send": big, "expect": "go" })).collect();
    let arguments = json!({ "target": "127.0.0.1", "port": listener.port(), "steps": sends, "timeout": 1 });
    let call = session.post_call("telnet_tool", arguments);
    let mut line = listener.accept();
    line.say("go ".repeat(17));
    let (answer, _) = told(session.called(call));
    assert_eq!(answer["session"]["steps_done"], 17, "{answer}");
    assert!(answer["session"]["took_ms"].as_u64().unwrap() < 10_000, "{answer}");
}

#[test]
fn a_step_that_would_be_repeated_for_ever_is_not() {
    let peer = floods(b"again ".to_vec());
    let mut session = Session::local();
    let steps = json!([{ "expect": "again", "send": "x", "repeat": true }, { "expect": "never" }]);
    let arguments = json!({ "target": "127.0.0.1", "port": peer.port(), "steps": steps });
    let (answer, _) = told(session.call("telnet_tool", arguments));
    assert_eq!(answer["session"]["ended"], "too_much", "{answer}");
}

#[test]
fn others_are_served_while_servers_flood() {
    let (flood, quick) = (floods(b"data without end\r\n".to_vec()), Peer::says("hello"));
    let mut session = Session::local();
    let arguments =
        json!({ "target": "127.0.0.1", "port": flood.port(), "steps": [{ "expect": "never" }], "timeout": 3 });
    let flooded: Vec<u64> = (0..4).map(|_| session.post_call("telnet_tool", arguments.clone())).collect();
    for _ in 0..10 {
        let begun = Clock::start();
        let probe = json!({ "target": "127.0.0.1", "port": quick.port() });
        assert_eq!(told(session.call("telnet_tool", probe)).0["banner"], "hello");
        begun.within(Claim::Isolation, Duration::from_secs(2));
    }
    for id in flooded {
        told(session.called(id));
    }
}
