//! What only raw sockets hear, beside iputils' `ping`: advice of routers, which has a socket of its
//! own there, and answers whose checksum is wrong, which the kernel drops elsewhere.

use std::time::Duration;

use serde_json::json;

use super::ping::{ping, server};
use super::ping_compared::{ADVICE, compare_pings, error, meant, real_ping, steady, target};
use super::traceroute::trace;
use crate::support::{Tun, allow_ping_sockets, in_namespace};

#[test]
fn advice_is_told_over_raw_sockets_too_and_only_ones_own() {
    real_ping(&["-V"]);
    in_namespace(|| {
        let _tun = Tun::new(|request| {
            let advice = error(request, "10.9.0.254", meant(request.target));
            // The same about another program's request, and one that is
            // damaged: those are not told.
            let others = request.error_quoting("10.9.0.253", 5, 1, 1, &request.of_another_program());
            let mut damaged = error(request, "10.9.0.252", meant(request.target));
            *damaged.last_mut().unwrap() ^= 1;
            let sends = [others, damaged, advice, request.reply()];
            sends.into_iter().map(|packet| (Duration::ZERO, packet)).collect()
        });
        allow_ping_sockets(false);
        let mut session = server();
        for (icmp_type, code) in ADVICE {
            let target = target(true, icmp_type, code);
            let real = real_ping(&["-n", "-c", "1", "-W", "1", &target]);
            // Over a raw socket iputils sets a colon behind the sender, tells the damaged one as
            // well, and counts neither as an error: the same program over a datagram socket does
            // otherwise, and so does this tool over both.
            let told = real.lines().filter(|line| !line.contains("10.9.0.252"));
            let real: Vec<String> = told
                .map(|line| line.replacen(": icmp_seq", " icmp_seq", usize::from(line.starts_with("From "))))
                .collect();
            let (ours, told) = ping(&mut session, json!({ "target": target, "count": 1, "timeout_ms": 1000 }));
            let uncounted = ours.replace(", +1 errors", "");
            assert_eq!(steady(&uncounted), steady(&real.join("\n")), "{icmp_type}, {code}\n{ours}");
            assert_eq!((&told["errors"], &told["received"]), (&json!(1), &json!(1)), "{ours}");
        }
    });
}

#[test]
fn an_answer_with_a_wrong_checksum_is_told_over_raw_sockets_and_answers_nothing() {
    real_ping(&["-V"]);
    in_namespace(|| {
        let _tun = Tun::new(|request| {
            // The identifier, which both look at first, is another byte.
            let mut damaged = request.reply();
            let at = if request.target.is_ipv4() { 22 } else { 42 };
            damaged[at] ^= 1;
            let answer = (request.sequence == 2).then(|| request.reply());
            [damaged].into_iter().chain(answer).map(|packet| (Duration::ZERO, packet)).collect()
        });
        allow_ping_sockets(false);
        let mut session = server();
        // The kernel looks at ICMPv6's checksum itself. For IPv4 this is iputils' own mark,
        // but its version of 2022 takes such an answer for a sound one, so that there is
        // nothing to compare with.
        compare_pings(&mut session, "fd09::1:1", 2, "IPv6");
        let (text, told) =
            ping(&mut session, json!({ "target": "10.9.1.1", "count": 2, "interval_ms": 100, "timeout_ms": 100 }));
        assert!(text.contains("2 packets transmitted, 1 received, +2 corrupted, 50% packet loss"), "{text}");
        assert_eq!(
            (&told["corrupted"], &told["received"], &told["duplicates"]),
            (&json!(2), &json!(1), &json!(0)),
            "{text}"
        );
        let (text, told) = ping(&mut session, json!({ "target": "10.9.1.1", "count": 1, "timeout_ms": 100 }));
        assert!(text.contains(" (BAD CHECKSUM!)\n"), "{text}");
        assert_eq!((&told["corrupted"], &told["received"]), (&json!(1), &json!(0)), "{text}");
        assert_eq!(told["packets"][0]["outcome"], "damaged", "{text}");
        let (text, told) =
            trace(&mut session, json!({ "target": "10.9.1.1", "probes": 1, "max_hops": 1, "timeout_ms": 100 }));
        assert_eq!(told["reached"], false, "{text}");
        // Where the kernel looks at all checksums, nothing is heard.
        allow_ping_sockets(true);
        let (text, told) = ping(&mut session, json!({ "target": "10.9.1.1", "count": 1, "timeout_ms": 100 }));
        assert_eq!((&told["corrupted"], &told["received"]), (&json!(0), &json!(0)), "{text}");
    });
}
