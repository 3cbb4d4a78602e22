//! Whole files: what they mean, and every mistake of one at once.

use cofferdam_grants::Limits;
use proptest::prelude::*;
use std::time::Duration;

use super::*;
use crate::Severity;

#[path = "lower_rule_tests.rs"]
mod rules;

fn env(name: &str) -> Option<String> {
    match name {
        "LAB" => Some("lab.example".to_owned()),
        "TOKEN" => Some("s3cret".to_owned()),
        "INJECT" => Some("a\"]\nmemory = \"1 GiB".to_owned()),
        _ => None,
    }
}

fn read(text: &str) -> Policy {
    parse("cofferdam.toml", text, &env).unwrap_or_else(|problems| panic!("{}", problems[0]))
}

/// The diagnostics, rendered, one after the other.
fn problems(text: &str) -> String {
    let problems = parse("cofferdam.toml", text, &env).unwrap_err();
    assert!(problems.iter().all(|problem| problem.severity == Severity::Error));
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n")
}

/// The messages and hints alone.
pub(super) fn messages(text: &str) -> Vec<String> {
    let problems = parse("cofferdam.toml", text, &env).unwrap_err();
    problems
        .into_iter()
        .map(|problem| match problem.hint {
            Some(hint) => format!("{} | {hint}", problem.message),
            None => problem.message,
        })
        .collect()
}

#[test]
fn i1_an_empty_file_is_an_empty_policy() {
    for text in ["", "# nothing\n", "[plugins]\n", "[plugins.tcp]\n[limits]\n[deny]\n"] {
        let policy = read(text);
        assert!(policy.rules.is_empty(), "{text}");
        assert!(policy.warnings().is_empty());
    }
}

#[test]
fn a_whole_file_is_understood() {
    let policy = read(
        r#"
[plugins.tcp]
connect = [
  "tcp://*.lab.example:22,8000-8099",
  { to = "tcp://db.lab.example:5432", within = ["10.0.0.0/8", "fd00::/8"] },
]
limits = { memory = "64 MiB" }

[plugins.modbus]
component = "/opt/plugins/modbus.wasm"
connect = ['tcp://10.0.0.0/8:502']
settings = { units = [1, 2], token = "${TOKEN}", ratio = 0.5, nested = { on = true } }

[defaults]
connect = ["tcp://localhost:*"]

[deny]
connect = ["tcp://10.0.0.13"]

[limits]
memory = "128 MiB"
total_memory = "3 GiB"
call = "90 s"
connections = 0x10
descriptors = 32
log_lines = 100
output = "1 MiB"
cpu = "500 ms"
mailbox = 64
calls_per_minute = 600
concurrent_calls = 8
compile = "5 min"
lookups = 4
lookups_per_minute = 60

[names]
servers = ["127.0.0.1:5353", "192.0.2.53", "[2001:db8::53]:53", "::1"]
"#,
    );
    let rules: Vec<_> = policy.rules.iter().map(|own| (own.scope.clone(), own.denies, own.rule.to_string())).collect();
    let plugin = |name: &str| Scope::Plugin(name.to_owned());
    assert_eq!(
        rules,
        [
            (plugin("tcp"), false, "tcp://*.lab.example:22,8000-8099".to_owned()),
            (plugin("tcp"), false, "tcp://db.lab.example:5432 within 10.0.0.0/8, fd00::/8".into()),
            (plugin("modbus"), false, "tcp://10.0.0.0/8:502".to_owned()),
            (Scope::Every, false, "tcp://localhost:*".to_owned()),
            (Scope::Every, true, "tcp://10.0.0.13:*".to_owned()),
        ]
    );
    let plugins: Vec<_> = policy.plugins().collect();
    assert_eq!(plugins.len(), 2);
    let (name, modbus) = plugins[0];
    assert_eq!((name, modbus.component.as_deref()), ("modbus", Some("/opt/plugins/modbus.wasm")));
    assert_eq!(modbus.origin, "cofferdam.toml:9");
    let settings = r#"{"units":[1,2],"token":"s3cret","ratio":0.5,"nested":{"on":true}}"#;
    assert_eq!(modbus.settings, serde_json::from_str(settings).unwrap());
    assert_eq!((plugins[1].0, &plugins[1].1.settings), ("tcp", &None));

    assert_eq!(policy.total_memory(), Some(3 << 30));
    let shared = policy.limits.over(Limits::default());
    let expected = Limits {
        memory: 128 << 20,
        connections: 16,
        descriptors: 32,
        mailbox: 64,
        call: Duration::from_secs(90),
        output: 1 << 20,
        cpu: Duration::from_millis(500),
        log_lines: 100,
        calls_per_minute: 600,
        concurrent_calls: 8,
        compile: Duration::from_secs(300),
        lookups: 4,
        lookups_per_minute: 60,
    };
    assert_eq!(shared, expected);
    assert_eq!(policy.plugin_limits["tcp"].over(shared), Limits { memory: 64 << 20, ..expected });
    let servers: Vec<_> = policy.name_servers().iter().map(ToString::to_string).collect();
    assert_eq!(servers, ["127.0.0.1:5353", "192.0.2.53:53", "[2001:db8::53]:53", "[::1]:53"]);
}

#[test]
fn every_mistake_is_told_at_once_with_line_and_caret() {
    let text = r#"
[plugins.tcp]
conect = ["tcp://localhost:*"]
connect = ["tcp://127.1:22", "tcp://a.example", "tcp://b.example:22,0"]
write = ["/var/log"]

[limits]
memory = "16 TiB"
call = 60
"#;
    assert_eq!(
        problems(text),
        r#"error: unknown key `conect` in `[plugins.tcp]`
 --> cofferdam.toml:3:1
  |
3 | conect = ["tcp://localhost:*"]
  | ^^^^^^
hint: did you mean `connect`?

error: `127.1` is an unusual spelling of an address
 --> cofferdam.toml:4:19
  |
4 | connect = ["tcp://127.1:22", "tcp://a.example", "tcp://b.example:22,0"]
  |                   ^^^^^
hint: if you meant the address, write `tcp://127.0.0.1:22`

error: the rule does not say which ports
 --> cofferdam.toml:4:31
  |
4 | connect = ["tcp://127.1:22", "tcp://a.example", "tcp://b.example:22,0"]
  |                               ^^^^^^^^^^^^^^^
hint: write `tcp://a.example:22`, or `tcp://a.example:*` for every port

error: port 0 is not a port that can be dialled
 --> cofferdam.toml:4:66
  |
4 | connect = ["tcp://127.1:22", "tcp://a.example", "tcp://b.example:22,0"]
  |                                                                  ^^^^
hint: ports are `22`, `22,8000-8099`, or `*` for every port

error: `write` is not yet available in this version
 --> cofferdam.toml:5:1
  |
5 | write = ["/var/log"]
  | ^^^^^
hint: take it out: a key that is not enforced is never accepted

error: `memory` has an unknown unit, the units are `B`, `KiB`, `MiB`, `GiB`
 --> cofferdam.toml:8:10
  |
8 | memory = "16 TiB"
  |          ^^^^^^^^
hint: write it as `"256 MiB"`

error: `call` needs a unit
 --> cofferdam.toml:9:8
  |
9 | call = 60
  |        ^^
hint: write it as `"60 s"`"#
    );
}

#[test]
fn shapes_and_names_are_checked() {
    for (text, message) in [
        ("plugins = 1", "`plugins` has to be a table, not a whole number"),
        ("[plugins]\ntcp = []", "`plugins.tcp` has to be a table, not a list"),
        ("[plugins.tcp]\nconnect = \"tcp://a:1\"", "`connect` has to be a list, not a string"),
        ("[plugins.tcp]\nconnect = [1]", "`a rule` has to be a string, not a whole number"),
        (
            "[plugins.Tcp]",
            "`Tcp` is not a plugin's name | a name is a lower-case letter, then up to 31 letters, digits and hyphens",
        ),
        ("[plugins.tcp]\ncomponent = \"x.wasm\"", "the path of a component has to be absolute"),
        ("[plugins.tcp]\nsettings = \"x\"", "`settings` has to be a table, not a string"),
        ("[plugins.tcp]\nsettings = { at = 1979-05-27 }", "JSON has no dates and times; write it as a string"),
        ("[plugins.tcp]\nsettings = { at = nan }", "JSON has no such number"),
        ("[plugins.tcp]\nsettings = { at = 9223372036854775808 }", "the number does not fit into 64 bits"),
        ("[deny]\nconect = []", "unknown key `conect` in `[deny]` | did you mean `connect`?"),
        ("connect = []", "unknown key `connect` in the policy | `connect` belongs in `[plugins.NAME]`"),
        ("[names]\nservers = []", "`servers` has to name 1 to 8 name servers | leave it out to ask the machine's own"),
        (
            "[names]\nservers = [\"dns.example\"]",
            "a name server is an address, with or without a port | write `192.0.2.53`, `192.0.2.53:5353` or `[2001:db8::53]:53`",
        ),
        (
            "[names]\nservers = [\"192.0.2.53:0\"]",
            "a name server is an address, with or without a port | write `192.0.2.53`, `192.0.2.53:5353` or `[2001:db8::53]:53`",
        ),
    ] {
        assert_eq!(messages(text), [message], "{text}");
    }
}

#[test]
fn variables_are_replaced_and_an_unset_one_is_a_mistake() {
    let policy = read("[plugins.tcp]\nconnect = [\"tcp://db.${LAB}:22\"]");
    assert_eq!(policy.rules[0].rule.to_string(), "tcp://db.lab.example:22");
    assert_eq!(policy.rules[0].source.text, "tcp://db.${LAB}:22");
    assert_eq!(
        problems("[plugins.tcp]\nconnect = [\"tcp://db.${NOPE}:22\"]"),
        r#"error: the environment variable `NOPE` is not set
 --> cofferdam.toml:2:12
  |
2 | connect = ["tcp://db.${NOPE}:22"]
  |            ^^^^^^^^^^^^^^^^^^^^^
hint: set it, or write the value itself"#
    );
    assert_eq!(messages("[plugins.a]\nsettings = { a = [\"${NOPE}\"] }").len(), 1);
}

#[test]
fn a_variable_cannot_add_keys_or_rules() {
    let policy = read("[plugins.a]\nsettings = { a = \"${INJECT}\" }");
    assert_eq!(policy.limits.over(Limits::default()), Limits::default());
    let messages = messages("[plugins.a]\nconnect = [\"tcp://${INJECT}:22\"]");
    assert_eq!(messages, ["a rule has no spaces or control characters in it"]);
}

#[test]
fn i13_settings_are_not_echoed_from_the_environment() {
    let text = "[plugins.a]\nsettings = { token = \"${TOKEN}${NOPE}\", at = 1979-05-27 }";
    assert!(!problems(text).contains("s3cret"));
}

#[test]
fn what_a_variable_says_is_in_no_message() {
    let env = |name: &str| match name {
        "NAME" => Some("s3cret value".to_owned()),
        "HOST" => Some("s3cret!x".to_owned()),
        "PORT" => Some("7654321".to_owned()),
        "NET" => Some("10.65.43.21/8".to_owned()),
        "WIDE" => Some("s3cretany".replace("s3cret", "")),
        "PATH_" => Some("s3cret/x.wasm".to_owned()),
        _ => None,
    };
    let secrets = ["s3cret", "7654321", "10.65", "any:"];
    for (table, said) in [
        ("connect = [\"${NAME}\"]", "a rule has no spaces or control characters in it"),
        ("connect = [\"tcp://${HOST}:22\"]", "`tcp://${HOST}:22` is not understood, with its variables replaced"),
        ("connect = [\"tcp://a.example:${PORT}\"]", "`tcp://a.example:${PORT}` is not understood"),
        ("connect = [\"tcp://${NET}:22\"]", "`tcp://${NET}:22` is not understood"),
        ("ping = [{ to = \"a.example\", within = [\"${NET}\"] }]", "`${NET}` is not understood"),
        ("resolve = [\"${HOST}\"]", "`${HOST}` is not understood"),
        ("servers = [\"${NET}:1\"]", "`${NET}:1` is not understood"),
        ("read = [\"${HOST}\"]", "the path is not absolute"),
        ("component = \"${PATH_}\"", "the path of a component has to be absolute"),
        ("limits = { memory = \"${NAME}\" }", "`memory` has to begin with a whole number"),
    ] {
        let problems = parse("f", &format!("[plugins.a]\n{table}\n"), &env).unwrap_err();
        let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let right =
            shown.iter().any(|one| one.contains(said)) || said.contains("absolute") && shown[0].contains("`${HOST}`");
        assert!(right, "{table}: {shown:?}");
        assert!(secrets.iter().all(|secret| !shown.concat().contains(secret)), "{table}: {shown:?}");
    }
    let policy = parse("f", "[plugins.a]\nconnect = [\"tcp://${WIDE}:*\"]", &env).unwrap();
    let [warning] = policy.warnings() else { panic!("{:?}", policy.warnings()) };
    assert_eq!(warning.message, "`tcp://${WIDE}:*` is broader than it looks, with its variables replaced");
}

#[test]
fn broken_toml_is_told_with_its_place_and_once() {
    for text in [
        "[plugins.tcp\nconnect = []",
        "[plugins.tcp]\nconnect = [\"tcp://localhost:1\"",
        "[plugins.tcp]\nconnect = tcp://localhost:1",
        "[limits]\nmemory = \"1 MiB\"\nmemory = \"2 MiB\"",
        "[plugins.a]\n[plugins.a]\n",
        "\u{0}",
        "a = \"\\x\"",
    ] {
        let problems = parse("f", text, &env).unwrap_err();
        assert!(!problems.is_empty(), "{text}");
        assert!(problems.iter().all(|problem| problem.line.is_some()), "{text}");
    }
    let text = "[plugins.tcp]\nconnect = [\"tcp://a\"]\n[limits]\nmemory = \n";
    let lines: Vec<_> = parse("f", text, &env).unwrap_err().iter().map(|p| p.line).collect();
    assert_eq!(lines, [Some(2), Some(4)]);
}

#[test]
fn escaped_strings_are_pointed_at_as_a_whole() {
    let text = "[plugins.tcp]\nconnect = [\"tcp:\\u002f/a..b:1\"]";
    let carets = format!("\n  | {}{}", " ".repeat(11), "^".repeat(19));
    assert!(problems(text).ends_with(&carets), "{}", problems(text));
}

#[test]
fn warnings_keep_nothing_from_working() {
    let policy = read("[plugins.tcp]\nconnect = [\"tcp://any:443\"]\n[deny]\nconnect = [\"tcp://0.0.0.0/0\"]");
    let [warning] = policy.warnings() else { panic!("{:?}", policy.warnings()) };
    assert_eq!(
        warning.to_string(),
        r#"warning: `tcp://any:443` allows every name and every public address
 --> cofferdam.toml:2:12
  |
2 | connect = ["tcp://any:443"]
  |            ^^^^^^^^^^^^^^^
hint: name the hosts, as in `tcp://*.example.com:443`"#
    );
}

proptest! {
    #[test]
    fn no_file_panics(text in any::<String>()) {
        let _ = parse("f", &text, &env).map_err(|all| all.iter().map(ToString::to_string).count());
    }

    #[test]
    fn no_nearly_right_file_panics(parts in prop::collection::vec(
        prop::sample::select(vec![
            "[plugins.tcp]\n", "connect", " = ", "[", "]", "\"tcp://a.b:22\"", "\"", "{ to = ", "}",
            "within", ",", "\n", "[limits]\n", "memory", "\"1 MiB\"", "[deny]\n", "${LAB}", "ü", "'''",
        ]), 0..24)
    ) {
        let text = parts.concat();
        let _ = parse("f", &text, &env).map_err(|all| all.iter().map(ToString::to_string).count());
    }
}

#[test]
fn descriptors_are_enough_for_the_connections_that_a_policy_allows() {
    let limits = |text: &str| read(&format!("[limits]\n{text}\n")).limits.over(Limits::default());
    assert_eq!(limits("connections = 20000").descriptors, 21_024);
    assert_eq!(limits("connections = 5").descriptors, Limits::default().descriptors);
    assert_eq!(limits("connections = 20000\ndescriptors = 100").descriptors, 100, "what is said holds");
}
