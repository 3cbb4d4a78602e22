//! `cofferdam check`: everything that can be said about a policy file at once, mistakes and
//! warnings, by line.
//!
//! What is a mistake is decided where the file is read (`lower.rs`); here they are gathered, with
//! those about plugins that are not there. The policy of a file with mistakes is never handed out.

use crate::diagnostic::Diagnostic;
use crate::keys::did_you_mean;
use crate::lower::read;
use crate::policy::{Part, PluginTable, Policy};

/// A file as far as it can be judged without the plugins' components.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The policy; `None` where the file has mistakes.
    pub policy: Option<Policy>,
    /// The plugins' tables alone, also where the file has mistakes elsewhere: without a rule, so
    /// that nothing is granted by it.
    pub tables: Policy,
    /// Mistakes and warnings, by line.
    pub found: Vec<Diagnostic>,
}

/// Checks a policy file. `origin` and `env` are as in [`parse`](crate::parse); `plugins` are the
/// names of the plugins that need no `component`.
pub fn check(origin: &str, text: &str, env: &dyn Fn(&str) -> Option<String>, plugins: &[&str]) -> Checked {
    let (policy, mut found) = read(origin, text, env);
    let tables = policy
        .plugins
        .iter()
        .filter(|(name, table)| table.component_text.is_none() && !plugins.contains(&name.as_str()));
    for name in tables.map(|(name, _)| name) {
        let near = did_you_mean(name, plugins.iter().copied());
        let known: Vec<String> = plugins.iter().map(|plugin| format!("`{plugin}`")).collect();
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}; `component = \"/path/to.wasm\"` names another", known.join(", ")),
        };
        found.extend(
            policy
                .at_plugin(name, Part::Table, format!("there is no plugin `{name}`"))
                .map(|problem| problem.hint(hint)),
        );
    }
    let whole = found.is_empty();
    found.extend(policy.warnings.iter().cloned());
    found.sort_by_key(|problem| (problem.line, problem.column));
    found.dedup();
    let tables = policy.tables(plugins);
    Checked { policy: whole.then_some(policy), tables, found }
}

impl Policy {
    /// A mistake about a plugin, at that part of its table, or else at its head; `None` where the
    /// policy has no table for it.
    pub fn at_plugin(&self, name: &str, part: Part, message: impl Into<String>) -> Option<Diagnostic> {
        let place = |part| self.plugin_places.get(&(name.to_owned(), part));
        Some(place(part).or_else(|| place(Part::Table))?.saying(message))
    }

    /// The tables of plugins whose component is known.
    fn tables(&self, shipped: &[&str]) -> Self {
        let known = |name: &str, table: &PluginTable| table.component.is_some() || shipped.contains(&name);
        let plugins = self.plugins.iter().filter(|(name, table)| known(name, table));
        let plugins = plugins.map(|(name, table)| (name.clone(), table.clone())).collect();
        Self { plugins, plugin_places: self.plugin_places.clone(), ..Self::empty() }
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
