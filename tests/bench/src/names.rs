//! DNS questions on loopback, against the native `dig` process for each; and many at once.

use std::net::{SocketAddr, UdpSocket};
use std::process::Stdio;
use std::time::{Duration, Instant};

use cofferdam_xtask::{peers, stderr_progress};
use serde_json::json;

use crate::Row;
use crate::client::{Client, request};
use crate::measures::median;

const QUESTIONS: usize = 200;
const AT_ONCE: usize = 100;
const ROUNDS: usize = 20;

/// A name server that has one address for every name.
fn answers() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let question = &buffer[..length];
            let end = question[12..].iter().position(|byte| *byte == 0).unwrap() + 12 + 5;
            let header = [question[0], question[1], 0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
            let answer = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x50";
            let _ = socket.send_to(&[&header[..], &question[12..end], answer].concat(), from);
        }
    });
    address
}

pub fn names() -> Vec<Row> {
    let server = answers();
    let mut ours =
        Client::with_policy(&format!("[plugins.dns]\nresolve = [\"*.example\"]\nservers = [\"{server}\"]\n"));
    let asked = json!({ "target": "www.example" });
    assert_eq!(ours.call("dig_tool", asked.clone())["answers"][0]["data"], "192.0.2.80");
    let dig = peers::debian("bind9-dnsutils", &mut stderr_progress()).unwrap();
    let mut native = dig.command("usr/bin/dig");
    let port = server.port().to_string();
    native.args(["@127.0.0.1", "-p", &port, "www.example"]).stdin(Stdio::null()).stderr(Stdio::null());

    let line = request("dig_tool", &asked);
    let (mut a, mut b, mut many) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..QUESTIONS {
        let begun = Instant::now();
        ours.round(&line);
        a.push(begun.elapsed());
        let begun = Instant::now();
        let said = native.output().unwrap();
        b.push(begun.elapsed());
        assert!(String::from_utf8_lossy(&said.stdout).contains("192.0.2.80"), "dig has found nothing");
    }
    for _ in 0..ROUNDS {
        many.push(ours.at_once("dig_tool", &asked, AT_ONCE));
    }
    let (a, b, many) = (median(a), median(b), median(many));
    let show = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1e3);
    let ratio = |ours: Duration, bare: Duration| ours.as_secs_f64() / bare.as_secs_f64();
    let (one, all) = (
        "`dig_tool` on loopback, against a `dig` process (p50)",
        "100 `dig_tool` calls at once, until the last is answered, against 100 `dig` processes one after the other (p50)",
    );
    let hundred = b * u32::try_from(AT_ONCE).unwrap();
    vec![
        Row { what: one, ours: show(a), bare: show(b), ratio: ratio(a, b), most: 0.5, unit: "≤" },
        Row { what: all, ours: show(many), bare: show(hundred), ratio: ratio(many, hundred), most: 0.5, unit: "≤" },
    ]
}
