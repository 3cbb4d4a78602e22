//! An ask that cannot be recorded is no refusal by the policy: in every tool the
//! call answers `audit_failed`.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};

use serde_json::{Value, json};

use super::LogFolder;
use crate::support::{NameServer, Session, eventually, policy, reply};

/// Holds back whoever waits, until it is opened.
#[derive(Default)]
struct Door(Mutex<bool>, Condvar);

impl Door {
    fn open(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }

    fn pass(&self) {
        drop(self.1.wait_while(self.0.lock().unwrap(), |open| !*open).unwrap());
    }
}

/// A name server that answers nobody before the door is open: names lead to 127.0.0.1, and
/// `dig.example` takes a second question.
fn held_back(door: Arc<Door>) -> NameServer {
    NameServer::new(move |question, tcp| {
        door.pass();
        let name = &question[12..];
        if name.starts_with(b"\x03dig") {
            return vec![reply(question, if tcp { 0 } else { 2 }, 0, &[])];
        }
        let end = 12 + name.iter().position(|byte| *byte == 0).unwrap();
        let v4 = question[end + 1..end + 3] == [0, 1];
        vec![reply(question, 0, 0, if v4 { &[[127, 0, 0, 1]] } else { &[] })]
    })
}

/// Puts another file where the log is, until nothing can be recorded.
fn take_away(session: &mut Session, log: &Path) {
    fs::rename(log, log.with_extension("kept")).unwrap();
    fs::write(log, "something else\n").unwrap();
    eventually("nothing is recorded", || session.call("tcp_list_connections", json!({})).is_error);
}

fn put_back(session: &mut Session, log: &Path) {
    fs::rename(log.with_extension("kept"), log).unwrap();
    eventually("it is recorded again", || !session.call("tcp_list_connections", json!({})).is_error);
}

#[test]
fn i5_an_ask_that_cannot_be_recorded_is_no_refusal_by_the_policy() {
    let (place, door) = (LogFolder::new(), Arc::new(Door::default()));
    let server = held_back(Arc::clone(&door));
    let followed = place.0.join("followed");
    fs::write(&followed, "line\n").unwrap();
    let (at, folder) = (server.address, place.0.display());
    let connect = "[{ to = \"tcp://*.example:*\", within = [\"127.0.0.0/8\"] }]";
    let arguments = policy(&format!(
        "[names]\nservers = [\"{at}\"]\n[plugins.tcp]\nconnect = {connect}\n[plugins.telnet]\nconnect = {connect}\n\
         [plugins.ping]\nping = [{{ to = \"*.example\", within = [\"127.0.0.0/8\"] }}]\n\
         [plugins.dns]\nresolve = [\"*.example\"]\nservers = [\"{at}\"]\n[plugins.files]\nread = [\"{folder}\"]\n"
    ));
    let mut session = place.audited(&[&arguments[0], &arguments[1]]);
    let calls = [
        ("tcp_connect", json!({ "host": "tcp.example", "port": 7 })),
        ("telnet_tool", json!({ "target": "telnet.example", "port": 7 })),
        ("ping_tool", json!({ "target": "ping.example" })),
        ("dig_tool", json!({ "target": "dig.example", "server": at.to_string() })),
        ("tail_tool", json!({ "file_path": followed, "follow": true, "seconds": 3 })),
    ];
    let posted = calls.map(|(tool, arguments)| (tool, session.post_call(tool, arguments)));
    let asked = |events: &[Value]| {
        let has = |call: u64| events.iter().any(|event| event["event"] == "ask" && event["call"] == call);
        (1..=5).all(has)
    };
    eventually("each has asked once", || asked(&place.events()));
    let log = place.log();
    take_away(&mut session, log.as_ref());
    // What each asks next: where its name has led, over TCP, the file that has
    // taken the other's place.
    door.open();
    fs::rename(&followed, place.0.join("followed.1")).unwrap();
    fs::write(&followed, "another\n").unwrap();
    for (tool, id) in posted {
        let answer = session.called(id);
        assert!(!answer.text.contains("policy") && !answer.text.contains("allow"), "{tool}: {}", answer.text);
        let message = answer.failed("audit_failed")["message"].clone();
        assert_eq!(message, "the audit log cannot be written, so nothing is granted", "{tool}");
    }
    put_back(&mut session, log.as_ref());
    // Nothing of it stays: a refusal is a refusal again.
    let refused = session.call("tcp_connect", json!({ "host": "elsewhere.test", "port": 7 }));
    assert_eq!(refused.failed("connection_failed")["reason"], "denied");
    session.close();
    let ends: Vec<Value> = place.events().into_iter().filter(|event| event["event"] == "call_ended").collect();
    for call in 1..=5 {
        let end = ends.iter().find(|end| end["call"] == call).unwrap_or_else(|| panic!("{call}: {ends:?}"));
        assert_eq!(end["reason"], "audit_failed", "{end}");
    }
    place.sound();
}

#[test]
fn a_log_that_another_key_has_signed_is_refused_at_the_start() {
    let place = LogFolder::new();
    place.audited(&[]).close();
    let checked = place.sound();
    let theirs = checked.lines().find_map(|line| line.strip_prefix("checked with the key ")).unwrap().to_owned();
    let before = fs::read(place.log()).unwrap();
    fs::remove_file(place.0.join("state/cofferdam/audit.key")).unwrap();
    let log = place.log();
    for arguments in [&["--audit", log.as_str()][..], &[]] {
        if arguments.is_empty() {
            // The same without a file's name.
            fs::copy(&log, place.0.join("state/cofferdam/audit.jsonl")).unwrap();
        }
        let (status, said) = place.bare(arguments).wait();
        assert_eq!(status.code(), Some(1), "{said}");
        let ours = said.split_once("the key here is ").unwrap_or_else(|| panic!("{said}")).1;
        let ours = ours.split(' ').next().unwrap();
        assert!(said.contains(&format!("is signed with the key {theirs}")), "{said}");
        assert!(ours.starts_with("SHA256:") && ours.len() == theirs.len() && ours != theirs, "{said}");
        assert!(said.contains("\nhint: put the key back that has signed it, or move the log away"), "{said}");
    }
    assert_eq!(fs::read(place.log()).unwrap(), before, "nothing was written");
    // What is checked with it is told in the same words.
    let (code, said) = place.verify(&log);
    assert!(
        code == 1 && said.contains(&format!("signed with another key, {theirs}; the key here is SHA256:")),
        "{said}"
    );
}
