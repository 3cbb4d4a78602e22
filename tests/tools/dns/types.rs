//! Every type that dig knows, over zones of nsd and knot and over a server of the tests' own: ours
//! is what the newest dig prints, byte for byte, and its parts stand in the JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{newest, session, shown};
use crate::support::{Daemon, NameServer, Session, free, newest_knot, newest_nsd};

mod rows;

use rows::ROWS;

/// Which server has a record: each refuses some types.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum By {
    Nsd,
    Knot,
    Both,
}

/// One record.
pub struct Row {
    kind: &'static str,
    line: &'static str,
    by: By,
    fields: &'static str,
}

impl Row {
    fn owner(&self) -> String {
        format!("{}.types.example", self.kind.to_lowercase())
    }
}

/// The zone with the records that a server takes.
fn zone(other: By) -> String {
    let mut zone =
        "$ORIGIN types.example.\n$TTL 3600\n@ SOA ns admin 7 3600 600 86400 300\n@ NS ns\nns A 127.0.0.1\n".to_owned();
    for Row { kind, line, .. } in ROWS.iter().filter(|row| row.by != other) {
        // A line may bring its type's number along.
        let kind_in_file = if line.starts_with("TYPE") { "" } else { kind };
        zone += &format!("{} {kind_in_file} {line}\n", kind.to_lowercase());
    }
    zone
}

/// dig's lines for these questions, by the name that they are about.
fn theirs(port: u16, questions: &[(String, String)]) -> BTreeMap<String, String> {
    let port = port.to_string();
    let mut arguments = vec!["@127.0.0.1", "-p", &port, "+noall", "+answer", "+nocookie"];
    for (name, kind) in questions {
        arguments.extend([name.as_str(), kind]);
    }
    let text = newest("dig", &arguments);
    let lines = text.lines().filter(|line| !line.is_empty());
    // Since 9.21 dig has a name for this key; until then it writes its number.
    let owner = |line: &str| line.split_ascii_whitespace().next().unwrap().trim_end_matches('.').to_owned();
    lines.map(|line| (owner(line), line.replace("key7=", "dohpath="))).collect()
}

/// Our line for a question, and the parts of its one record.
fn ours(session: &mut Session, port: u16, name: &str, kind: &str) -> (String, Value) {
    // Any case will do, as with dig.
    let arguments = json!({
        "target": name, "type": kind.to_lowercase(), "server": "127.0.0.1", "port": port, "options": "+noall +answer",
    });
    let (text, answer) = shown(session, "dig_tool", arguments);
    assert_eq!(answer["outcome"], "answer", "{name} {kind} {answer}");
    let [record] = &answer["answers"].as_array().unwrap()[..] else { panic!("{name} {kind} {answer}") };
    assert_eq!(record["type"], kind, "{answer}");
    (text.trim_end_matches('\n').to_owned(), record["fields"].clone())
}

fn compare(server: &Daemon, other: By) {
    let (mut session, port) = (session(&[server.address], "\"any\""), server.address.port());
    let served: Vec<&Row> = ROWS.iter().filter(|row| row.by != other).collect();
    let questions: Vec<_> = served.iter().map(|row| (row.owner(), row.kind.to_owned())).collect();
    let theirs = theirs(port, &questions);
    for row in served {
        let (line, fields) = ours(&mut session, port, &row.owner(), row.kind);
        assert_eq!(Some(&line), theirs.get(&row.owner()), "{}", row.kind);
        let expected: Value = serde_json::from_str(row.fields).unwrap();
        assert_eq!(fields, expected, "{}", row.kind);
    }
}

#[test]
fn every_type_of_nsd_is_printed_as_the_newest_dig_prints_it() {
    compare(&newest_nsd(free("127.0.0.1"), &[("types.example.", &zone(By::Knot))]), By::Knot);
}

#[test]
fn every_type_of_knot_is_printed_as_the_newest_dig_prints_it() {
    compare(&newest_knot(free("127.0.0.1"), "types.example.", &zone(By::Nsd)), By::Nsd);
}

#[test]
fn nslookup_names_every_type_as_nslookup_does() {
    let server = newest_nsd(free("127.0.0.1"), &[("types.example.", &zone(By::Knot))]);
    let (mut session, port) = (session(&[server.address], "\"any\""), server.address.port());
    // An alias has a form of its own, which another test has.
    for row in ROWS.iter().filter(|row| row.by != By::Knot && row.kind != "CNAME") {
        let (port_word, kind_word) = (format!("-port={port}"), format!("-type={}", row.kind));
        let theirs = newest("nslookup", &[&port_word, &kind_word, &row.owner(), "127.0.0.1"]);
        let arguments =
            json!({ "target": row.owner(), "type": row.kind.to_lowercase(), "server": "127.0.0.1", "port": port });
        let (ours, _) = shown(&mut session, "nslookup_tool", arguments);
        assert_eq!(ours.trim(), theirs.trim().replace("key7=", "dohpath="), "{}", row.kind);
    }
}

/// Data with a name that points at the question's, and what no server of others' serves: by the
/// type's number. `Q` at the end of a part is that name.
const COMPRESSED: &[(u16, &str, &[u8], &str)] = &[
    (2, "NS", b"\xc0\x0c", r#"{"name":"Q"}"#),
    (3, "MD", b"\x01a\xc0\x0c", r#"{"name":"a.Q"}"#),
    (7, "MB", b"\xc0\x0c", r#"{"name":"Q"}"#),
    (14, "MINFO", b"\xc0\x0c\x01e\xc0\x0c", r#"{"rmailbx":"Q","emailbx":"e.Q"}"#),
    (17, "RP", b"\x01m\xc0\x0c\xc0\x0c", r#"{"mailbox":"m.Q","text":"Q"}"#),
    (18, "AFSDB", b"\0\x01\xc0\x0c", r#"{"subtype":1,"host":"Q"}"#),
    (21, "RT", b"\0\x0a\xc0\x0c", r#"{"preference":10,"host":"Q"}"#),
    (26, "PX", b"\0\x0a\xc0\x0c\x01x\xc0\x0c", r#"{"preference":10,"map822":"Q","mapx400":"x.Q"}"#),
    (30, "NXT", b"\xc0\x0c\x40\x01", r#"{"next":"Q","types":["A","MX"]}"#),
    (33, "SRV", b"\0\x01\0\x02\0\x03\xc0\x0c", r#"{"priority":1,"weight":2,"port":3,"target":"Q"}"#),
    (
        50,
        "NSEC3",
        b"\x01\x01\0\x0c\x04\xaa\xbb\xcc\xdd\x14\x17\xf3\xdf\x17\xb2\xb2\xad\xae\xf6\x15\x25\x7d\xe4\xd2\x02\x0b\x80\xac\x6c\x7c\0\x07\x22\x01\0\0\0\x02\x90",
        r#"{"hash_algorithm":1,"flags":1,"iterations":12,"salt":"AABBCCDD",
            "next_hashed":"2VPTU5TIMAMQTTGL4LUU9KG21E0AOR3S","types":["NS","SOA","MX","RRSIG","DNSKEY","NSEC3PARAM"]}"#,
    ),
];

/// A name whose first label is a hash, as the owner of an NSEC3 record has to be.
const HASHED: &str = "2vptu5timamqttgl4luu9kg21e0aor3s.types.example";

#[test]
fn compressed_names_are_written_in_full() {
    let server = NameServer::new(|question, _| {
        let kind = question_kind(question);
        let data = COMPRESSED.iter().find(|(number, ..)| *number == kind).map_or(&b""[..], |(_, _, data, _)| data);
        vec![answered(question, data)]
    });
    let (mut session, port) = (session(&[server.address], "\"any\""), server.address.port());
    for (_, kind, _, fields) in COMPRESSED {
        let theirs = theirs(port, &[(HASHED.to_owned(), (*kind).to_owned())]);
        let (line, parts) = ours(&mut session, port, HASHED, kind);
        assert_eq!(Some(&line), theirs.get(HASHED), "{kind}");
        let expected: Value = serde_json::from_str(&fields.replace("Q\"", &format!("{HASHED}.\""))).unwrap();
        assert_eq!(parts, expected, "{kind}");
    }
}

#[test]
fn a_name_in_what_does_not_fit_its_type_is_not_cut() {
    // An MX with a byte too many: dig refuses the whole message, and a pointer
    // in hex would lead nowhere.
    let server = NameServer::new(|question, _| vec![answered(question, b"\0\x0a\xc0\x0c!")]);
    let (mut session, port) = (session(&[server.address], "\"any\""), server.address.port());
    let (line, parts) = ours(&mut session, port, "a.example", "MX");
    assert_eq!(parts, json!({ "hex": "000A0161076578616D706C650021" }));
    assert!(line.ends_with("MX\t\\# 14 000A0161076578616D706C650021"), "{line}");
}

/// The type that a question is about.
fn question_kind(question: &[u8]) -> u16 {
    let end = end_of_name(question);
    u16::from_be_bytes([question[end], question[end + 1]])
}

fn end_of_name(question: &[u8]) -> usize {
    let mut at = 12;
    while question[at] != 0 {
        at += 1 + usize::from(question[at]);
    }
    at + 1
}

/// A reply with one record of the type and the name that were asked for.
fn answered(question: &[u8], data: &[u8]) -> Vec<u8> {
    let end = end_of_name(question) + 4;
    let mut reply = question[..2].to_vec();
    reply.extend([0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0]);
    reply.extend(&question[12..end]);
    reply.extend(b"\xc0\x0c");
    reply.extend(&question[end - 4..end]);
    reply.extend(b"\0\0\x0e\x10");
    reply.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
    reply.extend(data);
    reply
}
