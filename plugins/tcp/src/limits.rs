//! Defaults and ranges of the times and sizes that callers may give.

use std::time::Duration;

use cofferdam_sdk::{Failure, Integer};

pub const DEFAULT_CONNECT: Duration = Duration::from_secs(10);
pub const DEFAULT_SEND: Duration = Duration::from_secs(30);
pub const DEFAULT_WAIT: Duration = Duration::from_secs(10);
pub const DEFAULT_SILENCE: Duration = Duration::from_millis(500);
/// How long `tcp_connect_and_send` waits for a first answer.
pub const FIRST_ANSWER: Duration = Duration::from_millis(100);
/// The most data one send takes, decoded.
pub const MOST_DATA: usize = 16 << 20;

/// A time an argument gives in milliseconds. Longer than `most` is cut: the call could not last longer anyway.
pub fn milliseconds(
    argument: &'static str,
    given: Option<Integer>,
    default: Duration,
    most: Duration,
) -> Result<Duration, Failure> {
    let Some(Integer(given)) = given else { return Ok(default) };
    match u64::try_from(given) {
        Ok(given) if given > 0 => Ok(Duration::from_millis(given).min(most)),
        _ => Err(Failure::argument(argument, format_args!("must be at least 1 (milliseconds), it is {given}"))),
    }
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
