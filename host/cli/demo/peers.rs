//! The servers that the demonstration talks to, on 127.0.0.1 and ports that the system chooses.
//! Each runs on threads of its own until the program ends, and counts what reaches it.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// How often the line server sends a PING.
const BEAT: Duration = Duration::from_millis(300);

/// How long a peer waits for bytes before it looks at the clock.
const GLANCE: Duration = Duration::from_millis(20);

/// No session with a peer lasts longer.
const SESSION: Duration = Duration::from_secs(60);

/// The longest line or request that a peer takes, in bytes.
const LONGEST: usize = 8 << 10;

/// What the web server serves.
pub const PAGE: &str = "<p>Hello from the other side of the sandbox.</p>\n";

/// The three servers.
pub struct Peers {
    pub line: LineServer,
    pub web: WebServer,
    pub third: ThirdServer,
}

impl Peers {
    /// Starts them. The line server sends its thanks after so many PONGs.
    ///
    /// # Errors
    /// A port or a thread is not available.
    pub fn start(thanks_after: usize) -> io::Result<Self> {
        Ok(Self { line: LineServer::start(thanks_after)?, web: WebServer::start()?, third: ThirdServer::start()? })
    }
}

/// Greets, sends `PING token` every 300 ms, counts the `PONG token` it gets, and sends its thanks
/// for the first few.
pub struct LineServer {
    pub port: u16,
    right: Arc<AtomicUsize>,
    wrong: Arc<AtomicUsize>,
}

impl LineServer {
    fn start(thanks_after: usize) -> io::Result<Self> {
        let (right, wrong) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
        let counts = (Arc::clone(&right), Arc::clone(&wrong));
        let port = listen(move |stream| converse(stream, thanks_after, &counts.0, &counts.1))?;
        Ok(Self { port, right, wrong })
    }

    /// PONGs with the token of a PING that was not answered yet, and all other lines.
    pub fn pongs(&self) -> (usize, usize) {
        (self.right.load(SeqCst), self.wrong.load(SeqCst))
    }
}

fn converse(mut stream: TcpStream, thanks_after: usize, right: &AtomicUsize, wrong: &AtomicUsize) -> io::Result<()> {
    stream.set_read_timeout(Some(GLANCE))?;
    stream.write_all(b"HELLO, here is the line server\r\n")?;
    let begun = Instant::now();
    let seed = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.subsec_micros());
    let (mut pings, mut open, mut received) = (0_u32, Vec::new(), Vec::new());
    while begun.elapsed() < SESSION && received.len() < LONGEST {
        if begun.elapsed() >= BEAT * (pings + 1) {
            pings += 1;
            let token = format!("{:05x}", seed.wrapping_mul(pings) & 0xf_ffff);
            stream.write_all(format!("PING {token}\r\n").as_bytes())?;
            open.push(token);
        }
        let mut piece = [0; 512];
        match stream.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(read) => received.extend_from_slice(&piece[..read]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
        while let Some(end) = received.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = received.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let asked = |token: &str| open.iter().position(|one| one == token);
            match line.strip_prefix("PONG ").and_then(|rest| asked(rest.strip_suffix("\r\n")?)) {
                None => _ = wrong.fetch_add(1, SeqCst),
                Some(index) => {
                    open.swap_remove(index);
                    if right.fetch_add(1, SeqCst) + 1 == thanks_after {
                        stream.write_all(format!("THANKS for {thanks_after} PONGs\r\n").as_bytes())?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// A small HTTP/1.1 server: every GET gets the same page, and the connection is closed (RFC 9112
/// §9.6).
pub struct WebServer {
    pub port: u16,
}

impl WebServer {
    fn start() -> io::Result<Self> {
        Ok(Self { port: listen(serve_page)? })
    }
}

fn serve_page(mut stream: TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(SESSION))?;
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") && request.len() < LONGEST {
        let mut piece = [0; 512];
        match stream.read(&mut piece)? {
            0 => return Ok(()),
            read => request.extend_from_slice(&piece[..read]),
        }
    }
    let status = if request.starts_with(b"GET /") { "200 OK" } else { "400 Bad Request" };
    let length = PAGE.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{PAGE}"
    )
}

/// Listens, and counts who comes. Nobody should.
pub struct ThirdServer {
    pub port: u16,
    knocks: Arc<AtomicUsize>,
}

impl ThirdServer {
    fn start() -> io::Result<Self> {
        let knocks = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&knocks);
        let port = listen(move |_| {
            count.fetch_add(1, SeqCst);
            Ok(())
        })?;
        Ok(Self { port, knocks })
    }

    /// Connections that it has accepted.
    pub fn knocks(&self) -> usize {
        self.knocks.load(SeqCst)
    }
}

/// Serves every connection to a new port on a thread of its own. A connection that breaks ends no
/// other.
#[expect(clippy::disallowed_methods, reason = "the demonstration's peers are real servers, and nothing else listens")]
fn listen(serve: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    let serve = Arc::new(serve);
    thread::Builder::new().name("peer".to_owned()).spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            let _ = thread::Builder::new().name("peer".to_owned()).spawn(move || serve(stream));
        }
    })?;
    Ok(port)
}
