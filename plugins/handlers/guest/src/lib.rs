//! A handler as a component: `handler_guest::export!(MyHandler)` in a `cdylib` is all that it
//! takes, beside the crate's `plugin.toml`, which becomes the component's manifest.

#[cfg(all(target_arch = "wasm32", any(not(target_os = "wasi"), target_env = "p1")))]
compile_error!("a handler is a component: build it with `cargo build --release --target wasm32-wasip2`");

use handler_kit::{Reason, Session, Step, Value};

use bindings::exports::cofferdam::handler::handler as abi;

/// What `wit-bindgen` makes of the contract.
#[allow(missing_docs, unsafe_code, clippy::all, reason = "generated")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/handler",
        world: "protocol-handler",
        pub_export_macro: true,
        default_bindings_module: "::handler_guest::bindings",
        runtime_path: "::handler_guest::wit_bindgen_rt",
    });
}

#[doc(hidden)]
pub use cofferdam_sdk_macros::handler_manifest;

/// The runtime that exported bindings refer to.
#[doc(hidden)]
pub use wit_bindgen::rt as wit_bindgen_rt;

extern crate self as handler_guest;

/// What the expansion of [`export!`] calls.
#[doc(hidden)]
pub mod way {
    use std::cell::RefCell;

    use super::*;

    pub use super::abi::{Description, Encoded, Failure, Guest, GuestSession};
    pub use handler_kit::Handler;

    /// A session, as the component has it: one call at a time.
    pub struct Held<H> {
        session: RefCell<Session<H>>,
        /// Payloads go to a handler above.
        below: bool,
    }

    impl<H: Handler> Held<H> {
        /// With a configuration.
        pub fn create(config: &str, below: bool) -> Result<Self, Failure> {
            let session = json(config).and_then(Session::new).map_err(failure)?;
            Ok(Self { session: RefCell::new(session), below })
        }

        /// Calls it.
        pub fn step(&self, call: impl FnOnce(&mut Session<H>) -> Step) -> abi::Step {
            step(call(&mut self.session.borrow_mut()), self.below)
        }

        /// Encodes a message.
        pub fn encode(&self, message: &str, now: u64) -> Result<Encoded, Failure> {
            self.encoded(|session| session.encode(&json(message)?, now))
        }

        /// Encodes the bytes of the handler above.
        pub fn encode_payload(&self, payload: &[u8], now: u64) -> Result<Encoded, Failure> {
            self.encoded(|session| session.encode_payload(payload, now))
        }

        fn encoded(
            &self,
            encode: impl FnOnce(&mut Session<H>) -> Result<handler_kit::Encoded, handler_kit::Failure>,
        ) -> Result<Encoded, Failure> {
            let mut session = self.session.borrow_mut();
            let handler_kit::Encoded { bytes, request } = encode(&mut session).map_err(failure)?;
            Ok(Encoded { send: bytes, request, tick: session.due() })
        }
    }

    fn json(text: &str) -> Result<Value, handler_kit::Failure> {
        serde_json::from_str(text).map_err(|error| handler_kit::Failure::new(error.to_string()))
    }

    fn failure(failure: handler_kit::Failure) -> Failure {
        let handler_kit::Failure { member, message } = failure;
        Failure { member, message }
    }

    /// Why a session ends.
    pub fn reason(reason: abi::Reason) -> Reason {
        match reason {
            abi::Reason::Ended => Reason::Ended,
            abi::Reason::Broken => Reason::Broken,
            abi::Reason::Detached => Reason::Detached,
        }
    }

    fn step(step: Step, below: bool) -> abi::Step {
        let Step { send, messages, tick, close, notes } = step;
        let messages = messages
            .into_iter()
            .map(|message| abi::Message {
                value: message.value.to_string(),
                start: message.span.start,
                end: message.span.end,
                answers: message.answers,
                payload: message.payload.filter(|_| below),
            })
            .collect();
        abi::Step { send, messages, tick, close, note: (!notes.is_empty()).then(|| notes.join("\n")) }
    }

    /// What the handler says of itself.
    pub fn description<H: Handler>() -> Description {
        let schemas = H::schemas();
        let text = |values: Vec<Value>| values.iter().map(Value::to_string).collect::<Vec<_>>();
        let examples = H::examples().into_iter().map(|example| abi::Example {
            title: example.title.to_owned(),
            config: example.config.to_string(),
            outgoing: example.outgoing.into_iter().map(|(message, bytes)| (message.to_string(), bytes)).collect(),
            incoming: (example.incoming.0, text(example.incoming.1)),
        });
        Description {
            name: H::NAME.to_owned(),
            title: H::TITLE.to_owned(),
            summary: H::SUMMARY.to_owned(),
            config_schema: serde_json::to_string(&schemars::schema_for!(H::Config)).unwrap_or_default(),
            incoming_schema: schemas.incoming.to_string(),
            outgoing_schema: schemas.outgoing.to_string(),
            pairs: H::PAIRS,
            carries: H::CARRIES,
            examples: examples.collect(),
        }
    }
}

/// Makes the component's exports from a [`Handler`], and its manifest from the crate's
/// `plugin.toml`, or from the file that `export!(Handler, manifest = "…")` names. The manifest's
/// name is the handler's.
#[macro_export]
macro_rules! export {
    ($handler:ty) => {
        $crate::export!($handler, manifest = "plugin.toml");
    };
    ($handler:ty, manifest = $manifest:literal) => {
        #[allow(unsafe_code, missing_docs, unused_qualifications, reason = "the bindings are generated")]
        mod exported {
            use super::*;

        struct Component;

        struct Session($crate::way::Held<$handler>);

        impl $crate::way::Guest for Component {
            type Session = Session;

            fn describe() -> $crate::way::Description {
                $crate::way::description::<$handler>()
            }
        }

        impl $crate::way::GuestSession for Session {
            fn create(
                config: String,
                below: bool,
            ) -> Result<$crate::bindings::exports::cofferdam::handler::handler::Session, $crate::way::Failure> {
                let held = $crate::way::Held::create(&config, below)?;
                Ok($crate::bindings::exports::cofferdam::handler::handler::Session::new(Session(held)))
            }

            fn open(&self, now: u64) -> $crate::bindings::exports::cofferdam::handler::handler::Step {
                self.0.step(|session| session.open(now))
            }

            fn data(&self, bytes: Vec<u8>, now: u64) -> $crate::bindings::exports::cofferdam::handler::handler::Step {
                self.0.step(|session| session.data(&bytes, now))
            }

            fn tick(&self, now: u64) -> $crate::bindings::exports::cofferdam::handler::handler::Step {
                self.0.step(|session| session.tick(now))
            }

            fn close(
                &self,
                reason: $crate::bindings::exports::cofferdam::handler::handler::Reason,
                now: u64,
            ) -> $crate::bindings::exports::cofferdam::handler::handler::Step {
                self.0.step(|session| session.close($crate::way::reason(reason), now))
            }

            fn encode(&self, message: String, now: u64) -> Result<$crate::way::Encoded, $crate::way::Failure> {
                self.0.encode(&message, now)
            }

            fn encode_payload(&self, payload: Vec<u8>, now: u64) -> Result<$crate::way::Encoded, $crate::way::Failure> {
                self.0.encode_payload(&payload, now)
            }
        }

        $crate::bindings::export!(Component with_types_in $crate::bindings);

        $crate::handler_manifest!(<$handler as $crate::way::Handler>::NAME, $manifest);
        }
    };
}
