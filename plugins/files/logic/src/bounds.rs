//! Numbers within bounds, which the operator's limits may have drawn tighter than a tool's own.

/// A number that lies outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("has to be from {least} to {most}, not {value}")]
pub struct Outside {
    /// The least that is taken.
    pub least: u64,
    /// The most.
    pub most: u64,
    /// What was given.
    pub value: i64,
}

/// The number, or `default` as near as the bounds let it be. Where `most` is below
/// `least`, `most` alone is taken.
///
/// # Errors
/// It lies outside.
pub fn bounded(value: Option<i64>, default: u64, least: u64, most: u64) -> Result<u64, Outside> {
    let least = least.min(most);
    let Some(value) = value else { return Ok(default.clamp(least, most)) };
    match u64::try_from(value) {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(Outside { least, most, value }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_that_cross_are_the_lower_one() {
        assert_eq!(bounded(None, 65536, 16384, 1024), Ok(1024));
        assert_eq!(bounded(Some(1024), 65536, 16384, 1024), Ok(1024));
        assert_eq!(bounded(Some(2), 1, 1, 3), Ok(2));
        assert_eq!(bounded(None, 10, 1, 3), Ok(3));
        assert_eq!(bounded(Some(-1), 10, 1, 3), Err(Outside { least: 1, most: 3, value: -1 }));
        assert_eq!(
            bounded(Some(20000), 65536, 16384, 1024).unwrap_err().to_string(),
            "has to be from 1024 to 1024, not 20000"
        );
    }
}
