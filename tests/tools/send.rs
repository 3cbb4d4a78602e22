//! Sending: what goes over the wire for each encoding, that nothing does where the data is not what
//! it claims to be, and peers that do not take it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Claim, Clock, Listener, Session, connected};

/// More than all socket buffers of this machine take together, and less than a send may have.
const LARGE: usize = 15 << 20;

fn send(session: &mut Session, arguments: Value) -> crate::support::Answer {
    let mut all = json!({ "connection_id": "c" });
    all.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
    session.call("tcp_send", all)
}

#[test]
fn every_encoding_sends_the_bytes_it_stands_for() {
    let (mut session, mut line) = connected();
    let cases: &[(Value, &[u8])] = &[
        (json!({ "data": "héllo €\n\u{0}\u{1f600}" }), "héllo €\n\u{0}\u{1f600}".as_bytes()),
        (json!({ "data": "" }), b""),
        (json!({ "data": "plain", "encoding": "utf-8" }), b"plain"),
        (json!({ "data": "\\x41 stays as it is" }), b"\\x41 stays as it is"),
        (json!({ "data": "$1 too" }), b"$1 too"),
        (json!({ "data": "AP/+gA==", "encoding": "base64" }), b"\x00\xff\xfe\x80"),
        (json!({ "data": "", "encoding": "base64" }), b""),
        (json!({ "data": "48656C6c6f", "encoding": "hex" }), b"Hello"),
        (json!({ "data": "48 65\t6c\r\n6c\n6F", "encoding": "hex" }), b"Hello"),
        (json!({ "data": "0x48656c 0X6c 0x6f", "encoding": "hex" }), b"Hello"),
        (json!({ "data": "\\x48\\x65\\x6C\\x6c\\x6f", "encoding": "hex" }), b"Hello"),
        (json!({ "data": "GET / HTTP/1.0\\x0d\\x0A\\xff", "encoding": "hex" }), b"GET / HTTP/1.0\r\n\xff"),
        (json!({ "data": "é \\x00", "encoding": "hex" }), b"\xc3\xa9 \x00"),
        (json!({ "data": "QUIT", "terminator": "0d0a" }), b"QUIT\r\n"),
        (json!({ "data": "QUIT", "terminator": "0x0D 0x0A" }), b"QUIT\r\n"),
        (json!({ "data": "QUIT", "terminator": "\\x00" }), b"QUIT\0"),
        (json!({ "data": "QUIT", "terminator": "" }), b"QUIT"),
        (json!({ "data": "/w==", "encoding": "base64", "terminator": "0a" }), b"\xff\n"),
        (json!({ "data": "ff", "encoding": "hex", "terminator": "00" }), b"\xff\0"),
    ];
    let mut total = 0;
    for (arguments, bytes) in cases {
        let sent = send(&mut session, arguments.clone()).ok();
        assert_eq!(sent["bytes_sent"], bytes.len(), "{arguments}");
        line.expect(bytes);
        total += bytes.len();
    }
    assert_eq!(session.buffer_info("c")["bytes_sent"], total);
}

#[test]
fn what_is_not_what_it_claims_to_be_is_refused_with_the_place_and_nothing_is_sent() {
    let (mut session, mut line) = connected();
    for (arguments, argument, place) in [
        (json!({ "data": "hello", "encoding": "hex" }), "data", "character 1"),
        (json!({ "data": "4865g6", "encoding": "hex" }), "data", "character 5: `g` is not a hex digit"),
        (json!({ "data": "486", "encoding": "hex" }), "data", "character 3"),
        (json!({ "data": "0x", "encoding": "hex" }), "data", "`0x` without a digit"),
        (json!({ "data": "48,65", "encoding": "hex" }), "data", "character 3: `,`"),
        (json!({ "data": "\\x4", "encoding": "hex" }), "data", "character 1: `\\x` needs two hex digits"),
        (json!({ "data": "ok\\xzz", "encoding": "hex" }), "data", "character 3"),
        (json!({ "data": "SGVsbG8", "encoding": "base64" }), "data", "character 7"),
        (json!({ "data": "SGVs bG8=", "encoding": "base64" }), "data", "character 5: a space"),
        (json!({ "data": "SGVsbG9=", "encoding": "base64" }), "data", "character 7"),
        (json!({ "data": "_-8=", "encoding": "base64" }), "data", "URL-safe"),
        (json!({ "data": "hello!", "encoding": "base64" }), "data", "character 6"),
        (json!({ "data": "good", "terminator": "\r\n" }), "", ""),
        (json!({ "data": "good", "terminator": "CRLF" }), "terminator", "character 2"),
        (json!({ "data": "good", "terminator": "0d0" }), "terminator", "character 3"),
        (json!({ "data": "good", "terminator": "\\r\\n" }), "terminator", "character 1"),
        (json!({ "data": "bad", "encoding": "hex", "terminator": "0a" }), "data", "character 3"),
    ] {
        let answer = send(&mut session, arguments.clone());
        if argument.is_empty() {
            // White space in hex stands for nothing, so this is an empty terminator.
            assert_eq!(answer.ok()["bytes_sent"], 4);
            line.expect("good");
            continue;
        }
        let failure = answer.failed("invalid_argument");
        assert_eq!(failure["argument"], argument, "{arguments}");
        let message = failure["message"].as_str().unwrap();
        assert!(message.contains(&format!("`{argument}`")) && message.contains(place), "{arguments}: {message}");
    }
    // `tcp_connect_and_send` reads its data before it dials anybody.
    let listener = Listener::new();
    for arguments in [json!({ "data": "xyz", "encoding": "hex" }), json!({ "data": "good", "terminator": "zz" })] {
        let mut all = json!({ "host": "127.0.0.1", "port": listener.port() });
        all.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
        session.call("tcp_connect_and_send", all).failed("invalid_argument");
    }
    assert!(listener.waiting().is_none());
    send(&mut session, json!({ "data": "the end", "end": true })).ok();
    assert_eq!(line.hear_all(), b"the end");
}

#[test]
fn a_peer_that_does_not_read_ends_the_send_at_its_timeout_and_says_how_much_went_out() {
    let (mut session, mut line) = connected();
    let begun = Clock::start();
    let answer = send(&mut session, json!({ "data": "x".repeat(LARGE), "timeout_ms": 400 }));
    let took = begun.stop();
    let failure = answer.failed("send_failed");
    assert_eq!(
        (&failure["message"], &failure["reason"]),
        (&json!("Failed to send data"), &json!("timeout")),
        "{failure}"
    );
    took.at_least(Claim::Deadline, Duration::from_millis(400));
    took.within(Claim::Deadline, Duration::from_secs(3));
    let sent = failure["bytes_sent"].as_u64().unwrap();
    assert!(sent > 0 && sent < LARGE as u64, "{sent} of {LARGE}");
    assert_eq!(session.buffer_info("c")["bytes_sent"], sent);
    // It was the truth: this much, and nothing else, arrives once the peer reads.
    session.call("tcp_disconnect", json!({ "connection_id": "c" })).ok();
    let heard = line.hear_all();
    assert_eq!(heard.len() as u64, sent);
    assert!(heard.iter().all(|&byte| byte == b'x'));
}

#[test]
fn a_stuck_peer_holds_up_neither_other_calls_nor_the_disconnect() {
    let (mut session, mut line) = connected();
    let stuck = session.post_call("tcp_send", json!({ "connection_id": "c", "data": "x".repeat(LARGE) }));
    line.0.peek(&mut [0; 1]).unwrap();
    line.say("from the peer");
    session.receives("c", 13);
    assert_eq!(session.read_text("c"), "from the peer");
    session.call("tcp_disconnect", json!({ "connection_id": "c" })).ok();
    let failure = session.called(stuck).failed("send_failed");
    assert_eq!(failure["reason"], "closed", "{failure}");
    line.gone();
}

#[test]
fn connect_and_send_to_a_stuck_peer_keeps_the_connection_and_names_it() {
    let listener = Listener::new();
    let mut session = Session::local();
    let arguments = json!({
        "host": "127.0.0.1", "port": listener.port(), "connection_id": "c", "data": "x".repeat(LARGE), "timeout_ms": 300,
    });
    let failure = session.call("tcp_connect_and_send", arguments).failed("send_failed");
    assert_eq!(failure["message"], format!("Connected but failed to send data to 127.0.0.1:{}", listener.port()));
    assert_eq!((&failure["reason"], &failure["connection_id"]), (&json!("timeout"), &json!("c")), "{failure}");
    assert_eq!(session.buffer_info("c")["bytes_sent"], failure["bytes_sent"]);
}

#[test]
fn a_slow_peer_gets_all_of_it_in_order() {
    let (mut session, mut line) = connected();
    let data: String = (0..LARGE / 8).map(|n| format!("{n:07} ")).collect();
    let sending = session.post_call("tcp_send", json!({ "connection_id": "c", "data": data.clone() }));
    // It is being sent, and the peer has read nothing of it.
    line.0.peek(&mut [0; 1]).unwrap();
    assert!(line.hear(LARGE) == data.as_bytes(), "not what was sent");
    assert_eq!(session.called(sending).ok()["bytes_sent"], LARGE);
}

#[test]
fn two_sends_at_once_do_not_mix() {
    let (mut session, mut line) = connected();
    let half = 3 << 20;
    let sending: Vec<u64> = ["a", "b"]
        .map(|letter| session.post_call("tcp_send", json!({ "connection_id": "c", "data": letter.repeat(half) })))
        .into();
    let heard = line.hear(2 * half);
    let (first, second) = heard.split_at(half);
    assert!(first.iter().all(|byte| *byte == first[0]) && second.iter().all(|byte| *byte == second[0]));
    assert_ne!(first[0], second[0]);
    sending.into_iter().for_each(|id| assert_eq!(session.called(id).ok()["bytes_sent"], half));
}

#[test]
fn sends_that_nobody_waited_for_keep_their_order() {
    // As a client does whose model makes several calls at once.
    let (mut session, mut line) = connected();
    for round in 0..50 {
        let words = ["NICK me\r\n", "USER me 0 * :me\r\n", "JOIN #here\r\n", "PRIVMSG #here :hello\r\n"];
        let sending = words.map(|word| session.post_call("tcp_send", json!({ "connection_id": "c", "data": word })));
        let heard = line.hear(words.concat().len());
        assert_eq!(String::from_utf8_lossy(&heard), words.concat(), "in round {round}");
        sending.into_iter().for_each(|id| drop(session.called(id).ok()));
    }
}

#[test]
fn ending_our_half_lets_the_peer_answer() {
    let (mut session, mut line) = connected();
    send(&mut session, json!({ "data": "question", "end": true })).ok();
    assert_eq!(line.hear_all(), b"question", "the peer reads our end of stream");
    let info = session.buffer_info("c");
    assert_eq!((&info["can_send"], &info["connected"]), (&json!(false), &json!(true)), "{info}");
    line.say("answer");
    session.receives("c", 6);
    assert_eq!(session.read_text("c"), "answer");
    let failure = send(&mut session, json!({ "data": "more" })).failed("send_failed");
    assert_eq!((&failure["reason"], &failure["bytes_sent"]), (&json!("closed"), &json!(0)), "{failure}");
}

#[test]
fn a_peer_that_has_ended_its_half_still_gets_what_is_sent() {
    let (mut session, mut line) = connected();
    line.say("bye");
    line.end();
    let wait = json!({ "connection_id": "c", "until": "close", "timeout_ms": 5000 });
    assert_eq!(session.call("tcp_wait", wait).ok()["data"], "bye");
    let info = session.buffer_info("c");
    for (key, value) in [("connected", false), ("peer_closed", true), ("can_send", true)] {
        assert_eq!(info[key], value, "`{key}` of {info}");
    }
    assert!(info.get("closed_reason").is_none(), "{info}");
    for part in ["one ", "two ", "three"] {
        session.send_text("c", part);
    }
    line.expect("one two three");
    let list = session.call("tcp_list_connections", json!({})).ok();
    assert_eq!(list["connections"][0]["connected"], false, "{list}");
}

#[test]
fn a_peer_that_resets_the_connection_is_told_and_its_data_stays() {
    let (mut session, mut line) = connected();
    line.say("last");
    session.receives("c", 4);
    // Unread data in the peer's socket makes its close a reset.
    session.send_text("c", "unread");
    line.0.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    line.0.peek(&mut [0; 1]).unwrap();
    drop(line);
    let waited = session.call("tcp_wait", json!({ "connection_id": "c", "until": "close", "timeout_ms": 5000 })).ok();
    assert_eq!((&waited["satisfied"], &waited["connected"]), (&json!(true), &json!(false)), "{waited}");
    let info = session.buffer_info("c");
    assert_eq!(
        (&info["connected"], &info["can_send"], &info["closed_reason"]),
        (&json!(false), &json!(false), &json!("reset"))
    );
    assert_eq!(session.read_text("c"), "last");
    let failure = send(&mut session, json!({ "data": "x" })).failed("send_failed");
    assert_eq!(failure["message"], "Failed to send data");
    session.call("tcp_disconnect", json!({ "connection_id": "c" })).ok();
}
