//! Files: each line says of which file it is, and the whole content is known.

use std::fs;
use std::io::Write;

use serde_json::json;

use super::Lane;
use crate::place::{FILES, content, file_name, line_of, lines_of};

/// One of the tools that show a file, or what is in a folder.
pub fn read(lane: &mut Lane) {
    let number = lane.rng.u64(0..FILES);
    let (path, lines) = (lane.soak.place.file(number), lines_of(number));
    let wanted = lane.rng.u64(1..=lines);
    match lane.rng.u8(0..5) {
        0 => {
            let Some(told) = lane.call("head_tool", json!({ "file_path": path, "lines": wanted }), &[]) else { return };
            lane.same("head_tool", &told.structured["file_path"], path);
            let due: String = (0..wanted).map(|line| line_of(number, line)).collect();
            begins(lane, "head_tool", told.texts.concat().as_str(), &due);
        }
        1 => {
            let Some(told) = lane.call("tail_tool", json!({ "file_path": path, "lines": wanted }), &[]) else { return };
            lane.same("tail_tool", &told.structured["file_path"], path);
            let due: String = (lines - wanted..lines).map(|line| line_of(number, line)).collect();
            let text = told.texts.concat();
            lane.holds("tail_tool shows another end", text.contains(due.lines().last().unwrap_or_default()), || {
                text.clone()
            });
        }
        2 => {
            let Some(told) = lane.call("cat_tool", json!({ "file_path": path }), &[]) else { return };
            lane.same("cat_tool", &told.structured["file_path"], path);
            begins(lane, "cat_tool", told.texts.concat().as_str(), &content(number));
        }
        3 => {
            let Some(told) = lane.call("stat_tool", json!({ "file_path": path }), &[]) else { return };
            lane.same("stat_tool", &told.structured["size"], content(number).len());
        }
        _ => {
            let folder = lane.soak.place.folder.join("files").display().to_string();
            let Some(told) = lane.call("ls_tool", json!({ "file_path": folder }), &[]) else { return };
            let text = told.texts.concat();
            lane.holds("ls_tool misses a file", text.contains(&file_name(number)), || text.clone());
        }
    }
}

/// A page is the beginning of what is due, and what a person reads beside it.
fn begins(lane: &Lane, tool: &str, text: &str, due: &str) {
    let shown = text.lines().filter(|line| line.starts_with("file-"));
    let right = shown.clone().zip(due.lines()).all(|(shown, due)| due.starts_with(shown)) && shown.clone().count() > 0;
    lane.holds(&format!("{tool} shows another file"), right, || text.chars().take(300).collect());
}

/// One line is found in one file.
pub fn search(lane: &mut Lane) {
    let number = lane.rng.u64(0..FILES);
    let line = lane.rng.u64(0..lines_of(number));
    let path = lane.soak.place.file(number);
    let arguments = json!({ "pattern": format!("line-{line:06} "), "file_path": path });
    let Some(told) = lane.call("grep_tool", arguments, &[]) else { return };
    let due = line_of(number, line);
    let text = told.texts.concat();
    lane.holds("grep_tool finds another line", text.contains(due.trim_end()), || format!("{text} without {due}"));
}

/// A file of its own, which grows or is rotated while it is followed.
pub fn follow(lane: &mut Lane) {
    let unique = lane.unique();
    let path = lane.soak.place.fresh_file(&format!("followed-{unique}.log"), "begin\n");
    let following = lane.begin("tail_tool", json!({ "file_path": path, "follow": true, "seconds": 1 }));
    std::thread::sleep(std::time::Duration::from_millis(lane.rng.u64(0..300)));
    if lane.rng.bool() {
        let _ = fs::rename(&path, path.with_extension("1"));
    }
    let appended = fs::OpenOptions::new().append(true).create(true).open(&path);
    let _ = appended.and_then(|mut file| writeln!(file, "token {unique}"));
    let begun = following.begun;
    let reply = following.wait(&lane.soak.session);
    if let Some(told) = lane.settle("tail_tool", "follow", begun, reply, &[]) {
        let text = told.texts.concat();
        // A fault may have hidden what came meanwhile.
        let due = text.contains(&format!("token {unique}")) || lane.soak.faults.met(begun);
        lane.holds("tail_tool does not follow", due, || format!("{unique} in {text}"));
        let others = text.lines().any(|line| line.starts_with("token ") && line != format!("token {unique}"));
        if others {
            lane.soak.tally.crossed(|| format!("tail_tool of {unique}: {text}"));
        }
    }
    let _ = fs::remove_file(&path);
    let _ = fs::remove_file(path.with_extension("1"));
}
