//! A message for the server as a line. What a server would cut off, or read as something else, is
//! refused.

use handler_kit::{Failure, Map, Value, bytes_of, members};

use crate::line::escaped;

/// The longest line without its tags (RFC 1459 §2.3), with CR LF.
const LONGEST: usize = 512;
/// The longest tags of a client, with `@` and the space (IRCv3 message tags).
const LONGEST_TAGS: usize = 4096;
/// The most parameters (RFC 1459 §2.3).
const MOST_PARAMS: usize = 15;

/// A line for the server, with its command in capitals and its parameters.
pub(crate) struct Outgoing {
    pub command: String,
    pub params: Vec<Vec<u8>>,
    pub bytes: Vec<u8>,
}

/// The line that a message stands for.
pub(crate) fn encode(message: &Value) -> Result<Outgoing, Failure> {
    if message.get("source").is_some() {
        return Err(Failure::of("source", "the server sets it: a client sends none"));
    }
    let members = members(message, &["command", "params", "tags"])?;
    let command = command(members.get("command"))?;
    let params = match members.get("params") {
        None => Vec::new(),
        Some(Value::Array(params)) => params
            .iter()
            .enumerate()
            .map(|(at, value)| param(value, at, at + 1 == params.len()))
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(Failure::of("params", "it is an array")),
    };
    if params.len() > MOST_PARAMS {
        return Err(Failure::of("params", format!("there are {}: at most {MOST_PARAMS} go", params.len())));
    }
    let mut line = command.clone().into_bytes();
    for (at, param) in params.iter().enumerate() {
        let trailing = at + 1 == params.len() && (param.is_empty() || param.starts_with(b":") || param.contains(&b' '));
        line.extend_from_slice(if trailing { b" :" } else { b" " });
        line.extend_from_slice(param);
    }
    line.extend_from_slice(b"\r\n");
    if line.len() > LONGEST {
        let message =
            format!("the line has {} bytes with its end: at most {LONGEST} go, so send it in parts", line.len());
        return Err(Failure::of("params", message));
    }
    let mut bytes = tags(members.get("tags"))?;
    bytes.extend_from_slice(&line);
    Ok(Outgoing { command, params, bytes })
}

fn command(value: Option<&Value>) -> Result<String, Failure> {
    let known = value.and_then(Value::as_str).filter(|text| {
        let digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphabetic()))
    });
    match known {
        Some(text) => Ok(text.to_ascii_uppercase()),
        None => Err(Failure::of("command", "it is a word of letters, such as `PRIVMSG`; the rest goes into `params`")),
    }
}

fn param(value: &Value, at: usize, last: bool) -> Result<Vec<u8>, Failure> {
    let member = format!("params[{at}]");
    let bytes = match value {
        Value::Number(number) => number.to_string().into_bytes(),
        other => bytes_of(other, &member)?,
    };
    if bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        return Err(Failure::of(member, "it holds the end of a line: send one message for each line"));
    }
    if !last && (bytes.is_empty() || bytes.starts_with(b":") || bytes.contains(&b' ')) {
        let message = "only the last one may be empty, hold a space or begin with `:`";
        return Err(Failure::of(member, message));
    }
    Ok(bytes)
}

fn tags(value: Option<&Value>) -> Result<Vec<u8>, Failure> {
    let empty = Map::new();
    let tags = match value {
        None => &empty,
        Some(Value::Object(tags)) => tags,
        Some(_) => return Err(Failure::of("tags", "it is an object of names and values")),
    };
    let mut line = Vec::new();
    for (name, value) in tags {
        let member = format!("tags.{name}");
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'/' | b'+');
        if name.is_empty() || !name.bytes().all(allowed) {
            return Err(Failure::of(
                member,
                "a tag's name has letters, digits, `-`, a vendor's `host/` and a client's `+`",
            ));
        }
        let value = match value {
            Value::Null | Value::Bool(true) => Vec::new(),
            Value::Number(number) => number.to_string().into_bytes(),
            Value::String(text) if text.contains('\0') => return Err(Failure::of(member, "it holds a NUL")),
            Value::String(text) => text.clone().into_bytes(),
            _ => return Err(Failure::of(member, "it is a string, or true where there is no value")),
        };
        line.push(if line.is_empty() { b'@' } else { b';' });
        line.extend_from_slice(name.as_bytes());
        if !value.is_empty() {
            line.push(b'=');
            line.extend(escaped(&value));
        }
    }
    if !line.is_empty() {
        line.push(b' ');
    }
    if line.len() > LONGEST_TAGS {
        return Err(Failure::of("tags", format!("they have {} bytes: at most {LONGEST_TAGS} go", line.len())));
    }
    Ok(line)
}
