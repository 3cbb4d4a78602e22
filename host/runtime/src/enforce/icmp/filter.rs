//! What a raw socket takes in: only echo replies with its own identifier, or only advice about its
//! own requests. Without a filter every raw socket of the machine queues all ICMP that comes from
//! its target, other calls' answers too, and drops its own where the queue is full. Pure.

use std::net::Ipv4Addr;

use nix::libc::{BPF_ABS, BPF_B, BPF_H, BPF_IND, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_LDX, BPF_MSH, BPF_RET, BPF_W};
use socket2::SockFilter;

use super::message::Family;

/// One instruction of the kernel's packet filter (Linux, `Documentation/networking/filter.rst`).
type Instruction = (u32, u8, u8, u32);

/// The program for a socket of this family.
pub fn replies_to(family: Family, identifier: u16) -> Vec<SockFilter> {
    assembled(program(family, identifier))
}

/// The program for an IPv4 socket that takes in redirects and source quenches which quote an echo
/// request to this target.
pub fn advice_about(target: Ipv4Addr, identifier: u16) -> Vec<SockFilter> {
    assembled(advice(target, identifier))
}

fn assembled(program: Vec<Instruction>) -> Vec<SockFilter> {
    let code = |(code, yes, no, k): Instruction| {
        // Every code has at most eight bits.
        SockFilter::new(u16::try_from(code).unwrap_or_default(), yes, no, k)
    };
    program.into_iter().map(code).collect()
}

fn program(family: Family, identifier: u16) -> Vec<Instruction> {
    // A raw IPv4 socket sees the packet with its header, a raw IPv6 socket the message.
    let (header, mode) = match family {
        Family::V4 => (Some((BPF_LDX | BPF_B | BPF_MSH, 0, 0, 0)), BPF_IND),
        Family::V6 => (None, BPF_ABS),
    };
    let rest = [
        (BPF_LD | BPF_B | mode, 0, 0, 0),
        (BPF_JMP | BPF_JEQ | BPF_K, 0, 3, u32::from(family.echo_reply())),
        (BPF_LD | BPF_H | mode, 0, 0, 4),
        (BPF_JMP | BPF_JEQ | BPF_K, 0, 1, u32::from(identifier)),
        // How many bytes of it: all.
        (BPF_RET | BPF_K, 0, 0, u32::MAX),
        (BPF_RET | BPF_K, 0, 0, 0),
    ];
    header.into_iter().chain(rest).collect()
}

fn advice(target: Ipv4Addr, identifier: u16) -> Vec<Instruction> {
    let equal = |otherwise, k| (BPF_JMP | BPF_JEQ | BPF_K, 0, otherwise, k);
    vec![
        (BPF_LDX | BPF_B | BPF_MSH, 0, 0, 0),
        (BPF_LD | BPF_B | BPF_IND, 0, 0, 0),
        // Source quench, or redirect.
        (BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 4),
        equal(11, 5),
        // The packet that is quoted: IPv4 without options, as it was sent.
        (BPF_LD | BPF_B | BPF_IND, 0, 0, 8),
        equal(9, 0x45),
        (BPF_LD | BPF_B | BPF_IND, 0, 0, 8 + 9),
        equal(7, 1),
        (BPF_LD | BPF_W | BPF_IND, 0, 0, 8 + 16),
        equal(5, u32::from(target)),
        (BPF_LD | BPF_B | BPF_IND, 0, 0, 8 + 20),
        equal(3, 8),
        (BPF_LD | BPF_H | BPF_IND, 0, 0, 8 + 20 + 4),
        equal(1, u32::from(identifier)),
        (BPF_RET | BPF_K, 0, 0, u32::MAX),
        (BPF_RET | BPF_K, 0, 0, 0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kernel's machine, as far as these programs use it: how many bytes of a packet are kept.
    fn run(program: &[Instruction], packet: &[u8]) -> u32 {
        let (mut at, mut a, mut x) = (0, 0, 0usize);
        let byte = |index: usize| packet.get(index).copied();
        loop {
            let (code, yes, no, k) = program[at];
            let offset = k as usize + if code & 0xe0 == BPF_IND { x } else { 0 };
            at += 1;
            match code & 0x07 {
                BPF_LDX => x = usize::from(packet[0] & 0x0f) * 4,
                BPF_RET => return k,
                BPF_JMP => at += usize::from(if a == k { yes } else { no }),
                _ if code & 0x18 == BPF_W => match packet.get(offset..offset + 4) {
                    Some(read) => a = u32::from_be_bytes(read.try_into().unwrap()),
                    None => return 0,
                },
                _ if code & 0x18 == BPF_B => match byte(offset) {
                    Some(read) => a = u32::from(read),
                    None => return 0,
                },
                _ => match byte(offset).zip(byte(offset + 1)) {
                    Some((high, low)) => a = u32::from(u16::from_be_bytes([high, low])),
                    None => return 0,
                },
            }
        }
    }

    #[test]
    fn only_replies_with_our_identifier_pass() {
        for (family, header, reply, request) in
            [(Family::V4, &[&[0x46][..], &[0; 23]].concat()[..], 0u8, 8u8), (Family::V6, &[][..], 129, 128)]
        {
            let passes = |icmp_type: u8, identifier: [u8; 2]| {
                let packet = [header, &[icmp_type, 0, 0, 0, identifier[0], identifier[1], 0, 1]].concat();
                run(&program(family, 0x1234), &packet) > 0
            };
            assert!(passes(reply, [0x12, 0x34]), "{family:?}");
            assert!(!passes(reply, [0x12, 0x35]), "another socket's");
            assert!(!passes(request, [0x12, 0x34]), "our own request, on loopback");
            assert!(!passes(3, [0x12, 0x34]), "an error: those come by the error queue");
            assert_eq!(run(&program(family, 0), header.get(..22).unwrap_or_default()), 0, "cut short");
        }
    }

    #[test]
    fn only_advice_about_our_own_request_passes() {
        let target = Ipv4Addr::new(10, 9, 5, 2);
        let passes = |icmp_type: u8, change: (usize, u8)| {
            let mut quote = vec![0x45, 0, 0, 84, 0, 0, 0, 0, 64, 1, 0, 0, 10, 9, 0, 1, 10, 9, 5, 2];
            quote.extend([8, 0, 0, 0, 0x12, 0x34, 0, 1]);
            quote[change.0] = change.1;
            let packet = [&[0x46][..], &[0; 23], &[icmp_type, 1, 0, 0, 10, 9, 1, 2], &quote].concat();
            let kept = run(&advice(target, 0x1234), &packet) > 0;
            assert_eq!(run(&advice(target, 0x1234), &packet[..packet.len() - 3]), 0, "cut short");
            kept
        };
        assert!(passes(5, (0, 0x45)) && passes(4, (0, 0x45)));
        assert!(!passes(3, (0, 0x45)) && !passes(0, (0, 0x45)), "what the other socket hears of");
        for (change, what) in [
            ((0, 0x46), "options"),
            ((9, 17), "UDP"),
            ((19, 3), "another target"),
            ((20, 0), "a reply"),
            ((25, 0x35), "another program's"),
        ] {
            assert!(!passes(5, change), "{what}");
        }
    }
}
