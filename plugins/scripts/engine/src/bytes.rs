//! Bytes as scripts have them: a value that never changes. What is done with them is in
//! `helpers/parts.rs`.

use std::rc::Rc;

use rhai::{Dynamic, ImmutableString};

use crate::fault::{Failable, wrong};

/// Bytes. Cloning shares them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bytes(Rc<[u8]>);

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// Bytes, one after the other, as integers.
pub(crate) struct Each(Bytes, usize);

impl Iterator for Each {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        let byte = self.0.get(self.1).map(|byte| i64::from(*byte));
        self.1 += 1;
        byte
    }
}

impl IntoIterator for Bytes {
    type Item = i64;
    type IntoIter = Each;

    fn into_iter(self) -> Each {
        Each(self, 0)
    }
}

/// The bytes of a text, a character or bytes.
pub(crate) fn octets(value: &Dynamic) -> Failable<Bytes> {
    if let Some(bytes) = value.read_lock::<Bytes>() {
        return Ok(bytes.clone());
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Ok(Bytes::from(text.as_bytes()));
    }
    match value.as_char() {
        Ok(character) => Ok(Bytes::from(character.to_string().as_bytes())),
        Err(_) => wrong(format!("it takes text or bytes, not {}", kind(value))),
    }
}

/// What the reference calls a value's type.
pub(crate) fn kind(value: &Dynamic) -> &'static str {
    match value.type_name() {
        "i64" => "an int",
        "f64" => "a float",
        "bool" => "a bool",
        "string" => "a text",
        "char" => "a character",
        "array" => "a list",
        "map" => "a map",
        "()" => "nothing, `()`",
        _ if value.is::<Bytes>() => "bytes",
        _ => "a value of this type",
    }
}

/// Bytes as text.
pub(crate) fn text(bytes: &[u8]) -> Result<ImmutableString, String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(error) => Err(format!(
            "the bytes are no UTF-8 text at {}; join them by `+`, or show them by `hex` or `latin1`",
            error.valid_up_to()
        )),
    }
}
