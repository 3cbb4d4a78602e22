//! Time for guests: waiting, deadlines, and what time it is. All of it is WASI's clocks; nothing
//! here spins.

use std::future::Future;
use std::pin::pin;
use std::time::{Duration, SystemTime};

use futures::future::{Either, select};

use crate::bindings::wasi::clocks::{monotonic_clock, system_clock};

/// Monotonic time since some moment before the instance began.
pub fn now() -> Duration {
    Duration::from_nanos(monotonic_clock::now())
}

/// Waits for at least `duration`.
pub async fn sleep(duration: Duration) {
    monotonic_clock::wait_for(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)).await;
}

/// Runs `future` for at most `duration`; `None` if it was not done by then. It is dropped in that
/// case.
pub async fn timeout<T>(duration: Duration, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    // The clock is asked only where the future is not ready at once: most are.
    if let std::task::Poll::Ready(value) = futures::poll!(&mut future) {
        return Some(value);
    }
    match select(future, pin!(sleep(duration))).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(((), _)) => None,
    }
}

/// The wall clock's time, as the host has it.
pub fn wall_clock() -> SystemTime {
    let now = system_clock::now();
    SystemTime::UNIX_EPOCH + Duration::new(u64::try_from(now.seconds).unwrap_or(0), now.nanoseconds)
}
