//! Answers as nslookup prints them.

use std::fmt::Write as _;
use std::net::SocketAddr;

use hickory_proto::rr::RecordType;

use crate::answer::{Answer, Outcome};
use crate::dig::hashed;
use crate::record::Record;

/// The text of an answer to a question about `target`.
pub fn nslookup(answer: &Answer, target: &str) -> String {
    let server = answer.server.parse::<SocketAddr>().map_or_else(|_| answer.server.clone(), |at| at.ip().to_string());
    let mut text = format!("Server:\t\t{server}\nAddress:\t{}\n\n", hashed(&answer.server));
    if answer.partial {
        text += ";; the answer is truncated and TCP failed; this is a part of it\n";
    }
    let target = target.trim_end_matches('.');
    match answer.outcome {
        Outcome::Answer => {}
        Outcome::Nodata | Outcome::Referral => {
            text += &format!("*** Can't find {target}: No answer\n");
            return text;
        }
        _ => {
            let _ = writeln!(text, "** server can't find {target}: {}", answer.status);
            for error in answer.edns.iter().flat_map(|edns| &edns.extended_errors) {
                let name = error.name.as_deref().unwrap_or("unknown");
                let extra = error.text.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
                let _ = writeln!(text, ";; extended error {} ({name}){extra}", error.code);
            }
            return text;
        }
    }
    if !answer.flags.iter().any(|flag| flag == "aa") {
        text += "Non-authoritative answer:\n";
    }
    for record in &answer.answers {
        text += &line(record);
    }
    text
}

fn line(record: &Record) -> String {
    let name = record.name.trim_end_matches('.');
    let field = |name: &str| match &record.fields.get(name) {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    match record.raw.kind {
        RecordType::A | RecordType::AAAA => format!("Name:\t{name}\nAddress: {}\n", record.data),
        RecordType::CNAME => format!("{name}\tcanonical name = {}\n", record.data),
        RecordType::PTR => format!("{name}\tname = {}\n", record.data),
        RecordType::NS => format!("{name}\tnameserver = {}\n", record.data),
        RecordType::MX => format!("{name}\tmail exchanger = {}\n", record.data),
        RecordType::TXT => format!("{name}\ttext = {}\n", record.data),
        RecordType::SRV => format!("{name}\tservice = {}\n", record.data),
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
        kind => format!("{name}\trdata_{} = {}\n", u16::from(kind), record.data),
    }
}
