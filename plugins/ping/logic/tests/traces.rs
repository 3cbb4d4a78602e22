//! Traces, played without a network: how many requests are on their way, where
//! the way ends, and the text.

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
        Kind::SourceQuench => 4,
        Kind::Redirect => 5,
        Kind::DamagedReply => 0,
    };
    let (sender, received) = (sender.parse().unwrap(), HOST + at);
    Message {
        kind,
        icmp_type,
        code,
        sender,
        sequence,
        hop_limit: Some(60),
        size: 40,
        mtu: None,
        pointer: None,
        next_hop: None,
        difference: None,
        received,
    }
}

#[test]
fn a_way_of_three_hops_is_found_and_nothing_behind_it_is_told() {
    let mut trace = Trace::new(plan(30, 3));
    assert_eq!(trace_heading(trace.plan()), "traceroute to far.example (192.0.2.7), 30 hops max, 60 byte packets");
    let ten_hops: Vec<u8> = (1..=10).flat_map(|hop| [hop; 3]).collect();
    assert_eq!(send_all(&mut trace, ms(0)), ten_hops, "thirty at once");
    for sequence in 1..=3 {
        trace.heard(from("10.0.0.1", Kind::TimeExceeded, 0, sequence, ms(u64::from(sequence))));
    }
    assert_eq!(trace.settled(ms(4)), 1);
    trace.heard(from("10.0.0.2", Kind::TimeExceeded, 0, 4, ms(5)));
    trace.heard(from("10.0.0.9", Kind::TimeExceeded, 0, 6, ms(6)));
    for sequence in 7..=30 {
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
    // Thirty hops are known to be silent after three times the wait.
    let (mut trace, mut now) = (Trace::new(TracePlan { timeout: ms(1300), ..plan(30, 3) }), ms(0));
    loop {
        send_all(&mut trace, now);
        match trace.next(now) {
            Step::Wait(until) => now = until,
            step => break assert_eq!((step, now), (Step::Done, ms(3900))),
        }
    }
    assert_eq!((trace.hops().len(), trace.is_partial()), (30, false));
}

/// Every type and code that a kernel hands on, and what `traceroute -n -I` 2.1.2 prints for it.
#[test]
fn every_refusal_ends_the_way_and_has_its_mark() {
    let v4 = [
        (3, 0, "!N"),
        (3, 1, "!H"),
        (3, 2, "!P"),
        (3, 3, ""),
        (3, 4, "!F-1400"),
        (3, 5, "!S"),
        (3, 6, "!N"),
        (3, 7, "!H"),
        (3, 8, "!N"),
        (3, 9, "!X"),
        (3, 10, "!X"),
        (3, 11, "!N"),
        (3, 12, "!H"),
        (3, 13, "!X"),
        (3, 14, "!V"),
        (3, 15, "!C"),
        (11, 2, "!<11-2>"),
        (12, 0, "!<12-0>"),
        (12, 1, "!<12-1>"),
    ];
    let v6 = [
        (1, 0, "!N"),
        (1, 1, "!X"),
        (1, 2, "!H"),
        (1, 3, "!H"),
        (1, 4, ""),
        (1, 5, "!<5>"),
        (1, 6, "!<6>"),
        (2, 0, "!F-1400"),
        (3, 1, "!<3-1>"),
        (4, 0, "!<4-0>"),
        (4, 2, "!<4-2>"),
    ];
    let told = |icmp_type, code, sender: &str, expected: &str| {
        let four = sender.contains('.');
        let kind = match (four, icmp_type, code) {
            (true, 3, 4) | (false, 2, _) => Kind::TooBig,
            (true, 3, _) | (false, 1, _) => Kind::Unreachable,
            (true, 11, _) | (false, 3, _) => Kind::TimeExceeded,
            _ => Kind::ParameterProblem,
        };
        let mut trace = Trace::new(plan(9, 1));
        send_all(&mut trace, ms(0));
        trace.heard(from("10.0.0.1", Kind::TimeExceeded, 0, 1, ms(1)));
        let mtu = (kind == Kind::TooBig).then_some(1400);
        trace.heard(Message { mtu, icmp_type, ..from(sender, kind, code, 2, ms(2)) });
        assert_eq!(trace.next(ms(3)), Step::Done, "{icmp_type}, {code}");
        let line = format!(" 2  {sender}  2.000 ms {expected}");
        assert_eq!(hop_line(&trace.hops()[1]), line.trim_end(), "{icmp_type}, {code}");
        assert!(!trace.is_reached());
    };
    v4.into_iter().for_each(|(icmp_type, code, mark)| told(icmp_type, code, "10.0.0.2", mark));
    v6.into_iter().for_each(|(icmp_type, code, mark)| told(icmp_type, code, "2001:db8::2", mark));
}

#[test]
fn advice_answers_no_request_and_a_spent_hop_limit_of_a_reply_has_no_mark() {
    let mut trace = Trace::new(plan(3, 1));
    send_all(&mut trace, ms(0));
    for kind in [Kind::Redirect, Kind::SourceQuench] {
        trace.heard(from("10.0.0.1", kind, 1, 1, ms(1)));
    }
    assert_eq!(trace.settled(ms(2)), 0);
    trace.heard(Message { hop_limit: Some(1), ..from("192.0.2.7", Kind::EchoReply, 0, 1, ms(3)) });
    assert_eq!(trace.next(ms(4)), Step::Done);
    assert_eq!(hop_line(&trace.hops()[0]), " 1  192.0.2.7  3.000 ms");
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
