//! What a protocol handler is, without the contract around it. A handler turns the bytes of one
//! connection into messages and messages into bytes. It does no I/O and reads no clock: bytes and
//! the time are handed in, and what has to happen comes back as a [`Step`].
//!
//! Every byte that comes in belongs to exactly one message: the ranges of the messages, put
//! together, are the input. What is no message of the protocol is a message too:
//! `{"malformed": REASON, "at": OFFSET}`, with its bytes.
//!
//! Handlers stand on each other in a [`Stack`]: the messages of the lower one carry
//! the bytes of the upper one.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod discard;
mod failure;
mod input;
mod lines;
mod members;
mod octets;
mod other;
mod session;
mod stack;
mod step;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use discard::Discard;
pub use failure::Failure;
pub use input::Input;
pub use lines::{Line, Lines};
pub use members::members;
pub use octets::{base64, bytes_of, bytes_schema, hex, shown, shown_schema};
pub use other::{other_protocol, reason_with};
pub use schemars::JsonSchema;
pub use serde::{Deserialize, Serialize};
pub use serde_json::{Map, Value, json};
pub use session::{MOST_HELD, Session};
pub use stack::{Layer, Stack};
pub use step::{Message, Span, Step, malformed_schema};

use serde::de::DeserializeOwned;

/// A time, in milliseconds since some moment before the session.
pub type Now = u64;

/// Why a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The peer has closed its side: no more bytes come.
    Ended,
    /// The connection broke.
    Broken,
    /// The handler was taken off; the connection goes on without it.
    Detached,
}

/// One worked example: a configuration, what the peer sends, and what becomes of it.
#[derive(Clone, Debug)]
pub struct Example {
    /// What it shows, in a few words.
    pub title: &'static str,
    /// The configuration: a JSON object.
    pub config: Value,
    /// Messages to the peer, and the bytes they become.
    pub outgoing: Vec<(Value, Vec<u8>)>,
    /// Bytes of the peer, after those messages were sent, and the messages they become.
    pub incoming: (Vec<u8>, Vec<Value>),
}

/// The schemas of a handler's messages (JSON Schema 2020-12), by direction.
#[derive(Clone, Debug)]
pub struct Schemas {
    /// What `data` gives.
    pub incoming: Value,
    /// What `encode` takes.
    pub outgoing: Value,
}

/// A request or another message as bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoded {
    /// What goes to the peer.
    pub bytes: Vec<u8>,
    /// The number by which an answer to it is known: see [`Step::answer`]. None where the protocol
    /// answers nothing to it.
    pub request: Option<u64>,
}

/// A protocol, for one connection.
pub trait Handler: Sized {
    /// How it is configured: a struct with `#[serde(default, deny_unknown_fields)]`.
    type Config: DeserializeOwned + JsonSchema;

    /// What tools call it: `[a-z0-9-]{1,40}`.
    const NAME: &'static str;
    /// A name for people.
    const TITLE: &'static str;
    /// What it is for, in one line of at most 120 characters.
    const SUMMARY: &'static str;
    /// Whether the protocol pairs answers with requests, so that [`Encoded::request`] is given.
    const PAIRS: bool = false;
    /// Whether its messages carry bytes for a handler above, as [`Message::payload`], and
    /// [`encode_payload`](Handler::encode_payload) takes such bytes.
    const CARRIES: bool = false;

    /// The schemas of its messages.
    fn schemas() -> Schemas;

    /// Worked examples, each of which a test runs. At least one.
    fn examples() -> Vec<Example>;

    /// A session that begins.
    ///
    /// # Errors
    /// The configuration makes no sense; the failure names the member.
    fn new(config: Self::Config) -> Result<Self, Failure>;

    /// The connection is there: what is sent first, if anything.
    fn open(&mut self, now: Now, step: &mut Step) {
        let _ = (now, step);
    }

    /// Bytes have come: takes whole messages from the input, and leaves what is not whole.
    fn data(&mut self, input: &mut Input, now: Now, step: &mut Step);

    /// The time that a step asked for has come.
    fn tick(&mut self, now: Now, step: &mut Step) {
        let _ = (now, step);
    }

    /// The same, for a protocol in which silence ends a message: what has come is at hand.
    fn tick_with(&mut self, input: &mut Input, now: Now, step: &mut Step) {
        let _ = input;
        self.tick(now, step);
    }

    /// When it wants to be ticked next. It is asked after `encode`, which has no step.
    fn due(&self) -> Option<Now> {
        None
    }

    /// The session ends. What is left in the input afterwards is told as a malformed message.
    fn close(&mut self, reason: Reason, input: &mut Input, now: Now, step: &mut Step) {
        let _ = (reason, input, now, step);
    }

    /// A message as bytes.
    ///
    /// # Errors
    /// It is no message of the protocol; the failure names the member.
    fn encode(&mut self, message: &Value, now: Now) -> Result<Encoded, Failure>;

    /// Bytes of the handler above, as one message of this one.
    ///
    /// # Errors
    /// This handler carries none, or not these.
    fn encode_payload(&mut self, payload: &[u8], now: Now) -> Result<Encoded, Failure> {
        let _ = (payload, now);
        Err(Failure::new(format!("`{}` carries no other protocol", Self::NAME)))
    }
}
