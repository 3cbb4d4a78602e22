//! A name server that lies where the name tells it to: `n123-lies.soak.example` is answered
//! with what is wrong first. The right address is computed from the number, so that an
//! answer shows whose it is.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

const A: u16 = 1;

/// The address that a name with this number has.
pub fn address_of(number: u64) -> Ipv4Addr {
    let [.., a, b, c] = number.to_be_bytes();
    Ipv4Addr::new(198, 18 | (a & 1), b, c)
}

/// Starts the server on UDP and TCP; its port.
pub fn serve() -> u16 {
    let (udp, tcp) = loop {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()) {
            break (udp, tcp);
        }
    };
    let port = udp.local_addr().unwrap().port();
    // One that sleeps holds up one of four.
    for _ in 0..4 {
        let udp = udp.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let Ok((length, from)) = udp.recv_from(&mut buffer) else { continue };
                for message in answers(&buffer[..length], false) {
                    let _ = udp.send_to(&message, from);
                }
            }
        });
    }
    std::thread::spawn(move || {
        for stream in tcp.incoming().flatten() {
            std::thread::spawn(move || over_tcp(stream));
        }
    });
    port
}

fn over_tcp(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    loop {
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut question)?;
        for message in answers(&question, true) {
            let length = u16::try_from(message.len()).unwrap_or_default().to_be_bytes();
            stream.write_all(&[&length[..], &message].concat())?;
        }
    }
}

/// The first label of a question, its type, and where it ends.
fn question(message: &[u8]) -> Option<(String, u16, usize)> {
    let mut at = 12;
    let first = usize::from(*message.get(at)?);
    let label = String::from_utf8_lossy(message.get(at + 1..at + 1 + first)?).to_ascii_lowercase();
    while *message.get(at)? != 0 {
        at += 1 + usize::from(message[at]);
    }
    let kind = u16::from_be_bytes([*message.get(at + 1)?, *message.get(at + 2)?]);
    Some((label, kind, at + 5))
}

/// The messages that come back, in their order.
fn answers(message: &[u8], tcp: bool) -> Vec<Vec<u8>> {
    let Some((label, kind, end)) = question(message) else { return Vec::new() };
    let (number, manner) = label.split_once('-').unwrap_or((&label, ""));
    let number: u64 = number.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0);
    let reply = |flags: u8, status: u8, address: Option<Ipv4Addr>| {
        let address = address.filter(|_| kind == A);
        let mut reply = message[..2].to_vec();
        reply.extend([0x84 | flags, 0x80 | status, 0, 1, 0, u8::from(address.is_some()), 0, 0, 0, 0]);
        reply.extend(&message[12..end]);
        if let Some(address) = address {
            reply.extend(b"\xc0\x0c\0\x01\0\x01\0\0\0\x05\0\x04");
            reply.extend(address.octets());
        }
        reply
    };
    let right = || reply(0, 0, Some(address_of(number)));
    let lies = || {
        let (mut other_id, mut other_name, mut cut) = (right(), right(), right());
        other_id[1] ^= 1;
        other_name[13] ^= 1;
        cut.truncate(end + 3);
        vec![other_id, other_name, cut, b"x".to_vec(), Vec::new()]
    };
    match manner {
        // Where the host itself looks a name up, to dial it.
        "dial" => vec![reply(0, 0, Some(Ipv4Addr::LOCALHOST))],
        "lies" if !tcp => [lies(), vec![right()]].concat(),
        "only" if !tcp => lies(),
        "cut" if !tcp => vec![reply(2, 0, None)],
        "late" => {
            std::thread::sleep(Duration::from_millis(60));
            vec![right()]
        }
        "fail" => vec![reply(0, 2, None)],
        "none" => vec![reply(0, 3, None)],
        "mute" => Vec::new(),
        _ => vec![right()],
    }
}
