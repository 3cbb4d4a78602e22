//! Lines as JSON messages: what they look like, in both directions, with examples.

use handler_kit::{Example, Map, Schemas, Value, bytes_schema, json, malformed_schema, shown, shown_schema};

use crate::{line::Parsed, numerics};

/// A line of the server as a message.
pub(crate) fn incoming(parsed: &Parsed<'_>) -> Value {
    let mut message = Map::new();
    message.insert("command".into(), parsed.command.clone().into());
    if let Some(name) = parsed.command.parse().ok().and_then(numerics::name) {
        message.insert("name".into(), name.into());
    }
    if let Some(source) = parsed.source {
        message.insert("source".into(), shown(source));
        // A source with a user or a host is a client's.
        if let Some(end) = source.iter().position(|byte| matches!(byte, b'!' | b'@')) {
            message.insert("nick".into(), shown(source.get(..end).unwrap_or_default()));
        }
    }
    message.insert("params".into(), parsed.params.iter().map(|param| shown(param)).collect());
    if !parsed.tags.is_empty() {
        let tags: Map<_, _> = parsed
            .tags
            .iter()
            .map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), shown(value)))
            .collect();
        message.insert("tags".into(), Value::Object(tags));
    }
    if matches!(parsed.command.as_str(), "PRIVMSG" | "NOTICE")
        && let Some(text) = parsed.params.last().and_then(|last| last.strip_prefix(b"\x01"))
    {
        message.insert("ctcp".into(), ctcp(text.strip_suffix(b"\x01").unwrap_or(text)));
    }
    Value::Object(message)
}

/// A request of the client-to-client protocol: a command, and what stands behind it.
fn ctcp(text: &[u8]) -> Value {
    let end = text.iter().position(|byte| *byte == b' ').unwrap_or(text.len());
    let (command, behind) = text.split_at(end);
    match behind.strip_prefix(b" ") {
        Some(rest) => json!({ "command": shown(command), "text": shown(rest) }),
        None => json!({ "command": shown(command) }),
    }
}

/// The schemas of both directions.
pub(crate) fn schemas() -> Schemas {
    let incoming = json!({
        "description": "One line of the server, or bytes that are none.",
        "oneOf": [
            {
                "type": "object",
                "properties": {
                    "command": { "type": "string", "description": "in capitals, or three digits" },
                    "name": { "type": "string", "description": "the name of a numeric, such as RPL_WELCOME" },
                    "source": shown_schema("who it comes from: a server, or nick!user@host"),
                    "nick": shown_schema("the nickname in `source`, where a client is the source"),
                    "params": { "type": "array", "items": shown_schema("one parameter") },
                    "tags": { "type": "object", "additionalProperties": shown_schema("a tag's value, empty if none") },
                    "ctcp": {
                        "type": "object",
                        "description": "what the last parameter says in CTCP, such as ACTION (/me)",
                        "properties": { "command": shown_schema("such as VERSION"), "text": shown_schema("the rest") },
                        "required": ["command"],
                    },
                },
                "required": ["command", "params"],
                "additionalProperties": false,
            },
            malformed_schema(),
        ],
    });
    let outgoing = json!({
        "type": "object",
        "description": "One line for the server.",
        "properties": {
            "command": { "type": "string", "description": "one word, such as PRIVMSG, JOIN, NICK" },
            "params": {
                "type": "array",
                "maxItems": 15,
                "description": "only the last one may be empty, hold spaces or begin with a colon",
                "items": { "anyOf": [bytes_schema("one parameter"), { "type": "number" }] },
            },
            "tags": {
                "type": "object",
                "description": "client-only tags such as `+draft/reply`, where `message-tags` was negotiated",
                "additionalProperties": { "type": ["string", "number", "boolean", "null"] },
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
            title: "A bot joins a channel, is greeted and answers",
            config: json!({ "nick": "bot" }),
            outgoing: vec![
                (json!({ "command": "JOIN", "params": ["#lab"] }), b"JOIN #lab\r\n".to_vec()),
                (
                    json!({ "command": "PRIVMSG", "params": ["#lab", "hello, all"] }),
                    b"PRIVMSG #lab :hello, all\r\n".to_vec(),
                ),
            ],
            incoming: (
                b":irc.example 001 bot :Welcome to the example network, bot\r\n\
                  @time=2026-11-30T03:00:00.000Z :ann!ann@host.example PRIVMSG #lab :hello, bot\r\n\
                  :ann!ann@host.example PRIVMSG #lab :\x01ACTION waves\x01\r\n"
                    .to_vec(),
                vec![
                    json!({
                        "command": "001", "name": "RPL_WELCOME", "source": "irc.example",
                        "params": ["bot", "Welcome to the example network, bot"],
                    }),
                    json!({
                        "command": "PRIVMSG", "source": "ann!ann@host.example", "nick": "ann",
                        "params": ["#lab", "hello, bot"], "tags": { "time": "2026-11-30T03:00:00.000Z" },
                    }),
                    json!({
                        "command": "PRIVMSG", "source": "ann!ann@host.example", "nick": "ann",
                        "params": ["#lab", "\u{1}ACTION waves\u{1}"],
                        "ctcp": { "command": "ACTION", "text": "waves" },
                    }),
                ],
            ),
        },
        Example {
            title: "Text in Latin-1 is base64, and a line of another protocol is told as what it is",
            config: json!({}),
            outgoing: vec![(
                json!({ "command": "privmsg", "params": ["ann", { "base64": "Z3L832U=" }] }),
                b"PRIVMSG ann gr\xfc\xdfe\r\n".to_vec(),
            )],
            incoming: (
                b":ann!a@h PRIVMSG bot :gr\xfc\xdfe\r\nSSH-2.0-OpenSSH_10.0\r\n".to_vec(),
                vec![
                    json!({
                        "command": "PRIVMSG", "source": "ann!a@h", "nick": "ann",
                        "params": ["bot", { "base64": "Z3L832U=" }],
                    }),
                    json!({
                        "malformed": "the command is neither letters nor three digits; it looks like SSH", "at": 29,
                    }),
                ],
            ),
        },
    ]
}
