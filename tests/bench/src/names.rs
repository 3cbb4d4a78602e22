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

/// A hundred pings, and traces, of loopback at once, against as many one after the other.
pub fn pings() -> Vec<Row> {
    let mut ours = Client::with_policy("[plugins.ping]\nping = [\"localhost\"]\n");
    let cases = [
        ("ping_tool", json!({ "target": "127.0.0.1", "count": 1 })),
        ("traceroute_tool", json!({ "target": "127.0.0.1", "probes": 1, "max_hops": 1 })),
    ];
    let mut rows = Vec::new();
    for (tool, arguments) in cases {
        ours.call(tool, arguments.clone());
        // The host's rate (500 a second) is for all: the rounds are told apart by a pause.
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            std::thread::sleep(Duration::from_secs(1));
            a.push(ours.at_once(tool, &arguments, AT_ONCE));
            std::thread::sleep(Duration::from_secs(1));
            let line = request(tool, &arguments);
            b.push(crate::measures::timed(AT_ONCE, || _ = ours.round(&line).len()).iter().sum());
        }
        let (a, b): (Duration, Duration) = (median(a), median(b));
        let what = format!(
            "100 `{tool}` calls of loopback at once, until the last is answered, against 100 one after the other (p50)"
        )
        .leak();
        let show = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1e3);
        let ratio = a.as_secs_f64() / b.as_secs_f64();
        rows.push(Row { what, ours: show(a), bare: show(b), ratio, most: 1.2, unit: "≤" });
    }
    rows
}

pub fn names() -> Vec<Row> {
    let server = answers();
    // More questions than a minute has by default.
    let limits = "[plugins.dns.limits]\nlookups_per_minute = 1000000\n";
    let mut ours =
        Client::with_policy(&format!("[plugins.dns]\nresolve = [\"*.example\"]\nservers = [\"{server}\"]\n{limits}"));
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
    // The same of the other tools that only wait: nslookup's native program, and pings beside those
    // of one after the other.
    let mut looked = Vec::new();
    let asked = json!({ "target": "www.example" });
    for _ in 0..ROUNDS {
        looked.push(ours.at_once("nslookup_tool", &asked, AT_ONCE));
    }
    let mut nslookup = dig.command("usr/bin/nslookup");
    nslookup.args([&format!("-port={port}"), "www.example", "127.0.0.1"]).stdin(Stdio::null()).stderr(Stdio::null());
    let native_lookups = crate::measures::timed(QUESTIONS / 4, || {
        nslookup.output().unwrap();
    });
    let (looked, lookups) = (median(looked), median(native_lookups) * u32::try_from(AT_ONCE).unwrap());
    let (one, all) = (
        "`dig_tool` on loopback, against a `dig` process (p50)",
        "100 `dig_tool` calls at once, until the last is answered, against 100 `dig` processes (p50)",
    );
    let hundred = b * u32::try_from(AT_ONCE).unwrap();
    vec![
        Row { what: one, ours: show(a), bare: show(b), ratio: ratio(a, b), most: 0.5, unit: "≤" },
        Row {
            what: "100 `nslookup_tool` calls at once, until the last is answered, against 100 `nslookup` processes (p50)",
            ours: show(looked),
            bare: show(lookups),
            ratio: ratio(looked, lookups),
            most: 0.5,
            unit: "≤",
        },
        Row { what: all, ours: show(many), bare: show(hundred), ratio: ratio(many, hundred), most: 0.5, unit: "≤" },
    ]
}
