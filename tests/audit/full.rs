//! A full disk: nothing is granted, and events are written once there is room. The test
//! needs the right to mount.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::{LogFolder, dial, events};
use crate::support::{LOCAL, Peer, guest};

/// A small disk.
struct Disk(PathBuf);

impl Disk {
    fn new(place: &LogFolder) -> Option<Self> {
        let folder = place.0.join("disk");
        fs::create_dir(&folder).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(&folder).output();
        mounted.is_ok_and(|mounted| mounted.status.success()).then_some(Self(folder))
    }

    fn log(&self) -> String {
        self.0.join("audit.jsonl").display().to_string()
    }

    fn fill(&self) {
        let mut file = fs::File::create(self.0.join("filler")).unwrap();
        while file.write_all(&[7; 512]).is_ok() {}
    }

    fn free(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }

    fn events(&self) -> Vec<Value> {
        events(self.log().as_ref())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[test]
fn i5_a_disk_that_is_full_at_the_start_refuses_until_there_is_room_and_nothing_comes_before_the_policy() {
    let (place, peer) = (LogFolder::new(), Peer::echo());
    let Some(disk) = Disk::new(&place) else { return };
    disk.fill();
    let log = disk.log();
    let mut session = place.serve(&["--audit", &log, "--plugin", &guest("dials"), "--no-cache", LOCAL[0], LOCAL[1]]);
    let there = json!({ "host": "127.0.0.1", "port": peer.port() });
    for _ in 0..2 {
        for tool in ["tcp_connect", "dial_std", "telnet_tool"] {
            let arguments = match tool {
                "telnet_tool" => json!({ "target": "127.0.0.1", "port": peer.port() }),
                _ => there.clone(),
            };
            session.call(tool, arguments).failed("audit_failed");
        }
    }
    assert_eq!(peer.accepted(), 0);
    disk.free();
    assert_eq!(dial(&mut session, peer.port())["status"], "connected");
    assert_eq!(session.call("dial_std", there).ok()["text"], "Ok(())");
    session.close();
    let events = disk.events();
    let kinds = kinds(&events);
    assert_eq!(kinds[..2], ["opened", "policy"], "{kinds:?}");
    let loaded = |plugin: &str| {
        events.iter().position(|event| event["event"] == "loaded" && event["plugin"] == plugin).expect("it is loaded")
    };
    let first = |plugin: &str| {
        events.iter().position(|event| event["event"] == "ask" && event["plugin"] == plugin).expect("it has asked")
    };
    assert!(loaded("tcp") < first("tcp") && loaded("hostile") < first("hostile"), "{kinds:?}");
    assert_eq!(place.verify(&log).0, 0);
}

#[test]
fn the_end_of_a_call_that_met_a_full_disk_is_written_when_there_is_room() {
    let (place, peer) = (LogFolder::new(), Peer::echo());
    let Some(disk) = Disk::new(&place) else { return };
    let log = disk.log();
    let mut session = place.serve(&["--audit", &log, LOCAL[0], LOCAL[1]]);
    let arguments = json!({ "host": "127.0.0.1", "port": peer.port(), "connection_id": "c" });
    session.call("tcp_connect", arguments).ok();
    let waiting = session.post_call("tcp_wait", json!({ "connection_id": "c", "until": "close", "timeout_ms": 1500 }));
    crate::support::eventually("it waits", || {
        disk.events().iter().filter(|event| event["event"] == "call_started").count() == 2
    });
    disk.fill();
    // What room the last page still has is used up.
    while !session.call("tcp_list_connections", json!({})).is_error {}
    session.called(waiting);
    disk.free();
    session.call("tcp_list_connections", json!({})).ok();
    session.close();
    let events = disk.events();
    let of = |kind: &str| -> Vec<u64> {
        let mut calls: Vec<u64> =
            events.iter().filter(|event| event["event"] == kind).map(|event| event["call"].as_u64().unwrap()).collect();
        calls.sort_unstable();
        calls
    };
    assert!(of("call_started").contains(&2));
    assert_eq!(of("call_started"), of("call_ended"));
    assert_eq!(place.verify(&log).0, 0);
}
