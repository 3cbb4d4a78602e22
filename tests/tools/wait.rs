//! Waiting: for a pattern, for bytes, for silence, for the close; what ends a wait otherwise; and
//! where the next one begins.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::clock::CLIENTS_WAIT;
use crate::support::{Claim, Clock, Listener, Passes, Session, connected, pass};

fn with(arguments: Value) -> Value {
    let mut all = json!({ "connection_id": "c", "timeout_ms": 10_000 });
    all.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
    all
}

#[track_caller]
fn wait(session: &mut Session, arguments: Value) -> Value {
    session.call("tcp_wait", with(arguments)).ok()
}

/// Begins a wait and returns its id once the plugin reports that it is waiting.
fn under_way(session: &mut Session, arguments: Value) -> u64 {
    let params = json!({ "name": "tcp_wait", "arguments": with(arguments), "_meta": { "progressToken": "under way" } });
    let id = session.post("tools/call", params);
    session.wait_for("progress", |message| message["method"] == "notifications/progress");
    id
}

/// `value` has these members, and perhaps others.
#[track_caller]
fn has(value: &Value, wanted: Value) {
    for (key, wanted) in wanted.as_object().unwrap() {
        assert_eq!(&value[key], wanted, "`{key}` of {value}");
    }
}

#[test]
fn a_sequence_of_waits_reads_a_conversation_piece_by_piece() {
    let (mut session, mut line) = connected();
    line.say("220 mail ready\r\n250-SIZE\r\n250 HELP\r\n35");
    let first = wait(&mut session, json!({ "until": "pattern", "pattern": r"^220 .*\r\n" }));
    has(
        &first,
        json!({
            "connection_id": "c", "satisfied": true, "ended": "pattern", "data": "220 mail ready\r\n", "format": "utf-8",
            "offset": 0, "next_offset": 16, "more": false, "connected": true, "reading_paused": false,
        }),
    );
    let second = wait(&mut session, json!({ "until": "pattern", "pattern": r"^250 .*\r\n" }));
    has(&second, json!({ "satisfied": true, "data": "250-SIZE\r\n250 HELP\r\n", "offset": 16, "next_offset": 36 }));
    // The rest arrives while the wait is under way.
    let third = session.post_call("tcp_wait", with(json!({ "until": "pattern", "pattern": r"^354.*\r\n" })));
    line.say("4 go");
    line.say(" on\r\n");
    has(&session.called(third).ok(), json!({ "satisfied": true, "data": "354 go on\r\n" }));
    // Nothing was consumed, and `from` goes back.
    assert_eq!(session.read_text("c"), "220 mail ready\r\n250-SIZE\r\n250 HELP\r\n354 go on\r\n");
    let again = wait(&mut session, json!({ "until": "pattern", "pattern": "HELP", "from": 20, "format": "hex" }));
    has(&again, json!({ "data": "53495a450d0a3235302048454c50", "format": "hex", "offset": 20, "next_offset": 34 }));
}

#[test]
fn so_many_bytes() {
    let (mut session, mut line) = connected();
    let waiting = session.post_call("tcp_wait", with(json!({ "until": "bytes", "bytes": 6, "format": "base64" })));
    line.say("abc");
    session.receives("c", 3);
    line.say("defgh");
    has(
        &session.called(waiting).ok(),
        json!({ "satisfied": true, "ended": "bytes", "data": "YWJjZGVm", "next_offset": 6 }),
    );
    has(&wait(&mut session, json!({ "until": "bytes", "bytes": 2 })), json!({ "data": "gh", "offset": 6 }));
    let short = wait(&mut session, json!({ "until": "bytes", "bytes": 5, "from": 6, "timeout_ms": 50 }));
    has(&short, json!({ "satisfied": false, "ended": "timeout", "data": "gh", "next_offset": 8 }));
}

#[test]
fn silence_is_counted_from_the_last_byte() {
    let (mut session, mut line) = connected();
    let begun = Clock::start();
    let waiting = session.post_call("tcp_wait", with(json!({ "until": "silence", "silence_ms": 500 })));
    for piece in ["a", "b", "c", "d"] {
        pass(Passes::Peer, Duration::from_millis(100));
        line.say(piece);
    }
    let answer = session.called(waiting).ok();
    has(&answer, json!({ "satisfied": true, "ended": "silence", "data": "abcd" }));
    begun.at_least(Claim::Pace, Duration::from_millis(890));
    // Without anything to come it is the silence from now on.
    let begun = Clock::start();
    has(
        &wait(&mut session, json!({ "until": "silence", "silence_ms": 100 })),
        json!({ "satisfied": true, "data": "" }),
    );
    begun.at_least(Claim::Pace, Duration::from_millis(100));
}

#[test]
fn the_peers_close_ends_every_wait() {
    let (mut session, mut line) = connected();
    let waits: Vec<u64> = [
        json!({ "until": "close", "from": 0 }),
        json!({ "until": "pattern", "pattern": "never", "from": 0 }),
        json!({ "until": "bytes", "bytes": 99, "from": 0 }),
        json!({ "until": "silence", "silence_ms": 9_000, "from": 0 }),
    ]
    .into_iter()
    .map(|arguments| session.post_call("tcp_wait", with(arguments)))
    .collect();
    line.say("last words");
    session.receives("c", 10);
    drop(line);
    for (waiting, satisfied) in waits.into_iter().zip([true, false, false, false]) {
        let answer = session.called(waiting).ok();
        has(&answer, json!({ "satisfied": satisfied, "ended": "close", "data": "last words", "connected": false }));
    }
    // Afterwards as well, at once.
    has(&wait(&mut session, json!({ "until": "close", "from": 5 })), json!({ "satisfied": true, "data": "words" }));
    has(
        &wait(&mut session, json!({ "until": "pattern", "pattern": "words", "from": 0 })),
        json!({ "satisfied": true }),
    );
}

#[test]
fn a_disconnect_ends_a_wait() {
    let (mut session, _line) = connected();
    let waiting = under_way(&mut session, json!({ "until": "close" }));
    session.call("tcp_disconnect", json!({ "connection_id": "c" })).ok();
    has(&session.called(waiting).ok(), json!({ "ended": "close", "connected": false }));
}

#[test]
fn the_deadline_returns_what_came() {
    let (mut session, mut line) = connected();
    line.say("something else");
    session.receives("c", 14);
    let begun = Clock::start();
    let answer = wait(&mut session, json!({ "until": "pattern", "pattern": "never", "timeout_ms": 200 }));
    begun.at_least(Claim::Deadline, Duration::from_millis(200));
    has(&answer, json!({ "satisfied": false, "ended": "timeout", "data": "something else", "connected": true }));
    assert!(answer["waited_ms"].as_u64().unwrap() >= 200, "{answer}");
    // That was read: the next wait begins after it.
    line.say("now");
    has(&wait(&mut session, json!({ "until": "pattern", "pattern": "now" })), json!({ "data": "now", "offset": 14 }));
}

#[test]
fn the_operators_limit_on_a_call_is_the_longest_wait() {
    let [flag, file] =
        crate::support::policy("[plugins.tcp]\nconnect = [\"tcp://localhost:*\"]\n\n[limits]\ncall = \"1 s\"\n");
    let listener = Listener::new();
    let mut session = Session::serve(&[&flag, &file]);
    session.connect(listener.port(), "c");
    let mut line = listener.accept();
    line.say("partial");
    // Not an error at the deadline, but what came by then.
    let answer = wait(&mut session, json!({ "until": "close", "timeout_ms": 3_600_000 }));
    has(&answer, json!({ "satisfied": false, "ended": "timeout", "data": "partial" }));
    assert!(answer["waited_ms"].as_u64().unwrap() <= 1000, "{answer}");
}

#[test]
fn a_match_across_segments_ends_a_wait_and_one_after_from_only() {
    let (mut session, mut line) = connected();
    line.say("ready ");
    session.receives("c", 6);
    let waiting = session.post_call("tcp_wait", with(json!({ "until": "pattern", "pattern": "ready", "from": 6 })));
    for (piece, total) in [("re", 8), ("ad", 10)] {
        line.say(piece);
        session.receives("c", total);
    }
    line.say("y and more");
    has(&session.called(waiting).ok(), json!({ "satisfied": true, "data": "ready", "offset": 6, "next_offset": 11 }));
}

#[test]
fn a_wait_over_much_data_returns_a_page_and_says_that_there_is_more() {
    let (mut session, mut line) = connected();
    line.say("x".repeat(3 << 19) + "END");
    let answer = wait(&mut session, json!({ "until": "pattern", "pattern": "END" }));
    has(&answer, json!({ "satisfied": true, "more": true, "offset": 0, "next_offset": 1 << 20 }));
    assert_eq!(answer["data"].as_str().unwrap().len(), 1 << 20);
    let rest = wait(&mut session, json!({ "until": "pattern", "pattern": "END" }));
    has(&rest, json!({ "satisfied": true, "more": false, "offset": 1 << 20, "next_offset": (3 << 19) + 3 }));
}

#[test]
fn several_waits_and_other_calls_run_at_once() {
    let (mut session, mut line) = connected();
    let (a, b) = (
        session.post_call("tcp_wait", with(json!({ "until": "pattern", "pattern": "alpha", "from": 0 }))),
        session.post_call("tcp_wait", with(json!({ "until": "pattern", "pattern": "beta", "from": 0 }))),
    );
    session.send_text("c", "question");
    line.expect("question");
    line.say("beta ");
    has(&session.called(b).ok(), json!({ "satisfied": true, "data": "beta" }));
    line.say("alpha");
    has(&session.called(a).ok(), json!({ "satisfied": true, "data": "beta alpha" }));
}

#[test]
fn a_cancelled_wait_ends_and_the_connection_lives() {
    let (mut session, mut line) = connected();
    let waiting = under_way(&mut session, json!({ "until": "close", "timeout_ms": 50_000 }));
    session.cancel(waiting);
    line.say("still here");
    session.receives("c", 10);
    has(&wait(&mut session, json!({ "until": "bytes", "bytes": 10 })), json!({ "data": "still here", "offset": 0 }));
    // The server ends at once: no call is left in flight.
    let begun = Clock::start();
    let (status, log) = session.close();
    assert!(status.success(), "{status}\n{log}");
    begun.within(Claim::Deadline, CLIENTS_WAIT);
    assert!(!log.contains("an instance is lost"), "{log}");
}

#[test]
fn a_long_wait_reports_progress_to_whoever_asked() {
    let (mut session, mut line) = connected();
    let arguments = with(json!({ "until": "pattern", "pattern": "done" }));
    let params = json!({ "name": "tcp_wait", "arguments": arguments, "_meta": { "progressToken": "token-7" } });
    let waiting = session.post("tools/call", params);
    let mut last = 0.0;
    for _ in 0..2 {
        let report = session.wait_for("progress", |message| message["method"] == "notifications/progress");
        let report = &report["params"];
        has(report, json!({ "progressToken": "token-7", "total": 10.0 }));
        let progress = report["progress"].as_f64().unwrap();
        assert!(progress > last, "{report}");
        last = progress;
    }
    line.say("done");
    has(&session.called(waiting).ok(), json!({ "satisfied": true }));
}
