//! Protocol handlers on connections, against peers that the tests play: messages in and out,
//! requests and their answers, and what is refused. Each topic of its own is in a file beside.

use serde_json::{Value, json};

use crate::support::{Line, Listener, Session, closed_port, policy};

/// Attached to an open connection, taken off, ended, and cut short of room.
mod attached;

/// Real servers at the other end.
mod real;

/// Real mail servers.
mod mail;

/// Real Modbus servers, and how they differ.
mod modbus;

/// Redis, and who passes for it.
mod redis;

/// Real web servers.
mod web;

/// Triggers that look at messages.
mod triggers;

/// A server with the connection `c`, which has this handler, to a peer that the test plays.
#[track_caller]
pub fn handled(handler: &str, config: Value) -> (Session, Line) {
    let listener = Listener::new();
    let mut session = Session::local();
    connect(&mut session, listener.port(), handler, config);
    let line = listener.accept();
    (session, line)
}

#[track_caller]
pub fn connect(session: &mut Session, port: u16, handler: &str, config: Value) -> Value {
    let arguments = json!({
        "host": "127.0.0.1", "port": port, "connection_id": "c", "handler": handler, "handler_config": config,
    });
    session.call("tcp_connect", arguments).ok()
}

/// `tcp_messages` of the connection `c`, waiting for so many.
#[track_caller]
pub fn messages(session: &mut Session, until: u64) -> Value {
    let arguments = json!({ "connection_id": "c", "until": until, "timeout_ms": 10_000 });
    let answer = session.call("tcp_messages", arguments).ok();
    assert_eq!((&answer["satisfied"], &answer["ended"]), (&json!(true), &json!("messages")), "{answer}");
    answer
}

/// The messages alone of an answer.
#[track_caller]
pub fn values(answer: &Value) -> Vec<Value> {
    answer["messages"].as_array().unwrap().iter().map(|told| told["message"].clone()).collect()
}

/// Takes one message after the other until one has these members, and gives that one.
#[track_caller]
pub fn until(session: &mut Session, id: &str, wanted: &Value) -> Value {
    let matches = |told: &Value| wanted.as_object().unwrap().iter().all(|(key, value)| told["message"][key] == *value);
    let mut seen = Vec::new();
    loop {
        let arguments = json!({ "connection_id": id, "limit": 1, "timeout_ms": 10_000 });
        let answer = session.call("tcp_messages", arguments).ok();
        assert_eq!(answer["satisfied"], true, "no {wanted} among {seen:?}: {answer}");
        for told in answer["messages"].as_array().unwrap() {
            if matches(told) {
                return told.clone();
            }
            seen.push(told.clone());
        }
    }
}

#[track_caller]
pub fn send(session: &mut Session, message: Value) -> Value {
    session.call("tcp_send_message", json!({ "connection_id": "c", "message": message })).ok()
}

#[track_caller]
pub fn request(session: &mut Session, message: Value) -> Value {
    let arguments = json!({ "connection_id": "c", "message": message, "timeout_ms": 10_000 });
    session.call("tcp_request", arguments).ok()
}

/// Members that two objects have in common are alike.
#[track_caller]
pub fn has(value: &Value, wanted: Value) {
    for (key, wanted) in wanted.as_object().unwrap() {
        assert_eq!(&value[key], wanted, "`{key}` of {value}");
    }
}

#[test]
fn lines_become_messages_with_their_bytes_and_the_bytes_stay() {
    let (mut session, mut line) = handled("lines", json!({}));
    line.say("220 ready\r\n250-SI");
    let first = messages(&mut session, 1);
    let expected = json!([{ "number": 1, "message": { "line": "220 ready" }, "start": 0, "end": 11 }]);
    has(
        &first,
        json!({ "messages": expected, "more": false, "next_after": 1, "connected": true, "reading_paused": false }),
    );
    line.say("ZE\r\n250 HELP\r\n");
    let second = messages(&mut session, 2);
    assert_eq!(values(&second), [json!({ "line": "250-SIZE" }), json!({ "line": "250 HELP" })]);
    assert_eq!((&second["messages"][1]["start"], &second["messages"][1]["end"]), (&json!(21), &json!(31)));
    // Bytes and waits for bytes are as without a handler.
    assert_eq!(session.read_text("c"), "220 ready\r\n250-SIZE\r\n250 HELP\r\n");
    let wait = json!({ "connection_id": "c", "until": "pattern", "pattern": "HELP", "from": 0 });
    has(&session.call("tcp_wait", wait).ok(), json!({ "satisfied": true, "next_offset": 29 }));
    // What was returned can be had again; without a number, it is not.
    let again = session.call("tcp_messages", json!({ "connection_id": "c", "after": 1, "limit": 1 })).ok();
    has(&again, json!({ "more": true, "next_after": 2 }));
    let none = session.call("tcp_messages", json!({ "connection_id": "c", "until": 0 })).ok();
    has(&none, json!({ "satisfied": true, "messages": [], "next_after": 3 }));
    send(&mut session, json!({ "line": "QUIT" }));
    line.expect("QUIT\r\n");
    assert_eq!(session.buffer_info("c")["bytes_sent"], 6);
}

#[test]
fn a_handler_is_there_before_the_first_byte_and_what_it_opens_with_is_sent() {
    let (mut session, mut line) = handled("irc", json!({ "nick": "bot", "password": "secret" }));
    line.expect("PASS secret\r\nNICK bot\r\nUSER bot 0 * bot\r\n");
    line.say("PING :early\r\n:irc.test 001 bot :Welcome\r\n");
    line.expect("PONG :early\r\n");
    let told = messages(&mut session, 2);
    assert_eq!(told["messages"][0]["message"]["command"], "PING");
    has(&told["messages"][1]["message"], json!({ "command": "001", "name": "RPL_WELCOME" }));
}

#[test]
fn what_came_in_time_is_returned_when_time_is_up() {
    let (mut session, mut line) = handled("lines", json!({}));
    line.say("one\nhalf");
    messages(&mut session, 1);
    line.say(" done\n");
    let short = session.call("tcp_messages", json!({ "connection_id": "c", "until": 2, "timeout_ms": 300 })).ok();
    has(&short, json!({ "satisfied": false, "ended": "timeout", "more": false }));
    assert_eq!(values(&short), [json!({ "line": "half done" })]);
    // A call that waits gets what comes while it does.
    let waiting = session.post_call("tcp_messages", json!({ "connection_id": "c", "until": 2, "timeout_ms": 10_000 }));
    line.say("a\n");
    line.say("b\n");
    assert_eq!(values(&session.called(waiting).ok()), [json!({ "line": "a" }), json!({ "line": "b" })]);
}

#[test]
fn an_answer_is_a_page() {
    let (mut session, mut line) = handled("lines", json!({}));
    let text: String = (0..2000).map(|n| format!("{n:0>100}\n")).collect();
    line.say(&text);
    let mut told = Vec::new();
    messages(&mut session, 2000)["messages"].as_array().unwrap().iter().for_each(|one| told.push(one.clone()));
    assert!(told.len() == 100, "the default: {}", told.len());
    while told.len() < 2000 {
        let answer = session.call("tcp_messages", json!({ "connection_id": "c", "limit": 1000 }));
        assert!(answer.text.len() <= 32 << 10, "{}", answer.text.len());
        let page = answer.ok();
        told.extend(page["messages"].as_array().unwrap().iter().cloned());
        assert_eq!(page["more"], told.len() < 2000, "{}", told.len());
    }
    for (n, one) in told.iter().enumerate() {
        has(one, json!({ "number": n + 1, "start": n * 101, "end": (n + 1) * 101 }));
        assert_eq!(one["message"]["line"], format!("{n:0>100}"));
    }
    // One that is longer than a page is a page.
    let mut long = "x".repeat(60_000);
    long.push('\n');
    line.say(&long);
    assert_eq!(messages(&mut session, 1)["messages"][0]["message"]["line"].as_str().unwrap().len(), 60_000);
}

#[test]
fn handlers_stand_on_each_other() {
    let config = json!({ "frames": { "length_bytes": 2 }, "json": { "framing": "concatenated", "send_end": "none" } });
    let (mut session, mut line) = handled("frames+json", config);
    line.say(b"\0\x07{\"a\":1}\0\x04tru");
    line.say(b"e");
    let told = messages(&mut session, 1);
    has(&told["messages"][0], json!({ "message": { "json": { "a": 1 } }, "start": 0, "end": 9 }));
    send(&mut session, json!({ "json": { "b": [1.0, 12_345_678_901_234_567_890_u64] } }));
    line.expect(b"\0\x20{\"b\":[1.0,12345678901234567890]}".as_slice());
    let info = session.call("tcp_connection_info", json!({ "connection_id": "c" })).ok();
    assert_eq!(info["handler"], "frames+json");
}

#[test]
fn a_request_gets_its_own_answer_and_others_wait_beside() {
    let (mut session, mut line) = handled("redis", json!({}));
    let ask = |session: &mut Session, command: Value| {
        let arguments = json!({ "connection_id": "c", "message": { "command": command }, "timeout_ms": 10_000 });
        session.post_call("tcp_request", arguments)
    };
    let first = ask(&mut session, json!(["GET", "a"]));
    line.expect("*2\r\n$3\r\nGET\r\n$1\r\na\r\n");
    let second = ask(&mut session, json!(["GET", "b"]));
    line.expect("*2\r\n$3\r\nGET\r\n$1\r\nb\r\n");
    line.say("$3\r\none\r\n");
    let told = session.called(first).ok();
    has(&told, json!({ "answered": true, "ended": "answer", "bytes_sent": 20 }));
    assert_eq!(values(&told), [json!({ "type": "bulk", "value": "one" })]);
    assert_eq!(told["messages"][0]["answers"], told["request"]);
    line.say("$3\r\ntwo\r\n");
    assert_eq!(values(&session.called(second).ok()), [json!({ "type": "bulk", "value": "two" })]);
    // Answers that were returned are no news.
    has(
        &session.call("tcp_messages", json!({ "connection_id": "c", "until": 0 })).ok(),
        json!({ "messages": [], "next_after": 2 }),
    );
}

#[test]
fn a_late_answer_is_among_the_messages_and_its_request_says_what_came_meanwhile() {
    let (mut session, mut line) = handled("redis", json!({ "protocol": 3 }));
    line.expect("*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n");
    line.say("%1\r\n$5\r\nproto\r\n:3\r\n");
    messages(&mut session, 1);
    let arguments = json!({ "connection_id": "c", "message": { "command": ["GET", "a"] }, "timeout_ms": 600 });
    let asked = session.post_call("tcp_request", arguments);
    line.expect("*2\r\n$3\r\nGET\r\n$1\r\na\r\n");
    line.say(">3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n");
    let told = session.called(asked).ok();
    has(&told, json!({ "answered": false, "ended": "timeout" }));
    assert_eq!(told["messages"][0]["message"]["kind"], "message");
    line.say("$4\r\nlate\r\n");
    let late = messages(&mut session, 1);
    assert_eq!(values(&late), [json!({ "type": "bulk", "value": "late" })]);
    assert_eq!(late["messages"][0]["answers"], told["request"]);
}

#[test]
fn modbus_requests_wait_for_each_other_and_none_is_lost() {
    let (mut session, mut line) = handled("modbus", json!({}));
    let ask = |session: &mut Session, address: u16| {
        let message = json!({ "function": "read_holding_registers", "address": address, "count": 1 });
        let arguments = json!({ "connection_id": "c", "message": message, "timeout_ms": 10_000 });
        session.post_call("tcp_request", arguments)
    };
    let first = ask(&mut session, 1);
    line.expect(b"\0\x01\0\0\0\x06\x01\x03\0\x01\0\x01");
    // One is under way at a time: the handler sends this one when the first is answered.
    let second = ask(&mut session, 2);
    session.begins(second);
    line.say(b"\0\x01\0\0\0\x05\x01\x03\x02\0\x2a");
    let told = session.called(first).ok();
    has(&told["messages"][0]["message"], json!({ "answer": "read_holding_registers", "address": 1, "values": [42] }));
    line.expect(b"\0\x02\0\0\0\x06\x01\x03\0\x02\0\x01");
    line.say(b"\0\x02\0\0\0\x03\x01\x83\x02");
    let told = session.called(second).ok();
    has(&told["messages"][0]["message"], json!({ "exception": "illegal_data_address", "code": 2 }));
    // Nobody answers a broadcast.
    let all = json!({ "function": "write_register", "broadcast": true, "address": 1, "value": 7 });
    has(&request(&mut session, all), json!({ "answered": false, "ended": "unanswered" }));
    line.expect(b"\0\x03\0\0\0\x06\0\x06\0\x01\0\x07");
}

#[test]
fn what_cannot_be_is_refused_and_named_and_nobody_is_dialled() {
    let listener = Listener::new();
    let mut session = Session::local();
    let refused = |session: &mut Session, handler: Value, config: Value, argument: &str, word: &str| {
        let arguments =
            json!({ "host": "127.0.0.1", "port": listener.port(), "handler": handler, "handler_config": config });
        let failure = session.call("tcp_connect", arguments).failed("invalid_argument");
        let message = failure["message"].as_str().unwrap();
        assert_eq!(failure["argument"], argument, "{failure}");
        assert!(message.contains(&format!("`{argument}`")) && message.contains(word), "{message}");
    };
    refused(&mut session, json!("irc"), json!({ "nick": "a b" }), "handler_config.nick", "one word");
    refused(&mut session, json!("irc"), json!({ "nik": "a" }), "handler_config", "nik");
    refused(&mut session, json!("frames+json"), json!({ "framing": "lines" }), "handler_config", "`framing`");
    refused(
        &mut session,
        json!("frames+json"),
        json!({ "json": { "deepest": 0 } }),
        "handler_config.json.deepest",
        "1 to 120",
    );
    refused(&mut session, json!("frames+json"), json!({ "json": { "framed": "x" } }), "handler_config.json", "framed");
    refused(&mut session, json!("irc+json"), json!({}), "handler", "`irc`");
    refused(&mut session, json!("IRC"), json!({}), "handler", "small letters");
    refused(&mut session, Value::Null, json!({ "nick": "a" }), "handler_config", "there is none");
    let arguments = json!({ "host": "127.0.0.1", "port": closed_port(), "handler": "nobodys" });
    session.call("tcp_connect", arguments).failed("denied");
    assert!(listener.waiting().is_none(), "somebody was dialled");
    assert_eq!(session.call("tcp_list_connections", json!({})).ok()["total_connections"], 0);
    // Clients that have a model fill in every argument say so where there is none.
    let all = json!({ "host": "127.0.0.1", "port": listener.port(), "handler": "", "handler_config": {} });
    assert!(session.call("tcp_connect", all).ok().get("handler").is_none());
}

#[test]
fn a_message_that_is_none_is_refused_by_its_member_and_nothing_is_sent() {
    let (mut session, mut line) = handled("irc", json!({}));
    for (message, path) in [
        (json!({}), "message.command"),
        (json!({ "command": "A B" }), "message.command"),
        (json!({ "command": "PRIVMSG", "params": ["a b", "c"] }), "message.params[0]"),
    ] {
        let arguments = json!({ "connection_id": "c", "message": message });
        let failure = session.call("tcp_send_message", arguments).failed("invalid_argument");
        assert_eq!(failure["argument"], path, "{failure}");
        assert!(failure["message"].as_str().unwrap().contains(&format!("`{path}`")), "{failure}");
    }
    let arguments = json!({ "connection_id": "c", "message": { "command": "PING", "params": ["x"] } });
    let failure = session.call("tcp_request", arguments).failed("not_paired");
    assert!(failure["message"].as_str().unwrap().contains("tcp_send_message"), "{failure}");
    send(&mut session, json!({ "command": "QUIT" }));
    line.expect("QUIT\r\n");
}

#[test]
fn without_a_handler_it_is_said_what_to_do() {
    let (mut session, _line) = crate::support::connected();
    for tool in ["tcp_messages", "tcp_send_message", "tcp_request"] {
        let mut arguments = json!({ "connection_id": "c" });
        if tool != "tcp_messages" {
            arguments["message"] = json!({ "line": "a" });
        }
        let failure = session.call(tool, arguments).failed("no_handler");
        assert!(failure["message"].as_str().unwrap().contains("tcp_set_handler"), "{failure}");
    }
}

#[test]
fn handlers_are_listed_in_lines_and_told_in_detail() {
    let mut session = Session::local();
    let list = session.call("handlers_list", json!({})).ok();
    let names: Vec<&str> =
        list["handlers"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    for name in ["frames", "http1", "irc", "json", "lines", "modbus", "mqtt", "nmea", "redis", "smtp"] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert!(list.to_string().len() < 2500, "the list costs little context: {}", list.to_string().len());
    let told = session.call("handlers_list", json!({ "name": "modbus" })).ok()["handler"].clone();
    has(&told, json!({ "name": "modbus", "pairs": true, "carries": false }));
    assert!(told["outgoing_schema"].is_object() && told["config_schema"]["properties"]["unit"].is_object());
    let example = &told["examples"][0];
    has(&example["outgoing"][0], json!({ "hex": "000100000006010300000002" }));
    has(&example["incoming"], json!({ "hex": "000100000007010304002affff" }));
    let told = session.call("handlers_list", json!({ "name": "irc" })).ok()["handler"].clone();
    has(
        &told["examples"][0]["outgoing"][0],
        json!({ "text": "JOIN #lab\r\n", "message": { "command": "JOIN", "params": ["#lab"] } }),
    );
    session.call("handlers_list", json!({ "name": "nobodys" })).failed("denied");
}

#[test]
fn the_policy_says_which_handlers_there_are() {
    let [flag, file] = policy("[plugins.tcp]\nconnect = [\"tcp://localhost:*\"]\nhandlers = [\"lines\"]\n");
    let mut session = Session::serve(&[&flag, &file]);
    let list = session.call("handlers_list", json!({})).ok();
    assert_eq!(list["handlers"].as_array().unwrap().len(), 1, "{list}");
    let listener = Listener::new();
    let arguments = json!({ "host": "127.0.0.1", "port": listener.port(), "handler": "irc" });
    session.call("tcp_connect", arguments).failed("denied");
    assert!(listener.waiting().is_none(), "somebody was dialled");
    connect(&mut session, listener.port(), "lines", json!({}));
}
