//! The `smtp` handler: replies of a mail server as messages, each paired with its command, and mail
//! with its dots doubled (RFC 5321, RFC 3463, RFC 4954, RFC 3030). What it sends by itself is EHLO,
//! where a name is configured.
//!
//! `smtp-proto` 0.2.5, a parser for servers, was tried and does not stand under it. It joins the
//! lines of a reply to one text, keeps the first of several codes, replaces what is not UTF-8,
//! stops at 4096 bytes, and takes `220 x` with LF alone. What is read here without it is 60 lines.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod config;
mod encode;
mod messages;
mod reply;

use std::collections::VecDeque;

pub use config::Config;
use encode::Kind;
use handler_kit::{
    Encoded, Example, Failure, Handler, Input, Line, Lines, Now, Reason, Schemas, Span, Step, Value, reason_with,
};

#[cfg(target_arch = "wasm32")]
handler_guest::export!(Smtp);

/// The most commands that may wait for a reply.
const MOST_WAITING: usize = 10_000;

/// What waits for a reply.
#[derive(Clone, Debug)]
struct Waiting {
    /// The command's first word, `data` or `auth`.
    to: String,
    /// The request's number. None where the handler itself has asked.
    request: Option<u64>,
}

/// A reply of which lines are still to come.
#[derive(Clone, Debug)]
struct Partial {
    start: u64,
    lines: Vec<Vec<u8>>,
}

/// One connection to a mail server.
#[derive(Debug)]
pub struct Smtp {
    config: Config,
    lines: Lines,
    partial: Option<Partial>,
    waiting: VecDeque<Waiting>,
    next_request: u64,
    greeted: bool,
    /// The server has said 354: what comes next is a mail.
    wants_mail: bool,
}

impl Smtp {
    /// A command goes out.
    fn sent(&mut self, to: String, by_handler: bool) -> Option<u64> {
        let request = (!by_handler).then_some(self.next_request);
        self.next_request += u64::from(!by_handler);
        self.waiting.push_back(Waiting { to, request });
        request
    }

    /// What has come of a reply is no whole one.
    fn give_up(&mut self, reason: &str, end: u64, at: usize, step: &mut Step) {
        if let Some(partial) = self.partial.take() {
            step.malformed_at(at, reason, Span { start: partial.start, end });
        }
    }

    fn line(&mut self, line: &Line, step: &mut Step) {
        let Some(parsed) = reply::line(&line.text) else {
            self.give_up("a reply has no last line", line.span.start, step.messages.len(), step);
            step.malformed(reason_with("no line of a reply", &line.text), line.span);
            return;
        };
        let partial = self.partial.get_or_insert_with(|| Partial { start: line.span.start, lines: Vec::new() });
        partial.lines.push(parsed.text.to_vec());
        if !parsed.more {
            if let Some(partial) = self.partial.take() {
                let span = Span { start: partial.start, end: line.span.end };
                self.reply(parsed.code, &partial.lines, span, step);
            }
        } else if line.span.end - partial.start > self.config.longest_reply as u64 {
            let reason = format!("the reply is longer than {} bytes", self.config.longest_reply);
            self.give_up(&reason, line.span.end, step.messages.len(), step);
        }
    }

    fn reply(&mut self, code: u16, lines: &[Vec<u8>], span: Span, step: &mut Step) {
        if !self.greeted {
            self.greeted = true;
            step.message(reply::message(code, lines, None), span);
            if let Some(name) = self.config.ehlo.clone().filter(|_| code == 220) {
                step.send.extend(format!("EHLO {name}\r\n").into_bytes());
                self.sent("EHLO".into(), true);
            }
            return;
        }
        // A server that shuts down says 421 unasked.
        let Some(waiting) = self.waiting.pop_front() else {
            step.message(reply::message(code, lines, None), span);
            return;
        };
        self.wants_mail = waiting.to == "DATA" && code == 354;
        if waiting.request.is_none()
            && waiting.to == "EHLO"
            && (500..=504).contains(&code)
            && let Some(name) = self.config.ehlo.clone()
        {
            step.send.extend(format!("HELO {name}\r\n").into_bytes());
            self.sent("HELO".into(), true);
        }
        let value = reply::message(code, lines, Some(&waiting.to));
        match waiting.request {
            Some(request) => step.answer(value, span, request),
            None => step.message(value, span),
        }
    }
}

impl Handler for Smtp {
    type Config = Config;

    const NAME: &'static str = "smtp";
    const TITLE: &'static str = "SMTP";
    const SUMMARY: &'static str =
        "SMTP: replies of several lines, paired with their commands; mail with its dots doubled";
    const PAIRS: bool = true;

    fn schemas() -> Schemas {
        messages::schemas()
    }

    fn examples() -> Vec<Example> {
        messages::examples()
    }

    fn new(config: Config) -> Result<Self, Failure> {
        config.check()?;
        let lines = Lines::new(config.longest_line);
        let (waiting, next_request) = (VecDeque::new(), 0);
        Ok(Self { config, lines, partial: None, waiting, next_request, greeted: false, wants_mail: false })
    }

    fn data(&mut self, input: &mut Input, _now: Now, step: &mut Step) {
        loop {
            let told = step.messages.len();
            let line = self.lines.next(input, step);
            if let Some(end) = step.messages.get(told).map(|message| message.span.start) {
                self.give_up("a reply has no last line", end, told, step);
            }
            let Some(line) = line else { return };
            self.line(&line, step);
        }
    }

    fn close(&mut self, _reason: Reason, input: &mut Input, _now: Now, step: &mut Step) {
        self.give_up("the connection ends within a reply", input.at(), step.messages.len(), step);
        self.lines.close(input, step);
    }

    fn encode(&mut self, message: &Value, _now: Now) -> Result<Encoded, Failure> {
        let outgoing = encode::encode(message)?;
        if self.waiting.len() >= MOST_WAITING {
            return Err(Failure::new(format!("{MOST_WAITING} commands wait for their replies: read those first")));
        }
        let to = match outgoing.kind {
            Kind::Data if !self.wants_mail => {
                return Err(Failure::of("data", "the server has not said 354: send the command DATA, and wait for it"));
            }
            Kind::Command(_) | Kind::Auth if self.wants_mail => {
                return Err(Failure::new("the server waits for a mail: send `data`"));
            }
            Kind::Data => "data".to_owned(),
            Kind::Auth => "auth".to_owned(),
            Kind::Command(word) => word,
        };
        self.wants_mail = false;
        Ok(Encoded { bytes: outgoing.bytes, request: self.sent(to, false) })
    }
}
