//! Every key that a policy file may have: the ones that are enforced, and the ones that are known
//! but refused until they are.
//!
//! The file is a table. What the keys' values mean is in `lower.rs`.

use std::fmt;

use cofferdam_grants::LIMITS;

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

/// Whether a key can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Accepted and enforced.
    Enforced,
    /// Known, but refused until it is enforced.
    NotYet,
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

/// All keys: the rows below, and a key for each limit of a plugin.
pub fn keys() -> impl Iterator<Item = Key> {
    let limits = LIMITS.iter().map(|limit| now(Section::Limits, limit.name, limit.summary));
    KEYS.iter().copied().chain(limits)
}

/// All keys but those of limits. `[defaults]` and `[deny]` know the same later capabilities as `[plugins.NAME]`.
const KEYS: &[Key] = &[
    now(Section::Top, "plugins", "one table per plugin: `[plugins.NAME]`"),
    now(Section::Top, "defaults", "rules for every plugin that wants them"),
    now(Section::Top, "deny", "what no plugin may do; wins over every rule"),
    now(Section::Top, "limits", "limits for every plugin"),
    now(Section::Top, "names", "how the host looks up names"),
    later(Section::Top, "secrets", "secrets that plugins may use, not read"),
    later(Section::Top, "handlers", "protocol handlers"),
    later(Section::Top, "audit", "where the audit log is kept"),
    now(Section::Plugin, "connect", "peers that may be dialled: `tcp://HOST:PORTS`"),
    now(Section::Plugin, "ping", "hosts that may be pinged: `10.0.0.0/8`, `*.lab.example`"),
    now(Section::Plugin, "resolve", "names that may be asked for; a network means its reverse names"),
    now(Section::Plugin, "servers", "name servers that may be asked; without it, the host's own"),
    now(Section::Plugin, "read", "directories and files that may be read"),
    now(Section::Plugin, "component", "absolute path of the plugin's component"),
    now(Section::Plugin, "settings", "the plugin's own settings, checked by its schema"),
    now(Section::Plugin, "limits", "limits for this plugin, over those in `[limits]`"),
    later(Section::Plugin, "write", "directories that may be written"),
    later(Section::Plugin, "listen", "ports that may be listened on"),
    later(Section::Plugin, "ssh", "ssh targets with users and commands"),
    later(Section::Plugin, "processes", "what may be seen of processes"),
    later(Section::Plugin, "capture", "interfaces that may be captured"),
    later(Section::Plugin, "secrets", "secrets that the plugin may use"),
    later(Section::Plugin, "handlers", "protocol handlers that the plugin may open"),
    now(Section::Defaults, "connect", "peers that every plugin may dial"),
    now(Section::Defaults, "ping", "hosts that every plugin may ping"),
    now(Section::Defaults, "resolve", "names that every plugin may ask for"),
    now(Section::Defaults, "servers", "name servers that every plugin may ask"),
    now(Section::Defaults, "read", "directories and files that every plugin may read"),
    now(Section::Deny, "connect", "peers that no plugin may dial; no port = every port"),
    now(Section::Deny, "ping", "hosts that no plugin may ping"),
    now(Section::Deny, "resolve", "names that no plugin may ask for, whatever for"),
    now(Section::Deny, "servers", "name servers that no plugin may ask; no port = every port"),
    now(Section::Deny, "read", "directories and files that no plugin may read"),
    now(Section::Limits, "total_memory", "memory of all plugins together, as \"2 GiB\"; in `[limits]` only"),
    now(Section::Names, "servers", "name servers that the host asks, as \"192.0.2.53:53\""),
    now(Section::Rule, "to", "the rule: `tcp://HOST:PORTS`, or `HOST` of `ping`"),
    now(Section::Rule, "within", "networks that the name may lead into"),
];

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Enforced,
    NotYet,
    Unknown { hint: Option<String> },
}

/// Looks a key up; an unknown one gets a suggestion.
pub(crate) fn find(section: Section, name: &str) -> Found {
    let in_section = |key: &Key| match key.section {
        Section::Plugin if key.status == Status::NotYet => {
            matches!(section, Section::Plugin | Section::Defaults | Section::Deny)
        }
        own => own == section,
    };
    if let Some(key) = keys().find(|key| in_section(key) && key.name == name) {
        return match key.status {
            Status::Enforced => Found::Enforced,
            Status::NotYet => Found::NotYet,
        };
    }
    let near = did_you_mean(name, keys().filter(in_section).map(|key| key.name));
    let elsewhere = || {
        let key = keys().find(|key| key.name == name)?;
        Some(format!("`{name}` belongs in {}", key.section))
    };
    Found::Unknown { hint: near.map(|near| format!("did you mean `{near}`?")).or_else(elsewhere) }
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
