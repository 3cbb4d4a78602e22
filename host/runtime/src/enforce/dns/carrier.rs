//! One question on its way: a socket of its own to one server, over which messages come back. Nothing here knows what they
//! mean, nor who may ask.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use cofferdam_grants::{Permit, Resource};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpStream, UdpSocket};

use crate::abi::since_0_1_0::dns::{ErrorCode, Transport};
use crate::enforce::descriptors::Slot;
use crate::enforce::lookups::Place;

/// The largest message there is.
const LARGEST: usize = 65_535;

/// A socket that is connected to a server, with a question sent.
#[derive(Debug)]
pub struct Carrier {
    /// The id that the question went out with.
    pub id: u16,
    sent: Instant,
    socket: Socket,
    /// Its places among the plugin's descriptors and lookups.
    _held: (Slot, Place),
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
        transport: Transport,
        id: u16,
        message: &[u8],
        within: Duration,
        held: (Slot, Place),
    ) -> Result<Self, ErrorCode> {
        let Resource::Query { server, .. } = *permit.resource() else { return Err(ErrorCode::AccessDenied) };
        let work = async {
            match transport {
                Transport::Udp => {
                    let any: IpAddr =
                        if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
                    // The system draws the port; only what this server sends from this port of its own arrives.
                    let socket = UdpSocket::bind((any, 0)).await?;
                    socket.connect(server).await?;
                    let sent = Instant::now();
                    socket.send(message).await?;
                    Ok(Self { id, sent, socket: Socket::Udp(socket), _held: held })
                }
                Transport::Tcp => {
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
        done.map_err(|_| ErrorCode::Timeout)?.map_err(|error| code(&error))
    }

    /// The next message, and how long after the question it came.
    pub async fn receive(&self, within: Duration) -> Result<(Vec<u8>, Duration), ErrorCode> {
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
                        // Reading goes on only while a message is incomplete: never more than one of them and a piece are held.
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
        let message = done.map_err(|_| ErrorCode::Timeout)?.map_err(|error| code(&error))?;
        Ok((message, self.sent.elapsed()))
    }
}

/// Takes a whole message off the front, without its length (RFC 1035, section 4.2.2).
fn next(read: &mut Vec<u8>) -> Option<Vec<u8>> {
    let length = usize::from(u16::from_be_bytes(*read.first_chunk()?));
    (read.len() >= 2 + length).then(|| read.drain(..2 + length).skip(2).collect())
}

fn code(error: &std::io::Error) -> ErrorCode {
    match error.kind() {
        ErrorKind::ConnectionRefused => ErrorCode::Refused,
        ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable
        | ErrorKind::InvalidInput
        // What the system says of a broadcast address.
        | ErrorKind::PermissionDenied => ErrorCode::Unreachable,
        ErrorKind::TimedOut => ErrorCode::Timeout,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => {
            ErrorCode::Closed
        }
        // Of the system's own text only the kind: it names nothing of the machine.
        kind => ErrorCode::Other(kind.to_string()),
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
