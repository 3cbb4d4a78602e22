//! The table of keys, and suggestions for keys that are not in it.

use super::*;
use crate::rule::Capability;

#[test]
fn every_kind_of_rule_has_its_key_in_every_table_of_rules() {
    for section in [Section::Plugin, Section::Defaults, Section::Deny] {
        assert!(Capability::ALL.iter().all(|kind| find(section, kind.key()) == KeyMatch::Enforced), "{section}");
    }
}

#[test]
fn no_key_stands_twice_and_each_has_a_summary() {
    let all: Vec<Key> = keys().collect();
    for (index, key) in all.iter().enumerate() {
        assert!(!key.summary.is_empty(), "{}", key.name);
        let again = all[index + 1..].iter().any(|other| other.section == key.section && other.name == key.name);
        assert!(!again, "{} in {}", key.name, key.section);
    }
}

#[test]
fn unknown_keys_get_a_suggestion_where_there_is_one() {
    for (section, name, hint) in [
        (Section::Plugin, "conect", Some("did you mean `connect`?")),
        (Section::Plugin, "Connect", Some("did you mean `connect`?")),
        (Section::Top, "plugin", Some("did you mean `plugins`?")),
        (Section::Limits, "memroy", Some("did you mean `memory`?")),
        (Section::Top, "memory", Some("`memory` belongs in `[limits]`")),
        (Section::Deny, "settings", Some("`settings` belongs in `[plugins.NAME]`")),
        (Section::Top, "zzz", None),
    ] {
        let found = find(section, name);
        assert_eq!(found, KeyMatch::Unknown { hint: hint.map(str::to_owned) }, "{name}");
    }
}

#[test]
fn later_capabilities_are_known_in_every_table_of_rules() {
    for section in [Section::Plugin, Section::Defaults, Section::Deny] {
        for name in ["write", "listen", "ssh", "processes", "capture", "secrets"] {
            assert_eq!(find(section, name), KeyMatch::NotYet, "{name} in {section}");
        }
        for name in ["connect", "ping", "resolve", "servers", "read", "handlers"] {
            assert_eq!(find(section, name), KeyMatch::Enforced, "{name} in {section}");
        }
    }
}
