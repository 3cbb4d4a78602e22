//! `bench --where`: what a call costs where. Requests that go ever further into the server, each
//! with its latency, the processor time of the protocol's thread and of all others, and how often a
//! thread went to sleep and was woken again.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::client::{Client, request};
use crate::measures::{median, micros, timed};

const CALLS: u32 = 4000;

/// What threads have used so far.
#[derive(Clone, Copy, Default)]
struct Used {
    protocol: Duration,
    others: Duration,
    sleeps: u64,
}

impl Used {
    fn by(pid: u32) -> Self {
        let mut used = Self::default();
        for task in std::fs::read_dir(format!("/proc/{pid}/task")).unwrap() {
            let task = task.unwrap();
            // A thread may end meanwhile.
            let Some((processor, sleeps)) = of_thread(&task.path()) else { continue };
            if task.file_name().to_string_lossy() == pid.to_string() {
                used.protocol += processor;
            } else {
                used.others += processor;
            }
            used.sleeps += sleeps;
        }
        used
    }
}

/// Its processor time, and how often it slept (proc_pid_schedstat(5), proc_pid_status(5)).
fn of_thread(task: &Path) -> Option<(Duration, u64)> {
    let schedule = std::fs::read_to_string(task.join("schedstat")).ok()?;
    let processor = schedule.split_whitespace().next()?.parse().ok()?;
    let status = std::fs::read_to_string(task.join("status")).ok()?;
    let sleeps = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
    Some((Duration::from_nanos(processor), sleeps.trim().parse().ok()?))
}

/// Prints the table.
pub fn print() {
    let folder = std::env::temp_dir().join(format!("cofferdam-bench-where-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("file.txt");
    std::fs::write(&file, "a line of a small file\n".repeat(20)).unwrap();
    let file = file.display().to_string();

    println!("| request | p50 | protocol's thread | other threads | sleeps |\n|---|---|---|---|---|");
    let call = |tool: &str, arguments| request(tool, &arguments);
    let method = |method: &str| json!({ "jsonrpc": "2.0", "id": 1, "method": method }).to_string();
    row("a bare rmcp server: a call", &mut Client::bare(), &call("echo", json!({})));
    let mut ours = Client::ours();
    row("pipes, decoding, rmcp: `ping`", &mut ours, &method("ping"));
    let refused = call("tcp_list_connections", json!({ "nonsense": 1 }));
    row("+ catalogue, schema, one line of audit: arguments that are refused", &mut ours, &refused);
    let whole = call("tcp_list_connections", json!({}));
    row("+ two lines of audit, the plugin's thread, its guest: a call", &mut ours, &whole);
    drop(ours);
    let read = call("head_tool", json!({ "file_path": file, "lines": 3 }));
    row("the same with an instance of its own, which reads a file", &mut Client::reading(&folder), &read);
    std::fs::remove_dir_all(&folder).unwrap();
}

fn row(what: &str, client: &mut Client, line: &str) {
    // Code is loaded, memory is there.
    timed(200, || {
        client.round(line);
    });
    let failed = client.round(line).windows(14).any(|part| part == b"\"isError\":true");
    assert_eq!(failed, what.contains("refused"), "{}", String::from_utf8_lossy(client.round(line)));
    let before = Used::by(client.pid());
    let times = timed(CALLS as usize, || {
        client.round(line);
    });
    let after = Used::by(client.pid());
    let each = |from: Duration, to: Duration| micros((to - from) / CALLS);
    let sleeps = (after.sleeps - before.sleeps) as f64 / f64::from(CALLS);
    let (protocol, others) = (each(before.protocol, after.protocol), each(before.others, after.others));
    println!("| {what} | {} | {protocol} | {others} | {sleeps:.1} |", micros(median(times)));
}
