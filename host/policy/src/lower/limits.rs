//! `[limits]` tables: each value is read and held against its bounds.
//!
//! Names, bounds and defaults are the table `cofferdam_grants::LIMITS`; units are `quantity.rs`.

use cofferdam_grants::{LIMITS, Limit, Unit};

use super::Lowering;
use crate::file::{LimitText, LimitValue};
use crate::limits::LimitsPatch;
use crate::quantity::{duration, show, size};

/// The limit of the whole process: memory of all plugins together. Its default depends on the
/// machine.
const TOTAL_MEMORY: Bounds<'_> = Bounds {
    name: "total_memory",
    unit: Unit::Bytes,
    least: 64 << 20,
    most: 1 << 50,
    default: "half of what the machine has, 4 GiB at most",
};

/// What a value is checked against.
struct Bounds<'a> {
    name: &'a str,
    unit: Unit,
    least: u64,
    most: u64,
    default: &'a str,
}

/// The entries of a limits table that are about the process, and the others.
pub(crate) fn of_the_process(entries: &[LimitText]) -> (Vec<&LimitText>, Vec<&LimitText>) {
    entries.iter().partition(|entry| entry.key == TOTAL_MEMORY.name)
}

impl Lowering<'_> {
    pub(crate) fn total_memory(&mut self, entry: &LimitText) -> Option<u64> {
        self.amount(entry, &TOTAL_MEMORY)
    }

    /// Reads a limits table; what is wrong becomes a problem and stays unset.
    pub(crate) fn limits(&mut self, entries: &[&LimitText]) -> LimitsPatch {
        let mut patch = LimitsPatch::default();
        for entry in entries {
            let row = LIMITS.iter().zip(&mut patch.0).find(|(limit, _)| limit.name == entry.key);
            let Some((limit, amount)) = row else {
                // A key in the table of keys that nothing reads: refused rather than ignored.
                let message = format!("`{}` is not yet available in this version", entry.key);
                self.error(entry.span.clone(), message, None);
                continue;
            };
            let Limit { name, unit, least, most, default, .. } = *limit;
            let default = show(unit, default);
            *amount = self.amount(entry, &Bounds { name, unit, least, most, default: &default });
        }
        patch
    }

    /// The value of an entry, in the unit of its bounds.
    fn amount(&mut self, entry: &LimitText, bounds: &Bounds<'_>) -> Option<u64> {
        let milliseconds = |text: &str| Ok(duration(text)?.as_millis().try_into().unwrap_or(u64::MAX));
        let amount = match bounds.unit {
            Unit::Number => self.number(entry)?,
            Unit::Bytes if bounds.name == TOTAL_MEMORY.name => self.quantity(entry, size, "2 GiB")?.into(),
            Unit::Bytes => self.quantity(entry, size, "256 MiB")?.into(),
            Unit::Milliseconds => self.quantity(entry, milliseconds, "60 s")?.into(),
        };
        if (i128::from(bounds.least)..=i128::from(bounds.most)).contains(&amount) {
            return u64::try_from(amount).ok();
        }
        let (least, most) = (show(bounds.unit, bounds.least), show(bounds.unit, bounds.most));
        let message = format!("`{}` has to be between {least} and {most}", entry.key);
        let hint = format!("the default is {}; there is no `unlimited`", bounds.default);
        self.error(entry.span.clone(), message, Some(hint));
        None
    }

    fn number(&mut self, entry: &LimitText) -> Option<i128> {
        if let LimitValue::Integer(number) = entry.value {
            return Some(number);
        }
        self.error(entry.span.clone(), format!("`{}` has to be a whole number", entry.key), None);
        None
    }

    fn quantity(
        &mut self,
        entry: &LimitText,
        read: impl Fn(&str) -> Result<u64, String>,
        example: &str,
    ) -> Option<u64> {
        let hint = Some(format!("write it as `\"{example}\"`"));
        let LimitValue::Text(text) = &entry.value else {
            self.error(entry.span.clone(), format!("`{}` needs a unit", entry.key), hint);
            return None;
        };
        let text = self.expanded(text)?;
        match read(&text.value) {
            Ok(value) => Some(value),
            Err(why) => {
                self.error(text.span, format!("`{}` {why}", entry.key), hint);
                None
            }
        }
    }
}

#[cfg(test)]
#[path = "limits_tests.rs"]
mod tests;
