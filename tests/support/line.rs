//! A peer that the test plays itself: it accepts when it wants to, and says and hears what the test
//! wants. It serves tests in which events have a fixed order.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use super::eventually;

/// The longest a line waits for its other end.
const PATIENCE: Duration = Duration::from_secs(15);

/// Listens on a port of 127.0.0.1; connections wait in the kernel until they are accepted.
pub struct Listener(TcpListener);

impl Listener {
    pub fn new() -> Self {
        Self::at("127.0.0.1:0")
    }

    pub fn at(address: &str) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    pub fn port(&self) -> u16 {
        self.address().port()
    }

    /// The next connection.
    #[track_caller]
    pub fn accept(&self) -> Line {
        let mut line = None;
        eventually("somebody connects", || {
            line = self.waiting();
            line.is_some()
        });
        line.unwrap()
    }

    /// A connection that has been made already, if there is one.
    pub fn waiting(&self) -> Option<Line> {
        let (stream, _) = self.0.accept().ok()?;
        stream.set_nonblocking(false).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Some(Line(stream))
    }
}

/// A port on which nobody answers: the kernel drops what comes after a full
/// backlog, as a firewall would.
pub struct Deaf {
    listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl Deaf {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
            waiting.push(stream);
            assert!(waiting.len() < 10_000, "the backlog does not fill up");
        }
        Self { listener, _waiting: waiting }
    }

    pub fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }
}

/// One connection, from the peer's side.
pub struct Line(pub TcpStream);

impl Line {
    #[track_caller]
    pub fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).unwrap();
    }

    /// Exactly so many bytes, as text if it is text.
    #[track_caller]
    pub fn hear(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        let mut heard = 0;
        while heard < count {
            match self.0.read(&mut bytes[heard..]) {
                Ok(n @ 1..) => heard += n,
                other => panic!("{other:?} after {:?}", String::from_utf8_lossy(&bytes[..heard])),
            }
        }
        bytes
    }

    /// These bytes and no others, as far as they go.
    #[track_caller]
    pub fn expect(&mut self, bytes: impl AsRef<[u8]>) {
        let (heard, bytes) = (self.hear(bytes.as_ref().len()), bytes.as_ref());
        assert!(
            heard == bytes,
            "{:?} and not {:?}",
            heard.escape_ascii().to_string(),
            bytes.escape_ascii().to_string()
        );
    }

    /// Everything up to the end of the stream.
    #[track_caller]
    pub fn hear_all(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes).unwrap();
        bytes
    }

    /// Waits until the connection is gone, in good order or not.
    #[track_caller]
    pub fn gone(&mut self) {
        let mut buffer = [0; 65536];
        loop {
            match self.0.read(&mut buffer) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return,
                Err(error) => panic!("the connection is still there: {error}"),
            }
        }
    }

    /// Ends our half.
    pub fn end(&self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }
}
