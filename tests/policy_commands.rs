//! The commands about a policy: `init`, `check`, `explain`, `serve --dry-run`, and the flags and variables that make one. What
//! the policy language means is tested in its crate; here is what the program prints, and its exit codes.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::support::{Dns, LOCAL, Session, cofferdam, guest, policy, run, scratch, stderr, stdout};

const FILE: &str = r#"[plugins.tcp]
connect = [
  "tcp://*.lab.example:5432",
  { to = "tcp://db.corp.example:22", within = ["10.0.0.0/8"] },
  "tcp://10.0.0.0/8:22",
]
[deny]
connect = ["tcp://10.0.0.13"]
"#;

#[track_caller]
fn ends(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "stdout:\n{}\nstderr:\n{}", stdout(output), stderr(output));
}

/// `explain tcp …` under the policy.
fn explain(ask: &[&str]) -> Output {
    let [flag, file] = policy(FILE);
    run(&[&["explain", "tcp"], ask, &[flag.as_str(), file.as_str()]].concat())
}

/// The answer without the folder of the policy in it.
fn answer(output: &Output) -> String {
    let text = stdout(output);
    let folders = text.split([' ', '`']).filter_map(|word| Some(word.split_once("policy.toml")?.0.to_owned()));
    folders.fold(text.clone(), |text, folder| text.replace(&folder, ""))
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
    assert_eq!(stdout(&checked), format!("{path}: no mistakes\n"));
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
    assert_eq!(stdout(&output), format!("{right}: no mistakes\n"));

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
fn check_looks_at_plugins_without_running_them() {
    for (table, said) in [
        ("[plugins.tcp]\nsettings = { a = 1 }", "error: the policy has `settings` for it, and it takes none"),
        ("\n[plugins.own]\ncomponent = \"/no/such/file.wasm\"", "error: `/no/such/file.wasm`: No such file"),
    ] {
        let [_, file] = policy(table);
        let output = run(&["check", &file]);
        ends(&output, 1);
        assert!(stdout(&output).starts_with(said), "{}", stdout(&output));
    }
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
fn explain_says_by_which_line_something_is_allowed() {
    let output = explain(&["connect", "a.lab.example:5432"]);
    ends(&output, 0);
    assert_eq!(
        answer(&output),
        "\
allowed: plugin `tcp` may connect to `tcp://a.lab.example:5432`
rule: policy.toml:3: tcp://*.lab.example:5432
  deny      yes   no deny rule covers it
  rule      yes   policy.toml:3: tcp://*.lab.example:5432
  manifest  yes   the plugin's manifest wants it
  lookup    open  not looked up; `--resolve` does
  range     open  of its addresses may be dialled: public ones, unless a deny rule covers them
"
    );
    let output = explain(&["connect", "10.0.0.1:22"]);
    ends(&output, 0);
    assert_eq!(
        answer(&output),
        "\
allowed: plugin `tcp` may connect to `tcp://10.0.0.1:22`
rule: policy.toml:5: tcp://10.0.0.0/8:22
  deny      yes   no deny rule covers it
  rule      yes   policy.toml:5: tcp://10.0.0.0/8:22
  range     yes   it is a private address
  manifest  yes   the plugin's manifest wants it
"
    );
    ends(&explain(&["resolve", "a.lab.example"]), 0);
}

#[test]
fn explain_says_why_something_is_denied_and_what_would_allow_it() {
    let output = explain(&["connect", "[::1]:23"]);
    ends(&output, 1);
    assert_eq!(
        answer(&output),
        "\
denied: plugin `tcp` may not connect to `tcp://[::1]:23`: no rule covers it
  deny      yes   no deny rule covers it
  rule      no    no rule covers it
hint: `[plugins.tcp] connect = [\"tcp://[::1]:23\"]` would allow it, as would the flag `--allow-connect 'tcp://[::1]:23'`
"
    );
    let output = explain(&["connect", "10.0.0.13:22"]);
    ends(&output, 1);
    assert!(answer(&output).contains("rule: policy.toml:8: tcp://10.0.0.13\n"), "{}", answer(&output));
    ends(&explain(&["resolve", "lab.example"]), 1);
    ends(&explain(&["connect", "a.lab.example:22"]), 1);

    let output = explain(&["connect", "db.corp.example:23", "--json"]);
    ends(&output, 1);
    let it: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((&it["plugin"], &it["ask"]), (&json!("tcp"), &json!("connect tcp://db.corp.example:23")));
    assert_eq!((&it["allowed"], &it["reason"]), (&json!(false), &json!("port-not-granted")));
    assert_eq!((&it["rule"]["line"], &it["rule"]["text"]), (&json!(4), &json!("tcp://db.corp.example:22")));
    assert_eq!(it["suggestion"], "\"tcp://db.corp.example:23\"");
}

#[test]
fn explain_does_not_answer_what_it_does_not_know() {
    for (ask, said) in [
        (&["explain", "tcp", "conect", "a.example:1"][..], "error: `conect` is nothing that a plugin may ask for"),
        (&["explain", "tcp", "connect", "a.example"], "error: the rule does not say which ports"),
        (&["explain", "tpc", "connect", "a.example:1"], "error: there is no plugin `tpc`\nhint: known are `tcp`"),
        (
            &["explain", "tcp", "connect", "a.example:1", "--allow-connect", "x"],
            "error: a rule begins with its protocol",
        ),
    ] {
        let output = run(ask);
        ends(&output, 2);
        assert_eq!(stdout(&output), "");
        assert!(stderr(&output).starts_with(said), "{}", stderr(&output));
    }
}

#[test]
fn explain_denies_what_is_not_yet_available_and_says_so() {
    for ask in [&["listen", "8080"][..], &["write", "/var/log"], &["ssh", "root@a.example"], &["udp", "a.example:53"]] {
        let output = explain(ask);
        ends(&output, 1);
        let said =
            format!("denied: plugin `tcp` may not `{}`: it is not yet available in this version\n", ask.join(" "));
        assert!(stdout(&output).starts_with(&said), "{}", stdout(&output));
    }
}

#[test]
fn explain_answers_about_pings_names_servers_and_files() {
    // The plugin wants none of it: whatever the policy says, its manifest is the other key.
    for (ask, flag, value) in [
        (&["ping", "10.0.0.1"][..], "--allow-ping", "10.0.0.0/8"),
        (&["read", "/var/log/syslog"], "--allow-read", "/var/log"),
    ] {
        let output = run(&[&["explain", "tcp"], ask, &[flag, value]].concat());
        ends(&output, 1);
        assert!(stdout(&output).contains("the plugin's manifest does not want it"), "{}", stdout(&output));
        ends(&explain(ask), 1);
    }
    let output = explain(&["query", "www.example.com@192.0.2.53"]);
    ends(&output, 1);
    let said = "denied: plugin `tcp` may not ask `192.0.2.53:53` for `www.example.com`: no rule covers it\n";
    assert!(stdout(&output).starts_with(said), "{}", stdout(&output));
}

#[test]
fn a_name_that_cannot_be_looked_up_is_not_called_allowed() {
    let dns = Dns::new();
    let text = format!("{FILE}\n[names]\nservers = [\"{}\"]\n", dns.address);
    let [flag, file] = policy(&text);
    let ask = ["explain", "tcp", "connect", "a.lab.example:5432", "--resolve", &flag, &file];
    let output = run(&ask);
    ends(&output, 1);
    let said = stdout(&output);
    assert!(
        said.starts_with("unresolved: plugin `tcp` may connect to `tcp://a.lab.example:5432` as far as rules go, but "),
        "{said}"
    );
    assert!(said.contains("\n  lookup    no    "), "{said}");
    let json: Value = serde_json::from_str(&stdout(&run(&[&ask[..], &["--json"]].concat()))).unwrap();
    assert_eq!((&json["allowed"], &json["reason"]), (&json!(false), &json!("unresolved")));
}

#[test]
fn explain_looks_a_name_up_when_asked_to() {
    let dns = Dns::new();
    dns.set("db.corp.example", &["10.0.0.5", "10.0.0.13"]);
    let text = format!("{FILE}\n[names]\nservers = [\"{}\"]\n", dns.address);
    let [flag, file] = policy(&text);
    let output = run(&["explain", "tcp", "connect", "db.corp.example:22", "--resolve", &flag, &file]);
    ends(&output, 0);
    let answer = answer(&output);
    for line in [
        "rule: policy.toml:4: tcp://db.corp.example:22 within 10.0.0.0/8\n",
        "  range     yes   10.0.0.5 is a private address, and kept\n",
        "  deny      no    10.0.0.13 is left out: a deny rule covers it, and deny wins: policy.toml:8: tcp://10.0.0.13\n",
    ] {
        assert!(answer.contains(line), "{answer}");
    }
}

#[test]
fn a_dry_run_shows_the_grants_and_limits_and_serves_nothing() {
    let output = run(&["serve", "--dry-run", LOCAL[0], LOCAL[1], "--deny-connect", "tcp://127.0.0.1:22"]);
    ends(&output, 0);
    let text = stdout(&output);
    let (head, table) = text.split_once('\n').unwrap();
    assert!(head.starts_with("tcp 0.1.0  shipped with Cofferdam, sha256:"), "{head}");
    assert_eq!(
        table,
        "  allowed --allow-connect tcp://localhost:*
  denied  --deny-connect tcp://127.0.0.1:22
  limit   memory             256 MiB  of one instance
  limit   connections           2048  open at the same time
  limit   mailbox               1024  calls that wait or run
  limit   call                  60 s  of one call
  limit   cpu                   10 s  without a pause
  limit   output               4 MiB  of one answer
  limit   log_lines               50  a second
  limit   calls_per_minute     60000  evenly
  limit   concurrent_calls      1024  calls that run
"
    );
    let text = stdout(&run(&["serve", "--dry-run"]));
    assert!(text.contains("  allowed nothing, until a rule allows it something\n"), "{text}");
    assert!(text.contains("  wants   tcp://any:*  (no rule allows any of it)\n"), "{text}");
}

#[test]
fn a_dry_run_refuses_what_serving_would_refuse() {
    let output = run(&["serve", "--dry-run", "--plugin", &guest("dials")]);
    ends(&output, 1);
    let said = "which the operator's policy does not grant (no `connect` rule for it)";
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
    ends(&run(&["serve", "--dry-run", LOCAL[0], LOCAL[1], "--plugin", &guest("dials")]), 0);
}

#[test]
fn flags_of_later_capabilities_are_refused_and_never_ignored() {
    for flag in cofferdam_policy::LATER_FLAGS {
        for command in [&["serve"][..], &["tools"], &["explain", "tcp", "connect", "a.example:1"]] {
            let output = run(&[command, &[*flag, "/var/log"]].concat());
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
    assert!(stderr(&wrong).contains("error: `ALLOWED_HOSTS`: `127.1` is an unusual spelling"), "{}", stderr(&wrong));
}

#[test]
fn what_explain_says_is_what_a_plugin_meets() {
    // Closed ports: a refusal by the machine is not one by the policy.
    let port = crate::support::closed_port();
    let rule = format!("tcp://127.0.0.1:{port}");
    let mut session = Session::serve(&["--allow-connect", &rule]);
    for (host, shown) in
        [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("localhost", "localhost"), ("10.9.8.7", "10.9.8.7")]
    {
        let told = run(&["explain", "tcp", "connect", &format!("{shown}:{port}"), "--allow-connect", &rule]);
        let answer = session.call("tcp_connect", json!({ "host": host, "port": port, "timeout": 2 }));
        let denied = answer.text.contains("\"denied\"");
        assert_eq!(told.status.code(), Some(i32::from(denied)), "{host}: {}", answer.text);
    }
}
