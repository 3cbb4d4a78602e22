//! The parameters of SVCB and HTTPS records (RFC 9460).

use std::net::{Ipv4Addr, Ipv6Addr};

use data_encoding::BASE64;
use serde_json::{Map, Value, json};

use crate::text;

/// The keys that have a name (IANA's registry of service parameters).
const KEYS: [&str; 9] =
    ["mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath", "ohttp"];

fn key(number: u16) -> String {
    KEYS.get(usize::from(number)).map_or_else(|| format!("key{number}"), |name| (*name).to_owned())
}

/// All parameters, as text and by key; `None` if the bytes are not a list of them.
pub(crate) fn parameters(mut bytes: &[u8]) -> Option<(String, Value)> {
    let (mut shown, mut all) = (Vec::new(), Map::new());
    while !bytes.is_empty() {
        let [a, b, c, d, rest @ ..] = bytes else { return None };
        let (number, length) = (u16::from_be_bytes([*a, *b]), usize::from(u16::from_be_bytes([*c, *d])));
        let value = rest.get(..length)?;
        bytes = &rest[length..];
        let name = key(number);
        let (text, json) = parameter(number, value).unwrap_or_else(|| (text::quoted(value), text::plain(value).into()));
        shown.push(if text.is_empty() { name.clone() } else { format!("{name}={text}") });
        all.insert(name, json);
    }
    Some((shown.join(" "), all.into()))
}

/// One value as its key has it; `None` if it is not of that form.
fn parameter(number: u16, value: &[u8]) -> Option<(String, Value)> {
    let list = |items: Vec<String>| (items.join(","), json!(items));
    let pair = |pair: &[u8]| u16::from_be_bytes([pair[0], pair[1]]);
    let (pairs, odd) = (value.chunks_exact(2), !value.len().is_multiple_of(2));
    Some(match number {
        0 if !odd => list(pairs.map(|two| key(pair(two))).collect()),
        1 => {
            let protocols = alpn(value)?;
            (format!("\"{}\"", protocols.join(",")), json!(protocols))
        }
        2 | 8 if value.is_empty() => (String::new(), true.into()),
        3 if value.len() == 2 => (pair(value).to_string(), pair(value).into()),
        4 if value.len().is_multiple_of(4) => list(
            value.chunks_exact(4).flat_map(<[u8; 4]>::try_from).map(|four| Ipv4Addr::from(four).to_string()).collect(),
        ),
        5 => (BASE64.encode(value), BASE64.encode(value).into()),
        6 if value.len().is_multiple_of(16) => list(
            value.chunks_exact(16).flat_map(<[u8; 16]>::try_from).map(|all| Ipv6Addr::from(all).to_string()).collect(),
        ),
        _ => return None,
    })
}

fn alpn(mut value: &[u8]) -> Option<Vec<String>> {
    let mut protocols = Vec::new();
    while let [length, rest @ ..] = value {
        let protocol = rest.get(..usize::from(*length))?;
        value = &rest[protocol.len()..];
        // Commas and backslashes would need escapes of their own (RFC 9460, appendix A.1): such a value is shown as a string.
        if !protocol.iter().all(|byte| byte.is_ascii_graphic() && !b",\\\"".contains(byte)) {
            return None;
        }
        protocols.push(String::from_utf8_lossy(protocol).into_owned());
    }
    Some(protocols)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_read_as_in_the_rfc() {
        let bytes = b"\0\x01\0\x06\x02h2\x02h3\0\x03\0\x02\x01\xbb\0\x04\0\x04\xc0\0\x02\x01\0\x02\0\0\x02\x9a\0\x01x";
        let (text, json) = parameters(bytes).unwrap();
        assert_eq!(text, r#"alpn="h2,h3" port=443 ipv4hint=192.0.2.1 no-default-alpn key666="x""#);
        assert_eq!(
            json,
            json!({
                "alpn": ["h2", "h3"], "port": 443, "ipv4hint": ["192.0.2.1"], "no-default-alpn": true, "key666": "x"
            })
        );
        assert_eq!(parameters(b"\0\x01\0\x09\x02h2"), None, "longer than it is");
    }
}
