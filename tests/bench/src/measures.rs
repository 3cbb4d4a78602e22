//! What is measured, one function each. Ours and the bare twin take turns,
//! and medians are compared.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::Row;
use crate::client::{Client, memory, request};
use crate::native::{Echo, drain, round_trips};

type Measure = fn() -> Vec<Row>;

/// By the name that `bench NAME` takes.
pub const ALL: [(&str, Measure); 17] = [
    ("audit", crate::audit::audit),
    ("call", call),
    ("send-wait", send_wait),
    ("small-sends", small_sends),
    ("receive", receive),
    ("trigger", trigger),
    ("start", start),
    ("connections", connections),
    ("probes", crate::probes::probes),
    ("files", crate::files::short),
    ("files-long", crate::files::long),
    ("files-grep", crate::files::search),
    ("files-many", crate::files::many),
    ("load", crate::load::load),
    ("names", crate::names::names),
    ("pings", crate::names::pings),
    ("handlers", crate::handlers::handlers),
];

const ROUNDS: usize = 10;
const MIB: u64 = 1 << 20;

pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

pub fn ratio(ours: Duration, bare: Duration) -> f64 {
    ours.as_secs_f64() / bare.as_secs_f64()
}

pub fn micros(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}

pub fn timed(count: usize, mut work: impl FnMut()) -> Vec<Duration> {
    (0..count)
        .map(|_| {
            let begun = Instant::now();
            work();
            begun.elapsed()
        })
        .collect()
}

fn call() -> Vec<Row> {
    let (mut ours, mut bare) = (Client::ours(), Client::bare());
    let (us, them) = (request("tcp_list_connections", &json!({})), request("echo", &json!({})));
    ours.call("tcp_list_connections", json!({}));
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        a.extend(timed(1000, || {
            ours.round(&us);
        }));
        b.extend(timed(1000, || {
            bare.round(&them);
        }));
    }
    let (a, b) = (median(a), median(b));
    let what = "`tools/call` through the plugin, against a bare rmcp echo server (p50)";
    vec![Row { what, ours: micros(a), bare: micros(b), ratio: ratio(a, b), most: 2.0, unit: "≤" }]
}

fn send_wait() -> Vec<Row> {
    let (mut ours, mut bare, echo) = (Client::ours(), Client::bare(), Echo::start());
    ours.call("tcp_connect", json!({ "host": "127.0.0.1", "port": echo.port, "connection_id": "c" }));
    let send = request("tcp_send", &json!({ "connection_id": "c", "data": "a line of text\n" }));
    let wait = json!({ "connection_id": "c", "until": "pattern", "pattern": "\\n" });
    assert_eq!(ours.call("tcp_send", json!({ "connection_id": "c", "data": "a line\n" }))["bytes_sent"], 7);
    assert_eq!(ours.call("tcp_wait", wait.clone())["data"], "a line\n");
    let (wait, them) = (request("tcp_wait", &wait), request("echo", &json!({})));
    let (mut a, mut b, mut c) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        a.extend(timed(500, || {
            ours.round(&send);
            ours.round(&wait);
        }));
        b.extend(timed(500, || {
            bare.round(&them);
            bare.round(&them);
        }));
        c.extend(round_trips(echo.port, 500));
    }
    let (a, b) = (median(a), median(b) + median(c));
    let what = "send a line and wait for its echo, against two bare rmcp calls + one native tokio round trip (p50)";
    vec![Row { what, ours: micros(a), bare: micros(b), ratio: ratio(a, b), most: 1.5, unit: "≤" }]
}

/// A peer that answers with one byte to every forty, and to nothing less.
fn pairs() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.set_nodelay(true).unwrap();
            // Both sides of the comparison are connected at the same time.
            std::thread::spawn(move || {
                let mut pair = [0; 40];
                while stream.read_exact(&mut pair).is_ok() && stream.write_all(b".").is_ok() {}
            });
        }
    });
    port
}

/// In a guest, within one call, and by tool calls.
fn small_sends() -> Vec<Row> {
    let port = pairs();
    vec![exchanges(port), sends_by_tools(port)]
}

fn native(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn exchange(stream: &mut TcpStream) {
    stream.write_all(&[b'x'; 20]).unwrap();
    stream.write_all(&[b'x'; 20]).unwrap();
    stream.read_exact(&mut [0]).unwrap();
}

fn exchanges(port: u16) -> Row {
    let guest = crate::guests::path("exchanges");
    let mut ours = Client::with_policy(&format!(
        "[plugins.hostile]\ncomponent = {:?}\nconnect = [\"tcp://127.0.0.1:*\"]\n",
        guest.display().to_string()
    ));
    let mut stream = native(port);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let took = ours.call("exchange", json!({ "port": port, "count": 300 }));
        a.push(Duration::from_nanos(took["p50"].as_u64().unwrap()));
        b.push(median(timed(300, || exchange(&mut stream))));
    }
    let (a, b) = (median(a), median(b));
    let what =
        "two sends of 20 bytes and the answer to both, by a guest, against the same natively with TCP_NODELAY (p50)";
    Row { what, ours: micros(a), bare: micros(b), ratio: ratio(a, b), most: 1.3, unit: "≤" }
}

fn sends_by_tools(port: u16) -> Row {
    let (mut ours, mut bare) = (Client::ours(), Client::bare());
    ours.call("tcp_connect", json!({ "host": "127.0.0.1", "port": port, "connection_id": "c" }));
    let send = request("tcp_send", &json!({ "connection_id": "c", "data": "twenty bytes of text" }));
    let wait = request("tcp_wait", &json!({ "connection_id": "c", "until": "bytes", "bytes": 1 }));
    let them = request("echo", &json!({}));
    let mut stream = native(port);
    let (mut a, mut b, mut c) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        a.extend(timed(300, || {
            ours.round(&send);
            ours.round(&send);
            ours.round(&wait);
        }));
        b.extend(timed(300, || {
            bare.round(&them);
            bare.round(&them);
            bare.round(&them);
        }));
        c.extend(timed(300, || exchange(&mut stream)));
    }
    let (a, b) = (median(a), median(b) + median(c));
    let what = "the same by three tool calls, against three bare rmcp calls + the same natively (p50)";
    Row { what, ours: micros(a), bare: micros(b), ratio: ratio(a, b), most: 1.6, unit: "≤" }
}

/// A peer that sends so many bytes to whoever connects.
fn source(bytes: u64) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let chunk = vec![b'x'; 1 << 20];
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            for _ in 0..bytes >> 20 {
                stream.write_all(&chunk).unwrap();
            }
        }
    });
    port
}

fn receive() -> Vec<Row> {
    let bytes = 512 * MIB;
    let port = source(bytes);
    let (mut a, mut b, mut grown) = (Vec::new(), Vec::new(), 0);
    for _ in 0..3 {
        let mut ours = Client::ours();
        ours.call("tcp_list_connections", json!({}));
        let before = memory(ours.pid(), "VmRSS");
        let begun = Instant::now();
        ours.call("tcp_connect", json!({ "host": "127.0.0.1", "port": port, "connection_id": "c" }));
        loop {
            let info = ours.call("tcp_buffer_info", json!({ "connection_id": "c" }));
            if info["connected"] == false {
                assert_eq!(info["bytes_received"], bytes);
                break;
            }
            if info["total_bytes"].as_u64().unwrap() >= 32 * MIB {
                ours.call("tcp_clear_buffer", json!({ "connection_id": "c" }));
            }
        }
        a.push(begun.elapsed());
        grown = grown.max(memory(ours.pid(), "VmHWM") - before);
        let begun = Instant::now();
        assert_eq!(drain(port), bytes);
        b.push(begun.elapsed());
    }
    let rate = |time: Duration| format!("{:.0} MiB/s", (bytes / MIB) as f64 / time.as_secs_f64());
    let (a, b) = (median(a), median(b));
    let what = "receive 512 MiB through the buffer, cleared as it fills, against a native tokio reader";
    let memory = "memory it grew by meanwhile, against the buffer's 64 MiB";
    vec![
        Row { what, ours: rate(a), bare: rate(b), ratio: ratio(b, a), most: 0.5, unit: "≥" },
        Row {
            what: memory,
            ours: format!("{} MiB", grown / MIB),
            bare: "64 MiB".to_owned(),
            ratio: grown as f64 / MIB as f64,
            most: 84.0,
            unit: "MiB",
        },
    ]
}

/// Sends lines to whoever has connected and waits for each answer: the time of each.
fn pings(stream: &TcpStream, count: usize, answer: &str) -> Vec<Duration> {
    let (mut writer, mut reader) = (stream, BufReader::new(stream));
    let mut line = String::new();
    timed(count, || {
        writer.write_all(b"PING 12345\r\n").unwrap();
        line.clear();
        reader.read_line(&mut line).unwrap();
        assert!(line.starts_with(answer), "{line}");
    })
}

fn trigger() -> Vec<Row> {
    let mut ours = Client::ours();
    let accept = |listener: &TcpListener| {
        let (stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let set = json!({
        "connection_id": "c", "trigger_id": "t", "pattern": "^PING (\\S+)\\r\\n", "response": "PONG $1\r\n",
    });
    ours.call("tcp_set_trigger", set);
    ours.call("tcp_connect", json!({ "host": "127.0.0.1", "port": port, "connection_id": "c" }));
    let triggered = accept(&listener);
    let _echo = Echo::dial(port);
    let echoed = accept(&listener);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // No more than the fire limit of 1,000 a second.
        a.extend(pings(&triggered, 400, "PONG"));
        b.extend(pings(&echoed, 400, "PING"));
        if round + 1 < ROUNDS {
            std::thread::sleep(Duration::from_millis(1000));
            ours.call("tcp_clear_buffer", json!({ "connection_id": "c" }));
        }
    }
    let (a, b) = (median(a), median(b));
    let what = "PING→PONG by a trigger, against a native tokio echo (p50)";
    vec![Row { what, ours: micros(a), bare: micros(b), ratio: ratio(a, b), most: 2.0, unit: "≤" }]
}

fn start() -> Vec<Row> {
    let _warm = Client::ours();
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        a.push(Client::ours().started);
        b.push(Client::bare().started);
    }
    let (a, b) = (median(a), median(b));
    let millis = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
    let what = "spawn to `initialize` answered, warm cache, more than the bare rmcp server";
    let more = (a.as_secs_f64() - b.as_secs_f64()) * 1e3;
    vec![Row { what, ours: millis(a), bare: millis(b), ratio: more, most: 15.0, unit: "ms" }]
}

fn connections() -> Vec<Row> {
    const COUNT: u64 = 1000;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let kept: Vec<_> = listener.incoming().flatten().collect();
        drop(kept);
    });
    let mut ours = Client::ours();
    ours.call("tcp_connect", json!({ "host": "127.0.0.1", "port": port, "connection_id": "first" }));
    let before = memory(ours.pid(), "VmRSS");
    let begun = Instant::now();
    for n in 0..COUNT {
        ours.call("tcp_connect", json!({ "host": "127.0.0.1", "port": port, "connection_id": format!("c{n}") }));
    }
    let took = begun.elapsed();
    let each = (memory(ours.pid(), "VmRSS") - before) as f64 / COUNT as f64 / 1024.0;
    let what = "memory of each of 1,000 idle connections in one instance";
    let ours = format!("{each:.1} KiB; all made in {} ms", took.as_millis());
    vec![Row { what, ours, bare: "–".to_owned(), ratio: each, most: 24.0, unit: "KiB" }]
}

/// What this machine does without any of us: a pipe's round trip through `cat`.
pub fn floor() {
    let mut child = std::process::Command::new("cat")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut buffer = [0; 16];
    let times = timed(20_000, || {
        stdin.write_all(b"0123456789abcdef").unwrap();
        stdout.read_exact(&mut buffer).unwrap();
    });
    println!("a pipe's round trip through `cat`: {}", micros(median(times)));
    let _ = child.kill();
    let _ = child.wait();
}
