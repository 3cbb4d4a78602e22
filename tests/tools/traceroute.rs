//! `traceroute_tool`, in network namespaces of the tests' own, against a network of
//! routers that a TUN peer plays.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::{Value, json};

use super::ping::{RULES, answered, server, under};
use crate::support::{Request, Sends, Session, Tun, allow_ping_sockets, in_namespace};

#[track_caller]
pub fn trace(session: &mut Session, arguments: Value) -> (String, Value) {
    answered(session.call("traceroute_tool", arguments))
}

/// The router at this distance on the way to the request's target.
fn router(request: &Request, hop: u8) -> String {
    match request.target {
        IpAddr::V4(_) => format!("10.9.200.{hop}"),
        IpAddr::V6(_) => format!("fd09::c8:{hop}"),
    }
}

/// A way of so many routers, and the target behind them.
fn way(request: &Request, routers: u8) -> Vec<u8> {
    let (exceeded, code) = if request.target.is_ipv4() { (11, 0) } else { (3, 0) };
    match request.hop_limit {
        hop if hop <= routers => request.error(&router(request, hop), exceeded, code, 0),
        _ => request.reply(),
    }
}

/// The lines without their times.
fn places(text: &str) -> Vec<String> {
    let place = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_time = |at: usize| words[at] == "ms" || words.get(at + 1) == Some(&"ms");
        (0..words.len()).filter(|at| !is_time(*at)).map(|at| words[at]).collect::<Vec<_>>().join(" ")
    };
    text.lines().skip(1).map(place).collect()
}

#[test]
fn every_router_on_the_way_is_told_in_both_versions_and_over_both_kinds_of_sockets() {
    in_namespace(|| {
        let _tun = Tun::new(|request| vec![(Duration::ZERO, way(request, 6))]);
        for kind in [true, false] {
            allow_ping_sockets(kind);
            let mut session = server();
            let (text, told) = trace(&mut session, json!({ "target": "10.9.3.4" }));
            assert!(text.starts_with("traceroute to 10.9.3.4 (10.9.3.4), 30 hops max, 60 byte packets\n"), "{text}");
            let mut expected: Vec<String> = (1..=6).map(|hop| format!("{hop} 10.9.200.{hop}")).collect();
            expected.push("7 10.9.3.4".to_owned());
            assert_eq!(places(&text), expected, "datagram sockets: {kind}");
            assert_eq!((&told["reached"], &told["partial"]), (&json!(true), &json!(false)));
            assert_eq!(told["hops"].as_array().unwrap().len(), 7);
            let first = &told["hops"][0]["probes"];
            assert_eq!(first.as_array().unwrap().len(), 3);
            assert_eq!((&first[0]["outcome"], &first[0]["from"]), (&json!("time_exceeded"), &json!("10.9.200.1")));
            assert_eq!(told["hops"][6]["probes"][2]["outcome"], "reply");
            let (text, told) = trace(&mut session, json!({ "target": "fd09::34", "probes": 1 }));
            assert_eq!(places(&text)[..2], ["1 fd09::c8:1", "2 fd09::c8:2"], "{text}");
            assert_eq!(told["hops"][6]["probes"][0]["from"], "fd09::34");
        }
        let mut session = server();
        let (text, _) = trace(&mut session, json!({ "target": "127.0.0.1" }));
        assert_eq!(places(&text), ["1 127.0.0.1"]);
    });
}

#[test]
fn silent_routers_and_several_on_one_hop_are_told() {
    in_namespace(|| {
        let _tun = Tun::new(|request| -> Sends {
            let answer = match (request.hop_limit, request.sequence % 3) {
                (2, _) | (3, 2) => return vec![],
                (3, one) => request.error(&format!("10.9.201.{one}"), 11, 0, 0),
                _ => way(request, 4),
            };
            let delay = if request.hop_limit == 1 { 30 } else { 0 };
            vec![(Duration::from_millis(delay), answer)]
        });
        let mut session = server();
        let (text, told) = trace(&mut session, json!({ "target": "10.9.3.4", "timeout_ms": 400 }));
        let expected = ["1 10.9.200.1", "2 * * *", "3 10.9.201.1 * 10.9.201.0", "4 10.9.200.4", "5 10.9.3.4"];
        assert_eq!(places(&text), expected, "{text}");
        assert!(told["hops"][0]["probes"][0]["time_ms"].as_f64().unwrap() >= 30.0, "{text}");
        assert_eq!(told["hops"][1]["probes"][0], json!({ "outcome": "lost" }));
    });
}

#[test]
fn a_way_that_ends_before_the_target_is_marked() {
    in_namespace(|| {
        let _tun = Tun::new(|request| {
            let answer = match request.hop_limit {
                1 | 2 => way(request, 9),
                _ => request.error("10.9.200.3", 3, 13, 0),
            };
            vec![(Duration::ZERO, answer)]
        });
        let mut session = server();
        let (text, told) = trace(&mut session, json!({ "target": "10.9.3.4" }));
        assert_eq!(places(&text), ["1 10.9.200.1", "2 10.9.200.2", "3 10.9.200.3 !X !X !X"], "{text}");
        assert_eq!(told["reached"], false);
        assert_eq!(told["hops"][2]["probes"][0]["detail"], "Packet filtered");
    });
}

#[test]
fn a_trace_into_silence_ends_with_its_hops_or_its_time() {
    in_namespace(|| {
        let tun = Tun::new(|_| vec![]);
        let mut session = under(&format!("{RULES}\n[limits]\ncall = \"2 s\"\n"));
        let ask = json!({ "target": "10.9.3.4", "max_hops": 4, "timeout_ms": 300 });
        let (text, told) = trace(&mut session, ask);
        assert_eq!(places(&text), ["1 * * *", "2 * * *", "3 * * *", "4 * * *"]);
        assert_eq!((&told["partial"], tun.seen().len()), (&json!(false), 12));
        let (text, told) = trace(&mut session, json!({ "target": "10.9.3.4" }));
        assert_eq!(told["partial"], true);
        assert!(text.ends_with("(ended early: the time for a call is over)"), "{text}");
    });
}

#[test]
fn bounds_of_a_trace_are_told_by_name() {
    let mut session = server();
    let rows = [
        ("max_hops", json!(0), "must be 1 to 255, it is 0"),
        ("max_hops", json!(256), "must be 1 to 255"),
        ("probes", json!(11), "must be 1 to 10"),
        ("size", json!(70_000), "must be 0 to 65507"),
        ("timeout_ms", json!(0), "must be 1 to 3600000"),
    ];
    for (argument, value, problem) in rows {
        let mut arguments = json!({ "target": "127.0.0.1" });
        arguments[argument] = value;
        let failure = session.call("traceroute_tool", arguments).failed("invalid_argument");
        assert!(failure["message"].as_str().unwrap().contains(problem), "{failure}");
    }
    let failure = session.call("traceroute_tool", json!({ "target": "8.8.8.8" })).failed("traceroute_failed");
    assert_eq!(failure["message"], "Failed to trace the route to 8.8.8.8");
    assert_eq!(failure["reason"], "denied");
}
