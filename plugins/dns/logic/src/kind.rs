//! The record types that the tools take, and how every other type is named.

use hickory_proto::rr::{DNSClass, RecordType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A record type that can be asked for: ITMCP's, and those that later RFCs have made common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the names are the IANA registry's")]
pub enum Kind {
    A,
    Aaaa,
    Mx,
    Ns,
    Txt,
    Soa,
    Cname,
    Srv,
    Ptr,
    Caa,
    Ds,
    Dnskey,
    Https,
    Svcb,
    Naptr,
    Tlsa,
    Any,
}

impl Kind {
    /// All of them, in the order of the schema.
    pub const ALL: [Self; 17] = [
        Self::A,
        Self::Aaaa,
        Self::Mx,
        Self::Ns,
        Self::Txt,
        Self::Soa,
        Self::Cname,
        Self::Srv,
        Self::Ptr,
        Self::Caa,
        Self::Ds,
        Self::Dnskey,
        Self::Https,
        Self::Svcb,
        Self::Naptr,
        Self::Tlsa,
        Self::Any,
    ];

    /// Reads a type as dig's options write it, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| name(kind.wire()).eq_ignore_ascii_case(text))
    }

    /// The type as messages have it.
    pub fn wire(self) -> RecordType {
        match self {
            Self::A => RecordType::A,
            Self::Aaaa => RecordType::AAAA,
            Self::Mx => RecordType::MX,
            Self::Ns => RecordType::NS,
            Self::Txt => RecordType::TXT,
            Self::Soa => RecordType::SOA,
            Self::Cname => RecordType::CNAME,
            Self::Srv => RecordType::SRV,
            Self::Ptr => RecordType::PTR,
            Self::Caa => RecordType::CAA,
            Self::Ds => RecordType::DS,
            Self::Dnskey => RecordType::DNSKEY,
            Self::Https => RecordType::HTTPS,
            Self::Svcb => RecordType::SVCB,
            Self::Naptr => RecordType::NAPTR,
            Self::Tlsa => RecordType::TLSA,
            Self::Any => RecordType::ANY,
        }
    }
}

/// A type's mnemonic, or `TYPE123` where there is none (RFC 3597, section 5).
pub(crate) fn name(kind: RecordType) -> String {
    match kind {
        RecordType::Unknown(29) => "LOC".to_owned(),
        RecordType::Unknown(17) => "RP".to_owned(),
        RecordType::Unknown(18) => "AFSDB".to_owned(),
        RecordType::Unknown(256) => "URI".to_owned(),
        RecordType::Unknown(number) => format!("TYPE{number}"),
        RecordType::ZERO => "TYPE0".to_owned(),
        // The library's own name for a type that was never standardised.
        RecordType::ANAME => format!("TYPE{}", u16::from(kind)),
        kind => kind.to_string(),
    }
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
        for kind in Kind::ALL {
            let name = name(kind.wire());
            assert_eq!(Kind::parse(&name.to_lowercase()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), name);
        }
        assert_eq!(Kind::parse("AXFR"), None, "whole zones are not asked for");
        assert_eq!(name(RecordType::Unknown(65_280)), "TYPE65280");
        assert_eq!(class(DNSClass::Unknown(9)), "CLASS9");
    }
}
