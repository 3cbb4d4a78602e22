//! Why no connection was made, or no address was found.

use super::Host;
use crate::Failure;

/// Why no connection was made: a stable word, and more where there is more to say.
#[derive(Clone, Debug)]
pub struct Failed {
    /// `refused`, `timeout`, `dns`, `unreachable`, `denied`, `limit` …
    pub reason: &'static str,
    /// What else is known.
    pub detail: Option<String>,
    /// Whether nothing is known of the peer, as nobody could say where it is.
    pub inconclusive: bool,
}

impl Failed {
    pub(crate) fn because(reason: &'static str) -> Self {
        Self { reason, detail: None, inconclusive: false }
    }

    /// The same for the caller, who spelt the host as `spelt`.
    pub fn failure(self, host: &Host, spelt: &str, port: u16) -> Failure {
        let failure = Failure::new("connection_failed", format_args!("Failed to connect to {spelt}:{port}"));
        let failure = failure.with("reason", self.reason);
        match self {
            Failed { reason: "denied", .. } => {
                let detail = format!("the operator's policy does not allow tcp://{host}:{port}");
                failure.with("detail", detail).retry(false)
            }
            Failed { detail: Some(detail), .. } => failure.with("detail", detail),
            Failed { detail: None, .. } => failure,
        }
    }
}
