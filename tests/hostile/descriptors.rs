//! File descriptors: whatever guests open, a plugin has no more than its limit, whatever
//! plugins have, the process keeps its reserve, and each refusal is reported. Tables of
//! the host count as memory.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Folder, Peer, Session, eventually, free, guest, policy, raw_guest_with, scratch};

/// Descriptors of the process that are open.
fn open(session: &Session) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", session.pid())).unwrap().count()
}

/// Those of them that lead to this path: a plugin's threads, which are started when they are
/// needed, have some of their own that stay.
fn opened(session: &Session, path: &str) -> usize {
    let path = std::fs::canonicalize(path).unwrap();
    let all = std::fs::read_dir(format!("/proc/{}/fd", session.pid())).unwrap();
    // One may be closed between being listed and being looked at.
    all.filter(|one| one.as_ref().is_ok_and(|one| std::fs::read_link(one.path()).is_ok_and(|to| to == path))).count()
}

/// So many MiB were in memory at one time.
fn peak(session: &Session) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", session.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() >> 10
}

fn text(answer: Value) -> String {
    answer["text"].as_str().unwrap().to_owned()
}

/// A folder with one file, and a policy that lets every plugin read it, and dial this machine.
fn readable(limits: &str) -> (Folder, [String; 2]) {
    let folder = Folder::new("hoards");
    folder.write("file", "line\n");
    let root = folder.path("");
    let text = format!(
        "[defaults]\nread = [{root:?}]\nconnect = [\"tcp://localhost:*\"]\n[plugins.hostile.limits]\n{limits}\n"
    );
    (folder, policy(&text))
}

#[test]
fn i10_a_file_that_is_opened_without_end_hits_the_plugins_limit() {
    let (folder, [flag, file]) = readable("connections = 1\ndescriptors = 100");
    let mut session = Session::serve(&[&flag, &file, "--plugin", &guest("hoards")]);
    let path = folder.path("file");
    let hoard = |hold_ms: u64| json!({ "path": path, "count": 20_000, "hold_ms": hold_ms });
    assert_eq!(text(session.call("open", json!({ "path": path, "count": 50, "hold_ms": 0 })).ok()), "50 ");
    assert_eq!(text(session.call("open", hoard(0)).ok()), "100 QuotaExceeded");
    session.log_line_has(&["a limit is hit", "plugin=\"hostile\"", "limit=\"descriptors\""]);
    let lists = json!({ "path": folder.path(""), "count": 20_000, "hold_ms": 0 });
    let listed = text(session.call("list", lists).ok());
    // Each list holds the directory and its entries.
    assert_eq!(listed, "50 QuotaExceeded");
    // The count is the plugin's: what one call holds, another does not get.
    eventually("all of the calls before are closed", || opened(&session, &path) == 0);
    let holding = session.post_call("open", hoard(2000));
    eventually("a hundred are open", || opened(&session, &path) == 100);
    let further = text(session.call("open", hoard(0)).ok());
    // Nobody else is affected.
    assert!(!session.call("cat_tool", json!({ "file_path": path })).is_error);
    let peer = Peer::echo();
    session.connect(peer.port(), "c");
    // The hundredth may have been one that was only looked at when it was counted.
    let held = text(session.called(holding).ok());
    let number = |told: &str| told.strip_suffix(" QuotaExceeded").unwrap().parse::<u32>().unwrap();
    assert!(number(&held) + number(&further) == 100 && number(&further) <= 1, "{held} and {further}");
    eventually("all are closed", || opened(&session, &path) == 0);
    assert_eq!(text(session.call("open", hoard(0)).ok()), "100 QuotaExceeded", "they are there again");
}

#[test]
fn i10_under_few_descriptors_other_plugins_and_the_audit_live_on() {
    let (folder, [flag, file]) = readable("descriptors = 100000");
    let place = scratch("few");
    let log = place.join("audit.jsonl");
    let mut command = Command::new("sh");
    let serve = "ulimit -n 256; exec \"$0\" serve \"$@\"";
    command.args(["-c", serve, env!("CARGO_BIN_EXE_cofferdam"), &flag, &file, "--plugin", &guest("hoards")]);
    command.args(["--audit", &log.display().to_string()]);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("XDG_STATE_HOME", &place);
    let mut session = Session::spawn(command);
    session.initialize("2025-11-25");
    let path = folder.path("file");
    assert_eq!(text(session.call("open", json!({ "path": path, "count": 10, "hold_ms": 0 })).ok()), "10 ");
    let before = open(&session);
    let holding = session.post_call("open", json!({ "path": path, "count": 20_000, "hold_ms": 5000 }));
    // Half of what is left of 256 after the reserve.
    eventually("its share is open", || open(&session) >= before + 80);
    assert!(open(&session) < 256 - 64, "{} are open", open(&session));
    let peer = Peer::echo();
    session.connect(peer.port(), "c");
    session.send_text("c", "still\n");
    session.receives("c", 6);
    assert!(!session.call("cat_tool", json!({ "file_path": path })).is_error);
    // A log rotator moves the file away: it has to be opened anew.
    std::fs::rename(&log, place.join("audit.jsonl.1")).unwrap();
    eventually("the audit goes on in a new file", || {
        session.send_text("c", "again\n");
        std::fs::metadata(&log).is_ok_and(|file| file.len() > 0)
    });
    assert!(open(&session) >= before + 80, "all the while they were open");
    assert_eq!(text(session.called(holding).ok()), "80 QuotaExceeded");
    session.log_line_has(&["a limit is hit", "plugin=\"hostile\"", "limit=\"descriptors\""]);
}

#[test]
fn i10_many_tables_of_a_guest_count_against_its_memory() {
    let [flag, file] = policy("[limits]\nmemory = \"2 MiB\"\n");
    let mut session = Session::serve(&[&flag, &file, "--plugin", &raw_guest_with("many_tables", "", "call")]);
    assert_eq!(session.call("raw", json!({})).text, "alive", "the allowed twin");
    let posted: Vec<u64> = (0..60).map(|_| session.post_call("raw", json!({ "hostile": true }))).collect();
    for id in posted {
        let failure = session.called(id).failed("instance_lost");
        assert!(failure["message"].as_str().unwrap().contains("(limit `memory`)"), "{failure}");
    }
    assert!(peak(&session) < 400, "{} MiB", peak(&session));
    assert_eq!(session.call("raw", json!({})).text, "alive");
}

#[test]
fn i10_entries_of_the_hosts_tables_are_a_part_of_the_memory() {
    let (_folder, [flag, file]) = readable("memory = \"4 MiB\"");
    for tool in ["pollables", "streams"] {
        let mut session = Session::serve(&[&flag, &file, "--plugin", &guest("hoards")]);
        assert_eq!(text(session.call(tool, json!({ "count": 500 })).ok()), "500", "the allowed twin of {tool}");
        let before = peak(&session);
        let posted: Vec<u64> = (0..60).map(|_| session.post_call(tool, json!({ "count": 1_000_000 }))).collect();
        for id in posted {
            let failure = session.called(id).failed("instance_lost");
            assert!(failure["message"].as_str().unwrap().contains("(limit `memory`)"), "{failure}");
        }
        // A call may take twice its memory, and all of them at once.
        assert!(peak(&session) < before + 2 * 60 * 4, "{tool}: {} MiB after {before}", peak(&session));
        assert_eq!(text(session.call(tool, json!({ "count": 500 })).ok()), "500");
    }
}

/// Those of them that a plugin's code has for all of its instances: images of memory, and what
/// tells which of it was written.
fn images(session: &Session) -> usize {
    let all = std::fs::read_dir(format!("/proc/{}/fd", session.pid())).unwrap().flatten();
    all.filter(|one| {
        std::fs::read_link(one.path()).is_ok_and(|to| {
            let to = to.to_string_lossy();
            to.starts_with("/memfd:wasm-memory-image") || to.ends_with("/pagemap")
        })
    })
    .count()
}

/// The threads that a plugin's guests run on.
fn threads(session: &Session, plugin: &str) -> usize {
    let all = std::fs::read_dir(format!("/proc/{}/task", session.pid())).unwrap();
    let name = |one: &std::fs::DirEntry| std::fs::read_to_string(one.path().join("comm")).unwrap_or_default();
    all.flatten().filter(|one| name(one).trim_end() == plugin).count()
}

#[test]
fn i10_an_event_loop_has_as_many_descriptors_as_it_is_counted_for() {
    let mut session = Session::serve(&["--allow-connect", "tcp://localhost:*", "--allow-resolve", "any"]);
    // What is opened once for all plugins is open then.
    session.call("tcp_list_connections", json!({})).ok();
    assert_eq!(threads(&session, "tcp"), 1);
    // The image of a plugin's memory is one descriptor for all of its instances.
    let before = open(&session) - images(&session);
    let nobody = free("127.0.0.1").to_string().replace(':', "#");
    for _ in 0..20 {
        let posted: Vec<u64> = (0..8)
            .map(|_| session.post_call("nslookup_tool", json!({ "target": "a.example", "server": nobody })))
            .collect();
        posted.into_iter().for_each(|id| _ = session.called(id));
    }
    // Four each: `enforce/descriptors.rs` counts with this number.
    eventually("only event loops have more", || {
        open(&session) - images(&session) == before + 4 * threads(&session, "dns")
    });
    assert!(threads(&session, "dns") >= 1);
}
