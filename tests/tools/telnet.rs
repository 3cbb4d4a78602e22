//! `telnet_tool` with ITMCP's three arguments: a probe. What is reachable, how fast, by which
//! address, with what greeting; and each reason why not. A refusal by the policy is no probe.

use std::io::{Read, Write};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Answer, Claim, Clock, Deaf, Dns, LOCAL, Passes, Peer, Session, closed_port, pass, policy};

/// The structured answer, which must be a success, with text for people beside it.
#[track_caller]
pub fn told(answer: Answer) -> (Value, String) {
    assert!(!answer.is_error, "{}", answer.text);
    (answer.structured.expect("there is no structured answer"), answer.text)
}

fn probe(session: &mut Session, target: &str, port: u16) -> (Value, String) {
    told(session.call("telnet_tool", json!({ "target": target, "port": port })))
}

#[test]
fn an_open_port_is_reachable_and_its_greeting_told() {
    let peer = Peer::says(&b"\xff\xfd\x18\xff\xfb\x01\x1b[1mWelcome\x1b[0m to \xff\xfftest\r\nlogin: "[..]);
    let mut session = Session::local();
    let (answer, text) = probe(&mut session, "localhost", peer.port());
    assert_eq!(answer["reachable"], true, "{answer}");
    assert_eq!(answer["address"], format!("127.0.0.1:{}", peer.port()));
    assert_eq!(answer["banner"], "Welcome to \\xfftest\nlogin: ");
    assert_eq!((&answer["telnet"], &answer["negotiation"]), (&json!(true), &json!(["DO TTYPE", "WILL ECHO"])));
    assert!(answer["connect_ms"].as_f64().unwrap() < 5000.0, "{answer}");
    assert!(answer.get("session").is_none() && answer.get("reason").is_none(), "{answer}");
    let head = format!("localhost:{0} is reachable: 127.0.0.1:{0} answered after ", peer.port());
    assert!(text.starts_with(&head) && text.ends_with("banner:\nWelcome to \\xfftest\nlogin: "), "{text}");
}

#[test]
fn a_greeting_in_pieces_is_read_to_its_end() {
    type Pieces = &'static [&'static [u8]];
    const GREETINGS: [(Pieces, Option<&str>, bool); 3] = [
        (&[b"220 ", b"ready", b"\r\n"], Some("220 ready\n"), false),
        (&[b"\xff", b"\xfd", b"\x18"], None, true),
        (&[b"\xff\xfd\x18", b"welcome"], Some("welcome"), true),
    ];
    let pieces = |pieces: Pieces| {
        Peer::new(move |mut stream| {
            for piece in pieces {
                let _ = stream.write_all(piece);
                pass(Passes::Peer, Duration::from_millis(20));
            }
            let _ = stream.read_to_end(&mut Vec::new());
        })
    };
    let mut session = Session::local();
    for (says, banner, telnet) in GREETINGS {
        let peer = pieces(says);
        let (answer, _) = probe(&mut session, "127.0.0.1", peer.port());
        assert_eq!((answer["banner"].as_str(), &answer["telnet"]), (banner, &json!(telnet)), "{answer}");
    }
    // Who greets without end is left.
    let endless = Peer::new(|mut stream| {
        while stream.write_all(b"x").is_ok() {
            pass(Passes::Peer, Duration::from_millis(5));
        }
    });
    let begun = Clock::start();
    probe(&mut session, "127.0.0.1", endless.port());
    begun.within(Claim::Deadline, Duration::from_secs(3));
}

#[test]
fn a_probe_says_nothing_and_waits_for_no_greeting_that_does_not_come() {
    let (peer, heard) = Peer::hears();
    let mut session = Session::local();
    // The first call may have to wait until the component is compiled.
    probe(&mut session, "127.0.0.1", closed_port());
    let begun = Clock::start();
    let (answer, _) = probe(&mut session, "127.0.0.1", peer.port());
    assert_eq!((&answer["reachable"], &answer["telnet"]), (&json!(true), &json!(false)));
    assert!(answer.get("banner").is_none() && answer.get("negotiation").is_none(), "{answer}");
    begun.within(Claim::Deadline, Duration::from_secs(3));
    assert_eq!((peer.accepted(), heard.lock().unwrap().len()), (1, 0));
}

#[test]
fn ipv6_is_probed_as_ipv4_is() {
    let six = Peer::at("[::1]:0", |mut stream| {
        let _ = stream.write_all(b"six");
    });
    let mut session = Session::local();
    for target in ["::1", "[::1]", "localhost"] {
        let (answer, text) = probe(&mut session, target, six.port());
        assert_eq!(answer["address"], format!("[::1]:{}", six.port()), "{answer}");
        assert_eq!(answer["banner"], "six");
        assert!(target == "localhost" || text.starts_with(&format!("[::1]:{} is reachable", six.port())), "{text}");
    }
}

#[test]
fn each_reason_why_not_is_told() {
    let (deaf, dns) = (Deaf::new(), Dns::new());
    let rules = "connect = [\"tcp://localhost:*\", \"tcp://*.lab.test:23\", \"tcp://224.0.0.1:23\"]";
    let [flag, file] = policy(&format!("[plugins.telnet]\n{rules}\n\n[names]\nservers = [\"{}\"]\n", dns.address));
    let mut session = Session::serve(&[&flag, &file]);
    probe(&mut session, "127.0.0.1", closed_port());
    for (target, port, reason) in [
        ("127.0.0.1", closed_port(), "refused"),
        ("gone.lab.test", 23, "dns"),
        ("224.0.0.1", 23, "unreachable"),
        ("127.0.0.1", deaf.port(), "timeout"),
    ] {
        let arguments = json!({ "target": target, "port": port, "timeout": 1 });
        let (answer, text) = told(session.call("telnet_tool", arguments));
        assert_eq!((&answer["reachable"], &answer["reason"]), (&json!(false), &json!(reason)), "{answer}");
        let took = answer["connect_ms"].as_f64().unwrap();
        assert!(reason != "timeout" || took >= 1000.0, "{answer}");
        assert!(answer.get("address").is_none(), "{answer}");
        assert!(
            text.starts_with(&format!("{target}:{port} is not reachable after ")) && text.contains(reason),
            "{text}"
        );
    }
}

#[test]
fn what_the_policy_does_not_allow_is_denied_and_what_it_allows_is_not() {
    let (allowed, denied) = (Peer::says("hello"), Peer::says("hello"));
    let text = format!("[plugins.telnet]\nconnect = [\"tcp://127.0.0.1:{}\"]\n", allowed.port());
    let [flag, file] = policy(&text);
    let mut session = Session::serve(&[&flag, &file]);
    assert_eq!(probe(&mut session, "127.0.0.1", allowed.port()).0["banner"], "hello");
    for extra in [json!({}), json!({ "steps": [] })] {
        let mut arguments = json!({ "target": "127.0.0.1", "port": denied.port() });
        arguments.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let failure = session.call("telnet_tool", arguments).failed("connection_failed");
        assert_eq!(failure["reason"], "denied");
        assert_eq!(
            failure["detail"],
            format!("the operator's policy does not allow tcp://127.0.0.1:{}", denied.port())
        );
    }
    assert_eq!((allowed.accepted(), denied.accepted()), (1, 0));
    session.log_has(&format!("plugin `telnet` may not connect to `tcp://127.0.0.1:{}`", denied.port()));
    // What one plugin may, another may not.
    let arguments = json!({ "host": "127.0.0.1", "port": allowed.port() });
    session.call("tcp_connect", arguments).failed("denied");
}

#[test]
fn wrong_arguments_are_named_with_what_is_meant() {
    let mut session = Session::local();
    let good = json!({ "target": "localhost", "port": closed_port() });
    for (wrong, argument, says) in [
        (json!({ "target": "127.1" }), "target", "write `127.0.0.1`"),
        (
            json!({ "target": "localhost:23" }),
            "target",
            "`target` contains a port; write `localhost` and put 23 into `port`",
        ),
        (json!({ "target": "" }), "target", "`target` is empty"),
        (json!({ "port": 0 }), "port", "1 to 65535"),
        (json!({ "port": 65536 }), "port", "1 to 65535"),
        (json!({ "timeout": 0 }), "timeout", "at least 1 (seconds)"),
        (json!({ "steps": [{}] }), "steps", "step 1 has neither `expect` nor `send`"),
        (
            json!({ "steps": [{ "send": "x" }, { "expect": "a(" }] }),
            "steps",
            "step 2: `expect`: invalid pattern at character 2",
        ),
        (json!({ "steps": [{ "expect": "(?=a)" }] }), "steps", "look-around"),
        (json!({ "steps": [{ "send": "x", "repeat": true }] }), "steps", "step 1: `repeat` needs both"),
        (json!({ "steps": [{ "send": "x", "timeout_ms": -1 }] }), "steps", "step 1: `timeout_ms` must be at least 1"),
        (json!({ "user": "a\nb" }), "user", "one line"),
        (json!({ "steps": [], "terminal": "a b" }), "terminal", "terminal's name"),
        (json!({ "steps": [], "columns": 5 }), "columns", "20 to 1000"),
        (json!({ "steps": [], "rows": 5000 }), "rows", "5 to 1000"),
        (json!({ "steps": [], "silence_ms": 0 }), "silence_ms", "at least 1 (milliseconds)"),
        (json!({ "steps": [], "output_limit": 1 }), "output_limit", "1024 to 524288"),
        (json!({ "steps": [{ "send": "5 €" }], "encoding": "latin-1" }), "steps", "which latin-1 does not have"),
        (json!({ "session_id": "x", "encoding": "cp437" }), "encoding", "when a session begins"),
        (json!({ "session_id": "x", "rows": 50 }), "rows", "when a session begins"),
    ] {
        let mut arguments = good.clone();
        arguments.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let failure = session.call("telnet_tool", arguments).failed("invalid_argument");
        let message = failure["message"].as_str().unwrap();
        assert_eq!(failure["argument"], argument, "{failure}");
        assert!(message.contains(says) && message.contains(&format!("`{argument}`")), "{message}");
    }
    // A member that nobody knows could be a `secret` that is none.
    let mut misspelt = good.clone();
    misspelt["steps"] = json!([{ "send": "hunter22", "secrt": true }]);
    let failure = session.call("telnet_tool", misspelt).failed("invalid_argument");
    assert!(failure.to_string().contains("secrt") && !failure.to_string().contains("hunter22"), "{failure}");
    for missing in [json!({ "target": "localhost" }), json!({ "port": 23 })] {
        session.call("telnet_tool", missing).failed("invalid_argument");
    }
}

#[test]
fn a_hundred_probes_at_once_are_all_answered_and_none_waits_for_the_others() {
    let peers: Vec<Peer> = (0..10).map(|_| Peer::says("hello\r\n")).collect();
    let mut session = Session::serve(&LOCAL);
    probe(&mut session, "127.0.0.1", peers[0].port());
    let begun = Clock::start();
    let arguments = |n: usize| json!({ "target": "127.0.0.1", "port": peers[n % 10].port(), "timeout": 20 });
    let posted: Vec<u64> = (0..100).map(|n| session.post_call("telnet_tool", arguments(n))).collect();
    for id in posted {
        let (answer, _) = told(session.called(id));
        assert_eq!((&answer["reachable"], &answer["banner"]), (&json!(true), &json!("hello\n")), "{answer}");
    }
    begun.within(Claim::Isolation, Duration::from_secs(10));
}
