//! What a question may carry. The guest's bytes are read, and the message that goes out is made
//! anew from what was read. Where no byte is free, nothing can be hidden. Whether the name may be
//! asked, and of which server, is decided elsewhere.

use cofferdam_grants::QueryName;
use hickory_proto::op::{Edns, Header, Message, MessageType, OpCode, Query};
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption, NSIDPayload};
use hickory_proto::rr::{DNSClass, Name, RecordType};
use hickory_proto::serialize::binary::{BinDecodable as _, BinDecoder};

/// The sizes of datagrams that a question may offer. Any number would be sixteen bits of the
/// guest's choice.
const PAYLOADS: [u16; 4] = [512, 1232, 1400, 4096];

/// A question that carries nothing but what stands here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What the policy is asked about.
    pub asked: QueryName,
    name: Name,
    kind: RecordType,
    recursion_desired: bool,
    authentic_data: bool,
    checking_disabled: bool,
    edns: Option<Extension>,
}

/// EDNS of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Extension {
    payload: u16,
    dnssec_ok: bool,
    nsid: bool,
}

impl Question {
    /// Reads a guest's message.
    ///
    /// # Errors
    /// What it has that no question may have.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        // The counts first: no more is read than may be there.
        let header = Header::read(&mut BinDecoder::new(bytes)).map_err(|_| "it has no header")?;
        let (is, counts) = (header.metadata, header.counts);
        if is.message_type != MessageType::Query || is.op_code != OpCode::Query {
            return Err("only ordinary questions are sent (QUERY, not a reply)".to_owned());
        }
        if (counts.queries, counts.answers, counts.authorities) != (1, 0, 0) || counts.additionals > 1 {
            return Err("it has to have one question, and no records but an OPT".to_owned());
        }
        let mut decoder = BinDecoder::new(bytes);
        let message = Message::read(&mut decoder).map_err(|error| error.to_string())?;
        if !decoder.is_empty() {
            return Err("there are bytes behind the message".to_owned());
        }
        if !message.additionals.is_empty() || message.signature.is_some() {
            return Err("it has to have one question, and no records but an OPT".to_owned());
        }
        let query = message.queries.first().ok_or("it has no question")?;
        if query.query_class != DNSClass::IN {
            return Err(format!("the class has to be IN, it is {}", query.query_class));
        }
        let name = query.name.to_lowercase();
        Ok(Self {
            asked: QueryName::from_labels(name.iter()).map_err(|error| error.to_string())?,
            name,
            kind: kind(query.query_type)?,
            recursion_desired: is.recursion_desired,
            authentic_data: is.authentic_data,
            checking_disabled: is.checking_disabled,
            edns: message.edns.as_ref().map(Extension::read).transpose()?,
        })
    }

    /// The message that goes out.
    ///
    /// # Errors
    /// Never for a question that was read; the library's signature allows for it.
    pub fn message(&self, id: u16) -> Result<Vec<u8>, String> {
        let mut message = Message::new(id, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = self.recursion_desired;
        message.metadata.authentic_data = self.authentic_data;
        message.metadata.checking_disabled = self.checking_disabled;
        message.add_query(Query::query(self.name.clone(), self.kind));
        if let Some(extension) = self.edns {
            message.set_edns(extension.edns()?);
        }
        message.to_vec().map_err(|error| error.to_string())
    }
}

impl Extension {
    fn read(edns: &Edns) -> Result<Self, String> {
        if edns.version() != 0 {
            return Err(format!("EDNS version 0 is sent, not {}", edns.version()));
        }
        if !PAYLOADS.contains(&edns.max_payload()) {
            return Err(format!("the size has to be one of {PAYLOADS:?}, it is {}", edns.max_payload()));
        }
        let mut nsid = false;
        for (code, option) in &edns.options().options {
            if *code != EdnsCode::NSID || !option.is_empty() || nsid {
                return Err("EDNS options are not sent, but for one empty NSID".to_owned());
            }
            nsid = true;
        }
        Ok(Self { payload: edns.max_payload(), dnssec_ok: edns.flags().dnssec_ok, nsid })
    }

    fn edns(self) -> Result<Edns, String> {
        let mut edns = Edns::new();
        edns.set_max_payload(self.payload).set_version(0).set_dnssec_ok(self.dnssec_ok);
        if self.nsid {
            let empty = NSIDPayload::new(Vec::new()).map_err(|error| error.to_string())?;
            edns.options_mut().options.push((EdnsCode::NSID, EdnsOption::NSID(empty)));
        }
        Ok(edns)
    }
}

/// A type that somebody has given a meaning: any number would be sixteen bits of the guest's
/// choice. Transfers of zones and the types that are parts of messages are no questions. The
/// numbers are IANA's registry of types; those for private use (RFC 6895, section 3.1) are what
/// name servers of one's own are asked for.
fn kind(kind: RecordType) -> Result<RecordType, String> {
    match u16::from(kind) {
        1..=40 | 42..=53 | 55..=68 | 99..=109 | 128 | 253..=264 | 32_768 | 32_769 | 65_280..=65_534 => Ok(kind),
        number => Err(format!("the type {number} is not asked for")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ab.example` A, with recursion.
    const PLAIN: &[u8] = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x02Ab\x07eXample\0\0\x01\0\x01";

    fn refused(bytes: &[u8]) -> String {
        Question::read(bytes).expect_err(&format!("{bytes:?}"))
    }

    /// The question with something of it changed.
    fn with(change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = PLAIN.to_vec();
        change(&mut bytes);
        bytes
    }

    /// The question with an OPT record of this class (a size), these flags and options.
    fn with_opt(size: u16, flags: [u8; 4], options: &[u8]) -> Vec<u8> {
        with(|bytes| {
            bytes[11] = 1;
            bytes.extend(b"\0\0\x29");
            bytes.extend(size.to_be_bytes());
            bytes.extend(flags);
            bytes.extend(u16::try_from(options.len()).unwrap().to_be_bytes());
            bytes.extend(options);
        })
    }

    #[test]
    fn what_goes_out_is_made_again() {
        let question = Question::read(PLAIN).unwrap();
        assert_eq!(question.asked.to_string(), "ab.example");
        assert_eq!(question.message(7).unwrap(), b"\0\x07\x01\0\0\x01\0\0\0\0\0\0\x02ab\x07example\0\0\x01\0\x01");
        // Flags that only replies have, and the reserved one, are not repeated.
        let flags = Question::read(&with(|bytes| (bytes[2], bytes[3]) = (0x07, 0xff))).unwrap();
        assert_eq!(flags.message(0).unwrap()[2..4], [0x01, 0x30]);
        let edns = Question::read(&with_opt(1232, [0, 0, 0xff, 0xff], b"\0\x03\0\0")).unwrap();
        let expected = b"\0\0\x29\x04\xd0\0\0\x80\0\0\x04\0\x03\0\0";
        assert_eq!(edns.message(0).unwrap()[PLAIN.len()..], expected[..]);
    }

    #[test]
    fn every_type_that_names_have_records_of_is_asked_for() {
        for number in [1u16, 7, 10, 14, 24, 25, 29, 30, 38, 55, 63, 68, 103, 109, 255, 257, 262, 32_769, 65_280, 65_305]
        {
            let asked = with(|bytes| bytes[24..26].copy_from_slice(&number.to_be_bytes()));
            let sent = Question::read(&asked).unwrap_or_else(|error| panic!("{number}: {error}")).message(0).unwrap();
            assert_eq!(sent[24..26], number.to_be_bytes());
        }
    }

    #[test]
    fn what_could_carry_data_is_refused() {
        assert!(refused(b"").contains("no header"));
        assert!(refused(&with(|bytes| bytes[2] = 0x81)).contains("not a reply"));
        assert!(refused(&with(|bytes| bytes[2] = 0x29)).contains("QUERY"), "an update");
        assert!(refused(&with(|bytes| bytes[5] = 0)).contains("one question"));
        let two = with(|bytes| {
            bytes[5] = 2;
            bytes.extend(b"\x01x\0\0\x01\0\x01");
        });
        assert!(refused(&two).contains("one question"));
        for section in [7, 9, 11] {
            let record = with(|bytes| {
                bytes[section] = 1;
                bytes.extend(b"\x04data\0\0\x10\0\x01\0\0\0\0\0\x02\x01x");
            });
            assert!(refused(&record).contains("no records"), "{section}");
        }
        assert!(refused(&with(|bytes| bytes.extend(b"data"))).contains("behind"));
        assert!(refused(&with(|bytes| bytes.truncate(20))).len() > 3);
        assert!(refused(&with(|bytes| bytes[27] = 3)).contains("class"));
        for number in [0u16, 41, 54, 110, 249, 250, 251, 252, 12_345, 65_279, 65_535] {
            let odd = with(|bytes| bytes[24..26].copy_from_slice(&number.to_be_bytes()));
            assert!(refused(&odd).contains("not asked for"), "{number}");
        }
        assert!(refused(&with_opt(1233, [0; 4], b"")).contains("size"));
        assert!(refused(&with_opt(1232, [0, 1, 0, 0], b"")).contains("version"));
        for options in [
            &b"\0\x03\0\x01x"[..],
            b"\0\x0a\0\x04data",
            b"\0\x08\0\x04\0\x01\0\0",
            b"\0\x0c\0\x02xx",
            b"\0\x03\0\0\0\x03\0\0",
        ] {
            assert!(refused(&with_opt(1232, [0; 4], options)).contains("options"), "{options:?}");
        }
        let two = with_opt(1232, [0; 4], b"");
        let two = [&two[..11], &[2], &two[12..], b"\0\0\x29\x04\xd0\0\0\0\0\0\0"].concat();
        assert!(refused(&two).contains("no records"));
    }

    #[test]
    fn a_name_that_points_at_itself_is_refused() {
        assert!(refused(&with(|bytes| bytes.splice(12..24, *b"\xc0\x0c").for_each(drop))).len() > 3);
    }
}
