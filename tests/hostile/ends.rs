//! Peers that end a connection in every way, at any moment of any call: that connection ends, and
//! nothing else does. `COFFERDAM_ENDS` sets the number of ends (2,000 by default),
//! `COFFERDAM_SEED` repeats a run.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nix::libc::linger;
use nix::sys::socket::{setsockopt, sockopt};
use serde_json::{Value, json};

use crate::support::{Dice, Listener, Passes, Peer, Session, connected, ends, eventually, pass, seed};

/// Connections at one time.
const AT_ONCE: usize = 40;

/// The peer reads a reset, and not an end.
fn reset(stream: TcpStream) {
    setsockopt(&stream, sockopt::Linger, &linger { l_onoff: 1, l_linger: 0 }).unwrap();
}

/// One peer's life: it reads and writes for a while, or stalls, and then ends.
fn live(mut stream: TcpStream, mut dice: Dice) {
    let _ = stream.set_read_timeout(Some(Duration::from_millis(1) + dice.micros(30_000)));
    let _ = stream.set_write_timeout(Some(Duration::from_millis(50)));
    let mut buffer = vec![0; 1 << 16];
    for _ in 0..dice.below(6) {
        match dice.below(3) {
            0 => {
                let most = 1 + dice.below(1 << 16);
                let _ = stream.read(&mut buffer[..most]);
            }
            1 => {
                let length = dice.below(3000);
                let _ = stream.write_all(&b"a line, and one more a\r\n".repeat(200)[..length]);
            }
            _ => pass(Passes::Peer, dice.micros(20_000)),
        }
    }
    match dice.below(5) {
        0 | 1 => reset(stream),
        2 => {}
        3 => {
            let _ = stream.shutdown(Shutdown::Write);
            pass(Passes::Peer, dice.micros(50_000));
            if dice.below(2) == 0 {
                reset(stream);
            }
        }
        _ => {
            pass(Passes::Peer, Duration::from_millis(150));
            reset(stream);
        }
    }
}

/// One call on a connection, whatever state it is in.
fn call(session: &mut Session, dice: &mut Dice, id: &str, port: u16) -> u64 {
    let timeout = 1 + dice.below(300);
    match dice.below(10) {
        0 | 1 => {
            let data = "x".repeat(dice.below(3000));
            let send = json!({ "connection_id": id, "data": data, "timeout_ms": timeout, "end": dice.below(4) == 0 });
            session.post_call("tcp_send", send)
        }
        2 => {
            // More than the system takes of a peer that does not read: mostly it blocks.
            let large = if dice.below(4) == 0 { 2 << 20 } else { 100 << 10 };
            let send = json!({ "connection_id": id, "data": "y".repeat(large), "timeout_ms": timeout });
            session.post_call("tcp_send", send)
        }
        3..=5 => {
            let until = ["close", "silence", "bytes", "pattern"][dice.below(4)];
            let wait = json!({
                "connection_id": id, "until": until, "bytes": 1 + dice.below(5000), "pattern": "more", "silence_ms": 20,
                "timeout_ms": timeout,
            });
            session.post_call("tcp_wait", wait)
        }
        6 => session.post_call("tcp_read_buffer", json!({ "connection_id": id })),
        7 => {
            let response = "t".repeat(dice.below(40_000));
            let trigger = json!({ "connection_id": id, "trigger_id": "t", "pattern": "a", "response": response });
            session.post_call("tcp_set_trigger", trigger)
        }
        8 => {
            let dial = json!({ "host": "127.0.0.1", "port": port, "data": "q", "timeout_ms": timeout });
            session.post_call("tcp_connect_and_send", dial)
        }
        _ => session.post_call("tcp_disconnect", json!({ "connection_id": id })),
    }
}

fn all(session: &mut Session) -> Value {
    session.call("tcp_list_connections", json!({})).ok()
}

#[test]
fn i10_peers_that_end_in_every_way_at_any_moment_end_their_connection_only() {
    let (seed, ends) = (seed(), ends(2000));
    let accepted = AtomicU64::new(seed);
    let peer = Peer::new(move |stream| live(stream, Dice::new(accepted.fetch_add(1, Ordering::SeqCst))));
    let steady = Peer::echo();
    let mut session = Session::local();
    session.connect(steady.port(), "steady");
    let files = |session: &Session| std::fs::read_dir(format!("/proc/{}/fd", session.pid())).unwrap().count();
    let before = files(&session);
    let mut dice = Dice::new(seed);
    for batch in 0..ends.div_ceil(AT_ONCE) {
        let ids: Vec<String> = (0..AT_ONCE).map(|n| format!("c{n}")).collect();
        let dial = |id: &String| json!({ "host": "127.0.0.1", "port": peer.port(), "connection_id": id });
        let mut posted: Vec<u64> = ids.iter().map(|id| session.post_call("tcp_connect", dial(id))).collect();
        for _ in 0..AT_ONCE * 6 {
            let id = &ids[dice.below(AT_ONCE)];
            posted.push(call(&mut session, &mut dice, id, peer.port()));
        }
        for id in posted {
            let answer = session.called(id);
            let lost = answer.is_error && answer.text.contains("instance_lost");
            assert!(!lost, "seed {seed}, batch {batch}: {}\n{}", answer.text, session.log());
        }
        // Who was there before is there still, and answers.
        session.send_text("steady", "still here\n");
        session.receives("steady", 11 * (batch as u64 + 1));
        let listed = all(&mut session);
        for connection in listed["connections"].as_array().unwrap() {
            let id = &connection["connection_id"];
            if id != "steady" {
                session.call("tcp_disconnect", json!({ "connection_id": id })).ok();
            }
        }
        assert_eq!(all(&mut session)["total_connections"], 1, "seed {seed}, batch {batch}");
    }
    eventually("no descriptor is left", || files(&session) <= before);
    assert!(!session.log().contains("an instance is lost"), "seed {seed}:\n{}", session.log());
}

#[test]
fn i10_a_reset_while_sends_are_blocked_ends_that_connection_only() {
    for queued in [1, 3] {
        let (listener, steady) = (Listener::new(), Peer::echo());
        let mut session = Session::local();
        session.connect(steady.port(), "steady");
        session.connect(listener.port(), "c");
        let line = listener.accept();
        let send = json!({ "connection_id": "c", "data": "x".repeat(6 << 20) });
        let blocked: Vec<u64> = (0..queued).map(|_| session.post_call("tcp_send", send.clone())).collect();
        // It is under way, and stuck: the peer's side of the system is full.
        let mut some = [0; 1];
        eventually("something comes", || line.0.peek(&mut some).is_ok_and(|n| n == 1));
        let sent = |session: &mut Session| session.buffer_info("c")["can_send"] == true;
        assert!(sent(&mut session));
        reset(line.0);
        for id in blocked {
            let failure = session.called(id).failed("send_failed");
            assert!(["reset", "closed"].contains(&failure["reason"].as_str().unwrap()), "{failure}");
        }
        for _ in 0..3 {
            let again = json!({ "connection_id": "c", "data": "again" });
            session.call("tcp_send", again).failed("send_failed");
        }
        let info = session.buffer_info("c");
        assert_eq!((&info["connected"], &info["can_send"]), (&json!(false), &json!(false)), "{info}");
        session.send_text("steady", "still here\n");
        session.receives("steady", 11);
        session.call("tcp_disconnect", json!({ "connection_id": "c" })).ok();
        assert_eq!(all(&mut session)["total_connections"], 1);
    }
}

#[test]
fn i10_a_send_that_is_given_up_is_followed_by_a_reset_and_another_send() {
    let (mut session, line) = connected();
    let send = json!({ "connection_id": "c", "data": "x".repeat(6 << 20), "timeout_ms": 100 });
    let failure = session.call("tcp_send", send.clone()).failed("send_failed");
    assert_eq!(failure["reason"], "timeout");
    let disconnected = session.post_call("tcp_send", send);
    reset(line.0);
    session.called(disconnected).failed("send_failed");
    session.call("tcp_send", json!({ "connection_id": "c", "data": "again" })).failed("send_failed");
    session.call("tcp_disconnect", json!({ "connection_id": "c" })).ok();
    assert_eq!(all(&mut session)["total_connections"], 0);
}
