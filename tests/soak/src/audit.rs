//! Reads the audit file while it is written, through its rotations: which asks were refused, which
//! calls have begun and ended, and which instances were lost.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

/// Plugins of ours: whatever a peer does, no instance of theirs is lost.
const SHIPPED: [&str; 5] = ["tcp", "telnet", "dns", "ping", "files"];

#[derive(Default)]
pub struct Heard {
    pub lines: u64,
    /// Lines that are no JSON.
    pub unreadable: u64,
    pub asks: u64,
    pub denied: HashSet<String>,
    pub begun: u64,
    /// Calls that have begun and not ended.
    pub open: HashSet<u64>,
    /// Why instances of shipped plugins were lost.
    pub lost: Vec<String>,
    /// The same of the hostile guest: how many.
    pub hostile_lost: u64,
}

impl Heard {
    fn hear(&mut self, line: &str) {
        let Ok(event) = serde_json::from_str::<Value>(line) else {
            self.unreadable += 1;
            return;
        };
        self.lines += 1;
        let call = event["call"].as_u64();
        match event["event"].as_str().unwrap_or_default() {
            "ask" => {
                self.asks += 1;
                if event["decision"] == "denied"
                    && let Some(resource) = event["resource"].as_str()
                {
                    self.denied.insert(resource.to_owned());
                }
            }
            "call_started" => {
                self.begun += 1;
                self.open.extend(call);
            }
            "call_ended" => {
                if let Some(call) = call {
                    self.open.remove(&call);
                }
            }
            "instance_lost" => match event["plugin"].as_str() {
                Some(plugin) if SHIPPED.contains(&plugin) => {
                    self.lost.push(format!("{plugin}: {}", event["detail"].as_str().unwrap_or_default()));
                }
                _ => self.hostile_lost += 1,
            },
            _ => {}
        }
    }
}

/// Reads until it is told to stop, and then to the end.
pub fn follow(path: &Path, heard: &Mutex<Heard>, stop: &AtomicBool) {
    while !path.exists() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let open = || File::open(path).ok().map(|file| BufReader::with_capacity(1 << 18, file));
    let Some(mut reader) = open() else { return };
    let mut line = String::new();
    loop {
        let last = stop.load(Ordering::SeqCst);
        drain(&mut reader, &mut line, heard);
        let is = |file: &File| file.metadata().map(|about| about.ino()).unwrap_or_default();
        let named = fs::metadata(path).map(|about| about.ino()).unwrap_or_default();
        if named != is(reader.get_ref()) {
            // It was rotated; what came between the last look and the rotation is still to be read.
            drain(&mut reader, &mut line, heard);
            if let Some(next) = open() {
                reader = next;
                line.clear();
                continue;
            }
        }
        if last {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Takes in whole lines. What is part of one is read again next time: on a full disk the writer
/// takes back what it could not write whole, and writes it again once there is room.
fn drain(reader: &mut BufReader<File>, line: &mut String, heard: &Mutex<Heard>) {
    while reader.read_line(line).is_ok_and(|n| n > 0) {
        if !line.ends_with('\n') {
            let _ = reader.seek(SeekFrom::Current(-(line.len() as i64)));
            line.clear();
            return;
        }
        heard.lock().unwrap().hear(line);
        line.clear();
    }
}
