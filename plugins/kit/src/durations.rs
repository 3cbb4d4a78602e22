//! Whole numbers that callers give, times mostly, and their bounds.

use std::time::Duration;

use cofferdam_sdk::{Failure, Integer};

/// A number between two bounds.
///
/// # Errors
/// If it is not, with what is meant.
pub fn within<T: TryFrom<i64>>(
    argument: &'static str,
    given: Option<Integer>,
    default: i64,
    bounds: std::ops::RangeInclusive<i64>,
) -> Result<T, Failure> {
    let given = given.map_or(default, |Integer(given)| given);
    let (least, most) = (bounds.start(), bounds.end());
    let refused = || Failure::argument(argument, format_args!("must be {least} to {most}, it is {given}"));
    if !bounds.contains(&given) {
        return Err(refused());
    }
    T::try_from(given).map_err(|_| refused())
}

/// A time an argument gives in milliseconds. A time longer than `most` is cut,
/// since no call lasts longer.
///
/// # Errors
/// If it is not at least 1.
pub fn milliseconds(
    argument: &'static str,
    given: Option<Integer>,
    default: Duration,
    most: Duration,
) -> Result<Duration, Failure> {
    positive(argument, "milliseconds", given).map(|given| given.map_or(default, Duration::from_millis).min(most))
}

/// The same in seconds.
///
/// # Errors
/// If it is not at least 1.
pub fn seconds(
    argument: &'static str,
    given: Option<Integer>,
    default: Duration,
    most: Duration,
) -> Result<Duration, Failure> {
    positive(argument, "seconds", given).map(|given| given.map_or(default, Duration::from_secs).min(most))
}

fn positive(argument: &'static str, unit: &str, given: Option<Integer>) -> Result<Option<u64>, Failure> {
    let Some(Integer(given)) = given else { return Ok(None) };
    match u64::try_from(given) {
        Ok(given) if given > 0 => Ok(Some(given)),
        _ => Err(Failure::argument(argument, format_args!("must be at least 1 ({unit}), it is {given}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: Duration = Duration::from_secs(5);
    const MOST: Duration = Duration::from_secs(60);

    #[test]
    fn numbers_have_a_default_and_bounds() {
        assert_eq!(within("n", None, 5, 1..=10), Ok(5u16));
        assert_eq!(within("n", Some(Integer(10)), 5, 1..=10), Ok(10u16));
        for given in [0, 11, i64::MAX] {
            let failure = within::<u8>("n", Some(Integer(given)), 5, 1..=10).unwrap_err();
            assert_eq!(failure, Failure::argument("n", format!("must be 1 to 10, it is {given}")));
        }
    }

    #[test]
    fn times_have_a_default_and_are_cut_at_the_most() {
        assert_eq!(milliseconds("t", None, DEFAULT, MOST), Ok(DEFAULT));
        assert_eq!(milliseconds("t", Some(Integer(250)), DEFAULT, MOST), Ok(Duration::from_millis(250)));
        assert_eq!(seconds("t", Some(Integer(2)), DEFAULT, MOST), Ok(Duration::from_secs(2)));
        assert_eq!(seconds("t", Some(Integer(i64::MAX)), DEFAULT, MOST), Ok(MOST));
    }

    #[test]
    fn what_is_no_time_is_refused_with_its_unit() {
        for given in [0, -1, i64::MIN] {
            let failure = seconds("timeout", Some(Integer(given)), DEFAULT, MOST).unwrap_err();
            assert_eq!(failure, Failure::argument("timeout", format!("must be at least 1 (seconds), it is {given}")));
            assert!(milliseconds("timeout_ms", Some(Integer(given)), DEFAULT, MOST).is_err());
        }
    }
}
