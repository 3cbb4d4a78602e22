//! `ping_tool`, in network namespaces of the tests' own: against the kernel on loopback, and
//! against a peer behind a TUN device that delays, drops, duplicates, reorders and complains.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Answer, Dns, Request, Sends, Session, Tun, allow_ping_sockets, cofferdam, in_namespace, ip, policy,
};

/// What these tests allow: loopback, and all that is behind the TUN device.
pub const RULES: &str = "[plugins.ping]\nping = [\"localhost\", \"10.9.0.0/16\", \"fd09::/64\"]\n";

pub fn server() -> Session {
    under(RULES)
}

/// A server under a policy of this text.
pub fn under(text: &str) -> Session {
    let arguments = policy(text);
    Session::serve(&[&arguments[0], &arguments[1]])
}

/// The answer of a tool that has text of its own.
#[track_caller]
pub fn answered(answer: Answer) -> (String, Value) {
    assert!(!answer.is_error, "{}", answer.text);
    let structured = answer.structured.expect("a structured answer");
    (answer.text, structured)
}

#[track_caller]
pub fn ping(session: &mut Session, arguments: Value) -> (String, Value) {
    answered(session.call("ping_tool", arguments))
}

pub fn at_once(packet: Vec<u8>) -> Sends {
    vec![(Duration::ZERO, packet)]
}

fn outcomes(told: &Value) -> Vec<String> {
    let packets = told["packets"].as_array().unwrap().iter();
    packets.map(|one| format!("{} {}", one["sequence"], one["outcome"].as_str().unwrap())).collect()
}

/// Both kinds of sockets have to say the same.
pub fn with_both_kinds_of_sockets(test: impl Fn(&str)) {
    allow_ping_sockets(true);
    test("datagram sockets");
    // This namespace's root may open raw ones.
    allow_ping_sockets(false);
    test("raw sockets");
}

#[test]
fn loopback_answers_in_both_versions_and_over_both_kinds_of_sockets() {
    in_namespace(|| {
        with_both_kinds_of_sockets(|kind| {
            let mut session = server();
            for (target, address) in [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("localhost", "127.0.0.1")] {
                let (text, told) = ping(&mut session, json!({ "target": target, "count": 3, "interval_ms": 20 }));
                assert_eq!((&told["address"], &told["received"]), (&json!(address), &json!(3)), "{kind}: {text}");
                assert_eq!(told["loss_percent"], 0.0, "{kind}: {text}");
                let lines: Vec<&str> = text.lines().collect();
                assert!(lines[0].starts_with(&format!("PING {target} ({address}) 56")), "{text}");
                for sequence in 1..=3 {
                    let line = format!("64 bytes from {address}: icmp_seq={sequence} ttl=64 time=");
                    assert!(lines[sequence].starts_with(&line), "{kind}: {text}");
                    let time = told["packets"][sequence - 1]["time_ms"].as_f64().unwrap();
                    assert!((0.0..50.0).contains(&time), "{kind}: {time} ms on loopback");
                }
                assert_eq!(lines[5], format!("--- {target} ping statistics ---"));
                assert!(lines[6].starts_with("3 packets transmitted, 3 received, 0% packet loss, time "), "{text}");
                assert!(lines[7].starts_with("rtt min/avg/max/mdev = "), "{text}");
            }
            let (_, told) = ping(&mut session, json!({ "target": "localhost", "count": 1, "family": "ipv6" }));
            assert_eq!(told["address"], "::1");
        });
    });
}

#[test]
fn a_process_that_may_open_no_socket_says_what_would_let_it() {
    in_namespace(|| {
        allow_ping_sockets(false);
        let mut command = std::process::Command::new("setpriv");
        let arguments = policy(RULES);
        let inner = cofferdam(&["serve", &arguments[0], &arguments[1]]);
        command.env_clear().args(["--bounding-set=-net_raw", "--inh-caps=-net_raw"]);
        command.env("PATH", std::env::var_os("PATH").unwrap()).arg(inner.get_program()).args(inner.get_args());
        command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut session = Session::spawn(command);
        session.initialize("2025-11-25");
        let failure = session.call("ping_tool", json!({ "target": "127.0.0.1" })).failed("ping_failed");
        assert_eq!(failure["reason"], "not_permitted", "{failure}");
        let detail = failure["detail"].as_str().unwrap();
        assert!(detail.contains("net.ipv4.ping_group_range") && detail.contains("CAP_NET_RAW"), "{failure}");
        // The allowed twin: the same process, once the sysctl lets it.
        allow_ping_sockets(true);
        let (_, told) = ping(&mut session, json!({ "target": "127.0.0.1", "count": 1 }));
        assert_eq!(told["received"], 1);
    });
}

#[test]
fn delays_losses_duplicates_and_disorder_are_told() {
    in_namespace(|| {
        let _tun = Tun::new(|request| match request.sequence {
            1 => vec![(Duration::from_millis(40), request.reply())],
            2 => vec![],
            3 => vec![(Duration::ZERO, request.reply()), (Duration::from_millis(5), request.reply())],
            // Comes after the answer to the fifth.
            4 => vec![(Duration::from_millis(250), request.reply())],
            _ => at_once(request.reply()),
        });
        with_both_kinds_of_sockets(|kind| {
            let mut session = server();
            let arguments = json!({ "target": "10.9.3.4", "count": 5, "interval_ms": 100, "timeout_ms": 500 });
            let (text, told) = ping(&mut session, arguments);
            let expected =
                ["1 reply", "3 reply", "3 duplicate", "5 reply", "4 reply", "2 lost"].map(str::to_owned).to_vec();
            assert_eq!(outcomes(&told), expected, "{kind}: {text}");
            for (key, value) in [("transmitted", 5), ("received", 4), ("duplicates", 1), ("out_of_order", 1)] {
                assert_eq!(told[key], value, "{kind}: {key}");
            }
            assert_eq!(told["loss_percent"], 20.0);
            let time = |packet: usize| told["packets"][packet]["time_ms"].as_f64().unwrap();
            assert!((40.0..120.0).contains(&time(0)) && (250.0..400.0).contains(&time(4)), "{kind}: {text}");
            assert!(text.contains("icmp_seq=3 ttl=61 time=") && text.contains("(DUP!)"), "{text}");
            assert!(text.contains("5 packets transmitted, 4 received, +1 duplicates, 20% packet loss"), "{text}");
            assert!(told["rtt"]["max_ms"].as_f64().unwrap() >= 250.0, "{told}");
        });
    });
}

#[test]
fn errors_are_told_with_their_sender() {
    in_namespace(|| {
        let _tun = Tun::new(|request| {
            let four = request.target.is_ipv4();
            at_once(match (request.sequence, four) {
                (1, true) => request.error("10.9.0.254", 3, 1, 0),
                (2, true) => request.error("10.9.0.253", 11, 0, 0),
                (3, true) => request.error("10.9.0.252", 3, 4, 1400),
                (4, true) => request.error("10.9.0.251", 3, 13, 0),
                (1, false) => request.error("fd09::fe", 1, 3, 0),
                (2, false) => request.error("fd09::fd", 3, 0, 0),
                (3, false) => request.error("fd09::fc", 2, 0, 1400),
                (4, false) => request.error("fd09::fb", 1, 1, 0),
                _ => request.reply(),
            })
        });
        with_both_kinds_of_sockets(|kind| {
            let mut session = server();
            let mut ask = |target: &str| {
                let (text, told) = ping(&mut session, json!({ "target": target, "count": 5, "interval_ms": 20 }));
                assert_eq!((&told["errors"], &told["received"]), (&json!(4), &json!(1)), "{kind}: {text}");
                let names = ["unreachable", "time_exceeded", "packet_too_big", "unreachable", "reply"];
                let expected: Vec<String> =
                    names.iter().zip(1..).map(|(name, number)| format!("{number} {name}")).collect();
                assert_eq!(outcomes(&told), expected, "{kind}: {text}");
                assert_eq!(told["packets"][2]["mtu"], 1400, "{kind}: {told}");
                (text, told)
            };
            let (text, told) = ask("10.9.3.4");
            assert!(text.contains("From 10.9.0.254 icmp_seq=1 Destination Host Unreachable\n"), "{text}");
            assert!(text.contains("From 10.9.0.253 icmp_seq=2 Time to live exceeded\n"), "{text}");
            assert!(text.contains("From 10.9.0.252 icmp_seq=3 Frag needed and DF set (mtu = 1400)\n"), "{text}");
            assert!(text.contains("From 10.9.0.251 icmp_seq=4 Packet filtered\n"), "{text}");
            assert!(text.contains(", 1 received, +4 errors, 80% packet loss"), "{text}");
            assert_eq!(told["packets"][0]["from"], "10.9.0.254");
            assert_eq!((&told["packets"][3]["icmp_type"], &told["packets"][3]["icmp_code"]), (&json!(3), &json!(13)));
            let (text, _) = ask("fd09::34");
            assert!(text.contains("From fd09::fe icmp_seq=1 Destination unreachable: Address unreachable\n"), "{text}");
            assert!(text.contains("From fd09::fd icmp_seq=2 Time exceeded: Hop limit\n"), "{text}");
            assert!(text.contains("From fd09::fc icmp_seq=3 Packet too big: mtu=1400\n"), "{text}");
            assert!(text.contains("From fd09::fb icmp_seq=4 Destination unreachable: Administratively"), "{text}");
        });
    });
}

#[test]
fn what_is_not_about_our_own_requests_is_not_told() {
    in_namespace(|| {
        let _tun = Tun::new(|request: &Request| {
            let (other, router) = match request.target.is_ipv4() {
                true => ("10.9.77.77", "10.9.0.254"),
                false => ("fd09::77", "fd09::fe"),
            };
            let strangers = [
                request.reply_of(other.parse().unwrap(), |_| {}),
                // Another program's identifier, an unknown code, a request instead of a reply.
                request.reply_of(request.target, |message| message[4] ^= 0xff),
                request.reply_of(request.target, |message| message[1] = 1),
                request.error_quoting(
                    router,
                    if request.target.is_ipv4() { 3 } else { 1 },
                    1,
                    0,
                    &request.of_another_program(),
                ),
                // An error that quotes less than a whole echo header.
                request.error_quoting(
                    router,
                    if request.target.is_ipv4() { 3 } else { 1 },
                    1,
                    0,
                    &request.packet[..request.packet.len().min(44) - 20],
                ),
            ];
            let mut sends: Sends = strangers.into_iter().map(|packet| (Duration::ZERO, packet)).collect();
            let mut spoiled = request.reply();
            *spoiled.last_mut().unwrap() ^= 1;
            sends.push((Duration::ZERO, spoiled));
            sends.push((Duration::from_millis(30), request.reply()));
            sends
        });
        with_both_kinds_of_sockets(|kind| {
            let mut session = server();
            for target in ["10.9.3.4", "fd09::34"] {
                let (text, told) = ping(&mut session, json!({ "target": target, "count": 2, "interval_ms": 50 }));
                // A raw IPv4 socket tells the spoiled one too, as what it is.
                let damaged = usize::from(kind == "raw sockets" && target.contains('.')) * 2;
                assert_eq!(told["corrupted"], damaged, "{kind}: {text}");
                let heard: Vec<String> = outcomes(&told).into_iter().filter(|one| !one.ends_with(" damaged")).collect();
                assert_eq!(heard, ["1 reply", "2 reply"], "{kind}: {text}");
                assert!(told["rtt"]["min_ms"].as_f64().unwrap() >= 30.0, "{kind}: {text}");
            }
        });
    });
}

#[test]
fn sizes_hop_limits_and_fragments_are_as_asked_for() {
    in_namespace(|| {
        let tun = Tun::new(|request| at_once(request.reply()));
        with_both_kinds_of_sockets(|kind| {
            let mut session = server();
            for size in [0, 1, 1473, 65_507] {
                let ask = json!({ "target": "10.9.1.1", "count": 1, "size": size, "ttl": 7, "timeout_ms": 5000 });
                let (text, told) = ping(&mut session, ask);
                assert_eq!(told["packets"][0]["bytes"], size + 8, "{kind}: {text}");
                let seen = tun.seen_by("10.9.1.1");
                let request = seen.last().unwrap();
                assert_eq!((request.message.len(), request.hop_limit), (size + 8, 7), "{kind}");
            }
            let (_, told) = ping(&mut session, json!({ "target": "fd09::9", "count": 1, "size": 1000, "ttl": 255 }));
            assert_eq!(told["packets"][0]["bytes"], 1008);
            assert_eq!(tun.seen_by("fd09::9").last().unwrap().hop_limit, 255, "{kind}");
        });
        ip(&["link", "set", "tun0", "mtu", "1500"]);
        let mut session = server();
        let ask = json!({ "target": "10.9.1.2", "count": 2, "interval_ms": 10, "size": 1473, "dont_fragment": true });
        let (text, told) = ping(&mut session, ask);
        assert_eq!(outcomes(&told), ["1 too_large", "2 too_large"], "{text}");
        assert_eq!(told["packets"][0]["mtu"], 1500, "{text}");
        assert!(text.contains("ping: local error: message too long, mtu=1500\n"), "{text}");
        assert_eq!(tun.seen_by("10.9.1.2").len(), 0);
        let fits = json!({ "target": "10.9.1.2", "count": 1, "size": 1472, "dont_fragment": true });
        assert_eq!(ping(&mut session, fits).1["received"], 1, "and what just fits is sent");
        assert!(tun.seen_by("10.9.1.2")[0].packet[6] & 0x40 != 0, "with the flag that says so");
    });
}

#[test]
fn a_run_without_time_left_returns_what_came() {
    in_namespace(|| {
        let _tun = Tun::new(|request| at_once(request.reply()));
        let mut session = under(&format!("{RULES}\n[limits]\ncall = \"2 s\"\n"));
        let (text, told) = ping(&mut session, json!({ "target": "10.9.1.1", "count": 1000, "interval_ms": 200 }));
        assert_eq!(told["partial"], true, "{text}");
        let received = told["received"].as_u64().unwrap();
        assert!((4..=8).contains(&received), "{text}");
        assert!(text.contains("(ended early: the time for a call is over)"), "{text}");
    });
}

#[test]
fn each_packet_is_told_as_it_comes_and_a_run_can_be_cancelled() {
    in_namespace(|| {
        let tun = Tun::new(|request| at_once(request.reply()));
        let mut session = server();
        let arguments = json!({ "target": "10.9.1.1", "count": 500, "interval_ms": 100 });
        let params = json!({ "name": "ping_tool", "arguments": arguments, "_meta": { "progressToken": "t" } });
        let id = session.post("tools/call", params);
        for sequence in 1..=3 {
            let told = session.wait_for("progress", |message| message["method"] == "notifications/progress");
            assert_eq!(told["params"]["progress"], f64::from(sequence), "{told}");
            assert_eq!(told["params"]["total"], 500.0);
            let line = format!("64 bytes from 10.9.1.1: icmp_seq={sequence} ttl=61 time=");
            assert!(told["params"]["message"].as_str().unwrap().starts_with(&line), "{told}");
        }
        session.cancel(id);
        assert_eq!(session.ends(id), "cancelled");
        // What has been sent has got there before what is sent now.
        ping(&mut session, json!({ "target": "10.9.1.2", "count": 1 }));
        let sent = tun.seen_by("10.9.1.1").len();
        ping(&mut session, json!({ "target": "10.9.1.2", "count": 5, "interval_ms": 100 }));
        assert_eq!(tun.seen_by("10.9.1.1").len(), sent, "nothing is sent any more");
    });
}

#[test]
fn a_name_is_looked_up_and_its_address_is_asked() {
    in_namespace(|| {
        let (_tun, dns) = (Tun::new(|request| at_once(request.reply())), Dns::new());
        dns.set("peer.lab.example", &["10.9.5.5", "fd09::5"]);
        dns.set("four.lab.example", &["10.9.5.5"]);
        let rules = "{ to = \"*.lab.example\", within = [\"10.9.0.0/16\", \"fd09::/64\"] }";
        let text = format!("[names]\nservers = [\"{}\"]\n\n[plugins.ping]\nping = [{rules}]\n", dns.address);
        let mut session = under(&text);
        let (text, told) = ping(&mut session, json!({ "target": "peer.lab.example", "count": 1, "family": "ipv4" }));
        assert!(text.starts_with("PING peer.lab.example (10.9.5.5) 56(84) bytes of data.\n"), "{text}");
        assert_eq!(told["received"], 1);
        let (_, told) = ping(&mut session, json!({ "target": "peer.lab.example", "count": 1, "family": "ipv6" }));
        assert_eq!(told["address"], "fd09::5");
        let mut fails = |ask: Value| session.call("ping_tool", ask).failed("ping_failed");
        let none = fails(json!({ "target": "four.lab.example", "family": "ipv6" }));
        assert_eq!((&none["reason"], &none["detail"]), (&json!("dns"), &json!("there is no IPv6 address for it")));
        assert_eq!(fails(json!({ "target": "gone.lab.example" }))["reason"], "dns");
        assert_eq!(fails(json!({ "target": "elsewhere.example" }))["reason"], "denied");
        assert!(!dns.asked().contains(&"elsewhere.example".to_owned()), "{:?}", dns.asked());
    });
}

#[test]
fn a_link_local_target_is_asked_on_the_link_that_it_names() {
    in_namespace(|| {
        let tun = Tun::new(|request| at_once(request.reply()));
        ip(&["-6", "addr", "add", "fe80::1/64", "dev", "tun0", "nodad"]);
        with_both_kinds_of_sockets(|kind| {
            let mut session = under("[plugins.ping]\nping = [\"fe80::%tun0/64\"]\n");
            let (text, told) = ping(&mut session, json!({ "target": "fe80::9%tun0", "count": 1 }));
            assert_eq!(told["received"], 1, "{kind}: {text}");
            for target in ["fe80::9%lo", "fe80::9%nowhere", "fe80::9%99", "fe80::9"] {
                let failure = session.call("ping_tool", json!({ "target": target })).failed("ping_failed");
                assert_eq!(failure["reason"], "denied", "{kind}: {failure}");
                assert_eq!(failure["detail"], format!("the operator's policy does not allow ping:{target}"));
            }
        });
        assert_eq!(tun.seen_by("fe80::9").len(), 2);
    });
}

#[test]
fn a_target_without_a_way_to_it_is_told_so() {
    in_namespace(|| {
        let rules = "[plugins.ping]\nping = [\"any\", \"10.0.0.0/8\"]\n";
        let mut session = under(rules);
        for target in ["10.1.2.3", "8.8.8.8", "2606:4700::1111"] {
            let failure = session.call("ping_tool", json!({ "target": target })).failed("ping_failed");
            assert_eq!(failure["reason"], "unreachable", "{failure}");
            assert_eq!(failure["message"], format!("Failed to ping {target}"));
        }
    });
}

#[test]
fn arguments_that_cannot_be_meant_are_refused_by_name() {
    let mut session = server();
    let rows = [
        ("count", json!(0), "must be 1 to 1000, it is 0"),
        ("count", json!(1001), "must be 1 to 1000"),
        ("interval_ms", json!(9), "must be 10 to 3600000, it is 9"),
        ("size", json!(65_508), "must be 0 to 65507"),
        ("size", json!(-1), "must be 0 to 65507, it is -1"),
        ("ttl", json!(256), "must be 1 to 255"),
        ("ttl", json!(0), "must be 1 to 255"),
        ("timeout_ms", json!(0), "must be 1 to 3600000"),
        ("target", json!("127.1"), "write `127.0.0.1`"),
        ("target", json!("ping://host"), "write only the host, `host`"),
        ("target", json!("host:80"), "`target` contains a port; write `host`"),
        ("target", json!(""), "`target` is empty"),
    ];
    for (argument, value, problem) in rows {
        let mut arguments = json!({ "target": "127.0.0.1" });
        arguments[argument] = value.clone();
        let failure = session.call("ping_tool", arguments).failed("invalid_argument");
        assert_eq!(failure["argument"], argument, "{failure}");
        let message = failure["message"].as_str().unwrap();
        assert!(message.contains(problem) && !message.starts_with("`host`"), "{argument} = {value}: {message}");
    }
}

#[test]
fn more_calls_than_there_is_memory_kept_ready_for_run_at_once() {
    in_namespace(|| {
        let _tun = Tun::new(|request| at_once(request.reply()));
        let mut session = server();
        let arguments = json!({ "target": "10.9.1.1", "count": 3, "interval_ms": 1000 });
        let calls: Vec<u64> = (0..100).map(|_| session.post_call("ping_tool", arguments.clone())).collect();
        for id in calls {
            let (text, told) = answered(session.called(id));
            assert_eq!(told["received"], 3, "{text}");
        }
    });
}
