//! Calls that are not the guest's own, or have ended: their effects reach nobody, and the guest's
//! own effects are decided and recorded like any other. Besides: mailboxes, clocks, failures.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::support::{Claim, Clock, LOCAL, Peer, Session, closed_port, eventually, guest, scratch};

fn both() -> Session {
    Session::serve(&["--plugin", &guest("afterlife"), "--plugin", &guest("clocks"), LOCAL[0], LOCAL[1]])
}

/// Whether the client has been told of progress, so far.
fn told(session: &mut Session, text: &str) -> bool {
    // What came before this answer has been read with it.
    session.request("ping", json!({}));
    session.count(|message| message["method"] == "notifications/progress" && message["params"]["message"] == text) > 0
}

fn call_with_token(session: &mut Session, tool: &str, arguments: Value) -> u64 {
    session.post("tools/call", json!({ "name": tool, "arguments": arguments, "_meta": { "progressToken": tool } }))
}

#[test]
fn a_context_that_is_kept_speaks_for_nobody() {
    let mut session = both();
    // The allowed twin: a call's own progress.
    let dozing = call_with_token(&mut session, "doze", json!({ "count": 10 }));
    session.called(dozing).ok();
    assert!(told(&mut session, "dozing"));
    let sleeping = call_with_token(&mut session, "sleep", json!({ "count": 800 }));
    session.log_has("`sleep` begins");
    let whispered = call_with_token(&mut session, "whisper", json!({}));
    let answer = session.called(whispered);
    assert_eq!(answer.ok()["text"], "whispered to 1, 0 left");
    assert!(!session.called(sleeping).text.contains("forged"));
    assert!(!told(&mut session, "forged"), "a call was spoken for");
}

#[test]
fn progress_for_a_call_that_has_ended_reaches_nobody() {
    let mut session = both();
    let mumbling = call_with_token(&mut session, "mumble", json!({}));
    session.called(mumbling).ok();
    session.log_has("plugin=\"other\" stream=\"log\" text=mumbled");
    assert!(!told(&mut session, "late"));
}

#[test]
fn a_call_that_has_ended_is_never_cancelled() {
    let mut session = both();
    session.call("doze", json!({ "count": 1 })).ok();
    // Who asks about it is told that it has ended, and by itself.
    assert_eq!(session.call("eavesdrop", json!({})).ok()["text"], "Some(Reason::Ended)");
}

#[test]
fn i5_what_a_task_does_after_its_call_is_asked_and_written_down() {
    let (granted, audit) = (Peer::echo(), scratch("afterlife").join("audit.jsonl").display().to_string());
    let rule = format!("tcp://127.0.0.1:{}", granted.port());
    let mut session = Session::serve(&["--plugin", &guest("afterlife"), "--allow-connect", &rule, "--audit", &audit]);
    session.call("haunt", json!({ "host": "127.0.0.1", "port": granted.port() })).ok();
    session.log_has("haunted Ok(())");
    let refused = closed_port();
    session.call("haunt", json!({ "host": "127.0.0.1", "port": refused })).ok();
    session.log_has("haunted Err(PermissionDenied)");
    session.log_has(&format!("tcp://127.0.0.1:{refused}"));
    let written = std::fs::read_to_string(&audit).unwrap();
    for port in [granted.port(), refused] {
        let line = written.lines().find(|line| line.contains("\"ask\"") && line.contains(&format!("127.0.0.1:{port}")));
        assert!(line.is_some(), "{port} in {written}");
    }
}

#[test]
fn i10_a_task_that_panics_after_its_call_takes_nobody_with_it() {
    let mut session = both();
    session.call("time_bomb", json!({})).ok();
    session.log_line_has(&["an instance is lost", "plugin=\"other\"", "reason=it trapped"]);
    // Nothing of the dead instance answers; what answers is new.
    assert_eq!(session.call("doze", json!({ "count": 1 })).ok()["text"], "awake");
    assert_eq!(session.call("sleep", json!({ "count": 1 })).ok()["text"].as_str().map(|_| ()), Some(()));
}

#[test]
fn a_task_does_not_outlive_its_instance() {
    let peer = Peer::echo();
    let mut session = both();
    let place = json!({ "host": "127.0.0.1", "port": peer.port() });
    session.call("haunt", place.clone()).ok();
    session.call("time_bomb", json!({})).ok();
    session.log_line_has(&["an instance is lost", "plugin=\"other\"", "reason=it trapped"]);
    // The allowed twin: nothing ends its instance. It dials later than the ended one would have.
    session.call("haunt", place).ok();
    session.log_has("haunted Ok(())");
    eventually("it dials", || peer.accepted() >= 1);
    assert_eq!((peer.accepted(), session.log().matches("haunted").count()), (1, 1), "a dead instance dials");
}

#[test]
fn a_flooded_mailbox_refuses_at_once_and_answers_the_others() {
    let [flag, file] = crate::support::policy("[limits]\nmailbox = 10\n");
    let mut session = Session::serve(&[&flag, &file, "--plugin", &guest("afterlife"), LOCAL[0], LOCAL[1]]);
    session.call("doze", json!({ "count": 1 })).ok();
    let posted: Vec<u64> = (0..200).map(|_| session.post_call("doze", json!({ "count": 3000 }))).collect();
    let (dozing, refused) = posted.split_at(10);
    for id in refused {
        session.called(*id).failed("overloaded");
    }
    assert!(dozing.iter().all(|id| session.is_pending(*id)), "who is refused waits for nobody");
    for id in dozing {
        session.called(*id).ok();
    }
    session.log_line_has(&["a limit is hit", "plugin=\"other\"", "limit=\"mailbox\""]);
    assert_eq!(session.call("doze", json!({ "count": 1 })).ok()["text"], "awake", "there is room again");
}

#[test]
fn clocks_go_forward_and_tell_nothing_of_the_host() {
    let started = Clock::start();
    let mut session = both();
    let look = session.call("look", json!({})).ok()["text"].as_str().unwrap().to_owned();
    let [there, wall, sorted] = look.split(' ').collect::<Vec<_>>()[..] else { panic!("{look}") };
    // It counts from the instance's own start, and not from the machine's.
    started.at_least(Claim::Isolation, Duration::from_millis(there.parse().unwrap()));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(wall.parse::<u64>().unwrap().abs_diff(now) < 10, "{wall}, it is {now}");
    assert_eq!(sorted, "true");
    let slept: u64 = session.call("sleep", json!({ "count": 120 })).ok()["text"].as_str().unwrap().parse().unwrap();
    assert!((120..5000).contains(&slept), "{slept}");
}

#[test]
fn i11_a_guest_that_sleeps_beyond_its_deadline_is_woken() {
    let [flag, file] = crate::support::policy("[limits]\ncall = \"500 ms\"\n");
    let mut session = Session::serve(&[&flag, &file, "--plugin", &guest("clocks"), LOCAL[0], LOCAL[1]]);
    session.call("sleep", json!({ "count": 4_000_000_000_u32 })).failed("deadline");
    session.call("sleep", json!({ "count": 10 })).ok();
}

#[test]
fn i12_a_failure_has_no_terminal_escapes_and_stays_a_failure() {
    let mut session = Session::serve(&["--plugin", &guest("fails"), LOCAL[0], LOCAL[1]]);
    let bad = "x\u{1b}[2J\u{9b}1m\u{202e}\u{200b}\u{e0041}y";
    let harmful = |text: &str| text.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\u{200b}', '\u{e0041}']);
    let answer = session.call("fail", json!({ "text": bad }));
    assert!(!harmful(&answer.text), "{:?}", answer.text);
    let failure = answer.failed("failed");
    assert_eq!(failure["message"], "x\\u{1b}[2J\\u{9b}1m\\u{202e}\\u{200b}\\u{e0041}y");
    assert_eq!(failure[bad], bad, "details are the same JSON");
    for code in ["Not Found", "x\u{1b}[2J", "", &"x".repeat(65)] {
        let answer = session.call("fail_with_code", json!({ "text": code }));
        assert!(!harmful(&answer.text), "{:?}", answer.text);
        let message = answer.failed("failed")["message"].as_str().map(str::to_owned);
        assert!(message.is_some_and(|message| message.starts_with("failed with ")), "{code:?}");
    }
    session.call("fail_with_code", json!({ "text": "its_own_code" })).failed("its_own_code");
    let answer = session.call("succeed", json!({ "text": bad }));
    assert!(!harmful(&answer.text), "{:?}", answer.text);
    assert_eq!(answer.ok()["text"], bad);
    assert!(!harmful(&session.log()), "{:?}", session.log());
}

#[test]
fn i10_a_guest_that_exits_ends_its_instance_and_not_the_server() {
    let mut session = Session::serve(&["--plugin", &guest("fails"), LOCAL[0], LOCAL[1]]);
    let failure = session.call("exit", json!({})).failed("instance_lost");
    assert!(failure["message"].as_str().unwrap().contains("exit"), "{failure}");
    assert_eq!(session.call("succeed", json!({ "text": "after" })).ok()["text"], "after");
    eventually("the end is told", || session.log().contains("an instance is lost"));
}
