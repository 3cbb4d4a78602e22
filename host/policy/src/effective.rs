//! Where grants are born: the policy intersected with what a plugin's manifest wants.
//!
//! Nothing else in the house makes grants (invariant I4), and nothing adds to them afterwards.
//! The intersection is drawn on every decision; here the two sides are put together.

use cofferdam_grants::{Grants, GrantsBuilder, HandlerRule, Limits, Rule};

use crate::listing::Listing;
use crate::manifest::{Kind, Manifest};
use crate::policy::{Policy, Scope};

/// What one plugin may do under one policy.
#[derive(Clone, Debug)]
pub struct Effective {
    /// What it may reach.
    pub grants: Grants,
    /// How much it may use.
    pub limits: Limits,
    /// What its manifest wants and no rule grants any part of, as written there.
    pub unmet: Vec<String>,
    /// Which of its tools clients are shown.
    pub listing: Listing,
}

/// What the plugin with this manifest may do under this policy.
pub fn effective(policy: &Policy, manifest: &Manifest) -> Effective {
    let serves = |scope: &Scope| match scope {
        Scope::Every => true,
        Scope::Plugin(name) => *name == manifest.name,
    };
    let mut builder = GrantsBuilder::new().system_servers(policy.system_servers().iter().copied());
    let rules = policy.rule_ids().zip(&policy.rules);
    // A handler imports nothing, so nothing is granted to it, whatever a policy says.
    let serving = rules.filter(|(_, own)| manifest.kind == Kind::Plugin && serves(&own.scope));
    for (id, own) in serving {
        builder = match own.denies {
            true => builder.deny(id, own.rule.clone()),
            false => builder.allow(id, own.rule.clone()),
        };
    }
    // Handlers only compute: without a word about them, every one that is loaded may be used.
    let wants_handlers = manifest.wants.iter().any(|want| matches!(want.rule, Rule::Handler(_)));
    if wants_handlers && !policy.names_handlers(serves) {
        builder = builder.allow(policy.implicit_rule(), HandlerRule::Any);
    }
    for want in &manifest.wants {
        builder = builder.want(want.rule.clone());
    }
    let grants = builder.finish();
    let unmet = manifest.wants.iter().filter(|want| !grants.meets(&want.rule)).map(ToString::to_string).collect();
    // What `[limits]` says is about plugins' instances. A handler's session is much smaller.
    let mut limits = match manifest.kind {
        Kind::Plugin => policy.limits.over(Limits::default()),
        Kind::Handler | Kind::Script => Limits::of_handlers(),
    };
    if let Some(own) = policy.plugin_limits.get(&manifest.name) {
        limits = own.over(limits);
    }
    let listing = Listing::new(manifest, &grants, policy.plugins.get(&manifest.name));
    Effective { grants, limits, unmet, listing }
}

#[cfg(test)]
#[path = "effective_tests.rs"]
mod tests;
