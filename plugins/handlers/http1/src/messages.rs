//! The schemas of messages in both directions, and examples.

use handler_kit::{Example, Schemas, bytes_schema, json, malformed_schema, shown_schema};

/// The schemas of both directions.
pub(crate) fn schemas() -> Schemas {
    let fields = json!({
        "type": "object",
        "description": "by name in small letters; one that comes several times has a list",
        "additionalProperties": {},
    });
    let incoming = json!({
        "description": "One response, a part of a long body, bytes of another protocol, or bytes that are none.",
        "oneOf": [
            {
                "type": "object",
                "properties": {
                    "type": { "const": "response" },
                    "status": { "type": "integer" },
                    "reason": { "type": "string" },
                    "version": { "const": "1.0", "description": "where it is not 1.1" },
                    "headers": fields,
                    "body": shown_schema("the body as it came; none where a response has none"),
                    "trailers": fields,
                    "interim": { "type": "boolean", "description": "the answer is still to come (1xx)" },
                    "more": { "type": "boolean", "description": "the body follows in messages of its own" },
                    "incomplete": { "type": "boolean", "description": "the body is cut off" },
                    "upgraded": { "type": "boolean", "description": "another protocol is spoken from here on" },
                },
                "required": ["type", "status", "reason", "headers"],
                "additionalProperties": false,
            },
            {
                "type": "object",
                "properties": {
                    "type": { "const": "body" },
                    "data": shown_schema("a part of a body"),
                    "last": { "type": "boolean" },
                    "trailers": fields,
                    "incomplete": { "type": "boolean", "description": "the body is cut off" },
                },
                "required": ["type", "data", "last"],
                "additionalProperties": false,
            },
            {
                "type": "object",
                "properties": { "type": { "const": "raw" }, "data": shown_schema("bytes of the other protocol") },
                "required": ["type", "data"],
                "additionalProperties": false,
            },
            malformed_schema(),
        ],
    });
    let value = json!({ "anyOf": [bytes_schema("a header's value"), { "type": "number" }] });
    let outgoing = json!({
        "description": "One request, or bytes of the other protocol after an upgrade.",
        "oneOf": [
            {
                "type": "object",
                "properties": {
                    "method": { "type": "string", "description": "GET if not given" },
                    "target": { "type": "string", "description": "a path such as /a?b=c" },
                    "headers": {
                        "type": "object",
                        "description": "`host` and `content-length` are set by themselves",
                        "additionalProperties": { "anyOf": [value.clone(), { "type": "array", "items": value }] },
                    },
                    "body": bytes_schema("the body"),
                    "json": { "description": "a body as JSON, instead of `body`" },
                    "version": { "enum": ["1.1", "1.0"] },
                },
                "required": ["target"],
                "additionalProperties": false,
            },
            {
                "type": "object",
                "properties": { "raw": bytes_schema("bytes for the other protocol") },
                "required": ["raw"],
                "additionalProperties": false,
            },
        ],
    });
    Schemas { incoming, outgoing }
}

/// Worked examples.
pub(crate) fn examples() -> Vec<Example> {
    vec![
        Example {
            title: "Two requests at once and their answers, one of them in chunks",
            config: json!({ "host": "web.example" }),
            outgoing: vec![
                (json!({ "method": "HEAD", "target": "/" }), b"HEAD / HTTP/1.1\r\nHost: web.example\r\n\r\n".to_vec()),
                (
                    json!({ "method": "POST", "target": "/items", "json": { "name": "a" } }),
                    b"POST /items HTTP/1.1\r\nHost: web.example\r\nContent-Type: application/json\r\n\
                      Content-Length: 12\r\n\r\n{\"name\":\"a\"}"
                        .to_vec(),
                ),
            ],
            incoming: (
                b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n\
                  HTTP/1.1 201 Created\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nTransfer-Encoding: chunked\r\n\r\n\
                  5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nSum: 7\r\n\r\n"
                    .to_vec(),
                vec![
                    json!({
                        "type": "response", "status": 200, "reason": "OK", "headers": { "content-length": "300" },
                    }),
                    json!({
                        "type": "response", "status": 201, "reason": "Created",
                        "headers": { "set-cookie": ["a=1", "b=2"], "transfer-encoding": "chunked" },
                        "body": "hello world", "trailers": { "sum": "7" },
                    }),
                ],
            ),
        },
        Example {
            title: "A body that is longer than configured follows its head",
            config: json!({ "longest_body": 3 }),
            outgoing: vec![(
                json!({ "target": "/long", "headers": { "host": "web.example" } }),
                b"GET /long HTTP/1.1\r\nhost: web.example\r\n\r\n".to_vec(),
            )],
            incoming: (
                b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_vec(),
                vec![
                    json!({
                        "type": "response", "status": 200, "reason": "OK", "headers": { "content-length": "5" },
                        "more": true,
                    }),
                    json!({ "type": "body", "data": "hello", "last": true }),
                ],
            ),
        },
    ]
}
