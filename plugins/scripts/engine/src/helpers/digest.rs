//! Hashes, and HMAC with each of them (RFC 2104).

use std::rc::Rc;

use hmac::{EagerHash, Hmac, KeyInit, Mac};
use md5::Md5;
use rhai::{Dynamic, Engine, ImmutableString};
use sha1::Sha1;
use sha2::digest::Digest;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use crate::bytes::{Bytes, octets};
use crate::fault::{Failable, fine, wrong};
use crate::turn::Turn;

fn hash<D: Digest>(bytes: &[u8]) -> Bytes {
    Bytes::from(D::digest(bytes).as_slice())
}

fn hmac<D: EagerHash>(key: &[u8], bytes: &[u8]) -> Failable<Bytes> {
    let Ok(mut mac) = Hmac::<D>::new_from_slice(key) else {
        return wrong("the key cannot be used");
    };
    mac.update(bytes);
    Ok(Bytes::from(mac.finalize().into_bytes().as_slice()))
}

/// A hash: its name, itself, and HMAC with it.
type Named = (&'static str, fn(&[u8]) -> Bytes, fn(&[u8], &[u8]) -> Failable<Bytes>);

const HASHES: [Named; 6] = [
    ("md5", hash::<Md5>, hmac::<Md5>),
    ("sha1", hash::<Sha1>, hmac::<Sha1>),
    ("sha224", hash::<Sha224>, hmac::<Sha224>),
    ("sha256", hash::<Sha256>, hmac::<Sha256>),
    ("sha384", hash::<Sha384>, hmac::<Sha384>),
    ("sha512", hash::<Sha512>, hmac::<Sha512>),
];

pub(super) fn register(engine: &mut Engine, turn: &Rc<Turn>) {
    for (name, hash, _) in HASHES {
        let turn = Rc::clone(turn);
        let hash = move |value: Dynamic| {
            let bytes = octets(&value)?;
            // A block costs more than to look at it.
            turn.reads(bytes.len().saturating_mul(4));
            fine(hash(&bytes))
        };
        engine.register_fn(name, hash);
    }
    let turn = Rc::clone(turn);
    let hmac = move |name: ImmutableString, key: Dynamic, value: Dynamic| {
        let (key, bytes) = (octets(&key)?, octets(&value)?);
        turn.reads((key.len() + bytes.len()).saturating_mul(4));
        match HASHES.iter().find(|(known, ..)| *known == name.as_str()) {
            Some((_, _, hmac)) => hmac(&key, &bytes),
            None => {
                let known: Vec<&str> = HASHES.iter().map(|(known, ..)| *known).collect();
                wrong(format!("there is no hash `{name}`: there are {}", known.join(", ")))
            }
        }
    };
    engine.register_fn("hmac", hmac);
}
