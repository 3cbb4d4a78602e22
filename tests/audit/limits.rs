//! Every limit that is hit has its line, with the call where there is one; also where a guest goes
//! on, and where each call has an instance of its own.

use std::fs;

use serde_json::{Value, json};

use super::LogFolder;
use crate::support::{NameServer, Session, eventually, guest, policy, raw_guest};

/// An audited server with limits and a component.
fn limited(place: &LogFolder, component: &str, limits: &str) -> Session {
    let [flag, file] = policy(&format!("[defaults]\nconnect = [\"tcp://localhost:*\"]\n[limits]\n{limits}\n"));
    place.audited(&[&flag, &file, "--plugin", component])
}

/// The limits that were hit or ended an instance, each with its event and its call.
fn hits(place: &LogFolder) -> Vec<(String, String, Option<u64>)> {
    let text = |event: &Value, key: &str| event[key].as_str().unwrap_or_default().to_owned();
    let about = |event: &Value| matches!(event["event"].as_str(), Some("limit_hit" | "instance_lost"));
    let events = place.events();
    let hits = events.iter().filter(|event| about(event));
    hits.map(|event| (text(event, "event"), text(event, "reason"), event["call"].as_u64())).collect()
}

/// The sum of the lines that the log says were dropped.
fn dropped(log: &str) -> u64 {
    let told = log.lines().filter_map(|line| line.split("lines are dropped plugin=\"hostile\" dropped=").nth(1));
    told.map(|count| count.parse::<u64>().unwrap()).sum()
}

fn hit(limit: &str, call: Option<u64>) -> (String, String, Option<u64>) {
    ("limit_hit".to_owned(), limit.to_owned(), call)
}

fn lost(limit: &str) -> (String, String, Option<u64>) {
    ("instance_lost".to_owned(), limit.to_owned(), None)
}

#[test]
fn every_limit_that_is_hit_has_its_line() {
    let place = LogFolder::new();
    let limits = "calls_per_minute = 6\ncall = \"200 ms\"\noutput = \"64 KiB\"\nlog_lines = 1";
    let mut session = limited(&place, &guest("floods"), limits);
    session.call("log", json!({ "count": 10 })).ok();
    let failure = session.call("output", json!({ "count": 100_000 })).failed("output_too_large");
    assert_eq!(failure["limit"], "output");
    for _ in 0..4 {
        session.call("log", json!({ "count": 0 })).ok();
    }
    session.call("log", json!({ "count": 0 })).failed("rate_limited");
    let (_, log) = session.close();
    assert_eq!(dropped(&log), 9, "what was dropped is told when the instance ends: {log}");
    assert_eq!(hits(&place), [hit("log_lines", None), hit("output", Some(2)), hit("calls_per_minute", Some(7))]);
    place.sound();

    let place = LogFolder::new();
    let mut session = limited(&place, &guest("memory"), "memory = \"32 MiB\"");
    // It is told that there is no more, and goes on: once more tells nothing new.
    assert_eq!(session.call("try_eat", json!({})).ok()["text"], "refused");
    assert_eq!(session.call("try_eat", json!({})).ok()["text"], "refused");
    session.call("eat", json!({})).failed("instance_lost");
    session.close();
    assert_eq!(hits(&place), [hit("memory", None), lost("memory")]);

    let place = LogFolder::new();
    let mut session = limited(&place, &guest("spin"), "cpu = \"300 ms\"");
    session.call("spin", json!({})).failed("instance_lost");
    session.close();
    assert_eq!(hits(&place), [lost("cpu")]);

    let place = LogFolder::new();
    let mut session = limited(&place, &guest("sockets"), "connections = 3");
    session.call("open", json!({ "count": 5 })).ok();
    session.close();
    assert_eq!(hits(&place), [hit("connections", Some(1))]);

    for limit in ["mailbox", "concurrent_calls"] {
        let place = LogFolder::new();
        let mut session = limited(&place, &guest("clocks"), &format!("{limit} = 1"));
        let sleeping = session.post_call("sleep", json!({ "count": 1500 }));
        session.log_has("`sleep` begins");
        let failure = session.call("sleep", json!({ "count": 1 })).failed("overloaded");
        assert_eq!(failure["limit"], limit);
        session.called(sleeping).ok();
        session.close();
        assert_eq!(hits(&place), [hit(limit, Some(2))]);
    }

    // A name server that is silent: the second of two lookups at once is one too many, and so is
    // the third in a minute.
    let silent = NameServer::new(|_, _| Vec::new());
    for (limit, set) in [("lookups", "lookups = 1"), ("lookups_per_minute", "lookups_per_minute = 1")] {
        let place = LogFolder::new();
        let text = format!(
            "[names]\nservers = [\"{}\"]\n[defaults]\nconnect = [\"tcp://*.example:80\"]\n[limits]\n{set}\n",
            silent.address
        );
        let [flag, file] = policy(&text);
        let mut session = place.audited(&[&flag, &file]);
        let asked = silent.asked().len();
        let first =
            session.post_call("tcp_connect", json!({ "host": "a.example", "port": 80, "connect_timeout_ms": 3000 }));
        eventually("the name is asked for", || silent.asked().len() > asked);
        let failure =
            session.call("tcp_connect", json!({ "host": "b.example", "port": 80 })).failed("connection_failed");
        assert_eq!(failure["reason"], "limit", "{failure}");
        assert!(failure["detail"].as_str().unwrap().ends_with(&format!("is reached (`{limit}`)")), "{failure}");
        assert_eq!(session.called(first).failed("connection_failed")["reason"], "dns");
        session.close();
        assert_eq!(hits(&place), [hit(limit, Some(2))]);
    }

    let place = LogFolder::new();
    let mut session = limited(&place, &guest("clocks"), "call = \"300 ms\"");
    session.call("sleep", json!({ "count": 20_000 })).failed("deadline");
    session.close();
    assert_eq!(hits(&place)[0], hit("call", Some(1)));
}

#[test]
fn a_limit_that_is_hit_while_a_component_is_asked_for_its_tools_has_its_line() {
    let place = LogFolder::new();
    let session = limited(&place, &raw_guest("spins_in_list"), "cpu = \"300 ms\"");
    session.log_has("a plugin has a problem plugin=\"raw\"");
    session.close();
    assert_eq!(hits(&place), [lost("cpu")]);
    assert!(place.events().iter().any(|event| event["event"] == "load_refused" && event["plugin"] == "raw"));
    place.sound();
}

#[test]
fn the_mailbox_holds_for_all_calls_that_have_an_instance_each() {
    let place = LogFolder::new();
    let file = place.0.join("followed");
    fs::write(&file, "line\n").unwrap();
    let text = format!("[plugins.files]\nread = [{:?}]\n[plugins.files.limits]\nmailbox = 1\n", place.0);
    let [flag, policy] = policy(&text);
    let mut session = place.audited(&[&flag, &policy]);
    let follow = json!({ "file_path": file, "follow": true, "seconds": 2 });
    let posted: Vec<u64> = (0..6).map(|_| session.post_call("tail_tool", follow.clone())).collect();
    let answers: Vec<_> = posted.into_iter().map(|id| session.called(id)).collect();
    let (refused, ran): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.is_error);
    assert_eq!((ran.len(), refused.len()), (1, 5));
    for answer in refused {
        assert_eq!(answer.failed("overloaded")["limit"], "mailbox");
    }
    // There is room again.
    eventually("the place is free", || !session.call("cat_tool", json!({ "file_path": file })).is_error);
    session.close();
    let mailbox = hits(&place)
        .into_iter()
        .filter(|(event, limit, call)| event == "limit_hit" && limit == "mailbox" && call.is_some());
    assert!(mailbox.count() >= 5);
    place.sound();
}

#[test]
fn a_call_with_an_instance_of_its_own_is_named_when_that_ends_badly() {
    let place = LogFolder::new();
    let file = place.0.join("followed");
    fs::write(&file, "line\n").unwrap();
    let text = format!("[plugins.files]\nread = [{:?}]\n[plugins.files.limits]\ncall = \"400 ms\"\n", place.0);
    let [flag, policy] = policy(&text);
    let mut session = place.audited(&[&flag, &policy]);
    let answer = session.call("tail_tool", json!({ "file_path": file, "follow": true, "seconds": 40 }));
    session.close();
    // The tool may see its deadline coming and end by itself.
    for (event, limit, call) in hits(&place) {
        assert_eq!((limit.as_str(), call), ("call", Some(1)), "{event}: {}", answer.text);
    }
}
