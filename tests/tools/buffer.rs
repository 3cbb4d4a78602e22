//! What a connection holds: clearing it, and the bound that makes the peer wait
//! instead of losing anything.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::{Line, Listener, Peer, Session};

fn connected(buffer_limit: u64) -> (Session, Line) {
    let listener = Listener::new();
    let mut session = Session::local();
    let arguments =
        json!({ "host": "127.0.0.1", "port": listener.port(), "connection_id": "c", "buffer_limit": buffer_limit });
    session.call("tcp_connect", arguments).ok();
    let line = listener.accept();
    (session, line)
}

#[track_caller]
fn clear(session: &mut Session) -> Value {
    session.call("tcp_clear_buffer", json!({ "connection_id": "c" })).ok()
}

#[test]
fn clearing_forgets_what_was_received_and_counts_on() {
    let (mut session, mut line) = connected(1 << 20);
    line.say("hello");
    session.receives("c", 5);
    assert_eq!(clear(&mut session), json!({ "success": true, "connection_id": "c", "buffer_cleared": true }));
    let info = session.buffer_info("c");
    for (key, value) in [("chunks", 0), ("total_bytes", 0), ("bytes_received", 5), ("offset", 5)] {
        assert_eq!(info[key], value, "`{key}` of {info}");
    }
    let read = session.call("tcp_read_buffer", json!({ "connection_id": "c" })).ok();
    assert_eq!((&read["chunks"], &read["data"]), (&json!(0), &json!([])));
    clear(&mut session);
    line.say("again");
    session.receives("c", 10);
    assert_eq!(session.read_text("c"), "again");
}

#[test]
fn a_full_buffer_makes_the_peer_wait_and_loses_nothing() {
    const LIMIT: usize = 1 << 20;
    // Far more than the limit and all socket buffers.
    const TOTAL: usize = 24 << 20;
    let written = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&written);
    let peer = Peer::new(move |mut stream| {
        for n in (0u64..).take(TOTAL / 8 / 1024) {
            let block: Vec<u8> = (0..1024).flat_map(|word| (n * 1024 + word).to_be_bytes()).collect();
            if stream.write_all(&block).is_err() {
                return;
            }
            count.fetch_add(block.len(), Ordering::SeqCst);
        }
    });
    let mut session = Session::local();
    let arguments = json!({ "host": "127.0.0.1", "port": peer.port(), "connection_id": "c", "buffer_limit": LIMIT });
    session.call("tcp_connect", arguments).ok();

    let (mut expected, mut fills) = (0u64, 0);
    while expected < TOTAL as u64 / 8 {
        let waited = session.call("tcp_wait", json!({ "connection_id": "c", "until": "close", "from": i64::MAX })).ok();
        let info = session.buffer_info("c");
        if expected as usize * 8 + LIMIT < TOTAL {
            assert_eq!((&waited["ended"], &waited["satisfied"]), (&json!("buffer_full"), &json!(false)), "{waited}");
            assert_eq!((&info["reading_paused"], &info["total_bytes"]), (&json!(true), &json!(LIMIT)), "{info}");
            assert_eq!((&waited["reading_paused"], &info["connected"]), (&json!(true), &json!(true)));
        }
        if fills == 0 {
            // It is the peer who waits, not somebody's memory that grows.
            assert!(written.load(Ordering::SeqCst) < TOTAL, "the peer could write everything");
        }
        let read = session.call("tcp_read_buffer", json!({ "connection_id": "c", "offset": 0, "format": "hex" })).ok();
        assert_eq!(read["offset"], expected * 8);
        assert_eq!(read["reading_paused"], info["reading_paused"]);
        for word in read["data"][0].as_str().unwrap().as_bytes().chunks(16) {
            assert!(std::str::from_utf8(word).unwrap() == format!("{expected:016x}"), "out of order at {expected}");
            expected += 1;
        }
        fills += 1;
        clear(&mut session);
    }
    assert_eq!((expected as usize * 8, fills), (TOTAL, TOTAL / LIMIT));
    let waited = session.call("tcp_wait", json!({ "connection_id": "c", "until": "close" })).ok();
    assert_eq!((&waited["ended"], &waited["connected"]), (&json!("close"), &json!(false)), "{waited}");
    let info = session.buffer_info("c");
    assert_eq!((&info["bytes_received"], &info["reading_paused"]), (&json!(TOTAL), &json!(false)), "{info}");
}

#[test]
fn the_limit_is_exact_down_to_one_byte() {
    for limit in [1, 3, 4096] {
        let (mut session, mut line) = connected(limit);
        line.say(vec![b'x'; 2 * limit as usize]);
        line.end();
        for round in 1..=2 {
            session.receives("c", round * limit);
            let info = session.buffer_info("c");
            assert_eq!((&info["total_bytes"], &info["buffer_limit"]), (&json!(limit), &json!(limit)), "{info}");
            clear(&mut session);
        }
        let waited = session.call("tcp_wait", json!({ "connection_id": "c", "until": "close" })).ok();
        assert_eq!(waited["ended"], "close", "{waited}");
        assert_eq!(session.buffer_info("c")["bytes_received"], 2 * limit);
    }
}

#[test]
fn a_paused_connection_still_sends_and_disconnects() {
    let (mut session, mut line) = connected(10);
    line.say("0123456789 and more");
    session.receives("c", 10);
    session.send_text("c", "hello");
    line.expect("hello");
    session.call("tcp_disconnect", json!({ "connection_id": "c" })).ok();
    line.gone();
}

#[test]
fn all_connections_together_stay_below_half_of_the_memory() {
    // 64 MiB of memory: each of four peers could fill 16 MiB, and no one of
    // them may end the instance.
    let [flag, file] =
        crate::support::policy("[plugins.tcp]\nconnect = [\"tcp://localhost:*\"]\nlimits = { memory = \"64 MiB\" }\n");
    let mut session = Session::serve(&[&flag, &file]);
    let flood = Peer::new(|mut stream| {
        let block = vec![b'x'; 65536];
        while stream.write_all(&block).is_ok() {}
    });
    let ids = ["a", "b", "c", "d"];
    for id in ids {
        session.connect(flood.port(), id);
    }
    for id in ids {
        let wait = json!({ "connection_id": id, "until": "close", "from": i64::MAX, "timeout_ms": 25_000 });
        assert_eq!(session.call("tcp_wait", wait).ok()["ended"], "buffer_full", "{id}");
    }
    let held = |session: &mut Session| -> u64 {
        ids.iter().map(|id| session.buffer_info(id)["total_bytes"].as_u64().unwrap()).sum()
    };
    let all = held(&mut session);
    assert!(all <= 32 << 20 && all > 16 << 20, "{all}");
    // What one gives back, others may have.
    let before = session.buffer_info("a")["bytes_received"].as_u64().unwrap();
    session.call("tcp_disconnect", json!({ "connection_id": "d" })).ok();
    session.call("tcp_clear_buffer", json!({ "connection_id": "a" })).ok();
    session.receives("a", before + 1);
    assert!(!session.log().contains("an instance is lost"), "{}", session.log());
}
