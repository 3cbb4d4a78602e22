//! JSON as values of the language and back. Bytes are written as handlers write them: a string
//! where they are UTF-8, else `{"base64": "…"}`.

use std::rc::Rc;

use data_encoding::BASE64;
use rhai::{Array, Dynamic, Engine, ImmutableString, Map};
use serde_json::{Value, json};

use crate::bytes::{Bytes, kind, octets};
use crate::fault::{Failable, exceeded, wrong};
use crate::limits::LEVELS;
use crate::turn::Turn;

/// A text as a value.
pub(crate) fn parsed(turn: &Turn, text: &[u8]) -> Failable<Dynamic> {
    turn.reads(text.len().saturating_mul(4));
    // Members and levels are counted while it is read; the parser itself stops at 128 levels.
    let value = serde_json::from_slice(text).or_else(|error| wrong(format!("it is no JSON: {error}")))?;
    let mut room = Room { members: 0, text: 0 };
    value_of(turn, value, LEVELS, &mut room)
}

/// What a value holds by now.
struct Room {
    members: usize,
    text: usize,
}

impl Room {
    fn takes(&mut self, turn: &Turn, members: usize, text: usize) -> Failable<()> {
        self.members = self.members.saturating_add(members);
        self.text = self.text.saturating_add(text);
        if self.members > turn.limits.members {
            return exceeded(format!("the JSON has more than {} members", turn.limits.members));
        }
        if self.text > turn.limits.value {
            return exceeded(format!("the JSON has more than {} bytes of text", turn.limits.value));
        }
        Ok(())
    }
}

fn value_of(turn: &Turn, value: Value, levels: usize, room: &mut Room) -> Failable<Dynamic> {
    let Some(levels) = levels.checked_sub(1) else {
        return exceeded(format!("the JSON has more than {LEVELS} levels"));
    };
    Ok(match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(value) => value.into(),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(int), ..) => int.into(),
            // What no int holds keeps its digits.
            (_, Some(int), _) => int.to_string().into(),
            (.., float) => float.unwrap_or(f64::NAN).into(),
        },
        Value::String(text) => {
            room.takes(turn, 0, text.len())?;
            text.into()
        }
        Value::Array(values) => {
            room.takes(turn, values.len(), 0)?;
            let list = values.into_iter().map(|value| value_of(turn, value, levels, room));
            list.collect::<Failable<Array>>()?.into()
        }
        Value::Object(members) => {
            room.takes(turn, members.len(), members.keys().map(String::len).sum())?;
            let map = members.into_iter().map(|(name, value)| Ok((name.into(), value_of(turn, value, levels, room)?)));
            map.collect::<Failable<Map>>()?.into()
        }
    })
}

/// A value as a text.
pub(crate) fn printed(turn: &Turn, value: &Dynamic) -> Failable<String> {
    let mut size = 0;
    let text = json_of(turn, value, LEVELS, &mut size)?.to_string();
    turn.fits(text.len())?;
    Ok(text)
}

fn json_of(turn: &Turn, value: &Dynamic, levels: usize, size: &mut usize) -> Failable<Value> {
    let Some(levels) = levels.checked_sub(1) else {
        return exceeded(format!("the value has more than {LEVELS} levels"));
    };
    // Many members may share the same bytes, which JSON repeats.
    let mut takes = |bytes: usize| {
        *size = size.saturating_add(bytes);
        turn.fits(*size)
    };
    if let Some(bytes) = value.read_lock::<Bytes>() {
        takes(bytes.len())?;
        return Ok(match std::str::from_utf8(&bytes) {
            Ok(text) => json!(text),
            Err(_) => json!({ "base64": BASE64.encode(&bytes) }),
        });
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        takes(text.len())?;
        return Ok(json!(text.as_str()));
    }
    if let Some(list) = value.read_lock::<Array>() {
        let list = list.iter().map(|value| json_of(turn, value, levels, size));
        return list.collect::<Failable<Vec<Value>>>().map(Value::Array);
    }
    if let Some(map) = value.read_lock::<Map>() {
        let members = map.iter().map(|(name, value)| Ok((name.to_string(), json_of(turn, value, levels, size)?)));
        return members.collect::<Failable<serde_json::Map<String, Value>>>().map(Value::Object);
    }
    match (value.as_int(), value.as_float(), value.as_bool(), value.as_char()) {
        (Ok(int), ..) => Ok(json!(int)),
        (_, Ok(float), ..) if float.is_finite() => Ok(json!(float)),
        (_, Ok(float), ..) => wrong(format!("JSON has no number {float}")),
        (_, _, Ok(value), _) => Ok(json!(value)),
        (.., Ok(character)) => Ok(json!(character.to_string())),
        _ if value.is_unit() => Ok(Value::Null),
        _ => wrong(format!("JSON has no {}", kind(value).trim_start_matches("a "))),
    }
}

pub(super) fn register(engine: &mut Engine, turn: &Rc<Turn>) {
    let (bytes, text) = (Rc::clone(turn), Rc::clone(turn));
    engine
        .register_fn("parse_json", move |value: Dynamic| parsed(&bytes, &octets(&value)?))
        .register_fn("parse_json", move |value: ImmutableString| parsed(&text, value.as_bytes()));
    let (any, map) = (Rc::clone(turn), Rc::clone(turn));
    engine
        .register_fn("to_json", move |value: Dynamic| printed(&any, &value))
        .register_fn("to_json", move |value: Map| printed(&map, &value.into()));
}
