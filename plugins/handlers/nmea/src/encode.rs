//! Messages to the peer as sentences and lines.

use handler_kit::{Failure, Value, members};

use crate::sentence::checksum;

/// Sentences that begin with `!`, because they carry what is encapsulated.
const ENCAPSULATED: [&str; 4] = ["VDM", "VDO", "ABM", "BBM"];
/// What a field does not hold, besides what is no printable ASCII.
const RESERVED: [char; 7] = ['$', '!', '*', ',', '\\', '^', '~'];

/// The line of a message, with its end.
///
/// # Errors
/// It is none; the failure names the member.
pub fn encode(message: &Value) -> Result<Vec<u8>, Failure> {
    let known = members(message, &["sentence", "talker", "fields", "text"])?;
    let line = match known.get("text") {
        Some(text) => {
            if let Some((other, _)) = known.iter().find(|(name, _)| *name != "text") {
                return Err(Failure::of(other, "a message is a sentence or a text, not both"));
            }
            let text = text.as_str().ok_or_else(|| Failure::of("text", "it is a string"))?;
            if text.contains(['\r', '\n']) {
                return Err(Failure::of("text", "it is one line: its end is added"));
            }
            text.to_owned()
        }
        None => sentence(known.get("sentence"), known.get("talker"), known.get("fields"))?,
    };
    Ok(format!("{line}\r\n").into_bytes())
}

fn sentence(name: Option<&Value>, talker: Option<&Value>, fields: Option<&Value>) -> Result<String, Failure> {
    let name = name.and_then(Value::as_str).ok_or_else(|| Failure::of("sentence", "it is a name, as `GGA`"))?;
    let is_proprietary = name.starts_with('P') && talker.is_none();
    let talker = match talker.map(|talker| talker.as_str().unwrap_or_default()) {
        None if is_proprietary => "",
        None => return Err(Failure::of("talker", "it is needed, but for sentences that begin with `P`")),
        Some(talker) if talker.len() == 2 && is_name(talker) => talker,
        Some(_) => return Err(Failure::of("talker", "it is two capital letters, as `GP`")),
    };
    if !(3..=8).contains(&name.len()) || !is_name(name) {
        return Err(Failure::of("sentence", "it is 3 to 8 capital letters and digits"));
    }
    let mut body = format!("{talker}{name}");
    match fields {
        None => {}
        Some(Value::Array(fields)) => {
            for (index, field) in fields.iter().enumerate() {
                body.push(',');
                body.push_str(&text(field).map_err(|reason| Failure::of(format!("fields[{index}]"), reason))?);
            }
        }
        Some(_) => return Err(Failure::of("fields", "it is an array")),
    }
    let begin = if ENCAPSULATED.contains(&name) { '!' } else { '$' };
    Ok(format!("{begin}{body}*{:02X}", checksum(&body)))
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn text(field: &Value) -> Result<String, &'static str> {
    let text = match field {
        Value::Null => String::new(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return Err("it is a string, a number or null"),
    };
    let is_plain = text.chars().all(|c| (' '..='~').contains(&c) && !RESERVED.contains(&c));
    is_plain.then_some(text).ok_or("a field holds printable ASCII without $ ! * , \\ ^ ~")
}
