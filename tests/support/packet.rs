//! Echo requests as a peer on a TUN device sees them, and the packets it can answer with: whole,
//! with their checksums, in both IP versions (RFC 791, 792, 8200, 4443). Written apart from the
//! program's own code, so that a mistake of one is seen by the other.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An echo request.
#[derive(Clone, Debug)]
pub struct Request {
    pub source: IpAddr,
    pub target: IpAddr,
    pub hop_limit: u8,
    pub sequence: u16,
    /// The ICMP message.
    pub message: Vec<u8>,
    /// All of it, with its IP header.
    pub packet: Vec<u8>,
}

impl Request {
    /// Reads a packet; nothing if it is no echo request.
    pub fn read(packet: &[u8]) -> Option<Self> {
        let (source, target, hop_limit, message): (IpAddr, IpAddr, u8, &[u8]) = match packet.first()? >> 4 {
            4 if packet.len() >= 20 && packet[9] == 1 => {
                let header = usize::from(packet[0] & 15) * 4;
                let address = |at: usize| <[u8; 4]>::try_from(&packet[at..at + 4]).unwrap();
                (address(12).into(), address(16).into(), packet[8], &packet[header..])
            }
            6 if packet.len() >= 40 && packet[6] == 58 => {
                let address = |at: usize| <[u8; 16]>::try_from(&packet[at..at + 16]).unwrap();
                (address(8).into(), address(24).into(), packet[7], &packet[40..])
            }
            _ => return None,
        };
        let wanted = if source.is_ipv4() { 8 } else { 128 };
        let is_request = message.len() >= 8 && message[0] == wanted && message[1] == 0;
        let sound = match (source, target) {
            (IpAddr::V6(source), IpAddr::V6(target)) => sum(&pseudo(source, target, message)) == 0,
            _ => sum(message) == 0,
        };
        assert!(!is_request || sound, "a request with a wrong checksum: {packet:02x?}");
        let sequence = u16::from_be_bytes([*message.get(6)?, *message.get(7)?]);
        let (message, packet) = (message.to_vec(), packet.to_vec());
        is_request.then_some(Self { source, target, hop_limit, sequence, message, packet })
    }

    /// The target's reply.
    pub fn reply(&self) -> Vec<u8> {
        self.reply_of(self.target, |_| {})
    }

    /// A reply that somebody else sends, or that is not quite right: the code may change it before
    /// its checksum is made.
    pub fn reply_of(&self, from: IpAddr, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut message = self.message.clone();
        message[0] = if from.is_ipv4() { 0 } else { 129 };
        change(&mut message);
        packet(from, self.source, 61, message)
    }

    /// An error about this request, from anybody: its type, its code, and what stands in the last
    /// four bytes of its header.
    pub fn error(&self, from: &str, icmp_type: u8, code: u8, rest: u32) -> Vec<u8> {
        self.error_quoting(from, icmp_type, code, rest, &self.packet)
    }

    /// An error that quotes this packet.
    pub fn error_quoting(&self, from: &str, icmp_type: u8, code: u8, rest: u32, quoted: &[u8]) -> Vec<u8> {
        let mut message = vec![icmp_type, code, 0, 0];
        message.extend(rest.to_be_bytes());
        message.extend(&quoted[..quoted.len().min(512)]);
        packet(from.parse().unwrap(), self.source, 62, message)
    }

    /// The same request with the identifier of another program.
    pub fn of_another_program(&self) -> Vec<u8> {
        let mut message = self.message.clone();
        message[4] ^= 0x55;
        message[5] ^= 0xaa;
        packet(self.source, self.target, 64, message)
    }
}

/// A packet with its header, and the checksums in it.
fn packet(from: IpAddr, to: IpAddr, hop_limit: u8, mut message: Vec<u8>) -> Vec<u8> {
    message[2..4].fill(0);
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let made = sum(&message);
            message[2..4].copy_from_slice(&made.to_be_bytes());
            header_v4(from, to, hop_limit, &message)
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let made = sum(&pseudo(from, to, &message));
            message[2..4].copy_from_slice(&made.to_be_bytes());
            let length = u16::try_from(message.len()).unwrap();
            let mut packet = vec![0x60, 0, 0, 0];
            packet.extend(length.to_be_bytes());
            packet.extend([58, hop_limit]);
            packet.extend(from.octets());
            packet.extend(to.octets());
            packet.extend(message);
            packet
        }
        _ => panic!("{from} and {to} are of two kinds"),
    }
}

fn header_v4(from: Ipv4Addr, to: Ipv4Addr, hop_limit: u8, message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + message.len()).unwrap().to_be_bytes();
    let mut header = vec![0x45, 0, length[0], length[1], 0, 1, 0, 0, hop_limit, 1, 0, 0];
    header.extend(from.octets());
    header.extend(to.octets());
    let made = sum(&header);
    header[10..12].copy_from_slice(&made.to_be_bytes());
    header.extend(message);
    header
}

/// What ICMPv6's checksum is made over (RFC 8200, section 8.1).
fn pseudo(from: Ipv6Addr, to: Ipv6Addr, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap();
    [&from.octets()[..], &to.octets(), &length.to_be_bytes(), &[0, 0, 0, 58], message].concat()
}

/// The Internet checksum.
fn sum(bytes: &[u8]) -> u16 {
    let mut sum = 0u64;
    for pair in bytes.chunks(2) {
        sum += u64::from(pair[0]) << 8 | u64::from(*pair.get(1).unwrap_or(&0));
    }
    while sum >> 16 > 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap()
}
