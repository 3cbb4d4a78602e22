//! `tail_tool` with `follow`: what is written meanwhile comes as progress and is returned, whatever happens to the file.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::Folder;

/// Follows a file for two seconds while `during` happens to it; the answer, and what was reported meanwhile.
fn follow(folder: &Folder, during: impl FnOnce()) -> (Value, String) {
    let mut session = folder.session();
    let arguments = json!({ "file_path": folder.path("log"), "follow": true, "seconds": 2, "lines": 1 });
    let params = json!({ "name": "tail_tool", "arguments": arguments, "_meta": { "progressToken": "t" } });
    let id = session.post("tools/call", params);
    std::thread::sleep(Duration::from_millis(500));
    during();
    let answer = session.answer_to(&json!(id));
    let object = answer["result"]["structuredContent"].clone();
    assert_eq!(answer["result"]["content"][0]["text"], object["content"], "{answer}");
    // The reports came before the answer, so they are all there.
    let mut told = String::new();
    session.post("ping", json!({}));
    while told.len() < object["followed"]["new_bytes"].as_u64().map_or(0, |n| usize::try_from(n).unwrap()) {
        let report = session.wait_for("a report", |message| message["method"] == "notifications/progress");
        told.push_str(report["params"]["message"].as_str().unwrap());
    }
    (object, told)
}

#[test]
fn what_is_written_meanwhile_is_reported_and_returned() {
    let folder = Folder::new("follow");
    folder.write("log", "older\nold\n");
    let begun = Instant::now();
    let (object, told) = follow(&folder, || {
        folder.append("log", "new\n");
        std::thread::sleep(Duration::from_millis(300));
        folder.append("log", "newer\n");
    });
    assert_eq!(object["content"], "old\nnew\nnewer\n");
    assert_eq!((&object["lines"], &object["followed"]["new_bytes"]), (&json!(3), &json!(10)));
    assert_eq!(told.replace("\\n", "\n"), "new\nnewer\n");
    assert!(begun.elapsed() >= Duration::from_secs(2));
}

#[test]
fn a_rotation_is_survived() {
    let folder = Folder::new("rotation");
    folder.write("log", "old\n");
    let (object, _) = follow(&folder, || {
        std::fs::rename(folder.0.join("log"), folder.0.join("log.1")).unwrap();
        folder.append("log.1", "late\n");
        std::thread::sleep(Duration::from_millis(300));
        folder.write("log", "first\n");
    });
    assert_eq!(object["content"], "old\nlate\nfirst\n");
    assert_eq!(object["followed"]["rotations"], 1);
}

#[test]
fn a_truncation_is_survived() {
    let folder = Folder::new("truncation");
    folder.write("log", "a long old line\n");
    let (object, _) = follow(&folder, || {
        std::fs::write(folder.0.join("log"), "new\n").unwrap();
    });
    assert_eq!(object["content"], "a long old line\nnew\n");
    assert_eq!(object["followed"]["truncations"], 1);
}

#[test]
fn following_ends_within_the_limit_of_a_call_and_when_it_is_cancelled() {
    let folder = Folder::new("limit");
    let path = folder.write("log", "old\n");
    let policy = folder.write(
        "policy.toml",
        format!("[plugins.files]\nread = [\"{}\"]\n\n[limits]\ncall = \"2 s\"\n", folder.path("")),
    );
    let mut session = crate::support::Session::serve(&["--policy", &policy]);
    let failed = session.call("tail_tool", json!({ "file_path": path, "follow": true, "seconds": 3 }));
    assert_eq!(failed.failed("invalid_argument")["argument"], "seconds");
    let begun = Instant::now();
    let object = session.call("tail_tool", json!({ "file_path": path, "follow": true })).object();
    assert_eq!(object["content"], "old\n");
    assert!(begun.elapsed() < Duration::from_millis(1900), "{:?}", begun.elapsed());

    let id = session.post_call("tail_tool", json!({ "file_path": path, "follow": true }));
    std::thread::sleep(Duration::from_millis(200));
    session.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id } }));
    let begun = Instant::now();
    session.call("cat_tool", json!({ "file_path": path })).object();
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}
