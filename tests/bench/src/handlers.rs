//! Protocol handlers: what it costs to call one, what a session takes, and receiving through one.

use std::io::Write as _;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::Row;
use crate::client::{Client, own_memory};
use crate::measures::{median, micros};

/// Lines that are received: fewer than a connection holds messages.
const LINES: usize = 90_000;
const LINE: usize = 100;
const SESSIONS: usize = 10_000;

pub fn handlers() -> Vec<Row> {
    let guest = crate::guests::path("crossing");
    let policy = format!("[plugins.crossing]\ncomponent = {:?}\n", guest.display().to_string());
    vec![crossing(&policy), sessions(&policy), receiving()]
}

fn crossing(policy: &str) -> Row {
    let mut ours = Client::with_policy(policy);
    let took = ours.call("measure", json!({ "times": 20_000, "size": 64, "messages": 1 }));
    let time = |name: &str| Duration::from_nanos(took[name].as_f64().unwrap() as u64);
    let (through, direct) = (time("through"), time("direct"));
    Row {
        what: "a message of 64 bytes through `lines`, called by a guest, against the same code in the guest: more",
        ours: micros(through),
        bare: micros(direct),
        ratio: through.saturating_sub(direct).as_secs_f64() * 1e6,
        most: 2.0,
        unit: "µs",
    }
}

/// What the guests have asked for counts against the limit of all, not what they use.
fn sessions(policy: &str) -> Row {
    let mut ours = Client::with_policy(&format!("[limits]\ntotal_memory = \"16 GiB\"\n{policy}"));
    ours.call("hold", json!({ "sessions": 1 }));
    let before = own_memory(ours.pid());
    let held = ours.call("hold", json!({ "sessions": SESSIONS }));
    let each = (own_memory(ours.pid()) - before) as f64 / SESSIONS as f64 / 1024.0;
    Row {
        what: "memory of each of 10,000 sessions of `lines` that have had a line",
        ours: format!("{each:.1} KiB; each made in {:.0} µs", held["each"].as_f64().unwrap()),
        bare: "–".to_owned(),
        ratio: each,
        most: 64.0,
        unit: "KiB",
    }
}

fn receiving() -> Row {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut line = vec![b'x'; LINE - 1];
        line.push(b'\n');
        let all = line.repeat(LINES);
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(&all);
        }
    });
    let bytes = (LINES * LINE) as u64;
    let receive = |handler: &str| {
        let mut ours = Client::ours();
        ours.call("tcp_list_connections", json!({}));
        if !handler.is_empty() {
            ours.call("handlers_list", json!({ "name": handler }));
        }
        let begun = Instant::now();
        ours.call(
            "tcp_connect",
            json!({ "host": "127.0.0.1", "port": port, "connection_id": "c", "handler": handler }),
        );
        while ours.call("tcp_buffer_info", json!({ "connection_id": "c" }))["bytes_received"] != bytes {}
        begun.elapsed()
    };
    let through = median((0..3).map(|_| receive("lines")).collect());
    let without = median((0..3).map(|_| receive("")).collect());
    let rate = |time: Duration| format!("{:.0} MiB/s", bytes as f64 / 1_048_576.0 / time.as_secs_f64());
    Row {
        what: "receive 90,000 lines of 100 bytes as messages of `lines`, against the same as bytes",
        ours: rate(through),
        bare: rate(without),
        ratio: without.as_secs_f64() / through.as_secs_f64(),
        most: 0.5,
        unit: "≥",
    }
}
