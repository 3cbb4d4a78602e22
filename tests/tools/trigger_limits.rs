//! Patterns and responses that are refused, and triggers that would take more than their share: of
//! time, of bandwidth, of memory.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Claim, Clock, Peer, Session, connected, eventually};

fn trigger(id: &str, pattern: &str, response: &str) -> Value {
    json!({ "connection_id": "c", "trigger_id": id, "pattern": pattern, "response": response })
}

#[test]
fn a_pattern_that_is_none_is_refused_with_the_place_and_the_others_stay_live() {
    let (mut session, mut line) = connected();
    session.call("tcp_set_trigger", trigger("good", "ping", "pong")).ok();
    for (pattern, words) in [
        ("a(b", &["character 2", "unclosed group"][..]),
        ("é[", &["character 2", "unclosed character class"]),
        ("*a", &["character 1", "repetition"]),
        (r"\p{Nope}", &["character 1"]),
        (r"a\Z", &["character 2", r"`\z`"]),
        ("a(?=b)", &["character 2", "look-around", "not supported"]),
        ("(?!b)a", &["character 1", "look-around", "not supported"]),
        ("(?<=a)b", &["character 1", "look-around", "not supported"]),
        (r"(a)\1", &["character 4", "back-references", "not supported"]),
        (r"(?P<n>a)(?P=n)", &["back-references", "not supported"]),
        ("", &["empty string"]),
        ("a*", &["empty string"]),
        ("^", &["empty string"]),
        ("[a&&b]", &["never"]),
        ("(?:a{1000}){1000}", &["too large"]),
        ("((((((((((a{100}){100}){100}){100}){100}){100}){100}){100}){100}){100})", &["too large"]),
    ] {
        for (tool, arguments) in [
            ("tcp_set_trigger", trigger("bad", pattern, "x")),
            ("tcp_wait", json!({ "connection_id": "c", "until": "pattern", "pattern": pattern })),
        ] {
            let failure = session.call(tool, arguments).failed("invalid_argument");
            assert_eq!(failure["argument"], "pattern", "{failure}");
            let message = failure["message"].as_str().unwrap();
            assert!(message.contains("`pattern`"), "{message}");
            // `tcp_wait` can do without a pattern, and an empty text is none: what
            // is missing is said there.
            let words = if tool == "tcp_wait" && pattern.is_empty() { &["is needed"][..] } else { words };
            for word in words {
                assert!(message.contains(word), "{tool} {pattern}: `{word}` is not in {message}");
            }
        }
    }
    let long = session.call("tcp_set_trigger", trigger("bad", &"a".repeat(70_000), "x")).failed("invalid_argument");
    assert!(long["message"].as_str().unwrap().contains("70000 bytes long, 65536 are allowed"), "{long}");
    line.say("ping");
    line.expect("pong");
    let info = session.call("tcp_connection_info", json!({ "connection_id": "c" })).ok();
    assert_eq!(info["triggers"].as_array().unwrap().len(), 1, "{info}");
}

#[test]
fn a_response_that_is_none_is_refused() {
    let (mut session, _line) = connected();
    for (more, argument, word) in [
        (json!({ "response": "$1" }), "response", "unknown group `$1` at character 1"),
        (json!({ "response": "a $name" }), "response", "unknown group `$name` at character 3"),
        (json!({ "response": "${1" }), "response", "not closed"),
        (json!({ "response": "zz", "response_encoding": "hex" }), "response", "character 1"),
        (json!({ "response": "a", "response_encoding": "base64" }), "response", "base64"),
        (json!({ "response": "a", "response_terminator": "CR" }), "response_terminator", "character 2"),
        (json!({ "response": "x".repeat(2 << 20) }), "response", "too many"),
    ] {
        let mut arguments = trigger("t", "ping", "");
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let failure = session.call("tcp_set_trigger", arguments).failed("invalid_argument");
        assert_eq!(failure["argument"], argument, "{failure}");
        let message = failure["message"].as_str().unwrap();
        assert!(message.contains(&format!("`{argument}`")) && message.contains(word), "{message}");
    }
}

#[test]
fn a_catastrophic_pattern_costs_nothing() {
    let (mut session, mut line) = connected();
    session.call("tcp_set_trigger", trigger("evil", r"^(a+)+c", "matched")).ok();
    session.call("tcp_set_trigger", trigger("evil2", r"(x+x+)+y", "matched")).ok();
    session.call("tcp_set_trigger", trigger("end", "!", "end")).ok();
    let begun = Clock::start();
    line.say("a".repeat(100_000) + "b\n" + &"x".repeat(100_000) + "!");
    line.expect("end");
    session.receives("c", 200_003);
    begun.within(Claim::Cost, Duration::from_secs(2));
    // Nobody else had to wait for it.
    let begun = Clock::start();
    let wait =
        json!({ "connection_id": "c", "until": "pattern", "pattern": r"^(a|aa)+$", "from": 0, "timeout_ms": 300 });
    assert_eq!(session.call("tcp_wait", wait).ok()["ended"], "timeout");
    begun.within(Claim::Cost, Duration::from_secs(2));
}

#[test]
fn a_trigger_that_answers_itself_is_stopped_by_its_limit_and_shown() {
    let (peer, mut session) = (Peer::echo(), Session::local());
    session.connect(peer.port(), "c");
    session.call("tcp_set_trigger", trigger("loop", "ping", "ping")).ok();
    const LOOPS: u64 = 8;
    session.send_text("c", &"ping".repeat(LOOPS as usize));
    // The echo of each answer is a match again, until a second's share is used up: then the loops
    // die away, one by one.
    eventually("the loops are stopped", || session.trigger("c", "loop")["suppressed"] == LOOPS);
    let shown = session.trigger("c", "loop");
    assert_eq!(shown["fires_per_second"], 1000, "{shown}");
    let fired = shown["fired"].as_u64().unwrap();
    assert!(fired >= 1000, "{shown}");
    let info = session.buffer_info("c");
    assert_eq!(
        info["bytes_received"],
        4 * (fired + LOOPS),
        "each of them was a match, and nothing is on its way: {info}"
    );
    // Later it may fire again.
    eventually("a new second has begun", || {
        session.send_text("c", "ping");
        session.trigger("c", "loop")["fired"].as_u64().unwrap() > fired
    });
}

#[test]
fn more_matches_than_the_limit_are_counted_not_answered() {
    let (mut session, mut line) = connected();
    session.call("tcp_set_trigger", trigger("t", "x", "y")).ok();
    line.say("x".repeat(3000));
    session.receives("c", 3000);
    let shown = session.trigger("c", "t");
    let (fired, suppressed) = (shown["fired"].as_u64().unwrap(), shown["suppressed"].as_u64().unwrap());
    assert_eq!(fired + suppressed, 3000, "{shown}");
    assert!((1000..3000).contains(&fired), "{shown}");
    line.expect("y".repeat(fired as usize));
    session.send_text("c", ".");
    line.expect(".");
}

#[test]
fn a_thousand_connections_may_each_have_their_keep_alive() {
    let mut session = Session::local();
    for n in 0..1000 {
        let arguments = json!({ "connection_id": format!("irc {n}"), "trigger_id": "pong", "pattern": "^PING (.*)", "response": "PONG $1\r\n" });
        let answer = session.call("tcp_set_trigger", arguments);
        assert!(!answer.is_error, "after {n} triggers: {}", answer.text);
    }
}

#[test]
fn triggers_are_bounded_and_those_that_were_set_stay() {
    let (mut session, mut line) = connected();
    session.call("tcp_set_trigger", trigger("first", "<first>", "1")).ok();
    let refused = (0..300).find_map(|n| {
        let answer = session.call("tcp_set_trigger", trigger(&format!("t{n}"), &format!("<{n}>"), "y"));
        answer.is_error.then_some((n, answer))
    });
    let (n, answer) = refused.expect("more than 256 triggers on one connection");
    assert!(n >= 64, "only {n}: {}", answer.text);
    assert!(answer.text.contains("triggers"), "{}", answer.text);
    // What is there can be replaced, answers, and makes room when it goes.
    session.call("tcp_set_trigger", trigger("first", "<one>", "2")).ok();
    line.say("<first><one>");
    line.expect("2");
    session.call("tcp_remove_trigger", json!({ "connection_id": "c", "trigger_id": "t0" })).ok();
    session.call("tcp_set_trigger", trigger("new", "<new>", "3")).ok();
    line.say("<new>");
    line.expect("3");

    // For connections that never come there is a bound as well.
    let refused = (0..2000).find_map(|n| {
        let arguments =
            json!({ "connection_id": format!("later {n}"), "trigger_id": "t", "pattern": "a", "response": "b" });
        let answer = session.call("tcp_set_trigger", arguments);
        answer.is_error.then_some(answer)
    });
    refused.expect("triggers for 2000 connections that nobody makes").failed("too_many_triggers");
}

#[test]
fn where_no_more_fits_a_trigger_can_still_be_replaced() {
    let (mut session, mut line) = connected();
    let large = |letter: &str| letter.repeat(1 << 20);
    let refused = (0..250).find_map(|n| {
        let answer = session.call("tcp_set_trigger", trigger(&format!("t{n}"), &format!("<{n}>"), &large("x")));
        answer.is_error.then_some((n, answer))
    });
    let (n, answer) = refused.expect("triggers take more memory than the instance has");
    assert!(n >= 16, "only {n} MiB");
    answer.failed("too_many_triggers");
    // The same again, in the place of one that is there.
    session.call("tcp_set_trigger", trigger("t0", "<0>", &large("y"))).ok();
    line.say("<0>");
    line.expect(large("y"));
}

#[test]
fn a_peer_that_takes_no_answers_holds_up_only_itself() {
    let (mut session, mut line) = connected();
    // Each answer is 1 MiB, which the peer never reads.
    session.call("tcp_set_trigger", trigger("t", "x", &"y".repeat(1 << 20))).ok();
    line.say("x".repeat(50));
    let peer = Peer::echo();
    session.connect(peer.port(), "other");
    session.send_text("other", "still served");
    session.receives("other", 12);
    session.call("tcp_disconnect", json!({ "connection_id": "c" })).ok();
    line.gone();
}
