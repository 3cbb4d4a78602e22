//! Values of RESP that hold no others, from one line or one string with its length.

use handler_kit::{Value, json, shown};

use crate::value::{self, Item, Kind};

/// A count without a sign.
pub(crate) fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+')).and_then(|text| text.parse().ok())
}

/// The value of a line.
pub(crate) fn line(kind: u8, text: &[u8]) -> Result<Item, String> {
    if matches!(kind, b'+' | b'-') && text.contains(&b'\r') {
        return Err("a CR stands within a line".into());
    }
    let word = std::str::from_utf8(text).unwrap_or("\u{fffd}");
    Ok(match (kind, word) {
        (b'+', _) => Item::new(Kind::Status, shown(text)),
        (b'-', _) => Item::new(Kind::Error, value::error(text)),
        (b':', _) => Item::new(Kind::Integer, value::integer(word.parse().map_err(|_| "an integer is none")?)),
        (b'_', "") | (b'$' | b'*', "-1") => Item::new(Kind::Null, Value::Null),
        (b'#', "t") => Item::new(Kind::Bool, true.into()),
        (b'#', "f") => Item::new(Kind::Bool, false.into()),
        (b',', _) => Item::new(Kind::Double, value::double(word).ok_or("a double is none")?),
        (b'(', _) => {
            let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err("a big number is none".into());
            }
            Item::new(Kind::BigNumber, word.into())
        }
        (b'_' | b'#' | b'.' | b'$' | b'!' | b'=' | b';', _) => return Err("a value is none of its type".into()),
        _ => return Err("no message begins so".into()),
    })
}

/// The value of a string with its length.
pub(crate) fn string(kind: u8, text: &[u8]) -> Result<Item, String> {
    match kind {
        b'$' => Ok(Item::new(Kind::Bulk, shown(text))),
        b'!' => Ok(Item::new(Kind::Error, value::error(text))),
        b'=' => match (text.get(..3), text.get(3), text.get(4..)) {
            (Some(format), Some(b':'), Some(text)) => {
                Ok(Item::new(Kind::Verbatim, json!({ "format": shown(format), "text": shown(text) })))
            }
            _ => Err("a verbatim string has no format".into()),
        },
        _ => Err("a part of a streamed string stands alone".into()),
    }
}
