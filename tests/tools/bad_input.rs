//! Every argument of every tool, wrong in every way: the answer names the argument, nothing is
//! sent, nothing is lost, and the server goes on. Wrong data, patterns and hosts are in the files
//! of their tools; messages that are no MCP in `protocol.rs`.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::support::{Line, Listener, Session};

/// A server with one connection, `c`, that has received `kept`.
fn connected() -> (Session, Line, Listener) {
    let listener = Listener::new();
    let mut session = Session::local();
    session.connect(listener.port(), "c");
    let mut line = listener.accept();
    line.say("kept");
    session.receives("c", 4);
    (session, line, listener)
}

/// Nothing of what was refused has had any effect.
#[track_caller]
fn unharmed(mut session: Session, mut line: Line, listener: &Listener) {
    assert_eq!(session.read_text("c"), "kept");
    let list = session.call("tcp_list_connections", json!({})).ok();
    assert_eq!(list["total_connections"], 1, "{list}");
    assert_eq!(list["connections"][0]["triggers"], 0, "{list}");
    assert!(listener.waiting().is_none(), "somebody was dialled");
    session.call("tcp_send", json!({ "connection_id": "c", "data": "only this", "end": true })).ok();
    assert_eq!(line.hear_all(), b"only this");
    assert!(session.close().0.success());
}

/// Arguments with which each tool would do something.
fn good(tool: &str, port: u16) -> Value {
    match tool {
        "tcp_connect" => json!({ "host": "127.0.0.1", "port": port, "connection_id": "new" }),
        "tcp_connect_and_send" => json!({ "host": "127.0.0.1", "port": port, "data": "bad", "connection_id": "new" }),
        "tcp_send" => json!({ "connection_id": "c", "data": "bad" }),
        "tcp_set_trigger" => json!({ "connection_id": "c", "trigger_id": "t", "pattern": "a", "response": "bad" }),
        "tcp_remove_trigger" => json!({ "connection_id": "c", "trigger_id": "t" }),
        "tcp_wait" => json!({ "connection_id": "c", "until": "bytes", "bytes": 1, "timeout_ms": 100 }),
        "tcp_send_message" | "tcp_request" => json!({ "connection_id": "c", "message": { "line": "bad" } }),
        "tcp_messages" => json!({ "connection_id": "c", "until": 0 }),
        "tcp_set_handler" => json!({ "connection_id": "c", "handler": "lines" }),
        "tcp_list_connections" => json!({}),
        "ping_tool" | "traceroute_tool" => json!({ "target": "127.0.0.1" }),
        _ => json!({ "connection_id": "c" }),
    }
}

#[test]
fn every_argument_of_the_wrong_type_is_named_and_nothing_happens() {
    let (mut session, line, listener) = connected();
    let list = session.request("tools/list", json!({}))["result"]["tools"].clone();
    let tools = list.as_array().unwrap();
    assert!(tools.len() >= 12, "{list}");
    let mut tried = 0;
    for tool in tools {
        let name = tool["name"].as_str().unwrap();
        // The other plugins' arguments have tests of their own.
        if !name.starts_with("tcp_") {
            continue;
        }
        let schema = &tool["inputSchema"];
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap()).collect();
        let properties: &Map<String, Value> = schema["properties"].as_object().unwrap();
        for (argument, property) in properties {
            let mut wrong = match property["type"].as_str() {
                Some("string") => {
                    vec![json!(7), json!(1.5), json!(true), json!([]), json!(["x"]), json!({}), json!({ "a": 1 })]
                }
                Some("integer") => vec![json!("80"), json!("x"), json!(80.5), json!(false), json!([1]), json!({})],
                Some("object") => vec![json!("{}"), json!(7), json!(true), json!([]), json!([{}])],
                Some("boolean") => vec![json!("true"), json!(1), json!(0), json!([]), json!({})],
                other => panic!("`{name}` has an argument of type {other:?}"),
            };
            if property.get("enum").is_some() {
                wrong.extend([json!("nonsense"), json!("UTF-8"), json!("Pattern")]);
            }
            if required.contains(&argument.as_str()) {
                wrong.push(Value::Null);
            }
            for wrong in wrong {
                let mut arguments = good(name, listener.port());
                arguments[argument] = wrong;
                let failure = session.call(name, arguments.clone()).failed("invalid_argument");
                let message = failure["message"].as_str().unwrap();
                assert!(message.contains(&format!("`{argument}`")), "{name} {arguments}: {message}");
                tried += 1;
            }
            if required.contains(&argument.as_str()) {
                let mut arguments = good(name, listener.port());
                arguments.as_object_mut().unwrap().remove(argument);
                let failure = session.call(name, arguments).failed("invalid_argument");
                let message = failure["message"].as_str().unwrap();
                assert!(message.contains(&format!("`{argument}` is required")), "{name}: {message}");
            }
        }
    }
    assert!(tried > 200, "{tried}");
    unharmed(session, line, &listener);
}

#[test]
fn null_stands_for_an_optional_argument_that_is_not_given() {
    let (mut session, line, listener) = connected();
    let read =
        json!({ "connection_id": "c", "index": null, "count": null, "format": null, "offset": null, "limit": null });
    assert_eq!(session.call("tcp_read_buffer", read).ok()["data"], json!(["kept"]));
    let unknown = json!({ "connection_id": "c", "no_such_argument": 1 });
    let failure = session.call("tcp_read_buffer", unknown).failed("invalid_argument");
    let message = failure["message"].as_str().unwrap();
    assert!(message.starts_with("there is no argument `no_such_argument`: there are `connection_id`"), "{message}");
    unharmed(session, line, &listener);
}

#[test]
fn numbers_out_of_range_are_named() {
    let (mut session, line, listener) = connected();
    let port = listener.port();
    let connect = |argument: &str, value: Value| {
        let mut arguments = json!({ "host": "127.0.0.1", "port": port, "connection_id": "new", "data": "bad" });
        arguments[argument] = value;
        arguments
    };
    let of = |argument: &str, value: Value| {
        let mut arguments =
            json!({ "connection_id": "c", "data": "bad", "until": "bytes", "bytes": 1, "timeout_ms": 100 });
        arguments[argument] = value;
        arguments
    };
    let mut cases = Vec::new();
    for value in
        [json!(0), json!(70_000), json!(65_536), json!(-1), json!(1e99), json!(-1e99), json!(i64::MIN), json!(u64::MAX)]
    {
        cases.push(("tcp_connect", "port", connect("port", value.clone())));
        cases.push(("tcp_connect_and_send", "port", connect("port", value)));
    }
    for value in [json!(0), json!(-5), json!(i64::MIN), json!(-1e30)] {
        cases.push(("tcp_connect", "connect_timeout_ms", connect("connect_timeout_ms", value.clone())));
        cases.push(("tcp_connect", "buffer_limit", connect("buffer_limit", value.clone())));
        cases.push(("tcp_connect_and_send", "connect_timeout_ms", connect("connect_timeout_ms", value.clone())));
        cases.push(("tcp_connect_and_send", "timeout_ms", connect("timeout_ms", value.clone())));
        cases.push(("tcp_send", "timeout_ms", of("timeout_ms", value.clone())));
        cases.push(("tcp_wait", "timeout_ms", of("timeout_ms", value.clone())));
        cases.push(("tcp_wait", "bytes", of("bytes", value.clone())));
        let mut silence = of("silence_ms", value);
        silence["until"] = json!("silence");
        cases.push(("tcp_wait", "silence_ms", silence));
    }
    cases.push(("tcp_connect", "buffer_limit", connect("buffer_limit", json!((64 << 20) + 1))));
    let alone = |argument: &str, value: Value| {
        let mut arguments = json!({ "connection_id": "c" });
        arguments[argument] = value;
        arguments
    };
    for value in [json!(-1), json!(i64::MIN), json!(-1e30)] {
        for argument in ["after", "until", "limit"] {
            cases.push(("tcp_messages", argument, alone(argument, value.clone())));
        }
        cases.push(("tcp_set_handler", "from", alone("from", value)));
    }
    for (argument, value) in [("until", 100_001), ("limit", 0), ("limit", 1001), ("timeout_ms", 0)] {
        cases.push(("tcp_messages", argument, alone(argument, json!(value))));
    }
    cases.push(("tcp_wait", "from", of("from", json!(-1))));
    for (argument, value) in [("count", -1), ("offset", -1), ("limit", -1), ("count", i64::MIN)] {
        let mut arguments = json!({ "connection_id": "c" });
        arguments[argument] = json!(value);
        cases.push(("tcp_read_buffer", argument, arguments));
    }
    let listed = session.request("tools/list", json!({}))["result"]["tools"].clone();
    // Without what this tool does not take.
    let fitting = |tool: &str, mut arguments: Value| {
        let tool = listed.as_array().unwrap().iter().find(|one| one["name"] == tool).unwrap();
        arguments.as_object_mut().unwrap().retain(|name, _| tool["inputSchema"]["properties"].get(name).is_some());
        arguments
    };
    for (tool, argument, arguments) in cases {
        let arguments = fitting(tool, arguments);
        let failure = session.call(tool, arguments.clone()).failed("invalid_argument");
        let message = failure["message"].as_str().unwrap();
        assert!(message.contains(&format!("`{argument}`")), "{tool} {arguments}: {message}");
    }
    let failure =
        session.call("tcp_connect", fitting("tcp_connect", connect("port", json!(70_000)))).failed("invalid_argument");
    assert_eq!(failure["message"], "`port` must be 1 to 65535, it is 70000");
    unharmed(session, line, &listener);
}

#[test]
fn a_wait_without_what_it_waits_for_says_what_is_missing() {
    let (mut session, line, listener) = connected();
    for (until, argument) in [("pattern", "pattern"), ("bytes", "bytes")] {
        let failure =
            session.call("tcp_wait", json!({ "connection_id": "c", "until": until })).failed("invalid_argument");
        assert_eq!(failure["message"], format!("`{argument}`: is needed with until={until}"));
    }
    unharmed(session, line, &listener);
}

#[test]
fn ids_that_are_unknown_or_cannot_be_ids() {
    let (mut session, line, listener) = connected();
    for id in ["nobody", "", "C", " c", "c ", "../c", "💥"] {
        for tool in [
            "tcp_disconnect",
            "tcp_send",
            "tcp_read_buffer",
            "tcp_clear_buffer",
            "tcp_buffer_info",
            "tcp_connection_info",
            "tcp_wait",
            "tcp_messages",
            "tcp_send_message",
            "tcp_request",
            "tcp_set_handler",
        ] {
            let mut arguments = good(tool, listener.port());
            arguments["connection_id"] = json!(id);
            let failure = session.call(tool, arguments).failed("not_found");
            assert_eq!(failure["message"], format!("Connection {id} not found"), "{tool}");
        }
    }
    for (id, word) in
        [("", "empty"), (&"x".repeat(257), "257 bytes, 256 are the most"), ("a\nb", "control"), ("\u{9b}", "control")]
    {
        for (tool, argument) in [
            ("tcp_connect", "connection_id"),
            ("tcp_connect_and_send", "connection_id"),
            ("tcp_set_trigger", "connection_id"),
            ("tcp_set_trigger", "trigger_id"),
        ] {
            if id.is_empty() && tool != "tcp_set_trigger" {
                // Where an id may be left out, an empty one is.
                continue;
            }
            let mut arguments = good(tool, listener.port());
            arguments[argument] = json!(id);
            let failure = session.call(tool, arguments).failed("invalid_argument");
            let message = failure["message"].as_str().unwrap();
            assert!(message.contains(&format!("`{argument}`")) && message.contains(word), "{tool}: {message}");
        }
    }
    unharmed(session, line, &listener);
}

#[test]
fn what_json_cannot_hold_is_answered_and_named() {
    let (mut session, line, listener) = connected();
    for (argument, value, word) in [
        ("data", r#""bad \ud800""#, "lone surrogate"),
        ("data", r#""\udc00\ud800""#, "lone surrogate"),
        ("connection_id", r#""\ud83d""#, "lone surrogate"),
        ("timeout_ms", "1e999", "out of range"),
    ] {
        let mut members = vec![(r#""connection_id""#, r#""c""#), (r#""data""#, r#""bad""#)];
        let name = format!("\"{argument}\"");
        members.retain(|(known, _)| *known != name);
        members.push((&name, value));
        let members: Vec<String> = members.into_iter().map(|(name, value)| format!("{name}:{value}")).collect();
        let arguments = members.join(",");
        session.send_line(&format!(
            r#"{{"jsonrpc":"2.0","id":"odd","method":"tools/call","params":{{"name":"tcp_send","arguments":{{{arguments}}}}}}}"#
        ));
        let answer = session.answer_to(&json!("odd"));
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        let text = answer["result"]["content"][0]["text"].as_str().unwrap();
        assert!(text.contains(&format!("`{argument}`")) && text.contains(word), "{text}");
    }
    unharmed(session, line, &listener);
}

#[test]
fn sixteen_mebibytes_are_sent_and_more_is_refused() {
    const MOST: usize = 16 << 20;
    let listener = Listener::new();
    let mut session = Session::local();
    session.connect(listener.port(), "c");
    let mut line = listener.accept();
    // Nothing is said while 80 MiB are refused.
    line.0.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let heard = std::thread::spawn(move || line.hear_all());

    // A line of the protocol is longer than its data: the limit on data is reached by the
    // shortest way to write it.
    let answer = session.call("tcp_send", json!({ "connection_id": "c", "data": "x".repeat(MOST) }));
    assert_eq!(answer.ok()["bytes_sent"], MOST);
    let failure = session
        .call("tcp_send", json!({ "connection_id": "c", "data": "y".repeat(MOST + 1) }))
        .failed("invalid_argument");
    assert!(
        failure["message"].as_str().unwrap().contains("`data` has 16777217 bytes")
            || failure["message"].as_str().unwrap().contains("`data`: has 16777217 bytes"),
        "{failure}"
    );
    let failure = session
        .call("tcp_send", json!({ "connection_id": "c", "data": "y".repeat(MOST), "terminator": "0a" }))
        .failed("invalid_argument");
    assert_eq!(failure["argument"], "data", "{failure}");

    // Far beyond: whatever refuses it answers by the request's id, and reads on.
    for length in [25 << 20, 40 << 20] {
        let id = session.post_call("tcp_send", json!({ "connection_id": "c", "data": "z".repeat(length) }));
        let answer = session.answer_to(&json!(id));
        let refused = answer["result"]["isError"] == true || answer["error"]["code"].is_i64();
        assert!(refused, "{answer}");
        assert!(answer.to_string().len() < 2000, "the answer repeats what was sent");
    }
    session.call("tcp_send", json!({ "connection_id": "c", "data": "end", "end": true })).ok();
    let heard = heard.join().unwrap();
    assert_eq!(heard.len(), MOST + 3);
    assert!(heard[..MOST].iter().all(|&byte| byte == b'x') && heard.ends_with(b"end"));
}

#[test]
fn refusals_do_not_repeat_what_may_be_secret() {
    let (mut session, line, listener) = connected();
    for (tool, arguments) in [
        ("tcp_send", json!({ "connection_id": "c", "data": ["hunter2"] })),
        ("tcp_send", json!({ "connection_id": "c", "data": "hunter2", "encoding": "hunter2" })),
        ("tcp_set_trigger", json!({ "connection_id": "c", "trigger_id": "t", "pattern": "(", "response": "hunter2" })),
    ] {
        let answer = session.call(tool, arguments);
        assert!(answer.is_error && !answer.text.contains("hunter2"), "{}", answer.text);
    }
    unharmed(session, line, &listener);
}
