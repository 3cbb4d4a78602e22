//! A handler and what has come for it: what the contract's `session` resource is made of.

use serde_json::Value;

use crate::{Encoded, Failure, Handler, Input, Now, Reason, Step};

/// What may wait for the rest of a message, in bytes: what is longer is malformed.
pub const MOST_HELD: usize = 4 << 20;

/// One session of a handler.
#[derive(Debug)]
pub struct Session<H> {
    handler: H,
    input: Input,
}

impl<H: Handler> Session<H> {
    /// A session with a configuration: a JSON object.
    ///
    /// # Errors
    /// It is none, or none for this handler.
    pub fn new(config: Value) -> Result<Self, Failure> {
        let config =
            serde_json::from_value(config).map_err(|error| Failure::of("handler_config", error.to_string()))?;
        Ok(Self { handler: H::new(config)?, input: Input::default() })
    }

    /// The connection is there.
    pub fn open(&mut self, now: Now) -> Step {
        let mut step = Step::default();
        self.handler.open(now, &mut step);
        step
    }

    /// Bytes have come.
    pub fn data(&mut self, bytes: &[u8], now: Now) -> Step {
        let mut step = Step::default();
        self.input.push(bytes);
        self.handler.data(&mut self.input, now, &mut step);
        if self.input.len() > MOST_HELD {
            let span = self.input.take_all();
            step.malformed(format!("no message ends within {MOST_HELD} bytes"), span);
        }
        step
    }

    /// The time that a step asked for has come.
    pub fn tick(&mut self, now: Now) -> Step {
        let mut step = Step::default();
        self.handler.tick_with(&mut self.input, now, &mut step);
        step
    }

    /// The session ends.
    pub fn close(&mut self, reason: Reason, now: Now) -> Step {
        let mut step = Step::default();
        self.handler.close(reason, &mut self.input, now, &mut step);
        if !self.input.is_empty() {
            let span = self.input.take_all();
            step.malformed("the connection ends within a message", span);
        }
        step
    }

    /// A message as bytes.
    ///
    /// # Errors
    /// It is none of the protocol.
    pub fn encode(&mut self, message: &Value, now: Now) -> Result<Encoded, Failure> {
        self.handler.encode(message, now)
    }

    /// Bytes of the handler above, as one message.
    ///
    /// # Errors
    /// It carries none, or not these.
    pub fn encode_payload(&mut self, payload: &[u8], now: Now) -> Result<Encoded, Failure> {
        self.handler.encode_payload(payload, now)
    }

    /// When it wants to be ticked next, asked after an `encode`.
    pub fn due(&self) -> Option<Now> {
        self.handler.due()
    }
}
