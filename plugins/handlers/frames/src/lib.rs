//! Frames of bytes as messages: a length before each (1, 2, 4 or 8 bytes), a delimiter behind each,
//! SLIP (RFC 1055) or COBS (Cheshire and Baker, 1999). Another handler may stand above and read
//! what the frames carry.
//!
//! Crates tried: `cobs` 0.5.1 decodes strictly and builds for the guest (taken). `serial-line-ip`
//! 0.5.0 refuses a SLIP frame without an end before it, which RFC 1055 does not ask for;
//! `slip-codec` 0.4.0 reads through `std::io` or an async runtime. Neither is taken: SLIP is 30
//! lines. Lengths need no crate.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod config;
mod delimited;
mod examples;
mod length;
mod slip;

pub use config::{Bytes, Config, Kind, Order, Show};

use handler_kit::{
    Encoded, Example, Failure, Handler, Input, Map, Now, Reason, Schemas, Span, Step, Value, base64, bytes_of,
    bytes_schema, hex, json, shown,
};

use crate::delimited::Delimited;
use crate::length::{Frame, Length};

#[cfg(target_arch = "wasm32")]
handler_guest::export!(Frames);

/// Frames of one connection.
#[derive(Debug)]
pub struct Frames {
    cutter: Cutter,
    show: Show,
}

/// What cuts the input into frames.
#[derive(Debug)]
enum Cutter {
    Length(Box<Length>),
    Delimited(Box<Delimited>),
}

impl Handler for Frames {
    type Config = Config;

    const NAME: &'static str = "frames";
    const TITLE: &'static str = "Frames of bytes";
    const SUMMARY: &'static str = "Binary frames: a length before each, a delimiter behind each, SLIP or COBS";
    const CARRIES: bool = true;

    fn schemas() -> Schemas {
        let shown = json!({
            "description": "The bytes: a string, base64 or hexadecimal digits, as `show` says",
            "anyOf": [
                { "type": "string" },
                { "type": "object", "properties": { "base64": { "type": "string" } }, "required": ["base64"] },
                { "type": "object", "properties": { "hex": { "type": "string" } }, "required": ["hex"] },
            ],
        });
        Schemas {
            incoming: json!({
                "type": "object",
                "properties": {
                    "frame": shown,
                    "header": {
                        "type": "string",
                        "description": "What stands before the length, in hexadecimal digits, if `offset` says so",
                    },
                    "malformed": { "type": "string", "description": "Why these bytes are no frame" },
                    "at": { "type": "integer", "description": "Where they begin in all that has come" },
                },
                "oneOf": [{ "required": ["frame"] }, { "required": ["malformed", "at"] }],
            }),
            outgoing: json!({
                "type": "object",
                "properties": {
                    "frame": bytes_schema("What the frame carries"),
                    "header": {
                        "type": "string",
                        "description": "What stands before the length, in hexadecimal digits: `offset` bytes",
                    },
                },
                "required": ["frame"],
                "additionalProperties": false,
            }),
        }
    }

    fn examples() -> Vec<Example> {
        examples::examples()
    }

    fn new(config: Config) -> Result<Self, Failure> {
        config.check()?;
        let cutter = match config.kind {
            Kind::Length => Cutter::Length(Box::new(Length::new(&config)?)),
            _ => Cutter::Delimited(Box::new(Delimited::new(&config)?)),
        };
        Ok(Self { cutter, show: config.show })
    }

    fn data(&mut self, input: &mut Input, _: Now, step: &mut Step) {
        match &mut self.cutter {
            Cutter::Length(length) => {
                while let Some(Frame { header, payload, span }) = length.next(input, step) {
                    let header = (!header.is_empty()).then_some(header);
                    tell(self.show, header, payload, span, step);
                }
            }
            Cutter::Delimited(delimited) => {
                while let Some((payload, span)) = delimited.next(input, step) {
                    tell(self.show, None, payload, span, step);
                }
            }
        }
    }

    fn close(&mut self, _: Reason, input: &mut Input, _: Now, step: &mut Step) {
        match &mut self.cutter {
            Cutter::Length(length) => length.close(input, step),
            Cutter::Delimited(delimited) => {
                if let Some(span) = delimited.close(input) {
                    tell(self.show, None, Vec::new(), span, step);
                }
            }
        }
    }

    fn encode(&mut self, message: &Value, _: Now) -> Result<Encoded, Failure> {
        let members = message.as_object().ok_or_else(|| Failure::new("a message is an object: {\"frame\": …}"))?;
        if let Some(unknown) = members.keys().find(|name| !["frame", "header"].contains(&name.as_str())) {
            return Err(Failure::of(unknown, "there is no such member: a message has `frame` and `header`"));
        }
        let payload = bytes_of(members.get("frame").ok_or_else(|| Failure::of("frame", "it is missing"))?, "frame")?;
        let header = match members.get("header") {
            None => None,
            Some(Value::String(digits)) => Some(
                bytes_of(&json!({ "hex": digits }), "header").map_err(|error| Failure::of("header", error.message))?,
            ),
            Some(_) => return Err(Failure::of("header", "it is a string of hexadecimal digits")),
        };
        self.frame(header, &payload)
    }

    fn encode_payload(&mut self, payload: &[u8], _: Now) -> Result<Encoded, Failure> {
        self.frame(None, payload)
    }
}

impl Frames {
    fn frame(&self, header: Option<Vec<u8>>, payload: &[u8]) -> Result<Encoded, Failure> {
        let bytes = match &self.cutter {
            Cutter::Length(length) => length.encode(header, payload)?,
            Cutter::Delimited(_) if header.is_some() => {
                return Err(Failure::of("header", "nothing stands before frames of this kind"));
            }
            Cutter::Delimited(delimited) => delimited.encode(payload)?,
        };
        Ok(Encoded { bytes, request: None })
    }
}

/// Tells a frame as a message.
fn tell(show: Show, header: Option<Vec<u8>>, payload: Vec<u8>, span: Span, step: &mut Step) {
    let frame = match show {
        Show::Auto => shown(&payload),
        Show::Hex => json!({ "hex": hex(&payload) }),
        Show::Base64 => base64(&payload),
    };
    let mut members = Map::new();
    members.insert("frame".to_owned(), frame);
    if let Some(header) = header {
        members.insert("header".to_owned(), hex(&header).into());
    }
    step.carries(Value::Object(members), span, payload);
}
