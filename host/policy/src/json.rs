//! TOML values as JSON values.
//!
//! What the values mean is not known here: settings belong to plugins, manifests to `manifest.rs`.

use std::fmt;
use std::ops::Range;

use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Why a TOML value has no JSON form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonError {
    /// Dates and times.
    Date,
    /// An integer beyond 64 bits.
    TooLarge,
    /// `nan` and `inf`.
    NotANumber,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Date => "JSON has no dates and times; write it as a string",
            Self::TooLarge => "the number does not fit into 64 bits",
            Self::NotANumber => "JSON has no such number",
        })
    }
}

/// A TOML text as JSON, for whoever reads configurations of others that are written in TOML. A
/// value that JSON lacks is `null`.
///
/// # Errors
/// It is not TOML: the line of the first mistake. The text is not quoted, as it may hold secrets.
pub fn toml_to_json(text: &str) -> Result<Value, usize> {
    match DeTable::parse(text) {
        Ok(table) => Ok(to_json(table.get_ref(), &mut |value, _| value.to_owned(), &mut |_, _| {})),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            Err(1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count())
        }
    }
}

/// The table as a JSON object. Strings go through `text`; values that JSON lacks become `null`
/// and are told to `problem`.
pub(crate) fn to_json(
    table: &DeTable<'_>,
    text: &mut dyn FnMut(&str, Range<usize>) -> String,
    problem: &mut dyn FnMut(JsonError, Range<usize>),
) -> Value {
    let mut object = Map::new();
    for (key, value) in table {
        object.insert(key.get_ref().to_string(), value_to_json(value, text, problem));
    }
    Value::Object(object)
}

fn value_to_json(
    value: &Spanned<DeValue<'_>>,
    text: &mut dyn FnMut(&str, Range<usize>) -> String,
    problem: &mut dyn FnMut(JsonError, Range<usize>),
) -> Value {
    let scalar = match value.get_ref() {
        DeValue::String(string) => Ok(Value::String(text(string, value.span()))),
        DeValue::Array(list) => Ok(list.iter().map(|item| value_to_json(item, text, problem)).collect()),
        DeValue::Table(table) => Ok(to_json(table, text, problem)),
        DeValue::Boolean(boolean) => Ok(Value::Bool(*boolean)),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map(Value::from).map_err(|_| JsonError::TooLarge)
        }
        DeValue::Float(number) => number
            .as_str()
            .parse::<f64>()
            .ok()
            .and_then(Number::from_f64)
            .map(Value::Number)
            .ok_or(JsonError::NotANumber),
        DeValue::Datetime(_) => Err(JsonError::Date),
    };
    scalar.unwrap_or_else(|error| {
        problem(error, value.span());
        Value::Null
    })
}
