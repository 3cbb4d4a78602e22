//! One question on its way: a socket to one server, over which messages come back. Nothing here
//! knows what they mean, or who may ask.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cofferdam_grants::{Permit, Resource};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpStream, UdpSocket};

use crate::enforce::descriptors::Slot;
use crate::enforce::lookups::LookupPlace;

/// The largest message there is.
const LARGEST: usize = 65_535;

/// A question that was sent, as a guest holds it.
pub type Query = Arc<Carrier>;

/// What a question goes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    Udp,
    Tcp,
}

/// Why a question did not go out, or no message came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failed {
    /// The permit is for something else.
    NotPermitted,
    Refused,
    Unreachable,
    Timeout,
    Closed,
    /// Any other kind of error.
    Other(String),
}

/// A socket that is connected to a server, with a question sent.
#[derive(Debug)]
pub struct Carrier {
    /// The id that the question went out with.
    pub id: u16,
    sent: Instant,
    socket: Socket,
    /// Its places among the plugin's descriptors and lookups.
    _held: (Slot, LookupPlace),
}

#[derive(Debug)]
enum Socket {
    Udp(UdpSocket),
    /// With what has been read of the next message, so that a wait that is given up loses nothing.
    Tcp(TcpStream, Mutex<Vec<u8>>),
}

impl Carrier {
    /// Sends a message to the server that the permit is for.
    #[expect(clippy::disallowed_methods, reason = "the effect of `Ask::Query`: the address is the permit's own")]
    pub async fn send(
        permit: Permit,
        over: Over,
        id: u16,
        message: &[u8],
        within: Duration,
        held: (Slot, LookupPlace),
    ) -> Result<Self, Failed> {
        let Resource::Query { server, .. } = *permit.resource() else { return Err(Failed::NotPermitted) };
        let work = async {
            match over {
                Over::Udp => {
                    let any: IpAddr =
                        if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
                    // The system draws the port; only what this server sends from this port of its
                    // own arrives.
                    let socket = UdpSocket::bind((any, 0)).await?;
                    socket.connect(server).await?;
                    let sent = Instant::now();
                    socket.send(message).await?;
                    Ok(Self { id, sent, socket: Socket::Udp(socket), _held: held })
                }
                Over::Tcp => {
                    let mut stream = TcpStream::connect(server).await?;
                    stream.set_nodelay(true)?;
                    let sent = Instant::now();
                    let length = u16::try_from(message.len()).map_err(|_| ErrorKind::InvalidInput)?;
                    stream.write_all(&[&length.to_be_bytes()[..], message].concat()).await?;
                    Ok(Self { id, sent, socket: Socket::Tcp(stream, Mutex::default()), _held: held })
                }
            }
        };
        let done: Result<std::io::Result<Self>, _> = tokio::time::timeout(within, work).await;
        done.map_err(|_| Failed::Timeout)?.map_err(|error| code(&error))
    }

    /// The next message, and how long after the question it came.
    pub async fn receive(&self, within: Duration) -> Result<(Vec<u8>, Duration), Failed> {
        let work = async {
            match &self.socket {
                Socket::Udp(socket) => {
                    let mut message = vec![0; LARGEST];
                    let length = socket.recv(&mut message).await?;
                    message.truncate(length);
                    Ok(message)
                }
                Socket::Tcp(stream, partial) => loop {
                    if let Some(message) = next(&mut partial.lock().unwrap_or_else(PoisonError::into_inner)) {
                        return Ok(message);
                    }
                    stream.readable().await?;
                    let mut piece = [0; 4096];
                    match stream.try_read(&mut piece) {
                        Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                        // Reading goes on only while a message is incomplete: never more than one
                        // of them and a piece are held.
                        Ok(length) => {
                            partial.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&piece[..length])
                        }
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                        Err(error) => return Err(error),
                    }
                },
            }
        };
        let done: Result<std::io::Result<Vec<u8>>, _> = tokio::time::timeout(within, work).await;
        let message = done.map_err(|_| Failed::Timeout)?.map_err(|error| code(&error))?;
        Ok((message, self.sent.elapsed()))
    }
}

/// Takes a whole message off the front, without its length (RFC 1035, section 4.2.2).
fn next(read: &mut Vec<u8>) -> Option<Vec<u8>> {
    let length = usize::from(u16::from_be_bytes(*read.first_chunk()?));
    (read.len() >= 2 + length).then(|| read.drain(..2 + length).skip(2).collect())
}

fn code(error: &std::io::Error) -> Failed {
    match error.kind() {
        ErrorKind::ConnectionRefused => Failed::Refused,
        ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable
        | ErrorKind::InvalidInput
        // What the system says of a broadcast address.
        | ErrorKind::PermissionDenied => Failed::Unreachable,
        ErrorKind::TimedOut => Failed::Timeout,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => {
            Failed::Closed
        }
        // Of the system's own text only the kind: it names nothing of the machine.
        kind => Failed::Other(kind.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_cut_by_their_length() {
        let mut read = b"\0\x02ab\0\x00\0\x05cd".to_vec();
        assert_eq!(next(&mut read).as_deref(), Some(&b"ab"[..]));
        assert_eq!(next(&mut read).as_deref(), Some(&b""[..]));
        assert_eq!(next(&mut read), None);
        assert_eq!(read, b"\0\x05cd");
    }
}
