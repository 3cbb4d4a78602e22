//! NMEA 0183 sentences as messages, with AIS messages (ITU-R M.1371-5) put together and decoded;
//! names as gpsd gives them.
//!
//! Crates tried: `nmea` 0.8.0 reads sentences rightly, but gives
//! fewer fields than are there (GGA without the correction's age, VTG with two of four) and numbers
//! as `f32`, which JSON shows as 1.0299999713897705. `ais` 0.12.0 has positions as `f32` as well,
//! which is off by up to 0.4 m, and each of its 27 structs would be turned into members by hand.
//! `nmea-parser` 0.10.0 panics on payloads that are none. None is taken: sentences and messages are
//! tables here, compared with what gpsd 3.22 says.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod ais;
mod config;
mod encode;
mod examples;
mod field;
mod parts;
mod read;
mod sentence;
mod sentences;

pub use config::{Checksum, Config};

use handler_kit::{
    Encoded, Example, Failure, Handler, Input, Line, Lines, Now, Reason, Schemas, Span, Step, Value, json, reason_with,
};

use crate::read::Reader;

#[cfg(target_arch = "wasm32")]
handler_guest::export!(Nmea);

/// Sentences of one connection.
#[derive(Debug)]
pub struct Nmea {
    lines: Lines,
    reader: Reader,
}

impl Handler for Nmea {
    type Config = Config;

    const NAME: &'static str = "nmea";
    const TITLE: &'static str = "NMEA 0183 and AIS";
    const SUMMARY: &'static str =
        "NMEA 0183: positions, courses and depths by name, AIS messages decoded, gpsd's lines";

    fn schemas() -> Schemas {
        Schemas {
            incoming: json!({
                "type": "object",
                "properties": {
                    "sentence": { "type": "string", "description": "What the sentence is, as GGA; PUBX of a manufacturer" },
                    "talker": { "type": "string", "description": "Who says it, as GP" },
                    "system": { "type": "string", "description": "What the talker is, as GPS" },
                    "fields": { "type": "array", "description": "The fields of a sentence whose fields have no names" },
                    "more": { "type": "array", "description": "Fields behind those that have names" },
                    "tags": { "type": "object", "description": "The tag block: s is the source, c the time" },
                    "unchecked": { "const": true, "description": "The sentence has no checksum" },
                    "ais": { "type": "object", "description": "An AIS message; speeds in knots, sizes in metres" },
                    "part": { "type": "integer" },
                    "of": { "type": "integer" },
                    "missing_parts": { "const": true, "description": "Parts before this one have not come" },
                    "query": { "type": "string", "description": "The sentence that the talker wants to hear" },
                    "gpsd": { "description": "A JSON object of gpsd" },
                    "blank": { "const": true },
                    "malformed": { "type": "string", "description": "Why these bytes are no sentence" },
                    "at": { "type": "integer", "description": "Where they begin in all that has come" },
                },
                "oneOf": [
                    { "required": ["sentence"] },
                    { "required": ["query"] },
                    { "required": ["gpsd"] },
                    { "required": ["blank"] },
                    { "required": ["malformed", "at"] },
                ],
            }),
            outgoing: json!({
                "type": "object",
                "properties": {
                    "sentence": { "type": "string", "description": "What the sentence is, as GGA or PMTK220" },
                    "talker": { "type": "string", "description": "Two letters, but for manufacturers' sentences" },
                    "fields": { "type": "array", "items": { "type": ["string", "number", "null"] } },
                    "text": { "type": "string", "description": "A line as it is, for gpsd: ?WATCH={\"enable\":true,\"nmea\":true};" },
                },
                "oneOf": [{ "required": ["sentence"] }, { "required": ["text"] }],
                "additionalProperties": false,
            }),
        }
    }

    fn examples() -> Vec<Example> {
        examples::examples()
    }

    fn new(config: Config) -> Result<Self, Failure> {
        config.check()?;
        Ok(Self { lines: Lines::new(config.longest_line), reader: Reader::new(&config) })
    }

    fn data(&mut self, input: &mut Input, now: Now, step: &mut Step) {
        while let Some(line) = self.lines.next(input, step) {
            self.tell(&line, now, step);
        }
    }

    fn close(&mut self, _: Reason, input: &mut Input, _: Now, step: &mut Step) {
        self.lines.close(input, step);
    }

    fn encode(&mut self, message: &Value, _: Now) -> Result<Encoded, Failure> {
        Ok(Encoded { bytes: encode::encode(message)?, request: None })
    }
}

impl Nmea {
    /// Tells a line. A sentence may have lost its end, or another its beginning: what is whole at
    /// the end of the line is told by itself.
    fn tell(&mut self, line: &Line, now: Now, step: &mut Step) {
        let (text, span) = (line.text.as_slice(), line.span);
        let reason = match self.reader.line(text, now) {
            Ok(value) => return step.message(value, span),
            Err(reason) => reason_with(reason, text),
        };
        let whole =
            read::whole_at_the_end(text).and_then(|at| Some((at as u64, self.reader.line(&text[at..], now).ok()?)));
        match whole {
            Some((at, value)) => {
                let middle = span.start + at;
                step.malformed(reason, Span { start: span.start, end: middle });
                step.message(value, Span { start: middle, end: span.end });
            }
            None => step.malformed(reason, span),
        }
    }
}
