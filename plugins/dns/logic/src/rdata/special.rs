//! Types whose parts depend on each other: a length stands far from its bytes, or a
//! number says what follows.

use std::net::{Ipv4Addr, Ipv6Addr};

use data_encoding::{BASE64, HEXLOWER, HEXUPPER};
use serde_json::{Value, json};

use super::data::Data;
use super::reader::{Reader, bits};
use crate::text::{v6, words};

/// Reads the data of one type; `None` if the bytes are not of its form.
pub(crate) type Read = fn(&mut Reader<'_>) -> Option<Data>;

fn number(data: &mut Data, name: &str, value: impl Into<u64>) {
    let value = value.into();
    data.push(name, &value.to_string(), value.into());
}

fn text(data: &mut Data, name: &str, text: String) {
    data.push(name, &text, text.clone().into());
}

/// WKS (RFC 1035, section 3.4.2): the services of a protocol, by their ports.
pub(crate) fn wks(reader: &mut Reader<'_>) -> Option<Data> {
    let mut data = Data::default();
    text(&mut data, "address", reader.v4()?.to_string());
    number(&mut data, "protocol", reader.octet()?);
    let map = reader.rest();
    // There are no more ports than these.
    let ports: Vec<u16> = (map.len() <= 8192).then(|| bits(map).collect())?;
    if ports.is_empty() {
        data.push_none("ports", json!([]));
    } else {
        data.push("ports", &ports.iter().map(u16::to_string).collect::<Vec<_>>().join(" "), json!(ports));
    }
    Some(data)
}

/// LOC (RFC 1876): sizes in centimetres as digit and power of ten, angles in
/// thousandths of a second of arc.
pub(crate) fn loc(reader: &mut Reader<'_>) -> Option<Data> {
    if reader.octet()? != 0 {
        return None;
    }
    let mut sizes = [0; 3];
    for size in &mut sizes {
        let byte = reader.octet()?;
        let (digit, power) = (u64::from(byte >> 4), u32::from(byte & 0x0f));
        *size = (digit < 10 && power < 10).then(|| digit * 10u64.pow(power))?;
    }
    let (latitude, longitude) = (angle(reader.u32()?, 90)?, angle(reader.u32()?, 180)?);
    let altitude = i64::from(reader.u32()?) - 10_000_000;
    let mut data = Data::default();
    let degrees = |angle: i64| json!((angle as f64 / 3_600_000.0 * 1e9).round() / 1e9);
    data.push("latitude", &sexagesimal(latitude, ['N', 'S']), degrees(latitude));
    data.push("longitude", &sexagesimal(longitude, ['E', 'W']), degrees(longitude));
    let (sign, above) = (if altitude < 0 { "-" } else { "" }, altitude.unsigned_abs());
    let metres = |centimetres: u64| json!(centimetres as f64 / 100.0);
    data.push("altitude_m", &format!("{sign}{}.{:02}m", above / 100, above % 100), json!(altitude as f64 / 100.0));
    for (name, size) in ["size_m", "horizontal_precision_m", "vertical_precision_m"].into_iter().zip(sizes) {
        let shown = if size >= 100 { format!("{}m", size / 100) } else { format!("0.{size:02}m") };
        data.push(name, &shown, metres(size));
    }
    Some(data)
}

/// An angle from the equator or the meridian, in thousandths of a second; `None`
/// beyond this many degrees.
fn angle(value: u32, most: i64) -> Option<i64> {
    let angle = i64::from(value) - (1 << 31);
    (angle.abs() <= most * 3_600_000).then_some(angle)
}

fn sexagesimal(angle: i64, [plus, minus]: [char; 2]) -> String {
    let all = angle.unsigned_abs();
    let (degrees, minutes) = (all / 3_600_000, all / 60_000 % 60);
    let (seconds, thousandths) = (all / 1_000 % 60, all % 1_000);
    let side = if angle < 0 { minus } else { plus };
    format!("{degrees} {minutes} {seconds}.{thousandths:03} {side}")
}

/// ATMA (the ATM Name System): an end system's address in hex, or a number of E.164.
pub(crate) fn atma(reader: &mut Reader<'_>) -> Option<Data> {
    let (format, bytes) = (reader.octet()?, reader.rest());
    let shown = match format {
        0 if !bytes.is_empty() => HEXLOWER.encode(bytes),
        1 if !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit) => {
            format!("+{}", String::from_utf8_lossy(bytes))
        }
        _ => return None,
    };
    let mut data = Data::default();
    text(&mut data, "address", shown);
    Some(data)
}

/// A6 (RFC 2874): the low bits of an address, and the name that has the others.
pub(crate) fn a6(reader: &mut Reader<'_>) -> Option<Data> {
    let length = reader.octet().filter(|length| *length <= 128)?;
    let mut data = Data::default();
    // The gap of a suffix stays where there is none.
    let gap = if length == 128 { " " } else { "" };
    data.push("prefix_length", &format!("{length}{gap}"), length.into());
    if length < 128 {
        let octets = usize::from(length / 8);
        let mut address = [0; 16];
        address[octets..].copy_from_slice(reader.take(16 - octets)?);
        address[octets] &= 0xff >> (length % 8);
        text(&mut data, "suffix", v6(address.into()));
    }
    if length > 0 {
        text(&mut data, "prefix_name", reader.name()?);
    }
    Some(data)
}

/// APL (RFC 3123): networks, perhaps negated; zeros at their end are left away.
pub(crate) fn apl(reader: &mut Reader<'_>) -> Option<Data> {
    let (mut shown, mut all) = (Vec::new(), Vec::new());
    while reader.left() > 0 {
        let (family, prefix, length) = (reader.u16()?, reader.octet()?, reader.octet()?);
        let (negated, bytes) = (length & 0x80 != 0, reader.take(usize::from(length & 0x7f))?);
        let mut whole = [0; 16];
        whole.get_mut(..bytes.len())?.copy_from_slice(bytes);
        let address = match family {
            1 if bytes.len() <= 4 && prefix <= 32 => {
                Ipv4Addr::from([whole[0], whole[1], whole[2], whole[3]]).to_string()
            }
            2 if prefix <= 128 => v6(Ipv6Addr::from(whole)),
            _ => return None,
        };
        shown.push(format!("{}{family}:{address}/{prefix}", if negated { "!" } else { "" }));
        all.push(json!({ "family": family, "address": address, "prefix_length": prefix, "negated": negated }));
    }
    let mut data = Data::default();
    data.push("prefixes", &shown.join(" "), all.into());
    Some(data)
}

/// IPSECKEY (RFC 4025).
pub(crate) fn ipseckey(reader: &mut Reader<'_>) -> Option<Data> {
    let mut data = Data::default();
    let (precedence, kind, algorithm) = (reader.octet()?, reader.octet()?, reader.octet()?);
    number(&mut data, "precedence", precedence);
    number(&mut data, "gateway_type", kind);
    number(&mut data, "algorithm", algorithm);
    text(&mut data, "gateway", gateway(reader, kind)?);
    let key = BASE64.encode(reader.rest());
    if key.is_empty() {
        data.push_none("public_key", "".into());
    } else {
        data.push("public_key", &words(&key), key.as_str().into());
    }
    Some(data)
}

/// AMTRELAY (RFC 8777).
pub(crate) fn amtrelay(reader: &mut Reader<'_>) -> Option<Data> {
    let mut data = Data::default();
    number(&mut data, "precedence", reader.octet()?);
    let kind = reader.octet()?;
    let optional = kind >> 7;
    data.push("discovery_optional", &optional.to_string(), Value::Bool(optional == 1));
    number(&mut data, "relay_type", kind & 0x7f);
    text(&mut data, "relay", gateway(reader, kind & 0x7f)?);
    Some(data)
}

/// What a gateway or relay of this type is.
fn gateway(reader: &mut Reader<'_>, kind: u8) -> Option<String> {
    match kind {
        0 => Some(".".to_owned()),
        1 => reader.v4().map(|address| address.to_string()),
        2 => reader.v6().map(v6),
        3 => reader.name(),
        _ => None,
    }
}

/// HIP (RFC 8005): a host's identity, and where to ask for it.
pub(crate) fn hip(reader: &mut Reader<'_>) -> Option<Data> {
    let (hit_length, algorithm, key_length) = (reader.octet()?, reader.octet()?, reader.u16()?);
    let (hit, key) = (reader.take(hit_length.into())?, reader.take(key_length.into())?);
    let mut servers = Vec::new();
    while reader.left() > 0 {
        servers.push(reader.name()?);
    }
    let mut data = Data::default();
    number(&mut data, "algorithm", algorithm);
    text(&mut data, "hit", HEXUPPER.encode(hit));
    text(&mut data, "public_key", BASE64.encode(key));
    if servers.is_empty() {
        data.push_none("servers", json!([]));
    } else {
        data.push("servers", &servers.join(" "), json!(servers));
    }
    Some(data)
}
