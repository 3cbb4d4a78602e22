//! Bytes as members of JSON messages: text where they are UTF-8, else base64. Messages to the peer
//! may give hexadecimal digits as well.

use data_encoding::{BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};
use serde_json::{Value, json};

use crate::Failure;

/// Bytes as a message shows them: a string, or `{"base64": "…"}` where they are not UTF-8.
pub fn shown(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::String(text.to_owned()),
        Err(_) => base64(bytes),
    }
}

/// Bytes as `{"base64": "…"}`, whatever they are.
pub fn base64(bytes: &[u8]) -> Value {
    json!({ "base64": BASE64.encode(bytes) })
}

/// Bytes as pairs of hexadecimal digits, for protocols whose people read those.
pub fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// The bytes that a member of a message stands for: a string, `{"base64": "…"}` or `{"hex": "…"}`.
///
/// # Errors
/// It is none of these; the failure names the member.
pub fn bytes_of(value: &Value, member: &str) -> Result<Vec<u8>, Failure> {
    if let Value::String(text) = value {
        return Ok(text.clone().into_bytes());
    }
    let form = value.as_object().filter(|object| object.len() == 1).and_then(|object| object.iter().next());
    match form {
        Some((name, Value::String(digits))) if name == "base64" => BASE64
            .decode(digits.as_bytes())
            .map_err(|error| Failure::of(format!("{member}.base64"), format!("it is not base64: {error}"))),
        Some((name, Value::String(digits))) if name == "hex" => {
            let digits: String = digits.chars().filter(|c| !c.is_ascii_whitespace() && *c != ':').collect();
            HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).map_err(|error| {
                Failure::of(format!("{member}.hex"), format!("it is not pairs of hexadecimal digits: {error}"))
            })
        }
        _ => Err(Failure::of(member, "it is a string, {\"base64\": \"…\"} or {\"hex\": \"…\"}")),
    }
}

/// The schema of [`shown`].
pub fn shown_schema(description: &str) -> Value {
    json!({
        "description": format!("{description}: a string, or base64 where it is not UTF-8"),
        "anyOf": [
            { "type": "string" },
            { "type": "object", "properties": { "base64": { "type": "string" } }, "required": ["base64"] },
        ],
    })
}

/// The schema of what [`bytes_of`] takes.
pub fn bytes_schema(description: &str) -> Value {
    json!({
        "description": format!("{description}: a string, base64 or hexadecimal digits"),
        "anyOf": [
            { "type": "string" },
            { "type": "object", "properties": { "base64": { "type": "string" } }, "required": ["base64"] },
            { "type": "object", "properties": { "hex": { "type": "string" } }, "required": ["hex"] },
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_stands_for_the_same_bytes() {
        for bytes in [&b""[..], b"abc", b"a\0b", "ä€".as_bytes(), b"\xff\xfe", b"\x80"] {
            assert_eq!(bytes_of(&shown(bytes), "payload").unwrap(), bytes);
        }
        assert_eq!(shown(b"ok"), json!("ok"));
        assert_eq!(shown(b"\xff"), json!({ "base64": "/w==" }));
    }

    #[test]
    fn hexadecimal_digits_may_be_apart() {
        assert_eq!(bytes_of(&json!({ "hex": "DE ad:be\nef" }), "p").unwrap(), [0xde, 0xad, 0xbe, 0xef]);
        assert_eq!(hex(&[0xde, 0xad]), "dead");
    }

    #[test]
    fn what_stands_for_no_bytes_is_refused_by_its_name() {
        for (value, member) in [
            (json!(1), "p"),
            (json!({ "hex": "0" }), "p.hex"),
            (json!({ "hex": "zz" }), "p.hex"),
            (json!({ "base64": "?" }), "p.base64"),
            (json!({ "hex": "00", "base64": "" }), "p"),
            (json!({ "hex": 1 }), "p"),
        ] {
            assert_eq!(bytes_of(&value, "p").unwrap_err().member.as_deref(), Some(member), "{value}");
        }
    }
}
