//! Messages of the server as JSON, the schemas of both directions, and examples.

use handler_kit::{Example, Map, Schemas, Value, bytes_schema, json, malformed_schema};

use crate::value::{Item, Kind};

/// A message of the server. A push is told by its kind, whichever shape it has come in.
pub(crate) fn incoming(item: Item, push: bool) -> Value {
    let kind = if push { Kind::Push } else { item.kind };
    let mut message = Map::new();
    message.insert("type".into(), kind.name().into());
    match (kind, item.value) {
        (Kind::Push, Value::Array(items)) => pushed(items, &mut message),
        (Kind::Error | Kind::Verbatim, Value::Object(members)) => message.extend(members),
        (_, value) => drop(message.insert("value".into(), value)),
    }
    if let Some(attributes) = item.attributes {
        message.insert("attributes".into(), attributes);
    }
    Value::Object(message)
}

/// A push: its kind, and what it says by name where that is known.
fn pushed(mut items: Vec<Value>, message: &mut Map<String, Value>) {
    if !items.first().is_some_and(Value::is_string) {
        message.insert("value".into(), items.into());
        return;
    }
    let kind = items.remove(0);
    let names: &[&str] = match (kind.as_str().unwrap_or_default(), items.len()) {
        ("message" | "smessage", 2) => &["channel", "message"],
        ("pmessage", 3) => &["pattern", "channel", "message"],
        ("subscribe" | "unsubscribe" | "ssubscribe" | "sunsubscribe", 2) => &["channel", "count"],
        ("psubscribe" | "punsubscribe", 2) => &["pattern", "count"],
        ("invalidate", 1) => &["keys"],
        _ => &[],
    };
    message.insert("kind".into(), kind);
    if names.is_empty() {
        message.insert("value".into(), items.into());
    } else {
        message.extend(names.iter().map(|name| (*name).to_owned()).zip(items));
    }
}

/// The schemas of both directions.
pub(crate) fn schemas() -> Schemas {
    let incoming = json!({
        "description": "One message of the server, or bytes that are none. Inside values, text is a string, bytes are \
            {\"base64\": …}, integers beyond 2^53 are strings, a set is {\"set\": […]}, an error {\"error\": {…}}, a map \
            whose keys are no strings {\"map\": [[key, value], …]}.",
        "oneOf": [
            {
                "type": "object",
                "properties": {
                    "type": { "enum": [
                        "status", "integer", "bulk", "null", "bool", "double", "big-number", "array", "set", "map",
                    ] },
                    "value": {},
                    "attributes": { "description": "what RESP3 says beside the value" },
                },
                "required": ["type", "value"],
                "additionalProperties": false,
            },
            {
                "type": "object",
                "properties": {
                    "type": { "const": "error" },
                    "code": { "description": "such as ERR, WRONGTYPE, MOVED, NOAUTH" },
                    "message": {},
                    "attributes": {},
                },
                "required": ["type", "message"],
                "additionalProperties": false,
            },
            {
                "type": "object",
                "properties": {
                    "type": { "const": "verbatim" },
                    "format": { "description": "txt or mkd" },
                    "text": {},
                    "attributes": {},
                },
                "required": ["type", "format", "text"],
                "additionalProperties": false,
            },
            {
                "type": "object",
                "description": "what comes unasked, and what confirms a subscription",
                "properties": {
                    "type": { "const": "push" },
                    "kind": { "type": "string", "description": "message, pmessage, subscribe, invalidate and others" },
                    "channel": {}, "pattern": {}, "message": {}, "count": {}, "keys": {},
                    "value": { "type": "array", "description": "the rest, for kinds that are not known" },
                    "attributes": {},
                },
                "required": ["type"],
                "additionalProperties": false,
            },
            malformed_schema(),
        ],
    });
    let outgoing = json!({
        "type": "object",
        "description": "One command for the server. Its words stand apart: nothing is quoted.",
        "properties": {
            "command": {
                "anyOf": [
                    { "type": "string", "description": "a command of one word" },
                    {
                        "type": "array",
                        "minItems": 1,
                        "items": { "anyOf": [bytes_schema("one word"), { "type": "number" }] },
                    },
                ],
            },
        },
        "required": ["command"],
        "additionalProperties": false,
    });
    Schemas { incoming, outgoing }
}

/// Worked examples.
pub(crate) fn examples() -> Vec<Example> {
    vec![
        Example {
            title: "Commands and their answers",
            config: json!({}),
            outgoing: vec![
                (json!({ "command": "PING" }), b"*1\r\n$4\r\nPING\r\n".to_vec()),
                (
                    json!({ "command": ["SET", "key", "a b\n", "EX", 60] }),
                    b"*5\r\n$3\r\nSET\r\n$3\r\nkey\r\n$4\r\na b\n\r\n$2\r\nEX\r\n$2\r\n60\r\n".to_vec(),
                ),
                (
                    json!({ "command": ["SET", "key", { "base64": "/wA=" }] }),
                    b"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$2\r\n\xff\0\r\n".to_vec(),
                ),
            ],
            incoming: (
                b"+PONG\r\n:3\r\n$-1\r\n$2\r\n\xff\0\r\n*2\r\n$1\r\na\r\n:1\r\n\
                  -WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
                    .to_vec(),
                vec![
                    json!({ "type": "status", "value": "PONG" }),
                    json!({ "type": "integer", "value": 3 }),
                    json!({ "type": "null", "value": null }),
                    json!({ "type": "bulk", "value": { "base64": "/wA=" } }),
                    json!({ "type": "array", "value": ["a", 1] }),
                    json!({
                        "type": "error", "code": "WRONGTYPE",
                        "message": "Operation against a key holding the wrong kind of value",
                    }),
                ],
            ),
        },
        Example {
            title: "A subscriber of RESP3",
            config: json!({ "protocol": 3 }),
            outgoing: vec![(
                json!({ "command": ["SUBSCRIBE", "news"] }),
                b"*2\r\n$9\r\nSUBSCRIBE\r\n$4\r\nnews\r\n".to_vec(),
            )],
            incoming: (
                b"%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n\
                  >3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n>3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n"
                    .to_vec(),
                vec![
                    json!({ "type": "map", "value": { "server": "redis", "proto": 3 } }),
                    json!({ "type": "push", "kind": "subscribe", "channel": "news", "count": 1 }),
                    json!({ "type": "push", "kind": "message", "channel": "news", "message": "hi" }),
                ],
            ),
        },
    ]
}
