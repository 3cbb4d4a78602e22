//! Which of a plugin's tools clients are shown: those that can do something under the policy, as
//! far as it does not leave them out. A tool that is not shown answers every call with a refusal;
//! nothing here grants anything.

use std::fmt;

use cofferdam_grants::Grants;

use crate::capability::Capability;
use crate::keys::did_you_mean;
use crate::manifest::{Manifest, Needs};
use crate::policy::PluginTable;

/// Which tools of one plugin are shown under one policy.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    needs: Needs,
    /// Nothing of these is allowed.
    unmet: Vec<Capability>,
    /// The tools that the policy names, where it names any, and where it does.
    named: Option<(Vec<String>, String)>,
}

impl Listing {
    pub(crate) fn new(manifest: &Manifest, grants: &Grants, table: Option<&PluginTable>) -> Self {
        let met = |about: Capability| {
            let mut wants = manifest.wants.iter().filter(|want| want.rule.key() == about.key());
            wants.any(|want| grants.meets(&want.rule))
        };
        let named = table.and_then(|table| Some((table.tools.clone()?, table.origin.clone())));
        Self {
            needs: manifest.needs.clone(),
            unmet: Capability::ALL.into_iter().filter(|about| !met(*about)).collect(),
            named,
        }
    }

    /// Why a tool is not shown; nothing for one that is.
    pub fn unlisted(&self, tool: &str) -> Option<Unlisted> {
        let lacks = self.needs.of(tool).iter().filter(|about| self.unmet.contains(about));
        let keys: Vec<&'static str> = lacks.map(|about| about.key()).collect();
        if !keys.is_empty() {
            return Some(Unlisted::Ungranted { keys });
        }
        let (tools, origin) = self.named.as_ref()?;
        let is_named = tools.iter().any(|named| named == tool);
        (!is_named).then(|| Unlisted::Unnamed { origin: origin.clone() })
    }

    /// Whether the policy names any tool of the plugin.
    pub fn names_tools(&self) -> bool {
        self.named.is_some()
    }

    /// What the policy's `tools` names that is no tool of the plugin: its place in the list, and
    /// what is wrong.
    pub fn unknown(&self, known: &[&str]) -> Vec<(usize, String)> {
        let named = self.named.iter().flat_map(|(tools, _)| tools).enumerate();
        let unknown = named.filter(|(_, tool)| !known.contains(&tool.as_str()));
        let told = unknown.map(|(index, tool)| {
            let near = did_you_mean(tool, known.iter().copied());
            let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            (index, format!("it has no tool `{tool}`{hint}"))
        });
        told.collect()
    }
}

/// Why a tool is not shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unlisted {
    /// It can do nothing: no rule allows anything of what it needs.
    Ungranted {
        /// The keys that rules would stand under.
        keys: Vec<&'static str>,
    },
    /// The policy names tools of its plugin, and not this one.
    Unnamed {
        /// Where the plugin's table begins, as `cofferdam.toml:3`.
        origin: String,
    },
}

impl Unlisted {
    /// For a model: that the policy decides, not what would have to be written into it.
    pub fn for_model(&self, tool: &str) -> String {
        match self {
            Self::Ungranted { .. } => format!("the operator's policy does not grant what `{tool}` needs"),
            Self::Unnamed { .. } => format!("the operator's policy does not offer `{tool}`"),
        }
    }
}

/// For people.
impl fmt::Display for Unlisted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ungranted { keys } => {
                let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
                write!(f, "no {} rule allows anything", keys.join(" and no "))
            }
            Self::Unnamed { origin } => write!(f, "`tools` of the table at {origin} leaves it out"),
        }
    }
}

#[cfg(test)]
#[path = "listing_tests.rs"]
mod tests;
