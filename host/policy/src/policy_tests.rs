//! Flags, and where rules come from.

use super::*;

#[test]
fn a_flag_is_a_rule_for_every_plugin() {
    let mut policy = Policy::empty();
    policy.add_flag("--allow-connect", "tcp://localhost:*").unwrap();
    policy.add_flag("--deny-connect", "tcp://10.0.0.13").unwrap();
    let rules: Vec<_> = policy.rules.iter().map(|own| (&own.scope, own.denies)).collect();
    assert_eq!(rules, [(&Scope::Every, false), (&Scope::Every, true)]);
    let source = policy.rule(RuleId::new(0, 0)).unwrap();
    assert_eq!(source.to_string(), "--allow-connect tcp://localhost:*");
    assert_eq!(policy.rule(RuleId::new(0, 2)), None);
}

#[test]
fn flags_come_beside_a_file_and_broad_ones_are_flagged() {
    let text = "[plugins.tcp]\nconnect = [\"tcp://a.example:22\"]";
    let mut policy = crate::parse("cofferdam.toml", text, &|_| None).unwrap();
    policy.add_flag("--allow-connect", "tcp://any:443").unwrap();
    let sources: Vec<_> = (0..2).map(|id| policy.rule(RuleId::new(0, id)).unwrap().to_string()).collect();
    assert_eq!(sources, ["cofferdam.toml:2: tcp://a.example:22", "--allow-connect tcp://any:443"]);
    assert_eq!(policy.warnings().len(), 1);
}

#[test]
fn a_wrong_flag_or_value_is_told_and_adds_nothing() {
    for (flag, value, expected) in [
        ("--allow-conect", "tcp://a:1", "error: unknown flag `--allow-conect`"),
        ("--allow-write", "/var/log", "error: `--allow-write` is not yet available in this version"),
        ("--allow-servers", "192.0.2.53", "error: unknown flag `--allow-servers`"),
        ("--allow-read", "logs", "error: the path is not absolute"),
        ("--allow-ping", "a.example:1", "error: a `ping` rule has no port"),
        ("--allow-resolve", "a.example:1", "error: a `resolve` rule is a name alone"),
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
hint: if you meant the address, write `tcp://127.0.0.1:22`"
    );
}

#[test]
fn there_is_a_flag_for_each_kind_of_rule_to_allow_and_to_deny() {
    for (flag, value, shown) in [
        ("--allow-ping", "10.0.0.0/8", "--allow-ping 10.0.0.0/8"),
        ("--allow-resolve", "*.lab.example", "--allow-resolve *.lab.example"),
        ("--allow-read", "/var/log/", "--allow-read /var/log/"),
        ("--deny-ping", "10.0.0.13", "--deny-ping 10.0.0.13"),
        ("--deny-resolve", "secret.lab.example", "--deny-resolve secret.lab.example"),
        ("--deny-read", "/var/log/private", "--deny-read /var/log/private"),
    ] {
        let mut policy = Policy::empty();
        policy.add_flag(flag, value).unwrap();
        assert_eq!(policy.rule(RuleId::new(0, 0)).unwrap().to_string(), shown);
        assert_eq!(policy.rules[0].denies, flag.starts_with("--deny-"), "{flag}");
        assert!(policy.is_for_all(RuleId::new(0, 0)) && policy.warnings().is_empty());
    }
    for (Flag { name, .. }, status) in flags() {
        let value = if name.ends_with("connect") { "tcp://a.example:1" } else { "/" };
        let why = Policy::empty().add_flag(name, value).err().map(|why| why.message).unwrap_or_default();
        assert!(!why.contains("unknown flag"), "{name}: {why}");
        assert_eq!(why.contains("not yet available"), status == Status::NotYet, "{name}: {why}");
    }
}

#[test]
fn the_hosts_own_servers_are_those_of_the_policy_or_else_of_the_machine() {
    let machine: Vec<SocketAddr> = vec!["127.0.0.53:53".parse().unwrap()];
    let mut policy = Policy::empty();
    assert_eq!(policy.system_servers(), []);
    policy.set_machine_servers(machine.clone());
    assert_eq!(policy.system_servers(), machine);
    let mut named = crate::parse("p", "[names]\nservers = [\"192.0.2.53\"]", &|_| None).unwrap();
    named.set_machine_servers(machine);
    assert_eq!(named.system_servers(), ["192.0.2.53:53".parse::<SocketAddr>().unwrap()]);
}

#[test]
fn a_rule_is_known_to_the_policy_of_its_generation_only() {
    let mut first = Policy::empty();
    first.add_flag("--allow-connect", "tcp://10.0.0.1:22").unwrap();
    let mut second = Policy::empty();
    second.add_flag("--allow-read", "/srv").unwrap();
    let second = second.in_generation(1);
    let (old, new) = (first.rule_ids().next().unwrap(), second.rule_ids().next().unwrap());
    assert_ne!(old, new);
    assert_eq!(first.rule(old).unwrap().to_string(), "--allow-connect tcp://10.0.0.1:22");
    assert_eq!(second.rule(new).unwrap().to_string(), "--allow-read /srv");
    assert_eq!((first.rule(new), second.rule(old)), (None, None), "no line is explained by another policy's rule");
    assert!(!second.is_for_all(old) && second.is_for_all(new));
}
