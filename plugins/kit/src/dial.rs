//! Making a connection: the name is looked up, its addresses are tried in the manner of RFC 8305 (a further one every 250 ms),
//! and the first that answers wins. Whether any of it is allowed is the host's to say, at each step.

use std::future::poll_fn;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::Host;
use cofferdam_sdk::Failure;
use cofferdam_sdk::sockets::ip_name_lookup::{self, ErrorCode as NameError};
use cofferdam_sdk::sockets::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress, TcpSocket,
};
use futures::stream::{FuturesUnordered, StreamExt};

/// A further address is tried when the ones before have not answered for so long (RFC 8305, section 8).
const STAGGER: Duration = Duration::from_millis(250);

/// Why no connection was made: a stable word, and more where there is more to say.
#[derive(Debug)]
pub struct Failed {
    /// `refused`, `timeout`, `dns`, `unreachable`, `denied`, `limit` …
    pub reason: &'static str,
    /// What else is known.
    pub detail: Option<String>,
}

impl Failed {
    fn because(reason: &'static str) -> Self {
        Self { reason, detail: None }
    }

    /// The same for the caller, who spelt the host as `spelt`.
    pub fn failure(self, host: &Host, spelt: &str, port: u16) -> Failure {
        let failure = Failure::new("connection_failed", format_args!("Failed to connect to {spelt}:{port}"));
        let failure = failure.with("reason", self.reason);
        match self {
            Failed { reason: "denied", .. } => {
                failure.with("detail", format!("the operator's policy does not allow tcp://{host}:{port}"))
            }
            Failed { detail: Some(detail), .. } => failure.with("detail", detail),
            Failed { detail: None, .. } => failure,
        }
    }
}

/// Connects within `timeout`. Gives the socket and the address that answered.
///
/// # Errors
/// The reason that says most of all that were met.
pub async fn dial(host: &Host, port: u16, timeout: Duration) -> Result<(TcpSocket, String), Failed> {
    let work = async {
        let (addresses, link) = match host {
            Host::V6 { address, zone: Some(zone) } => (vec![v6(*address)], link(zone)?),
            host => (addresses(host).await?, 0),
        };
        race(addresses, port, link).await
    };
    cofferdam_sdk::timeout(timeout, work).await.unwrap_or_else(|| Err(Failed::because("timeout")))
}

/// The addresses that a host stands for: itself, or what a lookup of the name gives.
///
/// # Errors
/// Why there are none: `denied`, or `dns` with what the lookup said.
pub async fn addresses(host: &Host) -> Result<Vec<IpAddress>, Failed> {
    match host {
        Host::V4(address) => Ok(vec![v4(*address)]),
        Host::V6 { address, zone: None } => Ok(vec![v6(*address)]),
        Host::V6 { zone: Some(zone), .. } => Err(Failed {
            reason: "unreachable",
            detail: Some(format!("an address with a zone (`%{zone}`) cannot be used here")),
        }),
        Host::Name(name) => ip_name_lookup::resolve_addresses(name.clone()).await.map_err(|error| match error {
            NameError::AccessDenied => Failed::because("denied"),
            NameError::NameUnresolvable => Failed { reason: "dns", detail: Some("no such name".to_owned()) },
            NameError::InvalidArgument => Failed { reason: "dns", detail: Some("not a valid name".to_owned()) },
            NameError::TemporaryResolverFailure => {
                Failed { reason: "dns", detail: Some("the name server does not answer".to_owned()) }
            }
            NameError::PermanentResolverFailure | NameError::Other(_) => {
                Failed { reason: "dns", detail: Some("the name server cannot answer".to_owned()) }
            }
        }),
    }
}

/// The number of a link, which an address is dialled by. Which number an interface of some name has, only the host knows.
fn link(zone: &str) -> Result<u32, Failed> {
    zone.parse().ok().filter(|number| *number != 0).ok_or_else(|| Failed {
        reason: "unreachable",
        detail: Some(format!(
            "a link cannot be dialled by its name, `%{zone}`, from inside the sandbox: write its number, as in `%2`"
        )),
    })
}

/// Tries all addresses, each a little later than the one before, or at once when that has failed.
async fn race(addresses: Vec<IpAddress>, port: u16, link: u32) -> Result<(TcpSocket, String), Failed> {
    let mut waiting = addresses.into_iter();
    let mut trying = FuturesUnordered::new();
    let mut worst: Option<Failed> = None;
    loop {
        match waiting.next() {
            Some(address) => trying.push(connect(address, port, link)),
            None if trying.is_empty() => return Err(worst.unwrap_or(Failed::because("dns"))),
            None => {}
        }
        // Until one fails, one connects, or the next one's turn has come.
        let mut turn = pin!(async {
            match waiting.len() {
                0 => std::future::pending().await,
                _ => cofferdam_sdk::sleep(STAGGER).await,
            }
        });
        let ended = poll_fn(|cx| match trying.poll_next_unpin(cx) {
            Poll::Ready(ended) => Poll::Ready(ended),
            Poll::Pending => turn.as_mut().poll(cx).map(|()| None),
        });
        match ended.await {
            Some(Ok(made)) => return Ok(made),
            Some(Err(failed)) if worst.as_ref().is_none_or(|worst| weight(&failed) > weight(worst)) => {
                worst = Some(failed);
            }
            Some(Err(_)) | None => {}
        }
    }
}

/// Which of several failures tells most: that a peer refused says more than that another address may not be dialled.
fn weight(failed: &Failed) -> u8 {
    match failed.reason {
        "refused" => 5,
        "reset" | "closed" => 4,
        "timeout" => 3,
        "unreachable" => 2,
        "denied" => 1,
        _ => 0,
    }
}

async fn connect(address: IpAddress, port: u16, link: u32) -> Result<(TcpSocket, String), Failed> {
    let (family, to, shown) = match address {
        IpAddress::Ipv4(address) => {
            let (a, b, c, d) = address;
            let shown = format!("{}:{port}", Ipv4Addr::new(a, b, c, d));
            (IpAddressFamily::Ipv4, IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address }), shown)
        }
        IpAddress::Ipv6(address) => {
            let (a, b, c, d, e, f, g, h) = address;
            let zone = if link == 0 { String::new() } else { format!("%{link}") };
            let shown = format!("[{}{zone}]:{port}", Ipv6Addr::new(a, b, c, d, e, f, g, h));
            let to = Ipv6SocketAddress { port, flow_info: 0, address, scope_id: link };
            (IpAddressFamily::Ipv6, IpSocketAddress::Ipv6(to), shown)
        }
    };
    let failed = |code: ErrorCode| match code {
        ErrorCode::Other(Some(detail)) => Failed { reason: "limit", detail: Some(detail) },
        code => Failed::because(reason(&code)),
    };
    let socket = TcpSocket::create(family).map_err(failed)?;
    socket.connect(to).await.map_err(failed)?;
    Ok((socket, shown))
}

fn v4(address: Ipv4Addr) -> IpAddress {
    let [a, b, c, d] = address.octets();
    IpAddress::Ipv4((a, b, c, d))
}

/// An IPv4 address in IPv6's clothing is dialled as what it is.
fn v6(address: Ipv6Addr) -> IpAddress {
    if let Some(plain) = address.to_ipv4_mapped() {
        return v4(plain);
    }
    let [a, b, c, d, e, f, g, h] = address.segments();
    IpAddress::Ipv6((a, b, c, d, e, f, g, h))
}

/// The stable word for an error of a socket.
pub fn reason(code: &ErrorCode) -> &'static str {
    match code {
        ErrorCode::AccessDenied => "denied",
        ErrorCode::ConnectionRefused => "refused",
        ErrorCode::Timeout => "timeout",
        // An invalid address is one that nobody can have: a broadcast or multicast address, say.
        ErrorCode::RemoteUnreachable | ErrorCode::AddressNotBindable | ErrorCode::InvalidArgument => "unreachable",
        ErrorCode::ConnectionReset => "reset",
        ErrorCode::ConnectionBroken | ErrorCode::ConnectionAborted => "closed",
        ErrorCode::OutOfMemory => "out_of_memory",
        _ => "other",
    }
}
