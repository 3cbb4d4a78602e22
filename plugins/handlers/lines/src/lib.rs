//! Text lines as messages: `{"line": "…"}` in both directions. Ends, the longest line, the
//! encoding, and an end by silence for devices that end nothing.
//!
//! Crates tried: `memchr` 2.8.3 finds ends (taken). `encoding_rs` 0.8.44 knows the encodings of the
//! Encoding Standard (taken; ISO 8859-1 is the one that it has under its name only by
//! `mem::decode_latin1`). `bstr` 1.x has lines of LF and CR LF only, over input that is there
//! whole: not taken.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod config;
mod end;
mod text;

pub use config::Config;
pub use end::{End, Named};

use handler_kit::{
    Encoded, Example, Failure, Handler, Input, Map, Now, Reason, Schemas, Step, Value, bytes_of, bytes_schema, json,
    shown_schema,
};

use crate::end::Finder;
use crate::text::Text;

#[cfg(all(target_arch = "wasm32", feature = "component"))]
handler_guest::export!(Lines);

/// Lines of one connection.
#[derive(Debug)]
pub struct Lines {
    finder: Finder,
    text: Text,
    /// What ends a line to the peer.
    send_end: Vec<u8>,
    longest: usize,
    silence: Option<u64>,
    /// When silence ends the line that has begun.
    silent_at: Option<Now>,
    /// So much of the input is known to hold no end.
    scanned: usize,
    /// A line is too long: it is given up to its end.
    overlong: bool,
}

impl Handler for Lines {
    type Config = Config;

    const NAME: &'static str = "lines";
    const TITLE: &'static str = "Lines of text";
    const SUMMARY: &'static str = "Text protocols by lines: CR LF, LF, CR or an end of one's own, or ended by silence";
    const CARRIES: bool = true;

    fn schemas() -> Schemas {
        Schemas {
            incoming: json!({
                "type": "object",
                "properties": {
                    "line": shown_schema("The line without its end"),
                    "ended_by": {
                        "description": "What ended the line where no end came",
                        "enum": ["silence", "close"],
                    },
                    "malformed": { "type": "string", "description": "Why these bytes are no line" },
                    "at": { "type": "integer", "description": "Where they begin in all that has come" },
                },
                "oneOf": [{ "required": ["line"] }, { "required": ["malformed", "at"] }],
            }),
            outgoing: json!({
                "type": "object",
                "properties": { "line": bytes_schema("The line; its end is added") },
                "required": ["line"],
                "additionalProperties": false,
            }),
        }
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "a greeting, and bytes that are not UTF-8",
                config: json!({}),
                outgoing: vec![(json!({ "line": "HELO me" }), b"HELO me\r\n".to_vec())],
                incoming: (
                    b"220 ready\r\n\xff\n".to_vec(),
                    vec![json!({ "line": "220 ready" }), json!({ "line": { "base64": "/w==" } })],
                ),
            },
            Example {
                title: "a device that ends its lines with a semicolon, in Latin-1",
                config: json!({ "end": { "text": ";" }, "encoding": "latin-1" }),
                outgoing: vec![(json!({ "line": "T?" }), b"T?;".to_vec())],
                incoming: (
                    b"21.5 \xb0C;OK".to_vec(),
                    vec![json!({ "line": "21.5 °C" }), json!({ "line": "OK", "ended_by": "close" })],
                ),
            },
            Example {
                title: "a line that is too long",
                config: json!({ "longest_line": 4 }),
                outgoing: vec![],
                incoming: (
                    b"123456\nok\n".to_vec(),
                    vec![
                        json!({ "malformed": "the line is longer than 4 bytes (`longest_line`)", "at": 0 }),
                        json!({ "malformed": "the rest of a line that is longer than 4 bytes", "at": 4 }),
                        json!({ "line": "ok" }),
                    ],
                ),
            },
        ]
    }

    fn new(config: Config) -> Result<Self, Failure> {
        config.check()?;
        let send_end = config.send_end.as_ref().map_or_else(|| config.end.bytes("end"), |end| end.bytes("send_end"))?;
        Ok(Self {
            finder: Finder::new(&config.end, "end")?,
            text: Text::new(&config.encoding)?,
            send_end,
            longest: config.longest_line,
            silence: config.silence_ms,
            silent_at: None,
            scanned: 0,
            overlong: false,
        })
    }

    fn data(&mut self, input: &mut Input, now: Now, step: &mut Step) {
        while self.next(input, step) {}
        if let Some(silence) = self.silence {
            self.silent_at = (!input.is_empty()).then(|| now.saturating_add(silence));
            step.tick = self.silent_at;
        }
    }

    fn tick_with(&mut self, input: &mut Input, now: Now, step: &mut Step) {
        match self.silent_at {
            Some(at) if at <= now => self.cut("silence", input, step),
            later => step.tick = later,
        }
    }

    fn close(&mut self, _: Reason, input: &mut Input, _: Now, step: &mut Step) {
        self.cut("close", input, step);
    }

    fn encode(&mut self, message: &Value, now: Now) -> Result<Encoded, Failure> {
        let members = message.as_object().ok_or_else(|| Failure::new("a message is an object: {\"line\": \"…\"}"))?;
        if let Some(unknown) = members.keys().find(|name| *name != "line") {
            return Err(Failure::of(unknown, "there is no such member: a message has `line`"));
        }
        let line = members.get("line").ok_or_else(|| Failure::of("line", "it is missing"))?;
        let bytes = match line {
            Value::String(text) => self.text.encode(text)?,
            other => bytes_of(other, "line")?,
        };
        if self.finder.find(&bytes, 0).is_some() {
            return Err(Failure::of("line", "the end of a line stands within it: send each line by itself"));
        }
        self.encode_payload(&bytes, now)
    }

    fn encode_payload(&mut self, payload: &[u8], _: Now) -> Result<Encoded, Failure> {
        let mut bytes = payload.to_vec();
        if self.finder.find(payload, 0).is_none_or(|found| found.all < payload.len()) {
            bytes.extend_from_slice(&self.send_end);
        }
        Ok(Encoded { bytes, request: None })
    }
}

impl Lines {
    /// Takes the next line, if it is whole, or a part of one that is too long.
    fn next(&mut self, input: &mut Input, step: &mut Step) -> bool {
        let bytes = input.bytes();
        match self.finder.find(bytes, self.scanned) {
            Some(found) if found.line <= self.longest => {
                self.scanned = 0;
                if std::mem::take(&mut self.overlong) {
                    let span = input.take(found.all);
                    step.malformed(self.rest(), span);
                } else {
                    let value = message(self.text.decode(&bytes[..found.line]), None);
                    let payload = bytes[..found.all].to_vec();
                    let span = input.take(found.all);
                    step.carries(value, span, payload);
                }
                true
            }
            None if bytes.len() < self.longest.saturating_add(self.finder.len()) => {
                self.scanned = bytes.len();
                false
            }
            // The end is further away than a line may be long, or not there yet.
            _ => {
                self.scanned = 0;
                let reason = match std::mem::replace(&mut self.overlong, true) {
                    true => self.rest(),
                    false => format!("the line is longer than {} bytes (`longest_line`)", self.longest),
                };
                let span = input.take(self.longest);
                step.malformed(reason, span);
                true
            }
        }
    }

    fn rest(&self) -> String {
        format!("the rest of a line that is longer than {} bytes", self.longest)
    }

    /// Takes the line that has begun, without an end.
    fn cut(&mut self, by: &'static str, input: &mut Input, step: &mut Step) {
        self.silent_at = None;
        self.scanned = 0;
        if input.is_empty() {
            return;
        }
        if std::mem::take(&mut self.overlong) {
            let span = input.take_all();
            return step.malformed(self.rest(), span);
        }
        let value = message(self.text.decode(input.bytes()), Some(by));
        let payload = input.bytes().to_vec();
        let span = input.take_all();
        step.carries(value, span, payload);
    }
}

/// A line as a message.
fn message(line: Value, ended_by: Option<&str>) -> Value {
    let mut members = Map::new();
    members.insert("line".to_owned(), line);
    if let Some(by) = ended_by {
        members.insert("ended_by".to_owned(), Value::String(by.to_owned()));
    }
    Value::Object(members)
}
