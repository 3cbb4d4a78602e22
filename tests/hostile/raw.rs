//! Guests written by hand, for what no compiler makes: start functions that spin, tables, texts
//! that are none, pointers that lead outside. Each does the allowed thing when it is called with
//! `{}`, and what it claims when it is given more.

use std::time::Duration;

use serde_json::json;

use crate::support::{Claim, Clock, LOCAL, Session, component, policy, raw_guest, raw_guest_with, shipped};

fn with_raw(name: &str, limits: &str) -> Session {
    let [flag, file] = policy(&format!("[limits]\n{limits}\n"));
    Session::serve(&[&flag, &file, "--plugin", &raw_guest(name), LOCAL[0], LOCAL[1]])
}

/// It answers, then does what it claims and loses its instance, and the next finds a fresh one.
#[track_caller]
fn dies(name: &str, reason: &str) -> Session {
    let mut session = with_raw(name, "memory = \"64 MiB\"");
    assert_eq!(session.call("raw", json!({})).text, "alive", "the allowed twin");
    let failure = session.call("raw", json!({ "hostile": true })).failed("instance_lost");
    assert!(failure["message"].as_str().unwrap().contains(reason), "{failure}");
    assert_eq!(session.call("raw", json!({})).text, "alive", "a fresh instance");
    assert_eq!(session.call("tcp_list_connections", json!({})).ok()["total_connections"], 0);
    session
}

/// It is never listed, the operator is told why, and everything else goes on meanwhile.
#[track_caller]
fn never_comes(name: &str, limits: &str, reason: &str) {
    let mut session = with_raw(name, limits);
    let begun = Clock::start();
    assert_eq!(session.call("tcp_list_connections", json!({})).ok()["total_connections"], 0);
    let listed = session.request("tools/list", json!({}));
    assert_eq!(listed["result"]["tools"].as_array().map(Vec::len), Some(shipped::local_tools().len()));
    begun.within(Claim::Isolation, Duration::from_secs(2));
    session.log_has("a plugin has a problem plugin=\"raw\"");
    session.log_has(reason);
    let answer = session.request("tools/call", json!({ "name": "raw", "arguments": {} }));
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
}

/// The most memory that the server has had, in MiB.
fn peak(session: &Session) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", session.pid())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() >> 10
}

#[test]
fn a_guest_written_by_hand_is_a_plugin_like_any_other() {
    let mut session = with_raw("answers", "");
    assert_eq!(session.call("raw", json!({})).text, "alive");
    assert_eq!(session.call("raw", json!({ "more": [1, 2, 3] })).text, "alive");
}

#[test]
fn an_instance_for_one_call_finds_nothing_of_another() {
    // In one instance it would: the second call does.
    let mut session = Session::serve(&["--plugin", &raw_guest("leaves_traces")]);
    assert_eq!(session.call("raw", json!({})).text, "alive");
    session.call("raw", json!({})).failed("instance_lost");
    // One after the other in the memory that is kept ready, and many at once; of components that
    // fit into the pool and that do not.
    for more in ["", "(memory $second 1)", "(table 8 funcref) (table 8 funcref) (table 8 funcref) (table 8 funcref)"] {
        let mut session = Session::serve(&["--plugin", &raw_guest_with("leaves_traces", more, "call")]);
        for _ in 0..10 {
            assert_eq!(session.call("raw", json!({})).text, "alive", "{more}");
        }
        let posted: Vec<u64> = (0..80).map(|_| session.post_call("raw", json!({}))).collect();
        for id in posted {
            assert_eq!(session.called(id).text, "alive", "{more}");
        }
    }
}

#[test]
fn i11_a_guest_that_spins_before_it_is_there_is_stopped() {
    never_comes("spins_at_start", "cpu = \"500 ms\"", "it used the CPU for 0.5 s without waiting (limit `cpu`)");
}

#[test]
fn i11_a_guest_that_spins_when_it_is_asked_for_its_tools_is_stopped() {
    never_comes("spins_in_list", "cpu = \"500 ms\"", "it used the CPU for 0.5 s without waiting (limit `cpu`)");
}

#[test]
fn i10_a_guest_that_runs_its_stack_over_loses_its_instance_only() {
    dies("recurses", "call stack exhausted");
}

#[test]
fn i10_a_guest_that_eats_tables_loses_its_instance_only() {
    let session = dies("grows_tables", "it used up its");
    assert!(peak(&session) < 400, "{} MiB", peak(&session));
}

#[test]
fn i10_what_a_guest_has_from_the_beginning_counts_too() {
    never_comes("declares_tables", "", "(limit `memory`)");
    never_comes("declares_memory", "", "(limit `memory`)");
}

#[test]
fn i12_text_that_is_no_text_ends_its_instance() {
    dies("invalid_utf8", "invalid utf-8");
}

#[test]
fn i10_pointers_that_lead_outside_end_their_instance() {
    dies("points_outside", "out of bounds of memory");
}

#[test]
fn i10_few_bytes_that_stand_for_many_do_not_fill_the_hosts_memory() {
    let mut session = with_raw("repeats_itself", "memory = \"16 MiB\"");
    assert_eq!(session.call("raw", json!({})).text, "alive");
    let before = peak(&session);
    for _ in 0..3 {
        // Four GiB, if it were believed.
        assert!(session.call("raw", json!({ "hostile": true })).is_error);
    }
    assert!(peak(&session) < before + 300, "{before} MiB, then {} MiB", peak(&session));
    assert_eq!(session.call("raw", json!({})).text, "alive");
}

#[test]
fn a_list_without_end_is_refused() {
    never_comes("lists_without_end", "", "it lists 100000 tools, 128 are the most");
}

#[test]
fn i12_names_inside_a_component_reach_no_terminal() {
    let mut session = with_raw("named_badly", "");
    for arguments in [json!({}), json!({ "hostile": true })] {
        let failure = session.call("raw", arguments).failed("instance_lost").to_string();
        assert!(!failure.contains(['\u{1b}', '\u{202e}']) && !failure.contains("forged"), "{failure}");
    }
    assert!(!session.log().contains(['\u{1b}', '\u{202e}']), "{:?}", session.log());
}

#[test]
fn i12_what_a_component_is_refused_for_reaches_no_terminal() {
    let manifest = |more: &str| {
        format!("name = \"raw\"\nversion = \"1\"\nabi = \"0.1.0\"\nkind = \"plugin\"\ninstance = \"actor\"\n{more}")
    };
    let bad = "x\u{1b}[2J\u{9b}1m\u{202e}\u{200b}y";
    for (text, manifest, reason) in [
        ("(component (import \"x\\1b[2J\\e2\\80\\ae\" (func)))", manifest(""), "which this version does not offer"),
        ("(component)", manifest(&format!("# {bad}\n[[{bad}\n")), "manifest"),
        ("(component)", manifest(&format!("\"{}\" = 1\n", bad.replace('\u{1b}', "\\u001b"))), "manifest"),
        (
            "(component)",
            manifest(&format!("[wants]\nconnect = [\"{}\"]\n", bad.replace('\u{1b}', "\\u001b"))),
            "manifest",
        ),
    ] {
        let (status, log) = Session::bare(&["--plugin", &component("badly", text, &manifest)]).close();
        assert_eq!(status.code(), Some(1), "{log}");
        assert!(log.contains(reason), "{reason}: {log}");
        assert!(!log.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\u{200b}']), "{log:?}");
    }
}
