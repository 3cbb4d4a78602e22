//! The schemas of messages in both directions, and examples.

use handler_kit::{Example, Schemas, bytes_schema, json, malformed_schema, shown_schema};

/// The schemas of both directions.
pub(crate) fn schemas() -> Schemas {
    let incoming = json!({
        "description": "One reply of the server, or bytes that are none.",
        "oneOf": [
            {
                "type": "object",
                "properties": {
                    "code": { "type": "integer", "description": "2xx done, 3xx go on, 4xx not now, 5xx no" },
                    "enhanced": { "type": "string", "description": "such as 5.7.1 (RFC 3463)" },
                    "lines": { "type": "array", "items": shown_schema("one line without its code") },
                    "to": { "type": "string", "description": "the command that it answers, `data` or `auth`" },
                    "challenge": shown_schema("what the server asks in AUTH, without base64"),
                    "extensions": {
                        "type": "object",
                        "description": "what the server can do, as it answers EHLO",
                        "additionalProperties": { "type": "string" },
                    },
                },
                "required": ["code", "lines"],
                "additionalProperties": false,
            },
            malformed_schema(),
        ],
    });
    let one = |name: &str, schema: handler_kit::Value| json!({ "type": "object", "properties": { name: schema }, "required": [name], "additionalProperties": false });
    let outgoing = json!({
        "description": "One command, one mail, or one answer to a challenge.",
        "oneOf": [
            one("command", json!({ "type": "string", "description": "a line such as RCPT TO:<ann@mail.example>" })),
            one("data", bytes_schema("a mail with its header, after 354; lines may end with LF, and dots are doubled")),
            {
                "type": "object",
                "properties": {
                    "bdat": bytes_schema("a part of a mail as it is, for servers with CHUNKING"),
                    "last": { "type": "boolean", "description": "whether it is the last part; true if not given" },
                },
                "required": ["bdat"],
                "additionalProperties": false,
            },
            one("auth", bytes_schema("the answer to a challenge of AUTH, without base64; `*` gives up")),
        ],
    });
    Schemas { incoming, outgoing }
}

/// Worked examples.
pub(crate) fn examples() -> Vec<Example> {
    vec![
        Example {
            title: "A server greets and says what it can do",
            config: json!({ "ehlo": "client.example" }),
            outgoing: vec![
                (json!({ "command": "MAIL FROM:<ann@mail.example>" }), b"MAIL FROM:<ann@mail.example>\r\n".to_vec()),
                (json!({ "command": "AUTH LOGIN" }), b"AUTH LOGIN\r\n".to_vec()),
                (json!({ "auth": "ann" }), b"YW5u\r\n".to_vec()),
                (json!({ "bdat": ".\n" }), b"BDAT 2 LAST\r\n.\n".to_vec()),
            ],
            incoming: (
                b"220 mail.example ESMTP\r\n".to_vec(),
                vec![json!({ "code": 220, "lines": ["mail.example ESMTP"] })],
            ),
        },
        Example {
            title: "A refusal in two lines, and a server that is none",
            config: json!({}),
            outgoing: vec![(json!({ "command": "NOOP" }), b"NOOP\r\n".to_vec())],
            incoming: (
                b"554-5.7.1 No service\r\n554 5.7.1 for you\r\nSSH-2.0-OpenSSH_10.0\r\n".to_vec(),
                vec![
                    json!({ "code": 554, "enhanced": "5.7.1", "lines": ["5.7.1 No service", "5.7.1 for you"] }),
                    json!({ "malformed": "no line of a reply; it looks like SSH", "at": 41 }),
                ],
            ),
        },
    ]
}
