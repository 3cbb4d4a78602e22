//! Commands for the server: an array of strings, and what it answers.

use handler_kit::{Failure, Value, bytes_of, members};

use crate::pairing::{Family, Silence, Waits};

/// A command as bytes.
pub(crate) fn bytes(words: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend(format!("${}\r\n", word.len()).into_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// The words of a message: `{"command": ["GET", "key"]}` or `{"command": "PING"}`.
pub(crate) fn words(message: &Value) -> Result<Vec<Vec<u8>>, Failure> {
    let words = match members(message, &["command"])?.get("command") {
        Some(Value::String(word)) if word.contains([' ', '\r', '\n']) => {
            return Err(Failure::of("command", "write its words apart: [\"GET\", \"key\"]"));
        }
        Some(Value::String(word)) => vec![word.clone().into_bytes()],
        Some(Value::Array(words)) => {
            words.iter().enumerate().map(|(at, value)| word(value, at)).collect::<Result<_, _>>()?
        }
        _ => return Err(Failure::of("command", "it is an array of words: [\"GET\", \"key\"]")),
    };
    match words.first() {
        Some(first) if !first.is_empty() => {}
        _ => return Err(Failure::of("command", "its first word is the command's name")),
    }
    if matches!(upper(&words, 0).as_str(), "SYNC" | "PSYNC") {
        let message = "it turns the connection into a stream of replication, which is not read here";
        return Err(Failure::of("command[0]", message));
    }
    Ok(words)
}

fn word(value: &Value, at: usize) -> Result<Vec<u8>, Failure> {
    match value {
        Value::Number(number) => Ok(number.to_string().into_bytes()),
        Value::Bool(_) | Value::Null => {
            Err(Failure::of(format!("command[{at}]"), "redis knows words and numbers only: write \"1\" or \"\""))
        }
        other => bytes_of(other, &format!("command[{at}]")),
    }
}

/// What the server answers to a command.
pub(crate) fn waits(words: &[Vec<u8>]) -> Waits {
    let arguments = words.len().saturating_sub(1);
    let name = upper(words, 0);
    let (family, subscribes) = match name.as_str() {
        "SUBSCRIBE" => (Family::Channels, true),
        "PSUBSCRIBE" => (Family::Patterns, true),
        "SSUBSCRIBE" => (Family::Shards, true),
        "UNSUBSCRIBE" => (Family::Channels, false),
        "PUNSUBSCRIBE" => (Family::Patterns, false),
        "SUNSUBSCRIBE" => (Family::Shards, false),
        "MONITOR" => return Waits::Monitor,
        "RESET" => return Waits::Reset,
        "CLIENT" if upper(words, 1) == "REPLY" => {
            return match upper(words, 2).as_str() {
                "OFF" => Waits::Silence(Silence::Off),
                "SKIP" => Waits::Silence(Silence::Skip),
                _ => Waits::Silence(Silence::On),
            };
        }
        _ => return Waits::Once,
    };
    if subscribes && arguments == 0 {
        return Waits::Once; // It is refused.
    }
    // Without arguments, one answer comes for each channel that was subscribed to.
    Waits::Confirmations { family, subscribes, left: (arguments > 0).then_some(arguments) }
}

fn upper(words: &[Vec<u8>], at: usize) -> String {
    words.get(at).map(|word| String::from_utf8_lossy(word).to_ascii_uppercase()).unwrap_or_default()
}
