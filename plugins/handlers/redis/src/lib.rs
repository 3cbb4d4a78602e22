//! The `redis` handler: RESP2 and RESP3 as messages (the "Redis serialization protocol
//! specification"), with each answer paired with its command. Valkey, KeyDB and others speak the
//! same.
//!
//! `redis-protocol` 6.0.0 was tried and does not stand under it. It does not bound its recursion;
//! its RESP3 decoder refuses `$-1` and `*-1`, which servers mix in; and it reads a message from the
//! start each time that more of it comes. `redis` is a client with sockets.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod command;
mod config;
mod messages;
mod pairing;
mod resp;
mod scalar;
mod tokens;
mod value;

pub use config::Config;

use handler_kit::{Encoded, Example, Failure, Handler, Input, Now, Schemas, Step, Value};
use pairing::{Pairing, Role};
use resp::{Next, Parser, Whole};
use value::Kind;

#[cfg(target_arch = "wasm32")]
handler_guest::export!(Redis);

/// One connection to a Redis server.
#[derive(Debug)]
pub struct Redis {
    config: Config,
    parser: Parser,
    pairing: Pairing,
}

impl Redis {
    fn whole(&mut self, whole: Whole, step: &mut Step) {
        let (push, role) = self.pairing.came(&whole.item);
        if role == Role::AnswersHandler {
            self.look_at_own(&whole, step);
        }
        let value = messages::incoming(whole.item, push);
        match role {
            Role::Answers(request) => step.answer(value, whole.span, request),
            Role::AnswersHandler | Role::Unasked => step.message(value, whole.span),
        }
    }

    /// The answer to a command of the handler's own.
    fn look_at_own(&self, whole: &Whole, step: &mut Step) {
        let value = &whole.item.value;
        if whole.item.kind == Kind::Error {
            step.notes.push(format!("the server refuses what the configuration asks for: {value}"));
        }
        // A server may take any number and go on as before: what counts is what it says it speaks.
        let proto = value.get("proto").and_then(Value::as_u64);
        if let (Some(proto), Some(asked)) = (proto, self.config.protocol)
            && proto != u64::from(asked)
        {
            step.notes.push(format!("RESP{asked} was asked for, and the server says it speaks RESP{proto}"));
        }
    }
}

/// What was just told as malformed came where this request's answer belongs.
fn answers(request: Option<u64>, step: &mut Step) {
    if let Some(last) = step.messages.last_mut() {
        last.answers = request;
    }
}

impl Handler for Redis {
    type Config = Config;

    const NAME: &'static str = "redis";
    const TITLE: &'static str = "Redis (RESP2, RESP3)";
    const SUMMARY: &'static str = "Redis, Valkey and others by RESP2 or RESP3: commands, paired answers, pushes";
    const PAIRS: bool = true;

    fn schemas() -> Schemas {
        messages::schemas()
    }

    fn examples() -> Vec<Example> {
        messages::examples()
    }

    fn new(config: Config) -> Result<Self, Failure> {
        config.check()?;
        let parser = Parser::new(config.most_values);
        Ok(Self { config, parser, pairing: Pairing::default() })
    }

    fn open(&mut self, _now: Now, step: &mut Step) {
        for words in self.config.first_commands() {
            if self.pairing.sent(command::waits(&words), true).is_ok() {
                step.send.extend(command::bytes(&words));
            }
        }
    }

    fn data(&mut self, input: &mut Input, _now: Now, step: &mut Step) {
        loop {
            match self.parser.next(input, step) {
                Next::Whole(whole) => self.whole(whole, step),
                Next::GivenUp { push } if !push => answers(self.pairing.skipped(), step),
                Next::GivenUp { .. } => {}
                Next::Broken => {
                    let (first, others) = self.pairing.lose();
                    answers(first, step);
                    if others > 0 {
                        step.notes.push(format!("{others} commands get no answer: the server broke the protocol"));
                    }
                }
                Next::More => return,
            }
        }
    }

    fn encode(&mut self, message: &Value, _now: Now) -> Result<Encoded, Failure> {
        let words = command::words(message)?;
        let request = self.pairing.sent(command::waits(&words), false)?;
        Ok(Encoded { bytes: command::bytes(&words), request })
    }
}
