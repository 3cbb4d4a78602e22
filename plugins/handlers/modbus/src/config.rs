//! How Modbus is configured.

use handler_kit::Failure;

use crate::registers::WordOrder;

/// How Modbus is configured.
#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The unit of messages that name none: 1 to 255. Many servers take 1 or 255 as themselves.
    pub unit: u8,
    /// The order of the registers of a value with several, where a message says none: `high-first`
    /// or `low-first`.
    pub word_order: WordOrder,
    /// So long an answer may take, in milliseconds: 10 to 600000. The next request is sent then.
    pub timeout_ms: u64,
    /// So many requests may be without an answer at a time: 1 to 16. Some servers answer the first
    /// only of several that come together.
    pub in_flight: usize,
    /// So many milliseconds nothing is sent after a broadcast, which nobody has to answer: 0 to
    /// 60000.
    pub turnaround_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { unit: 1, word_order: WordOrder::default(), timeout_ms: 3000, in_flight: 1, turnaround_ms: 100 }
    }
}

impl Config {
    /// Whether the numbers are in their bounds.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.unit == 0 {
            return Err(Failure::of("unit", "0 is every device at once: a message says so itself, with `broadcast`"));
        }
        if !(10..=600_000).contains(&self.timeout_ms) {
            return Err(Failure::of("timeout_ms", "it is 10 to 600000 milliseconds"));
        }
        if !(1..=16).contains(&self.in_flight) {
            return Err(Failure::of("in_flight", "it is 1 to 16"));
        }
        if self.turnaround_ms > 60_000 {
            return Err(Failure::of("turnaround_ms", "it is 0 to 60000 milliseconds"));
        }
        Ok(())
    }
}
