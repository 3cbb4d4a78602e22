//! `cofferdam explain`: allowed or denied, by which line, after which steps, or what would allow
//! it; and that this is what a plugin meets.

use std::process::Output;

use serde_json::{Value, json};

use crate::policy_commands::{FILE, ends};
use crate::support::{Dns, Folder, Session, cofferdam, policy, run, stderr, stdout};

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
        (&["explain", "tcp", "connect", "a.example"], "error: the question does not say which port"),
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
    let said = "denied: plugin `tcp` may not ask `192.0.2.53:53` for `www.example.com`: the plugin's manifest does not want it\n";
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
fn what_explain_says_is_what_a_plugin_meets() {
    // Closed ports: a refusal by the machine is not one by the policy.
    let port = crate::support::closed_port();
    let rule = format!("tcp://127.0.0.1:{port}");
    let mut session = Session::serve(&["--allow-connect", &rule]);
    for (host, shown) in
        [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("localhost", "localhost"), ("10.9.8.7", "10.9.8.7")]
    {
        let told = run(&["explain", "tcp", "connect", &format!("{shown}:{port}"), "--allow-connect", &rule]);
        let answer = session.call("tcp_connect", json!({ "host": host, "port": port, "connect_timeout_ms": 2000 }));
        let denied = answer.text.contains("\"denied\"");
        assert_eq!(told.status.code(), Some(i32::from(denied)), "{host}: {}", answer.text);
    }
}

#[test]
fn what_explain_says_of_a_file_is_what_a_plugin_meets() {
    let home = Folder::new("explained");
    let given = home.path("given");
    let text =
        format!("[plugins.files]\nread = [\"{given}\"]\n[deny]\nread = [\"{given}/secret\", \"{given}/alias\"]\n");
    let policy = home.write("given/policy.toml", text);
    home.write("given/file", "x");
    home.write("given/secret/key", "x");
    home.write("given/really/key", "x");
    home.write("outside", "x");
    home.link("given/alias", "really");
    home.link("given/inside", "file");
    home.link("given/to-secret", "secret/key");
    home.link("given/out", "../outside");
    home.link("given/away", &home.path("outside"));
    home.link("given/back", &home.path("given/file"));
    home.pipe("given/pipe");
    let audit = home.path("given/audit.jsonl");
    let mut serve = cofferdam(&["serve", "--policy", &policy, "--audit", &audit]);
    serve.env("XDG_STATE_HOME", home.path("state")).env("XDG_CACHE_HOME", home.path("cache"));
    let mut session = Session::spawn(serve);
    session.initialize("2025-11-25");
    for (name, step) in [
        ("file", "yes   it is a regular file"),
        ("", "yes   it is a directory"),
        ("inside", "yes   it leads to `HOME/given/file`, a regular file"),
        ("back", "yes   it leads to `HOME/given/file`, a regular file"),
        ("pipe", "yes   it is a FIFO, which can be looked at but not read"),
        ("missing", "open  nothing is there now"),
        (
            "to-secret",
            "no    it leads to `HOME/given/secret/key`: a deny rule covers it, and deny wins: HOME/given/policy.toml:4: read HOME/given/secret",
        ),
        (
            "really/key",
            "no    it leads to `HOME/given/alias/key`: a deny rule covers it, and deny wins: HOME/given/policy.toml:4: read HOME/given/alias",
        ),
        ("out", "no    it leads out of the directories that may be read"),
        ("away", "no    it leads out of the directories that may be read"),
        ("policy.toml", "no    it is one of this program's own files"),
        ("audit.jsonl", "no    it is one of this program's own files"),
    ] {
        let path = home.path("given/") + name;
        let mut explain = cofferdam(&["explain", "files", "read", &path, "--policy", &policy, "--audit", &audit]);
        explain.env("XDG_STATE_HOME", home.path("state")).env("XDG_CACHE_HOME", home.path("cache"));
        let output = explain.output().unwrap();
        let told = stdout(&output);
        let expected = format!("  file      {}\n", step.replace("HOME", &home.path("")));
        assert!(told.contains(&expected), "{name}: {told}{expected}");
        let answer = session.call("cat_tool", json!({ "file_path": path }));
        let denied = answer.text.contains("\"not_allowed\"");
        assert_eq!(output.status.code(), Some(i32::from(denied)), "{name}: {told}\n{}", answer.text);
        assert_eq!(told.starts_with("denied: plugin `files` may not read "), denied, "{told}");
    }
}

#[test]
fn what_is_told_when_a_name_is_refused_is_what_explain_says() {
    // Without any rule to connect, the plugin would not even be linked to sockets.
    let policy = &["--allow-resolve", "any", "--allow-connect", "tcp://other.example:22"][..];
    let mut session = Session::serve(policy);
    let failure = session.call("tcp_connect", json!({ "host": "db.lab.example", "port": 22 }));
    assert_eq!(failure.failed("connection_failed")["reason"], "denied");
    session.log_has("`[plugins.tcp] connect = [\"tcp://db.lab.example:*\"]` would allow it");
    assert!(!session.log().contains("manifest"), "{}", session.log());
    let output = run(&[&["explain", "tcp", "connect", "db.lab.example:22"], policy].concat());
    assert!(stdout(&output).contains("`[plugins.tcp] connect = [\"tcp://db.lab.example:22\"]` would allow it"));
}
