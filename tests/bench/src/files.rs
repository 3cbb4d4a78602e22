//! Files: the shipped tools against the native programs' own processes on the same data, and
//! against a bare rmcp server that answers the same text.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::Row;
use crate::client::{Client, beside, request};
use crate::measures::{median, micros, ratio, timed};

/// The data, made once a run: a mebibyte of lines, and 256 of them with few matches.
pub fn data(name: &str, mebibytes: usize) -> PathBuf {
    let folder = beside("bench-files");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    let line =
        |n: usize| format!("2026-11-22T00:00:00Z host{:02} service[{n:06}]: request took {:05} ms\n", n % 64, n % 7919);
    if !path.exists() {
        let mut all: Vec<u8> = Vec::with_capacity(mebibytes << 20);
        let mut n = 0;
        while all.len() < mebibytes << 20 {
            all.extend_from_slice(line(n).as_bytes());
            n += 1;
        }
        all.truncate((mebibytes << 20) - 1);
        all.push(b'\n');
        std::fs::write(&path, all).unwrap();
    }
    path
}

fn native(program: &str, arguments: &[&str]) -> usize {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().unwrap();
    output.stdout.len()
}

/// `cat`, `head` and `tail` for up to 16 KiB of a 1 MiB file.
pub fn short() -> Vec<Row> {
    let path = data("one", 1);
    let file = path.to_str().unwrap();
    let mut ours = Client::reading(&beside("bench-files"));
    let cases: [(&'static str, &str, serde_json::Value, &str, Vec<&str>); 3] = [
        (
            "`cat_tool`, 16 KiB of a 1 MiB file, against `head -c` as a process (p50)",
            "cat_tool",
            json!({ "file_path": file, "limit": 16384 }),
            "head",
            vec!["-c", "16384", file],
        ),
        (
            "`head_tool`, 200 lines of a 1 MiB file, against `head -n` as a process (p50)",
            "head_tool",
            json!({ "file_path": file, "lines": 200 }),
            "head",
            vec!["-n", "200", file],
        ),
        (
            "`tail_tool`, 200 lines of a 1 MiB file, against `tail -n` as a process (p50)",
            "tail_tool",
            json!({ "file_path": file, "lines": 200 }),
            "tail",
            vec!["-n", "200", file],
        ),
    ];
    let mut rows = Vec::new();
    for (what, tool, arguments, program, words) in cases {
        let bytes = ours.call(tool, arguments.clone())["bytes"].as_u64().unwrap();
        assert_eq!(bytes, native(program, &words) as u64, "{what}");
        let line = request(tool, &arguments);
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for _ in 0..10 {
            a.extend(timed(100, || {
                ours.round(&line);
            }));
            b.extend(timed(30, || {
                native(program, &words);
            }));
        }
        let (a, b) = (median(a), median(b));
        rows.push(Row { what, ours: micros(a), bare: micros(b), ratio: ratio(a, b), most: 0.5, unit: "≤" });
    }
    rows
}

/// One answer of 1 MiB.
pub fn long() -> Vec<Row> {
    let path = data("one", 1);
    let file = path.to_str().unwrap();
    let (mut ours, mut bare) = (Client::reading(&beside("bench-files")), Client::bare());
    let us = request("cat_tool", &json!({ "file_path": file, "limit": 1 << 20 }));
    let them = request("text", &json!({ "file": file }));
    let (mut a, mut b) = (Vec::new(), Vec::new());
    assert!(ours.round(&us).len() > 1 << 20 && bare.round(&them).len() > 1 << 20);
    for _ in 0..10 {
        a.extend(timed(20, || {
            ours.round(&us);
        }));
        b.extend(timed(20, || {
            bare.round(&them);
        }));
    }
    let (a, b) = (median(a), median(b));
    let what = "`cat_tool`, a 1 MiB answer, against a bare rmcp server with the same text in memory, both in both halves (p50)";
    vec![Row { what, ours: micros(a), bare: micros(b), ratio: ratio(a, b), most: 1.5, unit: "≤" }]
}

/// A search of 256 MiB.
pub fn search() -> Vec<Row> {
    let path = data("much", 256);
    let file = path.to_str().unwrap();
    let mut ours = Client::reading(&beside("bench-files"));
    let pattern = "service\\[0[0-9]+77\\]: request took 07918 ms";
    let arguments = json!({ "pattern": pattern, "file_path": file, "options": "-E" });
    let found = ours.call("grep_tool", arguments.clone());
    let count = String::from_utf8(Command::new("grep").args(["-cE", pattern, file]).output().unwrap().stdout).unwrap();
    assert_eq!(found["matches"].to_string(), count.trim());
    let line = request("grep_tool", &arguments);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        a.extend(timed(1, || {
            ours.round(&line);
        }));
        b.extend(timed(1, || {
            native("grep", &["-E", pattern, file]);
        }));
    }
    let (a, b) = (median(a), median(b));
    let millis = |time: Duration| format!("{:.0} ms", time.as_secs_f64() * 1e3);
    let what = "`grep_tool -E` over 256 MiB, against `grep -E` as a process (median)";
    vec![Row { what, ours: millis(a), bare: millis(b), ratio: ratio(a, b), most: 3.0, unit: "≤" }]
}

/// A hundred calls of each tool at once, until the last is answered, against as many processes of
/// its native program, one after the other. No call waits for all the others.
pub fn many() -> Vec<Row> {
    const AT_ONCE: u32 = 100;
    let path = data("one", 1);
    let file = path.to_str().unwrap();
    let folder = path.parent().unwrap().to_str().unwrap();
    let mut ours = Client::reading(&beside("bench-files"));
    let pattern = "service\\[0[0-9]+77\\]: request took 07918 ms";
    let cases = [
        ("cat_tool", json!({ "file_path": file, "limit": 16384 }), "head", vec!["-c", "16384", file]),
        ("head_tool", json!({ "file_path": file, "lines": 200 }), "head", vec!["-n", "200", file]),
        ("tail_tool", json!({ "file_path": file, "lines": 200 }), "tail", vec!["-n", "200", file]),
        (
            "grep_tool",
            json!({ "file_path": file, "pattern": pattern, "options": "-E" }),
            "grep",
            vec!["-E", pattern, file],
        ),
        ("ls_tool", json!({ "file_path": folder }), "ls", vec!["-l", folder]),
        ("stat_tool", json!({ "file_path": file }), "stat", vec![file]),
    ];
    let mut rows = Vec::new();
    for (tool, arguments, program, words) in cases {
        ours.call(tool, arguments.clone());
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for _ in 0..10 {
            a.push(ours.at_once(tool, &arguments, AT_ONCE as usize));
            b.extend(timed(10, || {
                native(program, &words);
            }));
        }
        let (a, b) = (median(a), median(b) * AT_ONCE);
        let what =
            format!("100 `{tool}` calls at once, until the last is answered, against 100 `{program}` processes (p50)")
                .leak();
        rows.push(Row { what, ours: micros(a), bare: micros(b), ratio: ratio(a, b), most: 0.5, unit: "≤" });
    }
    rows
}
