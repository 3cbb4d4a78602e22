//! A connection: made, read, written and ended, each within a time.

use std::future::IntoFuture as _;
use std::rc::Rc;

use super::broken::shown;
use super::{Broken, Host, ReadHalf, Within, Writer, dial, port};
use crate::sockets;

/// A TCP connection, as granted. Dropping it closes it.
///
/// How long something may take is a [`Duration`](std::time::Duration), or a call's
/// [`Cx`](crate::Cx) for the rest of the call's time. What fails becomes the tool's failure by `?`,
/// with a stable code and reason.
///
/// ```
/// # use std::{rc::Rc, time::Duration};
/// # use cofferdam_sdk::{Cx, Failure, TcpStream};
/// /// Asks a server for its greeting.
/// async fn greeting(cx: Cx, host: &str) -> Result<String, Failure> {
///     let mut stream = TcpStream::connect(&cx, host, 25).await?;
///     let line = stream.read_until(b"\r\n", 512, Duration::from_secs(10)).await?;
///     stream.write_all(b"QUIT\r\n", &cx).await?;
///     Ok(String::from_utf8_lossy(&line).into_owned())
/// }
/// ```
pub struct TcpStream {
    address: String,
    read: ReadHalf,
    write: WriteHalf,
}

/// Our half of a connection. Several tasks may send: each in one piece among the others.
pub struct WriteHalf {
    peer: Rc<str>,
    writer: Writer,
}

impl TcpStream {
    /// Connects to an address or a name. A name's addresses are looked up by the host, and tried in
    /// the manner of RFC 8305.
    ///
    /// # Errors
    /// It is no host or no port (`invalid_argument`), or no connection was made
    /// (`connection_failed`, with a `reason`).
    pub async fn connect(within: impl Into<Within>, host: &str, port: u16) -> Result<Self, Broken> {
        let to = Host::parse(host).map_err(Broken::spelling)?;
        let number = self::port(i64::from(port)).map_err(Broken::spelling)?;
        let dialled = dial(&to, number, within.into().duration()).await;
        let (socket, address) = dialled.map_err(|failed| Broken::connect(&to, number, failed))?;
        let peer: Rc<str> = shown(&to, number).into();
        let (receiving, received) = socket.receive();
        let (writing, sending) = sockets::byte_stream();
        let sent = socket.send(sending);
        // The streams hold on to the socket by themselves.
        Ok(Self {
            address,
            read: ReadHalf::new(Rc::clone(&peer), receiving, Box::pin(received.into_future())),
            write: WriteHalf { peer, writer: Writer::new(writing, Box::pin(sent.into_future())) },
        })
    }

    /// The address that has answered, with its port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// See [`ReadHalf::read`].
    ///
    /// # Errors
    /// As there.
    pub async fn read(&mut self, within: impl Into<Within>) -> Result<Vec<u8>, Broken> {
        self.read.read(within).await
    }

    /// See [`ReadHalf::read_exact`].
    ///
    /// # Errors
    /// As there.
    pub async fn read_exact(&mut self, count: usize, within: impl Into<Within>) -> Result<Vec<u8>, Broken> {
        self.read.read_exact(count, within).await
    }

    /// See [`ReadHalf::read_until`].
    ///
    /// # Errors
    /// As there.
    pub async fn read_until(&mut self, end: &[u8], most: usize, within: impl Into<Within>) -> Result<Vec<u8>, Broken> {
        self.read.read_until(end, most, within).await
    }

    /// See [`WriteHalf::write_all`].
    ///
    /// # Errors
    /// As there.
    pub async fn write_all(&self, bytes: &[u8], within: impl Into<Within>) -> Result<(), Broken> {
        self.write.write_all(bytes, within).await
    }

    /// See [`WriteHalf::shutdown`].
    ///
    /// # Errors
    /// As there.
    pub async fn shutdown(&self, within: impl Into<Within>) -> Result<(), Broken> {
        self.write.shutdown(within).await
    }

    /// Both halves, for two tasks. The connection is closed when both are dropped.
    pub fn split(self) -> (ReadHalf, WriteHalf) {
        (self.read, self.write)
    }
}

impl WriteHalf {
    /// Sends all of it: done when the host has taken it.
    ///
    /// # Errors
    /// It was not taken in time, or the connection broke; [`Broken::sent`] says how much was taken.
    pub async fn write_all(&self, bytes: &[u8], within: impl Into<Within>) -> Result<(), Broken> {
        let sent = self.writer.send(bytes, within.into().duration()).await;
        sent.map_err(|unsent| Broken::write(&self.peer, &unsent))
    }

    /// Ends our half after all that was sent; the peer reads the end, and may go on sending.
    ///
    /// # Errors
    /// It was ended before, has not ended in time, or the connection broke.
    pub async fn shutdown(&self, within: impl Into<Within>) -> Result<(), Broken> {
        let ended = self.writer.end(within.into().duration()).await;
        ended.map_err(|unsent| Broken::write(&self.peer, &unsent))
    }
}
