//! Isolation of performance: the cost of one guest affects no other plugin, nor the protocol, its
//! timers and its order. Numbers are those of the benchmark (`cargo xtask bench`); here each has to
//! be met in one round of several, because tests run side by side.

use std::io::{BufRead as _, Read as _, Write as _};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::json;

use crate::support::clock::{one_round_is_within, spread};
use crate::support::{Claim, Clock, Folder, Peer, Session, cofferdam, eventually, guest, raw_guest_with, scratch};

/// A server whose guest `raw` spins where it has arguments, in an instance for each call.
fn spinning(calls: usize, limits: &str) -> (Session, Vec<u64>) {
    let policy = scratch("isolation").join("policy.toml");
    let text =
        format!("[plugins.raw.limits]\ncpu = \"10 min\"\n{limits}\n[defaults]\nconnect = [\"tcp://localhost:*\"]\n");
    std::fs::write(&policy, text).unwrap();
    let guest = raw_guest_with("spins", "", "call");
    let mut session = Session::serve(&["--policy", &policy.display().to_string(), "--plugin", &guest]);
    assert_eq!(session.call("raw", json!({})).text, "alive");
    session.call("tcp_list_connections", json!({})).ok();
    let calls = (0..calls).map(|_| session.post_call("raw", json!({ "spin": true }))).collect();
    (session, calls)
}

#[test]
fn i10_a_thousand_spinning_guests_delay_neither_the_protocol_nor_other_plugins() {
    let (mut session, _) = spinning(1000, "call = \"10 min\"");
    one_round_is_within(Claim::Isolation, 5, 50, || spread(200, || _ = session.request("ping", json!({}))));
    one_round_is_within(Claim::Isolation, 50, 500, || {
        spread(100, || _ = session.call("tcp_list_connections", json!({})).ok())
    });
}

#[test]
fn i11_deadlines_are_kept_beside_spinning_guests() {
    let (mut session, calls) = spinning(100, "call = \"2 s\"");
    let posted = Clock::start();
    for call in calls {
        session.called(call).failed("deadline");
    }
    // They were posted one after the other, and each has its own two seconds.
    let took = posted.stop();
    took.within(Claim::Deadline, Duration::from_millis(2200));
    took.at_least(Claim::Deadline, Duration::from_secs(1));
    assert_eq!(session.call("raw", json!({})).text, "alive");
}

#[test]
fn i10_calls_beyond_the_memory_of_the_process_are_refused_and_the_others_go_on() {
    let policy = scratch("memory").join("policy.toml");
    let text = "[limits]\ntotal_memory = \"64 MiB\"\n[plugins.raw.limits]\ncall = \"2 s\"\n";
    std::fs::write(&policy, text).unwrap();
    let guest = raw_guest_with("spins", "", "call");
    let mut session = Session::serve(&["--policy", &policy.display().to_string(), "--plugin", &guest]);
    assert_eq!(session.call("raw", json!({})).text, "alive");
    let calls: Vec<u64> = (0..400).map(|_| session.post_call("raw", json!({ "spin": true }))).collect();
    let ends: Vec<_> = calls.into_iter().map(|call| session.called(call).json()).collect();
    let refused: Vec<_> = ends.iter().filter(|end| end["error"] == "overloaded").collect();
    assert!(refused.iter().all(|end| end["limit"] == "total_memory"), "{refused:?}");
    let ran = ends.iter().filter(|end| end["error"] == "deadline").count();
    assert!(ran > 20 && refused.len() > 100 && ran + refused.len() == 400, "{ran} and {}", refused.len());
    session.log_has("limit=\"total_memory\"");
    // What they had is free again, once their instances have ended.
    eventually("there is room", || session.call("raw", json!({})).text == "alive");
}

#[test]
fn i10_memory_goes_back_to_the_system_after_a_burst() {
    let folder = scratch("burst");
    let file = folder.join("long").display().to_string();
    std::fs::write(&file, "a line of a long file, which is read by many at once\n".repeat(40_000)).unwrap();
    let mut session = Session::serve(&["--allow-read", &folder.display().to_string()]);
    let page = json!({ "file_path": file, "limit": 1 << 20 });
    for _ in 0..3 {
        assert!(!session.call("cat_tool", page.clone()).is_error);
    }
    let resident = |session: &Session| {
        let status = std::fs::read_to_string(format!("/proc/{}/status", session.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let before = resident(&session);
    let calls: Vec<u64> = (0..200).map(|_| session.post_call("cat_tool", page.clone())).collect();
    for call in calls {
        assert!(!session.called(call).is_error);
    }
    let after = resident(&session);
    let most = before * 13 / 10;
    eventually(&format!("{before} KiB before, {after} KiB after, at most {most} KiB"), || resident(&session) <= most);
}

/// What is answered and not yet read by the client counts against the memory of the process.
#[test]
fn i10_answers_count_as_memory_until_they_are_written() {
    const CALLS: usize = 100;
    let folder = scratch("unread");
    let (file, audit) = (folder.join("long"), folder.join("audit.jsonl"));
    std::fs::write(&file, "a line of a long file, which is read by many at once\n".repeat(40_000)).unwrap();
    let rules = format!("[limits]\ntotal_memory = \"256 MiB\"\n[plugins.files]\nread = [{:?}]\n", folder.display());
    std::fs::write(folder.join("policy.toml"), rules).unwrap();
    let (policy, audit) = (folder.join("policy.toml").display().to_string(), audit.display().to_string());
    let mut command = cofferdam(&["serve", "--policy", &policy, "--audit", &audit]);
    let mut server = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut input = server.stdin.take().unwrap();
    let initialize = json!({ "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": { "name": "test", "version": "0" } });
    let mut ask = |id: usize, method: &str, params: serde_json::Value| {
        let line = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        writeln!(input, "{line}").unwrap();
    };
    ask(0, "initialize", initialize);
    for id in 1..=CALLS {
        let arguments = json!({ "file_path": file, "limit": 1 << 20 });
        ask(id, "tools/call", json!({ "name": "cat_tool", "arguments": arguments }));
    }
    let ends = || std::fs::read_to_string(&audit).unwrap_or_default().matches("\"call_ended\"").count();
    eventually("all calls end, read or not", || ends() == CALLS);
    let lines = std::io::BufReader::new(server.stdout.take().unwrap()).lines().skip(1);
    let refused = lines.take(CALLS).filter(|line| line.as_ref().unwrap().contains("total_memory")).count();
    assert!((1..CALLS).contains(&refused), "{refused} of {CALLS} are refused");
    drop(input);
    assert!(server.wait().unwrap().success());
}

/// A guest that takes a compiler long: one function whose every loop carries every variable, and
/// there is one for each.
fn slow_to_compile(variables: usize) -> String {
    let set = |n: usize| format!("(local.set {n} (i64.add (local.get {n}) (local.get {})))", (n * 7 + 1) % variables);
    let looped = |n| format!("(loop $l{n} {} (br_if $l{n} (i32.wrap_i64 (local.get {n}))))", set(n));
    let body: String = (0..variables).map(looped).collect();
    let locals = "(local ".to_owned() + &"i64 ".repeat(variables) + ")";
    raw_guest_with("spins", &format!("(func (export \"slow\") {locals} {body})"), "call")
}

#[test]
fn i10_a_component_that_takes_long_to_compile_delays_no_call_but_its_own() {
    let policy = scratch("compiles").join("policy.toml");
    std::fs::write(&policy, "[plugins.raw.limits]\ncompile = \"2 s\"\n[defaults]\nconnect = [\"tcp://localhost:*\"]\n")
        .unwrap();
    let slow = slow_to_compile(2500);
    let mut session = Session::serve(&["--policy", &policy.display().to_string(), "--plugin", &slow, "--no-cache"]);
    let waits = session.post_call("raw", json!({}));
    for _ in 0..3 {
        session.call("tcp_list_connections", json!({})).ok();
    }
    session.log_has("limit `compile`");
    // A tool that nobody has is an error of the protocol.
    let answer = session.answer_to(&json!(waits));
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
}

#[test]
fn a_call_that_waits_for_a_compiler_is_told_so() {
    let cache = scratch("told");
    let slow = slow_to_compile(2000);
    let start = || {
        let mut command = cofferdam(&["serve", "--plugin", &slow]);
        command.env("XDG_CACHE_HOME", &cache);
        let mut session = Session::spawn(command);
        session.initialize("2025-11-25");
        session
    };
    // Tools are known from then on; only the plugins that are shipped have theirs in the binary.
    assert_eq!(start().call("raw", json!({})).text, "alive");
    let kept: Vec<_> =
        std::fs::read_dir(cache.join("cofferdam/code")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    let tools: Vec<String> = kept.iter().map(name).filter(|name| name.ends_with(".tools")).collect();
    let [tools] = &tools[..] else { panic!("{tools:?}") };
    let digest = tools.split_once('-').unwrap().0;
    let code: Vec<_> =
        kept.iter().filter(|path| name(path).starts_with(digest) && name(path).ends_with(".cwasm")).collect();
    let [code] = code[..] else { panic!("{code:?}") };
    std::fs::remove_file(code).unwrap();

    let mut session = start();
    let params = json!({ "name": "raw", "arguments": {}, "_meta": { "progressToken": "t" } });
    let id = session.post("tools/call", params);
    let told = session.wait_for("progress", |message| message["method"] == "notifications/progress");
    assert_eq!(told["params"]["progressToken"], "t");
    assert_eq!(told["params"]["message"], "compiling the `raw` plugin, for 1 s so far", "{told}");
    assert_eq!(session.answer_to(&json!(id))["result"]["content"][0]["text"], "alive");
    // What is compiled waits for nobody.
    let known = session.count(|message| message["method"] == "notifications/progress");
    let params = json!({ "name": "raw", "arguments": {}, "_meta": { "progressToken": "again" } });
    assert_eq!(session.request("tools/call", params)["result"]["content"][0]["text"], "alive");
    assert_eq!(session.count(|message| message["method"] == "notifications/progress"), known);
}

#[test]
fn small_sends_of_a_guest_wait_for_no_acknowledgement() {
    let peer = Peer::new(|mut stream| {
        let mut pair = [0; 40];
        while stream.read_exact(&mut pair).is_ok() && stream.write_all(b".").is_ok() {}
    });
    let component = guest("exchanges");
    let mut session = Session::serve(&["--allow-connect", "tcp://127.0.0.1:*", "--plugin", &component]);
    let took = session.call("exchange", json!({ "port": peer.port(), "count": 100 })).ok();
    // A peer delays its acknowledgement by 40 ms at least (RFC 1122, section 4.2.3.2; Linux).
    assert!(took["p50"].as_u64().unwrap() < 20_000_000, "{took}");
}

#[test]
fn an_instance_that_has_grown_and_has_nothing_open_is_let_go() {
    let peer = Peer::echo();
    let mut session = Session::serve(&["--allow-connect", "tcp://localhost:*", "--log", "debug"]);
    let connect = json!({ "host": "127.0.0.1", "port": peer.port(), "connection_id": "c" });
    session.call("tcp_connect", connect.clone()).ok();
    let grow = json!({ "connection_id": "none", "data": "x".repeat(20 << 20) });
    session.call("tcp_send", grow.clone()).failed("not_found");
    // What has a connection stays, however long it takes: the next burst says so.
    eventually("it is trimmed", || session.log().contains("memory is given back"));
    assert_eq!(session.call("tcp_list_connections", json!({})).ok()["connections"][0]["connection_id"], "c");
    session.call("tcp_disconnect", json!({ "connection_id": "c" })).ok();
    session.call("tcp_send", grow).failed("not_found");
    eventually("it is let go", || session.log().contains("an instance that has grown ends"));
    session.call("tcp_connect", connect).ok();
}

#[test]
fn a_short_call_does_not_wait_for_long_ones_of_its_plugin() {
    let files = Folder::new("short-beside-long");
    let long = files.write("long", "a line that does not match\n".repeat(10 << 20));
    let short = files.write("short", "one line\n");
    let mut session = files.session();
    assert!(!session.call("head_tool", json!({ "file_path": short })).is_error);
    let searches: Vec<u64> = (0..100)
        .map(|_| session.post_call("grep_tool", json!({ "pattern": "(x|y)+z", "file_path": long, "options": "-E" })))
        .collect();
    one_round_is_within(Claim::Isolation, 50, 500, || {
        spread(20, || assert!(!session.call("head_tool", json!({ "file_path": short })).is_error))
    });
    drop(searches);
}

#[test]
fn a_component_whose_compilation_would_take_all_memory_is_refused() {
    let guest = slow_to_compile(8000);
    let policy = scratch("compile-memory").join("policy.toml");
    std::fs::write(&policy, "[defaults]\nconnect = [\"tcp://localhost:*\"]\n[limits]\ntotal_memory = \"1 GiB\"\n")
        .unwrap();
    let policy = policy.display().to_string();
    let listed = cofferdam(&["tools", "--policy", &policy, "--plugin", &guest, "--no-cache"]).output().unwrap();
    let said = String::from_utf8_lossy(&listed.stderr).into_owned() + &String::from_utf8_lossy(&listed.stdout);
    assert!(said.contains("compiling it takes about 6") && said.contains("(limit `total_memory`)"), "{said}");
}
