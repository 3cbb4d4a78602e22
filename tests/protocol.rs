//! MCP as clients speak it, in both generations, and as no client should: what is malformed is
//! answered by its id with the spec's code, and the server goes on. What the tools themselves
//! answer is in `tools/`.

use serde_json::{Value, json};

use crate::support::{ALL, LOCAL, Session, guest, shipped};

/// `_meta` of a 2026-07-28 request.
fn meta(version: &str) -> Value {
    json!({ "io.modelcontextprotocol/protocolVersion": version, "io.modelcontextprotocol/clientCapabilities": {} })
}

fn modern() -> Value {
    meta("2026-07-28")
}

#[track_caller]
fn error(answer: &Value, code: i64) -> String {
    assert_eq!(answer["error"]["code"], code, "{answer}");
    answer["error"]["message"].as_str().unwrap().to_owned()
}

#[test]
fn every_older_version_is_spoken_and_an_unknown_one_gets_the_newest_of_them() {
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let mut session = Session::bare(&LOCAL);
        let result = session.initialize(version);
        assert_eq!(result["protocolVersion"], version);
        assert_eq!(result["serverInfo"]["name"], "cofferdam");
        assert_eq!(result["capabilities"]["tools"]["listChanged"], true);
        assert!(result["instructions"].as_str().unwrap().contains("tcp_wait"), "{result}");
        assert_eq!(session.call("tcp_list_connections", json!({})).ok()["total_connections"], 0);
    }
    let mut session = Session::bare(&LOCAL);
    assert_eq!(session.initialize("1999-01-01")["protocolVersion"], "2025-11-25");
}

#[test]
fn every_tool_has_schemas_and_all_four_annotations() {
    let mut session = Session::serve(&ALL);
    let listed = session.request("tools/list", json!({}));
    let tools = listed["result"]["tools"].as_array().unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(names, sorted);
    assert_eq!(tools.len(), shipped::tools().len());
    for tool in tools {
        for schema in ["inputSchema", "outputSchema"] {
            assert_eq!(tool[schema]["type"], "object", "{tool}");
            assert!(tool[schema]["properties"].is_object(), "{tool}");
        }
        assert!(tool["inputSchema"].get("additionalProperties").is_none(), "{tool}");
        for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
            assert!(tool["annotations"][hint].is_boolean(), "{hint} of {tool}");
        }
        // The hints follow the grants: what dials may reach a peer here.
        let dials = shipped::tools_of("tcp").contains(tool["name"].as_str().unwrap());
        assert!(!dials || tool["annotations"]["openWorldHint"] == true, "it may reach a peer: {tool}");
        assert!(tool["description"].as_str().unwrap().len() > 20, "{tool}");
    }
    let claimed = |hint: &str| -> Vec<&str> {
        let has = |tool: &&Value| tool["annotations"][hint] == true;
        tools.iter().filter(has).map(|tool| tool["name"].as_str().unwrap()).collect()
    };
    let reading = [
        "cat_tool",
        "dig_tool",
        "grep_tool",
        "handlers_list",
        "head_tool",
        "ls_tool",
        "nslookup_tool",
        "ping_tool",
        "stat_tool",
        "tail_tool",
        "tcp_buffer_info",
        "tcp_connection_info",
        "tcp_list_connections",
        "tcp_messages",
        "tcp_read_buffer",
        "tcp_wait",
        "traceroute_tool",
    ];
    assert_eq!(claimed("readOnlyHint"), reading);
    assert!(claimed("destructiveHint").iter().all(|name| !reading.contains(name)) && tools.len() > reading.len());
}

#[test]
fn what_clients_get_of_schemas_is_what_each_of_them_takes() {
    let mut session = Session::serve(&ALL);
    let listed = session.request("tools/list", json!({}));
    fn walk(at: &str, value: &Value, is_name: bool) {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    assert!(is_name || key != "additionalProperties" || !value.is_boolean(), "{at}: {key}");
                    walk(&format!("{at}.{key}"), value, !is_name && key == "properties");
                }
            }
            Value::Array(values) => values.iter().for_each(|value| walk(at, value, false)),
            _ => {}
        }
    }
    for tool in listed["result"]["tools"].as_array().unwrap() {
        let name = tool["name"].as_str().unwrap();
        walk(name, &tool["inputSchema"], false);
        walk(name, &tool["outputSchema"], false);
        // A client that checks a failure against the output schema finds nothing wrong with it.
        assert!(tool["outputSchema"].get("required").is_none(), "{name}");
        for member in ["error", "message"] {
            let kind = &tool["outputSchema"]["properties"][member]["type"];
            assert!(kind.is_null() || kind == "string", "`{member}` of {name} is {kind}");
        }
        let pages = ["cat", "head", "tail", "grep", "ls", "telnet"].iter().any(|tool| name == format!("{tool}_tool"))
            || ["tcp_wait", "tcp_read_buffer", "tcp_messages"].contains(&name);
        let meta = tool["_meta"]["anthropic/maxResultSizeChars"].as_u64();
        assert_eq!(meta.is_some(), pages, "{name}");
    }
}

#[test]
fn arguments_as_strict_clients_and_guessing_models_send_them() {
    let folder = crate::support::Folder::new("strict");
    let file = folder.write("read/file", "a line\n");
    let mut session = Session::serve(&[&LOCAL[..], &["--allow-read", &folder.path("read")]].concat());
    let all = json!({ "file_path": file, "cursor": "", "offset": null, "limit": null, "decompress": false });
    let page = session.call("cat_tool", all);
    assert!(!page.is_error && page.text.contains("a line"), "{}", page.text);
    let peer = crate::support::Peer::hears().0;
    let strict = json!({ "host": "127.0.0.1", "port": peer.port(), "connection_id": "", "connect_timeout_ms": null });
    let id = session.call("tcp_connect", strict).ok()["connection_id"].as_str().unwrap().to_owned();
    assert!(!id.is_empty(), "no id is none");
    for (arguments, message) in [
        (
            json!({ "connection_id": id, "until": "close", "timeout": 5 }),
            "there is no argument `timeout`: did you mean `timeout_ms`?",
        ),
        (
            json!({ "connectionId": id, "until": "close" }),
            "there is no argument `connectionId`: did you mean `connection_id`?",
        ),
    ] {
        let failure = session.call("tcp_wait", arguments).failed("invalid_argument");
        assert_eq!(failure["message"], message);
    }
    let steps = json!([{ "send": "" }, { "expct": "x" }]);
    let failure = session
        .call("telnet_tool", json!({ "target": "127.0.0.1", "port": 9, "steps": steps }))
        .failed("invalid_argument");
    assert_eq!(failure["message"], "there is no argument `steps.1.expct`: did you mean `steps.1.expect`?");
}

#[test]
fn a_stateless_client_discovers_lists_and_calls_without_a_handshake() {
    let mut session = Session::bare(&LOCAL);
    let found = session.request("server/discover", json!({ "_meta": modern() }));
    assert_eq!(found["result"]["resultType"], "complete", "{found}");
    let versions = found["result"]["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&json!("2026-07-28")) && versions.contains(&json!("2025-11-25")), "{found}");
    assert_eq!(found["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "cofferdam");

    let listed = session.request("tools/list", json!({ "_meta": modern() }));
    assert_eq!(listed["result"]["tools"].as_array().map(Vec::len), Some(shipped::local_tools().len()));
    assert!(listed["result"]["ttlMs"].is_u64() && listed["result"]["cacheScope"].is_string(), "{listed}");
    assert_eq!(listed["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "cofferdam");

    let params = json!({ "name": "tcp_list_connections", "arguments": {}, "_meta": modern() });
    let called = session.request("tools/call", params);
    assert_eq!(called["result"]["resultType"], "complete");
    assert_eq!(called["result"]["structuredContent"]["total_connections"], 0);
    assert_eq!(called["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "cofferdam");
}

#[test]
fn a_stateless_request_of_an_unknown_version_gets_the_specs_error() {
    let mut session = Session::bare(&LOCAL);
    for method in ["server/discover", "tools/list"] {
        let answer = session.request(method, json!({ "_meta": meta("2099-01-01") }));
        error(&answer, -32022);
        assert_eq!(answer["error"]["data"]["requested"], "2099-01-01");
        assert!(answer["error"]["data"]["supported"].as_array().unwrap().contains(&json!("2026-07-28")), "{answer}");
    }
    let without = session.request("tools/list", json!({}));
    assert!(error(&without, -32602).contains("initialize"), "{without}");
}

#[test]
fn a_stateless_client_hears_of_changed_tools_where_it_listens() {
    let cache = crate::support::scratch("listen");
    let component = guest("spin");
    let mut command = crate::support::cofferdam(&["serve", "--plugin", &component, LOCAL[0], LOCAL[1]]);
    command.env("XDG_CACHE_HOME", &cache);
    let mut session = Session::spawn(command);
    let wanted = json!({ "_meta": modern(), "notifications": { "toolsListChanged": true } });
    session.post("subscriptions/listen", wanted);
    session.wait_for("the acknowledgement", |message| {
        message["method"].as_str().is_some_and(|method| method.contains("acknowledged"))
    });
    session.wait_for("the change", |message| message["method"] == "notifications/tools/list_changed");
}

#[test]
fn both_generations_are_spoken_in_one_process_in_any_order() {
    let discover = |session: &mut Session| {
        let found = session.request("server/discover", json!({ "_meta": modern() }));
        assert_eq!(found["result"]["resultType"], "complete", "{found}");
    };
    let stateless = |session: &mut Session| {
        let params = json!({ "name": "tcp_list_connections", "arguments": {}, "_meta": modern() });
        let called = session.request("tools/call", params);
        assert_eq!(called["result"]["resultType"], "complete", "{called}");
    };
    let stateful = |session: &mut Session| {
        for version in ["2025-11-25", "2024-11-05"] {
            assert_eq!(session.initialize(version)["protocolVersion"], version);
            let called = session.request("tools/call", json!({ "name": "tcp_list_connections", "arguments": {} }));
            assert_eq!(called["result"]["structuredContent"]["total_connections"], 0, "{called}");
            assert!(called["result"].get("resultType").is_none(), "{called}");
            assert_eq!(session.request("ping", json!({}))["result"], json!({}));
        }
    };
    // As a bridge does that starts one process for all of its clients.
    let steps: [&dyn Fn(&mut Session); 3] = [&discover, &stateless, &stateful];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut session = Session::bare(&LOCAL);
        order.into_iter().for_each(|step| steps[step](&mut session));
        stateful(&mut session);
    }
    let mut session = Session::bare(&LOCAL);
    stateless(&mut session);
    let without = session.request("tools/list", json!({}));
    assert!(error(&without, -32602).contains("send `initialize` first"), "{without}");
}

#[test]
fn an_id_that_is_used_again_after_a_cancel_gets_its_own_answer() {
    let peer = crate::support::Peer::hears().0;
    let mut session = Session::serve(&LOCAL);
    session.call("tcp_connect", json!({ "host": "127.0.0.1", "port": peer.port(), "connection_id": "c" })).ok();
    let request = |name: &str, arguments: Value| json!({ "jsonrpc": "2.0", "id": "same", "method": "tools/call", "params": { "name": name, "arguments": arguments } });
    for _ in 0..50 {
        session.send(&request("tcp_wait", json!({ "connection_id": "c", "until": "close", "timeout_ms": 9000 })));
        session.send(&json!({
            "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": "same" },
        }));
        session.send(&request("tcp_list_connections", json!({})));
        let answer = session.answer_to(&json!("same"));
        assert_eq!(answer["result"]["structuredContent"]["total_connections"], 1, "{answer}");
    }
    assert_eq!(session.request("ping", json!({}))["result"], json!({}));
    assert_eq!(session.count(|message| message["id"] == "same"), 0, "an answer too many");
}

#[test]
fn requests_that_end_with_the_input_are_answered_and_in_order_of_the_handshake() {
    // `printf … | cofferdam serve`: all of it is there at once.
    let mut session = Session::bare(&LOCAL);
    let client = json!({ "name": "printf", "version": "0" });
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client });
    let hello = session.post("initialize", params);
    session.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
    let list = session.post("tools/list", json!({}));
    let call = session.post_call("tcp_list_connections", json!({}));
    let rest = session.rest();
    assert_eq!(rest[0]["id"], hello, "nothing is answered before the handshake");
    for id in [list, call] {
        assert!(rest.iter().any(|message| message["id"] == id && message.get("result").is_some()), "{id} in {rest:?}");
    }
    assert!(session.wait().0.success());
}

#[test]
fn nothing_is_written_after_the_end_of_the_input_for_a_call_that_was_pending_before_it() {
    let peer = crate::support::Peer::hears().0;
    let mut session = Session::serve(&LOCAL);
    session.call("tcp_connect", json!({ "host": "127.0.0.1", "port": peer.port(), "connection_id": "c" })).ok();
    let arguments = json!({ "connection_id": "c", "until": "close", "timeout_ms": 9000 });
    let params = json!({ "name": "tcp_wait", "arguments": arguments, "_meta": { "progressToken": "t" } });
    session.post("tools/call", params);
    // Its first report comes after a second, in which the input is silent.
    session.wait_for("progress", |message| message["method"] == "notifications/progress");
    let rest = session.rest();
    assert!(rest.iter().all(|message| message["method"] == "notifications/progress"), "{rest:?}");
    assert!(session.wait().0.success());
}

#[test]
fn an_unknown_tool_is_a_protocol_error_and_bad_arguments_are_an_answer() {
    let mut session = Session::serve(&LOCAL);
    let unknown = session.request("tools/call", json!({ "name": "tcp_conect", "arguments": {} }));
    assert!(error(&unknown, -32602).contains("tcp_conect"), "{unknown}");
    session.call("tcp_connect", json!({})).failed("invalid_argument");
}

#[test]
fn malformed_params_of_a_known_method_are_invalid_params() {
    let mut session = Session::serve(&LOCAL);
    let cases = [
        ("tools/call", json!({ "arguments": {} })),
        ("tools/call", json!({ "name": 5 })),
        ("tools/call", json!([])),
        ("tools/call", json!({ "name": "tcp_connect", "arguments": [] })),
        ("tools/call", json!({ "name": "tcp_connect", "_meta": "text" })),
        ("tools/list", json!({ "cursor": 5 })),
        ("tools/list", json!({ "cursor": "nowhere" })),
        ("logging/setLevel", json!({ "level": "loud" })),
    ];
    for (method, params) in cases {
        let answer = session.request(method, params.clone());
        assert!(!error(&answer, -32602).is_empty(), "{method} {params}");
    }
    for method in ["no/such", "resources/list", "prompts/get", "completion/complete"] {
        let answer = session.request(method, json!({}));
        assert!(error(&answer, -32601).contains(method), "{answer}");
    }
    assert_eq!(session.request("ping", json!({}))["result"], json!({}));
}

#[test]
fn lines_that_do_not_parse_are_answered_by_id_where_there_is_one() {
    let mut session = Session::serve(&LOCAL);
    let cases: [(&str, Value, i64); 8] = [
        ("hello", Value::Null, -32700),
        (r#"{"jsonrpc":"2.0","id":71,"method":"tools/list","params":{"#, json!(71), -32700),
        (r#"{"jsonrpc":"2.0","method":"tools/list","params":{"a":},"id":72}"#, json!(72), -32700),
        ("5", Value::Null, -32600),
        (r#"{"jsonrpc":"2.0","id":73}"#, json!(73), -32600),
        (r#"{"jsonrpc":"1.0","id":74,"method":"ping"}"#, json!(74), -32600),
        (r#"{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}"#, Value::Null, -32600),
        (r#"{"jsonrpc":"2.0","id":75,"method":"\ud800"}"#, json!(75), -32601),
    ];
    for (line, id, code) in cases {
        session.send_line(line);
        let answer = session.wait_for(&format!("an answer to {line}"), |message| message.get("error").is_some());
        assert_eq!(answer["id"], id, "{line}: {answer}");
        if code != -32601 {
            assert_eq!(answer["error"]["code"], code, "{line}: {answer}");
        }
    }
    assert_eq!(session.call("tcp_list_connections", json!({})).ok()["total_connections"], 0);
}

#[test]
fn a_lone_surrogate_is_answered_and_the_argument_is_named() {
    let mut session = Session::serve(&LOCAL);
    session.send_line(
        r#"{"jsonrpc":"2.0","id":81,"method":"tools/call","params":{"name":"tcp_send","arguments":{"connection_id":"c","data":"a\ud800b"}}}"#,
    );
    let failure = session.called(81).failed("invalid_argument");
    assert!(failure["message"].as_str().unwrap().contains("`data`"), "{failure}");
}

#[test]
fn a_line_over_the_limit_is_answered_and_the_next_is_read() {
    let mut session = Session::serve(&LOCAL);
    let data = "x".repeat(40 << 20);
    session.send_line(&format!(
        r#"{{"jsonrpc":"2.0","id":91,"method":"tools/call","params":{{"name":"tcp_send","arguments":{{"connection_id":"c","data":"{data}"}}}}}}"#
    ));
    let answer = session.answer_to(&json!(91));
    assert!(answer["error"]["message"].as_str().unwrap().contains("33554432"), "{answer}");
    assert_eq!(session.request("ping", json!({}))["result"], json!({}));
}

#[test]
fn progress_is_reported_to_who_asks_before_the_answer() {
    let peer = crate::support::Peer::hears().0;
    let mut session = Session::serve(&LOCAL);
    session.call("tcp_connect", json!({ "host": "127.0.0.1", "port": peer.port(), "connection_id": "c" })).ok();
    let arguments = json!({ "connection_id": "c", "until": "close", "timeout_ms": 2500 });
    let params = json!({ "name": "tcp_wait", "arguments": arguments, "_meta": { "progressToken": "mine" } });
    let id = session.post("tools/call", params);
    let first = session.wait_for("progress", |message| message["method"] == "notifications/progress");
    assert_eq!(first["params"]["progressToken"], "mine");
    assert!(first["params"]["progress"].as_f64().unwrap() > 0.5, "{first}");
    assert_eq!(session.called(id).ok()["ended"], "timeout");
}

#[test]
fn calls_run_at_the_same_time_and_answers_come_as_they_are_ready() {
    let peer = crate::support::Peer::hears().0;
    let mut session = Session::serve(&LOCAL);
    session.call("tcp_connect", json!({ "host": "127.0.0.1", "port": peer.port(), "connection_id": "c" })).ok();
    let wait = json!({ "connection_id": "c", "until": "close", "timeout_ms": 1000 });
    let waits: Vec<u64> = (0..50).map(|_| session.post_call("tcp_wait", wait.clone())).collect();
    assert_eq!(session.call("tcp_list_connections", json!({})).ok()["total_connections"], 1);
    assert!(waits.iter().all(|id| session.is_pending(*id)), "an answer waits for none that is not ready");
    for id in waits {
        assert_eq!(session.called(id).ok()["ended"], "timeout");
    }
    // All had begun before one of them ended.
    let events = session.events();
    let of_waits = |kind: &'static str| {
        events.iter().enumerate().filter(move |(_, event)| event["event"] == kind && event["tool"] == "tcp_wait")
    };
    let (last, first) = (of_waits("call_started").next_back().unwrap().0, of_waits("call_ended").next().unwrap().0);
    assert!(last < first && of_waits("call_started").count() == 50, "{events:?}");
}
