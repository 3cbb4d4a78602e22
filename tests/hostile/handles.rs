//! What a guest holds and does not let go of: connections by their streams, connections that it
//! forgets, timers. Each counts for as long as it is open, whoever remembers it.

use serde_json::{Value, json};

use crate::support::{Peer, Session, eventually, guest, policy};

fn with_limit(name: &str, limits: &str) -> Session {
    let [flag, file] = policy(&format!("[defaults]\nconnect = [\"tcp://localhost:*\"]\n[limits]\n{limits}\n"));
    Session::serve(&[&flag, &file, "--plugin", &guest(name)])
}

fn keep(session: &mut Session, peer: &Peer, count: u32, reader: bool, writer: bool) -> String {
    let dials = json!({ "port": peer.port(), "count": count, "reader": reader, "writer": writer });
    text(session.call("keep_streams", dials).ok())
}

fn text(answer: Value) -> String {
    answer["text"].as_str().unwrap().to_owned()
}

#[test]
fn i10_a_stream_counts_as_a_connection_when_its_handle_is_gone() {
    for (reader, writer) in [(true, false), (false, true), (true, true)] {
        let peer = Peer::echo();
        let mut session = with_limit("leaks", "connections = 20");
        let kept = keep(&mut session, &peer, 1000, reader, writer);
        assert!(kept.starts_with("20 ") && kept.contains("the limit of 20 connections is reached"), "{kept}");
        eventually("each is accepted", || peer.accepted() == 20);
        session.log_line_has(&["a limit is hit", "plugin=\"hostile\"", "limit=\"connections\""]);
        // What is let go of is free again.
        session.call("release", json!({})).ok();
        assert_eq!(keep(&mut session, &peer, 20, reader, writer), "20", "reader {reader}, writer {writer}");
    }
}

#[test]
fn a_connection_of_which_nothing_is_kept_does_not_count() {
    let peer = Peer::echo();
    let mut session = with_limit("leaks", "connections = 5");
    assert_eq!(keep(&mut session, &peer, 200, false, false), "200");
}

#[test]
fn i10_connections_that_a_guest_forgets_count() {
    let peer = Peer::echo();
    let mut session = with_limit("leaks", "connections = 20");
    let dials = json!({ "port": peer.port(), "count": 1000, "reader": true, "writer": true });
    let forgotten = text(session.call("forget", dials.clone()).ok());
    assert!(forgotten.starts_with("20 "), "{forgotten}");
    let forgotten = text(session.call("forget", dials).ok());
    assert!(forgotten.starts_with("0 "), "they are there still: {forgotten}");
}

#[test]
fn i10_connections_that_are_lost_with_an_instance_are_told_by_their_streams() {
    let peer = Peer::echo();
    let mut session = with_limit("leaks", "cpu = \"500 ms\"");
    assert_eq!(keep(&mut session, &peer, 7, true, true), "7");
    let failure = session.call("timers", json!({ "count": 4_000_000_000_u32 })).failed("instance_lost");
    assert_eq!(failure["connections_lost"], 7, "{failure}");
}

#[test]
fn i10_tasks_that_a_guest_forgets_are_bounded() {
    let mut session = with_limit("leaks", "memory = \"256 MiB\"");
    session.call("timers", json!({ "count": 1000 })).ok();
    assert_eq!(session.call("release", json!({})).ok()["text"], "released", "the allowed twin");
    let failure = session.call("timers", json!({ "count": 10_000_000 })).failed("instance_lost");
    assert!(failure["message"].as_str().unwrap().contains("plugin ended"), "{failure}");
    assert_eq!(session.call("release", json!({})).ok()["text"], "released", "a fresh instance");
    assert_eq!(session.call("tcp_list_connections", json!({})).ok()["total_connections"], 0);
}

#[test]
fn i10_ten_thousand_sockets_are_no_more_than_the_limit() {
    let mut session = with_limit("sockets", "");
    let opened = text(session.call("open", json!({ "count": 10_000 })).ok());
    assert!(opened.starts_with("2048 ") && opened.contains("the limit of 2048 connections is reached"), "{opened}");
    let peer = Peer::echo();
    session.connect(peer.port(), "c");
    assert_eq!(session.call("tcp_list_connections", json!({})).ok()["total_connections"], 1, "others have their own");
}
