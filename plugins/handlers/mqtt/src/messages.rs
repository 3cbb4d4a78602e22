//! The schemas of messages in both directions, and examples.

use handler_kit::{Example, Schemas, Value, bytes_schema, json, malformed_schema, shown_schema};

use crate::property;

/// The schemas of both directions.
pub(crate) fn schemas() -> Schemas {
    Schemas { incoming: incoming(), outgoing: outgoing() }
}

fn id() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": 65535, "description": "the packet identifier" })
}

fn incoming() -> Value {
    let result = json!({
        "type": "object",
        "properties": { "code": { "type": "integer" }, "reason": { "type": "string" } },
        "required": ["code", "reason"],
    });
    json!({
        "description": "One packet of the server, or bytes that are none.",
        "oneOf": [
            {
                "type": "object",
                "properties": {
                    "type": { "enum": [
                        "connack", "publish", "puback", "pubrec", "pubrel", "pubcomp", "suback", "unsuback", "pingresp",
                        "disconnect", "auth",
                    ] },
                    "id": id(),
                    "code": { "type": "integer", "description": "0 is success; from 128 on it is refused" },
                    "reason": { "type": "string", "description": "what the code means" },
                    "session_present": { "type": "boolean" },
                    "topic": { "type": "string" },
                    "payload": shown_schema("what was published"),
                    "qos": { "type": "integer" },
                    "retain": { "type": "boolean", "description": "the server had kept it" },
                    "dup": { "type": "boolean", "description": "the server says it may have come before" },
                    "repeated": { "type": "boolean", "description": "it has come before and was not released" },
                    "results": { "type": "array", "items": result, "description": "one for each topic" },
                    "properties": property::schema(),
                },
                "required": ["type"],
                "additionalProperties": false,
            },
            malformed_schema(),
        ],
    })
}

fn outgoing() -> Value {
    let properties = property::schema();
    let small = json!({ "type": "integer", "minimum": 0, "maximum": 2 });
    let topic = json!({ "anyOf": [
        { "type": "string", "description": "a filter such as a/+/c or a/#, with QoS 0" },
        {
            "type": "object",
            "properties": {
                "filter": { "type": "string" },
                "qos": small,
                "no_local": { "type": "boolean", "description": "of MQTT 5" },
                "retain_as_published": { "type": "boolean", "description": "of MQTT 5" },
                "retain_handling": small,
            },
            "required": ["filter"],
            "additionalProperties": false,
        },
    ] });
    let object = |members: Value, required: &[&str]| json!({ "type": "object", "properties": members, "required": required, "additionalProperties": false });
    json!({
        "description": "One packet for the server.",
        "oneOf": [
            object(json!({
                "type": { "const": "publish" },
                "topic": { "type": "string" },
                "payload": { "anyOf": [bytes_schema("what is published"), { "type": "number" }] },
                "qos": small,
                "retain": { "type": "boolean" },
                "dup": { "type": "boolean" },
                "id": id(),
                "properties": properties,
            }), &["type", "topic"]),
            object(json!({
                "type": { "const": "subscribe" },
                "topics": { "type": "array", "minItems": 1, "items": topic },
                "id": id(),
                "properties": properties,
            }), &["type", "topics"]),
            object(json!({
                "type": { "const": "unsubscribe" },
                "topics": { "type": "array", "minItems": 1, "items": { "type": "string" } },
                "id": id(),
                "properties": properties,
            }), &["type", "topics"]),
            object(json!({ "type": { "enum": ["pingreq", "connect"] } }), &["type"]),
            object(json!({
                "type": { "enum": ["disconnect", "auth"] },
                "code": { "type": "integer", "description": "of MQTT 5" },
                "properties": properties,
            }), &["type"]),
            object(json!({
                "type": { "enum": ["puback", "pubrec", "pubrel", "pubcomp"] },
                "id": id(),
                "code": { "type": "integer", "description": "of MQTT 5" },
                "properties": properties,
            }), &["type", "id"]),
        ],
    })
}

/// Worked examples.
pub(crate) fn examples() -> Vec<Example> {
    vec![
        Example {
            title: "A sensor's readings are subscribed to",
            config: json!({ "client_id": "reader" }),
            outgoing: vec![
                (
                    json!({ "type": "subscribe", "topics": [{ "filter": "lab/+/temperature", "qos": 1 }] }),
                    b"\x82\x16\0\x01\0\x11lab/+/temperature\x01".to_vec(),
                ),
                (
                    json!({ "type": "publish", "topic": "lab/fan", "payload": "on", "qos": 1 }),
                    b"\x32\x0d\0\x07lab/fan\0\x02on".to_vec(),
                ),
            ],
            incoming: (
                b"\x20\x02\0\0\x90\x03\0\x01\x01\x40\x02\0\x02\x32\x18\0\x11lab/a/temperature\0\x0721.".to_vec(),
                vec![
                    json!({ "type": "connack", "session_present": false, "code": 0, "reason": "accepted" }),
                    json!({ "type": "suback", "id": 1, "results": [{ "code": 1, "reason": "granted QoS 1" }] }),
                    json!({ "type": "puback", "id": 2 }),
                    json!({
                        "type": "publish", "topic": "lab/a/temperature", "id": 7, "payload": "21.", "qos": 1,
                        "retain": false,
                    }),
                ],
            ),
        },
        Example {
            title: "MQTT 5 with properties",
            config: json!({ "version": "5", "client_id": "asker" }),
            outgoing: vec![(
                json!({
                    "type": "publish", "topic": "ask", "payload": { "base64": "/wA=" },
                    "properties": { "response_topic": "answer" },
                }),
                b"\x30\x11\0\x03ask\x09\x08\0\x06answer\xff\0".to_vec(),
            )],
            incoming: (
                b"\x20\x09\0\0\x06\x21\0\x14\x22\0\x0a\x30\x09\0\x06answer\0\xe0\x02\x8b\0".to_vec(),
                vec![
                    json!({
                        "type": "connack", "session_present": false, "code": 0, "reason": "accepted",
                        "properties": { "receive_maximum": 20, "topic_alias_maximum": 10 },
                    }),
                    json!({ "type": "publish", "topic": "answer", "payload": "", "qos": 0, "retain": false }),
                    json!({ "type": "disconnect", "code": 139, "reason": "server shutting down" }),
                ],
            ),
        },
    ]
}
