//! From what the caller wrote to a socket for one address: the name is looked up in the time there
//! is, and the first of its addresses that may be reached is taken. Whether that is allowed is the
//! host's to say.

use std::net::IpAddr;
use std::time::Duration;

use cofferdam_sdk::Failure;
use cofferdam_sdk::icmp::{Error, IpAddress, Kind, Packet, Refusal, Socket};
use cofferdam_sdk::sockets::IpAddressFamily;
use ping_logic::{Difference, Message};
use plugin_kit::{Host, HostError, addresses};

use crate::arguments::Family;

/// A target that may be asked.
pub struct Target {
    pub address: IpAddr,
    pub socket: Socket,
}

/// Why there is none: a stable word, and more where there is more to say.
struct Failed {
    reason: &'static str,
    detail: Option<String>,
}

/// Finds the address, and opens a socket for it. `what` is the failure's code and its beginning.
pub async fn open(
    what: (&'static str, &'static str),
    target: &str,
    family: Option<Family>,
    do_not_fragment: bool,
    until: Duration,
) -> Result<Target, Failure> {
    let host = Host::parse(target).map_err(|error| Failure::argument("target", told(&error)))?;
    find(&host, family, do_not_fragment, until).await.map_err(|failed| {
        let mut failure = Failure::new(what.0, format_args!("{} {target}", what.1)).with("reason", failed.reason);
        if failed.reason == "denied" && failed.detail.is_none() {
            failure = failure.with("detail", format!("the operator's policy does not allow ping:{host}")).retry(false);
        } else if let Some(detail) = failed.detail {
            failure = failure.with("detail", detail);
        }
        failure
    })
}

/// What is wrong with a host, where the argument is called `target` and a port has no place.
fn told(error: &HostError) -> String {
    if let HostError::Port { meant, .. } = error {
        return format!("`target` contains a port; write `{meant}`");
    }
    let text = error.to_string();
    text.strip_prefix("`host`").map_or(text.clone(), |rest| format!("`target`{rest}"))
}

async fn find(host: &Host, family: Option<Family>, do_not_fragment: bool, until: Duration) -> Result<Target, Failed> {
    let (found, zone) = match host {
        Host::V6 { address, zone: Some(zone) } => (vec![IpAddr::V6(*address)], Some(zone.as_str())),
        host => {
            let wanted = family.map(|family| match family {
                Family::Ipv4 => IpAddressFamily::Ipv4,
                Family::Ipv6 => IpAddressFamily::Ipv6,
            });
            let left = until.saturating_sub(cofferdam_sdk::now());
            let Some(found) = cofferdam_sdk::timeout(left, addresses(host, wanted)).await else {
                let detail = "the name server has not answered in time".to_owned();
                return Err(Failed { reason: "dns", detail: Some(detail) });
            };
            let found = found.map_err(|failed| Failed { reason: failed.reason, detail: failed.detail })?;
            (found.into_iter().map(dialled).collect(), None)
        }
    };
    let wanted = |address: &IpAddr| match family {
        None => true,
        Some(Family::Ipv4) => address.is_ipv4(),
        Some(Family::Ipv6) => address.is_ipv6(),
    };
    let mut met: Option<Failed> = None;
    for address in found.into_iter().filter(wanted) {
        match Socket::open(&IpAddress::from(address).on(zone), do_not_fragment) {
            Ok(socket) => return Ok(Target { address, socket }),
            // That there is no way says more than that another address is not allowed.
            Err(error) if met.as_ref().is_none_or(|met| met.reason == "denied") => met = Some(failed(error)),
            Err(_) => {}
        }
    }
    let version = if family == Some(Family::Ipv6) { "IPv6" } else { "IPv4" };
    Err(met.unwrap_or(Failed { reason: "dns", detail: Some(format!("there is no {version} address for it")) }))
}

fn failed(error: Error) -> Failed {
    let (reason, detail) = match error {
        Error::Refused(Refusal::Denied(_)) => ("denied", None),
        Error::Refused(Refusal::Limit(_)) => {
            ("limit", Some("as many sockets are open as the operator allows".to_owned()))
        }
        Error::Unreachable(why) => ("unreachable", Some(why)),
        Error::NotPermitted(why) => ("not_permitted", Some(why)),
        other => ("other", Some(words(other))),
    };
    Failed { reason, detail }
}

/// Any error of the host's in words.
pub fn words(error: Error) -> String {
    match error {
        Error::Refused(Refusal::Denied(_)) => "the operator's policy does not allow it".to_owned(),
        Error::Refused(Refusal::Limit(_)) => "too many sockets are open".to_owned(),
        Error::Refused(Refusal::Wait(_)) => "the host sends no more for now".to_owned(),
        Error::TooLarge(_) => "the request is too large".to_owned(),
        Error::InvalidArgument(why) | Error::Unreachable(why) | Error::NotPermitted(why) | Error::Other(why) => why,
    }
}

/// An address that was found for a name.
fn dialled(address: cofferdam_sdk::sockets::IpAddress) -> IpAddr {
    use cofferdam_sdk::sockets::IpAddress;
    match address {
        IpAddress::Ipv4((a, b, c, d)) => IpAddr::from([a, b, c, d]),
        IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => IpAddr::from([a, b, c, d, e, f, g, h]),
    }
}

/// A message as the logic knows it, about a request with this payload.
pub fn message(packet: &Packet, sent: &[u8]) -> Message {
    let differs = sent.iter().zip(&packet.payload).zip(0..).find(|((sent, came), _)| sent != came);
    Message {
        kind: match packet.kind {
            Kind::EchoReply => ping_logic::Kind::EchoReply,
            Kind::DestinationUnreachable => ping_logic::Kind::Unreachable,
            Kind::TimeExceeded => ping_logic::Kind::TimeExceeded,
            Kind::PacketTooBig => ping_logic::Kind::TooBig,
            Kind::ParameterProblem => ping_logic::Kind::ParameterProblem,
            Kind::Redirect => ping_logic::Kind::Redirect,
            Kind::SourceQuench => ping_logic::Kind::SourceQuench,
            Kind::DamagedReply => ping_logic::Kind::DamagedReply,
        },
        icmp_type: packet.icmp_type,
        code: packet.code,
        sender: IpAddr::from(&packet.sender),
        sequence: packet.sequence,
        hop_limit: packet.hop_limit,
        size: packet.size,
        mtu: packet.mtu,
        pointer: packet.pointer,
        next_hop: packet.next_hop.as_ref().map(IpAddr::from),
        difference: differs.map(|((sent, came), at)| Difference { at, sent: *sent, came: *came }),
        received: std::time::Duration::from_nanos(packet.received),
    }
}
