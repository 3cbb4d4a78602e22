//! Answers as nslookup prints them.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use hickory_proto::rr::RecordType;

use crate::answer::{Answer, Outcome};
use crate::dig::hashed;
use crate::record::Record;

/// The text of an answer to a question about `target`.
pub fn nslookup(answer: &Answer, target: &str) -> String {
    let server = answer.server.parse::<SocketAddr>().map_or_else(|_| answer.server.clone(), |at| at.ip().to_string());
    let mut text = format!("Server:\t\t{server}\nAddress:\t{}\n\n", hashed(&answer.server));
    if answer.partial {
        let _ = writeln!(text, ";; {}; this is a part of it", answer.cut_off());
    }
    // An address is asked for by its reverse name, and that is what nslookup names.
    let target = if target.parse::<IpAddr>().is_ok() { &answer.question.name } else { target };
    let target = target.trim_end_matches('.');
    match answer.outcome {
        Outcome::Answer | Outcome::Nodata | Outcome::Referral => {}
        _ => {
            let _ = writeln!(text, "** server can't find {target}: {}", answer.status);
            return text;
        }
    }
    let authoritative = answer.flags.iter().any(|flag| flag == "aa");
    if !authoritative {
        text += "Non-authoritative answer:\n";
    }
    // An alias that leads out of what this server knows is shown all the same.
    if answer.answers.is_empty() {
        let _ = writeln!(text, "*** Can't find {target}: No answer");
    }
    for record in &answer.answers {
        text += &match record.raw.kind {
            RecordType::A | RecordType::AAAA => {
                format!("Name:\t{}\nAddress: {}\n", record.name.trim_end_matches('.'), record.data)
            }
            _ => line(record),
        };
    }
    if !authoritative && !matches!(answer.question.kind.as_str(), "A" | "AAAA") {
        text += "\nAuthoritative answers can be found from:\n";
        for record in answer.authority.iter().chain(&answer.additional) {
            text += &line(record);
        }
    }
    text
}

/// nslookup's words for the types, by their numbers.
const WORDS: [&str; 42] = [
    "",
    "internet address = ",
    "nameserver = ",
    "md = ",
    "mf = ",
    "canonical name = ",
    "",
    "mb = ",
    "mg = ",
    "mr = ",
    "",
    "protocol = ",
    "name = ",
    "hinfo = ",
    "minfo = ",
    "mail exchanger = ",
    "text = ",
    "rp = ",
    "afsdb = ",
    "x25 address = ",
    "isdn address = ",
    "rt = ",
    "nsap = ",
    "nsap_ptr = ",
    "signature = ",
    "key = ",
    "px = ",
    "gpos = ",
    "has AAAA address ",
    "loc = ",
    "next = ",
    "",
    "",
    "service = ",
    "",
    "naptr = ",
    "kx = ",
    "cert = ",
    "v6 address = ",
    "dname = ",
    "",
    "optional = ",
];

/// A record beside its name, or below it.
fn line(record: &Record) -> String {
    let name = record.name.trim_end_matches('.');
    let field = |name: &str| match &record.fields.get(name) {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let beside = |words: &str| format!("{name}\t{words}{}\n", record.data);
    match record.raw.kind {
        RecordType::SOA => {
            let rows = [
                ("origin", "mname"),
                ("mail addr", "rname"),
                ("serial", "serial"),
                ("refresh", "refresh"),
                ("retry", "retry"),
                ("expire", "expire"),
                ("minimum", "minimum"),
            ];
            let rows = rows.map(|(shown, own)| format!("\t{shown} = {}\n", field(own).trim_end_matches('.')));
            format!("{name}\n{}", rows.concat())
        }
        kind => match (u16::from(kind), WORDS.get(usize::from(u16::from(kind)))) {
            (_, Some(word)) if !word.is_empty() => beside(word),
            (number @ ..=41, _) => beside(&format!("rtype_{number} = ")),
            (number, _) => beside(&format!("rdata_{number} = ")),
        },
    }
}
