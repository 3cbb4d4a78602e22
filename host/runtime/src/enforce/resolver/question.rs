//! One question about a name's addresses as bytes, and what bytes that came back say about it.
//! Nothing is sent here.

use std::net::IpAddr;

use hickory_proto::op::{Edns, Header, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable as _, BinDecoder};

use super::Family;

/// The datagram that fits everywhere (dnsflagday.net/2020).
const PAYLOAD: u16 = 1232;

/// Aliases that are followed from one name.
pub const ALIASES: usize = 16;

/// Addresses of one family that are read from an answer; further ones are left out.
const MOST: usize = 64;

/// A name and the kind of address that is wanted of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub name: Name,
    pub family: Family,
}

/// What a message means to somebody who waits for the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It is no answer to this question.
    NotOurs,
    /// The server does not know EDNS (RFC 6891, section 7).
    NoEdns,
    /// The answer does not fit into a datagram.
    Truncated,
    /// The server does not answer the question, with this code.
    Code(ResponseCode),
    /// The answer.
    Answer(Answer),
}

/// What a server says of a name. Lifetimes are in seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It has these addresses.
    Addresses(Vec<IpAddr>, u32),
    /// It is another name's alias, of which this answer says nothing.
    Alias(Name, u32),
    /// It has none; `exists` if the name is there all the same. How long that counts, where it is
    /// told.
    Nothing { exists: bool, ttl: Option<u32> },
    /// Its aliases lead in a circle.
    Circle,
}

impl Question {
    /// The message that goes out, with EDNS or without.
    ///
    /// # Errors
    /// Never for a name that was read; the library's signature allows for it.
    pub fn message(&self, id: u16, edns: bool) -> Result<Vec<u8>, std::io::Error> {
        let mut message = Message::new(id, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = true;
        message.add_query(Query::query(self.name.clone(), self.kind()));
        if edns {
            let mut extension = Edns::new();
            extension.set_max_payload(PAYLOAD).set_version(0);
            message.set_edns(extension);
        }
        message.to_vec().map_err(std::io::Error::other)
    }

    /// Reads a message that came from the server; `edns` if its question went out with EDNS.
    pub fn read(&self, bytes: &[u8], id: u16, edns: bool) -> Reply {
        let Ok(header) = Header::read(&mut BinDecoder::new(bytes)) else { return Reply::NotOurs };
        let (is, counts) = (header.metadata, header.counts);
        if is.id != id || is.message_type != MessageType::Response || is.op_code != OpCode::Query {
            return Reply::NotOurs;
        }
        // A server that does not know EDNS may send back the header alone.
        let knows_none = matches!(is.response_code, ResponseCode::FormErr | ResponseCode::NotImp);
        if knows_none && counts.queries == 0 {
            return if edns { Reply::NoEdns } else { Reply::Code(is.response_code) };
        }
        let message = Message::from_vec(bytes);
        if is.truncation {
            // It may have been cut within a record. A forged answer of this kind only causes a
            // question over TCP.
            return Reply::Truncated;
        }
        let Ok(message) = message else { return Reply::NotOurs };
        let [query] = &message.queries[..] else { return Reply::NotOurs };
        if query.name != self.name || query.query_type != self.kind() || query.query_class != DNSClass::IN {
            return Reply::NotOurs;
        }
        match message.metadata.response_code {
            ResponseCode::NoError | ResponseCode::NXDomain => Reply::Answer(self.answer(&message)),
            _ if knows_none && edns && message.edns.is_none() => Reply::NoEdns,
            code => Reply::Code(code),
        }
    }

    fn kind(&self) -> RecordType {
        match self.family {
            Family::V4 => RecordType::A,
            Family::V6 => RecordType::AAAA,
        }
    }

    /// Follows the aliases of the answer, in whatever order they stand, to the addresses at their
    /// end.
    fn answer(&self, message: &Message) -> Answer {
        let (mut name, mut least) = (&self.name, u32::MAX);
        for _ in 0..ALIASES {
            let own = |record: &&Record| record.dns_class == DNSClass::IN && record.name == *name;
            let own: Vec<&Record> = message.answers.iter().filter(own).collect();
            let addresses = own.iter().filter_map(|record| Some((self.address(record)?, record.ttl)));
            let (addresses, ttls): (Vec<IpAddr>, Vec<u32>) = addresses.take(MOST).unzip();
            if let Some(ttl) = ttls.into_iter().min() {
                return Answer::Addresses(addresses, least.min(ttl));
            }
            let alias = own.iter().find_map(|record| match &record.data {
                RData::CNAME(CNAME(to)) => Some((to, record.ttl)),
                _ => None,
            });
            match alias {
                Some((to, ttl)) => (name, least) = (to, least.min(ttl)),
                None => return self.end(message, name, least),
            }
        }
        Answer::Circle
    }

    /// What it means that an answer has no addresses for the last of its names.
    fn end(&self, message: &Message, last: &Name, least: u32) -> Answer {
        let soa = message.authorities.iter().find_map(|record| match &record.data {
            RData::SOA(soa) => Some(record.ttl.min(soa.minimum)),
            _ => None,
        });
        let exists = message.metadata.response_code == ResponseCode::NoError;
        if exists && soa.is_none() && *last != self.name {
            return Answer::Alias(last.clone(), least);
        }
        Answer::Nothing { exists, ttl: soa.map(|ttl| ttl.min(least)) }
    }

    fn address(&self, record: &Record) -> Option<IpAddr> {
        match (&record.data, self.family) {
            (RData::A(A(address)), Family::V4) => Some((*address).into()),
            (RData::AAAA(AAAA(address)), Family::V6) => Some((*address).into()),
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "question_tests.rs"]
mod tests;
