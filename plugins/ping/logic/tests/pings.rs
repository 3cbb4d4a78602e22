//! Runs of echo requests, played without a network: what is due when, what each message
//! counts as, and the text.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failed expectation is a failed test")]

use std::net::IpAddr;
use std::time::Duration;

use ping_logic::{Difference, Event, Kind, Message, Outcome, Pings, Plan, Step, dump, explain, heading, line, summary};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// The host's clock is another one than the caller's.
const HOST: Duration = Duration::from_secs(777);

fn plan(count: u16) -> Plan {
    Plan {
        target: "peer.example".to_owned(),
        address: "192.0.2.7".parse().unwrap(),
        count,
        interval: ms(1000),
        size: 56,
        hop_limit: 64,
        timeout: ms(2000),
        deadline: ms(60_000),
    }
}

fn reply(sequence: u16, received: Duration) -> Message {
    Message {
        kind: Kind::EchoReply,
        icmp_type: 0,
        code: 0,
        sender: "192.0.2.7".parse().unwrap(),
        sequence,
        hop_limit: Some(63),
        size: 64,
        mtu: None,
        pointer: None,
        next_hop: None,
        difference: None,
        received: HOST + received,
    }
}

fn error(kind: Kind, icmp_type: u8, code: u8, sender: &str, sequence: u16) -> Message {
    let sender: IpAddr = sender.parse().unwrap();
    Message { kind, icmp_type, code, sender, hop_limit: None, ..reply(sequence, ms(0)) }
}

/// Sends what is due at this moment.
#[track_caller]
fn send(pings: &mut Pings, now: Duration) -> u16 {
    let Step::Send { sequence, hop_limit: 64 } = pings.next(now) else { panic!("nothing is due") };
    pings.sent(sequence, HOST + now, now);
    sequence
}

#[test]
fn requests_leave_at_their_interval_and_the_run_ends_with_the_last_answer() {
    let mut pings = Pings::new(plan(3), ms(0));
    assert_eq!(send(&mut pings, ms(0)), 1);
    assert_eq!(pings.next(ms(1)), Step::Wait(ms(1000)));
    pings.heard(reply(1, ms(2))).unwrap();
    assert_eq!(send(&mut pings, ms(1001)), 2);
    assert_eq!(pings.next(ms(1001)), Step::Wait(ms(2000)), "a late timer does not move the ones that follow");
    assert_eq!(send(&mut pings, ms(2000)), 3);
    pings.heard(reply(2, ms(1003))).unwrap();
    assert_eq!(pings.next(ms(2010)), Step::Wait(ms(4000)), "the third is awaited for its timeout");
    pings.heard(reply(3, ms(2020))).unwrap();
    assert_eq!(pings.next(ms(2021)), Step::Done);
    assert!(!pings.is_partial());
    assert_eq!(pings.elapsed(), ms(2000));
}

#[test]
fn what_is_not_answered_is_lost_after_its_timeout() {
    let mut pings = Pings::new(plan(2), ms(0));
    send(&mut pings, ms(0));
    send(&mut pings, ms(1000));
    pings.heard(reply(2, ms(1001))).unwrap();
    assert_eq!(pings.next(ms(2999)), Step::Wait(ms(3000)));
    assert_eq!(pings.next(ms(3000)), Step::Done);
    let lost: Vec<u16> = pings.events().filter(|e| e.outcome == Outcome::Lost).map(|e| e.sequence).collect();
    assert_eq!(lost, [1]);
    assert_eq!(pings.statistics().loss(), 50.0);
}

#[test]
fn a_run_without_time_left_ends_and_says_so() {
    let mut pings = Pings::new(Plan { deadline: ms(1500), ..plan(5) }, ms(0));
    send(&mut pings, ms(0));
    send(&mut pings, ms(1000));
    assert_eq!(pings.next(ms(1001)), Step::Wait(ms(1500)));
    assert_eq!(pings.next(ms(1500)), Step::Done);
    assert!(pings.is_partial());
    assert_eq!(pings.statistics().transmitted, 2);
}

#[test]
fn a_run_that_was_held_up_does_not_catch_up_in_a_burst() {
    let mut pings = Pings::new(plan(4), ms(0));
    send(&mut pings, ms(0));
    pings.postpone(ms(3500));
    assert_eq!(pings.next(ms(1000)), Step::Wait(ms(3500)));
    send(&mut pings, ms(3500));
    assert_eq!(pings.next(ms(3500)), Step::Wait(ms(4500)));
}

#[test]
fn duplicates_order_and_strangers_are_told_apart() {
    let mut pings = Pings::new(plan(3), ms(0));
    for at in [0, 1000, 2000] {
        send(&mut pings, ms(at));
    }
    assert!(matches!(pings.heard(reply(2, ms(2001))).unwrap().outcome, Outcome::Reply { rtt } if rtt == ms(1001)));
    assert!(matches!(pings.heard(reply(1, ms(2002))).unwrap().outcome, Outcome::Reply { .. }));
    assert!(matches!(pings.heard(reply(2, ms(2003))).unwrap().outcome, Outcome::Duplicate { rtt } if rtt == ms(1003)));
    assert_eq!(pings.heard(reply(4, ms(2004))), None, "never sent");
    assert_eq!(pings.heard(reply(0, ms(2004))), None);
    let told = pings.statistics();
    assert_eq!((told.transmitted, told.received, told.duplicates, told.out_of_order), (3, 2, 1, 1));
}

#[test]
fn an_answer_before_its_request_is_no_negative_time() {
    let mut pings = Pings::new(plan(1), ms(50));
    send(&mut pings, ms(50));
    let event = pings.heard(reply(1, ms(49))).unwrap();
    assert_eq!(event.outcome, Outcome::Reply { rtt: ms(0) });
}

#[test]
fn a_flood_is_counted_and_hides_nothing_about_a_request() {
    let mut pings = Pings::new(plan(4), ms(0));
    for at in 0..4 {
        send(&mut pings, ms(at * 1000));
    }
    let kept = |event: Option<Event>| usize::from(event.unwrap().is_kept);
    let flood: usize = (0..10_000).map(|_| kept(pings.heard(reply(1, ms(1))))).sum();
    assert_eq!(flood, 1 + 4 + 64, "the answer, and so many again");
    let quench = || error(Kind::SourceQuench, 4, 0, "192.0.2.1", 2);
    assert_eq!((0..100).map(|_| kept(pings.heard(quench()))).sum::<usize>(), 0);
    // The first answer, the first error, and an answer after an error.
    assert_eq!([reply(2, ms(1001)), reply(2, ms(1002))].map(|message| kept(pings.heard(message))), [1, 0]);
    let unreachable = |sequence| error(Kind::Unreachable, 3, 1, "192.0.2.1", sequence);
    assert_eq!(
        [unreachable(3), unreachable(3), reply(3, ms(2001))].map(|message| kept(pings.heard(message))),
        [1, 0, 1]
    );
    let told = pings.statistics();
    assert_eq!((told.received, told.duplicates, told.errors), (3, 10_000, 102));
    let outcomes: Vec<Outcome> = pings.events().skip(flood).map(|event| event.outcome).collect();
    let answered = |outcome: &Outcome| matches!(outcome, Outcome::Reply { .. });
    assert!(matches!(&outcomes[..], [two, Outcome::Error, three, Outcome::Lost] if answered(two) && answered(three)));
}

#[test]
fn the_text_is_that_of_iputils() {
    let mut pings = Pings::new(plan(6), ms(0));
    assert_eq!(heading(pings.plan()), "PING peer.example (192.0.2.7) 56(84) bytes of data.");
    let mut lines = Vec::new();
    for at in 0..5 {
        send(&mut pings, ms(at * 1000));
    }
    let unreachable = error(Kind::Unreachable, 3, 1, "192.0.2.1", 3);
    let exceeded = error(Kind::TimeExceeded, 11, 0, "192.0.2.1", 4);
    let too_big = Message { mtu: Some(1400), ..error(Kind::TooBig, 3, 4, "192.0.2.1", 5) };
    let duplicate = reply(1, Duration::from_micros(12_345));
    for message in [
        reply(1, Duration::from_micros(346)),
        duplicate,
        reply(2, Duration::from_micros(1_123_456)),
        unreachable,
        exceeded,
        too_big,
    ] {
        lines.extend(line(&pings.heard(message).unwrap()));
    }
    let Step::Send { sequence, .. } = pings.next(ms(5000)) else { panic!() };
    lines.extend(line(&pings.too_large(sequence, Some(1500), ms(5000))));
    assert_eq!(
        lines,
        [
            "64 bytes from 192.0.2.7: icmp_seq=1 ttl=63 time=0.346 ms",
            "64 bytes from 192.0.2.7: icmp_seq=1 ttl=63 time=12.3 ms (DUP!)",
            "64 bytes from 192.0.2.7: icmp_seq=2 ttl=63 time=123 ms",
            "From 192.0.2.1 icmp_seq=3 Destination Host Unreachable",
            "From 192.0.2.1 icmp_seq=4 Time to live exceeded",
            "From 192.0.2.1 icmp_seq=5 Frag needed and DF set (mtu = 1400)",
            "ping: local error: message too long, mtu=1500",
        ]
    );
    assert_eq!(
        summary(&pings),
        "--- peer.example ping statistics ---\n\
         6 packets transmitted, 2 received, +1 duplicates, +4 errors, 66.6667% packet loss, time 5000ms\n\
         rtt min/avg/max/mdev = 0.346/45.382/123.456/55.423 ms, pipe 5"
    );
    assert_eq!(pings.next(ms(5001)), Step::Done, "nothing is open");
}

#[test]
fn the_summary_of_nothing_has_no_round_trips() {
    let mut pings = Pings::new(plan(1), ms(0));
    assert_eq!(
        summary(&pings),
        "--- peer.example ping statistics ---\n0 packets transmitted, 0 received, 0% packet loss, time 0ms"
    );
    send(&mut pings, ms(0));
    assert!(summary(&pings).ends_with("1 packets transmitted, 0 received, 100% packet loss, time 0ms"));
}

#[test]
fn ipv6_has_its_own_words() {
    let v6 = Plan { address: "2001:db8::7".parse().unwrap(), target: "2001:db8::7".to_owned(), ..plan(2) };
    assert_eq!(heading(&v6), "PING 2001:db8::7 (2001:db8::7) 56 data bytes");
    let mut pings = Pings::new(v6, ms(0));
    send(&mut pings, ms(0));
    send(&mut pings, ms(1000));
    let event = pings.heard(error(Kind::Unreachable, 1, 3, "2001:db8::1", 1)).unwrap();
    assert_eq!(line(&event).unwrap(), "From 2001:db8::1 icmp_seq=1 Destination unreachable: Address unreachable");
    let too_big = Message { mtu: Some(1280), ..error(Kind::TooBig, 2, 0, "2001:db8::1", 2) };
    let event = pings.heard(too_big).unwrap();
    assert_eq!(line(&event).unwrap(), "From 2001:db8::1 icmp_seq=2 Packet too big: mtu=1280");
}

proptest::proptest! {
    /// Whatever comes in whatever order: the counts add up, and the mean lies between the extremes.
    #[test]
    fn the_numbers_add_up(heard in proptest::collection::vec((0u16..12, 0u64..5000, 0u8..3), 0..60)) {
        let mut pings = Pings::new(plan(8), ms(0));
        for at in 0..8 {
            send(&mut pings, ms(at * 1000));
        }
        for (sequence, at, kind) in heard {
            let message = match kind {
                0 => error(Kind::Unreachable, 3, 1, "192.0.2.1", sequence),
                _ => reply(sequence, ms(at)),
            };
            pings.heard(message);
        }
        let told = pings.statistics();
        assert!(told.received <= told.transmitted);
        let of = |wanted: fn(&Outcome) -> bool| pings.events().filter(|event| wanted(&event.outcome)).count();
        assert_eq!(of(|o| matches!(o, Outcome::Reply { .. })), told.received as usize);
        assert_eq!(of(|o| matches!(o, Outcome::Duplicate { .. })), told.duplicates as usize);
        assert_eq!(of(|o| matches!(o, Outcome::Error)), told.errors as usize);
        if let Some(rtt) = told.rtt() {
            let slack = Duration::from_micros(1);
            assert!(rtt.min <= rtt.avg + slack && rtt.avg <= rtt.max + slack && rtt.mdev <= rtt.max + slack, "{rtt:?}");
        } else {
            assert_eq!(told.received, 0);
        }
    }
}

#[test]
fn a_request_that_cannot_be_sent_ends_no_run() {
    let mut pings = Pings::new(plan(3), ms(0));
    send(&mut pings, ms(0));
    pings.heard(reply(1, ms(1)));
    let Step::Send { sequence: 2, .. } = pings.next(ms(1000)) else { panic!("nothing is due") };
    let event = pings.unsent(2, "Network is unreachable", ms(1000));
    assert_eq!(line(&event).as_deref(), Some("ping: sendmsg: Network is unreachable"));
    assert_eq!(pings.next(ms(1001)), Step::Wait(ms(2000)), "the next one is due at its time");
    send(&mut pings, ms(2000));
    pings.heard(reply(3, ms(2001)));
    assert_eq!(pings.next(ms(2001)), Step::Done);
    assert!(!pings.is_partial());
    assert!(summary(&pings).contains("3 packets transmitted, 2 received, +1 errors, 33.3333% packet loss"));
    assert!(pings.events().any(|event| matches!(event.outcome, Outcome::Unsent(_))));
}

#[test]
fn every_error_has_the_words_of_iputils() {
    let v4 = [
        (Kind::Unreachable, 3, 0, "Destination Net Unreachable"),
        (Kind::Unreachable, 3, 3, "Destination Port Unreachable"),
        (Kind::Unreachable, 3, 5, "Source Route Failed"),
        (Kind::Unreachable, 3, 15, "Precedence Cutoff"),
        (Kind::Unreachable, 3, 16, "Dest Unreachable, Bad Code: 16"),
        (Kind::SourceQuench, 4, 0, "Source Quench"),
        (Kind::Redirect, 5, 0, "Redirect Network(New nexthop: 10.9.1.2)"),
        (Kind::Redirect, 5, 1, "Redirect Host(New nexthop: 10.9.1.2)"),
        (Kind::Redirect, 5, 2, "Redirect Type of Service and Network(New nexthop: 10.9.1.2)"),
        (Kind::Redirect, 5, 3, "Redirect Type of Service and Host(New nexthop: 10.9.1.2)"),
        (Kind::Redirect, 5, 4, "Redirect, Bad Code: 4(New nexthop: 10.9.1.2)"),
        (Kind::TimeExceeded, 11, 1, "Frag reassembly time exceeded"),
        (Kind::TimeExceeded, 11, 2, "Time exceeded, Bad Code: 2"),
        (Kind::ParameterProblem, 12, 0, "Parameter problem: pointer = 20"),
    ];
    let v6 = [
        (Kind::Unreachable, 1, 5, "Destination unreachable: Source address failed ingress/egress policy"),
        (Kind::Unreachable, 1, 6, "Destination unreachable: Reject route to destination"),
        (Kind::Unreachable, 1, 7, "Destination unreachable: Unknown code 7"),
        (Kind::TooBig, 2, 1, "Packet too big: mtu=1400, code=1"),
        (Kind::TimeExceeded, 3, 1, "Time exceeded: Defragmentation failure"),
        (Kind::ParameterProblem, 4, 0, "Parameter problem: Wrong header field at 20"),
        (Kind::ParameterProblem, 4, 1, "Parameter problem: Unknown header at 20"),
        (Kind::ParameterProblem, 4, 2, "Parameter problem: Unknown option at 20"),
        (Kind::ParameterProblem, 4, 3, "Parameter problem: code 3 at 20"),
    ];
    let rows = v4.iter().map(|row| ("10.9.0.254", row)).chain(v6.iter().map(|row| ("2001:db8::1", row)));
    for (sender, &(kind, icmp_type, code, words)) in rows {
        let next_hop = Some("10.9.1.2".parse().unwrap());
        let told = error(kind, icmp_type, code, sender, 1);
        assert_eq!(explain(&Message { mtu: Some(1400), pointer: Some(20), next_hop, ..told }), words);
    }
}

#[test]
fn advice_leaves_a_request_open() {
    let mut pings = Pings::new(plan(2), ms(0));
    send(&mut pings, ms(0));
    pings.heard(error(Kind::Redirect, 5, 1, "192.0.2.1", 1)).unwrap();
    pings.heard(error(Kind::SourceQuench, 4, 0, "192.0.2.1", 1)).unwrap();
    send(&mut pings, ms(1000));
    pings.heard(reply(2, ms(1001))).unwrap();
    assert_eq!(pings.next(ms(1002)), Step::Wait(ms(3000)), "the first may still be answered");
    pings.heard(reply(1, ms(1500))).unwrap();
    assert_eq!(pings.next(ms(1501)), Step::Done);
    let told = pings.statistics();
    assert_eq!((told.received, told.errors, told.pipe), (2, 2, 2));
}

#[test]
fn requests_on_their_way_are_told_as_iputils_counts_them() {
    let late = |sender: &str, answered: bool| {
        let mut pings = Pings::new(plan(3), ms(0));
        (0..3).for_each(|at| assert_eq!(u64::from(send(&mut pings, ms(at * 1000))), at + 1));
        let message = error(Kind::Unreachable, 3, 1, sender, 1);
        let kind = if answered { Kind::EchoReply } else { message.kind };
        pings.heard(Message { kind, ..message }).unwrap();
        summary(&pings)
    };
    assert!(late("192.0.2.1", true).ends_with(" ms, pipe 3"));
    assert!(late("192.0.2.1", false).ends_with("ms\npipe 3"));
    assert!(late("2001:db8::1", true).ends_with(" ms, pipe 3"));
    assert!(!late("2001:db8::1", false).contains("pipe"), "an error of IPv6 is no end of a request there");
}

#[test]
fn a_payload_that_is_not_what_was_sent_is_shown() {
    let mut pings = Pings::new(plan(2), ms(0));
    send(&mut pings, ms(0));
    let difference = Some(Difference { at: 20, sent: 0x14, came: 0x5 });
    let event = pings.heard(Message { difference, ..reply(1, Duration::from_micros(195)) }).unwrap();
    let first = "64 bytes from 192.0.2.7: icmp_seq=1 ttl=63 time=0.195 ms";
    assert_eq!(line(&event).unwrap(), format!("{first}\nwrong data byte #20 should be 0x14 but was 0x5"));
    let event = pings.heard(Message { size: 40, difference, ..reply(1, ms(1)) }).unwrap();
    assert_eq!(line(&event).unwrap(), "40 bytes from 192.0.2.7: icmp_seq=1 ttl=63 (truncated)");
    let payload: Vec<u8> = (0..=255).cycle().take(50).collect();
    let rows = "\n#16\t10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f 20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f \
        \n#48\t30 31 ";
    assert_eq!(dump(&payload), rows);
    let long = dump(&vec![0xff; 65_507]);
    assert!(long.len() < 900 && long.ends_with("\n(and 65235 bytes more)"), "{long}");
    assert_eq!(dump(&[1; 16]), "");
}

#[test]
fn an_answer_with_a_wrong_checksum_is_told_and_answers_nothing() {
    let mut pings = Pings::new(plan(1), ms(0));
    send(&mut pings, ms(0));
    let damaged = |at: u64| Message { kind: Kind::DamagedReply, ..reply(1, ms(at)) };
    let event = pings.heard(damaged(4)).unwrap();
    assert_eq!(event.outcome, Outcome::Damaged { rtt: ms(4) });
    assert_eq!(line(&event).unwrap(), "64 bytes from 192.0.2.7: icmp_seq=1 ttl=63 time=4.00 ms (BAD CHECKSUM!)");
    assert_eq!(pings.next(ms(5)), Step::Wait(ms(2000)), "the answer itself is still awaited");
    assert_eq!(pings.statistics().rtt(), None);
    let text = summary(&pings);
    assert!(text.ends_with("1 packets transmitted, 0 received, +1 corrupted, 100% packet loss, time 0ms"), "{text}");
    pings.heard(reply(1, ms(6))).unwrap();
    assert_eq!(pings.next(ms(7)), Step::Done);
    assert_eq!((pings.statistics().received, pings.statistics().duplicates, pings.statistics().corrupted), (1, 0, 1));
}
