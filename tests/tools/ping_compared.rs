//! `ping_tool` and `traceroute_tool` beside the programs whose text they give: iputils'
//! `ping` and `traceroute -n -I` out of Debian, run in the same namespace against the
//! same peer, line for line.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use cofferdam_xtask::{peers, stderr_progress};
use serde_json::{Value, json};

use super::ping::{at_once, ping, server};
use super::traceroute::trace;
use crate::support::{Request, Sends, Session, Tun, allow_ping_sockets, in_namespace};

/// What the real program prints. The package is fetched before a test enters its namespace, where
/// there is no network.
fn real(package: &str, programs: &[&str], arguments: &[&str]) -> String {
    let peer = peers::debian(package, &mut stderr_progress()).unwrap_or_else(|error| panic!("{error}"));
    let program = programs.iter().find(|program| Path::new(peer.root()).join(program).exists());
    let mut command = peer.command(program.unwrap_or_else(|| panic!("`{package}` has none of {programs:?}")));
    let output = command.args(arguments).env("LC_ALL", "C").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

pub fn real_ping(arguments: &[&str]) -> String {
    real("iputils-ping", &["bin/ping", "usr/bin/ping"], arguments)
}

fn real_traceroute(arguments: &[&str]) -> String {
    real("traceroute", &["usr/bin/traceroute.db", "usr/sbin/traceroute.db"], arguments)
}

/// A text without what differs from run to run: times, and blank lines at its end.
pub fn steady(text: &str) -> Vec<String> {
    let line = |line: &str| {
        if let Some((head, times)) = line.split_once(" = ").filter(|(head, _)| head.starts_with("rtt ")) {
            let pipe = times.split_once(", ").map_or(String::new(), |(_, pipe)| format!(", {pipe}"));
            return format!("{head} = TIMES{pipe}");
        }
        let mut steady = String::new();
        for word in line.split_inclusive(' ') {
            let bare = word.trim_end();
            match bare {
                _ if bare.starts_with("time=") => steady.push_str("time=T "),
                _ if bare.ends_with("ms") && bare.len() > 2 => steady.push_str("Tms "),
                _ if bare.contains('.') && bare.parse::<f64>().is_ok() => steady.push_str("T "),
                _ => steady.push_str(word),
            }
        }
        // The name and the address of an IPv6 target had no blank between them until 2024.
        steady.trim_end().replacen("(fd09", " (fd09", 1).replacen("  (fd09", " (fd09", 1)
    };
    text.trim_end().lines().map(line).collect()
}

/// The error that a target stands for: `10.9.TYPE.CODE` and `fd09::TYPE:CODE`, in decimal digits.
pub fn meant(target: IpAddr) -> (u8, u8) {
    match target {
        IpAddr::V4(v4) => (v4.octets()[2], v4.octets()[3] - 1),
        IpAddr::V6(v6) => {
            let number = |at: usize| format!("{:x}", v6.segments()[at]).parse::<u8>().unwrap();
            (number(6), number(7) - 1)
        }
    }
}

pub fn target(four: bool, icmp_type: u8, code: u8) -> String {
    match four {
        true => format!("10.9.{icmp_type}.{}", code + 1),
        false => format!("fd09::{icmp_type}:{}", code + 1),
    }
}

/// That error from this sender, with everything in it that such an error tells.
pub fn error(request: &Request, from: &str, (icmp_type, code): (u8, u8)) -> Vec<u8> {
    let rest = match (request.target.is_ipv4(), icmp_type, code) {
        (true, 3, 4) | (false, 2, _) => 1400,
        (true, 5, _) => u32::from_be_bytes([10, 9, 1, 2]),
        (true, 12, _) => 20 << 24,
        (false, 4, _) => 20,
        _ => 0,
    };
    request.error(from, icmp_type, code, rest)
}

/// What kernels hand on of ICMP. (They drop unknown codes of unreachable, and
/// reassembly that took too long.)
fn errors(four: bool) -> Vec<(u8, u8)> {
    match four {
        true => (0..16).map(|code| (3, code)).chain([(11, 0), (11, 2), (12, 0), (12, 1)]).collect(),
        false => [(1, 0), (1, 1), (1, 2), (1, 3), (1, 4), (1, 7), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2)]
            .into_iter()
            .chain((0..4).map(|code| (4, code)))
            .collect(),
    }
}

/// What tells nothing of a request's end; of IPv4 only.
pub const ADVICE: [(u8, u8); 6] = [(4, 0), (5, 0), (5, 1), (5, 2), (5, 3), (5, 4)];

#[track_caller]
pub fn compare_pings(session: &mut Session, target: &str, count: u8, what: &str) {
    let number = count.to_string();
    let real = real_ping(&["-n", "-c", &number, "-i", "0.1", "-W", "1", target]);
    let ask = json!({ "target": target, "count": count, "interval_ms": 100, "timeout_ms": 1000 });
    let (ours, _) = ping(session, ask);
    assert_eq!(steady(&ours), steady(&real), "{what}\n{ours}\n{real}");
}

#[test]
fn every_error_is_told_in_the_words_of_ping() {
    real_ping(&["-V"]);
    in_namespace(|| {
        let _tun = Tun::new(|request| {
            let router = if request.target.is_ipv4() { "10.9.0.254" } else { "fd09::fe" };
            at_once(error(request, router, meant(request.target)))
        });
        super::ping::with_both_kinds_of_sockets(|kind| {
            let mut session = server();
            for (four, rows) in [(true, errors(true)), (false, errors(false))] {
                for (icmp_type, code) in rows {
                    let what = format!("IPv{}, {icmp_type}, {code}, {kind}", if four { 4 } else { 6 });
                    compare_pings(&mut session, &target(four, icmp_type, code), 1, &what);
                }
            }
        });
        allow_ping_sockets(true);
        let mut session = server();
        for (icmp_type, code) in ADVICE {
            compare_pings(&mut session, &target(true, icmp_type, code), 1, &format!("{icmp_type}, {code}"));
        }
        let (_, told) = ping(&mut session, json!({ "target": "10.9.5.2", "count": 1, "timeout_ms": 100 }));
        let one = &told["packets"][0];
        assert_eq!((&one["outcome"], &one["next_hop"]), (&json!("redirect"), &json!("10.9.1.2")), "{told}");
        assert_eq!(told["packets"][1]["outcome"], "lost", "advice is no answer: {told}");
        let (_, told) = ping(&mut session, json!({ "target": "10.9.12.1", "count": 1, "timeout_ms": 100 }));
        assert_eq!(told["packets"][0]["pointer"], 20, "{told}");
    });
}

type Change = fn(&mut Vec<u8>);

/// Replies that are not what was sent, by the last number of the target.
const CHANGES: [(u8, Change); 6] = [
    (1, |_| {}),
    (2, |message| message.truncate(40)),
    (3, |message| message.extend([1; 8])),
    (4, |message| message[8 + 20] ^= 1),
    (5, |message| message[24..64].iter_mut().for_each(|byte| *byte ^= 0x55)),
    (6, |message| message[8 + 55] ^= 0xff),
];

#[test]
fn every_answer_is_told_in_the_words_of_ping() {
    real_ping(&["-V"]);
    in_namespace(|| {
        let mut held = Vec::new();
        let _tun = Tun::new(move |request| {
            let (kind, which) = match request.target {
                IpAddr::V4(v4) => (v4.octets()[2], v4.octets()[3]),
                IpAddr::V6(v6) => (v6.segments()[6] as u8, v6.segments()[7] as u8),
            };
            let router = if request.target.is_ipv4() { "10.9.0.254" } else { "fd09::fe" };
            let unreachable = if request.target.is_ipv4() { (3, 1) } else { (1, 3) };
            match kind {
                1 => at_once(request.reply_of(request.target, CHANGES[usize::from(which) - 1].1)),
                // Twice; after a redirect; an error between answers.
                2 => vec![(Duration::ZERO, request.reply()); 2],
                3 => [request.error(router, 5, 1, 1), request.reply()].map(|sent| (Duration::ZERO, sent)).into(),
                4 if request.sequence == 2 => at_once(error(request, router, unreachable)),
                // All at once, when the third has come: as answers, or as errors.
                5 | 6 => {
                    held.push(match kind {
                        5 => request.reply(),
                        _ => error(request, router, unreachable),
                    });
                    let out = if request.sequence == 3 { std::mem::take(&mut held) } else { Vec::new() };
                    out.into_iter().map(|packet| (Duration::ZERO, packet)).collect()
                }
                _ => at_once(request.reply()),
            }
        });
        allow_ping_sockets(true);
        let mut session = server();
        for four in [true, false] {
            let of = |kind: u8, which: u8| match four {
                true => format!("10.9.{kind}.{which}"),
                false => format!("fd09::{kind}:{which}"),
            };
            for (which, _) in CHANGES {
                compare_pings(&mut session, &of(1, which), 1, &format!("change {which}, IPv4: {four}"));
            }
            compare_pings(&mut session, &of(2, 1), 3, "duplicates");
            compare_pings(&mut session, &of(4, 1), 3, "an error between answers");
            compare_pings(&mut session, &of(5, 1), 3, "three answers at once");
        }
        // The real one ends at the redirect or at the answer, whichever it reads last.
        let (text, told) = ping(&mut session, json!({ "target": "10.9.3.1", "count": 1 }));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], "From 10.9.0.254 icmp_seq=1 Redirect Host(New nexthop: 0.0.0.1)");
        assert!(lines[2].starts_with("64 bytes from 10.9.3.1: icmp_seq=1 "), "{text}");
        assert_eq!((&told["received"], &told["errors"]), (&json!(1), &json!(1)), "{text}");
        // The kernel tells the errors of one moment in any order; the last line says
        // how many were on their way.
        let told = |text: &str| steady(text).last().cloned().unwrap_or_default();
        let real = real_ping(&["-n", "-c", "3", "-i", "0.1", "-W", "1", "10.9.6.1"]);
        let ask = json!({ "target": "10.9.6.1", "count": 3, "interval_ms": 100 });
        assert_eq!((told(&ping(&mut session, ask).0), told(&real)), ("pipe 3".to_owned(), "pipe 3".to_owned()));
        let (text, told) = ping(&mut session, json!({ "target": "10.9.1.4", "count": 1 }));
        assert_eq!(told["packets"][0]["wrong_byte"], 20, "{text}");
        // A payload of many bytes is shown in part.
        let (text, _) = ping(&mut session, json!({ "target": "10.9.1.4", "count": 1, "size": 60_000 }));
        assert!(text.len() < 2000 && text.contains(" bytes more)"), "{text}");
    });
}

#[track_caller]
fn compare_traces(session: &mut Session, target: &str, probes: u8, hops: u8) {
    let [number, most] = [probes, hops].map(|number| number.to_string());
    let family = if target.contains(':') { "-6" } else { "-4" };
    let real = real_traceroute(&[family, "-n", "-I", "-q", &number, "-m", &most, "-w", "1", target]);
    let ask = json!({ "target": target, "probes": probes, "max_hops": hops, "timeout_ms": 1000 });
    let (ours, _) = trace(session, ask);
    assert_eq!(steady(&ours), steady(&real), "{ours}\n{real}");
}

/// Who answers behind the first hop: the target itself, or a router.
fn compare_marks(from_target: bool) {
    let _tun = Tun::new(move |request| {
        let four = request.target.is_ipv4();
        let routers = if four { ["10.9.0.254", "10.9.0.253"] } else { ["fd09::fe", "fd09::fd"] };
        if request.hop_limit == 1 {
            return at_once(request.error(routers[0], if four { 11 } else { 3 }, 0, 0));
        }
        let from = if from_target { request.target.to_string() } else { routers[1].to_owned() };
        at_once(error(request, &from, meant(request.target)))
    });
    allow_ping_sockets(true);
    let mut session = server();
    for (four, rows) in [(true, [errors(true), ADVICE[..2].to_vec()].concat()), (false, errors(false))] {
        for (icmp_type, code) in rows {
            compare_traces(&mut session, &target(four, icmp_type, code), 2, 4);
        }
    }
}

#[test]
fn every_mark_of_a_router_is_that_of_traceroute() {
    real_traceroute(&["--version"]);
    in_namespace(|| compare_marks(false));
}

#[test]
fn every_mark_of_a_target_is_that_of_traceroute() {
    real_traceroute(&["--version"]);
    in_namespace(|| compare_marks(true));
}

#[test]
fn routers_silence_and_marks_on_one_line_are_those_of_traceroute() {
    real_traceroute(&["--version"]);
    in_namespace(|| {
        let _tun = Tun::new(|request| -> Sends {
            let four = request.target.is_ipv4();
            let [one, other] = if four { ["10.9.0.254", "10.9.0.7"] } else { ["fd09::fe", "fd09::7"] };
            let (exceeded, unreachable) = if four { ((11, 0), (3, 1)) } else { ((3, 0), (1, 3)) };
            let way = request.target.to_string().ends_with('1');
            let answer = match (request.hop_limit, request.sequence % 3) {
                (1, 0) => error(request, other, exceeded),
                (1, _) | (3, 2) => error(request, one, exceeded),
                (2, 2) => return Vec::new(),
                (2, 0) => error(request, other, exceeded),
                (3, 0) if way => error(request, other, unreachable),
                (4.., _) => request.reply(),
                _ => error(request, one, exceeded),
            };
            at_once(answer)
        });
        allow_ping_sockets(true);
        let mut session = server();
        for target in ["10.9.3.1", "10.9.3.2", "fd09::3:1", "fd09::3:2"] {
            compare_traces(&mut session, target, 3, 6);
        }
    });
}

/// Bytes of no meaning, always the same.
fn noise(length: usize, number: &mut u64) -> Vec<u8> {
    let mut next = || {
        *number ^= *number << 13;
        *number ^= *number >> 7;
        *number ^= *number << 17;
        number.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

/// Lies about a request: replies and errors with bytes changed in their messages, cut,
/// or with no sense at all.
fn lies(request: &Request, number: &mut u64) -> Sends {
    let four = request.target.is_ipv4();
    let router = if four { "10.9.0.254" } else { "fd09::fe" };
    let mut sends = Vec::new();
    for icmp_type in 0..=255 {
        let noise = noise(8, number);
        let quoted = request.packet.len() * usize::from(noise[0]) / 255;
        sends.push(request.error_quoting(router, icmp_type, noise[1] % 20, u32::from(noise[2]), &request.packet));
        sends.push(request.error_quoting(router, icmp_type, 0, u32::MAX, &request.packet[..quoted]));
        sends.push(request.reply_of(request.target, |message| {
            message[0] = icmp_type;
            message.truncate(8 + usize::from(noise[3]) % 60);
        }));
        let mut spoiled = request.reply();
        let at = usize::from(noise[4]) % spoiled.len();
        spoiled[at] ^= noise[5];
        sends.push(spoiled);
    }
    sends.extend((0..200).map(|length| noise(length, number)));
    sends.into_iter().map(|packet| (Duration::ZERO, packet)).collect()
}

/// Requests of each run against liars.
const COUNT: u16 = 5;

#[test]
fn a_peer_that_lies_and_floods_ends_no_run_and_is_felt_by_no_other() {
    in_namespace(|| {
        let mut number = 0x9e37_79b9_7f4a_7c15;
        let _tun = Tun::new(move |request| match request.target.to_string().as_str() {
            // An error for the last request ends a run before its answer comes, as it ends `ping`:
            // that one is told no lies.
            "10.9.66.6" | "fd09::66" if request.sequence != COUNT => {
                let mut sends = lies(request, &mut number);
                // In their midst, so that no buffer is full before it.
                sends.insert(sends.len() / 2, (Duration::ZERO, request.reply()));
                sends
            }
            // The same answer over and over.
            "10.9.66.7" => vec![(Duration::ZERO, request.reply()); 5000],
            _ => at_once(request.reply()),
        });
        super::ping::with_both_kinds_of_sockets(|kind| {
            let mut session = server();
            let ask =
                |target: &str| json!({ "target": target, "count": COUNT, "interval_ms": 100, "timeout_ms": 5000 });
            let liars = ["10.9.66.6", "fd09::66", "10.9.66.7"];
            let runs: Vec<u64> = liars.iter().map(|liar| session.post_call("ping_tool", ask(liar))).collect();
            let honest = session.post_call("ping_tool", ask("10.9.1.1"));
            let finished = |session: &mut Session, id: u64| -> (String, Value) {
                let answer = session.called(id);
                assert!(!answer.is_error, "{kind}: {}", answer.text);
                (answer.text, answer.structured.unwrap())
            };
            let (text, told) = finished(&mut session, honest);
            assert_eq!(
                (&told["received"], &told["errors"], &told["duplicates"]),
                (&json!(5), &json!(0), &json!(0)),
                "{kind}: {text}"
            );
            for (id, liar) in runs.into_iter().zip(liars) {
                let (text, told) = finished(&mut session, id);
                assert_eq!((&told["transmitted"], &told["received"]), (&json!(5), &json!(5)), "{kind}, {liar}: {text}");
                // However much else is told, every request has its answer among it.
                let packets = told["packets"].as_array().unwrap();
                let answered = packets.iter().filter(|packet| packet["outcome"] == "reply");
                let sequences: BTreeSet<u64> = answered.map(|packet| packet["sequence"].as_u64().unwrap()).collect();
                assert!(sequences.into_iter().eq(1..=u64::from(COUNT)), "{kind}, {liar}: {text}");
                assert!(text.len() < 100_000, "{kind}, {liar}: {} bytes", text.len());
                assert!(!text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{kind}: {text}");
            }
            let (text, told) = ping(&mut session, ask("10.9.66.8"));
            assert_eq!(told["received"], 5, "{kind}: {text}");
            let (text, _) = trace(&mut session, json!({ "target": "10.9.66.6", "probes": 1, "max_hops": 3 }));
            assert!(text.starts_with("traceroute to 10.9.66.6 "), "{kind}: {text}");
        });
    });
}
