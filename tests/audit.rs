//! The audit, through the real binary: what is in the file, that an edit is found, and
//! that nothing happens that cannot be recorded (I5). The chain itself is tested where
//! it lives, in `host/audit`.

/// A disk that is full, at the start and in the middle.
mod full;

/// Limits that are hit, each with its line.
mod limits;

/// Asks that cannot be recorded; a log of another key.
mod unrecorded;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

use crate::support::{LOCAL, Peer, Session, cofferdam, component, eventually, scratch};

/// A server's state folder, and a log elsewhere.
struct LogFolder(PathBuf);

impl LogFolder {
    fn new() -> Self {
        Self(scratch("audit"))
    }

    fn log(&self) -> String {
        self.0.join("audit.jsonl").display().to_string()
    }

    fn serve(&self, arguments: &[&str]) -> Session {
        let mut session = self.bare(arguments);
        session.initialize("2025-11-25");
        session
    }

    fn bare(&self, arguments: &[&str]) -> Session {
        let mut command = cofferdam(&["serve"]);
        command.args(arguments).env("XDG_STATE_HOME", self.0.join("state"));
        Session::spawn(command)
    }

    /// A server that writes the log.
    fn audited(&self, arguments: &[&str]) -> Session {
        let log = self.log();
        self.serve(&[&["--audit", &log], arguments].concat())
    }

    fn run(&self, arguments: &[&str]) -> Output {
        cofferdam(arguments).env("XDG_STATE_HOME", self.0.join("state")).output().unwrap()
    }

    /// The exit code and the text of `audit verify`.
    fn verify(&self, log: &str) -> (i32, String) {
        let output = self.run(&["audit", "verify", log]);
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    }

    #[track_caller]
    fn sound(&self) -> String {
        let (code, text) = self.verify(&self.log());
        assert!(code == 0 && text.starts_with("ok: "), "{code}: {text}");
        text
    }

    fn events(&self) -> Vec<Value> {
        events(Path::new(&self.log()))
    }
}

fn events(log: &Path) -> Vec<Value> {
    fs::read_to_string(log).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn dial(session: &mut Session, port: u16) -> Value {
    session.call("tcp_connect", json!({ "host": "127.0.0.1", "port": port })).json()
}

#[test]
fn i5_a_call_a_refusal_and_an_end_are_in_the_file() {
    let (place, peer, other) = (LogFolder::new(), Peer::echo(), Peer::echo());
    let rule = format!("tcp://127.0.0.1:{}", peer.port());
    let mut session = place.audited(&["--allow-connect", &rule]);
    assert_eq!(dial(&mut session, peer.port())["status"], "connected");
    assert_eq!(dial(&mut session, other.port())["reason"], "denied");
    session.close();

    let events = place.events();
    let kinds: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!((kinds[0], kinds[1], kinds[kinds.len() - 1]), ("opened", "policy", "checkpoint"), "{kinds:?}");
    let find = |kind: &str, key: &str, value: &Value| {
        events.iter().find(|event| event["event"] == kind && &event[key] == value).unwrap()
    };
    let started = find("call_started", "call", &json!(1));
    assert_eq!((&started["principal"], &started["tool"]), (&json!("local"), &json!("tcp_connect")));
    assert!(started["digest"].as_str().unwrap().len() == 64 && started["arguments"].as_str().unwrap().len() == 32);
    let allowed = find("ask", "resource", &json!(rule));
    assert_eq!(
        (&allowed["decision"], &allowed["rule"]),
        (&json!("allowed"), &json!(format!("--allow-connect {rule}")))
    );
    let denied = find("ask", "resource", &json!(format!("tcp://127.0.0.1:{}", other.port())));
    assert_eq!(denied["decision"], "denied");
    assert_eq!(find("call_ended", "call", &json!(1))["reason"], "ok");
    let ended = find("call_ended", "call", &json!(2));
    assert!(ended["duration_us"].as_u64().unwrap() > 0 && ended["bytes_out"].as_u64().unwrap() > 0, "{ended}");
    let seqs: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=events.len() as u64).collect::<Vec<_>>());
    assert!(place.sound().contains("This proves nothing against whoever holds the key"));
}

#[test]
fn a_file_is_shown_line_by_line() {
    let (place, peer) = (LogFolder::new(), Peer::echo());
    let mut session = place.audited(&LOCAL);
    dial(&mut session, peer.port());
    session.close();
    let log = place.log();
    let text = |arguments: &[&str]| String::from_utf8(place.run(arguments).stdout).unwrap();
    let shown = text(&["audit", "show", &log]);
    let dialled = format!(" ask           #1 allowed tcp tcp://127.0.0.1:{}", peer.port());
    assert!(shown.contains(&dialled), "{shown}");
    assert_eq!(shown.lines().count(), place.events().len());
    assert_eq!(text(&["audit", "show", "--json", &log]), fs::read_to_string(&log).unwrap());
    let tail = text(&["audit", "tail", "-n", "2", &log]);
    assert_eq!(
        tail.lines().collect::<Vec<_>>(),
        shown.lines().rev().take(2).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>()
    );
    assert_eq!(place.run(&["audit", "show", "gone.jsonl"]).status.code(), Some(1));
}

#[test]
fn an_edit_is_found_and_its_line_named() {
    let (place, peer) = (LogFolder::new(), Peer::echo());
    let mut session = place.audited(&LOCAL);
    dial(&mut session, peer.port());
    session.close();
    place.sound();
    let (log, text) = (place.log(), fs::read_to_string(place.log()).unwrap());
    let at = text.lines().position(|line| line.contains("\"ask\"")).unwrap() + 1;
    fs::write(&log, text.replacen("\"allowed\"", "\"denied\"", 1)).unwrap();
    let (code, said) = place.verify(&log);
    assert!(code == 1 && said.starts_with(&format!("not ok: {log}:{at}: ")), "{code}: {said}");
    // Cut off at its end.
    fs::write(&log, text.lines().take(3).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    let (code, said) = place.verify(&log);
    assert!(code == 1 && said.contains("its end is cut off"), "{code}: {said}");
    fs::write(&log, text).unwrap();
    place.sound();
}

#[test]
fn a_server_that_is_killed_loses_nothing_and_the_next_goes_on() {
    let (place, peer) = (LogFolder::new(), Peer::echo());
    let mut session = place.audited(&LOCAL);
    for _ in 0..5 {
        dial(&mut session, peer.port());
    }
    session.signal("-KILL");
    session.wait();
    let before = place.events();
    assert_eq!(before.iter().filter(|event| event["event"] == "call_ended").count(), 5);
    place.sound();
    // Killed inside a write.
    let mut text = fs::read(place.log()).unwrap();
    text.extend(b"{\"seq\":99,\"ti");
    fs::write(place.log(), text).unwrap();
    assert!(place.sound().contains("note: "), "{}", place.sound());
    let mut session = place.audited(&LOCAL);
    dial(&mut session, peer.port());
    session.close();
    let said = place.sound();
    assert!(said.contains("13 bytes of an event that was never acknowledged: a crash"), "{said}");
}

#[test]
fn i5_nothing_is_granted_that_cannot_be_written() {
    let (place, peer) = (LogFolder::new(), Peer::echo());
    let mut session = place.serve(&[&["--audit", "/dev/full"], &LOCAL[..]].concat());
    for _ in 0..3 {
        let answer = session.call("tcp_connect", json!({ "host": "127.0.0.1", "port": peer.port() }));
        assert_eq!(answer.failed("audit_failed")["message"], "the audit log cannot be written, so nothing is granted");
    }
    assert_eq!(peer.accepted(), 0);
    session.log_has("the audit file cannot be written file=/dev/full");
}

#[test]
fn a_file_has_one_writer() {
    let place = LogFolder::new();
    let first = place.audited(&[]);
    let log = place.log();
    eventually("the first server has the file", || Path::new(&log).exists());
    let mut second = place.bare(&["--audit", &log]);
    let (status, said) = second.wait();
    assert_eq!(status.code(), Some(1));
    assert!(said.contains(&format!("error: the audit file `{log}` is in use by another process")), "{said}");
    drop(first);
    let mut nowhere = place.bare(&["--audit", &place.0.join("gone/audit.jsonl").display().to_string()]);
    assert_eq!(nowhere.wait().0.code(), Some(1));
}

#[test]
fn servers_without_a_file_each_have_one() {
    let place = LogFolder::new();
    let (first, second) = (place.serve(&[]), place.serve(&[]));
    second.log_has("another server writes");
    let own = format!("audit-{}.jsonl", second.pid());
    first.close();
    second.close();
    for name in ["audit.jsonl", own.as_str()] {
        let log = place.0.join("state/cofferdam").join(name);
        assert_eq!(events(&log)[1]["event"], "policy");
        let (code, said) = place.verify(&log.display().to_string());
        assert_eq!(code, 0, "{said}");
    }
    // Without a file, the default one is meant.
    assert_eq!(place.run(&["audit", "verify"]).status.code(), Some(0));
}

#[test]
fn a_call_from_the_command_line_is_written_where_it_is_asked_for() {
    let (place, peer) = (LogFolder::new(), Peer::echo());
    let arguments = json!({ "host": "127.0.0.1", "port": peer.port() }).to_string();
    let log = place.log();
    let output = place.run(&["call", "tcp_connect", &arguments, LOCAL[0], LOCAL[1], "--audit", &log]);
    assert!(output.status.success());
    assert!(place.events().iter().any(|event| event["event"] == "call_ended"));
    place.sound();
}

#[test]
fn a_log_can_be_followed() {
    use std::io::{BufRead, BufReader};
    let (place, peer) = (LogFolder::new(), Peer::echo());
    let mut session = place.audited(&LOCAL);
    let mut command = cofferdam(&["audit", "tail", "-n", "1", "--follow", &place.log()]);
    let mut follower = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let (sender, lines) = std::sync::mpsc::channel();
    let stdout = follower.stdout.take().unwrap();
    std::thread::spawn(move || {
        BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    dial(&mut session, peer.port());
    let patience = std::time::Duration::from_secs(10);
    while !lines.recv_timeout(patience).expect("the end of the call").contains("call_ended") {}
    let interrupt = std::process::Command::new("kill").args(["-INT", &follower.id().to_string()]).status();
    assert!(interrupt.unwrap().success());
    assert_eq!(follower.wait().unwrap().code(), Some(0));
}

#[test]
fn an_ask_says_whose_call_it_was_also_when_calls_overlap() {
    let (place, peer) = (LogFolder::new(), Peer::echo());
    let mut session = place.audited(&LOCAL);
    let dials: Vec<u64> = (0..8)
        .map(|n| session.post_call("tcp_connect", json!({ "host": format!("127.0.0.{}", n + 1), "port": peer.port() })))
        .collect();
    for id in dials {
        session.answer_to(&json!(id));
    }
    session.close();
    let events = place.events();
    let asks: Vec<&Value> = events.iter().filter(|event| event["event"] == "ask").collect();
    assert!(asks.len() >= 8, "{asks:?}");
    for ask in &asks {
        let call = events.iter().find(|event| event["event"] == "call_started" && event["call"] == ask["call"]);
        let call = call.unwrap_or_else(|| panic!("no call of {ask}"));
        assert_eq!((&ask["principal"], &ask["client"]), (&json!("local"), &call["client"]));
        assert!(call["client"].as_str().is_some_and(|client| client.starts_with("tests ")), "{call}");
    }
    // Each call dialled an address of its own: no two of the eight share their asks.
    let of =
        |resource: &str| asks.iter().find(|ask| ask["resource"] == resource).map(|ask| ask["call"].as_u64().unwrap());
    let mut calls: Vec<_> = (1..=8).map(|n| of(&format!("tcp://127.0.0.{n}:{}", peer.port())).unwrap()).collect();
    calls.sort_unstable();
    calls.dedup();
    assert_eq!(calls, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn arguments_are_in_clear_only_where_that_was_asked_for() {
    for (flags, clear) in [(&[][..], false), (&["--audit-arguments"][..], true)] {
        let place = LogFolder::new();
        let mut session = place.audited(&[&LOCAL[..], flags].concat());
        session.call("tcp_buffer_info", json!({ "connection_id": "swordfish" })).failed("not_found");
        session.close();
        let started = place.events().into_iter().find(|event| event["event"] == "call_started").unwrap();
        assert_eq!(started["arguments"].as_str().unwrap().len(), 32);
        assert_eq!(started["clear"], if clear { json!(r#"{"connection_id":"swordfish"}"#) } else { Value::Null });
        assert_eq!(fs::read_to_string(place.log()).unwrap().contains("swordfish"), clear);
        place.sound();
    }
}

#[test]
fn a_call_with_wrong_arguments_and_a_plugin_that_is_not_loaded_have_their_lines() {
    let place = LogFolder::new();
    let mut session = place.audited(&LOCAL);
    session.call("tcp_connect", json!({ "host": 7 })).failed("invalid_argument");
    session.close();
    let events = place.events();
    let ended = events.iter().find(|event| event["event"] == "call_ended").unwrap();
    assert_eq!(
        (&ended["reason"], &ended["call"], &ended["tool"]),
        (&json!("invalid_argument"), &json!(1), &json!("tcp_connect"))
    );
    assert!(!events.iter().any(|event| event["event"] == "call_started"), "no guest saw it");

    // It imports what no version offers.
    let place = LogFolder::new();
    let text = "(component (import \"wasi:http/outgoing-handler@0.2.0\" (instance)))";
    let manifest = "name = \"hostile\"\nversion = \"1\"\nabi = \"0.1.0\"\nkind = \"plugin\"\n";
    let mut refused = place.bare(&["--audit", &place.log(), "--plugin", &component("asks_for_http", text, manifest)]);
    assert_eq!(refused.wait().0.code(), Some(1));
    let events = place.events();
    let line = events.iter().find(|event| event["event"] == "load_refused").unwrap_or_else(|| panic!("{events:?}"));
    assert_eq!(line["plugin"], "hostile");
    assert!(line["detail"].as_str().unwrap().contains("does not offer"), "{line}");
    place.sound();
}

#[test]
fn calls_that_have_an_instance_each_end_in_good_order() {
    let place = LogFolder::new();
    let file = place.0.join("followed");
    fs::write(&file, "line\n").unwrap();
    let follow = json!({ "file_path": file, "follow": true, "seconds": 40 });
    let granted = ["--allow-read".to_owned(), place.0.display().to_string()];
    let mut session = place.audited(&[&granted[0], &granted[1]]);
    let cancelled = session.post_call("tail_tool", follow.clone());
    let running = session.post_call("tail_tool", follow);
    let reads = |call: u64| place.events().iter().any(|event| event["event"] == "ask" && event["call"] == call);
    eventually("both read", || reads(1) && reads(2));
    session
        .send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": cancelled } }));
    eventually("one is cancelled", || place.events().iter().any(|event| event["event"] == "call_ended"));
    session.signal("-TERM");
    session.called(running).failed("shutting_down");
    session.wait();
    let events = place.events();
    let ends: Vec<&str> = events
        .iter()
        .filter(|event| event["event"] == "call_ended")
        .map(|event| event["reason"].as_str().unwrap())
        .collect();
    assert_eq!(ends, ["cancelled", "shutting_down"]);
    assert!(!events.iter().any(|event| event["event"] == "instance_lost"), "{events:?}");
    place.sound();
}

#[test]
fn a_pipe_as_the_file_ends_the_start() {
    let place = LogFolder::new();
    let pipe = place.0.join("pipe").display().to_string();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (status, said) = place.bare(&["--audit", &pipe]).wait();
    assert_eq!(status.code(), Some(1));
    assert!(said.contains("is neither a regular file nor a character device"), "{said}");
}

#[test]
fn a_state_folder_that_others_could_write_is_closed_to_them() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = LogFolder::new();
    let state = place.0.join("state/cofferdam");
    fs::create_dir_all(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).unwrap();
    let session = place.audited(&[]);
    session.log_has("where the audit key is: it is closed to them now");
    assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o700);
}
