//! Handlers on connections that are open already; how a session ends; what is held of
//! messages, and what of bytes.

use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};

use super::{connect, handled, has, messages, send, values};
use crate::support::{Claim, Clock, Passes, Peer, Session, connected, eventually, pass};

#[track_caller]
fn set(session: &mut Session, arguments: Value) -> Value {
    let mut all = json!({ "connection_id": "c" });
    all.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
    session.call("tcp_set_handler", all).ok()
}

#[track_caller]
fn take(session: &mut Session) -> Value {
    session.call("tcp_messages", json!({ "connection_id": "c", "until": 0 })).ok()
}

#[test]
fn a_handler_is_attached_to_an_open_connection_and_taken_off() {
    let (mut session, mut line) = connected();
    line.say("before\n");
    session.receives("c", 7);
    has(
        &set(&mut session, json!({ "handler": "lines" })),
        json!({ "status": "attached", "handler": "lines", "from": 7 }),
    );
    line.say("after\nhalf");
    let told = messages(&mut session, 1);
    has(&told["messages"][0], json!({ "message": { "line": "after" }, "start": 7, "end": 13 }));
    session.receives("c", 17);
    // What had begun is told; what is told stays.
    has(&set(&mut session, json!({})), json!({ "status": "detached", "messages": 2 }));
    let last = take(&mut session);
    has(
        &last["messages"][0],
        json!({ "number": 2, "message": { "line": "half", "ended_by": "close" }, "start": 13, "end": 17 }),
    );
    let arguments = json!({ "connection_id": "c", "message": { "line": "x" } });
    session.call("tcp_send_message", arguments).failed("no_handler");
    line.say(" and more\n");
    session.receives("c", 27);
    has(
        &session.call("tcp_messages", json!({ "connection_id": "c" })).ok(),
        json!({ "ended": "detached", "messages": [] }),
    );
    assert_eq!(session.read_text("c"), "before\nafter\nhalf and more\n");
    assert!(session.call("tcp_connection_info", json!({ "connection_id": "c" })).ok().get("handler").is_none());
}

#[test]
fn attached_from_an_earlier_byte_it_sees_what_the_buffer_holds() {
    let (mut session, mut line) = connected();
    line.say("one\ntwo\nthr");
    session.receives("c", 11);
    has(&set(&mut session, json!({ "handler": "lines", "from": 4 })), json!({ "from": 4 }));
    line.say("ee\n");
    let told = messages(&mut session, 2);
    assert_eq!(values(&told), [json!({ "line": "two" }), json!({ "line": "three" })]);
    assert_eq!(told["messages"][0]["start"], 4);
    // Another in its place goes on with the numbers, here from the beginning.
    has(
        &set(
            &mut session,
            json!({ "handler": "frames", "handler_config": { "kind": "delimiter", "delimiter": { "text": "\n" } }, "from": 0 }),
        ),
        json!({ "from": 0 }),
    );
    let told = messages(&mut session, 3);
    assert_eq!((&told["messages"][0]["number"], &told["messages"][0]["start"]), (&json!(3), &json!(0)));
    let refused = json!({ "connection_id": "c", "handler": "lines", "from": -1 });
    assert_eq!(session.call("tcp_set_handler", refused).failed("invalid_argument")["argument"], "from");
}

#[test]
fn what_a_closed_connection_has_said_can_be_decoded_afterwards() {
    let (mut session, mut line) = connected();
    line.say("one\ntwo");
    drop(line);
    let wait = json!({ "connection_id": "c", "until": "close" });
    session.call("tcp_wait", wait).ok();
    set(&mut session, json!({ "handler": "lines", "from": 0 }));
    let told = messages(&mut session, 2);
    assert_eq!(values(&told), [json!({ "line": "one" }), json!({ "line": "two", "ended_by": "close" })]);
}

#[test]
fn the_peers_end_tells_the_rest_and_ends_every_wait() {
    let (mut session, mut line) = handled("lines", json!({}));
    let waiting = session.post_call("tcp_messages", json!({ "connection_id": "c", "until": 5, "timeout_ms": 20_000 }));
    line.say("one\nhalf");
    drop(line);
    let told = session.called(waiting).ok();
    has(&told, json!({ "satisfied": false, "ended": "close", "connected": false }));
    assert_eq!(values(&told), [json!({ "line": "one" }), json!({ "line": "half", "ended_by": "close" })]);
    has(&take(&mut session), json!({ "messages": [], "next_after": 2 }));
    let failure = session.call("tcp_send_message", json!({ "connection_id": "c", "message": { "line": "x" } }));
    assert!(failure.failed("no_handler")["message"].as_str().unwrap().contains("`lines` has ended"));
    // Whoever waits for an answer hears of it too.
    let (mut session, mut line) = handled("redis", json!({}));
    let arguments = json!({ "connection_id": "c", "message": { "command": "PING" }, "timeout_ms": 20_000 });
    let asked = session.post_call("tcp_request", arguments);
    line.expect("*1\r\n$4\r\nPING\r\n");
    drop(line);
    has(&session.called(asked).ok(), json!({ "answered": false, "ended": "close" }));
}

#[test]
fn a_tick_comes_when_it_is_asked_for() {
    // Silence ends a line: nothing else wakes the handler.
    let (mut session, mut line) = handled("lines", json!({ "silence_ms": 150 }));
    line.say("no end");
    let begun = Clock::start();
    let told = messages(&mut session, 1);
    begun.at_least(Claim::Pace, Duration::from_millis(100));
    assert_eq!(values(&told), [json!({ "line": "no end", "ended_by": "silence" })]);
    // What comes meanwhile puts it off.
    for piece in ["a", "b", "c"] {
        line.say(piece);
        pass(Passes::Peer, Duration::from_millis(70));
    }
    assert_eq!(values(&messages(&mut session, 1)), [json!({ "line": "abc", "ended_by": "silence" })]);
    // A request that nobody answers is told when its time is up, though nothing arrives.
    let (mut session, mut line) = handled("modbus", json!({ "timeout_ms": 200 }));
    let message = json!({ "function": "read_coils", "address": 0, "count": 1 });
    send(&mut session, message);
    line.hear(12);
    let told = messages(&mut session, 1);
    assert_eq!(told["messages"][0]["answers"], 1, "{told}");
    assert_eq!(told["messages"][0]["start"], told["messages"][0]["end"], "of no bytes: {told}");
}

#[test]
fn disconnecting_ends_waits_and_frees_the_name() {
    let (mut session, mut line) = handled("lines", json!({ "silence_ms": 60_000 }));
    line.say("begun");
    session.receives("c", 5);
    let waiting = session.post_call("tcp_messages", json!({ "connection_id": "c", "timeout_ms": 20_000 }));
    session.begins(waiting);
    session.call("tcp_disconnect", json!({ "connection_id": "c" })).ok();
    has(&session.called(waiting).ok(), json!({ "ended": "close", "messages": [] }));
    line.gone();
}

/// A peer that sends so many lines of a hundred bytes.
fn flood(lines: usize) -> Peer {
    Peer::new(move |mut stream| {
        for n in 0..lines / 100 {
            let block: String = (0..100).map(|m| format!("{:0>99}\n", n * 100 + m)).collect();
            if stream.write_all(block.as_bytes()).is_err() {
                return;
            }
        }
    })
}

#[test]
fn with_a_handler_a_small_buffer_carries_any_amount_as_long_as_messages_are_taken() {
    const LINES: usize = 20_000;
    let peer = flood(LINES);
    let mut session = Session::local();
    let arguments = json!({
        "host": "127.0.0.1", "port": peer.port(), "connection_id": "c", "handler": "lines", "buffer_limit": 100_000,
    });
    session.call("tcp_connect", arguments).ok();
    // Nobody takes anything: the buffer stops it, and nothing is lost.
    let arguments = json!({ "connection_id": "c", "until": 50_000, "limit": 1, "timeout_ms": 20_000 });
    has(
        &session.call("tcp_messages", arguments).ok(),
        json!({ "ended": "buffer_full", "reading_paused": true, "next_after": 1 }),
    );
    let info = session.buffer_info("c");
    has(&info, json!({ "reading_paused": true, "total_bytes": 100_000, "offset": 0 }));
    let mut next = 1;
    while next < LINES as u64 {
        let arguments = json!({ "connection_id": "c", "limit": 1000, "timeout_ms": 20_000 });
        let page = session.call("tcp_messages", arguments).ok();
        for one in page["messages"].as_array().unwrap() {
            next += 1;
            assert_eq!(one["number"], next);
            assert_eq!(one["message"]["line"], format!("{:0>99}", next - 1));
        }
        assert_ne!(page["messages"], json!([]), "{page}");
        let info = session.buffer_info("c");
        assert!(info["total_bytes"].as_u64().unwrap() <= 100_000, "{info}");
    }
    has(
        &session.call("tcp_messages", json!({ "connection_id": "c" })).ok(),
        json!({ "ended": "close", "messages": [] }),
    );
    let info = session.buffer_info("c");
    assert_eq!(info["bytes_received"], LINES * 100, "{info}");
    assert!(info["offset"].as_u64().unwrap() > 0, "the oldest bytes were let go of: {info}");
}

#[test]
fn so_many_messages_are_held_and_then_the_peer_waits() {
    let peer = flood(120_000);
    let mut session = Session::local();
    connect(&mut session, peer.port(), "lines", json!({}));
    let arguments = json!({ "connection_id": "c", "until": 0, "limit": 1 });
    session.call("tcp_messages", arguments.clone()).ok();
    eventually("reading is paused", || session.buffer_info("c")["reading_paused"] == true);
    let info = session.call("tcp_connection_info", json!({ "connection_id": "c" })).ok();
    assert!(info["messages"].as_u64().unwrap() >= 100_000, "{info}");
    // A number shows that all before it have arrived.
    let arguments = json!({ "connection_id": "c", "after": 90_000, "limit": 1, "until": 30_000, "timeout_ms": 20_000 });
    let told = session.call("tcp_messages", arguments).ok();
    has(&told, json!({ "satisfied": true, "next_after": 90_001 }));
    assert_eq!(told["messages"][0]["message"]["line"], format!("{:0>99}", 90_000));
    let told = session.call("tcp_messages", json!({ "connection_id": "c", "after": 0, "limit": 1 })).ok();
    assert!(told["forgotten"].as_u64().unwrap() > 0 && told["messages"][0]["number"].as_u64().unwrap() > 1, "{told}");
    // Clearing forgets the messages as well.
    session.call("tcp_clear_buffer", json!({ "connection_id": "c" })).ok();
    let info = session.call("tcp_connection_info", json!({ "connection_id": "c" })).ok();
    has(&info, json!({ "messages": 0, "messages_unread": 0, "handler": "lines" }));
}

#[test]
fn many_messages_come_through_a_handler_that_was_attached_late() {
    let peer = flood(150_000);
    let mut session = Session::local();
    session.connect(peer.port(), "c");
    session.receives("c", 15_000_000);
    set(&mut session, json!({ "handler": "lines", "from": 0 }));
    let mut next = 0;
    while next < 150_000 {
        let arguments =
            json!({ "connection_id": "c", "after": next, "until": 10_000, "limit": 1, "timeout_ms": 20_000 });
        let told = session.call("tcp_messages", arguments).ok();
        has(&told["messages"][0], json!({ "number": next + 1, "start": next * 100 }));
        next += 10_000;
    }
    has(
        &session.call("tcp_messages", json!({ "connection_id": "c", "after": 150_000 })).ok(),
        json!({ "ended": "close", "messages": [] }),
    );
}
