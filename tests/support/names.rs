//! Name servers for the `dns` plugin: real ones (nsd, knot, unbound), fetched once and run on
//! loopback, and ones of the tests' own that may lie. All listen on UDP and TCP.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cofferdam_xtask::{peers, stderr_progress};

use super::{eventually, scratch};

/// A server of somebody else's, ended with the test.
pub struct Daemon {
    child: Child,
    pub address: SocketAddr,
}

impl Daemon {
    fn start(command: &mut Command, address: SocketAddr, log: &Path) -> Self {
        let output = std::fs::File::create(log).unwrap();
        command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        let mut daemon = Self { child: command.spawn().unwrap(), address };
        eventually(&format!("{address} answers ({})", log.display()), || {
            assert!(daemon.child.try_wait().unwrap().is_none(), "it has ended: see {}", log.display());
            answers(address)
        });
        daemon
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether somebody answers a question there.
fn answers(address: SocketAddr) -> bool {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let sent = socket.connect(address).and_then(|()| socket.send(b"\x12\x34\0\0\0\x01\0\0\0\0\0\0\0\0\x02\0\x01"));
    sent.is_ok() && socket.recv(&mut [0; 4096]).is_ok()
}

/// An address on which nobody listens, neither on UDP nor on TCP.
pub fn free(ip: &str) -> SocketAddr {
    loop {
        let tcp = TcpListener::bind((ip, 0)).unwrap();
        let address = tcp.local_addr().unwrap();
        if UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
}

/// The authoritative server `nsd` for these zones, each with its file's text.
pub fn nsd(address: SocketAddr, zones: &[(&str, &str)]) -> Daemon {
    let peer = peers::debian("nsd", &mut stderr_progress()).unwrap_or_else(|error| panic!("{error}"));
    nsd_of(&peer, address, zones)
}

/// The same, as new as it is to be had: it knows the newest types.
pub fn newest_nsd(address: SocketAddr, zones: &[(&str, &str)]) -> Daemon {
    let peer = peers::newest("nsd", &mut stderr_progress()).unwrap_or_else(|error| panic!("{error}"));
    nsd_of(&peer, address, zones)
}

fn nsd_of(peer: &peers::Peer, address: SocketAddr, zones: &[(&str, &str)]) -> Daemon {
    let folder = scratch("nsd");
    let (place, port) = (folder.display(), address.port());
    let mut text = format!(
        "server:\n  ip-address: {}@{port}\n  port: {port}\n  username: \"\"\n  chroot: \"\"\n  zonesdir: \"{place}\"\n  \
         database: \"\"\n  pidfile: \"{place}/pid\"\n  xfrdfile: \"{place}/xfrd\"\n  zonelistfile: \"{place}/list\"\n  \
         server-count: 1\n  nsid: \"ascii_nsd.test\"\nremote-control:\n  control-enable: no\n",
        address.ip()
    );
    for (index, (name, zone)) in zones.iter().enumerate() {
        std::fs::write(folder.join(format!("{index}.zone")), zone).unwrap();
        text += &format!("zone:\n  name: \"{name}\"\n  zonefile: \"{index}.zone\"\n");
    }
    let file = folder.join("nsd.conf");
    std::fs::write(&file, text).unwrap();
    let mut command = peer.command("usr/sbin/nsd");
    Daemon::start(command.arg("-d").arg("-c").arg(&file), address, &folder.join("log"))
}

/// The authoritative server `knot` for a zone with its file's text, as new as it is to be had.
pub fn newest_knot(address: SocketAddr, zone: &str, text: &str) -> Daemon {
    let peer = peers::newest("knot", &mut stderr_progress()).unwrap_or_else(|error| panic!("{error}"));
    let folder = scratch("knot");
    let place = folder.display();
    std::fs::write(folder.join("zone"), text).unwrap();
    let settings = format!(
        "server:\n  listen: {}@{}\n  rundir: {place}\n  pidfile: {place}/pid\n  udp-workers: 1\n  tcp-workers: 1\n  \
         background-workers: 1\nlog:\n  - target: stdout\n    any: info\ndatabase:\n  storage: {place}\ntemplate:\n  \
         - id: default\n    storage: {place}\n    zonefile-sync: -1\n    journal-content: none\nzone:\n  - domain: {zone}\n    \
         file: zone\n",
        address.ip(),
        address.port()
    );
    let file = folder.join("knot.conf");
    std::fs::write(&file, settings).unwrap();
    let mut command = peer.command("usr/sbin/knotd");
    Daemon::start(command.arg("-c").arg(&file), address, &folder.join("log"))
}

/// The resolver `unbound`, which asks these servers for these zones; `more` goes
/// into its `server` section.
pub fn unbound(address: SocketAddr, zones: &[(&str, SocketAddr)], more: &str) -> Daemon {
    let peer = peers::debian("unbound", &mut stderr_progress()).unwrap_or_else(|error| panic!("{error}"));
    let folder = scratch("unbound");
    let (place, port) = (folder.display(), address.port());
    let mut text = format!(
        "server:\n  interface: {}@{port}\n  port: {port}\n  access-control: 127.0.0.0/8 allow\n  do-daemonize: no\n  \
         username: \"\"\n  chroot: \"\"\n  directory: \"{place}\"\n  pidfile: \"\"\n  use-syslog: no\n  \
         do-not-query-localhost: no\n  do-ip6: no\n  num-threads: 1\n  rrset-roundrobin: no\n  ede: yes\n  {more}\n\
         remote-control:\n  control-enable: no\n",
        address.ip()
    );
    for (name, at) in zones {
        text += &format!("stub-zone:\n  name: \"{name}\"\n  stub-addr: {}@{}\n", at.ip(), at.port());
    }
    let file = folder.join("unbound.conf");
    std::fs::write(&file, text).unwrap();
    let mut command = peer.command("usr/sbin/unbound");
    Daemon::start(command.arg("-d").arg("-c").arg(&file), address, &folder.join("log"))
}

/// What a server of ours does with a question: the messages to send back. Over TCP the
/// connection ends afterwards.
type Serve = dyn Fn(&[u8], bool) -> Vec<Vec<u8>> + Send + Sync;

/// A name server that is a test's own code.
pub struct NameServer {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl NameServer {
    /// `serve` is given a question, and whether it came over TCP.
    pub fn new(serve: impl Fn(&[u8], bool) -> Vec<Vec<u8>> + Send + Sync + 'static) -> Self {
        let (udp, tcp) = loop {
            let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()) {
                break (udp, tcp);
            }
        };
        Self::on(udp, tcp, serve)
    }

    /// At a place of its own, as `127.0.0.53:53`.
    pub fn at(place: &str, serve: impl Fn(&[u8], bool) -> Vec<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self::on(UdpSocket::bind(place).unwrap(), TcpListener::bind(place).unwrap(), serve)
    }

    fn on(
        udp: UdpSocket,
        tcp: TcpListener,
        serve: impl Fn(&[u8], bool) -> Vec<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        let address = udp.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::<Vec<u8>>::new()));
        let serve: Arc<Serve> = Arc::new(serve);
        let (seen, by_udp) = (Arc::clone(&asked), Arc::clone(&serve));
        std::thread::spawn(move || {
            let mut buffer = [0; 65_535];
            while let Ok((length, from)) = udp.recv_from(&mut buffer) {
                // Another test sends answers to every port of the machine.
                if length < 12 || buffer[2] & 0x80 != 0 {
                    continue;
                }
                seen.lock().unwrap().push(buffer[..length].to_vec());
                for message in by_udp(&buffer[..length], false) {
                    let _ = udp.send_to(&message, from);
                }
            }
        });
        let seen = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in tcp.incoming().flatten() {
                let (seen, serve) = (Arc::clone(&seen), Arc::clone(&serve));
                std::thread::spawn(move || over_tcp(stream, &seen, &*serve));
            }
        });
        Self { address, asked }
    }

    /// The questions that came, byte for byte.
    pub fn asked(&self) -> Vec<Vec<u8>> {
        self.asked.lock().unwrap().clone()
    }
}

fn over_tcp(mut stream: TcpStream, seen: &Mutex<Vec<Vec<u8>>>, serve: &Serve) {
    let mut length = [0; 2];
    if stream.read_exact(&mut length).is_err() {
        return;
    }
    let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
    if stream.read_exact(&mut question).is_err() {
        return;
    }
    seen.lock().unwrap().push(question.clone());
    for message in serve(&question, true) {
        let length = u16::try_from(message.len()).unwrap();
        let _ = stream.write_all(&[&length.to_be_bytes()[..], &message].concat());
    }
}

/// Where the question of a message ends.
fn end_of_question(message: &[u8]) -> usize {
    let mut at = 12;
    while message[at] != 0 {
        at += 1 + usize::from(message[at]);
    }
    at + 5
}

/// The type that a question asks for: 1 for A, 28 for AAAA.
pub fn kind(question: &[u8]) -> u8 {
    question[end_of_question(question) - 3]
}

/// Whether a question has EDNS.
pub fn has_edns(question: &[u8]) -> bool {
    question[11] == 1
}

/// The name that a question asks for, in lower case.
pub fn asked_name(question: &[u8]) -> String {
    let (mut at, mut labels) = (12, Vec::new());
    while question[at] != 0 {
        let length = usize::from(question[at]);
        labels.push(String::from_utf8_lossy(&question[at + 1..at + 1 + length]).to_lowercase());
        at += 1 + length;
    }
    labels.join(".")
}

/// A reply with one AAAA record of the name that was asked for.
pub fn reply_six(question: &[u8], address: [u8; 16]) -> Vec<u8> {
    let mut reply = reply(question, 0, 0, &[]);
    reply[7] = 1;
    reply.extend(b"\xc0\x0c\0\x1c\0\x01\0\0\0\x3c\0\x10");
    reply.extend(address);
    reply
}

/// A reply to a question: these flags and this status, and A records of the
/// name that was asked for.
pub fn reply(question: &[u8], flags: u8, status: u8, addresses: &[[u8; 4]]) -> Vec<u8> {
    let count = u8::try_from(addresses.len()).unwrap();
    let mut reply = question[..2].to_vec();
    reply.extend([0x80 | flags, 0x80 | status, 0, 1, 0, count, 0, 0, 0, 0]);
    reply.extend(&question[12..end_of_question(question)]);
    for address in addresses {
        reply.extend(b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04");
        reply.extend(address);
    }
    reply
}
