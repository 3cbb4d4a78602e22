//! AIS messages (ITU-R M.1371-5) inside VDM and VDO sentences. Members have the names that gpsd
//! gives them; what a station has not said is left out.

mod bits;
mod types;

pub use bits::Bits;

use handler_kit::{Map, Value, hex};

use crate::ais::types::{Part, shape};

/// The message of a payload, which says the most bits that stand in its last character for nothing.
///
/// # Errors
/// It is none; the reason says why.
pub fn decode(payload: &str, fill: u8) -> Result<Value, String> {
    let mut bits = Bits::new(payload, fill)?;
    if bits.left() < 38 {
        return Err(format!("an AIS message has at least 38 bits, not {}", bits.left()));
    }
    let mut members = Map::new();
    let kind = bits.take(6);
    members.insert("type".to_owned(), kind.into());
    members.insert("repeat".to_owned(), bits.take(2).into());
    let mmsi = bits.take(30);
    members.insert("mmsi".to_owned(), mmsi.into());
    read(shape(kind), &mut bits, &mut members);
    match (kind, bits.left()) {
        // The second part of a name, and of an aid's name.
        (24, _) => static_data(mmsi, &mut bits, &mut members),
        (21, 6..) => {
            let rest = bits.text(bits.left() / 6);
            if let Some(Value::String(name)) = members.get_mut("name") {
                name.push_str(&rest);
            }
        }
        (6 | 8, 1..) => {
            let left = bits.left();
            members.insert("bits".to_owned(), left.into());
            members.insert("data".to_owned(), hex(&bits.rest()).into());
        }
        (_, 8..) if shape(kind).is_empty() => {
            members.insert("data".to_owned(), hex(&bits.rest()).into());
        }
        _ => {}
    }
    Ok(Value::Object(members))
}

/// Reads these parts, as far as there are bits for them.
fn read(parts: &[Part], bits: &mut Bits, members: &mut Map<String, Value>) {
    for part in parts {
        if bits.left() < part.bits().max(1) {
            return;
        }
        if let Some((name, value)) = part.read(bits) {
            members.insert(name.to_owned(), value);
        }
    }
}

/// Type 24 says a name in its part A, and all else in its part B.
fn static_data(mmsi: u64, bits: &mut Bits, members: &mut Map<String, Value>) {
    if bits.left() < 2 {
        return;
    }
    let (letter, parts) = match bits.take(2) {
        0 => ("A", types::STATIC_A),
        // Auxiliary craft say the mother ship where others say their size.
        1 if mmsi / 10_000_000 == 98 => ("B", types::STATIC_B_AUXILIARY),
        1 => ("B", types::STATIC_B),
        _ => return,
    };
    members.insert("part".to_owned(), letter.into());
    read(parts, bits, members);
}
