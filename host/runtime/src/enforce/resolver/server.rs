//! One name server: a question over UDP, again over TCP where the answer does not fit, without EDNS
//! where the server does not know it. One socket is open at a time.

use std::io::{Error, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout_at};

use super::question::{Answer, Question, Reply};

/// After so long without an answer the question is sent again. The last one goes without EDNS: some
/// ways lose what has it.
const WAITS: [Duration; 3] = [Duration::from_millis(1500), Duration::from_millis(2000), Duration::from_millis(2500)];

/// How long it is remembered that a server does not know EDNS.
const PLAIN: Duration = Duration::from_secs(600);

/// Messages from the server that are passed over for one question.
const LIES: usize = 256;

/// A server, and what is known of it.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    /// Until when questions go without EDNS.
    plain: Mutex<Option<Instant>>,
}

/// Why a server gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It was silent.
    Silent,
    /// Nobody listens there, or there is no way to it.
    Unreachable,
    /// It answers with this code.
    Code(ResponseCode),
    /// The answer does not fit into a datagram, and over TCP none comes.
    Truncated,
    /// All that comes is no answer to the question.
    Lies,
    /// This machine opens no socket.
    NoSocket,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::TimedOut => Self::Silent,
            _ if matches!(error.raw_os_error(), Some(nix::libc::EMFILE | nix::libc::ENFILE | nix::libc::ENOBUFS)) => {
                Self::NoSocket
            }
            _ => Self::Unreachable,
        }
    }
}

impl Server {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, plain: Mutex::default() }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks it, until `end` at the latest.
    ///
    /// # Errors
    /// What it does instead of answering.
    pub async fn ask(&self, question: &Question, end: Instant) -> Result<Answer, Fault> {
        match self.over_udp(question, end).await? {
            Some(answer) => Ok(answer),
            None => match timeout_at(end, self.over_tcp(question)).await {
                Ok(Ok(Reply::Answer(answer))) => Ok(answer),
                Ok(Ok(Reply::Code(code))) => Err(Fault::Code(code)),
                Ok(_) | Err(_) => Err(Fault::Truncated),
            },
        }
    }

    fn knows_edns(&self) -> bool {
        let mut plain = self.plain.lock().unwrap_or_else(PoisonError::into_inner);
        *plain = plain.filter(|until| Instant::now() < *until);
        plain.is_none()
    }

    fn is_plain(&self) {
        tracing::debug!(target: "cofferdam", server = %self.address, "the name server does not know EDNS");
        *self.plain.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + PLAIN);
    }

    /// The answer over UDP; `None` where it does not fit.
    #[expect(
        clippy::disallowed_methods,
        reason = "the effect of `Ask::Resolve`: a question to one of the host's servers"
    )]
    async fn over_udp(&self, question: &Question, end: Instant) -> Result<Option<Answer>, Fault> {
        // The system draws the port; only what this server sends to it arrives.
        let socket = match self.address {
            SocketAddr::V4(_) => UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?,
            SocketAddr::V6(_) => UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).await?,
        };
        socket.connect(self.address).await?;
        // With EDNS, and without.
        let ids = (id()?, id()?);
        let (mut buffer, mut lies) = (vec![0; 4096], 0);
        for (turn, wait) in WAITS.into_iter().enumerate() {
            let edns = turn + 1 < WAITS.len() && self.knows_edns();
            socket.send(&question.message(if edns { ids.0 } else { ids.1 }, edns)?).await?;
            let until = (Instant::now() + wait).min(end);
            while let Ok(received) = timeout_at(until, socket.recv(&mut buffer)).await {
                let bytes = &buffer[..received?];
                match (question.read(bytes, ids.0, true), question.read(bytes, ids.1, false)) {
                    (Reply::Answer(answer), _) | (_, Reply::Answer(answer)) => return Ok(Some(answer)),
                    (Reply::Truncated, _) | (_, Reply::Truncated) => return Ok(None),
                    (Reply::Code(code), _) | (_, Reply::Code(code)) => return Err(Fault::Code(code)),
                    (Reply::NoEdns, _) if edns => {
                        self.is_plain();
                        break;
                    }
                    // The same of an earlier turn.
                    (Reply::NoEdns, _) => {}
                    _ if lies == LIES => return Err(Fault::Lies),
                    _ => lies += 1,
                }
            }
            if Instant::now() >= end {
                break;
            }
        }
        Err(if lies == 0 { Fault::Silent } else { Fault::Lies })
    }

    /// What it says over TCP (RFC 1035, section 4.2.2).
    #[expect(
        clippy::disallowed_methods,
        reason = "the effect of `Ask::Resolve`: a question to one of the host's servers"
    )]
    async fn over_tcp(&self, question: &Question) -> Result<Reply, Error> {
        let (id, edns) = (id()?, self.knows_edns());
        let message = question.message(id, edns)?;
        let length = u16::try_from(message.len()).map_err(|_| ErrorKind::InvalidInput)?;
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(&[&length.to_be_bytes()[..], &message].concat()).await?;
        let length = stream.read_u16().await?;
        let mut bytes = vec![0; usize::from(length)];
        stream.read_exact(&mut bytes).await?;
        Ok(question.read(&bytes, id, edns))
    }
}

/// A number that nobody can foresee.
fn id() -> Result<u16, Error> {
    getrandom::u32().map(|random| (random >> 16) as u16).map_err(|error| Error::other(error.to_string()))
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
