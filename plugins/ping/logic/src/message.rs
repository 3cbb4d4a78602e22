//! One message that came back, and its meaning in words: those of iputils'
//! `ping`, and traceroute's marks.

use std::net::IpAddr;
use std::time::Duration;

/// What a message says, whatever the IP version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The target's answer.
    EchoReply,
    /// Somebody cannot deliver the request.
    Unreachable,
    /// The hop limit was used up.
    TimeExceeded,
    /// It would have to be fragmented, and may not be.
    TooBig,
    /// Its header was not understood.
    ParameterProblem,
    /// A router knows a better way, and sends the request on.
    Redirect,
    /// Somebody asks for fewer requests.
    SourceQuench,
    /// The target's answer, with a wrong checksum: any byte of it may be another one.
    DamagedReply,
}

impl Kind {
    /// Whether the request is open all the same, so that an answer can still come: it is on its
    /// way, or was answered for nothing.
    pub fn leaves_open(self) -> bool {
        matches!(self, Self::Redirect | Self::SourceQuench | Self::DamagedReply)
    }

    /// Whether it is the target's answer, sound or not.
    pub fn is_reply(self) -> bool {
        matches!(self, Self::EchoReply | Self::DamagedReply)
    }
}

/// A byte of a reply's payload that is not the one that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where it is in the payload, from 0.
    pub at: u32,
    /// The byte that was sent.
    pub sent: u8,
    /// The byte that came.
    pub came: u8,
}

/// A message about one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it says.
    pub kind: Kind,
    /// Its own type, in the numbers of the sender's IP version.
    pub icmp_type: u8,
    /// Its own code.
    pub code: u8,
    /// Who sent it.
    pub sender: IpAddr,
    /// The sequence number of the request that it is about.
    pub sequence: u16,
    /// The hop limit that it came with.
    pub hop_limit: Option<u8>,
    /// Bytes of the echo message, header included.
    pub size: u32,
    /// The MTU that it tells.
    pub mtu: Option<u32>,
    /// Where in the request the problem is.
    pub pointer: Option<u32>,
    /// The router that a redirect names.
    pub next_hop: Option<IpAddr>,
    /// The first byte of a reply that is not the one that was sent.
    pub difference: Option<Difference>,
    /// When it came, on the host's clock.
    pub received: Duration,
}

/// An error in words, as `ping` writes them (iputils, `pr_icmph` and `print_icmp`).
pub fn explain(message: &Message) -> String {
    match message.sender {
        IpAddr::V4(_) => explain_v4(message),
        IpAddr::V6(_) => explain_v6(message),
    }
}

fn explain_v4(message: &Message) -> String {
    let words = match (message.icmp_type, message.code) {
        (3, 4) => return format!("Frag needed and DF set (mtu = {})", message.mtu.unwrap_or(0)),
        (3, 0) => "Destination Net Unreachable",
        (3, 1) => "Destination Host Unreachable",
        (3, 2) => "Destination Protocol Unreachable",
        (3, 3) => "Destination Port Unreachable",
        (3, 5) => "Source Route Failed",
        (3, 6) => "Destination Net Unknown",
        (3, 7) => "Destination Host Unknown",
        (3, 8) => "Source Host Isolated",
        (3, 9) => "Destination Net Prohibited",
        (3, 10) => "Destination Host Prohibited",
        (3, 11) => "Destination Net Unreachable for Type of Service",
        (3, 12) => "Destination Host Unreachable for Type of Service",
        (3, 13) => "Packet filtered",
        (3, 14) => "Precedence Violation",
        (3, 15) => "Precedence Cutoff",
        (3, code) => return format!("Dest Unreachable, Bad Code: {code}"),
        (11, 0) => "Time to live exceeded",
        (11, 1) => "Frag reassembly time exceeded",
        (11, code) => return format!("Time exceeded, Bad Code: {code}"),
        (12, _) => return format!("Parameter problem: pointer = {}", message.pointer.unwrap_or(0)),
        (4, _) => "Source Quench",
        (5, code) => {
            let what = match code {
                0 => "Redirect Network".to_owned(),
                1 => "Redirect Host".to_owned(),
                2 => "Redirect Type of Service and Network".to_owned(),
                3 => "Redirect Type of Service and Host".to_owned(),
                code => format!("Redirect, Bad Code: {code}"),
            };
            let next = message.next_hop.unwrap_or(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED));
            return format!("{what}(New nexthop: {next})");
        }
        (icmp_type, code) => return format!("ICMP type {icmp_type}, code {code}"),
    };
    words.to_owned()
}

fn explain_v6(message: &Message) -> String {
    let words = match (message.icmp_type, message.code) {
        (2, code) => {
            let code = if code == 0 { String::new() } else { format!(", code={code}") };
            return format!("Packet too big: mtu={}{code}", message.mtu.unwrap_or(0));
        }
        (1, 0) => "Destination unreachable: No route",
        (1, 1) => "Destination unreachable: Administratively prohibited",
        (1, 2) => "Destination unreachable: Beyond scope of source address",
        (1, 3) => "Destination unreachable: Address unreachable",
        (1, 4) => "Destination unreachable: Port unreachable",
        (1, 5) => "Destination unreachable: Source address failed ingress/egress policy",
        (1, 6) => "Destination unreachable: Reject route to destination",
        (1, code) => return format!("Destination unreachable: Unknown code {code}"),
        (3, 0) => "Time exceeded: Hop limit",
        (3, 1) => "Time exceeded: Defragmentation failure",
        (3, code) => return format!("Time exceeded: code {code}"),
        (4, code) => {
            let what = match code {
                0 => "Wrong header field".to_owned(),
                1 => "Unknown header".to_owned(),
                2 => "Unknown option".to_owned(),
                code => format!("code {code}"),
            };
            return format!("Parameter problem: {what} at {}", message.pointer.unwrap_or(0));
        }
        (icmp_type, code) => return format!("ICMPv6 type {icmp_type}, code {code}"),
    };
    words.to_owned()
}

/// Whether a trace ends where such a message comes from: everything but what
/// it asks for, and advice.
pub fn ends_the_way(message: &Message) -> bool {
    !matches!((message.kind, message.code), (Kind::TimeExceeded, 0)) && !message.kind.leaves_open()
}

/// The mark that `traceroute` sets behind the time of such a message; nothing behind those that it
/// expects, nor where a port is unreachable, which says that the target is reached.
pub fn mark(message: &Message) -> Option<String> {
    let mark = match (message.kind, message.sender, message.code) {
        (Kind::EchoReply | Kind::DamagedReply | Kind::Redirect | Kind::SourceQuench, ..)
        | (Kind::TimeExceeded, _, 0) => return None,
        (Kind::TooBig, ..) => return Some(format!("!F-{}", message.mtu.unwrap_or(0))),
        (Kind::ParameterProblem | Kind::TimeExceeded, ..) => {
            return Some(format!("!<{}-{}>", message.icmp_type, message.code));
        }
        (Kind::Unreachable, IpAddr::V4(_), 3) | (Kind::Unreachable, IpAddr::V6(_), 4) => return None,
        (Kind::Unreachable, IpAddr::V4(_), 0 | 6 | 8 | 11) | (Kind::Unreachable, IpAddr::V6(_), 0) => "!N",
        (Kind::Unreachable, IpAddr::V4(_), 1 | 7 | 12) | (Kind::Unreachable, IpAddr::V6(_), 2 | 3) => "!H",
        (Kind::Unreachable, IpAddr::V4(_), 2) => "!P",
        (Kind::Unreachable, IpAddr::V4(_), 5) => "!S",
        (Kind::Unreachable, IpAddr::V4(_), 9 | 10 | 13) | (Kind::Unreachable, IpAddr::V6(_), 1) => "!X",
        (Kind::Unreachable, IpAddr::V4(_), 14) => "!V",
        (Kind::Unreachable, IpAddr::V4(_), 15) => "!C",
        (Kind::Unreachable, _, code) => return Some(format!("!<{code}>")),
    };
    Some(mark.to_owned())
}
