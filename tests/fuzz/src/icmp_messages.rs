//! ICMP: what the host reads of messages is what a plainer reading gives, requests come back as
//! they were written, and a run or a trace that hears anything in any order adds up, stays bounded
//! and tells nothing that a terminal would obey.

use std::net::IpAddr;
use std::time::Duration;

use ping_logic::{Difference, Kind, Message, Outcome, Pings, Plan, Step, Trace, TracePlan};

use crate::host::icmp::{self, Family, HEADER};

/// Any bytes: first as messages, then as what a run hears.
pub fn target(data: &[u8]) {
    read(data);
    let mut run = Pings::new(plan(data.first().is_some_and(|first| first & 1 == 1)), Duration::ZERO);
    let mut trace = Trace::new(trace_plan());
    let mut now = Duration::ZERO;
    let mut lines = 0;
    for (number, piece) in data.chunks(8).enumerate() {
        now += Duration::from_millis(u64::from(piece[0]));
        if let Step::Send { sequence, .. } = run.next(now) {
            run.sent(sequence, now, now);
        }
        while let Step::Send { hop_limit, .. } = trace.next(now) {
            assert!((1..=trace_plan().max_hops).contains(&hop_limit));
            trace.sent(now, now);
        }
        let heard = message(piece, now);
        trace.heard(heard);
        if let Some(event) = run.heard(heard) {
            assert!(number < usize::from(u16::MAX));
            lines += usize::from(ping_logic::line(&event).is_some_and(|line| is_line(&line)));
        }
    }
    adds_up(&mut run, lines, now);
    let hops = trace.hops();
    assert!(hops.len() <= usize::from(trace_plan().max_hops));
    for hop in &hops {
        assert!(hop.answers.len() <= usize::from(trace_plan().probes));
        let line = ping_logic::hop_line(hop);
        assert!(crate::is_plain(&line) && !line.contains('\n') && line.len() < 300, "{line:?}");
    }
    let settled = trace.settled(now + trace_plan().timeout);
    assert_eq!(settled, hops.iter().filter(|hop| hop.answers.len() == usize::from(trace_plan().probes)).count());
}

/// Messages as the host reads and writes them.
fn read(data: &[u8]) {
    let family = if data.first().is_some_and(|first| first & 2 == 2) { Family::V6 } else { Family::V4 };
    let Some((&[_, high, low, four, five], rest)) = data.split_first_chunk::<5>() else { return };
    let (identifier, sequence) = (u16::from_be_bytes([high, low]), u16::from_be_bytes([four, five]));
    let sent = icmp::request(family, identifier, sequence, rest);
    assert_eq!(sent.len(), HEADER + rest.len());
    assert_eq!(icmp::quoted(family, Some(identifier), &sent), Some(sequence));
    assert_eq!(icmp::quoted(family, None, &sent[..HEADER]), Some(sequence), "as little as a router quotes");
    assert_eq!(icmp::quoted(family, Some(!identifier), &sent), None);
    assert_eq!(icmp::reply(family, Some(identifier), &sent), None, "a request is no answer");
    let mut answer = sent.clone();
    answer[0] = family.echo_reply();
    assert_eq!(icmp::reply(family, Some(identifier), &answer), Some(sequence));
    if family == Family::V4 {
        assert_eq!(plain_sum(&sent), 0xffff, "a checksum that holds");
    }
    for wanted in [Some(identifier), None] {
        let ours = data.len() >= HEADER
            && data[0] == family.echo_reply()
            && data[1] == 0
            && wanted.is_none_or(|wanted| data[4..6] == wanted.to_be_bytes());
        let expected = ours.then(|| u16::from_be_bytes([data[6], data[7]]));
        assert_eq!(icmp::reply(family, wanted, data), expected);
    }
    if let Some((message, is_sound)) = icmp::payload_of_ipv4(data) {
        assert!(data.ends_with(message) && data[0] >> 4 == 4);
        assert_eq!(is_sound, plain_sum(message) == 0xffff);
    }
}

/// The sum of RFC 1071, a number at a time.
fn plain_sum(bytes: &[u8]) -> u64 {
    let mut sum: u64 = bytes
        .iter()
        .enumerate()
        .map(|(at, byte)| if at.is_multiple_of(2) { u64::from(*byte) * 256 } else { u64::from(*byte) })
        .sum();
    while sum > 0xffff {
        sum = sum % 0x1_0000 + sum / 0x1_0000;
    }
    sum
}

fn plan(v6: bool) -> Plan {
    Plan {
        target: "peer.example".to_owned(),
        address: if v6 { IpAddr::from([0; 16]) } else { IpAddr::from([192, 0, 2, 7]) },
        count: 40,
        interval: Duration::from_millis(10),
        size: 56,
        hop_limit: 64,
        timeout: Duration::from_secs(1),
        deadline: Duration::from_secs(3600),
    }
}

fn trace_plan() -> TracePlan {
    TracePlan {
        target: "peer.example".to_owned(),
        address: IpAddr::from([192, 0, 2, 7]),
        max_hops: 12,
        probes: 3,
        size: 32,
        timeout: Duration::from_millis(300),
        deadline: Duration::from_secs(3600),
    }
}

/// A message out of eight bytes; what is not there is zero.
fn message(piece: &[u8], now: Duration) -> Message {
    let at = |index: usize| piece.get(index).copied().unwrap_or(0);
    let (icmp_type, code) = (at(2) % 16, at(3));
    let four = at(1) & 1 == 0;
    let family = if four { Family::V4 } else { Family::V6 };
    let kind = match family.error(icmp_type, code) {
        Some(icmp::Kind::DestinationUnreachable) => Kind::Unreachable,
        Some(icmp::Kind::TimeExceeded) => Kind::TimeExceeded,
        Some(icmp::Kind::PacketTooBig) => Kind::TooBig,
        Some(icmp::Kind::ParameterProblem) => Kind::ParameterProblem,
        Some(icmp::Kind::Redirect) => Kind::Redirect,
        Some(icmp::Kind::SourceQuench) => Kind::SourceQuench,
        Some(icmp::Kind::EchoReply | icmp::Kind::DamagedReply) => Kind::EchoReply,
        None if at(3) == 7 => Kind::DamagedReply,
        None => Kind::EchoReply,
    };
    let mut address = [0; 16];
    address[15] = at(4);
    Message {
        kind,
        icmp_type,
        code,
        sender: if four { IpAddr::from([192, 0, 2, at(4)]) } else { IpAddr::from(address) },
        sequence: u16::from(at(5)) % 48,
        hop_limit: (at(6) > 0).then(|| at(6)),
        size: u32::from(at(7)),
        mtu: (kind == Kind::TooBig).then(|| u32::from(at(6)) << 8),
        pointer: (kind == Kind::ParameterProblem).then(|| u32::from(at(6)) << 24),
        next_hop: (kind == Kind::Redirect).then(|| IpAddr::from([at(4), at(5), at(6), at(7)])),
        difference: (kind == Kind::EchoReply && at(6).is_multiple_of(3)).then(|| Difference {
            at: u32::from(at(6)),
            sent: at(6),
            came: at(7),
        }),
        // Now and then before it was sent: the clock may say so.
        received: now.saturating_sub(Duration::from_millis(u64::from(at(7)))),
    }
}

/// A line of a run: one, or two where a byte is wrong.
fn is_line(line: &str) -> bool {
    assert!(crate::is_plain(line) && line.lines().count() <= 2 && line.len() < 200, "{line:?}");
    assert!(line.starts_with("From ") || line.contains(" bytes from "), "{line:?}");
    true
}

/// What is counted is what was told, and nothing is left to wait for once time is over.
fn adds_up(run: &mut Pings, lines: usize, now: Duration) {
    let told = run.statistics().clone();
    assert_eq!(lines, (told.received + told.duplicates + told.corrupted + told.errors) as usize);
    assert!(told.received <= told.transmitted && told.out_of_order <= told.received);
    assert!(told.pipe <= told.transmitted);
    assert_eq!(told.rtt().is_some(), told.received > 0);
    if let Some(rtt) = told.rtt() {
        let slack = Duration::from_micros(1);
        assert!(rtt.min <= rtt.avg + slack && rtt.avg <= rtt.max + slack && rtt.mdev <= rtt.max + slack, "{rtt:?}");
    }
    // Every first word about a request, every first answer, and a bounded number of others.
    assert!(run.events().count() <= 3 * usize::from(run.plan().count) + 64);
    let replies = run.events().filter(|event| matches!(event.outcome, Outcome::Reply { .. })).count();
    assert_eq!(replies, told.received as usize, "a flood hides no answer");
    assert!((0.0..=100.0).contains(&told.loss()));
    let summary = ping_logic::summary(run);
    assert!(crate::is_plain(&summary) && summary.lines().count() <= 3 && summary.len() < 400, "{summary:?}");
    let mut later = now;
    for _ in 0..200 {
        match run.next(later) {
            Step::Send { sequence, .. } => run.sent(sequence, later, later),
            Step::Wait(until) => {
                assert!(until > later, "to wait until now is to spin");
                later = until;
            }
            Step::Done => return,
        }
    }
    panic!("a run of 40 requests does not end");
}
