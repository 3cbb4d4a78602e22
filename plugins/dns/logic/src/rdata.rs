//! The data of a record: `types.rs` says of which parts each type consists, `field.rs` what parts
//! there are, `part.rs` reads one, `special.rs` the types whose parts depend on each other. What
//! does not fit its type is shown as bytes (RFC 3597).

mod data;
mod field;
mod mnemonic;
mod part;
mod reader;
pub(crate) mod special;

use data_encoding::HEXUPPER;
use hickory_proto::rr::RecordType;
use hickory_proto::serialize::binary::BinDecoder;
use serde_json::Map;

use data::Data;
pub(crate) use field::{Field, Form};
use reader::Reader;

use crate::{text, types};

/// Reads the data that begins where the decoder stands and has this length; the decoder knows the
/// whole message, for names that are compressed. Afterwards it stands behind them.
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
        length => format!("\\# {length} {}", text::words(&hex)),
    };
    Data { text, fields: Map::from_iter([("hex".to_owned(), hex.into())]) }
}

#[cfg(test)]
#[path = "rdata_tests.rs"]
mod tests;
