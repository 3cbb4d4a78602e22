//! One resource record as it is answered: its parts by name, and the line that
//! a master file would have.

use hickory_proto::rr::{DNSClass, Name, RecordType};
use hickory_proto::serialize::binary::{BinDecodable as _, BinDecoder};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{kind, rdata, text};

/// A record of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Record {
    /// Its name, absolute
    pub name: String,
    /// For how many seconds it may be kept
    pub ttl: u32,
    /// IN
    pub class: String,
    /// Its type: A, MX, … or TYPE123
    #[serde(rename = "type")]
    pub kind: String,
    /// Its data as a zone file has it
    pub data: String,
    /// The data's parts by name, such as preference and exchange of an MX
    pub fields: Map<String, Value>,
    /// What the name and data were read from, for decisions.
    #[serde(skip)]
    #[schemars(skip)]
    pub(crate) raw: Raw,
}

/// The parts of a record that decisions compare.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Raw {
    pub name: Name,
    pub kind: RecordType,
    /// The name that NS, CNAME and the like have as their data.
    pub to: Option<Name>,
}

/// The fixed part of a record, before its data.
pub(crate) struct Head {
    pub name: Name,
    pub kind: RecordType,
    pub class: u16,
    pub ttl: u32,
    pub length: usize,
}

impl Head {
    pub fn read(decoder: &mut BinDecoder<'_>) -> Option<Self> {
        let name = Name::read(decoder).ok()?;
        let mut number =
            || Some(decoder.read_u16().ok()?.unverified(/* every number is a type, a class, half a TTL */));
        let (kind, class, high, low, length) = (number()?, number()?, number()?, number()?, number()?);
        let ttl = u32::from(high) << 16 | u32::from(low);
        (usize::from(length) <= decoder.len()).then(|| Self {
            name,
            kind: kind.into(),
            class,
            ttl,
            length: usize::from(length),
        })
    }
}

impl Record {
    pub(crate) fn read(head: Head, decoder: &mut BinDecoder<'_>) -> Option<Self> {
        let points = matches!(head.kind, RecordType::NS | RecordType::CNAME | RecordType::DNAME | RecordType::PTR);
        let to = points.then(|| Name::read(&mut decoder.clone(u16::try_from(decoder.index()).ok()?)).ok()).flatten();
        let data = rdata::read(decoder, head.kind, head.length)?;
        Some(Self {
            name: text::name(&head.name),
            // A TTL with its highest bit set counts as zero (RFC 2181, section 8).
            ttl: if head.ttl > i32::MAX as u32 { 0 } else { head.ttl },
            class: kind::class(DNSClass::from(head.class)),
            kind: kind::name(head.kind),
            data: data.text,
            fields: data.fields,
            raw: Raw { name: head.name, kind: head.kind, to },
        })
    }

    /// The address of an A or AAAA record.
    pub(crate) fn address(&self) -> Option<std::net::IpAddr> {
        matches!(self.raw.kind, RecordType::A | RecordType::AAAA).then(|| self.data.parse().ok()).flatten()
    }

    /// About how much room it takes in an answer, as text and as JSON.
    pub(crate) fn weight(&self) -> usize {
        200 + 2 * self.name.len() + 3 * self.data.len()
    }
}
