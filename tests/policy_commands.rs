//! The commands about a policy: `init`, `check`, `serve --dry-run`, and the flags and variables
//! that make one; `explain` is `explain.rs`. What the policy language means is tested in its crate;
//! here is what the program prints, and its exit codes.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::support::{LOCAL, cofferdam, component, guest, policy, run, scratch, shipped, stderr, stdout};

pub const FILE: &str = r#"[plugins.tcp]
connect = [
  "tcp://*.lab.example:5432",
  { to = "tcp://db.corp.example:22", within = ["10.0.0.0/8"] },
  "tcp://10.0.0.0/8:22",
]
[deny]
connect = ["tcp://10.0.0.13"]
"#;

#[track_caller]
pub fn ends(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "stdout:\n{}\nstderr:\n{}", stdout(output), stderr(output));
}

#[test]
fn init_writes_a_policy_that_allows_nothing_and_never_overwrites() {
    let file = scratch("init").join("cofferdam.toml");
    let path = file.to_str().unwrap();
    ends(&run(&["init", path]), 0);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let written = fs::read_to_string(&file).unwrap();
    assert_eq!(written, stdout(&run(&["init"])));

    let checked = run(&["check", path]);
    ends(&checked, 0);
    let told = stdout(&checked);
    assert!(told.ends_with(&format!("{path}: no mistakes\n")), "{told}");
    for plugin in shipped::plugins() {
        assert!(told.contains(&format!("not listed: the tools of `{plugin}` (no `")), "{told}");
    }
    ends(&run(&["explain", "tcp", "connect", "a.example:443", "--policy", path]), 1);

    fs::write(&file, "mine").unwrap();
    let again = run(&["init", path]);
    ends(&again, 1);
    assert_eq!(stderr(&again), format!("error: `{path}` exists already, and is left as it is\n"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}

const WRONG: &str = r#"[plugins.tpc]
connect = ["tcp://any:443", "tcp://a.example"]

[plugins.tcp]
conect = []
write = ["/var/log"]
"#;

#[test]
fn check_reports_every_mistake_at_once() {
    let [_, file] = policy(WRONG);
    let output = run(&["check", &file]);
    ends(&output, 1);
    assert_eq!(stderr(&output), "");
    assert_eq!(
        stdout(&output).replace(&file, "policy.toml"),
        r#"error: there is no plugin `tpc`
 --> policy.toml:1:10
  |
1 | [plugins.tpc]
  |          ^^^
hint: did you mean `tcp`?

warning: `tcp://any:443` allows every name and every public address
 --> policy.toml:2:12
  |
2 | connect = ["tcp://any:443", "tcp://a.example"]
  |            ^^^^^^^^^^^^^^^
hint: name the hosts, as in `tcp://*.example.com:443`

error: the rule does not say which ports
 --> policy.toml:2:30
  |
2 | connect = ["tcp://any:443", "tcp://a.example"]
  |                              ^^^^^^^^^^^^^^^
hint: write `tcp://a.example:22`, or `tcp://a.example:*` for every port

error: unknown key `conect` in `[plugins.tcp]`
 --> policy.toml:5:1
  |
5 | conect = []
  | ^^^^^^
hint: did you mean `connect`?

error: `write` is not yet available in this version
 --> policy.toml:6:1
  |
6 | write = ["/var/log"]
  | ^^^^^
hint: take it out: a key that is not enforced is never accepted

policy.toml: 4 mistakes, 1 warning
"#
    );
    let output = run(&["check", "--json", &file]);
    ends(&output, 1);
    let found: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((&found["mistakes"], &found["warnings"]), (&json!(4), &json!(1)));
    assert_eq!(
        found["found"][0],
        json!({
            "severity": "error", "message": "there is no plugin `tpc`", "hint": "did you mean `tcp`?", "line": 1, "column": 10,
        })
    );
}

#[test]
fn check_passes_what_is_right_and_what_is_only_broad() {
    let [_, right] = policy(FILE);
    let output = run(&["check", &right]);
    ends(&output, 0);
    let told = stdout(&output);
    assert!(told.ends_with(&format!("\n{right}: no mistakes\n")), "{told}");
    assert!(told.lines().rev().skip(1).all(|line| line.starts_with("not listed: the tools of `")), "{told}");

    let [_, broad] = policy("[plugins.tcp]\nconnect = [\"tcp://any:*\"]\n");
    let output = run(&["check", &broad]);
    ends(&output, 0);
    assert!(stdout(&output).ends_with(": no mistakes, 1 warning\n"), "{}", stdout(&output));

    let mut child = cofferdam(&["check", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"[plugins.tcp]\nconnect = [\"${NO_SUCH}\"]\n").unwrap();
    let output = child.wait_with_output().unwrap();
    ends(&output, 1);
    assert!(stdout(&output).contains("error: the environment variable `NO_SUCH` is not set\n --> standard input:2:"));
}

#[test]
fn check_tells_rules_that_allow_nothing_and_passes_them() {
    let [_, file] = policy(
        "[plugins.tcp]\nread = [\"/var/log\"]\nconnect = [\"tcp://10.0.0.13:22\"]\n[deny]\nconnect = [\"tcp://10.0.0.0/8\"]\n",
    );
    let output = run(&["check", &file]);
    ends(&output, 0);
    let said = stdout(&output).replace(&file, "p.toml");
    for line in [
        "warning: the rule allows nothing: the manifest of `tcp` wants nothing of it\n --> p.toml:2:9\n",
        "warning: the rule allows nothing: `p.toml:5: tcp://10.0.0.0/8` denies all of it\n --> p.toml:3:12\n",
        "p.toml: no mistakes, 2 warnings\n",
    ] {
        assert!(said.contains(line), "{said}");
    }
}

#[test]
fn check_looks_at_plugins_without_running_them() {
    for (table, said) in [
        ("[plugins.tcp]\nsettings = { a = 1 }", "error: the policy has `settings` for it, and it takes none"),
        ("[plugins.own]\ncomponent = \"/no/such/file.wasm\"", "error: `/no/such/file.wasm`: No such file"),
    ] {
        let [_, file] = policy(table);
        let output = run(&["check", &file]);
        ends(&output, 1);
        assert!(stdout(&output).starts_with(said), "{}", stdout(&output));
        // Where it stands, not at the head of the table; also beside other mistakes.
        let [_, file] = policy(&format!("{table}\n[deny]\nconect = []\n"));
        let said = stdout(&run(&["check", &file])).replace(&file, "p.toml");
        assert!(said.contains("\n --> p.toml:2:1") && said.contains("unknown key `conect`"), "{said}");
        assert!(said.ends_with("p.toml: 2 mistakes\n"), "{said}");
    }
    // The machine's own servers are those that `system` means.
    let [_, file] = policy("[plugins.dns]\nresolve = [\"*.example.com\"]\nservers = [\"system\"]\n");
    let output = run(&["check", &file]);
    ends(&output, 0);
    assert!(stdout(&output).ends_with(": no mistakes\n"), "{}", stdout(&output));
    // A file that cannot be read is no policy, right or wrong.
    let output = run(&["check", "/no/such/policy.toml"]);
    ends(&output, 2);
    assert_eq!(stdout(&output), "");
    assert!(
        stderr(&output).starts_with("error: cannot read the policy `/no/such/policy.toml`: "),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_dry_run_shows_the_grants_and_limits_and_serves_nothing() {
    let output = run(&["serve", "--dry-run", LOCAL[0], LOCAL[1], "--deny-connect", "tcp://127.0.0.1:22"]);
    ends(&output, 0);
    let text = stdout(&output);
    let (head, table) = text.split_once('\n').unwrap();
    assert!(head.starts_with("tcp 0.1.0  shipped with Cofferdam, sha256:"), "{head}");
    let table = table.split_inclusive('\n').take_while(|line| *line != "\n").collect::<String>();
    assert_eq!(
        table,
        "  allowed --allow-connect tcp://localhost:*
  denied  --deny-connect tcp://127.0.0.1:22
  limit   memory               256 MiB  of one instance
  limit   connections             2048  open at the same time
  limit   descriptors             4096  of all instances
  limit   mailbox                 1024  calls that wait or run
  limit   call                    50 s  of one call
  limit   cpu                     10 s  without a pause
  limit   output                 4 MiB  of one answer
  limit   log_lines                 50  a second
  limit   calls_per_minute       60000  evenly
  limit   concurrent_calls        1024  calls that run
  limit   compile                2 min  of a compilation
  limit   lookups                  256  of names, under way
  limit   lookups_per_minute      3000  evenly
"
    );
    let text = stdout(&run(&["serve", "--dry-run"]));
    assert!(text.contains("  allowed nothing, until a rule allows it something\n"), "{text}");
    assert!(text.contains("  wants   tcp://any:*  (no rule allows any of it)\n"), "{text}");
}

#[test]
fn a_dry_run_shows_what_is_denied_whole_and_which_servers_are_asked() {
    let output = run(&["serve", "--dry-run", "--allow-read", "/var", "--deny-read", "/"]);
    assert!(stdout(&output).contains("  wants   read any  (no rule allows any of it)\n"), "{}", stdout(&output));
    let output = run(&["serve", "--dry-run", "--allow-resolve", "*.example.com"]);
    let said = "  allowed servers system (the host's own, as no rule names others)\n";
    assert!(stdout(&output).contains(said), "{}", stdout(&output));
}

#[test]
fn explain_refuses_a_policy_that_serve_does_not_start_with() {
    let [flag, file] = policy("[plugins.tpc]\nconnect = [\"tcp://localhost:1\"]\n");
    let output = run(&["explain", "tcp", "connect", "localhost:1", &flag, &file]);
    ends(&output, 2);
    assert!(stderr(&output).contains("there is no such plugin"), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
}

#[test]
fn a_dry_run_refuses_what_serving_would_refuse() {
    let text = "(component (import \"wasi:http/outgoing-handler@0.2.0\" (instance)))";
    let manifest = "name = \"hostile\"\nversion = \"1\"\nabi = \"0.1.0\"\nkind = \"plugin\"\n";
    let output = run(&["serve", "--dry-run", "--plugin", &component("dry_run", text, manifest)]);
    ends(&output, 1);
    let said = "imports `wasi:http/outgoing-handler@0.2.0`, which this version does not offer";
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
    ends(&run(&["serve", "--dry-run", LOCAL[0], LOCAL[1], "--plugin", &guest("dials")]), 0);
}

#[test]
fn flags_of_later_capabilities_are_refused_and_never_ignored() {
    let later = cofferdam_policy::flags().filter(|(_, status)| *status == cofferdam_policy::Status::NotYet);
    for flag in later.map(|(flag, _)| flag.name) {
        for command in [&["serve"][..], &["tools"], &["explain", "tcp", "connect", "a.example:1"]] {
            let output = run(&[command, &[flag, "/var/log"]].concat());
            ends(&output, 2);
            let said = format!("error: `{flag}` is not yet available in this version\n");
            assert!(stderr(&output).starts_with(&said), "{}", stderr(&output));
        }
    }
}

#[test]
fn itmcp_hosts_are_rules_when_asked_for_and_only_warned_about_otherwise() {
    let ask = |more: &[&str]| {
        let mut command = cofferdam(&[&["explain", "tcp", "connect", "router.example:23"], more].concat());
        command.env("ALLOWED_HOSTS", "10.0.0.1, Router.Example").env("USE_DOCKER", "true");
        command.output().unwrap()
    };
    let with = ask(&["--itmcp-env"]);
    ends(&with, 0);
    assert!(stdout(&with).contains("\nrule: ALLOWED_HOSTS Router.Example\n"), "{}", stdout(&with));
    assert!(stderr(&with).starts_with("warning: `USE_DOCKER` is not used"), "{}", stderr(&with));

    let without = ask(&[]);
    ends(&without, 1);
    assert!(stderr(&without).contains("warning: `ALLOWED_HOSTS` is set, and not used"), "{}", stderr(&without));
    assert!(!stderr(&without).contains("Router"), "{}", stderr(&without));

    let mut wrong = cofferdam(&["serve", "--dry-run", "--itmcp-env"]);
    let wrong = wrong.env("ALLOWED_HOSTS", "10.0.0.1,127.1").env("SSH_KEYS_PATH", "/keys").output().unwrap();
    ends(&wrong, 2);
    assert!(
        stderr(&wrong).contains("error: entry 2 of `ALLOWED_HOSTS` is not the name or the address of a host"),
        "{}",
        stderr(&wrong)
    );
}

#[test]
fn a_warning_of_a_server_that_starts_is_one_line() {
    let [flag, file] = policy("[plugins.tcp]\nconnect = [\"tcp://0.0.0.0/0:22\"]\n");
    let mut command = cofferdam(&["serve", &flag, &file, "--allow-resolve", "any"]);
    let output = command.env("USE_DOCKER", "1").stdin(Stdio::null()).output().unwrap();
    ends(&output, 0);
    let said = stderr(&output);
    let warnings: Vec<&str> = said.lines().filter(|line| line.starts_with("warning: ")).collect();
    assert!(warnings.len() >= 4, "{said}");
    assert!(warnings[0].contains("is a large part of the Internet (") && warnings[0].ends_with(":2:12)"), "{said}");
    assert!(warnings.iter().any(|line| line.contains("(--allow-resolve); hint: name them")), "{said}");
    let others = said.lines().filter(|line| !line.starts_with("warning: "));
    assert!(others.clone().all(|line| line.contains("cofferdam: ")), "{:?}", others.collect::<Vec<_>>());
}

/// Tag characters, which only a model reads, a filler, an override and a control.
const HARMFUL: &str = "\u{e0041}\u{e0042}\u{3164}\u{202e}\u{9b}";

#[test]
fn hidden_characters_of_others_reach_no_terminal() {
    let harmful = |text: &str| HARMFUL.chars().any(|c| text.contains(c));
    let [flag, file] = policy(&format!(
        "[plugins.tcp]\n\"conect{HARMFUL}\" = 1\n\"{HARMFUL}\" = 1\nconnect = [\"tcp://a{HARMFUL}.example\", \"tcp://{HARMFUL}\"]\n\
         [plugins.\"{HARMFUL}\"]\n[limits]\nmemory = \"{HARMFUL}\"\n"
    ));
    let checked = run(&["check", &file]);
    ends(&checked, 1);
    assert!(stdout(&checked).contains("unknown key `conect\u{fffd}"), "{}", stdout(&checked));
    assert!(!harmful(&stdout(&checked)) && !harmful(&stderr(&checked)), "{:?}", stdout(&checked));
    for command in [&["serve", "--dry-run"][..], &["tools"], &["explain", "tcp", "connect", "a:1"]] {
        let output = run(&[command, &[flag.as_str(), file.as_str()]].concat());
        ends(&output, 2);
        assert!(!harmful(&stderr(&output)), "{command:?}: {:?}", stderr(&output));
    }

    let (tool, object) = (format!("tcp{HARMFUL}"), format!("{{\"host\": {HARMFUL}}}"));
    let (behind, rule, path) = (format!("{HARMFUL}{{}}"), format!("tcp://{HARMFUL}:1"), format!("/a\u{9b}{HARMFUL}"));
    let quoted = [
        &["call", &tool][..],
        &["call", "tcp_connect", &object],
        &["call", "tcp_connect", &behind],
        &["explain", HARMFUL, "connect", "a:1"],
        &["explain", "tcp", HARMFUL, "a:1"],
        &["explain", "tcp", "connect", HARMFUL],
        &["explain", "tcp", "read", HARMFUL],
        &["tools", "--of", HARMFUL],
        &["serve", "--allow-connect", &rule],
        &["serve", "--allow-read", &path],
    ];
    for arguments in quoted {
        let output = run(arguments);
        ends(&output, 2);
        assert!(!harmful(&stdout(&output)) && !harmful(&stderr(&output)), "{arguments:?}: {:?}", stderr(&output));
    }
    // What is allowed is shown as well: a name in which IDNA leaves such a character out.
    let [flag, file] = policy("[plugins.tcp]\nconnect = [\"tcp://a\u{ad}b.example:22\"]\n");
    for command in [
        &["serve", "--dry-run"][..],
        &["tools"],
        &["explain", "tcp", "connect", "ab.example:22"],
        &["explain", "tcp", "connect", "ab.example:22", "--json"],
    ] {
        let output = run(&[command, &[flag.as_str(), file.as_str()]].concat());
        assert!(stdout(&output).contains("b.example"), "{command:?}: {}", stdout(&output));
        assert!(!stdout(&output).contains('\u{ad}'), "{command:?}: {:?}", stdout(&output));
    }
}
