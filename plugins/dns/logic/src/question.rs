//! A question and its message (RFC 1035 section 4, RFC 6891).

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query};
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption, NSIDPayload};
use hickory_proto::rr::{Name, RecordType};

/// The largest datagram that the asker accepts. The list is closed, because any number in a
/// question could carry data out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload(u16);

impl Payload {
    /// The sizes there are: without EDNS, the usual one since the DNS flag day 2020, Ethernet's,
    /// and the largest in use.
    pub const SIZES: [u16; 4] = [512, 1232, 1400, 4096];

    /// dig's default.
    pub const USUAL: Self = Self(1232);

    /// One of [`Payload::SIZES`].
    pub fn new(size: u16) -> Option<Self> {
        Self::SIZES.contains(&size).then_some(Self(size))
    }
}

/// What is asked, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name.
    pub name: Name,
    /// The type.
    pub kind: RecordType,
    /// The server is to ask others (RD).
    pub recurse: bool,
    /// Whether the answer was validated is of interest (AD, RFC 6840 section 5.7).
    pub authentic: bool,
    /// The server is not to validate (CD).
    pub unchecked: bool,
    /// Signatures are wanted (DO, RFC 3225).
    pub dnssec: bool,
    /// The server's name is wanted (RFC 5001).
    pub nsid: bool,
    /// Datagrams of this size are taken; `None` is DNS without EDNS.
    pub edns: Option<Payload>,
}

impl Question {
    /// An ordinary question: with recursion, EDNS, and dig's flags.
    pub fn new(name: Name, kind: RecordType) -> Self {
        Self {
            name,
            kind,
            recurse: true,
            authentic: true,
            unchecked: false,
            dnssec: false,
            nsid: false,
            edns: Some(Payload::USUAL),
        }
    }

    /// The message. Its id is zero: the carrier draws one.
    ///
    /// # Errors
    /// Never for a name that was parsed; the library's signature allows for it.
    pub fn message(&self) -> Result<Vec<u8>, String> {
        let mut message = Message::new(0, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = self.recurse;
        message.metadata.authentic_data = self.authentic;
        message.metadata.checking_disabled = self.unchecked;
        message.add_query(Query::query(self.name.clone(), self.kind));
        if let Some(Payload(size)) = self.edns {
            let mut edns = Edns::new();
            edns.set_max_payload(size).set_version(0).set_dnssec_ok(self.dnssec);
            if self.nsid {
                let empty = NSIDPayload::new(Vec::new()).map_err(|error| error.to_string())?;
                edns.options_mut().options.push((EdnsCode::NSID, EdnsOption::NSID(empty)));
            }
            message.set_edns(edns);
        }
        message.to_vec().map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_question_is_the_bytes_of_the_rfc() {
        let mut question = Question::new(Name::from_ascii("ab.example.").unwrap(), RecordType::MX);
        (question.edns, question.authentic) = (None, false);
        let expected = b"\0\0\x01\0\0\x01\0\0\0\0\0\0\x02ab\x07example\0\0\x0f\0\x01";
        assert_eq!(question.message().unwrap(), expected);
    }

    #[test]
    fn edns_carries_what_was_asked_for_and_nothing_else() {
        let mut question = Question::new(Name::root(), RecordType::NS);
        (question.dnssec, question.nsid) = (true, true);
        let expected = b"\0\0\x01\x20\0\x01\0\0\0\0\0\x01\0\0\x02\0\x01\0\0\x29\x04\xd0\0\0\x80\0\0\x04\0\x03\0\0";
        assert_eq!(question.message().unwrap(), expected);
    }

    #[test]
    fn sizes_are_a_closed_list() {
        assert!(Payload::new(1232).is_some());
        assert!(Payload::new(1233).is_none());
    }
}
