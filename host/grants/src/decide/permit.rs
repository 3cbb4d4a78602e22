//! The proof that something was allowed.
//!
//! Effects take a permit by value; how it comes about is `decide`, nowhere else.

use crate::{Resource, RuleId};

/// What was permitted, and by which rules. Only [`Grants::decide`](crate::Grants::decide) makes
/// one, and it cannot be copied: an effect takes it by value, so that one decision is one effect.
///
/// ```compile_fail
/// let forged = cofferdam_grants::Permit {
///     resource: panic!(),
///     rule: cofferdam_grants::RuleId::new(0, 0),
///     rules: Vec::new(),
/// };
/// ```
///
/// ```compile_fail
/// fn twice(permit: cofferdam_grants::Permit) -> [cofferdam_grants::Permit; 2] {
///     [permit.clone(), permit]
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a permit is for an effect; to drop it is to ask in vain"]
pub struct Permit {
    resource: Resource,
    rule: RuleId,
    rules: Vec<RuleId>,
}

impl Permit {
    /// `None` without rules: nothing is permitted without one.
    pub(in crate::decide) fn new(resource: Resource, rules: Vec<RuleId>) -> Option<Self> {
        let rule = *rules.first()?;
        Some(Self { resource, rule, rules })
    }

    /// What may be done, in canonical form: the effect uses this, not what was asked (I6).
    pub fn resource(&self) -> &Resource {
        &self.resource
    }

    /// The rule that decided; where several did, the first in the policy.
    pub fn rule(&self) -> RuleId {
        self.rule
    }

    /// Every rule that allows it. Only a lookup and its answers have more than one.
    pub fn rules(&self) -> &[RuleId] {
        &self.rules
    }
}
