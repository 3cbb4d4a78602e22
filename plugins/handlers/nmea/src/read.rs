//! Reads a line: a sentence, an AIS message's part, a JSON object of gpsd.

use handler_kit::{Map, Now, Value, json};

use crate::ais;
use crate::config::{Checksum, Config};
use crate::field::members;
use crate::parts::{Parts, Piece, Progress};
use crate::sentence::{Sentence, checksum};
use crate::sentences::{shape, talker};

/// Reads lines, and keeps the parts of AIS messages.
#[derive(Debug)]
pub struct Reader {
    checksum: Checksum,
    ais: bool,
    parts: Parts,
}

impl Reader {
    pub fn new(config: &Config) -> Self {
        Self { checksum: config.checksum, ais: config.ais, parts: Parts::new(config.parts_ms) }
    }

    /// The message of a line.
    ///
    /// # Errors
    /// It is none; the reason says why.
    pub fn line(&mut self, line: &[u8], now: Now) -> Result<Value, String> {
        let text = std::str::from_utf8(line).map_err(|_| "the line is no text".to_owned())?.trim_end();
        if text.is_empty() {
            return Ok(json!({ "blank": true }));
        }
        if text.starts_with('{') {
            let object: Value = serde_json::from_str(text).map_err(|error| format!("no JSON of gpsd: {error}"))?;
            return Ok(Value::Object(Map::from_iter([("gpsd".to_owned(), object)])));
        }
        let sentence = Sentence::new(text)?;
        match (sentence.checksum, self.checksum) {
            (Some(false), Checksum::Checked | Checksum::Required) => Err(wrong(text)),
            (None, Checksum::Required) => Err("the sentence has no checksum".to_owned()),
            _ => self.sentence(&sentence, now),
        }
    }

    fn sentence(&mut self, sentence: &Sentence, now: Now) -> Result<Value, String> {
        let mut all = Map::new();
        let is_proprietary = sentence.address.starts_with('P');
        let (who, name) = sentence.address.split_at(if is_proprietary { 0 } else { 2 });
        if let ([listener @ .., b'Q'], [wanted, ..], false) = (name.as_bytes(), &sentence.fields[..], is_proprietary)
            && listener.len() == 2
        {
            all.insert("query".to_owned(), (*wanted).into());
            all.insert("talker".to_owned(), who.into());
            all.insert("of".to_owned(), name[..2].into());
            return Ok(all.into());
        }
        all.insert("sentence".to_owned(), name.into());
        if !is_proprietary {
            all.insert("talker".to_owned(), who.into());
            if let Some(system) = talker(who) {
                all.insert("system".to_owned(), system.into());
            }
        }
        if !sentence.tags.is_empty() {
            all.insert("tags".to_owned(), sentence.tags.clone().into());
        }
        if sentence.checksum.is_none() {
            all.insert("unchecked".to_owned(), true.into());
        }
        match shape(name) {
            _ if self.ais && matches!(name, "VDM" | "VDO") => self.ais(name, &sentence.fields, now, &mut all)?,
            Some(shape) if !is_proprietary => members(shape, &sentence.fields, &mut all),
            _ => {
                all.insert("fields".to_owned(), sentence.fields.clone().into());
            }
        }
        Ok(all.into())
    }

    /// A part of an AIS message, or a whole one.
    fn ais(&mut self, name: &str, fields: &[&str], now: Now, all: &mut Map<String, Value>) -> Result<(), String> {
        let [of, number, sequence, channel, payload, fill] = *fields else {
            return Err(format!("{name} has six fields, not {}", fields.len()));
        };
        let digit = |field: &str| field.parse::<u8>().ok().filter(|number| *number <= 9);
        let (Some(of @ 1..), Some(number @ 1..), Some(fill @ 0..=5)) = (digit(of), digit(number), digit(fill)) else {
            return Err(format!("{name} counts its parts from 1 to 9, and its fill bits from 0 to 5"));
        };
        if number > of {
            return Err(format!("{name} is part {number} of {of}"));
        }
        if of > 1 {
            all.insert("part".to_owned(), number.into());
            all.insert("of".to_owned(), of.into());
        }
        if !channel.is_empty() {
            all.insert("channel".to_owned(), channel.into());
        }
        match self.parts.add(Piece { number, of, key: [name, sequence, channel], payload }, now) {
            Progress::Whole(payload) => {
                all.insert("ais".to_owned(), ais::decode(&payload, fill)?);
            }
            Progress::Waits => {}
            Progress::Missing => {
                all.insert("missing_parts".to_owned(), true.into());
            }
        }
        Ok(())
    }
}

/// What a wrong checksum would have to be.
fn wrong(line: &str) -> String {
    let body = line.rsplit_once('*').map_or(line, |(body, _)| body);
    let body = body.rsplit_once('\\').map_or(body, |(_, body)| body);
    let right = checksum(body.trim_start_matches(['$', '!']));
    format!("the checksum is wrong, {right:02X} would be right")
}

/// Where a whole sentence begins behind something else on a line, with a right checksum.
pub fn whole_at_the_end(line: &[u8]) -> Option<usize> {
    let at = line.iter().rposition(|byte| matches!(byte, b'$' | b'!')).filter(|at| *at > 0)?;
    let sentence = Sentence::new(std::str::from_utf8(&line[at..]).ok()?).ok()?;
    (sentence.checksum == Some(true)).then_some(at)
}
