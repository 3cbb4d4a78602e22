//! How long something may take: so long, or as long as the call may.

use std::time::Duration;

use crate::{Cx, now};

/// What is left for the answer when a call's time is used up by a connection.
const FOR_THE_ANSWER: Duration = Duration::from_millis(50);

/// How long something may take. A [`Duration`], or a call's [`Cx`] for the rest of its time, less
/// what its answer needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Within(Duration);

impl Within {
    /// So long.
    pub fn duration(self) -> Duration {
        self.0
    }

    /// The moment, by [`now`], at which it is over.
    pub(crate) fn end(self) -> Duration {
        now().saturating_add(self.0)
    }
}

impl From<Duration> for Within {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl From<&Cx> for Within {
    fn from(cx: &Cx) -> Self {
        Self(cx.time_left().saturating_sub(FOR_THE_ANSWER))
    }
}

impl From<Cx> for Within {
    fn from(cx: Cx) -> Self {
        Self::from(&cx)
    }
}
