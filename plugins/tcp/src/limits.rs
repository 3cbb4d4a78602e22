//! Defaults and ranges of the times and sizes that callers may give.

use std::time::Duration;

use cofferdam_sdk::{Cx, Failure, Integer};
pub use plugin_kit::milliseconds;

pub const DEFAULT_CONNECT: Duration = Duration::from_secs(4);
pub const DEFAULT_SEND: Duration = Duration::from_secs(4);
pub const DEFAULT_WAIT: Duration = Duration::from_secs(4);
pub const DEFAULT_SILENCE: Duration = Duration::from_millis(500);
/// How long `tcp_connect_and_send` waits for a first answer.
pub const FIRST_ANSWER: Duration = Duration::from_millis(100);
/// The most data one send takes, decoded.
pub const MOST_DATA: usize = 16 << 20;

/// What an answer takes between the end of a wait and the call's deadline.
pub const MARGIN: Duration = Duration::from_millis(250);
/// Messages that one answer has if nobody says how many, and at most.
pub const DEFAULT_MESSAGES: i64 = 100;
pub const MOST_MESSAGES: i64 = 1000;
/// The messages of one answer, in bytes of JSON: the whole answer stays under 32 KiB.
pub const PAGE: usize = 31 << 10;

/// How long a call waits that returns what came until then. The caller's own deadline counts.
pub fn wait(cx: Cx, given: Option<Integer>) -> Result<Duration, Failure> {
    let most = call().saturating_sub(MARGIN);
    let timeout = milliseconds("timeout_ms", given, DEFAULT_WAIT.min(most), most)?;
    Ok(timeout.min(cx.time_left().saturating_sub(MARGIN)))
}

/// The time a call may take for its work.
pub fn call() -> Duration {
    cofferdam_sdk::limits().call
}

/// How much a connection holds before reading pauses.
pub fn buffer(given: Option<Integer>) -> Result<usize, Failure> {
    let Some(Integer(given)) = given else { return Ok(tcp_logic::DEFAULT_LIMIT) };
    usize::try_from(given).ok().filter(|given| (1..=tcp_logic::DEFAULT_LIMIT).contains(given)).ok_or_else(|| {
        let most = tcp_logic::DEFAULT_LIMIT;
        Failure::argument("buffer_limit", format_args!("must be 1 to {most} (bytes), it is {given}"))
    })
}

/// The time of sessions and scripts: milliseconds since some moment before the instance began.
pub fn now() -> u64 {
    u64::try_from(cofferdam_sdk::now().as_millis()).unwrap_or(u64::MAX)
}
