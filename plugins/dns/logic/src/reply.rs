//! A message that came back: whether it is the answer to our question at all, and what it says. The
//! library reads header, question and names; records are read one by one, so that one that is
//! malformed is shown as bytes and spoils no other.

use std::collections::BTreeMap;

use hickory_proto::op::{Header, MessageType, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use hickory_proto::serialize::binary::{BinDecodable as _, BinDecoder};

use crate::edns::{self, Edns};
use crate::record::{Head, Record};
use crate::{Question, status};

/// Why a message is not the answer: it is passed over, and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unfit {
    /// No DNS message, or none that can be read to its end.
    Garbage,
    /// A question.
    NotAReply,
    /// The answer to another message.
    WrongId,
    /// The answer to another question.
    WrongQuestion,
}

impl Unfit {
    /// The stable word for it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Garbage => "malformed",
            Self::NotAReply => "not_a_reply",
            Self::WrongId => "wrong_id",
            Self::WrongQuestion => "wrong_question",
        }
    }
}

/// An answer to our question.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub(crate) header: Header,
    pub(crate) status: u16,
    pub(crate) question: Option<Query>,
    pub(crate) answers: Vec<Record>,
    pub(crate) authority: Vec<Record>,
    pub(crate) additional: Vec<Record>,
    pub(crate) edns: Option<Edns>,
    pub(crate) size: usize,
}

impl Reply {
    /// Reads a message as the answer to this question.
    ///
    /// # Errors
    /// Why it is not one.
    pub fn read(bytes: &[u8], id: u16, question: &Question) -> Result<Self, Unfit> {
        let mut decoder = BinDecoder::new(bytes);
        let header = Header::read(&mut decoder).map_err(|_| Unfit::Garbage)?;
        if header.metadata.message_type != MessageType::Response {
            return Err(Unfit::NotAReply);
        }
        if header.metadata.id != id {
            return Err(Unfit::WrongId);
        }
        let low = header.metadata.response_code;
        let asked = match header.counts.queries {
            1 => {
                let asked = Query::read(&mut decoder).map_err(|_| Unfit::Garbage)?;
                let same = asked.name == question.name && asked.query_type == question.kind;
                // Names compare without regard to case.
                if !same || asked.query_class != hickory_proto::rr::DNSClass::IN {
                    return Err(Unfit::WrongQuestion);
                }
                Some(asked)
            }
            // A server that could not read the question may not repeat it.
            0 if low != ResponseCode::NoError && low != ResponseCode::NXDomain => None,
            _ => return Err(Unfit::WrongQuestion),
        };
        let mut reply = Self {
            header,
            status: u16::from(low),
            question: asked,
            answers: Vec::new(),
            authority: Vec::new(),
            additional: Vec::new(),
            edns: None,
            size: bytes.len(),
        };
        // A truncated message may end anywhere: what can be read of it counts.
        match reply.records(&mut decoder) {
            Some(()) => Ok(reply),
            None if reply.truncated() => Ok(reply),
            None => Err(Unfit::Garbage),
        }
    }

    fn records(&mut self, decoder: &mut BinDecoder<'_>) -> Option<()> {
        let counts = self.header.counts;
        for _ in 0..counts.answers {
            self.answers.push(Record::read(Head::read(decoder)?, decoder)?);
        }
        for _ in 0..counts.authorities {
            self.authority.push(Record::read(Head::read(decoder)?, decoder)?);
        }
        for _ in 0..counts.additionals {
            let head = Head::read(decoder)?;
            if head.kind != RecordType::OPT || self.edns.is_some() {
                self.additional.push(Record::read(head, decoder)?);
                continue;
            }
            let options = decoder.read_slice(head.length).ok()?.unverified(/* every byte of it is shown as one */);
            let (edns, high) = edns::read(head.class, head.ttl, options);
            self.status |= high;
            self.edns = Some(edns);
        }
        Some(())
    }

    /// The server had more to say than a datagram takes.
    pub fn truncated(&self) -> bool {
        self.header.metadata.truncation
    }

    /// The status as dig names it.
    pub fn status(&self) -> String {
        status::name(self.status).map_or_else(|| format!("RESERVED{}", self.status), str::to_owned)
    }

    /// The header's flags, in dig's order.
    pub(crate) fn flags(&self) -> Vec<&'static str> {
        let is = &self.header.metadata;
        let all = [
            ("qr", true),
            ("aa", is.authoritative),
            ("tc", is.truncation),
            ("rd", is.recursion_desired),
            ("ra", is.recursion_available),
            ("ad", is.authentic_data),
            ("cd", is.checking_disabled),
        ];
        all.into_iter().filter(|(_, set)| *set).map(|(flag, _)| flag).collect()
    }

    /// The names from the question's along its aliases, in the order of the chain:
    /// one, if there is no alias.
    pub(crate) fn chain(&self, from: &Name) -> Vec<Name> {
        let aliases = self.answers.iter().filter(|record| record.raw.kind == RecordType::CNAME);
        let aliases: BTreeMap<&Name, &Name> =
            aliases.filter_map(|record| Some((&record.raw.name, record.raw.to.as_ref()?))).collect();
        let mut chain = vec![from.clone()];
        // Each alias is followed once at most, so a loop ends.
        while let Some(next) = chain.last().and_then(|last| aliases.get(last)) {
            if chain.len() > aliases.len() {
                break;
            }
            chain.push((*next).clone());
        }
        chain
    }

    /// Whether there is a record of this type (or of any, for ANY) at the end of the chain.
    pub(crate) fn answers_with(&self, kind: RecordType, chain: &[Name]) -> bool {
        let Some(last) = chain.last() else { return false };
        self.answers.iter().any(|record| {
            (record.raw.name == *last && record.raw.kind == kind)
                // MAILB, MAILA and ANY stand for several types.
                || matches!(u16::from(kind), 253..=255)
                || (kind == RecordType::CNAME && record.raw.kind == kind)
        })
    }
}
