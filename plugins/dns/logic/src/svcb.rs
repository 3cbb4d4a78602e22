//! The parameters of SVCB and HTTPS records (RFC 9460), as dig writes them.

use std::net::{Ipv4Addr, Ipv6Addr};

use data_encoding::BASE64;
use serde_json::{Map, Value, json};

use crate::text::{self, v6};

/// The keys that have a name (IANA's registry of service parameters).
const KEYS: [&str; 11] = [
    "mandatory",
    "alpn",
    "no-default-alpn",
    "port",
    "ipv4hint",
    "ech",
    "ipv6hint",
    "dohpath",
    "ohttp",
    "tls-supported-groups",
    "docpath",
];

/// So many of them has dig a name for; the others are numbers in its text.
const SHOWN: usize = 8;

fn key(number: u16, known: usize) -> String {
    let name = KEYS.get(usize::from(number)).filter(|_| usize::from(number) < known);
    name.map_or_else(|| format!("key{number}"), |name| (*name).to_owned())
}

/// All parameters, as text and by key; `None` if the bytes are not a list of them.
pub(crate) fn parameters(mut bytes: &[u8]) -> Option<(String, Value)> {
    let (mut shown, mut all) = (Vec::new(), Map::new());
    while !bytes.is_empty() {
        let [a, b, c, d, rest @ ..] = bytes else { return None };
        let (number, length) = (u16::from_be_bytes([*a, *b]), usize::from(u16::from_be_bytes([*c, *d])));
        let value = rest.get(..length)?;
        bytes = &rest[length..];
        let (text, json) = parameter(number, value)?;
        let name = key(number, SHOWN);
        shown.push(if text.is_empty() { name } else { format!("{name}={text}") });
        all.insert(key(number, KEYS.len()), json);
    }
    Some((shown.join(" "), all.into()))
}

/// One value as its key has it; `None` if it is not of that form.
fn parameter(number: u16, value: &[u8]) -> Option<(String, Value)> {
    let list = |items: Vec<String>| (items.join(","), json!(items));
    let pair = |pair: &[u8; 2]| u16::from_be_bytes(*pair);
    let some = !value.is_empty();
    Some(match number {
        0 => {
            let (pairs, odd) = value.as_chunks::<2>();
            let shown = pairs.iter().map(|two| key(pair(two), SHOWN)).collect::<Vec<_>>().join(",");
            let all: Vec<String> = pairs.iter().map(|two| key(pair(two), KEYS.len())).collect();
            (some && odd.is_empty()).then(|| (shown, json!(all)))?
        }
        1 => {
            let protocols = alpn(value).filter(|_| some)?;
            let shown: Vec<String> = protocols.iter().map(|protocol| escaped(protocol)).collect();
            let all: Vec<String> = protocols.iter().map(|protocol| text::plain(protocol)).collect();
            (format!("\"{}\"", shown.join(",")), json!(all))
        }
        2 => (!some).then(|| (String::new(), true.into()))?,
        3 => {
            let port = pair(value.try_into().ok()?);
            (port.to_string(), port.into())
        }
        4 => {
            let (addresses, odd) = value.as_chunks::<4>();
            (some && odd.is_empty())
                .then(|| list(addresses.iter().map(|four| Ipv4Addr::from(*four).to_string()).collect()))?
        }
        5 => (BASE64.encode(value), BASE64.encode(value).into()),
        6 => {
            let (addresses, odd) = value.as_chunks::<16>();
            (some && odd.is_empty()).then(|| list(addresses.iter().map(|all| v6(Ipv6Addr::from(*all))).collect()))?
        }
        // A key alone, such as `ohttp`.
        8.. if !some => (String::new(), true.into()),
        _ => (text::quoted(value), text::plain(value).into()),
    })
}

/// The protocols of a list; none is empty.
fn alpn(mut value: &[u8]) -> Option<Vec<&[u8]>> {
    let mut protocols = Vec::new();
    while let [length @ 1..=255, rest @ ..] = value {
        let protocol = rest.get(..usize::from(*length))?;
        value = &rest[protocol.len()..];
        protocols.push(protocol);
    }
    value.is_empty().then_some(protocols)
}

/// A protocol in a comma-separated list inside of a quoted string: commas and backslashes are
/// escaped twice (RFC 9460, appendix A.1), and blanks are numbers.
fn escaped(protocol: &[u8]) -> String {
    let mut shown = String::with_capacity(protocol.len());
    for byte in protocol {
        match byte {
            b',' => shown += "\\\\,",
            b'\\' => shown += "\\\\\\\\",
            b'"' => shown += "\\\"",
            b'!'..=b'~' => shown.push(char::from(*byte)),
            _ => shown += &format!("\\{byte:03}"),
        }
    }
    shown
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
        assert_eq!(parameters(b"\0\x01\0\x01\0"), None, "a protocol without a name");
        assert_eq!(parameters(b"\0\x03\0\x01x"), None, "half a port");
    }

    #[test]
    fn protocols_are_escaped_as_in_the_appendix() {
        // The two protocols of appendix D.2: `f\oo,bar` and `h2`.
        let (text, json) = parameters(b"\0\x01\0\x0c\x08f\\oo,bar\x02h2").unwrap();
        assert_eq!(text, r#"alpn="f\\\\oo\\,bar,h2""#);
        assert_eq!(json, json!({ "alpn": ["f\\oo,bar", "h2"] }));
        assert_eq!(parameters(b"\0\x01\0\x04\x03\" \xff").unwrap().0, r#"alpn="\"\032\255""#);
    }

    #[test]
    fn what_dig_has_no_name_for_is_a_number_in_its_text() {
        let (text, json) =
            parameters(b"\0\0\0\x04\0\x01\0\x08\0\x01\0\x03\x02h2\0\x07\0\x09/q{?dns}x\0\x08\0\0").unwrap();
        assert_eq!(text, r#"mandatory=alpn,key8 alpn="h2" dohpath="/q{?dns}x" key8"#);
        assert_eq!(
            json,
            json!({ "mandatory": ["alpn", "ohttp"], "alpn": ["h2"], "dohpath": "/q{?dns}x", "ohttp": true })
        );
    }
}
