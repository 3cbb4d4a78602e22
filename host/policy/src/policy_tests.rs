//! Flags, and where rules come from.

use super::*;

#[test]
fn a_flag_is_a_rule_for_every_plugin() {
    let mut policy = Policy::empty();
    policy.add_flag("--allow-connect", "tcp://localhost:*").unwrap();
    policy.add_flag("--deny-connect", "tcp://10.0.0.13").unwrap();
    let rules: Vec<_> = policy.rules.iter().map(|own| (&own.scope, own.denies)).collect();
    assert_eq!(rules, [(&Scope::Every, false), (&Scope::Every, true)]);
    let source = policy.rule(RuleId(0)).unwrap();
    assert_eq!(source.to_string(), "--allow-connect tcp://localhost:*");
    assert_eq!(policy.rule(RuleId(2)), None);
}

#[test]
fn flags_come_beside_a_file_and_broad_ones_are_flagged() {
    let text = "[plugins.tcp]\nconnect = [\"tcp://a.example:22\"]";
    let mut policy = crate::parse("cofferdam.toml", text, &|_| None).unwrap();
    policy.add_flag("--allow-connect", "tcp://any:443").unwrap();
    let sources: Vec<_> = (0..2).map(|id| policy.rule(RuleId(id)).unwrap().to_string()).collect();
    assert_eq!(sources, ["cofferdam.toml:2: tcp://a.example:22", "--allow-connect tcp://any:443"]);
    assert_eq!(policy.warnings().len(), 1);
}

#[test]
fn a_wrong_flag_or_value_is_told_and_adds_nothing() {
    for (flag, value, expected) in [
        ("--allow-conect", "tcp://a:1", "error: unknown flag `--allow-conect`"),
        ("--allow-read", "/var/log", "error: `--allow-read` is not yet available in this version"),
        ("--allow-connect", "a.example:1", "error: a rule begins with its protocol"),
        ("--allow-connect", "tcp://a.example", "error: the rule does not say which ports"),
    ] {
        let mut policy = Policy::empty();
        let problem = policy.add_flag(flag, value).unwrap_err().to_string();
        assert!(problem.starts_with(expected), "{problem}");
        assert!(policy.rules.is_empty());
    }
    let mut policy = Policy::empty();
    assert_eq!(
        policy.add_flag("--allow-connect", "tcp://127.1:22").unwrap_err().to_string(),
        "\
error: `127.1` is an unusual spelling of an address
--> --allow-connect
 |
 | tcp://127.1:22
 |       ^^^^^
hint: if you meant the address, write `127.0.0.1`"
    );
}
