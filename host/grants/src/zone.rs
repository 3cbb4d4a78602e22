//! Zones of link-local IPv6 addresses (RFC 4007): which link is meant, as a rule writes it and as
//! an asker knows it.
//!
//! Which index an interface has is the system's affair: the asker says both, so that this crate
//! asks nobody.

use std::fmt;

/// The longest name of an interface, in bytes (Linux has 15, others up to 31).
const MAX_NAME: usize = 31;

/// The zone of an address that is asked about: the interface's index, and its name where the asker
/// could find it out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Zone {
    /// What the system dials by (`sin6_scope_id`).
    pub index: u32,
    /// The name of the interface.
    pub name: Option<Box<str>>,
}

impl Zone {
    /// The index of an interface that is known by its name only.
    pub const UNKNOWN: u32 = u32::MAX;
}

/// What stands behind the `%` of a rule: an interface's name, or its index.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ZoneName(Box<str>);

impl ZoneName {
    /// Reads a zone; `None` where no interface can be called that.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'@');
        let number = text.bytes().all(|b| b.is_ascii_digit());
        // An index has one spelling, and 0 means that there is no zone.
        let index = !number || (!text.starts_with('0') && text.parse::<u32>().is_ok());
        let named = !text.is_empty() && text.len() <= MAX_NAME && text.bytes().all(plain);
        (named && index).then(|| Self(text.into()))
    }

    /// Whether this is the zone that was asked about.
    pub(crate) fn is(&self, zone: &Zone) -> bool {
        match self.0.parse::<u32>() {
            Ok(index) => index == zone.index,
            Err(_) => zone.name.as_deref() == Some(&*self.0),
        }
    }

    /// Whether this may be the zone that was asked about: where its name, or its index, could not
    /// be found out, nobody knows that it is not.
    pub(crate) fn may_be(&self, zone: &Zone) -> bool {
        let unknown = match self.0.parse::<u32>() {
            Ok(_) => matches!(zone.index, 0 | Zone::UNKNOWN),
            Err(_) => zone.name.is_none(),
        };
        unknown || self.is(zone)
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// As a rule would write it: the name, or the index where there is none.
impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) if ZoneName::parse(name).is_some() => f.write_str(name),
            _ => write!(f, "{}", self.index),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_a_name_or_an_index() {
        for text in ["eth0", "2", "wlp3s0", "br-lan", "eth0.100", "veth1@if2", "4294967295"] {
            assert_eq!(ZoneName::parse(text).map(|zone| zone.to_string()).as_deref(), Some(text));
        }
        for text in ["", "0", "02", "4294967296", "eth 0", "eth0/64", "é", "eth0]", "%", &"x".repeat(32)] {
            assert_eq!(ZoneName::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_index_is_compared_with_the_index_and_a_name_with_the_name() {
        let eth0 = Zone { index: 2, name: Some("eth0".into()) };
        let unnamed = Zone { index: 2, name: None };
        for (text, named, bare) in
            [("eth0", true, false), ("2", true, true), ("eth1", false, false), ("3", false, false)]
        {
            let rule = ZoneName::parse(text).unwrap();
            assert_eq!((rule.is(&eth0), rule.is(&unnamed)), (named, bare), "{text}");
        }
        // A deny rule holds where nobody knows.
        let (named, other) = (ZoneName::parse("eth0").unwrap(), ZoneName::parse("3").unwrap());
        assert!(named.may_be(&eth0) && named.may_be(&unnamed) && !other.may_be(&eth0) && !other.may_be(&unnamed));
        for index in [0, Zone::UNKNOWN] {
            assert!(other.may_be(&Zone { index, name: Some("eth0".into()) }));
        }
        assert!(!named.may_be(&Zone { index: 2, name: Some("eth1".into()) }));
        assert_eq!((eth0.to_string(), unnamed.to_string()), ("eth0".to_owned(), "2".to_owned()));
    }
}
