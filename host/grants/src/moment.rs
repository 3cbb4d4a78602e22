//! Time as this crate knows it: handed in, never read.

use std::time::Duration;

/// A point on the caller's monotonic clock: the time since some fixed start of its choosing.
///
/// This crate reads no clock, so that every decision can be repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Moment(pub Duration);
