//! IPv4 addresses inside IPv6 addresses: the canonical form, and every known embedding.
//!
//! What follows from an embedding is not here: deny rules look through all of them, allow rules
//! through `::ffff:` only (`rule.rs`), and `range.rs` classifies by them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The address as the system would dial it: an IPv4-mapped address (`::ffff:a.b.c.d`,
/// RFC 4291 §2.5.5.2) becomes the IPv4 address, every other address stays.
pub fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// The socket address with [`canonical`] applied to its address. The flow label is dropped; the
/// zone of an IPv6 address that stays one is kept.
pub fn canonical_socket(socket: SocketAddr) -> SocketAddr {
    let mut plain = SocketAddr::new(canonical(socket.ip()), socket.port());
    if let (SocketAddr::V6(to), SocketAddr::V6(from)) = (&mut plain, socket) {
        to.set_scope_id(from.scope_id());
    }
    plain
}

/// The IPv4 addresses that an IPv6 address may stand for, in any spelling:
///
/// | form | where the IPv4 address is | source |
/// |---|---|---|
/// | `::ffff:a.b.c.d` | last 32 bits | RFC 4291 §2.5.5.2 (mapped) |
/// | `::a.b.c.d` (not `::` and `::1`) | last 32 bits | RFC 4291 §2.5.5.1 (compatible) |
/// | `::ffff:0:a.b.c.d` | last 32 bits | RFC 2765 §2.1 (translated) |
/// | `64:ff9b::a.b.c.d` | last 32 bits | RFC 6052 §2.1 (NAT64) |
/// | `64:ff9b:1::/48` | any of the places of RFC 6052 §2.2 | RFC 8215 (local NAT64) |
/// | `2002:aabb:ccdd::/48` | bits 16 to 47 | RFC 3056 §2 (6to4) |
/// | `2001::/32` | the server in bits 32 to 63, the client inverted in the last 32 | RFC 4380 §4 (Teredo) |
/// | `…:[02]00:5efe:a.b.c.d` | last 32 bits | RFC 5214 §6.1 (ISATAP) |
///
/// Prefixes that a network chooses for itself (6rd, NAT64 with a prefix of its own) cannot be told
/// from other addresses.
pub fn embedded_v4(address: Ipv6Addr) -> impl Iterator<Item = Ipv4Addr> {
    let bits = address.to_bits();
    let segments = address.segments();
    let low = take(bits, 96);
    let found = match segments {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => [None; 4],
        [0, 0, 0, 0, 0, 0 | 0xffff, _, _] | [0, 0, 0, 0, 0xffff, 0, _, _] => one(low),
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => one(low),
        [0x64, 0xff9b, 1, ..] => {
            [Some(low), Some(around_u_octet(bits, 48)), Some(around_u_octet(bits, 56)), Some(take(bits, 72))]
        }
        [0x2002, ..] => one(take(bits, 16)),
        [0x2001, 0, ..] => [Some(take(bits, 32)), Some(Ipv4Addr::from_bits(!low.to_bits())), None, None],
        [_, _, _, _, 0 | 0x200, 0x5efe, _, _] => one(low),
        _ => [None; 4],
    };
    found.into_iter().flatten()
}

/// Whether this is an IPv4-compatible address (RFC 4291 §2.5.5.1), which is deprecated and dialled
/// by nobody.
pub fn is_compatible(address: Ipv6Addr) -> bool {
    matches!(address.segments(), [0, 0, 0, 0, 0, 0, ..]) && address.to_bits() > 1
}

/// Whether the interface identifier is that of ISATAP (RFC 5214 §6.1).
pub(crate) fn is_isatap(address: Ipv6Addr) -> bool {
    matches!(address.segments(), [_, _, _, _, 0 | 0x200, 0x5efe, _, _])
}

fn one(address: Ipv4Addr) -> [Option<Ipv4Addr>; 4] {
    [Some(address), None, None, None]
}

/// The 32 bits from `start` on, counted from the most significant bit.
fn take(bits: u128, start: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits((bits >> (96 - start)) as u32)
}

/// The 32 bits from `start` on, leaving out bits 64 to 71, which RFC 6052 §2.2 keeps at zero.
fn around_u_octet(bits: u128, start: u32) -> Ipv4Addr {
    let before = 64 - start;
    let head = (bits >> 64) & ((1 << before) - 1);
    let tail = (bits >> (56 - (32 - before))) & ((1 << (32 - before)) - 1);
    Ipv4Addr::from_bits(((head << (32 - before)) | tail) as u32)
}

#[cfg(test)]
#[path = "embed_tests.rs"]
mod tests;
