//! `tail_tool` with `follow`: what is written meanwhile comes as progress and is returned, whatever
//! happens to the file.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Claim, Clock, Folder, Session, eventually};

/// The text without the note that names the cursor.
fn without_note(text: &str) -> &str {
    &text[..text.rfind("\n[").map_or(text.len(), |at| at + 1)]
}

/// How often it has been asked for a file: at each look at it.
fn asked(session: &Session, path: &str) -> usize {
    let asks = |event: &Value| event["event"] == "ask" && event["resource"].to_string().contains(path);
    session.events().into_iter().filter(asks).count()
}

/// A file that is followed, and what has been reported of it.
struct Followed<'a> {
    session: &'a mut Session,
    id: u64,
    told: String,
}

impl<'a> Followed<'a> {
    /// Begins to follow, with these arguments besides, and waits until it is under way.
    fn begin(session: &'a mut Session, folder: &Folder, more: &Value) -> Self {
        let path = folder.path("log");
        let mut arguments = json!({ "file_path": path, "lines": 1 });
        // A call that does not follow asks as often as the other one does before it follows.
        let before = asked(session, &path);
        session.call("tail_tool", arguments.clone()).object();
        let once = asked(session, &path) - before;
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments["follow"] = json!(true);
        let params = json!({ "name": "tail_tool", "arguments": arguments, "_meta": { "progressToken": "t" } });
        let id = session.post("tools/call", params);
        eventually("it is followed", || asked(session, &path) > before + 2 * once);
        Self { session, id, told: String::new() }
    }

    /// Waits until this has been reported.
    fn tells(&mut self, text: &str) {
        while !self.told.contains(text) {
            let report = self.session.wait_for("a report", |message| message["method"] == "notifications/progress");
            self.told += &report["params"]["message"].as_str().unwrap().replace("\\n", "\n");
        }
    }
}

/// Follows a file for two seconds while `during` happens to it; the answer, and
/// what was reported meanwhile.
fn follow(folder: &Folder, during: impl FnOnce(&mut Followed<'_>)) -> (Value, String) {
    let before = std::fs::read_to_string(folder.0.join("log")).unwrap();
    let mut session = folder.session();
    let mut followed = Followed::begin(&mut session, folder, &json!({ "seconds": 2 }));
    during(&mut followed);
    let answer = followed.session.answer_to(&json!(followed.id));
    let object = answer["result"]["structuredContent"].clone();
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert_eq!(without_note(text), object["content"], "{answer}");
    assert!(text.contains(object["next_cursor"].as_str().unwrap()), "{answer}");
    // The reports came before the answer, so they are all there. What was
    // there before is not reported.
    let known = before.split_inclusive('\n').next_back().unwrap().len();
    followed.tells(&object["content"].as_str().unwrap()[known..]);
    (object, followed.told)
}

#[test]
fn what_is_written_meanwhile_is_reported_and_returned() {
    let folder = Folder::new("follow");
    folder.write("log", "older\nold\n");
    let begun = Clock::start();
    let (object, told) = follow(&folder, |followed| {
        folder.append("log", "new\n");
        followed.tells("new\n");
        folder.append("log", "newer\n");
    });
    assert_eq!(object["content"], "old\nnew\nnewer\n");
    assert_eq!((&object["lines"], &object["followed"]["new_bytes"]), (&json!(3), &json!(10)));
    assert_eq!(told, "new\nnewer\n");
    begun.at_least(Claim::Deadline, Duration::from_secs(2));
}

#[test]
fn a_rotation_is_survived() {
    let folder = Folder::new("rotation");
    folder.write("log", "old\n");
    let (object, _) = follow(&folder, |followed| {
        std::fs::rename(folder.0.join("log"), folder.0.join("log.1")).unwrap();
        folder.append("log.1", "late\n");
        followed.tells("late\n");
        folder.write("log", "first\n");
    });
    assert_eq!(object["content"], "old\nlate\nfirst\n");
    assert_eq!(object["followed"]["rotations"], 1);
}

#[test]
fn a_truncation_is_survived() {
    let folder = Folder::new("truncation");
    folder.write("log", "a long old line\n");
    let (object, _) = follow(&folder, |_| {
        std::fs::write(folder.0.join("log"), "new\n").unwrap();
    });
    assert_eq!(object["content"], "a long old line\nnew\n");
    assert_eq!(object["followed"]["truncations"], 1);
}

#[test]
fn a_writer_that_goes_on_at_its_old_offset_leaves_a_hole_that_is_told_and_passed() {
    let folder = Folder::new("copytruncate");
    let old = "an old line of the log\n".repeat(3000);
    folder.write("log", &old);
    let mut writer = std::fs::OpenOptions::new().write(true).open(folder.0.join("log")).unwrap();
    writer.seek(SeekFrom::End(0)).unwrap();
    let (object, _) = follow(&folder, |followed| {
        // What logrotate does with `copytruncate`, to a writer that does not append.
        writer.set_len(0).unwrap();
        writer.write_all(b"new\n").unwrap();
        followed.tells("new\n");
        writer.write_all(b"newer\n").unwrap();
    });
    let expected = format!("an old line of the log\n\\x00 ({} times)new\nnewer\n", old.len());
    assert_eq!(object["content"], expected);
    let followed = &object["followed"];
    assert_eq!((&followed["truncations"], &followed["full"]), (&json!(1), &Value::Null), "{object}");
    assert_eq!(followed["new_bytes"], old.len() + 10);
}

#[test]
fn a_file_that_is_written_anew_is_read_from_its_beginning_however_long_it_is() {
    let folder = Folder::new("anew");
    folder.write("log", "an old line\nhalf");
    let (object, _) = follow(&folder, |followed| {
        std::fs::write(folder.0.join("log"), "a new line that is longer than all of it\n").unwrap();
        followed.tells("all of it\n");
        // As long as what was there, to the byte.
        std::fs::write(folder.0.join("log"), "a last line that is just as long as that\n").unwrap();
    });
    let new = "a new line that is longer than all of it\na last line that is just as long as that\n";
    // The line that was left unfinished ends where the new text begins.
    assert_eq!(object["content"], format!("half\n{new}"));
    assert_eq!(object["followed"]["truncations"], 2, "{object}");
}

#[test]
fn a_directory_under_the_name_for_a_while_is_waited_out_and_told() {
    let folder = Folder::new("directory");
    folder.write("log", "old\n");
    let path = folder.0.join("log");
    let mut session = folder.session();
    let mut followed = Followed::begin(&mut session, &folder, &json!({ "seconds": 2 }));
    std::fs::rename(&path, folder.0.join("log.1")).unwrap();
    std::fs::create_dir(&path).unwrap();
    folder.append("log.1", "late\n");
    followed.tells("late\n");
    std::fs::remove_dir(&path).unwrap();
    folder.write("log", "new\n");
    let id = followed.id;
    let (text, object) = session.called(id).parts();
    assert_eq!(object["content"], "old\nlate\nnew\n");
    let followed = &object["followed"];
    assert_eq!((&followed["rotations"], &followed["interruptions"]), (&json!(1), &json!(1)), "{object}");
    assert!(text.contains("for a while there was no file under this name"), "{text}");
}

#[test]
fn following_takes_four_seconds_and_its_cursor_goes_on() {
    let folder = Folder::new("cursor");
    let path = folder.write("log", "older\nold\n");
    let mut session = folder.session();
    let begun = Clock::start();
    let object = session.call("tail_tool", json!({ "file_path": path, "follow": true, "lines": 1 })).object();
    let took = begun.stop();
    took.at_least(Claim::Deadline, Duration::from_secs(4));
    took.within(Claim::Deadline, Duration::from_millis(4900));
    assert_eq!(object["content"], "old\n");
    folder.append("log", "between\n");
    let mut on = |cursor: &Value, follow: bool| {
        let arguments = json!({ "file_path": path, "cursor": cursor, "follow": follow, "seconds": 1 });
        session.call("tail_tool", arguments).object()
    };
    let second = on(&object["next_cursor"], true);
    assert_eq!((&second["content"], &second["offset"]), (&json!("between\n"), &json!(10)));
    folder.append("log", "later\n");
    let third = on(&second["next_cursor"], false);
    assert_eq!((&third["content"], &third["followed"]["replaced"]), (&json!("later\n"), &Value::Null));
    assert_eq!(on(&third["next_cursor"], false)["content"], "");
    // Rotated between two calls: what is there now is read from its beginning, and that is told.
    std::fs::rename(folder.0.join("log"), folder.0.join("log.1")).unwrap();
    folder.write("log", "another file, which is longer than the first one\n");
    let fourth = on(&third["next_cursor"], false);
    assert_eq!(fourth["content"], "another file, which is longer than the first one\n");
    assert_eq!(fourth["followed"]["replaced"], true);
    let other = folder.write("other", "x\n");
    let failed = session.call("tail_tool", json!({ "file_path": other, "cursor": third["next_cursor"] }));
    assert_eq!(failed.failed("invalid_argument")["argument"], "cursor");
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
    let object = session.call("tail_tool", json!({ "file_path": path, "follow": true })).object();
    assert_eq!(object["content"], "old\n");
    assert!(object["followed"]["seconds"].as_f64().unwrap() < 2.0, "{object}");

    let mut session = folder.session();
    let id = Followed::begin(&mut session, &folder, &json!({})).id;
    session.cancel(id);
    assert_eq!(session.ends(id), "cancelled");
    session.call("cat_tool", json!({ "file_path": path })).object();
}
