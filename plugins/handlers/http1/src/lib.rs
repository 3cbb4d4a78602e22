//! The `http1` handler: requests of a client and responses of a server as messages (RFC 9110, RFC
//! 9112), with pipelined answers paired, 1xx, HEAD, chunks, trailers, and the change to another
//! protocol.
//!
//! `httparse` 1.10.1 reads heads, trailers and the lengths of chunks: it is the parser under hyper,
//! and builds for the guest. Where a body ends is ours. The `http` crate's types would be turned
//! into JSON at once, so it is not used.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod body;
mod config;
mod encode;
mod head;
mod messages;

use std::collections::VecDeque;

pub use config::Config;

use body::{Body, Progress};
use handler_kit::{
    Discard, Encoded, Example, Failure, Handler, Input, Now, Reason, Schemas, Step, Value, bytes_of, json, members,
    reason_with, shown,
};
use head::Ends;

#[cfg(target_arch = "wasm32")]
handler_guest::export!(Http1);

/// The most requests that may wait for their answers.
const MOST_WAITING: usize = 1000;
/// What is no head is told up to the end of its first line, and at most so far.
const FIRST_LINE: usize = 1024;

/// What the next bytes are.
#[derive(Debug)]
enum State {
    Head,
    Body(Box<Body>),
    /// Another protocol, since 101 or an answer to CONNECT.
    Upgraded,
    Lost(Discard),
}

/// One connection to an HTTP server.
#[derive(Debug)]
pub struct Http1 {
    config: Config,
    state: State,
    /// Methods and numbers of requests that wait for their answers.
    waiting: VecDeque<(String, u64)>,
    next_request: u64,
    /// The server closes the connection behind this answer.
    closes: bool,
}

impl Http1 {
    /// The next head, if it is whole. Whether something was taken.
    fn head(&mut self, input: &mut Input, step: &mut Step) -> bool {
        let method = self.waiting.front().map(|(method, _)| method.as_str());
        let longest = self.config.longest_head;
        // What is read does not depend on how much has come behind the longest head.
        let window = input.bytes().get(..longest).unwrap_or(input.bytes());
        let head = match head::read(window, method) {
            Ok(Some(head)) => head,
            Ok(None) if window.len() < longest => return false,
            Ok(None) => return self.no_head(&format!("the head is longer than {longest} bytes"), input, step),
            Err(reason) => return self.no_head(&reason, input, step),
        };
        let span = input.take(head.length);
        if head.interim {
            step.message(Value::Object(head.value), span);
            return true;
        }
        self.closes = head.closes;
        let upgraded = head.ends == Ends::Upgrade;
        let request = self.waiting.pop_front().map(|(_, request)| request);
        if head.status == 101 && request.is_none() {
            step.notes.push("the server changes to another protocol unasked".into());
        }
        let how = (self.config.stream, self.config.longest_body);
        self.state = match Body::begin(head, span, request, how, step) {
            Some(body) => State::Body(Box::new(body)),
            None if upgraded => State::Upgraded,
            None => State::Head,
        };
        true
    }

    /// What stands there is no head: its first line is told, and what follows is given up.
    fn no_head(&mut self, reason: &str, input: &mut Input, step: &mut Step) -> bool {
        let window = input.bytes().get(..FIRST_LINE).unwrap_or(input.bytes());
        let end = window.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let Some(end) = end.or((window.len() == FIRST_LINE).then_some(FIRST_LINE)) else { return false };
        let reason = with_other(reason, window.get(..end).unwrap_or_default());
        self.lose(&reason, end, input, step);
        true
    }

    /// Nothing that follows can be read.
    fn lose(&mut self, reason: &str, length: usize, input: &mut Input, step: &mut Step) {
        let span = input.take(length);
        step.malformed(reason, span);
        let first = self.waiting.pop_front();
        if let (Some(last), Some((_, request))) = (step.messages.last_mut(), first) {
            last.answers = Some(request);
        }
        if !self.waiting.is_empty() {
            step.notes.push(format!("{} requests get no answer: the server broke the protocol", self.waiting.len()));
            self.waiting.clear();
        }
        self.closes = true;
        self.state = State::Lost(Discard::all("it stands behind what cannot be read"));
    }

    /// Bytes of the other protocol.
    fn raw(&self, message: &Value) -> Result<Encoded, Failure> {
        if !matches!(self.state, State::Upgraded) {
            return Err(Failure::of("raw", "the server has not changed to another protocol: send a request"));
        }
        let Some(raw) = message.get("raw") else {
            return Err(Failure::of("raw", "the server has changed to another protocol: send its bytes so"));
        };
        members(message, &["raw"])?;
        Ok(Encoded { bytes: bytes_of(raw, "raw")?, request: None })
    }
}

/// A reason with the other protocol that the bytes look like, if they do.
fn with_other(reason: &str, bytes: &[u8]) -> String {
    if bytes.starts_with(b"HTTP/1.") { reason.to_owned() } else { reason_with(reason, bytes) }
}

impl Handler for Http1 {
    type Config = Config;

    const NAME: &'static str = "http1";
    const TITLE: &'static str = "HTTP/1.1";
    const SUMMARY: &'static str = "HTTP/1.1 as a client: requests, paired responses, chunks, trailers, upgrades";
    const PAIRS: bool = true;

    fn schemas() -> Schemas {
        messages::schemas()
    }

    fn examples() -> Vec<Example> {
        messages::examples()
    }

    fn new(config: Config) -> Result<Self, Failure> {
        config.check()?;
        Ok(Self { config, state: State::Head, waiting: VecDeque::new(), next_request: 0, closes: false })
    }

    fn data(&mut self, input: &mut Input, _now: Now, step: &mut Step) {
        loop {
            match &mut self.state {
                State::Head => {
                    if input.is_empty() || !self.head(input, step) {
                        return;
                    }
                }
                State::Body(body) => match body.data(input, step) {
                    Progress::Again | Progress::More => return,
                    Progress::Ended => self.state = State::Head,
                    Progress::Broken(reason) => {
                        body.close(input.at(), step);
                        self.state = State::Head;
                        self.lose(&reason, 1, input, step);
                    }
                },
                State::Upgraded => {
                    if !input.is_empty() {
                        let data = shown(input.bytes());
                        let span = input.take_all();
                        step.message(json!({ "type": "raw", "data": data }), span);
                    }
                    return;
                }
                State::Lost(discard) => {
                    discard.data(input, step);
                    return;
                }
            }
        }
    }

    fn close(&mut self, _reason: Reason, input: &mut Input, _now: Now, step: &mut Step) {
        match std::mem::replace(&mut self.state, State::Head) {
            State::Body(mut body) => body.close(input.at(), step),
            State::Lost(mut discard) => discard.close(input, step),
            State::Head if !input.is_empty() => {
                let reason = with_other("the connection ends within a head", input.bytes());
                let length = input.len();
                self.lose(&reason, length, input, step);
            }
            State::Head | State::Upgraded => {}
        }
        if !self.waiting.is_empty() {
            step.notes.push(format!("{} requests get no answer: the connection ended", self.waiting.len()));
        }
    }

    fn encode(&mut self, message: &Value, _now: Now) -> Result<Encoded, Failure> {
        if message.get("raw").is_some() || matches!(self.state, State::Upgraded) {
            return self.raw(message);
        }
        if self.closes {
            return Err(Failure::new("the server closes this connection: send the request on another one"));
        }
        if self.waiting.len() >= MOST_WAITING {
            return Err(Failure::new(format!("{MOST_WAITING} requests wait for their answers: read those first")));
        }
        let request = encode::encode(message, &self.config)?;
        let number = self.next_request;
        self.next_request += 1;
        self.waiting.push_back((request.method, number));
        Ok(Encoded { bytes: request.bytes, request: Some(number) })
    }
}
