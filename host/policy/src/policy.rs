//! What the operator wrote, understood: rules with their sources, plugin tables, limits.
//!
//! It is built in `lower.rs` from a file and here from flags. It grants nothing by itself: grants
//! are its intersection with a manifest, in `effective.rs`.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use cofferdam_grants::{LIMITS, Rule, RuleId, plain};

use crate::capability::{Flag, Status, flags, of_flag};
use crate::diagnostic::{Diagnostic, Source};
use crate::keys::did_you_mean;
use crate::limits::LimitsPatch;
use crate::rule::{Purpose, parse_rule};

/// A whole policy: one file, flags, or both.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Which policy of this process it is; its rules' ids say so.
    pub(crate) generation: u32,
    /// A rule's place is the index of its [`RuleId`].
    pub(crate) rules: Vec<PolicyRule>,
    pub(crate) plugins: BTreeMap<String, PluginTable>,
    pub(crate) limits: LimitsPatch,
    /// Memory of all plugins together, in bytes.
    pub(crate) total_memory: Option<u64>,
    pub(crate) plugin_limits: BTreeMap<String, LimitsPatch>,
    /// The head of each plugin's table, and parts of it, for what is said about the plugin.
    pub(crate) plugin_places: BTreeMap<(String, Part), Diagnostic>,
    pub(crate) name_servers: Vec<SocketAddr>,
    /// The machine's own, where somebody said which.
    pub(crate) machine_servers: Vec<SocketAddr>,
    pub(crate) warnings: Vec<Diagnostic>,
}

/// The part of a plugin's table that something is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The table as a whole.
    #[default]
    Table,
    /// Its `component`.
    Component,
    /// Its `settings`.
    Settings,
    /// One of its `tools`, by its place in the list.
    Tool(usize),
}

/// One rule with everything that is known about it.
#[derive(Clone, Debug)]
pub(crate) struct PolicyRule {
    pub(crate) source: RuleSource,
    /// The rule in its file, for what is said about it; none where it stands in no file.
    pub(crate) place: Option<Diagnostic>,
    pub(crate) scope: Scope,
    pub(crate) denies: bool,
    pub(crate) rule: Rule,
}

/// Whom a rule serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Every plugin whose manifest wants it.
    Every,
    /// This plugin.
    Plugin(String),
}

/// Where a rule was written. `Display` gives `cofferdam.toml:3: tcp://…`, `cofferdam.toml:4: ping
/// 10.0.0.0/8` or `--allow-connect tcp://…`, each with its `within`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSource {
    /// The key that the rule belongs under, as `connect`.
    pub key: &'static str,
    /// The rule as written, before variables were replaced.
    pub text: String,
    /// The networks that its names may lead into; empty where it does not say.
    pub within: Vec<String>,
    /// The file or the flag.
    pub origin: String,
    /// Line and column, both from 1; `None` for a flag.
    pub position: Option<(usize, usize)>,
}

impl fmt::Display for RuleSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text: &str| text.chars().map(plain).collect::<String>();
        match self.position {
            Some((line, _)) => write!(f, "{}:{line}: ", shown(&self.origin))?,
            None => write!(f, "{} ", shown(&self.origin))?,
        }
        // A flag says it itself, and `tcp://` does.
        if self.key != "connect" && !self.origin.starts_with("--") {
            write!(f, "{} ", self.key)?;
        }
        f.write_str(&shown(&self.text))?;
        if !self.within.is_empty() {
            write!(f, " within {}", shown(&self.within.join(", ")))?;
        }
        Ok(())
    }
}

/// What a `[plugins.NAME]` table says besides its rules and limits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PluginTable {
    /// The component to load, an absolute path; `None` for a plugin that is shipped.
    pub component: Option<String>,
    /// The same as written, before variables were replaced, also where it is none: for messages.
    pub component_text: Option<String>,
    /// The plugin's settings, an object; `None` where the policy has none.
    pub settings: Option<serde_json::Value>,
    /// The tools that clients are shown; `None` where the policy does not say.
    pub tools: Option<Vec<String>>,
    /// Where the table begins, as `cofferdam.toml:3`.
    pub origin: String,
}

impl Policy {
    /// The policy that allows nothing.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds the rule of a flag, as `--allow-connect`. It serves every plugin whose manifest wants
    /// it.
    ///
    /// # Errors
    /// A diagnostic, if the flag is not one of [`flags`] that is enforced, or the value is not a
    /// rule.
    #[expect(clippy::result_large_err, reason = "made once per flag, when the program starts")]
    pub fn add_flag(&mut self, flag: &str, value: &str) -> Result<(), Diagnostic> {
        let source = Source::flag(flag, value);
        let whole = 0..value.len();
        let later = |(own, status): (&Flag, Status)| own.name == flag && status == Status::NotYet;
        let (kind, purpose) = match of_flag(flag) {
            Some((kind, denies)) => (kind, if denies { Purpose::Deny } else { Purpose::Allow }),
            None if flags().any(later) => {
                return Err(source.error(whole, format!("`{flag}` is not yet available in this version")));
            }
            None => {
                let enforced = flags().filter(|(_, status)| *status == Status::Enforced);
                let near = did_you_mean(flag, enforced.map(|(flag, _)| flag.name));
                return Err(source
                    .error(whole, format!("unknown flag `{flag}`"))
                    .maybe_hint(near.map(|near| format!("did you mean `{near}`?"))));
            }
        };
        let rule =
            parse_rule(kind, value, purpose).map_err(|why| source.error(why.at, why.message).maybe_hint(why.hint))?;
        if purpose == Purpose::Allow {
            self.warnings.extend(crate::breadth::warnings(&rule, |message| source.warning(whole.clone(), message)));
        }
        self.add_for_all(flag, value, rule, purpose == Purpose::Deny);
        Ok(())
    }

    /// Adds a rule that was not written in a file, for every plugin whose manifest wants it.
    pub(crate) fn add_for_all(&mut self, origin: &str, text: &str, rule: Rule, denies: bool) {
        let (key, origin, text) = (rule.key(), origin.to_owned(), text.to_owned());
        let source = RuleSource { key, text, within: Vec::new(), origin, position: None };
        self.rules.push(PolicyRule { source, place: None, scope: Scope::Every, denies, rule });
    }

    /// Whether a rule serves every plugin that wants it, so that it is nothing to remark on where
    /// one does not.
    pub fn is_for_all(&self, id: RuleId) -> bool {
        self.own_rule(id).is_some_and(|rule| rule.scope == Scope::Every)
    }

    /// Says which name servers the machine asks (`/etc/resolv.conf`): what `system` stands for
    /// where `[names]` names none.
    pub fn set_machine_servers(&mut self, servers: Vec<SocketAddr>) {
        self.machine_servers = servers;
    }

    /// What `system` stands for in rules about name servers: those that the host itself asks.
    pub fn system_servers(&self) -> &[SocketAddr] {
        if self.name_servers.is_empty() { &self.machine_servers } else { &self.name_servers }
    }

    /// Where a rule was written; `None` for an id that is not of this policy.
    pub fn rule(&self, id: RuleId) -> Option<&RuleSource> {
        self.own_rule(id).map(|rule| &rule.source)
    }

    fn own_rule(&self, id: RuleId) -> Option<&PolicyRule> {
        let index = usize::try_from(id.index()).ok()?;
        self.rules.get(index).filter(|_| id.generation() == self.generation)
    }

    /// The id of what holds where no rule speaks: it is no rule's of the policy.
    pub(crate) fn implicit_rule(&self) -> RuleId {
        RuleId::new(self.generation, u32::MAX)
    }

    /// Whether a rule that serves a plugin says which handlers may be used.
    pub(crate) fn names_handlers(&self, serves: impl Fn(&Scope) -> bool) -> bool {
        let mut rules = self.rules.iter().filter(|own| !own.denies && serves(&own.scope));
        rules.any(|own| matches!(own.rule, Rule::Handler(_)))
    }

    /// The ids of its rules.
    pub fn rule_ids(&self) -> impl Iterator<Item = RuleId> {
        let generation = self.generation;
        (0..).map(move |index| RuleId::new(generation, index)).take(self.rules.len())
    }

    /// The same policy as that of another generation: the ids of its rules are others.
    #[must_use]
    pub fn in_generation(mut self, generation: u32) -> Self {
        self.generation = generation;
        self
    }

    /// The limits that the table of a plugin, or of a handler, sets.
    pub fn limits_of(&self, plugin: &str) -> impl Iterator<Item = &'static str> {
        let patch = self.plugin_limits.get(plugin);
        let set = move |place: usize| patch.is_some_and(|patch| patch.0[place].is_some());
        LIMITS.iter().enumerate().filter(move |(place, _)| set(*place)).map(|(_, limit)| limit.name)
    }

    /// The `[plugins.NAME]` tables, by name.
    pub fn plugins(&self) -> impl Iterator<Item = (&str, &PluginTable)> {
        self.plugins.iter().map(|(name, table)| (name.as_str(), table))
    }

    /// What all plugins together may use of memory, in bytes, where the operator says so.
    pub fn total_memory(&self) -> Option<u64> {
        self.total_memory
    }

    /// The name servers that the host asks; empty means those of the machine.
    pub fn name_servers(&self) -> &[SocketAddr] {
        &self.name_servers
    }

    /// What is broader, or narrower, than it looks. Warnings keep nothing from working.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
