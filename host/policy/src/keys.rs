//! Every key that a policy file may have: the ones that are enforced, and the ones that are known
//! but refused until they are.
//!
//! The file is a table. What the keys' values mean is in `lower.rs`.

use std::fmt;

use cofferdam_grants::LIMITS;

use crate::capability::{CAPABILITIES, Status};

/// A table of the policy file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Section {
    /// The top of the file.
    Top,
    /// `[plugins.NAME]`.
    Plugin,
    /// `[defaults]`, for every plugin.
    Defaults,
    /// `[deny]`, for every plugin.
    Deny,
    /// `[limits]` and `[plugins.NAME.limits]`.
    Limits,
    /// `[names]`.
    Names,
    /// A rule with its `within`: `{ to = …, within = […] }`.
    Rule,
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Top => "the policy",
            Self::Plugin => "`[plugins.NAME]`",
            Self::Defaults => "`[defaults]`",
            Self::Deny => "`[deny]`",
            Self::Limits => "`[limits]`",
            Self::Names => "`[names]`",
            Self::Rule => "a rule",
        })
    }
}

/// One key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The table it stands in.
    pub section: Section,
    /// Its name.
    pub name: &'static str,
    /// Whether it can be used.
    pub status: Status,
    /// What it says, in one line, for documentation.
    pub summary: &'static str,
}

const fn now(section: Section, name: &'static str, summary: &'static str) -> Key {
    Key { section, name, status: Status::Enforced, summary }
}

const fn later(section: Section, name: &'static str, summary: &'static str) -> Key {
    Key { section, name, status: Status::NotYet, summary }
}

/// All keys: the rows below, those of capabilities and those of limits.
pub fn keys() -> impl Iterator<Item = Key> {
    let sections = [Section::Plugin, Section::Defaults, Section::Deny];
    let rules = CAPABILITIES.iter().flat_map(move |row| {
        let all = sections.into_iter().zip(row.summaries).filter(|(_, summary)| !summary.is_empty());
        all.map(|(section, summary)| Key { section, name: row.key, status: row.status(), summary })
    });
    let limits = LIMITS.iter().map(|limit| now(Section::Limits, limit.name, limit.summary));
    KEYS.iter().copied().chain(rules).chain(limits)
}

/// The keys that are neither capabilities nor limits.
const KEYS: &[Key] = &[
    now(Section::Top, "plugins", "one table per plugin: `[plugins.NAME]`"),
    now(Section::Top, "defaults", "rules for every plugin that wants them"),
    now(Section::Top, "deny", "what no plugin may do; wins over every rule"),
    now(Section::Top, "limits", "limits for every plugin"),
    now(Section::Top, "names", "how the host looks up names"),
    later(Section::Top, "secrets", "secrets that plugins may use, not read"),
    later(Section::Top, "audit", "where the audit log is kept"),
    now(Section::Plugin, "component", "absolute path of the plugin's component"),
    now(Section::Plugin, "settings", "the plugin's own settings, checked by its schema"),
    now(Section::Plugin, "tools", "the tools that clients are shown; without it, all that can do anything"),
    now(Section::Plugin, "limits", "limits for this plugin, over those in `[limits]`"),
    now(Section::Limits, "total_memory", "memory of all plugins together, as \"2 GiB\"; in `[limits]` only"),
    now(Section::Names, "servers", "name servers that the host asks, as \"192.0.2.53:53\""),
    now(Section::Rule, "to", "the rule: `tcp://HOST:PORTS`, or `HOST` of `ping`"),
    now(Section::Rule, "within", "networks that the name may lead into"),
];

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyMatch {
    Enforced,
    NotYet,
    Unknown { hint: Option<String> },
}

/// Looks a key up; an unknown one gets a suggestion.
pub(crate) fn find(section: Section, name: &str) -> KeyMatch {
    // `[defaults]` and `[deny]` know the same later capabilities as `[plugins.NAME]`.
    let in_section = |key: &Key| match key.section {
        Section::Plugin if key.status == Status::NotYet => {
            matches!(section, Section::Plugin | Section::Defaults | Section::Deny)
        }
        own => own == section,
    };
    if let Some(key) = keys().find(|key| in_section(key) && key.name == name) {
        return match key.status {
            Status::Enforced => KeyMatch::Enforced,
            Status::NotYet => KeyMatch::NotYet,
        };
    }
    let near = did_you_mean(name, keys().filter(in_section).map(|key| key.name));
    let elsewhere = || {
        let key = keys().find(|key| key.name == name)?;
        Some(format!("`{name}` belongs in {}", key.section))
    };
    KeyMatch::Unknown { hint: near.map(|near| format!("did you mean `{near}`?")).or_else(elsewhere) }
}

/// The candidate that is most like the word, if any is like it at all.
pub(crate) fn did_you_mean<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    // One slip is always a likeness, also in words too short for the measure below.
    let one_slip = |candidate: &str| strsim::osa_distance(&word, candidate) <= 1;
    candidates
        .map(|candidate| (strsim::jaro_winkler(&word, candidate), candidate))
        .filter(|(likeness, candidate)| *likeness > 0.8 || one_slip(candidate))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
