//! JSON documents as messages: `{"json": …}` in both directions, newline-delimited, concatenated or
//! as a sequence (RFC 7464). Documents with a length before them come by standing above `frames`.
//!
//! Crates tried: `serde_json` 1.0.154 reads each document (taken). Its `StreamDeserializer` begins
//! again at the first byte whenever more has come, does not say where to go on after an error, and
//! has one depth for everybody: where a document ends is found by `scan`. `jiter` 0.19.0, by its
//! documentation, wants the document whole as well, and keeps integers of any size; `serde_json`
//! gives such as a floating point number (its feature `arbitrary_precision` would change that for
//! every crate of a build).

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod config;
mod documents;
mod parse;
mod scan;

pub use config::{Config, Framing, SendEnd};

use handler_kit::{Encoded, Example, Failure, Handler, Input, Now, Reason, Schemas, Step, Value, json};

use crate::documents::Documents;

#[cfg(target_arch = "wasm32")]
handler_guest::export!(Json);

/// Documents of one connection.
#[derive(Debug)]
pub struct Json {
    documents: Documents,
    framing: Framing,
    send_end: SendEnd,
}

impl Handler for Json {
    type Config = Config;

    const NAME: &'static str = "json";
    const TITLE: &'static str = "JSON documents";
    const SUMMARY: &'static str =
        "JSON by lines (NDJSON), one document behind the other, or in frames of another handler";

    fn schemas() -> Schemas {
        Schemas {
            incoming: json!({
                "type": "object",
                "properties": {
                    "json": { "description": "The document: any JSON value" },
                    "blank": { "const": true, "description": "White space that no document follows" },
                    "malformed": { "type": "string", "description": "Why these bytes are no document, and at which byte" },
                    "at": { "type": "integer", "description": "Where they begin in all that has come" },
                },
                "oneOf": [{ "required": ["json"] }, { "required": ["blank"] }, { "required": ["malformed", "at"] }],
            }),
            outgoing: json!({
                "type": "object",
                "properties": { "json": { "description": "The document: any JSON value" } },
                "required": ["json"],
                "additionalProperties": false,
            }),
        }
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "a document on each line, and a line that is none",
                config: json!({}),
                outgoing: vec![(json!({ "json": { "op": "get", "n": 1 } }), b"{\"op\":\"get\",\"n\":1}\n".to_vec())],
                incoming: (
                    b"{\"ok\": true}\r\n\n{\"ok\"}\n[1]\n".to_vec(),
                    vec![
                        json!({ "json": { "ok": true } }),
                        json!({ "malformed": "expected `:`: byte 5", "at": 14 }),
                        json!({ "json": [1] }),
                    ],
                ),
            },
            Example {
                title: "documents one behind the other",
                config: json!({ "framing": "concatenated", "send_end": "none" }),
                outgoing: vec![(json!({ "json": null }), b"null".to_vec())],
                incoming: (
                    b"{\"a\":1}{\n  \"b\": \"}\"\n}\"c\" 4 true".to_vec(),
                    vec![
                        json!({ "json": { "a": 1 } }),
                        json!({ "json": { "b": "}" } }),
                        json!({ "json": "c" }),
                        json!({ "json": 4 }),
                        json!({ "json": true }),
                    ],
                ),
            },
            Example {
                title: "a sequence (RFC 7464)",
                config: json!({ "framing": "sequence" }),
                outgoing: vec![(json!({ "json": [] }), b"\x1e[]\n".to_vec())],
                incoming: (
                    b"\x1e{\"a\":1}\n\x1e2\n".to_vec(),
                    vec![json!({ "json": { "a": 1 } }), json!({ "json": 2 }), json!({ "blank": true })],
                ),
            },
        ]
    }

    fn new(config: Config) -> Result<Self, Failure> {
        config.check()?;
        Ok(Self { documents: Documents::new(&config), framing: config.framing, send_end: config.send_end })
    }

    fn data(&mut self, input: &mut Input, _: Now, step: &mut Step) {
        while self.documents.next(input, step) {}
    }

    fn close(&mut self, _: Reason, input: &mut Input, _: Now, step: &mut Step) {
        self.documents.close(input, step);
    }

    fn encode(&mut self, message: &Value, _: Now) -> Result<Encoded, Failure> {
        let members = message.as_object().ok_or_else(|| Failure::new("a message is an object: {\"json\": …}"))?;
        if let Some(unknown) = members.keys().find(|name| *name != "json") {
            return Err(Failure::of(unknown, "there is no such member: the document goes into `json`"));
        }
        let document = members.get("json").ok_or_else(|| Failure::of("json", "it is missing"))?;
        let end: &[u8] = match self.send_end {
            SendEnd::Lf => b"\n",
            SendEnd::Crlf => b"\r\n",
            SendEnd::None => b"",
        };
        let mut bytes = if self.framing == Framing::Sequence { vec![0x1e] } else { Vec::new() };
        bytes.extend_from_slice(document.to_string().as_bytes());
        bytes.extend_from_slice(end);
        Ok(Encoded { bytes, request: None })
    }
}
