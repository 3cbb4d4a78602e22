//! The command line: what each command prints where, and the exit codes that scripts rely on (0
//! done, 1 failed, 2 misused). What `serve` says to its client is everybody else's test; here is
//! what it reads, and what it does not.

/// `cofferdam call`.
mod calls;
/// What is embedded, and when it is unpacked.
mod embedded;

/// The log.
mod logged;

use std::fs;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::support::{ALL, LOCAL, Peer, Session, closed_port, cofferdam, run, scratch, shipped, stderr, stdout};

/// The command ends with this code, and says nothing on the other of the two streams.
#[track_caller]
fn ends(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "stdout:\n{}\nstderr:\n{}", stdout(output), stderr(output));
    if code == 2 {
        assert_eq!(stdout(output), "", "what is misused answers on standard error only");
    }
}

/// Ends with code 2 and exactly this message.
#[track_caller]
fn misused(arguments: &[&str], message: &str) {
    let output = run(arguments);
    ends(&output, 2);
    assert_eq!(stderr(&output).trim_end(), message.trim_end(), "{arguments:?}");
}

#[test]
fn help_and_version_are_no_errors() {
    for arguments in [
        &["--help"][..],
        &["serve", "--help"],
        &["call", "--help"],
        &["tools", "-h"],
        &["demo", "--help"],
        &["--version"],
    ] {
        let output = run(arguments);
        ends(&output, 0);
        assert_eq!(stderr(&output), "", "{arguments:?}");
        assert!(!stdout(&output).contains('\u{1b}'), "colours in a pipe: {arguments:?}");
    }
    assert_eq!(stdout(&run(&["--version"])), format!("cofferdam {}\n", env!("CARGO_PKG_VERSION")));
    assert!(stdout(&run(&["--help"])).contains("cofferdam serve --allow-connect 'tcp://localhost:*'"));
}

#[test]
fn tools_lists_what_each_plugin_may_do() {
    let output = run(&["tools", LOCAL[0], LOCAL[1], "--deny-connect", "tcp://127.0.0.1:22"]);
    ends(&output, 0);
    let text = stdout(&output);
    for plugin in shipped::plugins() {
        assert!(text.contains(&format!("{plugin} 0.1.0  shipped with Cofferdam, sha256:")), "{text}");
    }
    for line in ["  allowed --allow-connect tcp://localhost:*", "  denied  --deny-connect tcp://127.0.0.1:22"] {
        assert!(text.contains(line), "`{line}` is not in:\n{text}");
    }
    assert!(
        text.contains("limits  memory 256 MiB, connections 2048, descriptors 4096, mailbox 1024, call 50 s"),
        "{text}"
    );
    assert_eq!(
        text.lines().filter(|line| line.starts_with("  tcp_") || line.starts_with("  handlers_list")).count(),
        shipped::tools_of("tcp").len(),
        "{text}"
    );
    assert!(!text.contains('\u{1b}'), "colours in a pipe");
    assert_eq!(stderr(&output), "");

    let text = stdout(&run(&["tools"]));
    assert!(text.contains("  allowed nothing, until a rule allows it something"), "{text}");
    let output = run(&["tools", "--of", "nix"]);
    ends(&output, 2);
    let said = stderr(&output);
    assert!(said.starts_with("error: there is no plugin `nix`\nhint: known are "), "{said}");
    for plugin in shipped::plugins() {
        assert!(said.contains(&format!("`{plugin}`")), "`{plugin}` is not in: {said}");
    }
}

#[test]
fn tools_as_json_are_what_a_client_is_told() {
    let output = run(&["tools", "--json"]);
    ends(&output, 0);
    let printed: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let mut session = Session::serve(&ALL);
    let listed = session.request("tools/list", json!({}))["result"]["tools"].clone();
    let printed = printed.as_array().unwrap();
    assert_eq!(printed.len(), listed.as_array().unwrap().len());
    for tool in listed.as_array().unwrap() {
        let same = printed.iter().find(|printed| printed["name"] == tool["name"]).unwrap();
        for key in ["title", "description"] {
            assert_eq!(same[key], tool[key], "`{key}` of {}", tool["name"]);
        }
        // A client gets fewer words of a schema, and the same arguments.
        let names = |tool: &Value| -> Vec<String> {
            tool["inputSchema"]["properties"].as_object().unwrap().keys().cloned().collect()
        };
        assert_eq!((names(same), &same["inputSchema"]["required"]), (names(tool), &tool["inputSchema"]["required"]));
    }
}

#[test]
fn the_embedded_definitions_are_those_of_the_component() {
    for plugin in shipped::plugins() {
        // With rules for everything: without one, the embedded definitions say which tools
        // are not listed, and why.
        let embedded = run(&[&["tools", "--json", "--of", &plugin][..], &ALL].concat());
        let fresh = run(&["tools", "--json", "--of", &plugin, "--fresh"]);
        ends(&embedded, 0);
        ends(&fresh, 0);
        let hint =
            format!("make them anew: cofferdam tools --json --of {plugin} --fresh > plugins/{plugin}/tools.json");
        assert!(stdout(&embedded) == stdout(&fresh), "{hint}");
    }
}

#[test]
fn the_demonstration_keeps_its_promises() {
    let output = run(&["demo"]);
    ends(&output, 0);
    let text = stdout(&output);
    for part in [
        "→ initialize",
        &format!("{} tools", shipped::local_tools().len()),
        "→ tcp_set_trigger",
        "THANKS for 3 PONGs",
        "HTTP/1.1 200 OK",
        "connection_failed",
        "reason: denied",
        "the third server has seen 0 connections",
        "hint: `[plugins.tcp] connect = ",
        "8 calls, 7 answered, 1 refused as it should be",
    ] {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
    assert!(!text.contains("not so:") && !text.contains('\u{1b}'), "{text}");
    assert_eq!(stderr(&output), "");
}

#[test]
fn a_policy_file_is_read_and_every_mistake_of_it_told_at_once() {
    let file = scratch("policy").join("bad.toml");
    fs::write(
        &file,
        "[plugins.tcp]\nconect = [\"tcp://localhost:*\"]\nconnect = [\"tcp://127.1:22\", \"localhost:80\"]\nwrite = [\"/var/log\"]\n\n\
         [limits]\ncall = 60\n",
    )
    .unwrap();
    let path = file.display().to_string();
    let expected = format!(
        r#"error: unknown key `conect` in `[plugins.tcp]`
 --> {path}:2:1
  |
2 | conect = ["tcp://localhost:*"]
  | ^^^^^^
hint: did you mean `connect`?

error: `127.1` is an unusual spelling of an address
 --> {path}:3:19
  |
3 | connect = ["tcp://127.1:22", "localhost:80"]
  |                   ^^^^^
hint: if you meant the address, write `tcp://127.0.0.1:22`

error: a rule begins with its protocol
 --> {path}:3:31
  |
3 | connect = ["tcp://127.1:22", "localhost:80"]
  |                               ^^^^^^^^^^^^
hint: write `tcp://localhost:80`

error: `write` is not yet available in this version
 --> {path}:4:1
  |
4 | write = ["/var/log"]
  | ^^^^^
hint: take it out: a key that is not enforced is never accepted

error: `call` needs a unit
 --> {path}:7:8
  |
7 | call = 60
  |        ^^
hint: write it as `"60 s"`"#
    );
    for command in [&["serve"][..], &["tools"], &["call", "tcp_list_connections"]] {
        let arguments: Vec<&str> = command.iter().copied().chain(["--policy", &path]).collect();
        misused(&arguments, &expected);
    }
    // And those of the flags with them.
    let output = run(&["serve", "--policy", &path, "--allow-connect", "tcp://0x7f.1:80", "--deny-connect", "nonsense"]);
    ends(&output, 2);
    let all = stderr(&output);
    assert!(all.starts_with(&expected), "{all}");
    assert_eq!(all.matches("error: ").count(), 7, "{all}");
    assert!(all.contains("--> --allow-connect") && all.contains("--> --deny-connect"), "{all}");
}

#[test]
fn a_policy_that_cannot_be_read_starts_nothing() {
    let folder = scratch("policy");
    let gone = folder.join("gone.toml").display().to_string();
    misused(
        &["serve", "--policy", &gone],
        &format!("error: cannot read the policy `{gone}`: No such file or directory (os error 2)"),
    );
    for (name, bytes) in [("binary.toml", &b"\xff\xfe\x00"[..]), ("broken.toml", b"[plugins.tcp\n")] {
        let file = folder.join(name);
        fs::write(&file, bytes).unwrap();
        let output = run(&["serve", "--policy", &file.display().to_string()]);
        ends(&output, 2);
        assert!(stderr(&output).starts_with("error: ") && stderr(&output).contains(name), "{}", stderr(&output));
    }
}

#[test]
fn nothing_in_the_working_directory_is_read() {
    let peer = Peer::echo();
    let folder = scratch("project");
    // Clients start servers inside other people's projects: whatever these are named, they grant
    // nothing and break nothing.
    let policy = "[plugins.tcp]\nconnect = [\"tcp://any:*\", \"tcp://localhost:*\"]\n";
    for (name, text) in [
        ("cofferdam.toml", policy),
        (".cofferdam.toml", policy),
        ("policy.toml", policy),
        ("cofferdam.lock", "{"),
        (".env", "COFFERDAM_POLICY=cofferdam.toml\n"),
        ("tcp.wasm", "not a component"),
        ("plugin.toml", "name = \"evil\""),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
    fs::create_dir_all(folder.join("plugins")).unwrap();
    fs::write(folder.join("plugins/evil.wasm"), "not a component").unwrap();

    let mut command = cofferdam(&["serve"]);
    command.current_dir(&folder);
    let mut session = Session::spawn(command);
    session.initialize("2025-11-25");
    let arguments = json!({ "host": "127.0.0.1", "port": peer.port() });
    let answer = session.call("tcp_connect", arguments.clone());
    assert!(answer.is_error && answer.text.contains("denied"), "{}", answer.text);
    assert_eq!(session.request("tools/list", json!({}))["result"]["tools"], json!([]));

    let mut command = cofferdam(&["serve", "--allow-connect", &format!("tcp://127.0.0.1:{}", closed_port())]);
    command.current_dir(&folder).env("COFFERDAM_POLICY", "cofferdam.toml");
    let mut session = Session::spawn(command);
    session.initialize("2025-11-25");
    assert_eq!(session.call("tcp_connect", arguments).failed("connection_failed")["reason"], "denied");
    assert_eq!(peer.accepted(), 0);
    let written: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(written.len(), 8, "the server leaves nothing behind: {written:?}");
}

#[test]
fn a_reader_that_has_gone_is_no_panic() {
    for arguments in ["tools --json", "--help", "demo"] {
        let line = format!("'{}' {arguments} | true", env!("CARGO_BIN_EXE_cofferdam"));
        let mut shell = Command::new("sh");
        shell.args(["-c", &line]).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", env!("CARGO_TARGET_TMPDIR"));
        let output = shell.stdin(Stdio::null()).output().unwrap();
        assert!(!stderr(&output).contains("panicked"), "{arguments}: {}", stderr(&output));
    }
}
