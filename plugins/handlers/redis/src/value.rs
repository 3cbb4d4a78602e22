//! Values of RESP as JSON. A model reads them at once: text is a string, a map is an object, null
//! is null. What JSON has no form for is an object with one member: `base64`, `error`, `set`,
//! `map`, `push`, `verbatim`, or `attributes` beside `value`.

use std::collections::HashSet;

use handler_kit::{Value, json, shown};

/// The largest integer that every reader of JSON keeps exact.
const EXACT: u64 = 1 << 53;
/// Names that say what a value is. A map that would look like one of these is a list of pairs.
const FORMS: [&str; 7] = ["base64", "error", "set", "map", "push", "verbatim", "attributes"];

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Status,
    Error,
    Integer,
    Bulk,
    Null,
    Bool,
    Double,
    BigNumber,
    Verbatim,
    Array,
    Set,
    Map,
    Push,
}

impl Kind {
    /// Its name in messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Error => "error",
            Self::Integer => "integer",
            Self::Bulk => "bulk",
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Double => "double",
            Self::BigNumber => "big-number",
            Self::Verbatim => "verbatim",
            Self::Array => "array",
            Self::Set => "set",
            Self::Map => "map",
            Self::Push => "push",
        }
    }
}

/// A value, and the attributes that stand before it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item {
    pub kind: Kind,
    /// A list for arrays, sets and pushes. An object of `code` and `message` for errors, of
    /// `format` and `text` for verbatim strings.
    pub value: Value,
    pub attributes: Option<Value>,
}

impl Item {
    /// A value without attributes.
    pub(crate) const fn new(kind: Kind, value: Value) -> Self {
        Self { kind, value, attributes: None }
    }

    /// The value inside another.
    pub(crate) fn nested(self) -> Value {
        let value = match self.kind {
            Kind::Error | Kind::Set | Kind::Push | Kind::Verbatim => json!({ self.kind.name(): self.value }),
            _ => self.value,
        };
        match self.attributes {
            Some(attributes) => json!({ "attributes": attributes, "value": value }),
            None => value,
        }
    }
}

/// An integer: a string where not every reader keeps it exact.
pub(crate) fn integer(value: i64) -> Value {
    if value.unsigned_abs() <= EXACT { value.into() } else { value.to_string().into() }
}

/// A double. JSON has no form for infinity and what is no number: they are strings.
pub(crate) fn double(text: &str) -> Option<Value> {
    let value = match text {
        "inf" | "+inf" => return Some("inf".into()),
        "-inf" => return Some("-inf".into()),
        "nan" | "-nan" => return Some("nan".into()),
        text if text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E')) => {
            text.parse::<f64>().ok()?
        }
        _ => return None,
    };
    serde_json::Number::from_f64(value).map(Value::Number)
}

/// An error: its code is the first word, where that is in capitals.
pub(crate) fn error(text: &[u8]) -> Value {
    let end = text.iter().position(|byte| *byte == b' ').unwrap_or(text.len());
    let (code, rest) = text.split_at(end);
    let capitals = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    if !code.is_empty() && code.iter().all(capitals) {
        json!({ "code": shown(code), "message": shown(rest.strip_prefix(b" ").unwrap_or(rest)) })
    } else {
        json!({ "message": shown(text) })
    }
}

/// Keys and values, one after another, as an object. Where keys are no strings, occur twice or look
/// like a form, it is a list of pairs.
pub(crate) fn map(items: Vec<Value>) -> Value {
    let keys = || items.iter().step_by(2);
    let form = items.len() <= 4 && keys().any(|key| key.as_str().is_some_and(|key| FORMS.contains(&key)));
    let once = keys().filter_map(Value::as_str).collect::<HashSet<_>>().len() == items.len() / 2;
    let mut all = items.into_iter();
    let pairs = std::iter::from_fn(|| Some((all.next()?, all.next()?)));
    if once && !form {
        let name = |key: Value| if let Value::String(name) = key { name } else { String::new() };
        return Value::Object(pairs.map(|(key, value)| (name(key), value)).collect());
    }
    let pairs: Vec<_> = pairs.map(|(key, value)| Value::Array(vec![key, value])).collect();
    json!({ "map": pairs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_integer_is_a_string() {
        assert_eq!(integer(9_007_199_254_740_992), json!(9_007_199_254_740_992_i64));
        assert_eq!(integer(9_007_199_254_740_993), json!("9007199254740993"));
        assert_eq!(integer(i64::MIN), json!("-9223372036854775808"));
    }

    #[test]
    fn a_double_is_a_number_where_it_is_one() {
        for (text, value) in [
            ("2.5", Some(json!(2.5))),
            ("-1e3", Some(json!(-1000.0))),
            ("10", Some(json!(10.0))),
            ("inf", Some(json!("inf"))),
            ("-nan", Some(json!("nan"))),
            ("1e999", None),
            ("0x10", None),
            ("infinity", None),
            ("", None),
        ] {
            assert_eq!(double(text), value, "{text}");
        }
    }

    #[test]
    fn an_errors_code_is_its_first_word() {
        assert_eq!(error(b"MOVED 3999 127.0.0.1:6381"), json!({ "code": "MOVED", "message": "3999 127.0.0.1:6381" }));
        assert_eq!(error(b"NOAUTH"), json!({ "code": "NOAUTH", "message": "" }));
        assert_eq!(error(b"no such thing"), json!({ "message": "no such thing" }));
    }

    #[test]
    fn a_map_keeps_all_its_pairs() {
        assert_eq!(map(vec!["a".into(), 1.into()]), json!({ "a": 1 }));
        assert_eq!(map(vec![1.into(), 2.into()]), json!({ "map": [[1, 2]] }));
        assert_eq!(map(vec!["a".into(), 1.into(), "a".into(), 2.into()]), json!({ "map": [["a", 1], ["a", 2]] }));
        assert_eq!(map(vec!["base64".into(), "YQ==".into()]), json!({ "map": [["base64", "YQ=="]] }));
        assert_eq!(map(vec![]), json!({}));
    }
}
