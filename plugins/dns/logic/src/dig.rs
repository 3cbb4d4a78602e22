//! Answers as dig prints them: its sections, its columns, its words. Only the first line differs,
//! which says who asked.

use std::fmt::Write as _;
use std::net::SocketAddr;

use crate::Transport;
use crate::answer::{Answer, AskedWith, Step};
use crate::edns::Edns;
use crate::record::Record;

/// The parts of dig's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the option of its name")]
pub struct Shown {
    pub short: bool,
    pub command: bool,
    pub comments: bool,
    pub question: bool,
    pub answer: bool,
    pub authority: bool,
    pub additional: bool,
    pub stats: bool,
}

impl Default for Shown {
    fn default() -> Self {
        Self {
            short: false,
            command: true,
            comments: true,
            question: true,
            answer: true,
            authority: true,
            additional: true,
            stats: true,
        }
    }
}

impl Shown {
    /// `+all` and `+noall`.
    pub(crate) fn all(&mut self, on: bool) {
        *self = Self {
            short: self.short,
            command: self.command,
            comments: on,
            question: on,
            answer: on,
            authority: on,
            additional: on,
            stats: on,
        };
        if !on {
            self.command = false;
        }
    }

    /// The text of an answer; `command` is what was asked, `when` the time of the answer.
    pub fn text(&self, answer: &Answer, command: &str, when: &str) -> String {
        let mut text = String::new();
        if self.short {
            for record in &answer.answers {
                text += &record.data;
                text.push('\n');
            }
            return text;
        }
        let mut greeting = String::new();
        if self.command {
            let _ = writeln!(greeting, "; <<>> DiG (Cofferdam {}) <<>> {command}", env!("CARGO_PKG_VERSION"));
            greeting += ";; global options: +cmd\n";
        }
        if !answer.trace.is_empty() {
            text += &greeting;
            traced(&mut text, answer);
            return text;
        }
        for attempt in &answer.attempts {
            if !matches!(attempt.result, "answered" | "truncated") && self.comments {
                let why = attempt.detail.as_deref().unwrap_or(attempt.result);
                let _ = writeln!(text, ";; communications error to {}: {why}", hashed(&attempt.server));
            }
            // Over TCP there is nothing left to try.
            let again = attempt.transport == Transport::Udp && answer.transport == Some(Transport::Tcp);
            if attempt.result == "truncated" && self.comments && again {
                text += ";; Truncated, retrying in TCP mode.\n";
            }
            for ignored in &attempt.ignored {
                let _ = writeln!(
                    text,
                    ";; Warning: {} message(s) from {} ignored: {}",
                    ignored.count,
                    hashed(&attempt.server),
                    ignored.reason.replace('_', " ")
                );
            }
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text += &greeting;
        self.sections(&mut text, answer);
        if self.stats {
            let transport = answer.transport.map_or("", Transport::upper);
            let _ = writeln!(text, ";; Query time: {} msec", answer.time_ms.round());
            let server = answer.server.parse::<SocketAddr>().map_or_else(|_| String::new(), |at| at.ip().to_string());
            let _ = writeln!(text, ";; SERVER: {}({server}) ({transport})", hashed(&answer.server));
            let _ = writeln!(text, ";; WHEN: {when}");
            let _ = writeln!(text, ";; MSG SIZE  rcvd: {}", answer.size);
        }
        text
    }

    fn sections(&self, text: &mut String, answer: &Answer) {
        let comments = self.comments;
        if comments {
            let counts = [answer.answers.len(), answer.authority.len(), answer.additional.len()];
            let (status, id) = (&answer.status, answer.id);
            let _ = writeln!(text, ";; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: {status}, id: {id}");
            let _ = writeln!(
                text,
                ";; flags: {}; QUERY: 1, ANSWER: {}, AUTHORITY: {}, ADDITIONAL: {}",
                answer.flags.join(" "),
                counts[0],
                counts[1],
                counts[2] + usize::from(answer.edns.is_some())
            );
            let flag = |flag: &str| answer.flags.iter().any(|set| set == flag);
            if flag("rd") && !flag("ra") {
                text.push_str(";; WARNING: recursion requested but not available\n");
            }
            if answer.partial {
                let _ = writeln!(text, ";; WARNING: {}; this is a part of it", answer.cut_off());
            }
            let AskedWith { edns, dnssec } = answer.asked_with;
            if edns && answer.edns.is_none() && matches!(status.as_str(), "FORMERR" | "NOTIMP") {
                let without = if dnssec { "+nodnssec " } else { "" };
                let _ =
                    writeln!(text, "\n;; WARNING: EDNS query returned status {status} - retry with '{without}+noedns'");
            }
            if answer.omitted > 0 {
                let _ = writeln!(text, ";; WARNING: {} records are not shown", answer.omitted);
            }
            text.push('\n');
        }
        if let Some(edns) = answer.edns.as_ref().filter(|_| comments) {
            pseudosection(text, edns);
        }
        if self.question {
            if comments {
                text.push_str(";; QUESTION SECTION:\n");
            }
            let mut line = answer.question.name.clone();
            to_column(&mut line, 32);
            line += &answer.question.class;
            to_column(&mut line, 40);
            let _ = writeln!(text, ";{line}{}", answer.question.kind);
            // Between sections stands a line of its own, which is a comment like the rest.
            text.push_str(if comments { "\n" } else { "" });
        }
        let sections = [
            (self.answer, "ANSWER", &answer.answers),
            (self.authority, "AUTHORITY", &answer.authority),
            (self.additional, "ADDITIONAL", &answer.additional),
        ];
        for (_, name, records) in sections.into_iter().filter(|(shown, _, records)| *shown && !records.is_empty()) {
            if comments {
                let _ = writeln!(text, ";; {name} SECTION:");
            }
            for record in records {
                text.push_str(&line(record));
            }
            text.push_str(if comments { "\n" } else { "" });
        }
    }
}

fn pseudosection(text: &mut String, edns: &Edns) {
    let flags = if edns.dnssec_ok { " do" } else { "" };
    let _ =
        writeln!(text, ";; OPT PSEUDOSECTION:\n; EDNS: version: {}, flags:{flags}; udp: {}", edns.version, edns.udp);
    if let (Some(name), Some(hex)) = (&edns.nsid, &edns.nsid_hex) {
        let spaced: Vec<&str> = hex.as_bytes().chunks(2).filter_map(|two| std::str::from_utf8(two).ok()).collect();
        let _ = writeln!(text, "; NSID: {} (\"{name}\")", spaced.join(" "));
    }
    for error in &edns.extended_errors {
        let name = error.name.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
        let extra = error.text.as_deref().map(|text| format!(": ({text})")).unwrap_or_default();
        let _ = writeln!(text, "; EDE: {}{name}{extra}", error.code);
    }
    for code in &edns.other_options {
        let _ = writeln!(text, "; OPT={code}");
    }
}

fn traced(text: &mut String, answer: &Answer) {
    for Step { records, server, server_name, time_ms, size, .. } in &answer.trace {
        for record in records {
            text.push_str(&line(record));
        }
        let address = server.parse::<SocketAddr>().map_or_else(|_| server.clone(), |at| at.ip().to_string());
        let name = server_name.as_deref().map_or(address.as_str(), |name| name.trim_end_matches('.'));
        let _ = writeln!(text, ";; Received {size} bytes from {}({name}) in {} ms\n", hashed(server), time_ms.round());
    }
    if let Some(why) = &answer.incomplete {
        let _ = writeln!(text, ";; the trace ends here: {why}");
    }
}

/// A record as dig writes it: in columns of tabs.
pub(crate) fn line(record: &Record) -> String {
    let mut line = record.name.clone();
    to_column(&mut line, 24);
    line += &record.ttl.to_string();
    to_column(&mut line, 32);
    line += &record.class;
    to_column(&mut line, 40);
    line += &record.kind;
    to_column(&mut line, 48);
    line + &record.data + "\n"
}

/// White space up to a column, or one further if the line is there already: tabs where
/// they fit, as BIND does it.
fn to_column(line: &mut String, column: usize) {
    let from = line.chars().fold(0, |at, c| if c == '\t' { at / 8 * 8 + 8 } else { at + 1 });
    let to = column.max(from + 1);
    let tabs = to / 8 - from / 8;
    line.extend(std::iter::repeat_n('\t', tabs));
    let reached = if tabs > 0 { to / 8 * 8 } else { from };
    line.extend(std::iter::repeat_n(' ', to - reached));
}

/// `127.0.0.1:53` as dig writes it.
pub(crate) fn hashed(server: &str) -> String {
    server.parse::<SocketAddr>().map_or_else(|_| server.to_owned(), |at| format!("{}#{}", at.ip(), at.port()))
}
