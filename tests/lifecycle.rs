//! How calls, instances and the server end: deadlines, cancellation, guests that spin, trap or eat
//! memory, the end of input, and signals. In each case everyone who waits is told, and what has
//! nothing to do with it goes on.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::clock::CLIENTS_WAIT;
use crate::support::{
    Claim, Clock, LOCAL, Passes, Peer, Session, cofferdam, eventually, guest, pass, policy, scratch, shipped,
};

/// A server with a guest, and limits from a policy file.
fn with_guest(name: &str, limits: &str) -> Session {
    let policy = scratch(name).join("policy.toml");
    std::fs::write(&policy, format!("[defaults]\nconnect = [\"tcp://localhost:*\"]\n\n[limits]\n{limits}\n")).unwrap();
    let (policy, component) = (policy.display().to_string(), guest(name));
    Session::serve(&["--policy", &policy, "--plugin", &component])
}

#[test]
fn i11_a_call_that_spins_ends_at_its_deadline_and_the_next_finds_a_fresh_instance() {
    let mut session = with_guest("spin", "call = \"1 s\"");
    assert_eq!(session.call("echo", json!({ "text": "before" })).ok()["text"], "before");
    let failure = session.call("spin", json!({})).failed("instance_lost");
    assert!(failure["message"].as_str().unwrap().contains("did not end at its deadline"), "{failure}");
    assert_eq!(session.call("echo", json!({ "text": "after" })).ok()["text"], "after");
    session.log_line_has(&["an instance is lost", "plugin=\"hostile\"", "reason=a call did not end at its deadline"]);
}

#[test]
fn i11_a_call_that_spins_is_stopped_by_the_cpu_limit_before_its_deadline() {
    let mut session = with_guest("spin", "cpu = \"500 ms\"");
    let failure = session.call("spin", json!({})).failed("instance_lost");
    assert!(failure["message"].as_str().unwrap().contains("limit `cpu`"), "{failure}");
    assert_eq!(session.call("echo", json!({ "text": "after" })).ok()["text"], "after");
}

#[test]
fn i10_a_spinning_guest_holds_nobody_else_up() {
    let peer = Peer::echo();
    let mut session = with_guest("spin", "call = \"60 s\"\ncpu = \"60 s\"");
    session.call("tcp_connect", json!({ "host": "127.0.0.1", "port": peer.port(), "connection_id": "c" })).ok();
    let spinning = session.post_call("spin", json!({}));
    session.log_has("`spin` begins");
    for n in 0..20 {
        session.call("tcp_send", json!({ "connection_id": "c", "data": format!("line {n}\n") })).ok();
        let wait = json!({ "connection_id": "c", "until": "pattern", "pattern": "\\n" });
        assert_eq!(session.call("tcp_wait", wait).ok()["data"], format!("line {n}\n"));
    }
    assert!(session.is_pending(spinning) && !session.log().contains("an instance is lost"), "it spun all the while");
    session.cancel(spinning);
    session.log_line_has(&[
        "an instance is lost",
        "plugin=\"hostile\"",
        "reason=a call did not end when it was cancelled",
    ]);
}

#[test]
fn i11_a_task_that_spins_in_the_background_is_stopped_too() {
    let mut session = with_guest("spin_background", "cpu = \"500 ms\"");
    session.call("begin", json!({})).ok();
    session.log_line_has(&[
        "an instance is lost",
        "plugin=\"hostile\"",
        "reason=it used the CPU for 0.5 s without waiting (limit `cpu`)",
    ]);
    assert_eq!(session.call("echo", json!({ "text": "after" })).ok()["text"], "after");
}

#[test]
fn i10_a_panic_ends_its_instance_and_says_so_to_every_caller_of_it() {
    let peer = Peer::echo();
    let mut session = with_guest("trap", "call = \"20 s\"");
    session.call("tcp_connect", json!({ "host": "localhost", "port": peer.port(), "connection_id": "kept" })).ok();
    let sleeping = session.post_call("sleep", json!({}));
    session.log_has("`sleep` begins");
    let failure = session.call("trap", json!({})).failed("instance_lost");
    assert!(failure["message"].as_str().unwrap().contains("trapped"), "{failure}");
    session.called(sleeping).failed("instance_lost");
    session.log_has("as it was told to");
    let why = session.call("predecessor", json!({})).ok();
    assert!(why["text"].as_str().unwrap().contains("trapped"), "{why}");
    let listed = session.call("tcp_list_connections", json!({})).ok();
    assert_eq!(listed["connections"][0]["connected"], true, "another plugin's connection is untouched: {listed}");
}

#[test]
fn i10_a_guest_that_eats_memory_loses_its_instance_only() {
    let mut session = with_guest("memory", "memory = \"32 MiB\"");
    let failure = session.call("eat", json!({})).failed("instance_lost");
    assert!(failure["message"].as_str().unwrap().contains("memory of 32 MiB (limit `memory`)"), "{failure}");
    assert_eq!(session.call("echo", json!({ "text": "after" })).ok()["text"], "after");
}

#[test]
fn connections_that_went_with_an_instance_are_reported() {
    let peer = Peer::echo();
    let policy = scratch("lost").join("policy.toml");
    std::fs::write(
        &policy,
        "[plugins.tcp]\nconnect = [\"tcp://localhost:*\"]\n[plugins.tcp.limits]\nmemory = \"8 MiB\"\n",
    )
    .unwrap();
    let mut session = Session::serve(&["--policy", &policy.display().to_string()]);
    session.call("tcp_connect", json!({ "host": "127.0.0.1", "port": peer.port(), "connection_id": "c" })).ok();
    // More than the instance can hold: the client's own doing, which it is told.
    let failure =
        session.call("tcp_send", json!({ "connection_id": "c", "data": "x".repeat(12 << 20) })).failed("instance_lost");
    assert_eq!(failure["connections_lost"], 1, "{failure}");
    assert!(failure["message"].as_str().unwrap().contains("its 1 open connections are lost"), "{failure}");
    let failure = session.call("tcp_buffer_info", json!({ "connection_id": "c" })).failed("not_found");
    assert!(failure["note"].as_str().unwrap().contains("limit `memory`"), "{failure}");
}

#[test]
fn i11_cancelling_a_call_stops_it_and_leaves_the_instance() {
    let mut session = with_guest("stuck", "call = \"30 s\"");
    let id = session.post_call("sleep", json!({}));
    session.log_has("`sleep` begins");
    session.cancel(id);
    assert_eq!(session.ends(id), "cancelled");
    assert_eq!(session.call("echo", json!({ "text": "after" })).ok()["text"], "after");
    assert!(!session.log().contains("an instance is lost"), "the instance lives on:\n{}", session.log());
}

#[test]
fn i11_a_call_that_ignores_its_cancellation_loses_its_instance() {
    let mut session = with_guest("stuck", "call = \"30 s\"");
    let id = session.post_call("block", json!({}));
    session.log_has("`block` begins");
    session.cancel(id);
    session.log_line_has(&[
        "an instance is lost",
        "plugin=\"hostile\"",
        "reason=a call did not end when it was cancelled (grace of 500 ms)",
    ]);
    assert_eq!(session.call("echo", json!({ "text": "after" })).ok()["text"], "after");
}

#[test]
fn a_polite_call_ends_at_its_deadline_and_leaves_the_instance() {
    let mut session = with_guest("stuck", "call = \"1 s\"");
    let failure = session.call("sleep", json!({})).failed("deadline");
    assert!(failure["message"].as_str().unwrap().contains("1000 ms"), "{failure}");
    assert_eq!(session.call("echo", json!({ "text": "after" })).ok()["text"], "after");
    assert!(!session.log().contains("an instance is lost"), "{}", session.log());
}

#[test]
fn a_full_mailbox_refuses_at_once() {
    let mut session = with_guest("stuck", "mailbox = 2\ncall = \"5 s\"");
    // What follows is not to be told from the time that compiling takes.
    session.call("echo", json!({ "text": "there" })).ok();
    let sleeping = [session.post_call("sleep", json!({})), session.post_call("sleep", json!({}))];
    // Calls reach their plugin in the order in which they arrive.
    let failure = session.call("echo", json!({ "text": "one too many" })).failed("overloaded");
    assert!(sleeping.iter().all(|id| session.is_pending(*id)), "it did not wait for the sleepers: {failure}");
    assert!(failure["message"].as_str().unwrap().contains("2 calls"), "{failure}");
    assert_eq!(failure["limit"], "mailbox");
    session.cancel(sleeping[0]);
    eventually("there is room again", || !session.call("echo", json!({ "text": "room again" })).is_error);
}

#[test]
fn more_calls_at_once_than_allowed_are_refused_and_the_others_run_on() {
    let mut session = with_guest("stuck", "concurrent_calls = 2\ncall = \"5 s\"");
    let sleeping = [session.post_call("sleep", json!({})), session.post_call("sleep", json!({}))];
    sleeping.iter().for_each(|id| session.begins(*id));
    let failure = session.call("echo", json!({ "text": "one too many" })).failed("overloaded");
    assert_eq!(failure["limit"], "concurrent_calls");
    session.cancel(sleeping[1]);
    eventually("there is room again", || !session.call("echo", json!({ "text": "room again" })).is_error);
}

#[test]
fn more_calls_a_minute_than_allowed_are_refused_and_told_when_to_come_back() {
    let mut session = with_guest("stuck", "calls_per_minute = 120");
    let mut answered = 0;
    let failure = loop {
        let answer = session.call("echo", json!({ "text": "again" }));
        if answer.is_error {
            break answer.failed("rate_limited");
        }
        answered += 1;
    };
    // A call may have come back while the others ran.
    assert!((120..140).contains(&answered), "{answered}");
    assert_eq!(failure["limit"], "calls_per_minute");
    let wait = failure["retry_after_ms"].as_u64().unwrap();
    assert!((1..=500).contains(&wait), "{failure}");
    pass(Passes::Window, Duration::from_millis(wait + 50));
    session.call("echo", json!({ "text": "back" })).ok();
}

#[test]
fn the_end_of_input_with_a_call_in_flight_ends_the_server_at_once() {
    let mut session = with_guest("stuck", "call = \"30 s\"");
    session.post_call("sleep", json!({}));
    session.post_call("block", json!({}));
    session.log_has("`sleep` begins");
    session.log_has("`block` begins");
    let begun = Clock::start();
    let (status, log) = session.close();
    assert!(status.success(), "{status}: {log}");
    begun.within(Claim::Deadline, CLIENTS_WAIT);
}

#[test]
fn the_end_of_input_before_the_handshake_is_no_error() {
    let (status, log) = Session::bare(&LOCAL).close();
    assert!(status.success(), "{status}: {log}");
}

#[test]
fn sigterm_ends_the_server_in_good_order() {
    for signal in ["-TERM", "-INT"] {
        let peer = Peer::echo();
        let mut session = Session::serve(&LOCAL);
        session.call("tcp_connect", json!({ "host": "127.0.0.1", "port": peer.port(), "connection_id": "c" })).ok();
        let waiting =
            session.post_call("tcp_wait", json!({ "connection_id": "c", "until": "close", "timeout_ms": 30000 }));
        session.begins(waiting);
        let begun = Clock::start();
        session.signal(signal);
        let (status, log) = session.wait();
        assert!(status.success(), "{signal}: {status}: {log}");
        begun.within(Claim::Deadline, CLIENTS_WAIT);
    }
}

#[test]
fn calls_right_after_the_start_find_every_tool() {
    // Of a plugin whose tools nobody knows yet: it has to be compiled first.
    let component = guest("trap");
    let cache = scratch("cold");
    let mut command = crate::support::cofferdam(&["serve", "--plugin", &component, LOCAL[0], LOCAL[1]]);
    command.env("XDG_CACHE_HOME", &cache);
    let mut session = Session::spawn(command);
    session.initialize("2025-11-25");
    assert_eq!(session.call("predecessor", json!({})).ok()["text"], "");
}

#[test]
fn listing_does_not_wait_for_a_compiler() {
    let cache = scratch("cold-list");
    let mut command = crate::support::cofferdam(&["serve", LOCAL[0], LOCAL[1]]);
    command.env("XDG_CACHE_HOME", &cache);
    let mut session = Session::spawn(command);
    session.initialize("2025-11-25");
    let listed = session.request("tools/list", json!({}));
    let code = || {
        let kept = std::fs::read_dir(cache.join("cofferdam/code")).into_iter().flatten().flatten();
        kept.filter(|entry| entry.path().extension().is_some_and(|end| end == "cwasm")).count()
    };
    assert_eq!(code(), 0, "nothing is compiled when the tools are listed");
    assert_eq!(listed["result"]["tools"].as_array().map(Vec::len), Some(shipped::local_tools().len()), "{listed}");
    // The code is made for the first call, and kept.
    session.call("tcp_list_connections", json!({})).ok();
    assert!(code() > 0);
}

#[test]
fn compiled_code_that_was_tampered_with_is_made_again() {
    let cache = scratch("tampered");
    // One plugin only: what is compiled beside it might not be kept yet when the server is ended.
    let rules = policy("[plugins.tcp]\nconnect = [\"tcp://localhost:*\"]\n");
    let serve = || {
        let mut command = crate::support::cofferdam(&["serve", &rules[0], &rules[1]]);
        command.env("XDG_CACHE_HOME", &cache);
        let mut session = Session::spawn(command);
        session.initialize("2025-11-25");
        session.call("tcp_list_connections", json!({})).ok();
    };
    serve();
    let kept = std::fs::read_dir(cache.join("cofferdam/code")).unwrap().flatten().map(|entry| entry.path());
    let code: Vec<PathBuf> = kept.filter(|path| path.extension().is_some_and(|end| end == "cwasm")).collect();
    let tampered = code.into_iter().map(|path| {
        let mut bad = std::fs::read(&path).unwrap();
        let middle = bad.len() / 2;
        bad[middle] ^= 0xff;
        std::fs::write(&path, &bad).unwrap();
        (path, bad)
    });
    let tampered: Vec<(PathBuf, Vec<u8>)> = tampered.collect();
    serve();
    // That of the plugin that was called.
    let is_made_again = |(path, bad): &&(PathBuf, Vec<u8>)| {
        let now = std::fs::read(path).unwrap();
        now.len() == bad.len() && now != *bad
    };
    assert!(tampered.iter().any(|one| is_made_again(&one)), "of {} none was made again", tampered.len());
}

#[test]
fn a_plugin_that_lists_its_tools_later_is_announced() {
    let component = guest("spin");
    let cache = scratch("announced");
    let mut command = crate::support::cofferdam(&["serve", "--plugin", &component, LOCAL[0], LOCAL[1]]);
    command.env("XDG_CACHE_HOME", &cache);
    let mut session = Session::spawn(command);
    session.initialize("2025-11-25");
    let names = |listed: &Value| -> Vec<String> {
        let tools = listed["result"]["tools"].as_array().unwrap();
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    };
    let listed = session.request("tools/list", json!({}));
    if !names(&listed).contains(&"spin".to_owned()) {
        session.wait_for("the announcement", |message| message["method"] == "notifications/tools/list_changed");
        let listed = session.request("tools/list", json!({}));
        assert!(names(&listed).contains(&"spin".to_owned()), "{listed}");
    }
}

#[test]
fn without_a_home_and_with_nothing_writable_it_still_serves() {
    let call = ["call", "tcp_list_connections", LOCAL[0], LOCAL[1]];
    for (unset, set) in [("HOME", ("LANG", "C")), ("LANG", ("XDG_CACHE_HOME", "/proc/no-such-folder"))] {
        let mut command = cofferdam(&call);
        let output =
            command.env_remove(unset).env(set.0, set.1).current_dir("/").stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// A shared instance starts with the first call, one of its own with every call.
#[test]
fn a_call_for_which_the_system_has_no_descriptors_is_overloaded() {
    let folder = scratch("few");
    std::fs::write(folder.join("file"), "a line\n").unwrap();
    let file = json!({ "file_path": folder.join("file") });
    let mut session = Session::serve(&["--allow-read", &folder.display().to_string(), LOCAL[0], LOCAL[1]]);
    assert!(!session.call("head_tool", file.clone()).is_error);
    let pid = i32::try_from(session.pid()).unwrap();
    let limit = |soft| rlimit::prlimit(pid, rlimit::Resource::NOFILE, soft, None).unwrap();
    let (mut soft, mut hard) = (0, 0);
    rlimit::prlimit(pid, rlimit::Resource::NOFILE, None, Some((&mut soft, &mut hard))).unwrap();
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count() as u64;
    limit(Some((open.saturating_sub(4), hard)));
    session.call("tcp_list_connections", json!({})).failed("overloaded");
    limit(Some((soft, hard)));
    session.call("tcp_list_connections", json!({})).ok();
    assert!(!session.call("head_tool", file).is_error);
    let lost = session.events().into_iter().find(|event| event["event"] == "instance_lost");
    assert_eq!(lost, None, "no guest has run in vain");
}
