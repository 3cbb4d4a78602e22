//! `[limits]` tables: each key read, bounded and put over the defaults.
//!
//! Defaults and bounds are `cofferdam_grants::Limits`; units are `quantity.rs`.

use std::ops::RangeInclusive;
use std::time::Duration;

use cofferdam_grants::{Bounds, Limits};

use crate::file::{LimitText, LimitValue};
use crate::lower::Lowering;
use crate::quantity::{duration, show_duration, show_size, size};

/// Limits as far as a table sets them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LimitsPatch {
    memory: Option<u64>,
    connections: Option<u32>,
    descriptors: Option<u32>,
    mailbox: Option<u32>,
    call: Option<Duration>,
    output: Option<u64>,
    cpu: Option<Duration>,
    log_lines: Option<u32>,
    calls_per_minute: Option<u32>,
    concurrent_calls: Option<u32>,
    compile: Option<Duration>,
    lookups: Option<u32>,
    lookups_per_minute: Option<u32>,
}

impl LimitsPatch {
    /// The limits with what this table sets put over them.
    pub(crate) fn over(&self, below: Limits) -> Limits {
        let connections = self.connections.unwrap_or(below.connections);
        // Who allows more connections means that there is a descriptor for each.
        let descriptors = below.descriptors.max(connections.saturating_add(Limits::BESIDE_CONNECTIONS));
        Limits {
            memory: self.memory.unwrap_or(below.memory),
            connections,
            descriptors: self.descriptors.unwrap_or(match self.connections {
                Some(_) => descriptors,
                None => below.descriptors,
            }),
            mailbox: self.mailbox.unwrap_or(below.mailbox),
            call: self.call.unwrap_or(below.call),
            output: self.output.unwrap_or(below.output),
            cpu: self.cpu.unwrap_or(below.cpu),
            log_lines: self.log_lines.unwrap_or(below.log_lines),
            calls_per_minute: self.calls_per_minute.unwrap_or(below.calls_per_minute),
            concurrent_calls: self.concurrent_calls.unwrap_or(below.concurrent_calls),
            compile: self.compile.unwrap_or(below.compile),
            lookups: self.lookups.unwrap_or(below.lookups),
            lookups_per_minute: self.lookups_per_minute.unwrap_or(below.lookups_per_minute),
        }
    }
}

/// Memory of all plugins together, in bytes. Its default is the machine's affair.
const TOTAL_MEMORY: RangeInclusive<u64> = 64 << 20..=1 << 50;

/// The entries of a limits table that are about the process, and the others.
pub(crate) fn of_the_process(entries: &[LimitText]) -> (Vec<&LimitText>, Vec<&LimitText>) {
    entries.iter().partition(|entry| entry.key == "total_memory")
}

impl Lowering<'_> {
    pub(crate) fn total_memory(&mut self, entry: &LimitText) -> Option<u64> {
        let bytes = self.quantity(entry, size, "2 GiB")?;
        if !TOTAL_MEMORY.contains(&bytes) {
            let (least, most) = (show_size(*TOTAL_MEMORY.start()), show_size(*TOTAL_MEMORY.end()));
            let message = format!("`{}` has to be between {least} and {most}", entry.key);
            let hint = "the default is half of what the machine has, 4 GiB at most; there is no `unlimited`";
            self.error(entry.span.clone(), message, Some(hint.to_owned()));
            return None;
        }
        Some(bytes)
    }

    /// Reads a limits table; what is wrong becomes a problem and stays unset.
    pub(crate) fn limits(&mut self, entries: &[&LimitText]) -> LimitsPatch {
        let mut patch = LimitsPatch::default();
        for entry in entries {
            match entry.key.as_str() {
                "memory" => patch.memory = self.size(entry, Limits::MEMORY),
                "output" => patch.output = self.size(entry, Limits::OUTPUT),
                "call" => patch.call = self.time(entry, Limits::CALL),
                "compile" => patch.compile = self.time(entry, Limits::COMPILE),
                "cpu" => patch.cpu = self.time(entry, Limits::CPU),
                "connections" => patch.connections = self.count(entry, Limits::CONNECTIONS),
                "descriptors" => patch.descriptors = self.count(entry, Limits::DESCRIPTORS),
                "mailbox" => patch.mailbox = self.count(entry, Limits::MAILBOX),
                "log_lines" => patch.log_lines = self.count(entry, Limits::LOG_LINES),
                "calls_per_minute" => patch.calls_per_minute = self.count(entry, Limits::CALLS_PER_MINUTE),
                "concurrent_calls" => patch.concurrent_calls = self.count(entry, Limits::CONCURRENT_CALLS),
                "lookups" => patch.lookups = self.count(entry, Limits::LOOKUPS),
                "lookups_per_minute" => patch.lookups_per_minute = self.count(entry, Limits::LOOKUPS_PER_MINUTE),
                other => {
                    // A key in the table of keys that nothing reads: refused rather than ignored.
                    let message = format!("`{other}` is not yet available in this version");
                    self.error(entry.span.clone(), message, None);
                }
            }
        }
        patch
    }

    fn size(&mut self, entry: &LimitText, bounds: Bounds<u64>) -> Option<u64> {
        let bytes = self.quantity(entry, size, "256 MiB")?;
        self.bounded(entry, bytes, bounds, show_size)
    }

    fn time(&mut self, entry: &LimitText, bounds: Bounds<Duration>) -> Option<Duration> {
        let time = self.quantity(entry, duration, "60 s")?;
        self.bounded(entry, time, bounds, show_duration)
    }

    fn count(&mut self, entry: &LimitText, bounds: Bounds<u32>) -> Option<u32> {
        let LimitValue::Integer(number) = entry.value else {
            let message = format!("`{}` has to be a whole number", entry.key);
            self.error(entry.span.clone(), message, None);
            return None;
        };
        let bounds = Bounds {
            least: i128::from(bounds.least),
            default: i128::from(bounds.default),
            most: i128::from(bounds.most),
        };
        let number = self.bounded(entry, number, bounds, |n| n.to_string())?;
        u32::try_from(number).ok()
    }

    fn quantity<T>(&mut self, entry: &LimitText, read: impl Fn(&str) -> Result<T, String>, example: &str) -> Option<T> {
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

    fn bounded<T: PartialOrd + Copy>(
        &mut self,
        entry: &LimitText,
        value: T,
        bounds: Bounds<T>,
        show: impl Fn(T) -> String,
    ) -> Option<T> {
        if bounds.least <= value && value <= bounds.most {
            return Some(value);
        }
        let (least, most) = (show(bounds.least), show(bounds.most));
        let message = format!("`{}` has to be between {least} and {most}", entry.key);
        let hint = format!("the default is {}; there is no `unlimited`", show(bounds.default));
        self.error(entry.span.clone(), message, Some(hint));
        None
    }
}

#[cfg(test)]
#[path = "limits_tests.rs"]
mod tests;
