//! Rules of a file that allow nothing, as far as that can be told: those that no plugin wants,
//! those that a deny rule takes away whole, those that lack their other half.
//!
//! These are warnings: such a rule grants less than it looks, never more. What could not allow
//! anything whatever else is written is a mistake, refused where the rule is read.

use cofferdam_grants::{HandlerRule, Rule, RuleId};

use crate::diagnostic::Diagnostic;
use crate::effective::effective;
use crate::manifest::{Kind, Manifest};
use crate::policy::{Policy, PolicyRule, Scope};

impl Policy {
    /// What should be said about allow rules of the file that allow nothing to the plugins with
    /// these manifests. A plugin whose manifest is not there is not judged.
    pub fn idle(&self, manifests: &[&Manifest]) -> Vec<Diagnostic> {
        let rules = self.rule_ids().zip(&self.rules).filter(|(_, own)| !own.denies);
        rules.filter_map(|(id, own)| self.why_idle(id, own, manifests)).collect()
    }

    fn why_idle(&self, id: RuleId, own: &PolicyRule, manifests: &[&Manifest]) -> Option<Diagnostic> {
        let place = own.place.as_ref()?;
        let said = |message: String, hint: &str| Some(place.saying(message).hint(hint));
        let deny = self.rules.iter().find(|deny| deny.denies && deny.rule.denies_all_of(&own.rule));
        if let Some(deny) = deny {
            return said(
                format!("the rule allows nothing: `{}` denies all of it", deny.source),
                "deny wins; take one out",
            );
        }
        let (served, whose): (Vec<&Manifest>, String) = match &own.scope {
            Scope::Plugin(name) => {
                let served = manifests.iter().copied().filter(|manifest| manifest.name == *name).collect();
                (served, format!("the manifest of `{name}` wants"))
            }
            Scope::Every => (manifests.to_vec(), "no plugin wants".to_owned()),
        };
        if served.is_empty() {
            return None;
        }
        if let Rule::Handler(HandlerRule::Name(name)) = &own.rule
            && !manifests.iter().any(|other| other.kind != Kind::Plugin && other.name == name.as_str())
        {
            let handlers = manifests.iter().filter(|other| other.kind != Kind::Plugin);
            let known: Vec<String> = handlers.map(|handler| format!("`{}`", handler.name)).collect();
            return said(
                format!("the rule allows nothing: there is no handler `{name}`"),
                &format!("there are {}; `component = \"/path/to.wasm\"` names another", known.join(", ")),
            );
        }
        let grants: Vec<_> = served.iter().map(|manifest| effective(self, manifest).grants).collect();
        let wanted = |grants: &&cofferdam_grants::Grants| grants.rules().any(|rule| rule.id == id && rule.wanted);
        if !grants.iter().any(|one| wanted(&one)) {
            let nothing = if own.scope == Scope::Every { "anything" } else { "nothing" };
            return said(
                format!("the rule allows nothing: {whose} {nothing} of it"),
                "a plugin gets what the policy allows and its manifest wants",
            );
        }
        if matches!(own.rule, Rule::Server(_)) && !grants.iter().filter(wanted).any(|one| one.grants_query()) {
            return said(
                "the rule allows nothing: no `resolve` rule says which names may be asked for".to_owned(),
                "add `resolve = [\"*.example.com\"]`",
            );
        }
        None
    }
}

#[cfg(test)]
#[path = "idle_tests.rs"]
mod tests;
