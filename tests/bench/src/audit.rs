//! What the audit adds to a call: the events of one call, written to a file as `serve` writes them,
//! beside bare appends of as many bytes.

use std::fs::OpenOptions;
use std::io::Write;
use std::time::{Duration, Instant};

use cofferdam_audit::{Caller, ChainFile, Event, Keeping, Sink};

use crate::Row;
use crate::measures::{median, micros};

const CALLS: usize = 20_000;

/// A call that asks for nothing: its start and its end.
pub fn audit() -> Vec<Row> {
    let folder = std::env::temp_dir().join(format!("cofferdam-bench-audit-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let log = folder.join("audit.jsonl");
    let chain = ChainFile::open(&log, &folder.join("audit.key"), Keeping::default()).unwrap();
    let arguments = r#"{"connection_id":"9f0c1a52-0c0e-4a43-8d6b-0a8d2f6b7c11","data":"PING","terminator":"0d0a"}"#;
    let digest = "0123456789abcdef".repeat(4);
    let (plugin, tool) = ("tcp", "tcp_send");
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    let mut plain = OpenOptions::new().create(true).append(true).open(folder.join("plain")).unwrap();
    for call in 0..CALLS as u64 {
        let caller = &Caller { call, principal: "local".to_owned(), client: Some("bench 0".to_owned()) };
        let begun = Instant::now();
        chain.record(&Event::CallStarted { caller, plugin, digest: &digest, tool, arguments }).unwrap();
        let took = Duration::from_micros(100);
        chain.record(&Event::CallEnded { caller, plugin, tool, outcome: "ok", took, bytes_out: 80 }).unwrap();
        ours.push(begun.elapsed());
        let begun = Instant::now();
        plain.write_all(&[b'x'; 560]).unwrap();
        plain.write_all(&[b'x'; 400]).unwrap();
        bare.push(begun.elapsed());
    }
    drop(chain);
    std::fs::remove_dir_all(&folder).unwrap();
    let ours = median(ours);
    vec![Row {
        what: "audit of a call (p50; beside: two bare appends)",
        ours: micros(ours),
        bare: micros(median(bare)),
        ratio: ours.as_secs_f64() * 1e6,
        most: 10.0,
        unit: "µs",
    }]
}
