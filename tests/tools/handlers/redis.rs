//! The `redis` handler against redis-server and fakeredis.

use cofferdam_xtask::peers;
use serde_json::{Value, json};

use super::{connect, has, request, send, until, values};
use crate::support::{Server, Session};

#[test]
fn redis_answers_requests_and_pushes_between_them() {
    let server = Server::redis();
    let mut session = Session::local();
    connect(&mut session, server.port, "redis", json!({ "protocol": 3, "client_name": "cofferdam" }));
    has(&until(&mut session, "c", &json!({ "type": "map" }))["message"]["value"], json!({ "proto": 3 }));
    let answer = |session: &mut Session, command: Value| {
        let told = request(session, json!({ "command": command }));
        assert_eq!(told["answered"], true, "{told}");
        values(&told).remove(0)
    };
    assert_eq!(
        answer(&mut session, json!(["SET", "key", "a\r\nb", "EX", 60])),
        json!({ "type": "status", "value": "OK" })
    );
    assert_eq!(answer(&mut session, json!(["GET", "key"])), json!({ "type": "bulk", "value": "a\r\nb" }));
    has(&answer(&mut session, json!(["LPUSH", "key", "x"])), json!({ "type": "error", "code": "WRONGTYPE" }));
    assert_eq!(
        answer(&mut session, json!(["HSET", "h", "a", "1", "b", "2"])),
        json!({ "type": "integer", "value": 2 })
    );
    has(&answer(&mut session, json!(["HGETALL", "h"])), json!({ "type": "map", "value": { "a": "1", "b": "2" } }));
    // What is subscribed to comes between answers and is none.
    send(&mut session, json!({ "command": ["SUBSCRIBE", "news"] }));
    until(&mut session, "c", &json!({ "type": "push", "kind": "subscribe" }));
    assert_eq!(answer(&mut session, json!(["PUBLISH", "news", "hi"])), json!({ "type": "integer", "value": 1 }));
    until(&mut session, "c", &json!({ "type": "push", "kind": "message", "channel": "news", "message": "hi" }));
    // A subscriber of RESP3 is answered like anybody, and may ask for anything.
    assert_eq!(answer(&mut session, json!(["PING"])), json!({ "type": "status", "value": "PONG" }));
    for (kind, expected) in [
        ("attrib", json!({ "type": "bulk", "attributes": { "key-popularity": ["key:123", 90] } })),
        ("bignum", json!({ "type": "big-number", "value": "1234567999999999999999999999999999999" })),
        ("double", json!({ "type": "double", "value": 3.141 })),
        ("set", json!({ "type": "set", "value": [0, 1, 2] })),
        ("map", json!({ "type": "map", "value": { "map": [[0, false], [1, true], [2, false]] } })),
        ("true", json!({ "type": "bool", "value": true })),
        ("null", json!({ "type": "null", "value": null })),
        ("verbatim", json!({ "type": "verbatim", "format": "txt", "text": "This is a verbatim\nstring" })),
    ] {
        has(&answer(&mut session, json!(["DEBUG", "PROTOCOL", kind])), expected);
    }
}

#[test]
fn a_subscriber_of_resp2_has_arrays_for_answers() {
    let server = Server::redis();
    let mut session = Session::local();
    connect(&mut session, server.port, "redis", json!({}));
    has(&values(&request(&mut session, json!({ "command": ["SUBSCRIBE", "a"] })))[0], json!({ "kind": "subscribe" }));
    let pong = request(&mut session, json!({ "command": ["PING"] }));
    assert_eq!(values(&pong), [json!({ "type": "array", "value": ["pong", ""] })], "{pong}");
    let refused = request(&mut session, json!({ "command": ["GET", "key"] }));
    has(&values(&refused)[0], json!({ "type": "error", "code": "ERR" }));
    has(&values(&request(&mut session, json!({ "command": ["UNSUBSCRIBE"] })))[0], json!({ "kind": "unsubscribe" }));
    let pong = request(&mut session, json!({ "command": ["PING"] }));
    assert_eq!(values(&pong), [json!({ "type": "status", "value": "PONG" })], "{pong}");
}

#[test]
fn many_requests_at_once_to_redis_each_get_their_own() {
    let server = Server::redis();
    let mut session = Session::local();
    connect(&mut session, server.port, "redis", json!({}));
    let asked: Vec<(u64, usize)> = (0..50)
        .map(|n| {
            let message = json!({ "command": ["ECHO", format!("number {n}")] });
            (
                session.post_call(
                    "tcp_request",
                    json!({ "connection_id": "c", "message": message, "timeout_ms": 20_000 }),
                ),
                n,
            )
        })
        .collect();
    for (id, n) in asked {
        let told = session.called(id).ok();
        assert_eq!(values(&told), [json!({ "type": "bulk", "value": format!("number {n}") })], "{told}");
    }
}

#[test]
fn fakeredis_takes_hello_3_and_then_speaks_shapes_of_resp2() {
    let server = Server::python(peers::PYTHON_SERVERS[5], "redis_server.py", &[]);
    let mut session = Session::local();
    connect(&mut session, server.port, "redis", json!({ "protocol": 3 }));
    let hello = until(&mut session, "c", &json!({ "type": "map" }));
    assert_eq!(hello["message"]["value"]["proto"], 3, "{hello}");
    let mut answers = |command: Value| {
        let told = request(&mut session, json!({ "command": command }));
        assert_eq!(told["answered"], true, "{told}");
        values(&told)
    };
    answers(json!(["SADD", "set", "a"]));
    answers(json!(["SET", "key", "v"]));
    // The set comes as an array, and the code of every error behind ERR: what counts is the shape
    // that came.
    assert_eq!(answers(json!(["SMEMBERS", "set"])), [json!({ "type": "array", "value": ["a"] })]);
    let wrong = answers(json!(["LPUSH", "key", "x"])).remove(0);
    assert_eq!((&wrong["type"], &wrong["code"]), (&json!("error"), &json!("ERR")), "{wrong}");
    assert!(wrong.to_string().contains("WRONGTYPE"), "{wrong}");
    // A subscription and what it brings are arrays too, and are not taken for answers to what comes
    // behind them.
    has(&answers(json!(["SUBSCRIBE", "news", "more"]))[0], json!({ "kind": "subscribe", "channel": "news" }));
    let pong = answers(json!(["PING"])).remove(0);
    assert!(pong.to_string().to_lowercase().contains("pong"), "{pong}");
    has(&answers(json!(["UNSUBSCRIBE"]))[0], json!({ "kind": "unsubscribe" }));
    assert_eq!(answers(json!(["GET", "key"]))[0]["value"], "v");
    // It takes a protocol that nobody knows.
    let hello = answers(json!(["HELLO", 9])).remove(0);
    assert!(hello["type"] == "array" && hello["value"].as_array().unwrap().contains(&json!(9)), "{hello}");
}
