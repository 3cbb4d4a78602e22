//! The text that people know: iputils' `ping`, and `traceroute -n`.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use crate::{Difference, Event, Hop, Outcome, Pings, Plan, TracePlan, explain, mark};

/// `PING localhost (127.0.0.1) 56(84) bytes of data.`
pub fn heading(plan: &Plan) -> String {
    let Plan { target, address, size, .. } = plan;
    match address {
        // An IPv4 header of 20 bytes, an ICMP header of 8.
        IpAddr::V4(_) => format!("PING {target} ({address}) {size}({}) bytes of data.", size + 28),
        IpAddr::V6(_) => format!("PING {target} ({address}) {size} data bytes"),
    }
}

/// One line of a run; nothing for what iputils does not tell.
pub fn line(event: &Event) -> Option<String> {
    let sequence = event.sequence;
    if let Outcome::TooLarge(mtu) = event.outcome {
        let mtu = mtu.map_or(String::new(), |mtu| format!(", mtu={mtu}"));
        return Some(format!("ping: local error: message too long{mtu}"));
    }
    if let Outcome::Unsent(why) = &event.outcome {
        return Some(format!("ping: sendmsg: {why}"));
    }
    let message = event.message?;
    let (time, flaw) = match event.outcome {
        Outcome::Reply { rtt } => (rtt, ""),
        Outcome::Duplicate { rtt } => (rtt, " (DUP!)"),
        Outcome::Damaged { rtt } => (rtt, " (BAD CHECKSUM!)"),
        _ => return Some(format!("From {} icmp_seq={sequence} {}", message.sender, explain(&message))),
    };
    let ttl = message.hop_limit.map_or(String::new(), |ttl| format!(" ttl={ttl}"));
    let (size, sender, time) = (message.size, message.sender, milliseconds(time));
    let mut line = format!("{size} bytes from {sender}: icmp_seq={sequence}{ttl}");
    if event.is_truncated {
        line.push_str(" (truncated)");
        return Some(line);
    }
    let _ = write!(line, " time={time} ms{flaw}");
    if let Some(Difference { at, sent, came }) = message.difference {
        let _ = write!(line, "\nwrong data byte #{at} should be 0x{sent:x} but was 0x{came:x}");
    }
    Some(line)
}

/// What a reply carries, where a byte of it is wrong: as iputils shows it, up to some rows.
pub fn dump(payload: &[u8]) -> String {
    let mut text = String::new();
    // iputils keeps the time in the first 16 bytes, and neither checks nor shows them.
    let rows = (TIME..payload.len()).step_by(ROW).take(MOST_ROWS);
    for start in rows {
        let row = &payload[start..payload.len().min(start + ROW)];
        let bytes: String = row.iter().map(|byte| format!("{byte:x} ")).collect();
        let _ = write!(text, "\n#{start}\t{bytes}");
    }
    let shown = TIME + ROW * MOST_ROWS;
    if payload.len() > shown {
        let _ = write!(text, "\n(and {} bytes more)", payload.len() - shown);
    }
    text
}

/// Bytes of a payload in which iputils keeps the time.
const TIME: usize = 16;

/// Bytes of a payload that are shown on one line.
const ROW: usize = 32;

/// Lines of a payload that are shown.
const MOST_ROWS: usize = 8;

/// The statistics of a run, as they stand below its lines.
pub fn summary(pings: &Pings) -> String {
    let (plan, told) = (pings.plan(), pings.statistics());
    let mut text = format!("--- {} ping statistics ---\n", plan.target);
    let _ = write!(text, "{} packets transmitted, {} received", told.transmitted, told.received);
    for (count, what) in [(told.duplicates, "duplicates"), (told.corrupted, "corrupted"), (told.errors, "errors")] {
        if count > 0 {
            let _ = write!(text, ", +{count} {what}");
        }
    }
    let _ = write!(text, ", {}% packet loss, time {}ms", percent(told.loss()), pings.elapsed().as_millis());
    let times = told.rtt().map(|rtt| {
        let times = [rtt.min, rtt.avg, rtt.max, rtt.mdev].map(|time| format!("{:.3}", time.as_secs_f64() * 1e3));
        format!("rtt min/avg/max/mdev = {} ms", times.join("/"))
    });
    let pipe = (told.pipe > 1).then(|| format!("pipe {}", told.pipe));
    let last: Vec<String> = times.into_iter().chain(pipe).collect();
    if !last.is_empty() {
        let _ = write!(text, "\n{}", last.join(", "));
    }
    text
}

/// Six significant digits, as C's `%g` writes a percentage.
fn percent(value: f64) -> String {
    let digits = if value >= 100.0 {
        3
    } else if value >= 10.0 {
        4
    } else {
        5
    };
    let text = format!("{value:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Milliseconds as iputils writes them: fewer decimals as the time grows.
fn milliseconds(time: Duration) -> String {
    let microseconds = time.as_micros();
    let decimals = match microseconds {
        99_950.. => 0,
        9_995.. => 1,
        1_000.. => 2,
        _ => 3,
    };
    format!("{:.decimals$}", time.as_secs_f64() * 1e3)
}

/// `traceroute to localhost (127.0.0.1), 30 hops max, 60 byte packets`
pub fn trace_heading(plan: &TracePlan) -> String {
    let headers = if plan.address.is_ipv4() { 28 } else { 48 };
    let TracePlan { target, address, max_hops, size, .. } = plan;
    format!("traceroute to {target} ({address}), {max_hops} hops max, {} byte packets", size + headers)
}

/// ` 1  10.0.0.1  0.345 ms  0.330 ms *`
pub fn hop_line(hop: &Hop) -> String {
    let mut text = format!("{:2} ", hop.hop);
    let mut last = None;
    for answer in &hop.answers {
        let Some(answer) = answer else {
            text.push_str(" *");
            continue;
        };
        let sender = answer.message.sender;
        if last.replace(sender) != Some(sender) {
            let _ = write!(text, " {sender}");
        }
        let _ = write!(text, "  {:.3} ms", answer.rtt.as_secs_f64() * 1e3);
        if let Some(mark) = mark(&answer.message) {
            let _ = write!(text, " {mark}");
        }
    }
    text
}
