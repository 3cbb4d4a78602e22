//! DNS: any message is accepted as the answer or refused with a reason. A second parser reads the
//! same from it. The text shown of it is bounded and harmless to a terminal.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use dns_logic::{Answer, Answered, Name, Question, Reply, Shown, Transport, Unfit, nslookup};
use hickory_proto::op::Message;
use hickory_proto::rr::{RData, RecordType};

/// The name that is asked for.
const NAME: &str = "www.example.";

/// What is asked for, by the input's first byte.
const KINDS: [RecordType; 12] = [
    RecordType::A,
    RecordType::AAAA,
    RecordType::MX,
    RecordType::TXT,
    RecordType::SOA,
    RecordType::NS,
    RecordType::CNAME,
    RecordType::SRV,
    RecordType::HTTPS,
    RecordType::CAA,
    RecordType::DS,
    RecordType::ANY,
];

/// Any bytes: which question, and a message. Its id and its question are made to fit, so that what
/// is behind them is read.
pub fn target(data: &[u8]) {
    let Some((&first, message)) = data.split_first() else { return };
    let kind = KINDS[usize::from(first) % KINDS.len()];
    let name = NAME.parse::<Name>().unwrap_or_else(|error| panic!("`{NAME}`: {error}"));
    let question = Question::new(name, kind);
    read(message, &question);
    // The same records behind our own question.
    let Some(header) = message.first_chunk::<12>() else { return };
    let mut fitted = header.to_vec();
    fitted[2] |= 0x80;
    fitted[4..6].copy_from_slice(&[0, 1]);
    fitted.extend(b"\x03www\x07example\0");
    fitted.extend(u16::from(kind).to_be_bytes());
    fitted.extend([0, 1]);
    fitted.extend(&message[12..]);
    read(&fitted, &question);
}

fn read(message: &[u8], question: &Question) {
    let id = message.first_chunk().map_or(0, |id| u16::from_be_bytes(*id));
    if message.len() >= 12 && message[2] & 0x80 != 0 {
        assert_eq!(Reply::read(message, !id, question), Err(Unfit::WrongId), "another question's");
    }
    let reply = match Reply::read(message, id, question) {
        Ok(reply) => reply,
        Err(unfit) => {
            assert!(crate::is_plain(unfit.reason()));
            return;
        }
    };
    let (status, cut_off) = (reply.status(), reply.truncated());
    assert!(!status.is_empty() && status.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{status}");
    let answered = Answered {
        question: question.clone(),
        reply,
        server: SocketAddr::from((Ipv4Addr::LOCALHOST, 53)),
        transport: Transport::Udp,
        elapsed: Duration::from_millis(5),
        partial: cut_off,
    };
    let answer = Answer::new(answered, Vec::new());
    told(&answer, message);
    if let Ok(library) = Message::from_vec(message) {
        second_reading(&answer, &library);
    }
}

/// Text and structure: bounded by what came, without control characters.
fn told(answer: &Answer, message: &[u8]) {
    let number = |at: usize| usize::from(u16::from_be_bytes([message[at], message[at + 1]]));
    let sections = [&answer.answers, &answer.authority, &answer.additional];
    for (section, at) in sections.iter().zip([6, 8, 10]) {
        assert!(section.len() <= number(at), "no more records than the header says");
    }
    // A name of 255 bytes may stand at the end of a pointer of two, each byte of it as `\DDD`, and
    // the base64 of a byte is no longer.
    let records: usize = sections.iter().map(|section| section.len()).sum();
    let most = 16_384 + 8 * message.len() + records * 6 * 1024;
    let json = serde_json::to_string(answer).unwrap_or_else(|error| panic!("{error}"));
    for text in [Shown::default().text(answer, "www.example", "now"), nslookup(answer, "www.example")] {
        assert!(text.len() <= most, "{} bytes of text for {}", text.len(), message.len());
        assert!(!text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{text:?}");
    }
    assert!(json.len() <= 4 * most, "{} bytes of JSON for {}", json.len(), message.len());
    for record in sections.into_iter().flatten() {
        assert!(!record.kind.is_empty() && record.ttl <= i32::MAX as u32);
        assert!(!record.name.is_empty() && record.name.len() <= 4 * 255 && !record.name.contains(char::is_whitespace));
        assert!(!record.data.contains('\n'), "{}", record.data);
    }
}

/// Where the library reads the whole message as well, it sees the same records.
fn second_reading(answer: &Answer, library: &Message) {
    if answer.omitted > 0 {
        return;
    }
    let theirs = [&library.answers, &library.authorities, &library.additionals];
    for (ours, theirs) in [&answer.answers, &answer.authority, &answer.additional].into_iter().zip(theirs) {
        // It keeps OPT, TSIG and the like elsewhere.
        if ours.len() != theirs.len() {
            continue;
        }
        for (ours, theirs) in ours.iter().zip(theirs.iter()) {
            match &theirs.data {
                RData::A(address) => assert_eq!(ours.data, address.to_string()),
                // dig ends addresses of 96 zero bits in IPv4's form, as inet_ntop(3) does.
                RData::AAAA(address) => assert_eq!(ours.data.parse(), Ok(**address)),
                _ => {}
            }
        }
    }
}
