//! Why a connection was not made, or does not go on, and what a caller is told of it.

use std::fmt;

use super::{Failed, Host, HostError, Unsent};
use crate::Failure;

/// Why a connection was not made, or did not do what was asked of it. It becomes a [`Failure`] by
/// `?`.
#[derive(Clone, Debug)]
pub struct Broken {
    peer: String,
    what: What,
    detail: Option<String>,
}

#[derive(Clone, Debug)]
enum What {
    /// The host or the port cannot be meant.
    Spelling(HostError),
    Connect(&'static str),
    Read(&'static str),
    /// After so many bytes.
    Write(&'static str, usize),
}

impl Broken {
    /// A host that cannot be meant.
    pub(crate) fn spelling(error: HostError) -> Self {
        Self { peer: String::new(), what: What::Spelling(error), detail: None }
    }

    pub(crate) fn connect(host: &Host, port: u16, failed: Failed) -> Self {
        let detail = match failed.reason {
            "denied" => Some(format!("the operator's policy does not allow tcp://{}", shown(host, port))),
            _ => failed.detail,
        };
        Self { peer: shown(host, port), what: What::Connect(failed.reason), detail }
    }

    pub(crate) fn read(peer: &str, reason: &'static str) -> Self {
        Self { peer: peer.to_owned(), what: What::Read(reason), detail: None }
    }

    pub(crate) fn write(peer: &str, unsent: &Unsent) -> Self {
        Self { peer: peer.to_owned(), what: What::Write(unsent.reason, unsent.sent), detail: None }
    }

    /// A stable word: `denied`, `refused`, `timeout`, `dns`, `unreachable`, `reset`, `closed`,
    /// `too_long`, `limit` …
    pub fn reason(&self) -> &'static str {
        match &self.what {
            What::Spelling(_) => "invalid",
            What::Connect(reason) | What::Read(reason) | What::Write(reason, _) => reason,
        }
    }

    /// Whether only the time was too short: a connection that is there goes on, and what has come
    /// is kept.
    pub fn is_timeout(&self) -> bool {
        self.reason() == "timeout"
    }

    /// How many bytes were sent of what was to be sent.
    pub fn sent(&self) -> usize {
        match self.what {
            What::Write(_, sent) => sent,
            _ => 0,
        }
    }
}

/// A host and a port as they are written together.
pub(crate) fn shown(host: &Host, port: u16) -> String {
    match host {
        Host::V6 { .. } => format!("[{host}]:{port}"),
        _ => format!("{host}:{port}"),
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { peer, what, detail } = self;
        match what {
            What::Spelling(error) => return error.fmt(f),
            What::Connect(reason) => write!(f, "Failed to connect to {peer}: {reason}")?,
            What::Read(reason) => write!(f, "Failed to read from {peer}: {reason}")?,
            What::Write(reason, sent) => write!(f, "Failed to send to {peer}: {reason} (after {sent} bytes)")?,
        }
        detail.as_ref().map_or(Ok(()), |detail| write!(f, " ({detail})"))
    }
}

impl std::error::Error for Broken {}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        let code = match &broken.what {
            What::Spelling(error) => return Self::argument(error.argument(), error),
            What::Connect(_) => "connection_failed",
            What::Read(_) => "receive_failed",
            What::Write(..) => "send_failed",
        };
        let failure = Self::new(code, &broken).with("reason", broken.reason());
        let failure = if broken.reason() == "denied" { failure.retry(false) } else { failure };
        let failure = match &broken.detail {
            Some(detail) => failure.with("detail", detail),
            None => failure,
        };
        match broken.what {
            What::Write(_, sent) => failure.with("bytes_sent", sent),
            _ => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn host(text: &str) -> Host {
        Host::parse(text).unwrap()
    }

    #[test]
    fn what_a_caller_reads_says_what_was_done_to_whom() {
        let denied = Failed { reason: "denied", detail: None, inconclusive: false };
        let broken = Broken::connect(&host("::1"), 23, denied);
        assert!(!broken.is_timeout());
        let failure = Failure::from(broken);
        assert_eq!(failure.code(), "connection_failed");
        let told = "Failed to connect to [::1]:23: denied (the operator's policy does not allow tcp://[::1]:23)";
        assert_eq!((&*failure.message, &failure.details["reason"]), (told, &json!("denied")));
        assert_eq!(failure.retry, Some(false));

        let broken = Broken::write("db.example:1", &Unsent { sent: 7, reason: "timeout" });
        assert!(broken.is_timeout());
        assert_eq!(broken.sent(), 7);
        let failure = Failure::from(broken);
        assert_eq!(
            (failure.code(), &*failure.message),
            ("send_failed", "Failed to send to db.example:1: timeout (after 7 bytes)")
        );
        assert_eq!(failure.details["bytes_sent"], 7);

        let failure = Failure::from(Broken::read("db.example:1", "reset"));
        assert_eq!((failure.code(), &*failure.message), ("receive_failed", "Failed to read from db.example:1: reset"));
        assert_eq!(failure.retry, None);
    }

    #[test]
    fn a_host_that_cannot_be_meant_is_told_by_its_argument() {
        let failure = Failure::from(Broken::spelling(Host::parse("http://x/").unwrap_err()));
        assert_eq!((failure.code(), &failure.details["argument"]), ("invalid_argument", &json!("host")));
        let failure = Failure::from(Broken::spelling(crate::net::port(0).unwrap_err()));
        assert_eq!(failure.details["argument"], "port");
    }
}
