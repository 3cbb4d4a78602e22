//! Tables of rules: every kind in every table, `within`, and the keys that nothing reads yet.

use super::*;

#[test]
fn every_kind_of_rule_is_understood_in_every_table_of_rules() {
    let policy = read(
        r#"
[plugins.dns]
resolve = ["*.${LAB}", "10.0.0.0/8"]
servers = ["system", "192.0.2.53:5353"]
[plugins.ping]
ping = ["10.0.0.0/8", { to = "db.lab.example", within = ["10.0.0.0/8"] }]
[defaults]
read = ["/var/log/"]
[deny]
ping = ["10.0.0.13"]
resolve = ["bad.lab.example"]
servers = ["192.0.2.0/24"]
read = ["/var/log/private"]
"#,
    );
    let shown: Vec<_> = policy.rules.iter().map(|own| format!("{} {}", own.rule.key(), own.rule)).collect();
    assert_eq!(
        shown,
        [
            "resolve *.lab.example",
            "resolve 10.0.0.0/8",
            "servers system",
            "servers 192.0.2.53:5353",
            "ping 10.0.0.0/8",
            "ping db.lab.example within 10.0.0.0/8",
            "read /var/log",
            "ping 10.0.0.13",
            "resolve bad.lab.example",
            "servers 192.0.2.0/24",
            "read /var/log/private",
        ]
    );
    let sources: Vec<_> = policy.rules.iter().map(|own| own.source.to_string()).collect();
    assert_eq!(sources[0], "cofferdam.toml:3: resolve *.${LAB}");
    assert_eq!(sources[5], "cofferdam.toml:6: ping db.lab.example within 10.0.0.0/8");
    assert!(policy.rules[7..].iter().all(|own| own.denies) && policy.rules[6].scope == Scope::Every);

    for (text, said) in [
        ("read = [{ to = \"/a\", within = [] }]", "`a rule` has to be a string, not a table"),
        ("resolve = \"any\"", "`resolve` has to be a list, not a string"),
        (
            "ping = [{ within = [\"10.0.0.0/8\"] }]",
            "the rule has no `to` | write `{ to = \"db.lab.example\", within = [\"10.0.0.0/8\"] }`",
        ),
        (
            "ping = [{ to = \"10.0.0.1\", within = [\"10.0.0.0/8\"] }]",
            "`within` says where a name may lead, and this rule has no name",
        ),
        (
            "ping = [{ to = \"a.example\", within = [\"224.0.0.0/4\"] }]",
            "`224.0.0.0/4` covers nothing: a group of hosts is only pinged by a rule for its very address",
        ),
        (
            "read = [\"logs\"]",
            "the path is not absolute: it has to begin with `/` | what a relative path means would depend on who starts this program",
        ),
    ] {
        assert_eq!(messages(&format!("[plugins.x]\n{text}")), [said], "{text}");
    }
}

#[test]
fn a_rule_with_a_wrong_host_and_wrong_ports_has_both_told() {
    let said = messages("[plugins.tcp]\nconnect = [\"tcp://a..b:99999\", \"tcp://127.1:22\", \"tcp://[::1:0\"]");
    assert_eq!(said.len(), 4, "{said:?}");
    assert!(said[1].starts_with("port 99999 is above 65535"), "{said:?}");
}

#[test]
fn within_is_for_names_and_never_empty() {
    let rule = |inner: &str| format!("[plugins.tcp]\nconnect = [{inner}]");
    for (inner, message) in [
        (
            r#"{ to = "tcp://10.0.0.1:22", within = ["10.0.0.0/8"] }"#,
            "`within` says where a name may lead, and this rule has no name",
        ),
        (
            r#"{ to = "tcp://any:22", within = ["10.0.0.0/8"] }"#,
            "`within` says where a name may lead, and this rule has no name",
        ),
        (
            r#"{ to = "tcp://a.b:22", within = [] }"#,
            "`within` is empty, so it allows nothing | leave `within` out for public addresses",
        ),
        (
            r#"{ to = "tcp://a.b:22", within = ["10.0.0.5"] }"#,
            "a network needs a prefix length, as in `10.0.0.0/8` | one address is `10.0.0.5/32`",
        ),
        (
            r#"{ to = "tcp://a.b:22", within = ["10.0.0.5/8"] }"#,
            "the address has bits beyond its prefix length; the network is `10.0.0.0/8` | write `10.0.0.0/8`",
        ),
        (r#"{ to = "tcp://a.b:22", within = ["169.254.169.254/32"] }"#, "no name leads to a cloud metadata address"),
        (r#"{ to = "tcp://a.b:22", within = "10.0.0.0/8" }"#, "`within` has to be a list, not a string"),
        (
            r#"{ to = "tcp://a.b:22", wihtin = ["10.0.0.0/8"] }"#,
            "unknown key `wihtin` in a rule | did you mean `within`?",
        ),
        (
            r#"{ within = ["10.0.0.0/8"] }"#,
            "the rule has no `to` | write `{ to = \"tcp://db.lab.example:22\", within = [\"10.0.0.0/8\"] }`",
        ),
    ] {
        assert_eq!(messages(&rule(inner)), [message], "{inner}");
    }
    let deny = "[deny]\nconnect = [{ to = \"tcp://a.b\", within = [\"10.0.0.0/8\"] }]";
    assert_eq!(messages(deny), ["a deny rule has no `within`"]);
    assert_eq!(read("[deny]\nconnect = [{ to = \"tcp://a.b\" }]").rules.len(), 1);
}

#[test]
fn later_capabilities_are_refused_everywhere() {
    for text in [
        "[plugins.dns]\nlisten = [\"tcp://localhost:53\"]",
        "[deny]\nwrite = [\"/\"]",
        "[defaults]\ncapture = [\"any\"]",
        "[plugins.x]\nssh = [\"a.example\"]",
        "[audit]\nfile = \"/x\"",
        "[plugins.a]\nconnect = [\"udp://10.0.0.1:53\"]",
    ] {
        let messages = messages(text);
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert!(messages[0].contains("not yet available in this version"), "{messages:?}");
    }
}

#[test]
fn no_key_is_accepted_and_ignored() {
    for key in crate::keys() {
        let table = match key.section {
            crate::Section::Top => String::new(),
            crate::Section::Plugin => "[plugins.tcp]\n".to_owned(),
            crate::Section::Rule => continue,
            other => format!("{}\n", other.to_string().trim_matches('`')),
        };
        // A value of a type that no key takes: an enforced key looks at it, a later one is refused
        // whatever its value is.
        let messages = messages(&format!("{table}{} = 1979-05-27", key.name));
        let expected = match key.status {
            crate::Status::Enforced => "has to be ",
            crate::Status::NotYet => "is not yet available in this version",
        };
        assert_eq!(messages.len(), 1, "{}: {messages:?}", key.name);
        assert!(messages[0].contains(expected), "{}: {messages:?}", key.name);
    }
}
