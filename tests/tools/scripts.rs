//! Triggers with scripts, against peers that the tests play: what a script is given and does, its
//! mistakes, its limits. The worked examples of `plugins/scripts` run in `scripts/examples.rs`.

use serde_json::{Value, json};

use super::handlers::{connect, handled, has, messages};
use crate::support::{Line, Listener, Session, connected, eventually, policy, warm};

/// The worked examples, some of them against real mail servers.
mod examples;

/// `tcp_set_trigger` for `t` of the connection `c`.
fn arguments(pattern: &str, script: &str) -> Value {
    warm("script");
    json!({ "connection_id": "c", "trigger_id": "t", "pattern": pattern, "script": script })
}

#[track_caller]
fn set(session: &mut Session, pattern: &str, script: &str) -> Value {
    session.call("tcp_set_trigger", arguments(pattern, script)).ok()
}

/// What `tcp_connection_info` says of the trigger of that id that its script has stopped.
#[track_caller]
fn stopped(session: &mut Session, id: &str) -> Value {
    let mut told = Value::Null;
    eventually("the script stops its trigger", || {
        let info = session.call("tcp_connection_info", json!({ "connection_id": "c" })).ok();
        let all = info["stopped_triggers"].as_array().cloned().unwrap_or_default();
        told = all.into_iter().find(|one| one["trigger_id"] == id).unwrap_or_default();
        !told.is_null()
    });
    told
}

#[test]
fn a_script_answers_with_its_match_and_keeps_its_state() {
    let (mut session, mut line) = connected();
    let script = r#"
        state.names = (state.names ?? []) + [text(group("who"))];
        let seen = "";
        for name in state.names { seen += name + " "; }
        send(`${fired}/${count("runs")}: ${seen}`);
        send(if group(2) == () { "none" } else { group(2) });
        send(unhex("00ff") + "\n");
        note("saw " + seen);
    "#;
    has(&set(&mut session, r"^I am (?<who>\w+)( \xfe)?\r\n", script), json!({ "status": "active" }));
    line.say("I am ann\r\nI am b");
    line.expect(b"1/1: ann none\x00\xff\n");
    line.say(b"ob \xfe\r\n");
    line.expect(b"2/2: ann bob  \xfe\x00\xff\n");
    let shown = session.trigger("c", "t");
    let expected = json!({
        "script_size": script.len(), "fired": 2, "failed": 0, "unanswerable": 0, "suppressed": 0, "on": "bytes",
        "note": "saw ann bob ", "error": null, "cut": null, "response_size": null,
    });
    has(&shown, expected);
    let sent = "1/1: ann none..\n2/2: ann bob  ...\n".len();
    eventually("what it sends counts", || session.buffer_info("c")["bytes_sent"] == sent);
}

#[test]
fn each_connection_has_programs_of_its_own_also_for_one_to_come() {
    let listener = Listener::new();
    let mut session = Session::local();
    let script = r#"send(`${count("n")};`);"#;
    has(&set(&mut session, "x", script), json!({ "status": "pending" }));
    let mut other = arguments("x", script);
    other["connection_id"] = json!("d");
    session.call("tcp_set_trigger", other).ok();
    // One with a mistake never waits for a connection, and leaves the one before it in place.
    session.call("tcp_set_trigger", arguments("x", "send(")).failed("invalid_argument");
    let mut lines = Vec::new();
    for id in ["c", "d"] {
        assert_eq!(session.connect(listener.port(), id)["applied_triggers"], json!(["t"]));
        lines.push(listener.accept());
    }
    lines[0].say("xx");
    lines[0].expect("1;2;");
    lines[1].say("x");
    lines[1].expect("1;");
    // Set again, it begins anew.
    set(&mut session, "x", script);
    lines[0].say("x");
    lines[0].expect("1;");
    session.call("tcp_remove_trigger", json!({ "connection_id": "c", "trigger_id": "t" })).ok();
    lines[0].say("x");
    session.receives("c", 4);
    session.send_text("c", "only this");
    lines[0].expect("only this");
}

#[test]
fn a_mistake_in_the_source_is_refused_with_line_and_column() {
    let (mut session, mut line) = connected();
    set(&mut session, "ping", "send(\"pong\");");
    for (script, at, word) in [
        ("let a = 1;\nlet b = a +;", (2, 12), "';'"),
        ("send(\n  md5()\n);", (2, 3), "`md5`"),
        ("let a = \"é\"; unknown(1)", (1, 14), "`unknown`"),
    ] {
        let failure = session.call("tcp_set_trigger", arguments("ping", script)).failed("invalid_argument");
        let message = failure["message"].as_str().unwrap();
        let place = (failure["line"].as_u64().unwrap(), failure["column"].as_u64().unwrap());
        assert_eq!(failure["argument"], "script", "{failure}");
        assert!(message.starts_with(&format!("`script`: line {}, column {}: ", place.0, place.1)), "{message}");
        assert!(message.contains(word), "{message}");
        assert_eq!(place, at, "{failure}");
    }
    let long = format!("// {}", "x".repeat(200_000));
    let failure = session.call("tcp_set_trigger", arguments("ping", &long)).failed("invalid_argument");
    assert_eq!((&failure["argument"], &failure["line"]), (&json!("script"), &json!(1)), "{failure}");
    assert!(failure["column"].as_u64().is_some_and(|column| column > 1000), "where it would have to end: {failure}");
    line.say("ping");
    line.expect("pong");
}

#[test]
fn either_a_response_or_a_script() {
    let (mut session, _line) = connected();
    for (more, argument, word) in [
        (json!({}), "response", "`script`"),
        (json!({ "response": "a", "script": "stop()" }), "script", "one of them"),
        (json!({ "script": "stop()", "response_encoding": "hex" }), "response_encoding", "`response`"),
        (json!({ "script": "stop()", "response_terminator": "0a" }), "response_terminator", "`response`"),
        (json!({ "script": "stop()", "member": "a" }), "member", "on=message"),
        (json!({ "script": "stop()", "on": "message", "member": "a..b" }), "member", "`member`"),
        (json!({ "script": "stop()", "pattern": "a(" }), "pattern", "unclosed"),
    ] {
        let mut all = json!({ "connection_id": "c", "trigger_id": "t", "pattern": "a" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let failure = session.call("tcp_set_trigger", all).failed("invalid_argument");
        assert_eq!(failure["argument"], argument, "{failure}");
        assert!(failure["message"].as_str().unwrap().contains(word), "{failure}");
    }
    let info = session.call("tcp_connection_info", json!({ "connection_id": "c" })).ok();
    assert_eq!(info["triggers"], json!([]));
}

#[test]
fn a_run_that_fails_sends_nothing_and_is_told_and_the_next_one_runs() {
    let (mut session, mut line) = connected();
    let script = "state.n = (state.n ?? 0) + 1;\nsend(`${state.n};`);\nif matched == \"bad\" {\n    unhex(\"4z\");\n}";
    set(&mut session, "good|bad", script);
    line.say("good");
    line.expect("1;");
    line.say("badbad");
    eventually("both have failed", || session.trigger("c", "t")["failed"] == 2);
    let shown = session.trigger("c", "t");
    has(&shown, json!({ "fired": 3, "failed": 2, "cut": null }));
    assert!(shown["error"].as_str().unwrap().starts_with("line 4, column 5: it is no hex"), "{shown}");
    line.say("good");
    // What a failed run has changed is as it was.
    line.expect("2;");
    assert_eq!(session.buffer_info("c")["connected"], true);
}

#[test]
fn a_script_stops_its_trigger_in_the_middle_of_a_segment() {
    let (mut session, mut line) = connected();
    set(&mut session, r"<(\d)>", "send(group(1));\nif group(1) == \"2\" { note(\"two\"); stop(); }");
    let other = json!({ "connection_id": "c", "trigger_id": "other", "pattern": "<4>", "response": "end" });
    session.call("tcp_set_trigger", other).ok();
    line.say("<1><2><3><4>");
    line.expect("12end");
    has(&stopped(&mut session, "t"), json!({ "fired": 2, "note": "two" }));
    let info = session.call("tcp_connection_info", json!({ "connection_id": "c" })).ok();
    assert_eq!((info["triggers"].as_array().unwrap().len(), &info["triggers"][0]["trigger_id"]), (1, &json!("other")));
    session.call("tcp_remove_trigger", json!({ "connection_id": "c", "trigger_id": "t" })).failed("not_found");
    // Its id is free.
    set(&mut session, "<5>", "send(\"again\")");
    line.say("<1><5>");
    line.expect("again");
    let info = session.call("tcp_connection_info", json!({ "connection_id": "c" })).ok();
    assert!(info["stopped_triggers"].is_null(), "{info}");
}

#[test]
fn a_script_closes_the_connection_after_what_it_has_sent() {
    for (script, why) in [("send(\"bye\"); close(\"enough\");", "enough"), ("send(\"bye\"); close();", "")] {
        let (mut session, mut line) = connected();
        set(&mut session, "x", script);
        let waiting =
            session.post_call("tcp_wait", json!({ "connection_id": "c", "until": "close", "timeout_ms": 10_000 }));
        line.say("xx");
        assert_eq!(line.hear_all(), b"bye", "the second match is not answered");
        has(&session.called(waiting).ok(), json!({ "satisfied": true, "ended": "close" }));
        let info = session.buffer_info("c");
        has(&info, json!({ "connected": false, "can_send": false }));
        let told = info["closed_reason"].as_str().unwrap();
        assert!(if why.is_empty() { told.contains("script") } else { told == why }, "{info}");
    }
}

#[test]
fn messages_and_bytes_go_out_in_order_through_the_handler() {
    let (mut session, mut line) = handled("lines", json!({}));
    let script = r#"
        send("a;");
        send_message(#{ line: "you said " + message.line });
        send("b;" + group(1));
        send_message(#{ line: "end" });
    "#;
    let mut all = arguments("^say (.+)$", script);
    all.as_object_mut().unwrap().extend(json!({ "on": "message", "member": "line" }).as_object().unwrap().clone());
    session.call("tcp_set_trigger", all).ok();
    line.say("say it\r\nsay more\r\n");
    line.expect("a;you said say it\r\nb;itend\r\na;you said say more\r\nb;moreend\r\n");
    has(&session.trigger("c", "t"), json!({ "on": "message", "member": "line", "fired": 2, "unanswerable": 0 }));
    assert_eq!(messages(&mut session, 2)["messages"].as_array().unwrap().len(), 2);
    // Bytes that match may be answered by messages too.
    set(&mut session, "^bytes", "send_message(#{ line: `${message == ()}` })");
    line.say("bytes\r\n");
    line.expect("true\r\n");
}

#[test]
fn a_message_that_the_handler_cannot_send_is_counted_and_told() {
    let (mut session, mut line) = handled("irc", json!({ "pong": false }));
    let script = r#"send_message(#{ command: "A B" }); send_message(#{ command: "PONG", params: [group(1)] });"#;
    set(&mut session, r"^PING :(\S+)\r\n", script);
    line.say("PING :x\r\n");
    line.expect("PONG x\r\n");
    let shown = session.trigger("c", "t");
    has(&shown, json!({ "fired": 1, "failed": 0, "unanswerable": 1 }));
    assert!(shown["error"].as_str().unwrap().contains("`command`"), "{shown}");
    // Nothing makes bytes of a message where there is no handler.
    let (mut session, mut line) = connected();
    set(&mut session, "x", "send_message(#{ line: \"a\" }); send(\"b\");");
    line.say("x");
    line.expect("b");
    let shown = session.trigger("c", "t");
    has(&shown, json!({ "fired": 1, "unanswerable": 1 }));
    assert!(shown["error"].as_str().unwrap().contains("no handler"), "{shown}");
}

#[test]
fn scripts_fire_no_more_often_than_responses() {
    let (mut session, mut line) = connected();
    set(&mut session, "x", "send(\"y\")");
    line.say("x".repeat(1500));
    line.expect("y".repeat(1000));
    eventually("the rest is counted", || session.trigger("c", "t")["suppressed"] == 500);
    has(
        &session.trigger("c", "t"),
        json!({ "fired": 1000, "failed": 0, "fires_per_second": 1000, "fires_in_total": 1_000_000 }),
    );
}

/// Sets a script that goes wrong in its own way, and another that answers all the same.
#[track_caller]
fn hostile(script: &str, word: &str) {
    let (mut session, mut line): (Session, Line) = connected();
    set(&mut session, "go", script);
    let other = json!({ "connection_id": "c", "trigger_id": "other", "pattern": "go", "script": "send(\"here\")" });
    session.call("tcp_set_trigger", other).ok();
    line.say("go");
    line.expect("here");
    eventually("the run fails", || session.trigger("c", "t")["failed"] == 1);
    let shown = session.trigger("c", "t");
    assert!(shown["error"].as_str().unwrap().contains(word) && shown["cut"].is_null(), "{shown}");
    // It is asked again, and nobody is worse off.
    line.say("go");
    line.expect("here");
    assert_eq!(session.buffer_info("c")["connected"], true);
}

#[test]
fn a_run_without_end_fails_by_its_limit_and_the_connection_goes_on() {
    hostile("send(\"never\");\nwhile true {}", "operations");
    hostile("fn f(n) { f(n + 1) }\nf(0)", "deep");
    hostile("let a = \"x\"; while true { a += a; }", "a text has more than");
    hostile("let a = []; while true { a.push([a, a]); }", "more than");
    hostile("while true { send(repeat(\"x\", 60000)); }", "one run sends");
}

#[test]
fn a_run_that_takes_long_but_not_too_long_does_its_work() {
    let (mut session, mut line) = connected();
    set(&mut session, "go", "let sum = 0; for n in range(0, 5000) { sum += n; } send(`${sum};`);");
    line.say("go");
    line.expect("12497500;");
}

#[test]
fn others_have_their_turn_while_scripts_work() {
    let (mut session, mut line) = connected();
    set(&mut session, "x", "let n = 0; while n < 4000 { n += 1; } send(\"y\");");
    line.say("x".repeat(1000));
    let mut between = 0;
    eventually("a thousand runs", || {
        let sent = session.buffer_info("c")["bytes_sent"].as_u64().unwrap();
        between += u64::from(0 < sent && sent < 1000);
        sent == 1000
    });
    line.expect("y".repeat(1000));
    assert!(between > 0, "no call was answered between the first run and the last");
}

#[test]
fn the_policy_says_whether_there_are_scripts() {
    let table = |handlers: &str| {
        policy(&format!("[plugins.tcp]\nconnect = [\"tcp://localhost:*\"]\nhandlers = [{handlers}]\n"))
    };
    let [flag, file] = table("\"lines\"");
    let mut session = Session::serve(&[&flag, &file]);
    session.call("tcp_set_trigger", arguments("x", "send(\"y\")")).failed("denied");
    session.call("handlers_list", json!({ "name": "script" })).failed("denied");
    let [flag, file] = table("\"script\"");
    let mut session = Session::serve(&[&flag, &file]);
    has(&set(&mut session, "x", "send(\"y\")"), json!({ "status": "pending" }));
    let told = session.call("handlers_list", json!({ "name": "script" })).ok();
    assert_eq!(told["script"]["language"], "rhai", "{told}");
    assert!(told["script"]["summary"].as_str().unwrap().contains("send_message("), "{told}");
    assert!(told.to_string().len() < 800, "it costs little context: {}", told.to_string().len());
    let listener = Listener::new();
    let refused = json!({ "host": "127.0.0.1", "port": listener.port(), "handler": "lines" });
    session.call("tcp_connect", refused).failed("denied");
}

#[test]
fn a_handler_that_was_taken_off_is_missed_and_one_that_comes_is_used() {
    let listener = Listener::new();
    let mut session = Session::local();
    connect(&mut session, listener.port(), "lines", json!({}));
    let mut line = listener.accept();
    set(&mut session, "x", "send_message(#{ line: \"m\" }); send(\"b\");");
    line.say("x");
    line.expect("m\r\nb");
    session.call("tcp_set_handler", json!({ "connection_id": "c" })).ok();
    line.say("x");
    line.expect("b");
    let config = json!({ "connection_id": "c", "handler": "lines", "handler_config": { "send_end": "lf" } });
    session.call("tcp_set_handler", config).ok();
    line.say("x");
    line.expect("m\nb");
    has(&session.trigger("c", "t"), json!({ "fired": 3, "unanswerable": 1 }));
}
