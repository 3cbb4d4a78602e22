//! Manifests are strangers' texts: what is taken, and what is refused in which words.

use super::*;

const GOOD: &str = r#"{
  "name": "tcp", "version": "0.1.0", "abi": "0.1.0", "kind": "plugin",
  "description": "Raw TCP", "instance": "actor",
  "wants": { "connect": ["tcp://any:*"] },
  "settings_schema": { "type": "object" }
}"#;

/// The good manifest with one field replaced, or taken out.
fn with(field: &str, value: Option<Value>) -> Result<Manifest, String> {
    let mut json: Map<String, Value> = serde_json::from_str(GOOD).unwrap();
    match value {
        Some(value) => json.insert(field.to_owned(), value),
        None => json.remove(field),
    };
    Manifest::of_json(&Value::Object(json).to_string())
}

#[test]
fn json_and_toml_say_the_same() {
    let json = Manifest::of_json(GOOD).unwrap();
    let toml = Manifest::parse_toml(
        r#"
name = "tcp"
version = "0.1.0"
abi = "0.1.0"
kind = "plugin"
description = "Raw TCP"
instance = "actor"
settings_schema = { type = "object" }
[wants]
connect = ["tcp://any:*"]
"#,
    );
    assert_eq!(toml.as_ref(), Ok(&json));
    assert_eq!(json.wants[0].rule.to_string(), "tcp://any:*");
}

#[test]
fn what_may_be_left_out() {
    let bare = r#"{"name":"x","version":"1","abi":"0.1.0","kind":"handler"}"#;
    let manifest = Manifest::of_json(bare).unwrap();
    assert_eq!((manifest.kind, manifest.instance), (Kind::Handler, Instance::Actor));
    assert!(manifest.wants.is_empty() && manifest.settings_schema.is_none());
    assert_eq!(manifest.description, "");
    for field in ["name", "version", "abi", "kind"] {
        assert_eq!(with(field, None), Err(format!("manifest: `{field}` is missing")));
    }
}

#[test]
fn every_field_is_checked() {
    for (field, value, words) in [
        ("abi", "0.2.0".into(), "manifest: `abi` is `0.2.0`, this host speaks `0.1.0`"),
        ("name", "Tcp".into(), "manifest: `name` is `Tcp`, it has to be a lower-case letter"),
        ("name", "".into(), "manifest: `name` is ``"),
        ("name", "a".repeat(33).into(), "manifest: `name` is `aaa"),
        ("name", "a\u{1b}[31m".into(), "manifest: `name` is `a\\u{1b}[31m`"),
        ("name", 5.into(), "manifest: `name` has to be a string"),
        ("version", "".into(), "manifest: `version` has to be"),
        ("version", "1 2".into(), "manifest: `version` has to be"),
        ("kind", "tool".into(), "manifest: `kind` is `tool`, it has to be `plugin`, `handler` or `script`"),
        ("instance", "pool".into(), "manifest: `instance` is `pool`, it has to be `actor` or `call`"),
        ("description", "a\u{202e}b".into(), "manifest: `description` has to be"),
        ("description", "a\u{200b}b".into(), "manifest: `description` has to be"),
        ("description", "a\u{1b}b".into(), "manifest: `description` has to be"),
        ("description", "a".repeat(1025).into(), "manifest: `description` has to be"),
        ("settings_schema", "x".into(), "manifest: `settings_schema` has to be an object"),
        ("wants", "x".into(), "manifest: `wants` has to be an object"),
        ("wants", serde_json::json!({"connect": "x"}), "manifest: `wants.connect` has to be a list"),
        ("wants", serde_json::json!({"connect": [1]}), "manifest: `wants.connect` has to be a list of strings"),
        (
            "wants",
            serde_json::json!({"connect": ["tcp://*:1"]}),
            "manifest: `wants.connect`: `tcp://*:1`: `*` is not a host; every host",
        ),
        ("wants", serde_json::json!({"conect": []}), "manifest: unknown field `conect`; did you mean `connect`?"),
        ("wants", serde_json::json!({"write": []}), "manifest: `wants.write` is not yet available"),
        ("wants", serde_json::json!({"read": ["x"]}), "manifest: `wants.read`: `x`: the path is not absolute"),
        ("wants", serde_json::json!({"ping": ["a:1"]}), "manifest: `wants.ping`: `a:1`: a `ping` rule has no port"),
        ("wants", serde_json::json!({"resolve": "any"}), "manifest: `wants.resolve` has to be a list of at most"),
        ("wants", serde_json::json!({"servers": ["x"]}), "manifest: `wants.servers`: `x`: a name server is an address"),
        ("wnats", 1.into(), "manifest: unknown field `wnats`; did you mean `wants`?"),
        ("kind", "handler".into(), "manifest: a handler cannot want anything in `wants`"),
    ] {
        let error = with(field, Some(value)).unwrap_err();
        assert!(error.starts_with(words), "{error}");
    }
}

#[test]
fn what_is_no_manifest_is_refused() {
    for text in ["", "[]", "{", "null", "name = ", "name = 1979-05-27", "name = \"a\"\nname = \"b\""] {
        assert!(Manifest::parse_toml(text).is_err(), "{text}");
    }
    assert!(Manifest::parse_toml(&" ".repeat(70_000)).is_err());
    assert!(Manifest::parse_toml(&"[".repeat(60_000)).is_err());
}

#[test]
fn what_is_said_of_a_manifest_has_nothing_harmful_in_it() {
    let tag = "\u{e0041}\u{3164}\u{202e}";
    for text in [
        format!("name = \"{tag}"),
        format!("abi = \"{tag}\""),
        format!("abi = \"{ABI}\"\nname = \"{tag}\""),
        format!("{tag} = 1"),
        format!("\"{tag}\" = 1"),
        format!(
            "abi = \"{ABI}\"\nname = \"a\"\nversion = \"1\"\nkind = \"plugin\"\nwants.connect = [\"tcp://a{tag}:1\"]"
        ),
    ] {
        let error = Manifest::parse_toml(&text).unwrap_err();
        assert!(!error.contains(|c| is_harmful(c) && c != '\n'), "{error:?}");
    }
    assert!(with("description", Some(format!("a{tag}").into())).is_err());
}

#[test]
fn a_want_may_be_of_special_addresses() {
    for want in ["tcp://127.0.0.0/8:*", "tcp://[fe80::]/10:22", "tcp://169.254.169.254/32:80"] {
        let wants = serde_json::json!({ "connect": [want] });
        assert!(with("wants", Some(wants)).is_ok(), "{want}");
    }
}

#[test]
fn every_kind_of_want_is_read() {
    let wants = serde_json::json!({
        "connect": ["tcp://any:22"], "ping": ["any"], "resolve": ["any"], "servers": ["any", "192.0.2.53"],
        "read": ["any", "/etc"],
    });
    let manifest = with("wants", Some(wants)).unwrap();
    let shown: Vec<_> = manifest.wants.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        ["tcp://any:22", "ping any", "resolve any", "servers any", "servers 192.0.2.53", "read any", "read /etc"]
    );
    // A want of a server is one of every port; of files, `any` is the root.
    assert_eq!(manifest.wants[4].rule.to_string(), "192.0.2.53");
    assert_eq!(manifest.wants[5].rule.to_string(), "/");
}
