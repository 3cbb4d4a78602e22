//! How a tool fails, and what the host refuses.

use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

pub use crate::bindings::cofferdam::host::types::Refusal;

/// A failure that the caller can act on: a stable code, a message, and whatever else helps.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
    /// Boxed, so that a `Result` is small.
    pub(crate) details: Box<Map<String, Value>>,
    pub(crate) retry: Option<bool>,
    /// The call ends so that the person is asked what it has asked.
    pub(crate) asks: bool,
}

impl Failure {
    /// A failure with a stable code (`[a-z0-9_]{1,64}`) and a message that names the thing. Another
    /// code counts as `failed`.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Display) -> Self {
        Self { code: code.into(), message: message.to_string(), details: Box::default(), retry: None, asks: false }
    }

    /// An argument that cannot be meant: code `invalid_argument`, with the argument's name in
    /// `argument`.
    pub fn argument(name: &'static str, message: impl Display) -> Self {
        let (message, name_first) = (message.to_string(), format!("`{name}`"));
        let message = if message.starts_with(&name_first) { message } else { format!("{name_first}: {message}") };
        Self::new("invalid_argument", message).with("argument", name)
    }

    /// Adds a member to the failure's JSON object. What cannot be JSON is left out.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.details.insert(key.to_owned(), value);
        }
        self
    }

    /// Says whether the same call may succeed later (`true`), or fails again (`false`). Without it
    /// nobody knows.
    ///
    /// ```
    /// # use cofferdam_sdk::Failure;
    /// Failure::new("busy", "the device serves somebody else").retry(true);
    /// ```
    #[must_use]
    pub fn retry(mut self, can_help: bool) -> Self {
        self.retry = Some(can_help);
        self
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What happened, for people and models.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl Refusal {
    /// What the host says, for people and models.
    pub fn words(&self) -> String {
        match self {
            Self::Denied(why) | Self::Limit(why) => why.clone(),
            Self::Wait(after) => {
                let after = Duration::from_nanos(*after).as_secs_f64();
                format!("too much was asked for in a short time; it may be asked for again in {after:.1} s")
            }
        }
    }
}

/// By `?`: code `denied`, `limit` or `busy`.
impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let words = refusal.words();
        match refusal {
            Refusal::Denied(_) => Self::new("denied", words).retry(false),
            Refusal::Limit(_) => Self::new("limit", words),
            Refusal::Wait(_) => Self::new("busy", words).retry(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_host_refuses_becomes_a_failure() {
        let failure = Failure::from(Refusal::Denied("not `x`".to_owned()));
        assert_eq!((failure.code(), failure.message(), failure.retry), ("denied", "not `x`", Some(false)));
        let failure = Failure::from(Refusal::Limit("the limit of 4 connections is reached".to_owned()));
        assert_eq!((failure.code(), failure.retry), ("limit", None));
        let failure = Failure::from(Refusal::Wait(1_500_000_000));
        assert_eq!((failure.code(), failure.retry), ("busy", Some(true)));
        assert!(failure.message().ends_with("in 1.5 s"), "{}", failure.message());
    }
}
