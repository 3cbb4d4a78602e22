//! Bytes as hexadecimal digits and base64, and back.

use std::rc::Rc;

use data_encoding::{BASE64, Encoding, HEXLOWER, HEXLOWER_PERMISSIVE};
use rhai::{Dynamic, Engine};

use crate::bytes::{Bytes, octets};
use crate::fault::{Failable, wrong};
use crate::turn::Turn;

/// Bytes as characters.
fn encoded(turn: &Turn, encoding: &Encoding, value: &Dynamic) -> Failable<String> {
    let bytes = octets(value)?;
    turn.fits(encoding.encode_len(bytes.len()))?;
    Ok(encoding.encode(&bytes))
}

/// Characters as bytes. White space between them counts for nothing.
fn decoded(turn: &Turn, encoding: &Encoding, value: &Dynamic, name: &str) -> Failable<Bytes> {
    let characters = octets(value)?;
    turn.reads(characters.len());
    let digits: Vec<u8> = characters.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    encoding.decode(&digits).map(Bytes::from).or_else(|error| wrong(format!("it is no {name}: {error}")))
}

pub(super) fn register(engine: &mut Engine, turn: &Rc<Turn>) {
    let both = [("hex", "unhex", HEXLOWER, HEXLOWER_PERMISSIVE), ("base64", "unbase64", BASE64, BASE64)];
    for (name, back, encoding, decoding) in both {
        let encoder = Rc::clone(turn);
        engine.register_fn(name, move |value: Dynamic| encoded(&encoder, &encoding, &value));
        let decoder = Rc::clone(turn);
        engine.register_fn(back, move |value: Dynamic| decoded(&decoder, &decoding, &value, name));
    }
}
