//! Triggers: what matches, what is answered, and which triggers a connection has. What is refused,
//! and what ends a trigger that runs wild, is in `trigger_limits.rs`.

use serde_json::{Value, json};

use crate::support::{Listener, Session, connected, eventually};

#[track_caller]
fn set(session: &mut Session, id: &str, pattern: &str, response: &str) -> Value {
    let arguments = json!({ "connection_id": "c", "trigger_id": id, "pattern": pattern, "response": response });
    session.call("tcp_set_trigger", arguments).ok()
}

#[test]
fn a_trigger_answers_by_itself_and_is_shown() {
    let (mut session, mut line) = connected();
    let expected = json!({ "success": true, "connection_id": "c", "trigger_id": "pong", "pattern": "^PING (.*)", "status": "active" });
    assert_eq!(set(&mut session, "pong", "^PING (.*)", "PONG $1\r\n"), expected);
    line.say("NOTICE hello\r\nPING :irc.example\r\n");
    line.expect("PONG :irc.example\r\n");
    // The question stays in the buffer, and the answer counts as sent.
    session.receives("c", 33);
    assert_eq!(session.read_text("c"), "NOTICE hello\r\nPING :irc.example\r\n");
    eventually("the answer counts", || session.buffer_info("c")["bytes_sent"] == 19);
    let shown = session.trigger("c", "pong");
    for (key, value) in [
        ("trigger_id", json!("pong")),
        ("pattern", json!("^PING (.*)")),
        ("response_size", json!(9)),
        ("fired", json!(1)),
        ("suppressed", json!(0)),
        ("fires_per_second", json!(1000)),
        ("fires_in_total", json!(1_000_000)),
    ] {
        assert_eq!(shown[key], value, "`{key}` of {shown}");
    }
    assert_eq!(session.call("tcp_list_connections", json!({})).ok()["connections"][0]["triggers"], 1);
}

#[test]
fn groups_are_expanded_in_utf_8_only_and_digits_end_where_digits_end() {
    let (mut session, mut line) = connected();
    for (pattern, response, said, answer) in [
        (r"a=(\w+) b=(?<bee>\w+);", "$2/$1/$bee/${1}0/$0", "a=one b=two;", "two/one/two/one0/a=one b=two;"),
        (r"id (\d+);", "$1abc", "id 42;", "42abc"),
        (r"cost (\d+);", "$$$1 $ ok", "cost 5;", "$5 $ ok"),
        (r"opt(x)?;", "[$1]", "opt;", "[]"),
        (r"line (.*)$", "<$1>", "line of text\r\n", "<of text>"),
    ] {
        set(&mut session, "t", pattern, response);
        line.say(said);
        line.expect(answer);
    }
    for (encoding, response, answer) in [("hex", "2431", "$1"), ("base64", "JDE=", "$1"), ("hex", "\\x24$1", "$$1")] {
        let arguments = json!({
            "connection_id": "c", "trigger_id": "t", "pattern": "(now)", "response": response, "response_encoding": encoding,
            "response_terminator": "0d 0a",
        });
        session.call("tcp_set_trigger", arguments).ok();
        line.say("now");
        line.expect(format!("{answer}\r\n"));
        assert_eq!(session.trigger("c", "t")["response_size"], answer.len() + 2);
    }
}

#[test]
fn captured_bytes_go_out_as_they_came_in() {
    let (mut session, mut line) = connected();
    set(&mut session, "echo", r"<([^>]+)>", "$1");
    line.say(b"<\x00\xff\xfe\xe2\x82>");
    line.expect(b"\x00\xff\xfe\xe2\x82");
}

#[test]
fn set_before_connecting_it_sees_the_first_byte() {
    let listener = Listener::new();
    let mut session = Session::local();
    let pending = set(&mut session, "hello", r"^HELLO (\S+)", "hi $1");
    let expected = json!({
        "success": true, "connection_id": "c", "trigger_id": "hello", "pattern": "^HELLO (\\S+)", "status": "pending",
        "message": "Trigger pre-registered and will activate when connection is established",
    });
    assert_eq!(pending, expected);
    set(&mut session, "second", "never", "x");
    let connecting =
        session.post_call("tcp_connect", json!({ "host": "127.0.0.1", "port": listener.port(), "connection_id": "c" }));
    let mut line = listener.accept();
    line.say("HELLO you\r\n");
    line.expect("hi you");
    let made = session.called(connecting).ok();
    assert_eq!(made["applied_triggers"], json!(["hello", "second"]));
    assert_eq!(made["message"], "Applied 2 pre-registered trigger(s)");
    assert_eq!(session.trigger("c", "hello")["fired"], 1);

    // They belonged to that connection: the next one of that name has none.
    session.call("tcp_disconnect", json!({ "connection_id": "c" })).ok();
    assert!(session.connect(listener.port(), "c").get("applied_triggers").is_none());

    let arguments = json!({ "connection_id": "d", "trigger_id": "t", "pattern": "x", "response": "y" });
    session.call("tcp_set_trigger", arguments).ok();
    let arguments = json!({ "host": "127.0.0.1", "port": listener.port(), "connection_id": "d", "data": "z" });
    assert_eq!(session.call("tcp_connect_and_send", arguments).ok()["applied_triggers"], json!(["t"]));
}

#[test]
fn triggers_that_wait_survive_a_connect_that_fails() {
    let listener = Listener::new();
    let mut session = Session::local();
    set(&mut session, "t", "a", "b");
    let closed = json!({ "host": "127.0.0.1", "port": crate::support::closed_port(), "connection_id": "c" });
    session.call("tcp_connect", closed).failed("connection_failed");
    assert_eq!(session.connect(listener.port(), "c")["applied_triggers"], json!(["t"]));
    let mut line = listener.accept();
    line.say("a");
    line.expect("b");
}

#[test]
fn a_match_may_span_segments() {
    let (mut session, mut line) = connected();
    set(&mut session, "ping", r"^PING :(\S+)\r\n", "PONG :$1\r\n");
    let mut received = 0;
    for piece in ["x\r\nPI", "NG :irc", ".example", "\r", "\n"] {
        line.say(piece);
        received += piece.len() as u64;
        // Each one is a segment of its own: the next is sent only when this one has been read.
        session.receives("c", received);
    }
    line.expect("PONG :irc.example\r\n");
    assert_eq!(session.trigger("c", "ping")["fired"], 1);
}

#[test]
fn every_match_in_one_segment_fires_in_order() {
    let (mut session, mut line) = connected();
    set(&mut session, "n", r"<(\d+)>", "$1,");
    line.say((0..300).map(|n| format!("<{n}>")).collect::<String>());
    line.expect((0..300).map(|n| format!("{n},")).collect::<String>());
    assert_eq!(session.trigger("c", "n")["fired"], 300);
}

#[test]
fn patterns_match_bytes_and_lines() {
    let (mut session, mut line) = connected();
    for (pattern, said) in [
        (r"\xff\xfe", &b"\x00\xff\xfe"[..]),
        (r"\x00\x01$", b"\x00\x01\r\n"),
        (r"(?i)ready", b"ReAdY"),
        ("é", "é".as_bytes()),
        ("[é-ü]", "ö".as_bytes()),
        (r"^second$", b"first\r\nsecond\r\n"),
        (r"(?s)a.b", b"a\nb"),
        (r"\bok\b", b" ok "),
    ] {
        set(&mut session, "t", pattern, "!");
        line.say(said);
        line.expect("!");
        assert_eq!(session.trigger("c", "t")["fired"], 1, "{pattern}");
    }
    // `.` is one byte and ends before a line's end, CRLF included.
    set(&mut session, "t", r"say (.*)", "[$1]");
    line.say("say it\r\nnot this");
    line.expect("[it]");
}

#[test]
fn one_pattern_under_two_ids_is_two_triggers() {
    let (mut session, mut line) = connected();
    set(&mut session, "one", "knock", "1");
    set(&mut session, "two", "knock", "2");
    line.say("knock");
    line.expect("12");
    assert_eq!((&session.trigger("c", "one")["fired"], &session.trigger("c", "two")["fired"]), (&json!(1), &json!(1)));
    session.call("tcp_remove_trigger", json!({ "connection_id": "c", "trigger_id": "one" })).ok();
    line.say("knock");
    line.expect("2");
}

#[test]
fn setting_an_id_again_replaces_the_trigger() {
    let (mut session, mut line) = connected();
    set(&mut session, "t", "old", "1");
    line.say("old");
    line.expect("1");
    set(&mut session, "t", "new", "2");
    line.say("old new");
    line.expect("2");
    assert_eq!(session.trigger("c", "t")["fired"], 1, "the new one's count");
    assert_eq!(session.call("tcp_list_connections", json!({})).ok()["connections"][0]["triggers"], 1);
    // A trigger that is refused replaces nothing.
    let bad = json!({ "connection_id": "c", "trigger_id": "t", "pattern": "(", "response": "3" });
    session.call("tcp_set_trigger", bad).failed("invalid_argument");
    line.say("new");
    line.expect("2");
}

#[test]
fn removing_says_where_the_trigger_was() {
    let (mut session, mut line) = connected();
    let remove = |session: &mut Session, connection: &str, trigger: &str| {
        session.call("tcp_remove_trigger", json!({ "connection_id": connection, "trigger_id": trigger }))
    };
    set(&mut session, "t", "ping", "pong");
    let expected = json!({ "success": true, "connection_id": "c", "trigger_id": "t", "status": "removed_active" });
    assert_eq!(remove(&mut session, "c", "t").ok(), expected);
    line.say("ping");
    session.receives("c", 4);
    session.send_text("c", "nothing before this");
    line.expect("nothing before this");

    let waiting = json!({ "connection_id": "later", "trigger_id": "t", "pattern": "a", "response": "b" });
    session.call("tcp_set_trigger", waiting).ok();
    assert_eq!(
        remove(&mut session, "later", "u").failed("not_found")["message"],
        "Trigger u not found in pending triggers"
    );
    let expected = json!({ "success": true, "connection_id": "later", "trigger_id": "t", "status": "removed_pending" });
    assert_eq!(remove(&mut session, "later", "t").ok(), expected);

    for (connection, message) in [
        ("c", "Trigger t not found on active connection"),
        ("later", "Connection later not found (neither active nor pending)"),
        ("nobody", "Connection nobody not found (neither active nor pending)"),
    ] {
        assert_eq!(remove(&mut session, connection, "t").failed("not_found")["message"], message);
    }
}

#[test]
fn a_trigger_sees_what_arrives_after_it_was_set() {
    let (mut session, mut line) = connected();
    line.say("ping ");
    session.receives("c", 5);
    set(&mut session, "t", "ping", "pong");
    line.say("and ping");
    line.expect("pong");
    assert_eq!(session.trigger("c", "t")["fired"], 1);
}
