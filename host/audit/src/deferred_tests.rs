//! What is owed is written when it can be; and places that are odd: links, pipes, other people's
//! keys.

use std::fs::{self, OpenOptions};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::time::Duration;

use crate::deferred::ROOM;
use crate::place_tests::{LogFolder, ask};
use crate::{Caller, ChainFile, Event, Keeping, Kind, OpenError, Sink, Unwritten, files, verify};

fn ended(chain: &ChainFile, call: u64) {
    let caller = Caller { call, principal: "local".to_owned(), client: None };
    let took = Duration::from_millis(1);
    chain.defer(&Event::CallEnded { caller: &caller, plugin: "tcp", tool: "t", outcome: "ok", took, bytes_out: 0 });
}

/// Puts a full disk in the file's place while something is done.
fn while_full(chain: &ChainFile, what: impl FnOnce()) {
    let held = chain.file_for_test();
    chain.replace_for_test(OpenOptions::new().append(true).open("/dev/full").unwrap());
    what();
    chain.replace_for_test(held);
}

#[test]
fn what_is_owed_is_written_before_the_next_event_with_its_own_time() {
    let place = LogFolder::new();
    let chain = place.open();
    let mut before = String::new();
    while_full(&chain, || {
        chain.defer(&Event::PolicyLoaded { text: "x", rules: 1 });
        assert_eq!(ask(&chain, 1), Err(Unwritten));
        (1..4).for_each(|call| ended(&chain, call));
        // The clock has gone on since then.
        let written = crate::record::now();
        while before <= written {
            before = crate::record::now();
        }
    });
    ask(&chain, 2).unwrap();
    ended(&chain, 4);
    drop(chain);
    assert_eq!(place.sound().notes.len(), 0);
    let lines = place.lines();
    let at = |index: usize| serde_json::from_str::<serde_json::Value>(&lines[index]).unwrap();
    let kinds: Vec<_> = (0..lines.len()).map(|index| at(index)["event"].as_str().unwrap().to_owned()).collect();
    assert_eq!(
        kinds,
        ["opened", "policy", "call_ended", "call_ended", "call_ended", "ask", "call_ended", "checkpoint"]
    );
    assert_eq!((at(2)["call"].as_u64(), at(4)["call"].as_u64()), (Some(1), Some(3)));
    assert!(at(4)["time"].as_str().unwrap() < before.as_str() && at(5)["time"].as_str().unwrap() > before.as_str());
}

#[test]
fn what_is_owed_is_written_at_the_end_too() {
    let place = LogFolder::with(1);
    let chain = place.open();
    chain.checkpoint().unwrap();
    while_full(&chain, || ended(&chain, 1));
    drop(chain);
    place.sound();
    let lines = place.lines();
    assert!(
        lines[lines.len() - 2].contains("call_ended") && lines[lines.len() - 1].contains("checkpoint"),
        "{lines:?}"
    );
}

#[test]
fn what_is_owed_has_a_bound_and_what_is_beyond_is_counted() {
    let place = LogFolder::new();
    let chain = place.open();
    while_full(&chain, || {
        (0..ROOM as u64 + 20).for_each(|call| ended(&chain, call));
        chain.defer(&Event::Loaded { plugin: "tcp", digest: "00" });
    });
    ask(&chain, 1).unwrap();
    drop(chain);
    place.sound();
    let lines = place.lines();
    assert_eq!(lines.iter().filter(|line| line.contains("call_ended")).count(), ROOM);
    assert_eq!(lines.iter().filter(|line| line.contains("\"loaded\"")).count(), 1);
    let omitted: Vec<_> = lines.iter().filter(|line| line.contains("\"omitted\"")).collect();
    assert!(omitted.len() == 1 && omitted[0].contains("20 events found no room"), "{omitted:?}");
}

#[test]
fn a_link_to_the_file_stays_a_link_when_the_file_is_rotated() {
    let place = LogFolder::new();
    let (log, real) = (place.log(), place.log().with_file_name("real.jsonl"));
    symlink(&real, &log).unwrap();
    let chain = place.keeping(3_000, 3);
    assert_eq!(chain.path(), real);
    (0..30).for_each(|port| ask(&chain, port).unwrap());
    drop(chain);
    assert!(fs::symlink_metadata(&log).unwrap().is_symlink());
    let all = files(&log);
    assert!(all.len() > 2 && all.iter().all(|file| file.to_string_lossy().contains("real.jsonl")), "{all:?}");
    assert!(all.iter().all(|file| fs::symlink_metadata(file).unwrap().is_file()));
    // By either name.
    place.sound();
    assert_eq!(verify(&real, &place.key()).unwrap().fault, None);
}

#[test]
fn a_pipe_is_no_place_for_an_audit() {
    let place = LogFolder::new();
    let (_reads, writes) = std::io::pipe().unwrap();
    let pipe = PathBuf::from(format!("/proc/self/fd/{}", writes.as_raw_fd()));
    for wrong in [pipe.as_path(), place.log().parent().unwrap()] {
        let error = ChainFile::open(wrong, &place.key(), Keeping::default()).err().expect("it is no place");
        match error {
            OpenError::Unfit(path) => assert_eq!(path, pipe),
            OpenError::File(path, _) => assert_ne!(path, pipe),
            other => panic!("{other}"),
        }
    }
    assert!(ChainFile::open("/dev/null".as_ref(), &place.key(), Keeping::default()).is_ok());
}

#[test]
fn after_an_orderly_end_a_cut_is_known_to_be_one() {
    let place = LogFolder::with(5);
    let lines = place.lines();
    fs::write(place.log(), lines[..lines.len() - 1].concat()).unwrap();
    let fault = place.verify().fault.unwrap();
    assert_eq!(fault.kind, Kind::CutAtEnd);
    assert!(fault.message.contains("is cut off (the disk had everything"), "{}", fault.message);
}

#[test]
fn drafts_of_a_key_that_nobody_finished_are_removed() {
    let place = LogFolder::new();
    let state = place.key().parent().unwrap().to_owned();
    let names =
        ["audit.0011223344556677.new", "audit.8899aabbccddeeff.new", "audit.other.new", "x.0011223344556677.new"];
    for name in names {
        fs::write(state.join(name), [7; 32]).unwrap();
    }
    let old = std::time::SystemTime::now() - Duration::from_secs(600);
    for name in [names[0], names[2], names[3]] {
        OpenOptions::new().append(true).open(state.join(name)).unwrap().set_modified(old).unwrap();
    }
    drop(place.open());
    let left: Vec<bool> = names.iter().map(|name| state.join(name).exists()).collect();
    assert_eq!(left, [false, true, true, true], "what may be at work, and what is not ours, stays");
}

#[test]
fn a_key_of_another_user_signs_nothing() {
    let place = LogFolder::with(1);
    // Only whoever may give files away can try.
    if std::os::unix::fs::chown(place.key(), Some(65_534), None).is_err() {
        return;
    }
    fs::set_permissions(place.key(), fs::Permissions::from_mode(0o600)).unwrap();
    let error = ChainFile::open(&place.log(), &place.key(), Keeping::default()).err().expect("it is refused");
    assert!(error.to_string().contains("it belongs to another user"), "{error}");
}
