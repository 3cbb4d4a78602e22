//! Rules that do nothing are told, each with why, and those that do something are not.

use super::*;

fn manifest(name: &str, wants: &str) -> Manifest {
    let json = format!(r#"{{"name":"{name}","version":"1","abi":"0.1.0","kind":"plugin","wants":{wants}}}"#);
    Manifest::of_json(&json).unwrap()
}

/// What is said, with the line that it is about.
fn idle(text: &str) -> Vec<(usize, String)> {
    let policy = crate::parse("p.toml", text, &|_| None).unwrap();
    let tcp = manifest("tcp", r#"{ "connect": ["tcp://any:22"] }"#);
    let dns = manifest("dns", r#"{ "resolve": ["any"], "servers": ["any"] }"#);
    let found = policy.idle(&[&tcp, &dns]);
    assert!(found.iter().all(|one| one.severity == crate::Severity::Warning && one.hint.is_some()));
    found.into_iter().map(|one| (one.line.unwrap(), one.message)).collect()
}

#[test]
fn a_rule_that_its_plugin_does_not_want_allows_nothing() {
    let text = "[plugins.tcp]\nconnect = [\"tcp://a.example:22\",\n\"tcp://a.example:23\"]\nread = [\"/var/log\"]\n[plugins.dns]\nresolve = [\"any\"]";
    let said = "the rule allows nothing: the manifest of `tcp` wants nothing of it";
    assert_eq!(idle(text), [(3, said.to_owned()), (4, said.to_owned())]);
    let shared = "[defaults]\nread = [\"/var/log\"]\nconnect = [\"tcp://a.example:22\"]";
    assert_eq!(idle(shared), [(2, "the rule allows nothing: no plugin wants anything of it".to_owned())]);
    // A plugin that is not there is not judged.
    assert_eq!(idle("[plugins.other]\ncomponent = \"/x.wasm\"\nread = [\"/var/log\"]"), []);
}

#[test]
fn a_rule_that_is_denied_altogether_allows_nothing() {
    let text = "[plugins.tcp]\nconnect = [\"tcp://10.1.0.0/16:22\", \"tcp://10.0.0.0/8:22\"]\n[deny]\nconnect = [\"tcp://10.1.0.0/16\"]";
    assert_eq!(idle(text), [(2, "the rule allows nothing: `p.toml:4: tcp://10.1.0.0/16` denies all of it".to_owned())]);
    let names = "[plugins.tcp]\nconnect = [\"tcp://a.bad.example:22\"]\n[deny]\nresolve = [\"*.bad.example\"]";
    assert_eq!(
        idle(names),
        [(2, "the rule allows nothing: `p.toml:4: resolve *.bad.example` denies all of it".to_owned())]
    );
}

#[test]
fn a_server_without_a_name_to_ask_it_for_allows_nothing() {
    let alone = "[plugins.dns]\nservers = [\"192.0.2.53\"]";
    let said = "the rule allows nothing: no `resolve` rule says which names may be asked for";
    assert_eq!(idle(alone), [(2, said.to_owned())]);
    assert_eq!(idle("[plugins.dns]\nservers = [\"192.0.2.53\"]\n[defaults]\nresolve = [\"*.example\"]"), []);
}

#[test]
fn what_no_file_says_is_not_remarked_on() {
    let mut policy = Policy::empty();
    policy.add_flag("--allow-read", "/var/log").unwrap();
    policy.add_flag("--deny-read", "/").unwrap();
    assert_eq!(policy.idle(&[&manifest("tcp", "{}")]), []);
}
