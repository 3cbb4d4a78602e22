//! Peers on loopback, each on a port of its own: what is on the other end of a connection is a
//! test's own code, run in a thread. And a name server whose answers change.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A TCP server; every connection runs the given code in a thread of its own.
pub struct Peer {
    pub address: SocketAddr,
    accepted: Arc<AtomicUsize>,
}

impl Peer {
    pub fn new(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1:0", serve)
    }

    pub fn at(address: &str, serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (accepted, serve) = (Arc::new(AtomicUsize::new(0)), Arc::new(serve));
        let count = Arc::clone(&accepted);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                let serve = Arc::clone(&serve);
                let _ = stream.set_nodelay(true);
                std::thread::spawn(move || serve(stream));
            }
        });
        Self { address, accepted }
    }

    /// Sends back what it receives, and closes when the other side does.
    pub fn echo() -> Self {
        Self::new(echo)
    }

    /// Sends these bytes and closes.
    pub fn says(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::new(move |mut stream| {
            let _ = stream.write_all(&bytes);
        })
    }

    /// Says nothing and keeps what it receives.
    pub fn hears() -> (Self, Arc<Mutex<Vec<u8>>>) {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heard);
        let peer = Self::new(move |mut stream| {
            let mut buffer = [0; 65536];
            while let Ok(n @ 1..) = stream.read(&mut buffer) {
                kept.lock().unwrap().extend_from_slice(&buffer[..n]);
            }
        });
        (peer, heard)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Connections accepted so far.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

fn echo(mut stream: TcpStream) {
    let mut buffer = vec![0; 65536];
    while let Ok(n @ 1..) = stream.read(&mut buffer) {
        if stream.write_all(&buffer[..n]).is_err() {
            return;
        }
    }
}

/// A port of 127.0.0.1 on which nobody listens.
pub fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

type Zone = Arc<Mutex<HashMap<String, Vec<IpAddr>>>>;

/// A name server on UDP. Its answers can be changed at any time; their TTL is one second.
pub struct Dns {
    pub address: SocketAddr,
    zone: Zone,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Dns {
    pub fn new() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let (zone, asked): (Zone, Arc<Mutex<Vec<String>>>) = Default::default();
        let (answers, seen) = (Arc::clone(&zone), Arc::clone(&asked));
        std::thread::spawn(move || {
            let mut buffer = [0; 1500];
            while let Ok((n, from)) = socket.recv_from(&mut buffer) {
                if let Some(answer) = answer(&buffer[..n], &answers, &seen) {
                    let _ = socket.send_to(&answer, from);
                }
            }
        });
        Self { address, zone, asked }
    }

    /// From now on the name has these addresses.
    pub fn set(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.zone.lock().unwrap().insert(name.to_owned(), addresses);
    }

    /// The names that were asked for.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Answers one query (RFC 1035, section 4.1): one question, and the records of its type.
fn answer(query: &[u8], zone: &Zone, asked: &Mutex<Vec<String>>) -> Option<Vec<u8>> {
    let mut at = 12;
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(query.get(at..at + length)?).to_lowercase());
        at += length;
    }
    let kind = u16::from_be_bytes(query.get(at..at + 2)?.try_into().ok()?);
    let name = labels.join(".");
    asked.lock().unwrap().push(name.clone());
    let known = zone.lock().unwrap().get(&name).cloned();
    let mut records = Vec::new();
    for address in known.iter().flatten() {
        let data = match (address, kind) {
            (IpAddr::V4(v4), 1) => v4.octets().to_vec(),
            (IpAddr::V6(v6), 28) => v6.octets().to_vec(),
            _ => continue,
        };
        records
            .push([&[0xc0, 12][..], &kind.to_be_bytes(), &[0, 1, 0, 0, 0, 1], &[0, data.len() as u8], &data].concat());
    }
    let code = if known.is_some() { 0 } else { 3 };
    let header = [query[0], query[1], 0x84, 0x80 | code, 0, 1, 0, records.len() as u8, 0, 0, 0, 0];
    Some([&header[..], query.get(12..at + 4)?, &records.concat()].concat())
}
