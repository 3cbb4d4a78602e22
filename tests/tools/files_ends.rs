//! Files that are cut, grow, are replaced, removed, and become directories, pipes, links or broken
//! archives, at any moment of any call that reads them, while calls are cancelled at any moment:
//! each call has its answer in time, and the next one works.

use std::collections::VecDeque;
use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use nix::libc::O_NONBLOCK;
use serde_json::{Value, json};

use crate::support::{Dice, Flow, Folder, Passes, ends, pass, policy, seed};

/// Calls at one time.
const AT_ONCE: usize = 120;

/// What the files are called that come and go.
const NAMES: [&str; 8] = ["a", "b", "c.gz", "d.gz", "dir/e", "dir/f", "dir", "dir/g"];

/// What a call may say of a file that is not there any more, or is something else now. A link that
/// leads nowhere by its whole path is one that leads out, as far as anybody is told.
const KNOWN: &[&str] = &[
    "not_found",
    "not_allowed",
    "is_directory",
    "not_directory",
    "not_a_file",
    "link_loop",
    "changed",
    "invalid_argument",
];

/// The longest file, so that the disk does not fill.
const LONGEST: u64 = 3 << 20;

/// Somebody else on the machine, who does anything to the files.
struct Others {
    dice: Dice,
    folder: Folder,
    gzip: Vec<u8>,
    /// Pipes that somebody writes to.
    open: VecDeque<fs::File>,
}

impl Others {
    fn new(seed: u64, folder: &Path) -> Self {
        let folder = Folder(folder.to_owned());
        fs::create_dir_all(folder.0.join("dir")).unwrap();
        let text = folder.0.with_extension(format!("{seed}"));
        let lines: String = (0..20_000u64).map(|n| format!("line {n} {}\n", n.wrapping_mul(0x9e37_79b9))).collect();
        fs::write(&text, lines).unwrap();
        let gzip = Command::new("gzip").args(["-1", "-c"]).arg(&text).output().unwrap().stdout;
        assert!(gzip.len() > 1000);
        fs::remove_file(text).unwrap();
        Self { dice: Dice::new(seed), folder, gzip, open: VecDeque::new() }
    }

    fn text(&mut self) -> Vec<u8> {
        let most = if self.dice.one_in(10) { 20_000 } else { 100 };
        let lines = self.dice.below(most);
        let mut text: Vec<u8> = (0..lines).flat_map(|n| format!("a line, the word is {n}\n").into_bytes()).collect();
        if self.dice.one_in(4) {
            let bytes = self.dice.pick(&[&b"\xff\xfe"[..], b"\0\0\0\0", b"no end", b"\x1f\x8b\x08", b"\xc3"]);
            let at = if self.dice.one_in(2) { 0 } else { text.len() };
            text.splice(at..at, bytes.iter().copied());
        }
        text
    }

    /// Whatever it is, it is gone.
    fn remove(path: &Path) {
        if fs::remove_file(path).is_err() {
            let _ = fs::remove_dir_all(path);
        }
    }

    /// Does one thing to one of them. It may fail: another has been there.
    fn act(&mut self) {
        let path = self.folder.0.join(self.dice.pick(&NAMES));
        let other = self.folder.0.join(self.dice.pick(&NAMES));
        let existing = fs::OpenOptions::new().read(true).write(true).custom_flags(O_NONBLOCK).open(&path).ok();
        let existing = existing.filter(|file| file.metadata().is_ok_and(|about| about.is_file()));
        let length = existing.as_ref().and_then(|file| Some(file.metadata().ok()?.len())).unwrap_or(0);
        match (self.dice.below(16), existing) {
            (0 | 1, Some(file)) if length < LONGEST => drop(file.write_at(&self.text(), length)),
            (0..=2, Some(file)) => drop(file.set_len(self.dice.below(usize::try_from(length).unwrap() + 1) as u64)),
            // As `copytruncate` does it, to a writer that goes on at its old offset.
            (3, Some(mut file)) => {
                let text = self.text();
                let _ = file.set_len(0);
                let _ = file.seek(SeekFrom::Start(length)).and_then(|_| file.write_all(&text));
            }
            (4, Some(file)) => drop(file.set_len((length + self.dice.below(1 << 20) as u64).min(LONGEST))),
            // Other bytes in the middle.
            (5, Some(file)) => {
                let (text, at) = (self.text(), self.dice.below(usize::try_from(length).unwrap() + 1));
                drop(file.write_at(&text, at as u64));
            }
            (6, _) => Self::remove(&path),
            (7, _) => {
                Self::remove(&path);
                let _ = fs::create_dir_all(&path);
            }
            // A pipe, with a writer or without; in which case an open for reading would wait.
            (8, _) => {
                Self::remove(&path);
                let _ = fs::hard_link(self.folder.0.join("pipe"), &path);
                if self.dice.one_in(2)
                    && let Ok(mut pipe) =
                        fs::OpenOptions::new().read(true).write(true).custom_flags(O_NONBLOCK).open(&path)
                {
                    let _ = pipe.write_all(b"from a pipe\n");
                    self.open.push_back(pipe);
                    self.open.truncate(4);
                }
            }
            (9, _) => {
                Self::remove(&path);
                drop(UnixListener::bind(&path));
            }
            // Links, in circles as well.
            (10, _) => {
                Self::remove(&path);
                let target = if self.dice.one_in(3) { &path } else { &other };
                // By its whole path, or from where the link is.
                let whole = self.dice.one_in(2);
                let up = if path.parent() == Some(&self.folder.0) { "." } else { ".." };
                let from_here = Path::new(up).join(target.strip_prefix(&self.folder.0).unwrap());
                let _ = symlink(if whole { target } else { &from_here }, &path);
            }
            (11, _) => drop(fs::rename(&path, &other)),
            (12 | 13, _) => {
                let most = self.gzip.len();
                let cut = if self.dice.one_in(2) { self.dice.below(most) } else { most };
                let mut bytes = self.gzip[..cut].to_vec();
                if self.dice.one_in(3) && cut > 0 {
                    bytes[self.dice.below(cut)] ^= 1;
                }
                if path.parent().is_some_and(Path::is_dir) {
                    let _ = fs::write(self.folder.0.join("dir").join("new"), bytes);
                    let _ = fs::rename(self.folder.0.join("dir").join("new"), &path);
                }
            }
            _ => {
                // A rotation: the new one has the name at once.
                let text = self.text();
                let new = self.folder.0.join(format!("new{}", self.dice.below(3)));
                let _ = fs::create_dir_all(self.folder.0.join("dir"));
                let _ = fs::write(&new, text).and_then(|()| fs::rename(&new, &path));
            }
        }
    }
}

/// One of the calls there are. `cursors` are of answers before.
fn call(dice: &mut Dice, folder: &Folder, cursors: &mut VecDeque<(String, Value, String)>) -> (&'static str, Value) {
    // An answer goes on, whatever has become of its file.
    if dice.one_in(5)
        && let Some((tool, path, cursor)) = cursors.pop_front()
    {
        let mut all = json!({ "file_path": path, "cursor": cursor });
        if tool == "tail_tool" && dice.one_in(2) {
            (all["follow"], all["seconds"]) = (json!(true), json!(1));
        }
        return (if tool == "tail_tool" { "tail_tool" } else { "cat_tool" }, all);
    }
    let mut all = json!({ "file_path": folder.path(dice.pick(&NAMES)) });
    if dice.one_in(4) {
        all["decompress"] = json!(dice.one_in(2));
    }
    if dice.one_in(3) {
        all["limit"] = json!(dice.pick(&[16, 1000, 100_000, 1 << 20]));
    }
    match dice.below(10) {
        0 | 1 => {
            all["offset"] = json!(if dice.one_in(3) { dice.below(2 << 20) } else { 0 });
            ("cat_tool", all)
        }
        2 => {
            all["lines"] = json!(dice.pick(&[0, 1, 10, 100_000]));
            ("head_tool", all)
        }
        3 | 4 => {
            all["lines"] = json!(dice.pick(&[0, 1, 10, 100_000]));
            ("tail_tool", all)
        }
        5 | 6 => {
            (all["follow"], all["seconds"]) = (json!(true), json!(1));
            ("tail_tool", all)
        }
        7 | 8 => {
            let words = ["-n", "-i", "-v", "-c", "-l", "-o", "-a", "-E", "-A 2", "-m 3"];
            let mut options: Vec<&str> = words.into_iter().filter(|_| dice.one_in(6)).collect();
            if dice.one_in(2) {
                options.push("-r");
                all["file_path"] = json!(folder.path(dice.pick(&["", "dir", "a"])));
            }
            all["pattern"] = json!(dice.pick(&["line", "word is 1*7$", "^", "no such", "[0-9]9"]));
            (all["options"], all["limit"]) = (json!(options.join(" ")), json!(dice.pick(&[16_384, 500_000])));
            ("grep_tool", all)
        }
        _ if dice.one_in(2) => ("ls_tool", json!({ "file_path": folder.path(dice.pick(&["", "dir", "a"])) })),
        _ => ("stat_tool", json!({ "file_path": folder.path(dice.pick(&NAMES)), "follow": dice.one_in(2) })),
    }
}

#[test]
fn i10_files_that_become_anything_at_any_moment_end_one_call_only() {
    let (seed, ends) = (seed(), ends(500));
    let (folder, steady) = (Folder::new("ends"), Folder::new("steady"));
    folder.pipe("pipe");
    let path = steady.write("file", "it is there\n");
    let policy = policy(&format!("[plugins.files]\nread = [{:?}, {:?}]\n", folder.path(""), steady.path("")));
    let stop = AtomicBool::new(false);
    let acts = AtomicUsize::new(0);
    let outcomes = std::thread::scope(|scope| {
        for thread in 1..=2 {
            let mut others = Others::new(seed.wrapping_add(thread), &folder.0);
            let (stop, acts) = (&stop, &acts);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    others.act();
                    acts.fetch_add(1, Ordering::Relaxed);
                    pass(Passes::Peer, others.dice.micros(1500));
                }
            });
        }
        let _stops = Stops(&stop);
        let is_there = |session: &mut crate::support::Session| {
            let answer = session.call("cat_tool", json!({ "file_path": path }));
            assert_eq!(answer.text, "it is there\n", "seed {seed}");
        };
        let mut flow = Flow::new(seed, AT_ONCE, &policy, KNOWN, is_there);
        let mut cursors = VecDeque::new();
        while flow.called < ends || acts.load(Ordering::Relaxed) < ends {
            let (tool, arguments) = call(&mut flow.dice, &folder, &mut cursors);
            if let Some((call, answer)) = flow.call(tool, arguments)
                && let Some(cursor) = answer.structured.as_ref().and_then(|told| told["next_cursor"].as_str())
                && let Some(tool @ ("cat_tool" | "head_tool" | "tail_tool")) = call["tool"].as_str()
                && cursors.len() < 100
            {
                cursors.push_back((tool.to_owned(), call["arguments"]["file_path"].clone(), cursor.to_owned()));
            }
            if flow.called.is_multiple_of(50) {
                is_there(&mut flow.session);
            }
        }
        flow.end()
    });
    println!("{} things were done to the files", acts.load(Ordering::Relaxed));
    let expected = ["success", "cancelled", "not_found", "is_directory", "not_a_file", "not_directory"];
    let missing: Vec<_> = expected.iter().filter(|one| !outcomes.contains_key(**one)).collect();
    assert!(missing.is_empty(), "seed {seed}: {missing:?} are missing of {outcomes:?}");
}

/// Others end with the test, also where that fails.
struct Stops<'a>(&'a AtomicBool);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
