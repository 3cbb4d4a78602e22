//! What a `[limits]` table sets, put over the limits below it. How the table is read is
//! `lower/limits.rs`.

use cofferdam_grants::{LIMITS, Limits};

/// Limits as far as a table sets them, in the order of [`LIMITS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LimitsPatch(pub(crate) [Option<u64>; LIMITS.len()]);

impl LimitsPatch {
    /// The limits with what this table sets put over them.
    pub(crate) fn over(&self, below: Limits) -> Limits {
        let mut limits = below;
        for (limit, amount) in LIMITS.iter().zip(self.0) {
            if let Some(amount) = amount {
                limit.set(&mut limits, amount);
            }
        }
        // An operator who allows more connections means that there is a descriptor for each.
        if self.sets("connections") && !self.sets("descriptors") {
            let least = limits.connections.saturating_add(Limits::BESIDE_CONNECTIONS);
            limits.descriptors = limits.descriptors.max(least);
        }
        limits
    }

    fn sets(&self, name: &str) -> bool {
        LIMITS.iter().zip(self.0).any(|(limit, amount)| limit.name == name && amount.is_some())
    }
}
