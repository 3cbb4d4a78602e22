//! The record types that can be asked for, and how types and classes are named.

use hickory_proto::rr::{DNSClass, RecordType};

use crate::types::{self, TYPES};

/// A record type that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kind(u16);

/// Why a type is not asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KindError {
    /// No type has this name.
    #[error("there is no record type `{0}`; write a mnemonic such as MX, or TYPE123")]
    Unknown(String),
    /// Whole zones, and what is a part of messages.
    #[error("{0} is not asked for: it is no record of a name")]
    NotARecord(&'static str),
    /// Nobody has given the number a meaning.
    #[error("TYPE{0} is not asked for: the number is neither assigned nor for private use (65280 to 65534)")]
    Unassigned(u16),
}

impl Kind {
    /// IPv4 addresses.
    pub const A: Self = Self(1);
    /// IPv6 addresses.
    pub const AAAA: Self = Self(28);
    /// Names of addresses.
    pub const PTR: Self = Self(12);
    /// Everything.
    pub const ANY: Self = Self(255);

    /// Reads a type as dig does: a mnemonic in any case, or `TYPE123`.
    ///
    /// # Errors
    /// Why it is not asked for.
    pub fn parse(text: &str) -> Result<Self, KindError> {
        let unknown = || KindError::Unknown(text.chars().take(40).flat_map(char::escape_debug).collect());
        let number = match TYPES.iter().find(|known| known.name.eq_ignore_ascii_case(text)) {
            Some(known) => known.number,
            None => {
                let digits = text.split_at_checked(4).filter(|(word, _)| word.eq_ignore_ascii_case("TYPE"));
                let digits =
                    digits.map(|(_, digits)| digits).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
                digits.and_then(|digits| digits.parse().ok()).ok_or_else(unknown)?
            }
        };
        match (number, types::of(number)) {
            (41 | 249..=252, Some(known)) => Err(KindError::NotARecord(known.name)),
            // Assigned, though dig has no name for them: NXNAME, CLA, IPN.
            (_, Some(_)) | (128 | 263 | 264 | 65_280..=65_534, None) => Ok(Self(number)),
            (_, None) => Err(KindError::Unassigned(number)),
        }
    }

    /// The type as messages have it.
    pub fn wire(self) -> RecordType {
        self.0.into()
    }

    /// Its mnemonic, or `TYPE123`.
    pub fn name(self) -> String {
        name(self.wire())
    }
}

/// A type's mnemonic, or `TYPE123` where dig has none (RFC 3597, section 5).
pub(crate) fn name(kind: RecordType) -> String {
    let number = u16::from(kind);
    types::of(number).map_or_else(|| format!("TYPE{number}"), |known| known.name.to_owned())
}

/// A class's mnemonic, or `CLASS123`.
pub(crate) fn class(class: DNSClass) -> String {
    match class {
        DNSClass::IN | DNSClass::CH | DNSClass::HS | DNSClass::NONE | DNSClass::ANY => class.to_string(),
        other => format!("CLASS{}", u16::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_named_as_it_is_read() {
        for known in TYPES {
            match Kind::parse(&known.name.to_lowercase()) {
                Ok(kind) => assert_eq!((kind.name().as_str(), kind.0), (known.name, known.number)),
                Err(error) => assert_eq!(error, KindError::NotARecord(known.name)),
            }
        }
        assert_eq!(Kind::parse("mX").map(Kind::name).as_deref(), Ok("MX"));
        assert_eq!(Kind::parse("TYPE15").map(Kind::name).as_deref(), Ok("MX"));
        assert_eq!(Kind::parse("type65280").map(Kind::name).as_deref(), Ok("TYPE65280"));
        assert_eq!(class(DNSClass::Unknown(9)), "CLASS9");
    }

    #[test]
    fn what_is_no_question_is_refused_with_its_reason() {
        for text in ["", "M X", "MXX", "TYPE", "TYPE-1", "TYPE+1", "TYPE65536", "TYPE1x", "ß"] {
            assert!(matches!(Kind::parse(text), Err(KindError::Unknown(_))), "{text}");
        }
        assert_eq!(Kind::parse("axfr"), Err(KindError::NotARecord("AXFR")), "whole zones are not asked for");
        assert_eq!(Kind::parse("TYPE41"), Err(KindError::NotARecord("OPT")));
        assert_eq!(Kind::parse("TYPE12345"), Err(KindError::Unassigned(12_345)));
        assert_eq!(Kind::parse("TYPE0"), Err(KindError::Unassigned(0)));
        assert_eq!(Kind::parse("TYPE65535"), Err(KindError::Unassigned(65_535)));
    }
}
