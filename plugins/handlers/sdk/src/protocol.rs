//! A protocol by its types: what most handlers are. What they cannot say is in
//! `Handler`, which this becomes.

use handler_kit::{Example, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// What a protocol finds at the beginning of its input.
#[derive(Clone, Debug, PartialEq)]
pub enum Next<M> {
    /// A message that is not whole yet: nothing is taken, and more bytes are waited for.
    More,
    /// So many bytes, at least one, are this message.
    Message(usize, M),
    /// So many bytes, at least one, are none, and why. They are told as
    /// `{"malformed": REASON, "at": OFFSET}`.
    Malformed(usize, String),
}

/// The configuration of a protocol that has none.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoConfig {}

/// A protocol whose messages stand one behind the other, for one connection.
pub trait Protocol: Sized {
    /// How it is configured: `#[config]`.
    type Config: DeserializeOwned + JsonSchema;
    /// What the peer says: `#[message]`.
    type Incoming: Serialize + JsonSchema;
    /// What is said to the peer: `#[message]`.
    type Outgoing: DeserializeOwned + JsonSchema;

    /// A session that begins.
    ///
    /// # Errors
    /// The configuration makes no sense; the failure names the member.
    fn new(config: Self::Config) -> Result<Self, Failure>;

    /// The connection is there: what is sent first, if anything.
    fn open(&mut self, send: &mut Vec<u8>) {
        let _ = send;
    }

    /// The first message of these bytes, which begin where the last message ended. There is at
    /// least one byte. What is put into `send` goes to the peer: it is called once for each
    /// message, but again for one that was not whole.
    fn next(&mut self, bytes: &[u8], send: &mut Vec<u8>) -> Next<Self::Incoming>;

    /// A message as bytes.
    ///
    /// # Errors
    /// It cannot be said in this protocol; the failure names the member.
    fn encode(&mut self, message: Self::Outgoing) -> Result<Vec<u8>, Failure>;

    /// Worked examples, which models read and
    /// [`testing::examples_hold`](crate::testing::examples_hold) runs. At least one.
    fn examples() -> Vec<Example>;
}

/// What the expansion of `#[handler]` calls.
pub mod way {
    use handler_kit::{Encoded, Failure, Input, Schemas, Step, Value, json, malformed_schema};
    use schemars::generate::SchemaSettings;

    use super::*;

    /// The schemas of a protocol's messages, from their types.
    pub fn schemas<P: Protocol>() -> Schemas {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.meta_schema = None;
            settings.inline_subschemas = true;
        });
        let mut incoming = settings.clone().for_serialize().into_generator().into_root_schema_for::<P::Incoming>();
        let mut outgoing = settings.for_deserialize().into_generator().into_root_schema_for::<P::Outgoing>();
        // The names that types have in the source say nothing to a model.
        for schema in [&mut incoming, &mut outgoing] {
            schema.remove("title");
        }
        Schemas { incoming: json!({ "anyOf": [incoming, malformed_schema()] }), outgoing: outgoing.to_value() }
    }

    /// Takes all whole messages.
    pub fn data<P: Protocol>(protocol: &mut P, input: &mut Input, step: &mut Step) {
        while !input.is_empty() {
            let (length, told) = match protocol.next(input.bytes(), &mut step.send) {
                Next::More => return,
                Next::Message(length, message) => {
                    (length, serde_json::to_value(message).map_err(|error| error.to_string()))
                }
                Next::Malformed(length, reason) => (length, Err(reason)),
            };
            // A message of no bytes would be found for ever.
            let span = input.take(length.max(1));
            match told {
                Ok(value) => step.message(value, span),
                Err(reason) => step.malformed(reason, span),
            }
        }
    }

    /// A message as bytes, or the member that it is not one for.
    ///
    /// # Errors
    /// It is no message of the protocol.
    pub fn encode<P: Protocol>(protocol: &mut P, message: &Value) -> Result<Encoded, Failure> {
        let read = serde_path_to_error::deserialize(message).map_err(|error| {
            let (member, told) = (error.path().to_string(), error.inner().to_string());
            // The path of the message itself is a dot.
            if member == "." { Failure::new(told) } else { Failure::of(member, told) }
        })?;
        Ok(Encoded { bytes: protocol.encode(read)?, request: None })
    }
}

/// Makes a handler of a protocol.
#[doc(hidden)]
#[macro_export]
macro_rules! protocol {
    ($protocol:ty, $name:literal, $title:literal, $summary:literal) => {
        impl $crate::Handler for $protocol {
            type Config = <$protocol as $crate::Protocol>::Config;

            const NAME: &'static str = $name;
            const TITLE: &'static str = $title;
            const SUMMARY: &'static str = $summary;

            fn schemas() -> $crate::Schemas {
                $crate::way::schemas::<$protocol>()
            }

            fn examples() -> ::std::vec::Vec<$crate::Example> {
                <$protocol as $crate::Protocol>::examples()
            }

            fn new(config: Self::Config) -> ::core::result::Result<Self, $crate::Failure> {
                <$protocol as $crate::Protocol>::new(config)
            }

            fn open(&mut self, _: $crate::Now, step: &mut $crate::Step) {
                $crate::Protocol::open(self, &mut step.send);
            }

            fn data(&mut self, input: &mut $crate::Input, _: $crate::Now, step: &mut $crate::Step) {
                $crate::way::data(self, input, step);
            }

            fn encode(
                &mut self,
                message: &$crate::Value,
                _: $crate::Now,
            ) -> ::core::result::Result<$crate::Encoded, $crate::Failure> {
                $crate::way::encode(self, message)
            }
        }
    };
}
