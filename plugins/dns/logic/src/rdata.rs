//! The data of a record: `types.rs` says of which parts each type consists, `field.rs` reads a part, `special.rs` the types
//! whose parts depend on each other. What does not fit its type is shown as bytes (RFC 3597).

mod field;
mod mnemonic;
mod reader;
pub(crate) mod special;

use data_encoding::HEXUPPER;
use hickory_proto::rr::RecordType;
use hickory_proto::serialize::binary::BinDecoder;
use serde_json::{Map, Value};

pub(crate) use field::{Field, v6};
pub(crate) use reader::Reader;

use crate::types;

/// How the data of a type is read.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    /// Part by part.
    Fields(&'static [(&'static str, Field)]),
    /// By a function of its own.
    Special(special::Read),
    /// It is bytes.
    Unknown,
}

/// A record's data: its text, and its fields by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Data {
    pub text: String,
    pub fields: Map<String, Value>,
}

impl Data {
    /// Adds a part behind a blank. An empty text leaves its blank, as with dig.
    pub fn push(&mut self, name: &str, text: &str, value: Value) {
        if !self.fields.is_empty() {
            self.text.push(' ');
        }
        self.text += text;
        self.fields.insert(name.to_owned(), value);
    }

    /// Adds a part that is not there: it has no blank either.
    pub fn push_none(&mut self, name: &str, value: Value) {
        self.fields.insert(name.to_owned(), value);
    }
}

/// Reads the data that begins where the decoder stands and has this length; the decoder knows the whole message, for names
/// that are compressed. Afterwards it stands behind them.
pub(crate) fn read(decoder: &mut BinDecoder<'_>, kind: RecordType, length: usize) -> Option<Data> {
    let start = decoder.index();
    let mut reader = Reader::new(decoder, length)?;
    let raw = decoder.read_slice(length).ok()?.unverified(/* only copied */);
    let form = types::of(kind.into()).map_or(Form::Unknown, |known| known.form);
    let data = match form {
        Form::Fields(fields) => row(&mut reader, fields),
        Form::Special(read) => read(&mut reader),
        Form::Unknown => None,
    };
    Some(data.filter(|_| reader.left() == 0).unwrap_or_else(|| generic(&reader.expanded(raw, start))))
}

fn row(reader: &mut Reader<'_>, fields: &[(&'static str, Field)]) -> Option<Data> {
    let mut data = Data::default();
    for (name, field) in fields {
        field.read(reader, name, &mut data)?;
    }
    Some(data)
}

/// Data without a known form: `\# length hex` (RFC 3597, section 5).
fn generic(raw: &[u8]) -> Data {
    let hex = HEXUPPER.encode(raw);
    let text = match raw.len() {
        0 => "\\# 0".to_owned(),
        length => format!("\\# {length} {}", field::words(&hex)),
    };
    Data { text, fields: Map::from_iter([("hex".to_owned(), hex.into())]) }
}

#[cfg(test)]
#[path = "rdata_tests.rs"]
mod tests;
