//! What one plugin was granted: the operator's allow and deny rules and the manifest's wants.
//!
//! How they are combined into an answer is `decide.rs`. Where they come from is
//! `cofferdam_policy::effective`, the one caller of [`GrantsBuilder`] (invariant I4).

use crate::{Protocol, Rule, RuleId};

/// The grants of one plugin. The default grants nothing (invariant I1), and nothing can be added
/// after it is built (invariant I4).
#[derive(Clone, Debug, Default)]
pub struct Grants {
    pub(crate) allow: Vec<(RuleId, Rule)>,
    pub(crate) deny: Vec<(RuleId, Rule)>,
    pub(crate) wants: Vec<Rule>,
}

/// One rule of the grants, for display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted<'a> {
    /// Its id.
    pub id: RuleId,
    /// Whether it denies.
    pub denies: bool,
    /// Whether it has any effect: a deny rule always has, an allow rule if the manifest wants
    /// something of it.
    pub wanted: bool,
    /// The rule.
    pub rule: &'a Rule,
}

impl Grants {
    /// Whether anything of the kind is granted: an allow rule of this protocol that meets a want.
    /// Where not, the imports are not linked (invariant I7).
    pub fn grants_connect(&self, protocol: Protocol) -> bool {
        self.allow.iter().any(|(_, rule)| rule.protocol() == protocol && self.wants_some(rule))
    }

    /// Whether nothing is granted at all.
    pub fn is_empty(&self) -> bool {
        !self.allow.iter().any(|(_, rule)| self.wants_some(rule))
    }

    /// The rules in the order of the policy, allow rules first.
    pub fn rules(&self) -> impl Iterator<Item = Granted<'_>> {
        let allow =
            self.allow.iter().map(|(id, rule)| Granted { id: *id, denies: false, wanted: self.wants_some(rule), rule });
        let deny = self.deny.iter().map(|(id, rule)| Granted { id: *id, denies: true, wanted: true, rule });
        allow.chain(deny)
    }

    /// What the manifest wants.
    pub fn wants(&self) -> &[Rule] {
        &self.wants
    }

    fn wants_some(&self, rule: &Rule) -> bool {
        self.wants.iter().any(|want| rule.meets(want))
    }
}

/// The way grants are born. Only `cofferdam_policy::effective` uses it outside this crate's tests.
#[derive(Debug, Default)]
pub struct GrantsBuilder {
    grants: Grants,
}

impl GrantsBuilder {
    /// No rules yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an allow rule.
    #[must_use]
    pub fn allow(mut self, id: RuleId, rule: Rule) -> Self {
        self.grants.allow.push((id, rule));
        self
    }

    /// Adds a deny rule, which wins over every allow rule and every pin.
    #[must_use]
    pub fn deny(mut self, id: RuleId, rule: Rule) -> Self {
        self.grants.deny.push((id, rule));
        self
    }

    /// Adds something that the plugin's manifest wants; without it no allow rule has effect.
    #[must_use]
    pub fn want(mut self, rule: Rule) -> Self {
        self.grants.wants.push(rule);
        self
    }

    /// The grants, closed.
    pub fn finish(self) -> Grants {
        self.grants
    }
}
