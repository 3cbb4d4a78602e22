//! Echo messages as bytes (RFC 792, RFC 4443 section 4): how a request is written, and what a
//! message says that came back. Pure; what is not about one of our own requests gives nothing.

/// Bytes of an echo message's header.
pub const HEADER: usize = 8;

/// The longest payload: what an IPv4 packet holds beside its own header and ours.
pub const MOST_PAYLOAD: usize = 65_507;

/// Which of the two protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    V4,
    V6,
}

/// What a message says, whatever the IP version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    EchoReply,
    DestinationUnreachable,
    TimeExceeded,
    PacketTooBig,
    ParameterProblem,
    Redirect,
    SourceQuench,
    DamagedReply,
}

impl Family {
    fn echo_request(self) -> u8 {
        match self {
            Self::V4 => 8,
            Self::V6 => 128,
        }
    }

    /// The type of an answer.
    pub fn echo_reply(self) -> u8 {
        match self {
            Self::V4 => 0,
            Self::V6 => 129,
        }
    }

    /// What an error of this type and code says; nothing for those that no echo request brings
    /// about.
    pub fn error(self, icmp_type: u8, code: u8) -> Option<Kind> {
        Some(match (self, icmp_type) {
            (Self::V4, 3) if code == 4 => Kind::PacketTooBig,
            (Self::V4, 3) | (Self::V6, 1) => Kind::DestinationUnreachable,
            (Self::V4, 11) | (Self::V6, 3) => Kind::TimeExceeded,
            (Self::V6, 2) => Kind::PacketTooBig,
            (Self::V4, 12) | (Self::V6, 4) => Kind::ParameterProblem,
            (Self::V4, 4) => Kind::SourceQuench,
            (Self::V4, 5) => Kind::Redirect,
            _ => return None,
        })
    }
}

/// An echo request. The kernel writes ICMPv6's checksum, and on a datagram socket also ICMP's and
/// the identifier.
pub fn request(family: Family, identifier: u16, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(HEADER + payload.len());
    message.extend([family.echo_request(), 0, 0, 0]);
    message.extend(identifier.to_be_bytes());
    message.extend(sequence.to_be_bytes());
    message.extend(payload);
    if family == Family::V4 {
        let sum = checksum(&message);
        message[2..4].copy_from_slice(&sum.to_be_bytes());
    }
    message
}

/// The sequence number of an echo reply with this identifier. Where the kernel has looked at the
/// identifier, it is not given.
pub fn reply(family: Family, identifier: Option<u16>, message: &[u8]) -> Option<u16> {
    echo(family.echo_reply(), identifier, message)
}

/// The sequence number of the echo request that an error quotes, if it is one of this identifier.
pub fn quoted(family: Family, identifier: Option<u16>, quote: &[u8]) -> Option<u16> {
    echo(family.echo_request(), identifier, quote)
}

fn echo(icmp_type: u8, identifier: Option<u16>, message: &[u8]) -> Option<u16> {
    let header: &[u8; HEADER] = message.first_chunk()?;
    let theirs = u16::from_be_bytes([header[4], header[5]]);
    let ours = header[0] == icmp_type && header[1] == 0 && identifier.is_none_or(|identifier| identifier == theirs);
    ours.then(|| u16::from_be_bytes([header[6], header[7]]))
}

/// What follows the header of an IPv4 packet that holds ICMP, and whether its checksum holds. A raw
/// socket gives whole packets, and nobody has looked at them.
pub fn payload_of_ipv4(packet: &[u8]) -> Option<(&[u8], bool)> {
    let first = *packet.first()?;
    let message = packet.get(usize::from(first & 0x0f) * 4..)?;
    (first >> 4 == 4).then(|| (message, checksum(message) == 0))
}

/// The Internet checksum (RFC 1071); zero for a message that carries its right one.
pub fn checksum(bytes: &[u8]) -> u16 {
    let pairs = bytes.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]));
    let mut sum: u32 = pairs.map(u32::from).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    #[expect(clippy::cast_possible_truncation, reason = "folded to 16 bits above")]
    let sum = sum as u16;
    !sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_written_as_the_rfcs_say() {
        assert_eq!(request(Family::V4, 0x1234, 7, b"hello"), b"\x08\x00\xa1\xf2\x12\x34\x00\x07hello");
        assert_eq!(request(Family::V6, 0x1234, 7, b""), b"\x80\x00\x00\x00\x12\x34\x00\x07");
        assert_eq!(checksum(&request(Family::V4, 0xffff, 0xffff, &[0xff; 65_507])), 0);
    }

    #[test]
    fn only_a_reply_to_our_own_identifier_is_ours() {
        let answer = |icmp_type: u8| [icmp_type, 0, 0, 0, 0x12, 0x34, 0, 7, 1, 2];
        assert_eq!(reply(Family::V4, Some(0x1234), &answer(0)), Some(7));
        assert_eq!(reply(Family::V4, None, &answer(0)), Some(7));
        assert_eq!(reply(Family::V4, Some(0x1235), &answer(0)), None, "somebody else's");
        assert_eq!(reply(Family::V4, Some(0x1234), &answer(8)), None, "our own request, seen on loopback");
        assert_eq!(reply(Family::V4, Some(0x1234), &answer(13)), None, "a timestamp request");
        assert_eq!(reply(Family::V6, Some(0x1234), &answer(129)), Some(7));
        assert_eq!(reply(Family::V6, Some(0x1234), &answer(0)), None);
        assert_eq!(reply(Family::V4, Some(0x1234), &answer(0)[..7]), None, "cut short");
    }

    #[test]
    fn only_a_quote_of_our_own_request_is_ours() {
        let sent = request(Family::V4, 0x1234, 9, b"payload");
        assert_eq!(quoted(Family::V4, Some(0x1234), &sent[..8]), Some(9), "routers quote as little as eight bytes");
        assert_eq!(quoted(Family::V4, Some(0x1234), &sent[..7]), None);
        assert_eq!(quoted(Family::V4, Some(0x4321), &sent), None);
        assert_eq!(quoted(Family::V6, Some(0x1234), &sent), None);
    }

    #[test]
    fn a_packet_is_opened_only_where_it_is_whole() {
        let sent = request(Family::V4, 1, 2, b"x");
        let packet = [&[0x46][..], &[0; 23], &sent].concat();
        assert_eq!(payload_of_ipv4(&packet), Some((&sent[..], true)), "options are skipped");
        let mut broken = packet.clone();
        broken[28] ^= 1;
        assert_eq!(payload_of_ipv4(&broken), Some((&broken[24..], false)), "a wrong checksum");
        assert_eq!(payload_of_ipv4(&packet[..20]), None);
        assert_eq!(payload_of_ipv4(&[]), None);
        assert_eq!(payload_of_ipv4(&[&[0x66][..], &packet[1..]].concat()), None, "not IPv4");
    }

    #[test]
    fn errors_mean_the_same_in_both_versions() {
        use Kind::{DestinationUnreachable, PacketTooBig, ParameterProblem, Redirect, SourceQuench, TimeExceeded};
        let told = |family: Family, rows: &[(u8, u8)]| -> Vec<Option<Kind>> {
            rows.iter().map(|(icmp_type, code)| family.error(*icmp_type, *code)).collect()
        };
        let four = told(Family::V4, &[(3, 1), (3, 4), (11, 0), (12, 0), (4, 0), (5, 1), (0, 0)]);
        let all = [Some(DestinationUnreachable), Some(PacketTooBig), Some(TimeExceeded), Some(ParameterProblem)];
        assert_eq!(four, [&all[..], &[Some(SourceQuench), Some(Redirect), None]].concat());
        assert_eq!(
            told(Family::V6, &[(1, 4), (2, 0), (3, 0), (4, 1), (129, 0), (137, 0)]),
            [&all[..], &[None, None]].concat()
        );
    }
}
