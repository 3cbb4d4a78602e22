//! Hostile protocol handlers, and their allowed twin: `hostile_handler` does
//! what its configuration says.

use serde_json::{Value, json};

use crate::support::{LOCAL, Line, Listener, Session, cofferdam, component, guest, policy};

const NAME: &str = "hostile-handler";

fn session() -> Session {
    Session::serve(&["--plugin", &guest("hostile_handler"), LOCAL[0], LOCAL[1]])
}

/// Connects with a handler that does this, under the id `c`.
#[track_caller]
fn connect(session: &mut Session, does: &str) -> Line {
    let listener = Listener::new();
    let connected = dial(session, &listener, does);
    session.called(connected).ok();
    listener.accept()
}

fn dial(session: &mut Session, listener: &Listener, does: &str) -> u64 {
    session.post_call(
        "tcp_connect",
        json!({
            "host": "127.0.0.1", "port": listener.port(), "connection_id": "c", "handler": NAME,
            "handler_config": { "do": does },
        }),
    )
}

fn messages(session: &mut Session) -> Value {
    session.call("tcp_messages", json!({ "connection_id": "c", "timeout_ms": 20_000 })).ok()
}

/// Which handler was cut off, and why: it may have been before this asks.
#[track_caller]
fn cut(session: &mut Session) -> String {
    let answer = session.call("tcp_messages", json!({ "connection_id": "c", "timeout_ms": 20_000 }));
    if answer.is_error {
        return answer.failed("handler_cut")["message"].as_str().unwrap().to_owned();
    }
    let came = answer.ok();
    assert_eq!(came["ended"], "handler_cut", "{came}");
    came["handler_cut"].as_str().unwrap().to_owned()
}

#[test]
fn i18_the_allowed_twin_is_not_cut_off() {
    let mut session = session();
    let mut line = connect(&mut session, "behave");
    line.say(b"hello");
    let came = messages(&mut session);
    assert_eq!(came["messages"][0]["message"], json!({ "bytes": 5 }), "{came}");
    assert_eq!((&came["messages"][0]["start"], &came["messages"][0]["end"]), (&json!(0), &json!(5)));
    assert!(came["handler_cut"].is_null(), "{came}");
    session.call("tcp_send_message", json!({ "connection_id": "c", "message": { "a": 1 } })).ok();
    line.expect(br#"{"a":1}"#);
}

#[test]
fn i18_a_hostile_handler_is_cut_off_and_its_connection_goes_on() {
    for (does, why) in [
        ("loop", "it used the processor for more than 250 ms (limit `cpu`)"),
        ("trap", "it trapped"),
        ("memory", "it used up its memory of 64 MiB (limit `memory`)"),
        ("exit", "it exited"),
        ("output", "(limit `output`)"),
        ("many", "(limit `output`)"),
        ("giant", "(limit `output`)"),
        ("no-json", "a message that is no JSON"),
        ("no-object", "a message that is no JSON object"),
        ("deep", "a message that is no JSON"),
        ("others-bytes", "a message of the bytes 0 to 6, where the next byte is 0, and 5 were given"),
        ("gap", "a message of the bytes 1 to 5, where the next byte is 0, and 5 were given"),
        ("backwards", "a message of the bytes 5 to 0"),
    ] {
        let mut session = session();
        let mut line = connect(&mut session, does);
        line.say(b"hello");
        let told = cut(&mut session);
        assert!(told.contains(NAME) && told.contains(why), "{does}: {told}");
        // The connection and its raw bytes go on.
        line.say(b" world");
        let waited =
            session.call("tcp_wait", json!({ "connection_id": "c", "until": "pattern", "pattern": "world" })).ok();
        assert_eq!(waited["data"], "hello world", "{does}");
        session.send_text("c", "back");
        line.expect(b"back");
        let info = session.call("tcp_connection_info", json!({ "connection_id": "c" })).ok();
        assert!(info["handler_cut"].as_str().is_some_and(|told| told.contains(why)), "{does}: {info}");
        session.log_has(&format!("a handler is cut off plugin=\"tcp\" handler=\"{NAME}\""));
        assert!(!session.log().contains("an instance is lost"), "{does}: {}", session.log());
    }
}

#[test]
fn i18_a_handler_that_traps_elsewhere_than_in_data_is_cut_off_too() {
    for does in ["create-loop", "create-trap"] {
        let mut session = session();
        let listener = Listener::new();
        let dialled = dial(&mut session, &listener, does);
        let refused = session.called(dialled).failed("handler_cut");
        assert!(refused["message"].as_str().unwrap().contains(NAME), "{does}: {refused}");
    }
    let mut session = session();
    let mut line = connect(&mut session, "open-loop");
    line.say(b"raw");
    session.call("tcp_wait", json!({ "connection_id": "c", "until": "pattern", "pattern": "raw" })).ok();
    let told = cut(&mut session);
    assert!(told.contains("(limit `cpu`)"), "{told}");
}

#[test]
fn i18_a_message_that_a_handler_cannot_encode_in_time_is_told_and_the_connection_goes_on() {
    for does in ["encode-loop", "encode-giant"] {
        let mut session = session();
        let mut line = connect(&mut session, does);
        let sent = session.call("tcp_send_message", json!({ "connection_id": "c", "message": {} }));
        let told = sent.failed("handler_cut");
        assert!(told["message"].as_str().unwrap().contains(NAME), "{does}: {told}");
        session.send_text("c", "raw");
        line.expect(b"raw");
    }
}

#[test]
fn i18_a_storm_of_ticks_comes_every_10_ms_at_most() {
    let mut session = session();
    let _line = connect(&mut session, "storm");
    let came = session.call("tcp_messages", json!({ "connection_id": "c", "until": 20, "timeout_ms": 20_000 })).ok();
    assert_eq!(came["messages"].as_array().unwrap().len(), 20, "{came}");
    let waited = came["waited_ms"].as_u64().unwrap();
    assert!(waited >= 180, "20 ticks in {waited} ms");
}

#[test]
fn i12_texts_of_a_handler_reach_no_terminal_and_are_cut() {
    let mut session = session();
    let mut line = connect(&mut session, "notes");
    line.say(b"hello");
    messages(&mut session);
    session.log_has("note \\u{1b}[2J\\nsecond");
    let log = session.log();
    assert!(!log.contains('\u{1b}') && log.lines().all(|line| line.len() < 6000));
    let mut session = self::session();
    let mut line = connect(&mut session, "escapes");
    line.say(b"hello");
    let id = session.post_call("tcp_messages", json!({ "connection_id": "c", "timeout_ms": 20_000 }));
    let answer = session.answer_to(&json!(id));
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    let mut session = self::session();
    let listener = Listener::new();
    let dialled = dial(&mut session, &listener, "create-failure");
    let refused = session.called(dialled).failed("invalid_argument");
    let told = refused["message"].as_str().unwrap();
    assert!(told.len() < 3000 && !told.contains('\u{1b}') && !told.contains('\u{202e}'), "{told}");
}

#[test]
fn i17_a_handler_sees_nothing_of_the_world_nor_of_other_sessions() {
    let mut session = session();
    for _ in 0..2 {
        let mut line = connect(&mut session, "seen");
        line.say(b"hello");
        let came = messages(&mut session);
        let seen = json!({
            "sessions": 1, "variables": 0, "arguments": 0, "file": false, "dials": false, "year": 0,
        });
        assert_eq!(came["messages"][0]["message"], seen, "{came}");
        session.call("tcp_disconnect", json!({ "connection_id": "c" })).ok();
    }
}

#[test]
fn i17_a_handler_that_imports_more_than_the_inert_base_is_refused_at_load() {
    let text = "(component (import \"wasi:sockets/types@0.3.0\" (instance)))";
    let manifest = "name = \"reaches\"\nversion = \"1\"\nabi = \"0.1.0\"\nkind = \"handler\"\n";
    let file = component("reaches", text, manifest);
    let (status, log) = Session::bare(&["--plugin", &file]).close();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("imports `") && log.contains("which this version does not offer"), "{log}");
}

#[test]
fn a_handler_that_the_policy_does_not_name_is_refused_and_a_named_one_is_not() {
    let component = guest("hostile_handler");
    let text = format!(
        "[plugins.tcp]\nconnect = [\"tcp://localhost:*\"]\nhandlers = [\"irc\"]\n[plugins.{NAME}]\ncomponent = \"{component}\"\n"
    );
    let [flag, file] = policy(&text);
    let mut session = Session::serve(&[&flag, &file]);
    let listener = Listener::new();
    let dialled = dial(&mut session, &listener, "behave");
    let refused = session.called(dialled).failed("denied");
    let told = refused["message"].as_str().unwrap();
    assert!(told.contains(NAME) && told.contains("the operator's policy decides that"), "{told}");
    assert!(!told.contains("handlers ="), "what to write is for the operator: {told}");
    let names = session.call("handlers_list", json!({})).ok();
    let names: Vec<&str> =
        names["handlers"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["irc"]);
    let asked = json!({
        "host": "127.0.0.1", "port": listener.port(), "connection_id": "i", "handler": "irc", "handler_config": { "nick": "n" },
    });
    session.call("tcp_connect", asked).ok();
    let asks: Vec<Value> = session.events().into_iter().filter(|event| event["event"] == "ask").collect();
    let of = |resource: &str| {
        asks.iter().find(|event| event["resource"] == resource).unwrap_or_else(|| panic!("{resource}"))
    };
    assert_eq!(of("handler:hostile-handler")["decision"], "denied");
    assert_eq!(of("handler:irc")["decision"], "allowed");
    let explained = cofferdam(&["explain", "tcp", "handler", NAME, &flag, &file]).output().unwrap();
    assert_eq!(explained.status.code(), Some(1));
    let explained = String::from_utf8_lossy(&explained.stdout).into_owned();
    assert!(
        explained.contains("no rule covers it") && explained.contains("handlers = [\"hostile-handler\"]"),
        "{explained}"
    );
}

#[test]
fn two_handlers_of_one_name_and_limits_that_handlers_do_not_have_are_refused() {
    let component = guest("hostile_handler");
    let (status, log) = Session::bare(&["--plugin", &component, "--plugin", &component]).close();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("a plugin of this name is loaded already"), "{log}");
    let [flag, file] = policy("[plugins.irc.limits]\nmailbox = 5\n");
    let (status, log) = Session::bare(&[&flag, &file]).close();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("has no limit `mailbox`"), "{log}");
    let [flag, file] = policy("[plugins.tcp]\nhandlers = [\"ircc\"]\n");
    let checked = cofferdam(&["check", &file]).output().unwrap();
    let told = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(told.contains("there is no handler `ircc`"), "{flag}: {told}");
}

#[test]
fn limits_of_a_handler_are_the_policys() {
    let component = guest("hostile_handler");
    let text = format!(
        "[plugins.tcp]\nconnect = [\"tcp://localhost:*\"]\n[plugins.{NAME}]\ncomponent = \"{component}\"\n\
         [plugins.{NAME}.limits]\ncpu = \"20 ms\"\nconnections = 1\nmemory = \"4 MiB\"\n"
    );
    let [flag, file] = policy(&text);
    let mut session = Session::serve(&[&flag, &file]);
    let mut line = connect(&mut session, "loop");
    let listener = Listener::new();
    let second = json!({ "host": "127.0.0.1", "port": listener.port(), "connection_id": "d", "handler": NAME });
    let refused = session.call("tcp_connect", second.clone()).failed("limit");
    assert!(refused["message"].as_str().unwrap().contains("(limit `connections`)"), "{refused}");
    line.say(b"x");
    let told = cut(&mut session);
    assert!(told.contains("more than 20 ms (limit `cpu`)"), "{told}");
    // The place is free again.
    session.call("tcp_connect", second).ok();
    let mut line = listener.accept();
    session.call("tcp_disconnect", json!({ "connection_id": "d" })).ok();
    line.gone();
    session.call("tcp_disconnect", json!({ "connection_id": "c" })).ok();
    let mut line = connect(&mut session, "memory");
    line.say(b"x");
    let told = cut(&mut session);
    assert!(told.contains("memory of 4 MiB"), "{told}");
}
