//! Connecting, disconnecting, and the ids: whose they are, and that each belongs to one connection.
//! Connections that cannot be made are in `refused.rs`.

use std::collections::HashSet;
use std::io::Write;

use serde_json::{Value, json};

use crate::support::{Listener, Peer, Session, eventually};

fn keys(value: &Value) -> HashSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// `value` has these members, and perhaps others.
#[track_caller]
fn has(value: &Value, wanted: &Value) {
    for (key, wanted) in wanted.as_object().unwrap() {
        assert_eq!(&value[key], wanted, "`{key}` of {value}");
    }
}

#[test]
fn a_connections_life_in_the_keys_that_users_know() {
    let peer = Peer::echo();
    let port = peer.port();
    let mut session = Session::local();
    let of = json!({ "connection_id": "a b/ü" });

    let made = session.connect(port, "a b/ü");
    has(
        &made,
        &json!({ "success": true, "connection_id": "a b/ü", "host": "127.0.0.1", "port": port, "status": "connected" }),
    );
    assert!(made.get("applied_triggers").is_none() && made.get("message").is_none(), "{made}");

    let sent = session.send_text("a b/ü", "hello");
    assert_eq!(sent, json!({ "success": true, "connection_id": "a b/ü", "bytes_sent": 5 }));
    session.receives("a b/ü", 5);
    has(
        &session.call("tcp_read_buffer", of.clone()).ok(),
        &json!({ "connection_id": "a b/ü", "chunks": 1, "data": ["hello"], "format": "utf-8" }),
    );
    has(
        &session.buffer_info("a b/ü"),
        &json!({
            "connection_id": "a b/ü", "chunks": 1, "total_bytes": 5, "bytes_sent": 5, "bytes_received": 5, "connected": true,
            "peer_closed": false, "can_send": true, "reading_paused": false, "buffer_limit": 64 << 20,
        }),
    );

    let info = session.call("tcp_connection_info", of.clone()).ok();
    has(
        &info,
        &json!({ "connection_id": "a b/ü", "host": "127.0.0.1", "port": port, "connected": true, "triggers": [] }),
    );
    assert_eq!(info["buffer"], session.buffer_info("a b/ü"));
    let created = info["created_at"].as_str().unwrap();
    assert!(created.starts_with("20") && created.as_bytes()[10] == b'T', "{created}");

    let list = session.call("tcp_list_connections", json!({})).ok();
    let one = json!({
        "connection_id": "a b/ü", "host": "127.0.0.1", "port": port, "connected": true, "bytes_sent": 5, "bytes_received": 5,
        "buffer_chunks": 1, "triggers": 0,
    });
    assert_eq!(list["total_connections"], 1);
    has(&list["connections"][0], &one);

    let ended = session.call("tcp_disconnect", of.clone()).ok();
    assert_eq!(ended, json!({ "success": true, "connection_id": "a b/ü", "status": "disconnected" }));
    assert_eq!(
        session.call("tcp_list_connections", json!({})).ok(),
        json!({ "total_connections": 0, "connections": [] })
    );
    for tool in ["tcp_disconnect", "tcp_read_buffer", "tcp_clear_buffer", "tcp_buffer_info", "tcp_connection_info"] {
        let failure = session.call(tool, of.clone()).failed("not_found");
        assert_eq!(keys(&failure), HashSet::from(["error", "message"]), "{failure}");
        assert_eq!(failure["message"], "Connection a b/ü not found", "{tool}");
    }
    let failure = session.call("tcp_send", json!({ "connection_id": "a b/ü", "data": "x" })).failed("not_found");
    assert_eq!(failure["message"], "Connection a b/ü not found");
}

#[test]
fn without_an_id_each_connection_gets_a_uuid() {
    let peer = Peer::echo();
    let mut session = Session::local();
    let mut ids = HashSet::new();
    for _ in 0..3 {
        let made = session.call("tcp_connect", json!({ "host": "127.0.0.1", "port": peer.port() })).ok();
        let id = made["connection_id"].as_str().unwrap().to_owned();
        let shape: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(shape, [8, 4, 4, 4, 12], "{id}");
        assert!(id.chars().all(|c| c == '-' || c.is_ascii_hexdigit()), "{id}");
        assert_eq!(session.send_text(&id, "x")["bytes_sent"], 1);
        ids.insert(id);
    }
    assert_eq!(ids.len(), 3);
}

#[test]
fn an_id_that_is_taken_is_refused_and_dials_nobody() {
    let listener = Listener::new();
    let mut session = Session::local();
    session.connect(listener.port(), "a");
    let mut first = listener.accept();
    for (tool, more) in [("tcp_connect", json!({})), ("tcp_connect_and_send", json!({ "data": "nothing" }))] {
        let mut arguments = json!({ "host": "127.0.0.1", "port": listener.port(), "connection_id": "a" });
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let failure = session.call(tool, arguments).failed("duplicate_id");
        assert_eq!(failure["message"], "Connection ID a already exists");
    }
    assert!(listener.waiting().is_none());
    // The first is as it was.
    session.send_text("a", "still here");
    first.expect("still here");
    session.call("tcp_disconnect", json!({ "connection_id": "a" })).ok();
    first.gone();
    // And its id is free.
    session.connect(listener.port(), "a");
}

#[test]
fn of_connects_at_once_with_one_id_one_wins_and_no_socket_leaks() {
    let listener = Listener::new();
    let mut session = Session::local();
    let arguments = json!({ "host": "127.0.0.1", "port": listener.port(), "connection_id": "one" });
    let posted: Vec<u64> = (0..8).map(|_| session.post_call("tcp_connect", arguments.clone())).collect();
    let answers: Vec<_> = posted.into_iter().map(|id| session.called(id)).collect();
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| !answer.is_error);
    assert_eq!((won.len(), lost.len()), (1, 7));
    for answer in lost {
        assert_eq!(answer.failed("duplicate_id")["message"], "Connection ID one already exists");
    }
    assert_eq!(session.call("tcp_list_connections", json!({})).ok()["total_connections"], 1);
    let mut first = listener.accept();
    session.send_text("one", "x");
    first.expect("x");
    session.call("tcp_disconnect", json!({ "connection_id": "one" })).ok();
    assert_eq!(first.hear_all(), b"");
    // Connections are accepted in their order: if the next is the new one, there was no other.
    session.connect(listener.port(), "two");
    session.send_text("two", "y");
    listener.accept().expect("y");
    assert!(listener.waiting().is_none());
}

#[test]
fn an_id_is_free_again_after_a_connect_that_failed() {
    let peer = Peer::echo();
    let mut session = Session::local();
    let closed = json!({ "host": "127.0.0.1", "port": crate::support::closed_port(), "connection_id": "a" });
    session.call("tcp_connect", closed).failed("connection_failed");
    session.connect(peer.port(), "a");
}

#[test]
fn disconnecting_closes_the_socket_at_the_peer() {
    let listener = Listener::new();
    let mut session = Session::local();
    session.connect(listener.port(), "a");
    let mut line = listener.accept();
    session.send_text("a", "last words");
    session.call("tcp_disconnect", json!({ "connection_id": "a" })).ok();
    assert_eq!(line.hear_all(), b"last words");
}

#[test]
fn disconnecting_closes_both_halves_whatever_has_arrived_before() {
    let listener = Listener::new();
    let mut session = Session::local();
    session.connect(listener.port(), "a");
    let mut line = listener.accept();
    line.say("hello");
    session.receives("a", 5);
    session.call("tcp_disconnect", json!({ "connection_id": "a" })).ok();
    assert_eq!(line.hear_all(), b"");
    // Nobody is left to take what we say: the kernel answers with a reset.
    eventually("our half is closed too", || line.0.write_all(b"x").is_err());
}

#[test]
fn the_end_of_the_server_closes_every_socket() {
    let listener = Listener::new();
    let mut session = Session::local();
    session.connect(listener.port(), "a");
    let mut line = listener.accept();
    assert!(session.close().0.success());
    line.gone();
}

#[test]
fn connect_and_send_asks_a_question_in_one_call() {
    let peer = Peer::echo();
    let port = peer.port();
    let mut session = Session::local();
    let arguments = json!({ "host": "localhost", "port": port, "connection_id": "q", "data": "68 69", "encoding": "hex", "terminator": "0d0a" });
    let answer = session.call("tcp_connect_and_send", arguments).ok();
    let expected = json!({
        "success": true, "connection_id": "q", "host": "localhost", "port": port, "bytes_sent": 4, "status": "connected",
        "immediate_response": true, "buffer_chunks": 1,
    });
    assert_eq!(answer, expected);
    assert_eq!(session.read_text("q"), "hi\r\n");

    // A peer that does not answer at once costs no more than a moment.
    let (silent, _) = Peer::hears();
    let answer =
        session.call("tcp_connect_and_send", json!({ "host": "127.0.0.1", "port": silent.port(), "data": "hi" })).ok();
    assert_eq!((&answer["immediate_response"], &answer["buffer_chunks"]), (&json!(false), &json!(0)));
}

#[test]
fn ipv4_ipv6_and_localhost_in_their_usual_spellings() {
    let (four, six) = (
        Peer::echo(),
        Peer::at("[::1]:0", |mut stream| {
            let _ = stream.write_all(b"six");
        }),
    );
    let mut session = Session::local();
    for (host, port, address) in [
        ("127.0.0.1", four.port(), "127.0.0.1"),
        ("localhost", four.port(), "127.0.0.1"),
        ("LOCALHOST", four.port(), "127.0.0.1"),
        ("localhost.", four.port(), "127.0.0.1"),
        ("::ffff:127.0.0.1", four.port(), "127.0.0.1"),
        ("::1", six.port(), "[::1]"),
        ("[::1]", six.port(), "[::1]"),
        ("0:0:0:0:0:0:0:1", six.port(), "[::1]"),
        // Only the second of its addresses answers.
        ("localhost", six.port(), "[::1]"),
    ] {
        let made = session.call("tcp_connect", json!({ "host": host, "port": port })).ok();
        assert_eq!(made["host"], host, "the host as it was written");
        assert_eq!(made["address"], format!("{address}:{port}"), "{host}");
    }
    assert_eq!(
        session.call("tcp_connect", json!({ "host": "127.0.0.1", "port": four.port() as f64 })).ok()["port"],
        four.port()
    );
}

#[test]
fn the_usual_limit_of_open_files_does_not_limit_connections() {
    let peer = Peer::hears().0;
    let mut command = std::process::Command::new("sh");
    let serve = "ulimit -S -n 256; exec \"$0\" serve --allow-connect 'tcp://localhost:*'";
    command.args(["-c", serve, env!("CARGO_BIN_EXE_cofferdam")]).env("HOME", env!("CARGO_TARGET_TMPDIR"));
    let mut session = Session::spawn(command);
    session.initialize("2025-11-25");
    for n in 0..400 {
        let arguments = json!({ "host": "127.0.0.1", "port": peer.port(), "connection_id": format!("c{n}") });
        session.call("tcp_connect", arguments).ok();
    }
}
