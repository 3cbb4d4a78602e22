//! Sizes and durations as policies and flags write them: `256 MiB`, `60 s`.
//!
//! Bounds are not here: they are those of `cofferdam_grants::LIMITS`.

use std::time::Duration;

use cofferdam_grants::Unit;

const SIZES: &[(&str, u64)] = &[("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
const TIMES: &[(&str, u64)] = &[("ms", 1), ("s", 1000), ("min", 60_000), ("h", 3_600_000)];

/// Reads a size in bytes, with a binary unit.
///
/// # Errors
/// What is wrong, as a sentence's end.
pub fn size(text: &str) -> Result<u64, String> {
    quantity(text, SIZES)
}

/// Reads a duration.
///
/// # Errors
/// What is wrong, as a sentence's end.
pub fn duration(text: &str) -> Result<Duration, String> {
    quantity(text, TIMES).map(Duration::from_millis)
}

/// An amount as [`size`] and [`duration`] read it, in the largest unit that divides it.
pub fn show(unit: Unit, amount: u64) -> String {
    let units = match unit {
        Unit::Number => &[][..],
        Unit::Bytes => SIZES,
        Unit::Milliseconds => TIMES,
    };
    let largest = units.iter().rev().find(|(_, factor)| amount >= *factor && amount.is_multiple_of(*factor));
    largest.map_or_else(|| amount.to_string(), |(name, factor)| format!("{} {name}", amount / factor))
}

fn quantity(text: &str, units: &[(&str, u64)]) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let names = || units.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if number.is_empty() {
        return Err("has to begin with a whole number".to_owned());
    }
    let unit = unit.strip_prefix(' ').unwrap_or(unit);
    if unit.is_empty() {
        return Err(format!("needs a unit, one of {}", names()));
    }
    // `2m` is common on command lines; it is shown as `min`.
    let unit = if unit == "m" { "min" } else { unit };
    let Some((_, factor)) = units.iter().find(|(name, _)| *name == unit) else {
        return Err(format!("has an unknown unit, the units are {}", names()));
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(*factor)).ok_or_else(|| "is too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_need_a_number_and_a_unit() {
        assert_eq!(size("256 MiB"), Ok(256 << 20));
        assert_eq!(size("4KiB"), Ok(4096));
        assert_eq!(duration("60 s"), Ok(Duration::from_secs(60)));
        assert_eq!(duration("10 min"), Ok(Duration::from_secs(600)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("2m"), duration("2 min"));
        assert!(size("256").is_err_and(|e| e.contains("needs a unit, one of `B`, `KiB`")));
        assert!(size("256 MB").is_err_and(|e| e.contains("unknown unit")));
        assert!(size("1.5 MiB").is_err_and(|e| e.contains("unknown unit")));
        assert!(size("-1 MiB").is_err_and(|e| e.contains("begin with a whole number")));
        assert!(duration("unlimited").is_err_and(|e| e.contains("begin with a whole number")));
        assert!(size("99999999999 GiB").is_err_and(|e| e == "is too large"));
        assert!(size("99999999999999999999999 B").is_err_and(|e| e == "is too large"));
        assert!(duration("60  s").is_err());
    }

    #[test]
    fn shown_is_what_can_be_read() {
        for bytes in [1, 1024, 1025, 256 << 20, 4 << 30] {
            assert_eq!(size(&show(Unit::Bytes, bytes)), Ok(bytes));
        }
        assert_eq!(show(Unit::Bytes, 256 << 20), "256 MiB");
        assert_eq!(show(Unit::Milliseconds, 60_000), "1 min");
        assert_eq!(show(Unit::Milliseconds, 1_500), "1500 ms");
        assert_eq!(show(Unit::Number, 60_000), "60000");
    }
}
