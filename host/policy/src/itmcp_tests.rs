//! ITMCP's variables: what becomes a rule, what is only told, and what is a mistake.

use cofferdam_grants::RuleId;

use super::*;
use crate::policy::Scope;

fn read(asked: bool, variables: &[(&str, &str)]) -> (Policy, Vec<String>) {
    let mut policy = Policy::empty();
    let env = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let mistakes = policy.add_itmcp_env(asked, &env).err().unwrap_or_default();
    (policy, mistakes.iter().map(ToString::to_string).collect())
}

fn rules(policy: &Policy) -> Vec<String> {
    policy.rules.iter().map(|own| format!("{} {}", own.rule.key(), own.rule)).collect()
}

fn warnings(policy: &Policy) -> Vec<&str> {
    policy.warnings.iter().map(|warning| warning.message.as_str()).collect()
}

#[test]
fn hosts_are_rules_of_every_kind_and_name_their_variable() {
    let hosts = " 192.168.1.1, Router.Example ,,2001:db8::1,[::1],localhost,";
    let (policy, mistakes) = read(true, &[("ALLOWED_HOSTS", hosts)]);
    assert_eq!(mistakes, Vec::<String>::new());
    assert_eq!(
        rules(&policy),
        [
            "connect tcp://192.168.1.1:*",
            "ping 192.168.1.1",
            "resolve 192.168.1.1/32",
            "servers system",
            "servers 192.168.1.1:53",
            "connect tcp://router.example:*",
            "ping router.example",
            "resolve router.example",
            "connect tcp://[2001:db8::1]:*",
            "ping 2001:db8::1",
            "resolve 2001:db8::1/128",
            "servers [2001:db8::1]:53",
            "connect tcp://[::1]:*",
            "ping ::1",
            "resolve ::1/128",
            "servers [::1]:53",
            "connect tcp://localhost:*",
            "ping localhost",
        ]
    );
    let shown = |id| policy.rule(RuleId::new(0, id)).unwrap().to_string();
    assert_eq!(shown(5), "ALLOWED_HOSTS Router.Example");
    assert_eq!(shown(6), "ALLOWED_HOSTS ping Router.Example");
    assert_eq!(shown(3), "ALLOWED_HOSTS servers system");
    assert!(policy.warnings.is_empty() && policy.rules.iter().all(|own| own.scope == Scope::Every));
}

#[test]
fn directories_may_be_read() {
    let (policy, mistakes) = read(true, &[("ALLOWED_DIRECTORIES", "/var/log, /srv/My Files/ ,")]);
    assert_eq!((rules(&policy), mistakes), (vec!["read /var/log".to_owned(), "read /srv/My Files".into()], vec![]));
    assert_eq!(policy.rule(RuleId::new(0, 0)).unwrap().to_string(), "ALLOWED_DIRECTORIES read /var/log");
    let (policy, _) = read(true, &[("ALLOWED_DIRECTORIES", "/")]);
    assert_eq!(warnings(&policy), ["entry 1 of `ALLOWED_DIRECTORIES` is broader than it looks"]);
    for (entry, said) in [
        ("logs", "error: entry 1 of `ALLOWED_DIRECTORIES` is not "),
        ("/var/../etc", "error: entry 1 of `ALLOWED_DIRECTORIES` is not "),
    ] {
        let (policy, mistakes) = read(true, &[("ALLOWED_DIRECTORIES", entry)]);
        assert!(policy.rules.is_empty() && mistakes.len() == 1 && mistakes[0].starts_with(said), "{mistakes:?}");
        assert!(!mistakes[0].contains(entry), "{mistakes:?}");
    }
}

#[test]
fn without_the_flag_a_variable_only_warns_and_its_value_is_not_shown() {
    let all = [
        ("ALLOWED_HOSTS", "*,secret-host:1"),
        ("ALLOWED_DIRECTORIES", "/secret"),
        ("USE_DOCKER", "true"),
        ("SSH_KEYS_PATH", "  "),
    ];
    let (policy, mistakes) = read(false, &all);
    assert!(mistakes.is_empty() && policy.rules.is_empty());
    assert_eq!(
        warnings(&policy),
        [
            "`USE_DOCKER` is not used: nothing here runs in Docker",
            "`ALLOWED_HOSTS` is set, and not used",
            "`ALLOWED_DIRECTORIES` is set, and not used",
        ]
    );
    let shown: String = policy.warnings.iter().map(ToString::to_string).collect();
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn what_is_not_yet_available_is_told_and_never_granted() {
    let all = ["ALLOWED_REMOTE_COMMANDS", "SSH_CREDENTIALS_PATH", "SSH_KEYS_PATH", "DOCKER_CONTAINER"];
    let (policy, mistakes) = read(true, &all.map(|name| (name, "x")));
    assert!(mistakes.is_empty() && policy.rules.is_empty());
    assert_eq!(policy.warnings.len(), all.len());
    assert_eq!(
        warnings(&policy)[0],
        "`ALLOWED_REMOTE_COMMANDS` is not used: remote commands are not yet available in this version"
    );
    assert!(read(true, &[]).0.warnings.is_empty());
}

#[test]
fn an_entry_that_is_no_host_is_a_mistake_that_names_the_variable() {
    for (entry, said) in [
        ("*", "is not a single host"),
        ("any", "is not a single host"),
        ("10.7.0.0/16", "is not a single host"),
        ("*.example", "is not a single host"),
        ("a.example:22", "is not a host alone"),
        ("tcp://a.example", "is not a host alone"),
        ("127.1", "is not the name or the address of a host"),
        ("0.0.0.0", "is not "),
        ("a b", "is not the name or the address of a host"),
        (".evil.com", "is not "),
        ("fe80::1", "is not the name or the address of a host"),
        ("fe80::1%eth0", "is not a host alone: it has a zone"),
        ("[::1", "is not "),
        ("s3cret value", "is not the name or the address of a host"),
    ] {
        let (policy, mistakes) = read(true, &[("ALLOWED_HOSTS", entry)]);
        assert!(policy.rules.is_empty(), "{entry}");
        assert_eq!(mistakes.len(), 1, "{entry}");
        assert!(mistakes[0].starts_with(&format!("error: entry 1 of `ALLOWED_HOSTS` {said}")), "{}", mistakes[0]);
        assert!(entry.len() < 4 || !mistakes[0].contains(entry), "{}", mistakes[0]);
    }
    let (policy, mistakes) = read(true, &[("ALLOWED_HOSTS", "a.example, 10.1, b.example,*")]);
    assert_eq!((rules(&policy).len(), mistakes.len()), (6, 2));
    assert_eq!(
        mistakes[0],
        "\
error: entry 2 of `ALLOWED_HOSTS` is not the name or the address of a host
--> the environment
 |
 | ALLOWED_HOSTS
 | ^^^^^^^^^^^^^
hint: rules say more: `--allow-connect`"
    );
}
