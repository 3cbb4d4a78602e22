//! Interoperability: the official MCP clients against the binary, and real servers at the
//! other end of its connections. They are fetched once (`cofferdam_xtask::peers`); one that
//! cannot be had fails its tests.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use cofferdam_xtask::{peers, stderr_progress};
use serde_json::{Value, json};

use crate::support::{ALL, Claim, Clock, Folder, Peer, Server, Session, closed_port, eventually, scratch, shipped};

const BINARY: &str = env!("CARGO_BIN_EXE_cofferdam");

/// A server of somebody else's, ended with the test.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).spawn().unwrap())
    }

    /// Waits until it listens.
    #[track_caller]
    fn listens(&mut self, port: u16) {
        eventually(&format!("somebody listens on port {port}"), || {
            assert!(self.0.try_wait().unwrap().is_none(), "the server has ended");
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a client to its end, which comes by itself: each has deadlines of its own.
#[track_caller]
fn finish(command: &mut Command) -> (Value, Output) {
    let output = command.env("HOME", env!("CARGO_TARGET_TMPDIR")).stdin(Stdio::null()).output().unwrap();
    let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        panic!("{error}: {stdout}\n{stderr}")
    });
    (json, output)
}

fn python(requirement: &str) -> PathBuf {
    peers::python(requirement, &mut stderr_progress()).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs a whole session of the official Python client.
#[track_caller]
fn python_session(requirement: &str, mode: &str, protocol: &str) {
    let peer = Peer::echo();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/python_client.py");
    let mut client = Command::new(python(requirement));
    let folder = Folder::new("python");
    let file = folder.write("read/file", "a line\n");
    client.arg(script).args([mode, &peer.port().to_string(), &file, BINARY, "serve"]).args(ALL);
    client.args(["--allow-read", &folder.path("read")]);
    let (said, output) = finish(&mut client);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said["protocol"], protocol);

    let listed: BTreeSet<String> =
        said["tools"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    assert_eq!(listed, shipped::tools());
    let answers = said["answers"].as_array().unwrap();
    let called: BTreeSet<String> = answers.iter().map(|answer| answer[0].as_str().unwrap().to_owned()).collect();
    assert_eq!(called, shipped::tools_of("tcp"), "every tool of the plugin was called");
    let errors: Vec<&Value> = answers.iter().filter(|answer| answer[1] == true).collect();
    let expected = json!(["tcp_send", true, { "error": "not_found", "message": "Connection one not found" }]);
    assert_eq!(errors, [&expected]);
    assert_eq!(answers[3][2]["data"], "hello PING\nPING 7\nPONG 7", "{}", answers[3]);
    assert_eq!(answers[6][2]["triggers"][0]["fired"], 1, "{}", answers[6]);
    assert!(!said["progress"].as_array().unwrap().is_empty(), "a long wait reports its progress");
    assert_eq!(peer.accepted(), 3);
    let shown = said["shown"].as_array().unwrap();
    assert_eq!(shown.len(), 7, "{said}");
    assert_eq!(shown[4], json!(["grep_tool", "1:a line\n"]));
}

#[test]
fn the_official_python_client_1_lists_and_calls() {
    python_session(peers::PYTHON[0], "legacy", "2025-11-25");
}

#[test]
fn the_official_python_client_2_lists_and_calls_after_a_handshake() {
    python_session(peers::PYTHON[1], "legacy", "2025-11-25");
}

#[test]
fn the_official_python_client_2_lists_and_calls_without_a_handshake() {
    // Its default: it asks `server/discover`, and speaks 2026-07-28 with whoever answers.
    python_session(peers::PYTHON[1], "auto", "2026-07-28");
}

#[test]
fn the_official_python_clients_close_while_a_call_is_pending() {
    let folder = Folder::new("closing");
    folder.write("read/page.txt", "a line\n");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/mcp_client.py");
    for requirement in peers::PYTHON {
        let mut client = Command::new(python(requirement));
        client.arg(&script).args([
            "--close",
            &folder.path("read"),
            BINARY,
            "serve",
            "--allow-read",
            &folder.path("read"),
        ]);
        let begun = Clock::start();
        let (said, output) = finish(&mut client);
        assert!(output.status.success(), "{requirement}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(said, json!({ "closed": true }));
        begun.within(Claim::Deadline, Duration::from_secs(20));
    }
}

/// The MCP inspector without its window.
fn inspector(arguments: &[&str]) -> Command {
    let node = peers::node(&mut stderr_progress()).unwrap_or_else(|error| panic!("{error}"));
    let folder = peers::npm(peers::NPM[0], &mut stderr_progress()).unwrap_or_else(|error| panic!("{error}"));
    let mut command = Command::new(node);
    command
        .arg(folder.join("node_modules/.bin/mcp-inspector"))
        .args(["--cli", BINARY, "serve"])
        .args(ALL)
        .args(arguments);
    command
}

#[test]
fn the_inspector_finds_no_fault_with_the_schemas() {
    // With `--strict` its exit status says what it thinks of them.
    let (said, output) = finish(&mut inspector(&["--method", "tools/list", "--strict"]));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listed: BTreeSet<String> =
        said["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(listed, shipped::tools());
}

#[test]
fn the_inspector_calls_a_tool() {
    let peer = Peer::says("hello inspector");
    let port = format!("port={}", peer.port());
    let call = [
        "--method",
        "tools/call",
        "--tool-name",
        "tcp_connect_and_send",
        "--tool-arg",
        "host=localhost",
        &port,
        "data=x",
    ];
    let (said, output) = finish(&mut inspector(&call));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said["structuredContent"]["status"], "connected", "{said}");
    assert_eq!(said["isError"], false, "{said}");
}

fn register(session: &mut Session, port: u16, nick: &str) {
    session.connect(port, nick);
    for line in [format!("NICK {nick}"), format!("USER {nick} 0 * :{nick}")] {
        let arguments = json!({ "connection_id": nick, "data": line, "terminator": "0d0a" });
        session.call("tcp_send", arguments).ok();
    }
    let wait = json!({ "connection_id": nick, "until": "pattern", "pattern": format!("^:irc.test 001 {nick} .*\r\n") });
    let welcome = session.call("tcp_wait", wait).ok();
    assert_eq!(welcome["satisfied"], true, "{welcome}");
}

#[test]
fn a_trigger_keeps_an_irc_connection_alive_and_without_it_the_server_ends_it() {
    // It asks whoever is silent for 5 s, and gives up on who has not answered for another 5.
    let server = Server::ngircd();
    let port = server.port;
    let mut session = Session::local();
    let trigger = json!({
        "connection_id": "alive", "trigger_id": "pong", "pattern": "^PING (.*)", "response": "PONG $1",
        "response_terminator": "0d0a",
    });
    assert_eq!(session.call("tcp_set_trigger", trigger).ok()["status"], "pending");
    register(&mut session, port, "alive");
    register(&mut session, port, "mute");

    let wait = json!({ "connection_id": "mute", "until": "close", "timeout_ms": 30_000, "from": 0 });
    let ended = session.call("tcp_wait", wait).ok();
    assert_eq!(ended["ended"], "close", "{ended}");
    let data = ended["data"].as_str().unwrap();
    assert!(data.contains("\r\nPING :irc.test\r\n") && data.contains("Ping timeout"), "{data}");

    // The other one has been as silent, but for its trigger, which goes on.
    eventually("the second PING is answered", || session.trigger("alive", "pong")["fired"].as_u64().unwrap() >= 2);
    let from = session.buffer_info("alive")["bytes_received"].clone();
    session.call("tcp_send", json!({ "connection_id": "alive", "data": "VERSION", "terminator": "0d0a" })).ok();
    let wait =
        json!({ "connection_id": "alive", "until": "pattern", "pattern": "^:irc.test 351 alive .*", "from": from });
    let answer = session.call("tcp_wait", wait).ok();
    assert!(answer["data"].as_str().unwrap().contains("ngIRCd"), "{answer}");
    assert_eq!(session.buffer_info("alive")["connected"], true);
}

#[test]
fn a_page_comes_from_a_real_web_server() {
    let (folder, port) = (scratch("web"), closed_port());
    // More than one answer holds, so that it is read page by page.
    let page: String = (0..200_000).map(|n| format!("line {n}\n")).collect();
    fs::write(folder.join("page.txt"), &page).unwrap();
    let mut command = Command::new(python(peers::PYTHON[0]));
    command.args(["-m", "http.server", &port.to_string(), "--bind", "127.0.0.1", "--directory"]).arg(&folder);
    let mut running = Running::start(command.stdout(Stdio::null()).stderr(Stdio::null()));
    running.listens(port);

    let mut session = Session::local();
    let request = "GET /page.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close";
    let arguments = json!({
        "host": "localhost", "port": port, "connection_id": "web", "data": request, "terminator": "0d0a0d0a",
    });
    session.call("tcp_connect_and_send", arguments).ok();
    let wait = json!({ "connection_id": "web", "until": "close", "from": 0 });
    let waited = session.call("tcp_wait", wait).ok();
    assert_eq!((&waited["satisfied"], &waited["more"]), (&json!(true), &json!(true)));
    let mut all = waited["data"].as_str().unwrap().to_owned();
    let mut next = waited["next_offset"].clone();
    loop {
        let read = session.call("tcp_read_buffer", json!({ "connection_id": "web", "offset": next })).ok();
        all.extend(read["data"].as_array().unwrap().iter().map(|part| part.as_str().unwrap()));
        next = read["next_offset"].clone();
        if read["more"] == false {
            break;
        }
    }
    let (head, body) = all.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.0 200 OK\r\nServer: SimpleHTTP/"), "{head}");
    assert!(body == page, "not the page");

    let missing =
        json!({ "host": "127.0.0.1", "port": port, "connection_id": "none", "data": "HEAD /none HTTP/1.0\r\n\r\n" });
    session.call("tcp_connect_and_send", missing).ok();
    let waited = session.call("tcp_wait", json!({ "connection_id": "none", "until": "close", "from": 0 })).ok();
    assert!(waited["data"].as_str().unwrap().starts_with("HTTP/1.0 404"), "{waited}");
}
