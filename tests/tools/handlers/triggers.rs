//! Triggers that look at a handler's messages: at a member or at all of one, answered
//! by bytes or by a message.

use serde_json::{Value, json};

use super::{connect, handled, has, messages};
use crate::support::{Listener, Session};

#[track_caller]
fn set(session: &mut Session, more: Value) -> Value {
    let mut all = json!({ "connection_id": "c", "trigger_id": "t", "on": "message" });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    session.call("tcp_set_trigger", all).ok()
}

#[test]
fn a_member_is_matched_and_bytes_are_sent_as_they_are() {
    let (mut session, mut line) = handled("irc", json!({ "pong": false }));
    set(&mut session, json!({ "pattern": "^!time (.+)$", "member": "params.1", "response": "PRIVMSG $1 :now\r\n" }));
    // The words stand elsewhere in the first two.
    line.say(":!time PRIVMSG #a :no\r\n:x!y@z PRIVMSG !time :a b\r\n:x!y@z PRIVMSG #a :!time #b\r\n");
    line.expect("PRIVMSG #b :now\r\n");
    let shown = session.trigger("c", "t");
    has(&shown, json!({ "fired": 1, "on": "message", "member": "params.1" }));
    assert_eq!(messages(&mut session, 3)["messages"].as_array().unwrap().len(), 3);
}

#[test]
fn a_response_can_be_a_message_and_pattern_can_see_all_of_one() {
    let listener = Listener::new();
    let mut session = Session::local();
    // Set before the connection is there, it sees the first message.
    let response = json!({ "command": "PRIVMSG", "params": ["$1", "you said: $2"] }).to_string();
    let pattern = r#""nick":"ann".*"params":\["([^"]+)","([^"]*)"\]"#;
    has(
        &set(&mut session, json!({ "pattern": pattern, "response": response, "response_encoding": "message" })),
        json!({ "status": "pending" }),
    );
    connect(&mut session, listener.port(), "irc", json!({}));
    let mut line = listener.accept();
    line.say(":ann!a@h PRIVMSG #lab :hello there\r\n:bob!b@h PRIVMSG #lab :hello\r\nPING :x\r\n");
    // What the handler answers itself goes first.
    line.expect("PONG :x\r\nPRIVMSG #lab :you said: hello there\r\n");
    assert_eq!(session.trigger("c", "t")["fired"], 1);
}

#[test]
fn what_the_handler_cannot_send_is_counted_and_told() {
    let (mut session, mut line) = handled("irc", json!({}));
    let response = json!({ "command": "JOIN", "params": ["$1", "x"] }).to_string();
    let more =
        json!({ "pattern": "^(.+)$", "member": "params.1", "response": response, "response_encoding": "message" });
    set(&mut session, more);
    line.say(":a!b@c PRIVMSG bot :two words\r\n:a!b@c PRIVMSG bot :#one\r\n");
    line.expect("JOIN #one x\r\n");
    let shown = session.trigger("c", "t");
    has(&shown, json!({ "fired": 1, "unanswerable": 1 }));
    assert!(shown["error"].as_str().unwrap().contains("params[0]"), "{shown}");
}

#[test]
fn such_a_trigger_is_removed_and_counts_as_the_others_do() {
    let (mut session, mut line) = handled("lines", json!({}));
    set(&mut session, json!({ "pattern": "x", "response": "y\n" }));
    let lines: String = "x\n".repeat(1500);
    line.say(&lines);
    line.expect("y\n".repeat(1000));
    let shown = session.trigger("c", "t");
    has(&shown, json!({ "fires_per_second": 1000 }));
    session.call("tcp_remove_trigger", json!({ "connection_id": "c", "trigger_id": "t" })).ok();
    messages(&mut session, 1500);
    line.say("x\n");
    messages(&mut session, 1);
    session.send_text("c", "only this");
    let heard = line.hear(9);
    assert!(heard == b"only this" || heard.starts_with(b"y\n"), "{heard:?}");
}

#[test]
fn what_does_not_go_together_is_refused() {
    let (mut session, _line) = handled("lines", json!({}));
    let refused = |session: &mut Session, more: Value, argument: &str| {
        let mut all = json!({ "connection_id": "c", "trigger_id": "t", "pattern": "a", "response": "{}" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let failure = session.call("tcp_set_trigger", all).failed("invalid_argument");
        assert_eq!(failure["argument"], argument, "{failure}");
    };
    refused(&mut session, json!({ "member": "line" }), "member");
    refused(&mut session, json!({ "response_encoding": "message" }), "response_encoding");
    refused(&mut session, json!({ "on": "message", "member": "a..b" }), "member");
    refused(&mut session, json!({ "on": "message", "response_encoding": "message", "response": "[1]" }), "response");
    let ended = json!({ "on": "message", "response_encoding": "message", "response_terminator": "0a" });
    refused(&mut session, ended, "response_terminator");
}
