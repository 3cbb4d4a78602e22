//! Whole files, checked: everything that is said, in the order of the lines.

use super::*;

const FILE: &str = r#"[plugins.tpc]
connect = ["tcp://any:443", "tcp://a.example"]

[plugins.modbus]
connect = ["tcp://10.0.0.1:502"]

[plugins.other]
component = "/opt/other.wasm"

[plugins.tcp]
conect = []
write = ["/var/log"]

[limits]
memory = "unlimited"
"#;

fn said(text: &str) -> String {
    let found = check("p.toml", text, &|_| None, &["tcp", "dns"]).found;
    found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn everything_is_said_at_once_mistakes_and_warnings_by_line() {
    assert_eq!(
        said(FILE),
        r#"error: there is no plugin `tpc`
 --> p.toml:1:10
  |
1 | [plugins.tpc]
  |          ^^^
hint: did you mean `tcp`?

warning: `tcp://any:443` allows every name and every public address
 --> p.toml:2:12
  |
2 | connect = ["tcp://any:443", "tcp://a.example"]
  |            ^^^^^^^^^^^^^^^
hint: name the hosts, as in `tcp://*.example.com:443`

error: the rule does not say which ports
 --> p.toml:2:30
  |
2 | connect = ["tcp://any:443", "tcp://a.example"]
  |                              ^^^^^^^^^^^^^^^
hint: write `tcp://a.example:22`, or `tcp://a.example:*` for every port

error: there is no plugin `modbus`
 --> p.toml:4:10
  |
4 | [plugins.modbus]
  |          ^^^^^^
hint: there are `tcp`, `dns`; `component = "/path/to.wasm"` names another

error: unknown key `conect` in `[plugins.tcp]`
  --> p.toml:11:1
   |
11 | conect = []
   | ^^^^^^
hint: did you mean `connect`?

error: `write` is not yet available in this version
  --> p.toml:12:1
   |
12 | write = ["/var/log"]
   | ^^^^^
hint: take it out: a key that is not enforced is never accepted

error: `memory` has to begin with a whole number
  --> p.toml:15:10
   |
15 | memory = "unlimited"
   |          ^^^^^^^^^^^
hint: write it as `"256 MiB"`"#
    );
}

#[test]
fn a_file_with_mistakes_gives_no_policy_and_one_with_warnings_does() {
    assert!(check("p", FILE, &|_| None, &["tcp"]).policy.is_none());
    assert!(check("p", "[plugins.nope]", &|_| None, &["tcp"]).policy.is_none());
    let broad = check("p", "[plugins.tcp]\nconnect = [\"tcp://any:*\"]", &|_| None, &["tcp"]);
    assert_eq!((broad.policy.is_some(), broad.found.len()), (true, 1));
}

#[test]
fn a_mistake_about_a_plugin_stands_at_its_table() {
    let policy = check("p.toml", "\n[plugins.tcp]\n", &|_| None, &["tcp"]).policy.unwrap();
    let problem = policy.at_plugin("tcp", Part::Table, "its settings are wrong").unwrap();
    assert_eq!((problem.line, problem.column), (Some(2), 10));
    assert_eq!(policy.at_plugin("dns", Part::Table, "x"), None);
}
