//! Many probes at once: how long the last one of them waits.

use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::Row;
use crate::client::Client;

const AT_ONCE: usize = 100;
const ROUNDS: usize = 20;

/// A server that greets whoever comes and leaves it at that.
fn greets() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(b"hello\r\n");
        }
    });
    port
}

/// The same natively: as many connections at once, each until its greeting is
/// there; the time of the last.
fn natively(port: u16) -> Duration {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let begun = Instant::now();
        let tasks: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                tokio::spawn(async move {
                    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    let mut greeting = [0; 64];
                    assert!(stream.read(&mut greeting).await.unwrap() > 0);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        begun.elapsed()
    })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

pub fn probes() -> Vec<Row> {
    let (mut ours, mut bare, port) = (Client::ours(), Client::bare(), greets());
    let probe = json!({ "target": "127.0.0.1", "port": port });
    assert_eq!(ours.call("telnet_tool", probe.clone())["banner"], "hello\n");
    let (mut a, mut b, mut c) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        a.push(ours.at_once("telnet_tool", &probe, AT_ONCE));
        b.push(bare.at_once("echo", &json!({}), AT_ONCE));
        c.push(natively(port));
    }
    let (a, b) = (median(a), median(b) + median(c));
    let what = "100 `telnet_tool` probes at once, until the last has its banner, against 100 bare rmcp calls + 100 native connections (p50)";
    let show = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
    vec![Row { what, ours: show(a), bare: show(b), ratio: a.as_secs_f64() / b.as_secs_f64(), most: 4.0, unit: "≤" }]
}
