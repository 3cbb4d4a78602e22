//! EDNS in a reply: the server's sizes and flags, its name (NSID), and why it failed
//! (extended errors, RFC 8914).

use data_encoding::HEXLOWER;
use schemars::JsonSchema;
use serde::Serialize;

use crate::text;

/// IANA's registry of extended DNS error codes, by number.
const ERRORS: [&str; 31] = [
    "Other",
    "Unsupported DNSKEY Algorithm",
    "Unsupported DS Digest Type",
    "Stale Answer",
    "Forged Answer",
    "DNSSEC Indeterminate",
    "DNSSEC Bogus",
    "Signature Expired",
    "Signature Not Yet Valid",
    "DNSKEY Missing",
    "RRSIGs Missing",
    "No Zone Key Bit Set",
    "NSEC Missing",
    "Cached Error",
    "Not Ready",
    "Blocked",
    "Censored",
    "Filtered",
    "Prohibited",
    "Stale NXDOMAIN Answer",
    "Not Authoritative",
    "Not Supported",
    "No Reachable Authority",
    "Network Error",
    "Invalid Data",
    "Signature Expired before Valid",
    "Too Early",
    "Unsupported NSEC3 Iterations Value",
    "Unable to conform to policy",
    "Synthesized",
    "Invalid Query Type",
];

/// EDNS as the server has it (RFC 6891).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Edns {
    /// Its version
    pub version: u8,
    /// The size of datagrams that the server takes
    pub udp: u16,
    /// The DO flag
    pub dnssec_ok: bool,
    /// The server's name (NSID)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nsid: Option<String>,
    /// The server's name in hex
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nsid_hex: Option<String>,
    /// Why it failed (RFC 8914)
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extended_errors: Vec<ExtendedError>,
    /// Numbers of further options in the reply
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_options: Vec<u16>,
}

/// An extended error (RFC 8914).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExtendedError {
    /// Its number
    pub code: u16,
    /// What the number stands for
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the server says to it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Reads an OPT record (RFC 6891, section 6.1): its class is a size, its TTL the rest of the
/// status, a version and flags. Gives what it says and the upper bits of the status.
pub(crate) fn read(class: u16, ttl: u32, mut options: &[u8]) -> (Edns, u16) {
    let [high, version, flags, _] = ttl.to_be_bytes();
    let mut edns = Edns {
        version,
        udp: class,
        dnssec_ok: flags & 0x80 != 0,
        nsid: None,
        nsid_hex: None,
        extended_errors: Vec::new(),
        other_options: Vec::new(),
    };
    while let [a, b, c, d, rest @ ..] = options {
        let (code, length) = (u16::from_be_bytes([*a, *b]), usize::from(u16::from_be_bytes([*c, *d])));
        // What is longer than the record is cut: the rest of the message stands on its own.
        let value = &rest[..length.min(rest.len())];
        options = &rest[value.len()..];
        match (code, value) {
            (3, name) => {
                edns.nsid = Some(text::plain(name));
                edns.nsid_hex = Some(HEXLOWER.encode(name));
            }
            (15, [high, low, extra @ ..]) => {
                let code = u16::from_be_bytes([*high, *low]);
                let extra = extra.strip_suffix(b"\0").unwrap_or(extra);
                edns.extended_errors.push(ExtendedError {
                    code,
                    name: ERRORS.get(usize::from(code)).map(|name| (*name).to_owned()),
                    text: (!extra.is_empty()).then(|| text::plain(extra)),
                });
            }
            (code, _) => edns.other_options.push(code),
        }
        if edns.extended_errors.len() + edns.other_options.len() > 64 {
            break;
        }
    }
    (edns, u16::from(high) << 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_errors_are_read() {
        let options = b"\0\x03\0\x03ns1\0\x0f\0\x08\0\x16no way\0\x0f\0\x02\x12\x34\0\x0a\0\x01x";
        let (edns, high) = read(1232, 0x0100_8000, options);
        assert_eq!((edns.udp, edns.version, edns.dnssec_ok, high), (1232, 0, true, 16));
        assert_eq!((edns.nsid.as_deref(), edns.nsid_hex.as_deref()), (Some("ns1"), Some("6e7331")));
        let [first, second] = &edns.extended_errors[..] else { panic!("{edns:?}") };
        assert_eq!(
            (first.code, first.name.as_deref(), first.text.as_deref()),
            (22, Some("No Reachable Authority"), Some("no way"))
        );
        assert_eq!((second.code, second.name.as_deref()), (0x1234, None));
        assert_eq!(edns.other_options, [10]);
    }

    #[test]
    fn garbage_is_no_more_than_it_is() {
        assert_eq!(read(0, 0, b"\0\x03\xff\xffab").0.nsid.as_deref(), Some("ab"));
        assert_eq!(read(0, 0, b"\0\x0f\0\x01x").0.other_options, [15]);
        assert_eq!(read(0, 0, b"\0\x0f").0.extended_errors, []);
    }
}
