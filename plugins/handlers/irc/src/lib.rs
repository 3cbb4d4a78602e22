//! The `irc` handler: the lines of an IRC server as messages (RFC 1459, RFC 2812, IRCv3 message
//! tags and capability negotiation, "Modern IRC Client Protocol"). It sends three things by itself:
//! PONG, the registration of a configured nickname, and the end of a negotiation of capabilities.
//!
//! No parser crate stands under it. Two were tried. `irc-proto` 1.1.0 is under MPL-2.0, which the
//! project's list of licences does not have, and its typed commands drop parameters that it does
//! not expect. `ircv3_parse` 4.0.0 reads 34 of the 35 lines of ircdocs' `parser-tests`; it refuses
//! `:src AWAY ` for the blank at its end. Both take `&str`: a line in Latin-1 cannot be read.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod config;
mod encode;
mod line;
mod messages;
mod numerics;
mod registration;

pub use config::Config;

use handler_kit::{
    Encoded, Example, Failure, Handler, Input, Lines, Now, Reason, Schemas, Span, Step, Value, reason_with,
};
use registration::Negotiation;

#[cfg(target_arch = "wasm32")]
handler_guest::export!(Irc);

/// One connection to an IRC server.
#[derive(Debug)]
pub struct Irc {
    config: Config,
    lines: Lines,
    negotiation: Negotiation,
    /// Where empty lines begin that belong to the next message.
    empty: Option<u64>,
}

impl Irc {
    /// One line that is not empty.
    fn line(&mut self, text: &[u8], span: Span, step: &mut Step) {
        let parsed = match line::parse(text) {
            Ok(parsed) => parsed,
            Err(reason) => {
                step.malformed(reason_with(reason, text), span);
                return;
            }
        };
        if parsed.command == "PING" && self.config.pong {
            step.send.extend_from_slice(b"PONG");
            if !parsed.rest.is_empty() {
                step.send.push(b' ');
                step.send.extend_from_slice(parsed.rest);
            }
            step.send.extend_from_slice(b"\r\n");
        }
        step.send.extend(self.negotiation.came(&parsed.command, &parsed.params, &self.config));
        step.message(messages::incoming(&parsed), span);
    }
}

impl Handler for Irc {
    type Config = Config;

    const NAME: &'static str = "irc";
    const TITLE: &'static str = "IRC";
    const SUMMARY: &'static str =
        "IRC with IRCv3 tags: commands and numerics by name; registers and answers PING by itself";

    fn schemas() -> Schemas {
        messages::schemas()
    }

    fn examples() -> Vec<Example> {
        messages::examples()
    }

    fn new(config: Config) -> Result<Self, Failure> {
        config.check()?;
        let lines = Lines::new(config.longest_line);
        Ok(Self { config, lines, negotiation: Negotiation::default(), empty: None })
    }

    fn open(&mut self, _now: Now, step: &mut Step) {
        step.send = self.negotiation.open(&self.config);
    }

    fn data(&mut self, input: &mut Input, _now: Now, step: &mut Step) {
        loop {
            let told = step.messages.len();
            let line = self.lines.next(input, step);
            if let Some(start) = self.empty
                && let Some(end) = step.messages.get(told).map(|message| message.span.start)
            {
                step.malformed_at(told, "an empty line", Span { start, end });
                self.empty = None;
            }
            let Some(line) = line else { return };
            // An empty line says nothing: its bytes belong to the next message.
            let start = self.empty.unwrap_or(line.span.start);
            if line.text.is_empty() {
                self.empty = Some(start);
                continue;
            }
            self.empty = None;
            self.line(&line.text, Span { start, end: line.span.end }, step);
        }
    }

    fn close(&mut self, _reason: Reason, input: &mut Input, _now: Now, step: &mut Step) {
        if let Some(start) = self.empty.take() {
            step.malformed("an empty line", Span { start, end: input.at() });
        }
        self.lines.close(input, step);
    }

    fn encode(&mut self, message: &Value, _now: Now) -> Result<Encoded, Failure> {
        let outgoing = encode::encode(message)?;
        self.negotiation.sent(&outgoing.command, &outgoing.params);
        Ok(Encoded { bytes: outgoing.bytes, request: None })
    }
}
