//! Where events go.

use crate::Event;

/// Takes events. `record` returns once the event is written, not once it is queued.
pub trait Sink: Send + Sync {
    /// Writes one event.
    ///
    /// # Errors
    /// The event was not written: whatever it announces must not happen.
    fn record(&self, event: &Event<'_>) -> Result<(), Unwritten>;
}

/// An event could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unwritten;

impl std::fmt::Display for Unwritten {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the audit log cannot be written, so nothing is granted")
    }
}

impl std::error::Error for Unwritten {}
