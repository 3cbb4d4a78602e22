//! Where events go.

use crate::Event;

/// Takes events. `record` returns once the event is written, not once it is queued.
pub trait Sink: Send + Sync {
    /// Writes one event.
    ///
    /// # Errors
    /// The event was not written: whatever it announces must not happen.
    fn record(&self, event: &Event<'_>) -> Result<(), Unwritten>;

    /// Writes an event about what has happened already, so that nothing can be refused for its
    /// sake. A sink that cannot write it now keeps it, and writes it before anything else once it
    /// can.
    fn defer(&self, event: &Event<'_>) {
        let _ = self.record(event);
    }
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

/// Two sinks, both of which get every event. The first is the one that proves; the second hears of
/// an event even where the first could not write it.
pub struct Both<A, B>(
    /// Written first.
    pub A,
    /// Written second.
    pub B,
);

impl<A: Sink, B: Sink> Sink for Both<A, B> {
    fn record(&self, event: &Event<'_>) -> Result<(), Unwritten> {
        let first = self.0.record(event);
        first.and(self.1.record(event))
    }

    fn defer(&self, event: &Event<'_>) {
        self.0.defer(event);
        self.1.defer(event);
    }
}

impl<S: Sink + ?Sized> Sink for std::sync::Arc<S> {
    fn record(&self, event: &Event<'_>) -> Result<(), Unwritten> {
        (**self).record(event)
    }

    fn defer(&self, event: &Event<'_>) {
        (**self).defer(event);
    }
}
