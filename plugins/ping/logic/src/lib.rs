//! What the `ping` plugin knows without touching the world: when the next request is due,
//! what the messages that come back mean, the statistics, and the text that people know from
//! `ping` and `traceroute`.
//!
//! Two clocks are handed in, and never mixed: the caller's own for what is due when, and
//! the host's for round trips.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod message;
mod pings;
mod statistics;
mod text;
mod trace;

pub use message::{Difference, Kind, Message, ends_the_way, explain, mark};
pub use pings::{Event, Outcome, Pings, Plan};
pub use statistics::{Rtt, Statistics};
pub use text::{dump, heading, hop_line, line, summary, trace_heading};
pub use trace::{Answer, Hop, Trace, TracePlan};

use std::time::Duration;

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send the request of this sequence number, with this hop limit where the plan leaves it open.
    Send {
        /// The sequence number.
        sequence: u16,
        /// The hop limit.
        hop_limit: u8,
    },
    /// Nothing is due before this moment of the caller's clock.
    Wait(Duration),
    /// All has been sent, and all that could come has come or is overdue; or there is no time left.
    Done,
}
