//! Claims: it can send echo requests to addresses it was never given, as large, as many and over as
//! many sockets as it likes.
use std::net::IpAddr;
use std::rc::Rc;

use cofferdam_sdk::icmp::{Error, IpAddress, Kind, Refusal, Socket};
use cofferdam_sdk::{Cx, Failure};
use guests::{Count, Place, Text, refused, text};

#[derive(Default)]
struct Guest;

fn address(host: &str) -> Result<IpAddress, Failure> {
    let address: IpAddr = host.parse().map_err(|error| Failure::new("address", error))?;
    Ok(address.into())
}

fn told(error: &Error) -> String {
    match error {
        Error::Refused(refusal) => refused(refusal),
        error => format!("{error:?}"),
    }
}

fn open(host: &str) -> Result<Result<Socket, Error>, Failure> {
    Ok(Socket::open(&address(host)?, false))
}

#[cofferdam_sdk::plugin(manifest = "pings.toml")]
impl Guest {
    /// Sends one request to an address, and tells what came.
    #[tool]
    async fn ping(self: Rc<Self>, _: Cx, a: Place) -> Result<Text, Failure> {
        let socket = match open(&a.host)? {
            Ok(socket) => socket,
            Err(error) => return text(told(&error)),
        };
        if let Err(error) = socket.send(a.port, 64, &[]) {
            return text(format!("sent {error:?}"));
        }
        let received = cofferdam_sdk::timeout(std::time::Duration::from_secs(2), socket.receive()).await;
        text(match received {
            Some(Ok(packet)) if packet.kind == Kind::EchoReply && packet.sequence == a.port => "answered".to_owned(),
            other => format!("{other:?}"),
        })
    }

    /// Sends a payload of so many bytes to this machine.
    #[tool]
    async fn size(self: Rc<Self>, _: Cx, a: Count) -> Result<Text, Failure> {
        let socket = open("127.0.0.1")?.map_err(|error| Failure::new("open", format!("{error:?}")))?;
        text(format!("{:?}", socket.send(1, 64, &vec![0; a.count as usize]).map(drop)))
    }

    /// Sends with a hop limit that no packet can have.
    #[tool]
    async fn hopless(self: Rc<Self>, _: Cx, _: Count) -> Result<Text, Failure> {
        let socket = open("127.0.0.1")?.map_err(|error| Failure::new("open", format!("{error:?}")))?;
        text(format!("{:?}", socket.send(1, 0, &[]).map(drop)))
    }

    /// Sends so many as fast as it can; tells how many left, and what the first refusal was.
    #[tool]
    async fn flood(self: Rc<Self>, _: Cx, a: Count) -> Result<Text, Failure> {
        let socket = open("127.0.0.1")?.map_err(|error| Failure::new("open", format!("{error:?}")))?;
        let (mut sent, mut refused) = (0, None);
        for sequence in 0..a.count {
            match socket.send(sequence as u16, 64, &[]) {
                Ok(_) => sent += 1,
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        let refused = match refused {
            Some(Error::Refused(Refusal::Wait(wait))) => format!("wait, {}", wait > 0 && wait <= 1_000_000_000),
            other => format!("{other:?}"),
        };
        text(format!("{sent} {refused}"))
    }

    /// Opens so many sockets, and tells how many it got, and why no more.
    #[tool]
    async fn sockets(self: Rc<Self>, _: Cx, a: Count) -> Result<Text, Failure> {
        let mut sockets = Vec::new();
        for _ in 0..a.count {
            match open("127.0.0.1")? {
                Ok(socket) => sockets.push(socket),
                Err(error) => return text(format!("{} {}", sockets.len(), told(&error))),
            }
        }
        text(sockets.len().to_string())
    }
}
