//! The name in a DNS query, from the labels that stand in the packet: what is checked is what is
//! sent.
//!
//! A query may ask for much that is no host name: the root, labels of arbitrary bytes. Host names
//! are `name.rs`; which names a rule covers is `rule/names.rs`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{Cidr, Name};

/// The most bytes a name has on the wire, with its length bytes and the root's (RFC 1035 §2.3.4).
const MAX_WIRE: usize = 255;
/// The most bytes a label has (RFC 1035 §2.3.4).
const MAX_LABEL: usize = 63;

/// A name as a query asks for it: labels of bytes, ASCII upper case folded (RFC 4343). The root has
/// none.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueryName(Vec<Box<[u8]>>);

impl QueryName {
    /// A name from its labels as they stand on the wire, the root's empty label left out.
    ///
    /// # Errors
    /// A [`QueryNameError`] for a label or a name that no packet can hold.
    pub fn from_labels<L: AsRef<[u8]>>(labels: impl IntoIterator<Item = L>) -> Result<Self, QueryNameError> {
        let mut own: Vec<Box<[u8]>> = Vec::new();
        let mut wire = 1;
        for label in labels {
            let label = label.as_ref();
            if label.is_empty() {
                return Err(QueryNameError::EmptyLabel);
            }
            if label.len() > MAX_LABEL {
                return Err(QueryNameError::LabelTooLong);
            }
            wire += 1 + label.len();
            if wire > MAX_WIRE {
                return Err(QueryNameError::TooLong);
            }
            own.push(label.to_ascii_lowercase().into());
        }
        Ok(Self(own))
    }

    /// Reads the text form (RFC 1035 §5.1): labels between dots, `\.` for a dot in a label, `\DDD`
    /// for a byte; a dot at the end changes nothing, and a dot alone is the root.
    ///
    /// # Errors
    /// A [`QueryNameError`].
    pub fn parse(text: &str) -> Result<Self, QueryNameError> {
        if text == "." {
            return Ok(Self(Vec::new()));
        }
        let mut labels: Vec<Vec<u8>> = vec![Vec::new()];
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            let byte = match byte {
                b'.' => {
                    labels.push(Vec::new());
                    continue;
                }
                b'\\' => escaped(&mut bytes).ok_or(QueryNameError::Escape)?,
                other => other,
            };
            if let Some(label) = labels.last_mut() {
                label.push(byte);
            }
        }
        if labels.len() > 1 && labels.last().is_some_and(Vec::is_empty) {
            labels.pop();
        }
        Self::from_labels(labels)
    }

    /// The labels, the first in the packet first.
    pub fn labels(&self) -> impl DoubleEndedIterator<Item = &[u8]> + ExactSizeIterator + Clone {
        self.0.iter().map(|label| &**label)
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The host name that this is; `None` for everything else, which only `any` covers.
    pub fn host_name(&self) -> Option<Name> {
        // A label with a dot in it would look like two.
        let plain = |label: &[u8]| label.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if !self.labels().all(plain) {
            return None;
        }
        Name::parse(&self.to_string()).ok()
    }

    /// Where an instance of a service is found, if this is its name: `My Printer._ipp._tcp.example`
    /// (RFC 6763, section 4.1). The instance's own label is free text; everything behind it is a
    /// host name.
    pub fn of_instance(&self) -> Option<Name> {
        let [instance, rest @ ..] = &*self.0 else { return None };
        let [service, protocol, _, ..] = rest else { return None };
        let is_service = service.starts_with(b"_") && matches!(&**protocol, b"_tcp" | b"_udp");
        // A control character might end a name early for a careless reader.
        let is_text = std::str::from_utf8(instance).is_ok_and(|text| !text.chars().any(char::is_control));
        if !is_service || !is_text || instance.starts_with(b"_") {
            return None;
        }
        Self(rest.to_vec()).host_name()
    }

    /// The network that a reverse name stands for (RFC 1035 §3.5, RFC 3596 §2.5): an address, or a
    /// network at a boundary of labels. `None` for every other name.
    pub(crate) fn reverse(&self) -> Option<Cidr> {
        let (network, rest) = self.reverse_zone()?;
        (rest == 0).then_some(network)
    }

    /// The smallest network in whose reverse tree the name lies, and how many labels it has below
    /// that.
    pub(crate) fn reverse_zone(&self) -> Option<(Cidr, usize)> {
        let mut labels = self.labels().rev();
        if labels.next()? != b"arpa" {
            return None;
        }
        let (bits, read): (u8, Part) = match labels.next()? {
            b"in-addr" => (8, octet),
            b"ip6" => (4, nibble),
            _ => return None,
        };
        let four = bits == 8;
        let most = if four { 4 } else { 32 };
        let parts: Vec<u8> = labels.clone().take(most).map_while(read).collect();
        let used = parts.len();
        let value = parts.iter().chain(std::iter::repeat(&0)).take(most);
        let value = value.fold(0_u128, |value, part| value << bits | u128::from(*part));
        let address = match four {
            true => IpAddr::V4(Ipv4Addr::from_bits(value as u32)),
            false => IpAddr::V6(Ipv6Addr::from_bits(value)),
        };
        let prefix = u8::try_from(used).ok()? * bits;
        Some((Cidr::around(address, prefix), labels.len() - used))
    }
}

impl From<&Name> for QueryName {
    fn from(name: &Name) -> Self {
        Self(name.as_str().split('.').map(|label| label.as_bytes().into()).collect())
    }
}

/// The text form, without a dot at the end; `.` for the root.
impl fmt::Display for QueryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return f.write_str(".");
        }
        for (index, label) in self.labels().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            for &byte in label {
                match byte {
                    b if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'*' | b'+' | b'=' | b':') => {
                        write!(f, "{}", char::from(b))?;
                    }
                    b if b.is_ascii_graphic() => write!(f, "\\{}", char::from(b))?,
                    b => write!(f, "\\{b:03}")?,
                }
            }
        }
        Ok(())
    }
}

/// Reads the part of an address that a label stands for.
type Part = fn(&[u8]) -> Option<u8>;

/// What follows a backslash.
fn escaped(bytes: &mut std::str::Bytes<'_>) -> Option<u8> {
    let first = bytes.next()?;
    if !first.is_ascii_digit() {
        return Some(first);
    }
    let mut value = u16::from(first - b'0');
    for _ in 0..2 {
        let digit = bytes.next().filter(u8::is_ascii_digit)?;
        value = value * 10 + u16::from(digit - b'0');
    }
    u8::try_from(value).ok()
}

/// A part of an IPv4 address, in its one decimal spelling.
fn octet(label: &[u8]) -> Option<u8> {
    let plain = label.iter().all(u8::is_ascii_digit) && (label.len() == 1 || label.first() != Some(&b'0'));
    std::str::from_utf8(label).ok().filter(|_| plain)?.parse().ok()
}

/// Four bits of an IPv6 address.
fn nibble(label: &[u8]) -> Option<u8> {
    match label {
        [one] => char::from(*one).to_digit(16).and_then(|digit| u8::try_from(digit).ok()),
        _ => None,
    }
}

/// Why something is not a name that a query can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryNameError {
    /// A label without bytes that is not the root's.
    EmptyLabel,
    /// A label over 63 bytes.
    LabelTooLong,
    /// A name over 255 bytes on the wire.
    TooLong,
    /// A backslash that is followed by nothing, or by a number that is no byte.
    Escape,
}

impl fmt::Display for QueryNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyLabel => "a name cannot have an empty label; the root is `.`",
            Self::LabelTooLong => "a label has at most 63 bytes",
            Self::TooLong => "a name has at most 255 bytes in a packet",
            Self::Escape => "after a backslash stands a character, or a byte as three decimal digits",
        })
    }
}

impl std::error::Error for QueryNameError {}

#[cfg(test)]
#[path = "query_tests.rs"]
mod tests;
