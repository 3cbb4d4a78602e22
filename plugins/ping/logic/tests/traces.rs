//! Traces, played without a network: how many requests are on their way, where the way ends, and the text.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failed expectation is a failed test")]

use std::time::Duration;

use ping_logic::{Kind, Message, Step, Trace, TracePlan, hop_line, trace_heading};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

const HOST: Duration = Duration::from_secs(55);

fn plan(max_hops: u8, probes: u8) -> TracePlan {
    TracePlan {
        target: "far.example".to_owned(),
        address: "192.0.2.7".parse().unwrap(),
        max_hops,
        probes,
        size: 32,
        timeout: ms(2000),
        deadline: ms(60_000),
    }
}

/// Sends all that is due at this moment; the hop limits of what was sent.
fn send_all(trace: &mut Trace, now: Duration) -> Vec<u8> {
    let mut sent = Vec::new();
    while let Step::Send { sequence, hop_limit } = trace.next(now) {
        trace.sent(HOST + now, now);
        sent.push(hop_limit);
        assert!(usize::from(sequence) >= sent.len());
    }
    sent
}

fn from(sender: &str, kind: Kind, code: u8, sequence: u16, at: Duration) -> Message {
    let icmp_type = match kind {
        Kind::EchoReply => 0,
        Kind::TimeExceeded => 11,
        Kind::ParameterProblem => 12,
        Kind::Unreachable | Kind::TooBig => 3,
    };
    let (sender, received) = (sender.parse().unwrap(), HOST + at);
    Message { kind, icmp_type, code, sender, sequence, hop_limit: Some(60), size: 40, mtu: None, received }
}

#[test]
fn a_way_of_three_hops_is_found_and_nothing_behind_it_is_told() {
    let mut trace = Trace::new(plan(30, 3));
    assert_eq!(trace_heading(trace.plan()), "traceroute to far.example (192.0.2.7), 30 hops max, 60 byte packets");
    assert_eq!(send_all(&mut trace, ms(0)), [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6], "sixteen at once");
    for sequence in 1..=3 {
        trace.heard(from("10.0.0.1", Kind::TimeExceeded, 0, sequence, ms(u64::from(sequence))));
    }
    assert_eq!(trace.settled(ms(4)), 1);
    trace.heard(from("10.0.0.2", Kind::TimeExceeded, 0, 4, ms(5)));
    trace.heard(from("10.0.0.9", Kind::TimeExceeded, 0, 6, ms(6)));
    for sequence in 7..=16 {
        trace.heard(from("192.0.2.7", Kind::EchoReply, 0, sequence, ms(9)));
    }
    assert_eq!(trace.next(ms(10)), Step::Wait(ms(2000)), "the one of hop 2 is awaited, nothing more is sent");
    assert_eq!(trace.next(ms(2000)), Step::Done);
    let lines: Vec<String> = trace.hops().iter().map(hop_line).collect();
    assert_eq!(
        lines,
        [
            " 1  10.0.0.1  1.000 ms  2.000 ms  3.000 ms",
            " 2  10.0.0.2  5.000 ms * 10.0.0.9  6.000 ms",
            " 3  192.0.2.7  9.000 ms  9.000 ms  9.000 ms",
        ]
    );
    assert!(trace.is_reached() && !trace.is_partial());
}

#[test]
fn silence_lasts_to_the_last_hop() {
    let mut trace = Trace::new(plan(4, 2));
    assert_eq!(send_all(&mut trace, ms(0)), [1, 1, 2, 2, 3, 3, 4, 4]);
    assert_eq!(trace.settled(ms(1999)), 0);
    assert_eq!(trace.next(ms(2000)), Step::Done);
    assert_eq!(trace.settled(ms(2000)), 4);
    assert_eq!(trace.hops().iter().map(hop_line).collect::<Vec<_>>(), [" 1  * *", " 2  * *", " 3  * *", " 4  * *"]);
    assert!(!trace.is_reached());
}

#[test]
fn a_router_that_refuses_ends_the_way_and_is_marked() {
    let rows = [
        (Kind::Unreachable, 0, "!N"),
        (Kind::Unreachable, 1, "!H"),
        (Kind::Unreachable, 2, "!P"),
        (Kind::Unreachable, 13, "!X"),
        (Kind::Unreachable, 3, "!<3>"),
        (Kind::TooBig, 4, "!F-1400"),
    ];
    for (kind, code, mark) in rows {
        let mut trace = Trace::new(plan(9, 1));
        send_all(&mut trace, ms(0));
        trace.heard(from("10.0.0.1", Kind::TimeExceeded, 0, 1, ms(1)));
        let mtu = (kind == Kind::TooBig).then_some(1400);
        trace.heard(Message { mtu, ..from("10.0.0.2", kind, code, 2, ms(2)) });
        assert_eq!(trace.next(ms(3)), Step::Done, "{mark}");
        assert_eq!(hop_line(&trace.hops()[1]), format!(" 2  10.0.0.2  2.000 ms {mark}"));
        assert!(!trace.is_reached());
    }
}

#[test]
fn only_the_first_message_to_a_request_counts() {
    let mut trace = Trace::new(plan(3, 1));
    send_all(&mut trace, ms(0));
    trace.heard(from("10.0.0.1", Kind::TimeExceeded, 0, 1, ms(1)));
    trace.heard(from("10.0.0.66", Kind::Unreachable, 1, 1, ms(2)));
    trace.heard(from("10.0.0.66", Kind::TimeExceeded, 0, 0, ms(2)));
    trace.heard(from("10.0.0.66", Kind::TimeExceeded, 0, 999, ms(2)));
    assert_eq!(hop_line(&trace.hops()[0]), " 1  10.0.0.1  1.000 ms");
    assert_eq!(trace.hops().len(), 3);
}

#[test]
fn the_largest_trace_keeps_its_sequence_numbers_and_ends() {
    let mut trace = Trace::new(TracePlan { timeout: ms(1), ..plan(255, 10) });
    let mut now = ms(0);
    let mut sent = 0;
    loop {
        match trace.next(now) {
            Step::Send { sequence, .. } => {
                sent += 1;
                assert_eq!(sequence, sent);
                trace.sent(HOST + now, now);
            }
            Step::Wait(until) => now = until,
            Step::Done => break,
        }
    }
    assert_eq!(sent, 2550);
    assert_eq!(trace.hops().len(), 255);
}

#[test]
fn a_trace_that_is_held_up_or_has_no_time_left_says_so() {
    let mut trace = Trace::new(TracePlan { deadline: ms(500), ..plan(5, 1) });
    trace.postpone(ms(100));
    assert_eq!(trace.next(ms(0)), Step::Wait(ms(100)));
    assert_eq!(send_all(&mut trace, ms(100)), [1, 2, 3, 4, 5]);
    assert_eq!(trace.next(ms(101)), Step::Wait(ms(500)));
    assert_eq!(trace.next(ms(500)), Step::Done);
    assert!(trace.is_partial());
}
