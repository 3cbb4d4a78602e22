//! Making a connection, in the manner of RFC 8305: a name's addresses of both kinds are looked up
//! at once, tried as they come, a further one every 250 ms, and the first that answers wins.
//! Whether any of it is allowed is the host's to say, at each step.

mod order;

use std::future::{pending, poll_fn};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::now;
use crate::sockets::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress, TcpSocket,
};
use futures::stream::{FuturesUnordered, StreamExt};

use super::lookup::{Answers, Missing, Missings, RESOLUTION_DELAY, addresses, answers, v6};
use super::{Failed, Host};
use order::Order;

/// A further address is tried when the ones before have not answered for so long (RFC 8305, section
/// 8).
const STAGGER: Duration = Duration::from_millis(250);

/// When every known address has failed, so long is waited for a name server that has not told of
/// the other kind: the host asks it again within that time.
const LATE: Duration = Duration::from_secs(2);

/// Connects within `timeout`. Gives the socket and the address that answered.
///
/// # Errors
/// The reason that says most of all that were met, and each address with its own.
pub async fn dial(host: &Host, port: u16, timeout: Duration) -> Result<(TcpSocket, String), Failed> {
    let mut race = Race::default();
    let done = crate::timeout(timeout, race.run(host, port)).await;
    done.unwrap_or_else(|| Err(race.late()))
}

/// The number of a link, which an address is dialled by. Which number an interface of some name
/// has, only the host knows.
fn link(zone: &str) -> Result<u32, Failed> {
    zone.parse().ok().filter(|number| *number != 0).ok_or_else(|| Failed {
        reason: "unreachable",
        detail: Some(format!(
            "a link cannot be dialled by its name, `%{zone}`, from inside the sandbox: write its number, as in `%2`"
        )),
        inconclusive: false,
    })
}

/// What happens next.
enum Event {
    Ended(usize, Result<TcpSocket, Failed>),
    Answer(IpAddressFamily, Result<Vec<IpAddress>, Missing>),
    AllAnswered,
    Due,
}

/// Attempts at one host.
#[derive(Default)]
struct Race {
    order: Order,
    /// By the order of their beginning; no failure while they are under way.
    tried: Vec<(String, Option<Failed>)>,
    missing: Missings,
    /// The kinds of address that a name server has been asked for and has not told.
    asked: Vec<IpAddressFamily>,
    /// Whether the addresses of both kinds are told.
    told: bool,
}

impl Race {
    async fn run(&mut self, host: &Host, port: u16) -> Result<(TcpSocket, String), Failed> {
        let (mut answers, link): (Answers, u32) = match host {
            Host::Name(name) if name.eq_ignore_ascii_case("localhost") => {
                // Two addresses and no lookup; the one that everybody means is first.
                self.order.push(addresses(host, Some(IpAddressFamily::Ipv4)).await?);
                let six = addresses(host, Some(IpAddressFamily::Ipv6)).await?;
                (futures::stream::iter([(IpAddressFamily::Ipv6, Ok(six))]).boxed_local(), 0)
            }
            Host::Name(name) => {
                self.asked = vec![IpAddressFamily::Ipv4, IpAddressFamily::Ipv6];
                (answers(name, None)?, 0)
            }
            Host::V6 { address, zone: Some(zone) } => {
                self.order.push([v6(*address)]);
                (futures::stream::empty().boxed_local(), link(zone)?)
            }
            host => {
                self.order.push(addresses(host, None).await?);
                (futures::stream::empty().boxed_local(), 0)
            }
        };
        let mut trying = FuturesUnordered::new();
        let mut due = (!self.order.is_empty()).then(now);
        loop {
            if due.is_some_and(|due| due <= now())
                && let Some(address) = self.order.next()
            {
                let (to, shown) = place(address, port, link);
                let index = self.tried.len();
                self.tried.push((shown, None));
                trying.push(async move { (index, connect(to).await) });
                due = Some(now() + STAGGER);
                continue;
            }
            let idle = self.order.is_empty() && trying.is_empty();
            if idle && self.told {
                return Err(self.end());
            }
            let wake = match (self.order.is_empty(), due) {
                (false, due) => due,
                (true, Some(failed)) if idle => Some(failed + LATE),
                (true, _) => None,
            };
            let event = {
                let mut turn = pin!(async {
                    match wake {
                        Some(at) => crate::sleep(at.saturating_sub(now())).await,
                        None => pending().await,
                    }
                });
                let told = self.told;
                poll_fn(|cx| {
                    if let Poll::Ready(Some((index, ended))) = trying.poll_next_unpin(cx) {
                        return Poll::Ready(Event::Ended(index, ended));
                    }
                    if !told && let Poll::Ready(answer) = answers.poll_next_unpin(cx) {
                        return Poll::Ready(
                            answer.map_or(Event::AllAnswered, |(family, found)| Event::Answer(family, found)),
                        );
                    }
                    turn.as_mut().poll(cx).map(|()| Event::Due)
                })
                .await
            };
            match event {
                Event::Ended(index, Ok(socket)) => {
                    let shown = self.tried.swap_remove(index).0;
                    return Ok((socket, shown));
                }
                Event::Ended(index, Err(failed)) => {
                    self.tried[index].1 = Some(failed);
                    due = Some(now());
                }
                Event::Due if idle => return Err(self.end()),
                Event::Due => due = Some(now()),
                Event::AllAnswered => self.told = true,
                Event::Answer(family, found) => {
                    self.asked.retain(|asked| *asked != family);
                    match found {
                        Ok(found) => self.order.push(found),
                        Err(why) => self.missing.push(family, why),
                    }
                }
            }
            if self.tried.is_empty() && !self.order.is_empty() {
                let all = self.told || self.order.has_six();
                due = Some(match due {
                    _ if all => now(),
                    None => now() + RESOLUTION_DELAY,
                    Some(due) => due,
                });
            }
        }
    }

    /// What is missing now: what the name server said, and what it has not said yet.
    fn missing(&self) -> Missings {
        let mut missing = self.missing.clone();
        self.asked.iter().for_each(|family| missing.push(*family, Missing::NotYet));
        missing
    }

    /// What is said when every address has failed, or there is none.
    fn end(&self) -> Failed {
        let failures = || self.tried.iter().filter_map(|(shown, failed)| Some((shown, failed.as_ref()?)));
        let Some((_, worst)) = failures().max_by_key(|(_, failed)| weight(failed)) else {
            return self.missing().failed();
        };
        let doubts = self.missing().doubts();
        if self.tried.len() == 1 && doubts.is_empty() {
            return worst.clone();
        }
        let each =
            failures().map(|(shown, failed)| format!("{shown}: {}", failed.detail.as_deref().unwrap_or(failed.reason)));
        let detail = each.chain(doubts).collect::<Vec<_>>().join("; ");
        Failed { detail: Some(detail), ..worst.clone() }
    }

    /// What is said when the time is over.
    fn late(&self) -> Failed {
        if self.tried.is_empty() {
            let missing = self.missing();
            return if missing.is_empty() { Failed::because("timeout") } else { missing.failed() };
        }
        if self.tried.iter().all(|(_, failed)| failed.is_some()) {
            return self.end();
        }
        if self.tried.len() == 1 {
            return Failed::because("timeout");
        }
        let each = self.tried.iter().map(|(shown, failed)| match failed {
            Some(failed) => format!("{shown}: {}", failed.detail.as_deref().unwrap_or(failed.reason)),
            None => format!("{shown}: no answer in time"),
        });
        Failed { detail: Some(each.collect::<Vec<_>>().join("; ")), ..Failed::because("timeout") }
    }
}

/// Which of several failures tells most: that a peer refused says more than that another address
/// may not be dialled.
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

/// Where to connect to, and how that is shown.
fn place(address: IpAddress, port: u16, link: u32) -> (IpSocketAddress, String) {
    match address {
        IpAddress::Ipv4(address) => {
            let (a, b, c, d) = address;
            let shown = format!("{}:{port}", Ipv4Addr::new(a, b, c, d));
            (IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address }), shown)
        }
        IpAddress::Ipv6(address) => {
            let (a, b, c, d, e, f, g, h) = address;
            let zone = if link == 0 { String::new() } else { format!("%{link}") };
            let shown = format!("[{}{zone}]:{port}", Ipv6Addr::new(a, b, c, d, e, f, g, h));
            let to = Ipv6SocketAddress { port, flow_info: 0, address, scope_id: link };
            (IpSocketAddress::Ipv6(to), shown)
        }
    }
}

async fn connect(to: IpSocketAddress) -> Result<TcpSocket, Failed> {
    let failed = |code: ErrorCode| match code {
        ErrorCode::Other(Some(detail)) => Failed { detail: Some(detail), ..Failed::because("limit") },
        code => Failed::because(reason(&code)),
    };
    let family = match to {
        IpSocketAddress::Ipv4(_) => IpAddressFamily::Ipv4,
        IpSocketAddress::Ipv6(_) => IpAddressFamily::Ipv6,
    };
    let socket = TcpSocket::create(family).map_err(failed)?;
    socket.connect(to).await.map_err(failed)?;
    Ok(socket)
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
