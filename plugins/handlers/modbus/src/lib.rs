//! Modbus/TCP as messages: requests by the names of their functions, answers with values (MODBUS
//! Application Protocol Specification V1.1b3, MODBUS Messaging on TCP/IP Implementation Guide
//! V1.0b).
//!
//! Crates tried: `modbus-core` 0.2.0 (no mask write, no device identification, and an exception
//! whose function is 80 alone is an error without the transaction) and `rmodbus` 0.13.0 (a client
//! of one request at a time that checks the answer against its own state; no functions 22, 23, 43).
//! `tokio-modbus` 0.17.0, by its documentation, is bound to a runtime. None is taken: what is
//! needed of them is the table of functions.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod answer;
mod config;
mod examples;
mod exchange;
mod function;
mod registers;
mod request;
mod schema;

pub use config::Config;
pub use registers::WordOrder;

use handler_kit::{
    Discard, Encoded, Example, Failure, Handler, Input, Map, Now, Reason, Schemas, Span, Step, Value, json, reason_with,
};

use crate::exchange::{Exchange, Sent};
use crate::request::Request;

#[cfg(target_arch = "wasm32")]
handler_guest::export!(Modbus);

/// What stands before the function: transaction, protocol, length, unit.
const HEADER: usize = 7;
/// The length counts the unit and what is behind it.
const LENGTHS: std::ops::RangeInclusive<usize> = 2..=254;

/// Requests and answers of one connection.
#[derive(Debug)]
pub struct Modbus {
    config: Config,
    exchange: Exchange,
    /// What comes is no Modbus/TCP.
    lost: Option<Discard>,
}

impl Handler for Modbus {
    type Config = Config;

    const NAME: &'static str = "modbus";
    const TITLE: &'static str = "Modbus/TCP";
    const SUMMARY: &'static str =
        "Modbus/TCP: coils and registers read and written by name, as numbers, floats or text";
    const PAIRS: bool = true;

    fn schemas() -> Schemas {
        schema::schemas()
    }

    fn examples() -> Vec<Example> {
        examples::examples()
    }

    fn new(config: Config) -> Result<Self, Failure> {
        config.check()?;
        Ok(Self { exchange: Exchange::new(&config), config, lost: None })
    }

    fn data(&mut self, input: &mut Input, now: Now, step: &mut Step) {
        while self.take(input, step) {}
        self.send(now, step);
    }

    fn tick_with(&mut self, input: &mut Input, now: Now, step: &mut Step) {
        while let Some(sent) = self.exchange.overdue(now) {
            let span = Span { start: input.at(), end: input.at() };
            let reason = json!({ "timeout_ms": self.config.timeout_ms });
            step.answer(unanswered(reason, &sent.request), span, sent.number);
        }
        self.send(now, step);
    }

    fn due(&self) -> Option<Now> {
        self.exchange.due()
    }

    fn close(&mut self, _: Reason, input: &mut Input, _: Now, step: &mut Step) {
        let span = Span { start: input.at(), end: input.at() };
        for (number, request) in self.exchange.end() {
            if !request.is_broadcast() {
                step.answer(unanswered(json!({ "closed": true }), &request), span, number);
            }
        }
        if let Some(lost) = &mut self.lost {
            lost.close(input, step);
        }
    }

    fn encode(&mut self, message: &Value, now: Now) -> Result<Encoded, Failure> {
        let request = Request::new(message, &self.config)?;
        let is_broadcast = request.is_broadcast();
        let number = self.exchange.ask(request)?;
        let mut step = Step::default();
        self.send(now, &mut step);
        // A request that has to wait has no bytes yet: they come with the step that sends it.
        Ok(Encoded { bytes: step.send, request: (!is_broadcast).then_some(number) })
    }
}

impl Modbus {
    /// Takes an answer, if one is whole.
    fn take(&mut self, input: &mut Input, step: &mut Step) -> bool {
        if let Some(lost) = &mut self.lost {
            lost.data(input, step);
            return false;
        }
        let Some(head) = input.bytes().get(..HEADER) else { return false };
        let number = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
        let (transaction, protocol, length) = (number(0), number(2), usize::from(number(4)));
        if !LENGTHS.contains(&length) {
            let reason = format!("no Modbus/TCP: a length of {length}, where it is 2 to 254");
            let reason = reason_with(reason, head);
            self.lost = Some(Discard::all("no Modbus/TCP header begins here: a length before it was none"));
            let span = input.take(HEADER);
            step.malformed(reason, span);
            return true;
        }
        let unit = head[6];
        let Some(pdu) = input.bytes().get(HEADER..length + 6) else { return false };
        if protocol != 0 {
            let span = input.take(length + 6);
            step.malformed(format!("no Modbus/TCP: protocol {protocol}, where it is 0"), span);
            return true;
        }
        let pdu = pdu.to_vec();
        let span = input.take(length + 6);
        let found = self.exchange.answered(transaction);
        tell(found, transaction, unit, &pdu, span, step);
        true
    }

    /// Sends what may be sent, and says when to be ticked.
    fn send(&mut self, now: Now, step: &mut Step) {
        while let Some(bytes) = self.exchange.next(now) {
            step.send.extend(bytes);
        }
        step.tick = self.exchange.due();
    }
}

/// Tells an answer, with the request that it answers, if there is one.
fn tell(found: Option<(Sent, bool)>, transaction: u16, unit: u8, pdu: &[u8], span: Span, step: &mut Step) {
    let request = found.as_ref().map(|(sent, _)| &sent.request);
    let value = match answer::read(pdu, request) {
        Ok(mut members) => {
            members.insert("unit".to_owned(), unit.into());
            match &found {
                None => members.insert("unasked".to_owned(), transaction.into()),
                Some((sent, _)) if sent.request.is_broadcast() => members.insert("broadcast".to_owned(), true.into()),
                Some((_, false)) => members.insert("late".to_owned(), true.into()),
                Some(_) => None,
            };
            Value::Object(members)
        }
        Err(reason) => json!({ "malformed": reason, "at": span.start, "unit": unit, "pdu": handler_kit::hex(pdu) }),
    };
    match found {
        Some((sent, true)) => step.answer(value, span, sent.number),
        _ => step.message(value, span),
    }
}

/// A request that gets no answer: why, and what it was.
fn unanswered(mut reason: Value, request: &Request) -> Value {
    let mut members = Map::new();
    members.insert("unanswered".to_owned(), request.function.name().into());
    members.insert("unit".to_owned(), request.unit.into());
    if let Some(address) = request.address {
        members.insert("address".to_owned(), address.into());
    }
    if let Some(reason) = reason.as_object_mut() {
        members.append(reason);
    }
    Value::Object(members)
}
