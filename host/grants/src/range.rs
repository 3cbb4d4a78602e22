//! Which addresses are special: the table of ranges that no name, `any` or wide network reaches.
//!
//! The file is long because it is a table, one row a range with its source. Whether a rule covers
//! an address is not here, that is `rule.rs`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{Cidr, canonical, embed, embedded_v4};

/// What kind of address it is, after the IANA special-purpose registries (RFC 6890) and the
/// metadata services of the clouds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Range {
    /// An ordinary address of the public Internet.
    Public,
    /// The machine itself.
    Loopback,
    /// IPv4 addresses of private networks.
    Private,
    /// One link only.
    LinkLocal,
    /// The carrier's side of a carrier-grade NAT.
    Cgnat,
    /// A cloud's metadata or credentials service.
    Metadata,
    /// A group of hosts.
    Multicast,
    /// Every host of a link.
    Broadcast,
    /// Addresses for examples in documents.
    Documentation,
    /// "This host" or "this network"; the kernel dials 0.0.0.0 and :: as loopback.
    Unspecified,
    /// Reserved, deprecated or set aside for protocols.
    Reserved,
    /// Device benchmarks in isolated networks.
    Benchmarking,
    /// IPv6 addresses of private networks.
    UniqueLocal,
    /// The deprecated private IPv6 addresses.
    SiteLocal,
    /// IPv4 wrapped in IPv6 by 6to4.
    SixToFour,
    /// IPv4 wrapped in IPv6 by Teredo.
    Teredo,
    /// IPv4 wrapped in IPv6 by ISATAP.
    Isatap,
    /// A network's own NAT64 prefix: what it leads to cannot be known here.
    Nat64Local,
}

impl Range {
    /// Whether no network rule reaches it, and at most a rule with that very address: metadata
    /// services, and tunnels, whose inner address no network rule speaks of.
    pub fn needs_exact_rule(self) -> bool {
        matches!(self, Self::Metadata | Self::Isatap) || self.is_closed()
    }

    /// Whether no rule at all reaches it: tunnels that end nobody knows where.
    pub fn is_closed(self) -> bool {
        matches!(self, Self::SixToFour | Self::Teredo | Self::Nat64Local)
    }
}

/// The words that refusals use, as in "a loopback address".
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "a public address",
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::LinkLocal => "a link-local address",
            Self::Cgnat => "a carrier-grade NAT address",
            Self::Metadata => "a cloud metadata address",
            Self::Multicast => "a multicast address",
            Self::Broadcast => "the broadcast address",
            Self::Documentation => "a documentation address",
            Self::Unspecified => "an unspecified address",
            Self::Reserved => "a reserved address",
            Self::Benchmarking => "a benchmarking address",
            Self::UniqueLocal => "a unique local (private IPv6) address",
            Self::SiteLocal => "a site-local (private IPv6) address",
            Self::SixToFour => "a 6to4 address",
            Self::Teredo => "a Teredo address",
            Self::Isatap => "an ISATAP address",
            Self::Nat64Local => "a local-use NAT64 address",
        })
    }
}

/// One row of the table of special ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Special {
    /// The network.
    pub network: Cidr,
    /// What it is.
    pub range: Range,
    /// Where that is laid down.
    pub source: &'static str,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8, range: Range, source: &'static str) -> Special {
    let address = IpAddr::V4(Ipv4Addr::new(a, b, c, d));
    Special { network: Cidr::around(address, prefix), range, source }
}

const fn v6(head: [u16; 4], prefix: u8, range: Range, source: &'static str) -> Special {
    let [a, b, c, d] = head;
    v6_long([a, b, c, d, 0, 0, 0, 0], prefix, range, source)
}

const fn v6_long(s: [u16; 8], prefix: u8, range: Range, source: &'static str) -> Special {
    let address = IpAddr::V6(Ipv6Addr::new(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]));
    Special { network: Cidr::around(address, prefix), range, source }
}

/// The special ranges; where rows nest, the longest prefix counts. 64:ff9b::/96 (RFC 6052) has no
/// row of its own: such an address is what the IPv4 address in it is.
pub const SPECIAL: &[Special] = &[
    v4(0, 0, 0, 0, 8, Range::Unspecified, "RFC 791 §3.2"),
    v4(10, 0, 0, 0, 8, Range::Private, "RFC 1918"),
    v4(100, 64, 0, 0, 10, Range::Cgnat, "RFC 6598"),
    v4(127, 0, 0, 0, 8, Range::Loopback, "RFC 1122 §3.2.1.3"),
    v4(169, 254, 0, 0, 16, Range::LinkLocal, "RFC 3927"),
    v4(172, 16, 0, 0, 12, Range::Private, "RFC 1918"),
    v4(192, 0, 0, 0, 24, Range::Reserved, "RFC 6890 §2.1"),
    v4(192, 0, 2, 0, 24, Range::Documentation, "RFC 5737"),
    v4(192, 88, 99, 0, 24, Range::SixToFour, "RFC 7526 (6to4 relays)"),
    v4(192, 168, 0, 0, 16, Range::Private, "RFC 1918"),
    v4(198, 18, 0, 0, 15, Range::Benchmarking, "RFC 2544"),
    v4(198, 51, 100, 0, 24, Range::Documentation, "RFC 5737"),
    v4(203, 0, 113, 0, 24, Range::Documentation, "RFC 5737"),
    v4(224, 0, 0, 0, 4, Range::Multicast, "RFC 5771"),
    v4(240, 0, 0, 0, 4, Range::Reserved, "RFC 1112 §4"),
    v4(255, 255, 255, 255, 32, Range::Broadcast, "RFC 919 §7"),
    // Outside 2000::/3 nothing is global unicast unless a longer row says so (RFC 4291 §2.4).
    v6([0, 0, 0, 0], 3, Range::Reserved, "RFC 4291 §2.4"),
    v6([0x4000, 0, 0, 0], 2, Range::Reserved, "RFC 4291 §2.4"),
    v6([0x8000, 0, 0, 0], 1, Range::Reserved, "RFC 4291 §2.4"),
    v6_long([0; 8], 96, Range::Reserved, "RFC 4291 §2.5.5.1 (IPv4-compatible)"),
    v6_long([0; 8], 128, Range::Unspecified, "RFC 4291 §2.5.2"),
    v6_long([0, 0, 0, 0, 0, 0, 0, 1], 128, Range::Loopback, "RFC 4291 §2.5.3"),
    v6_long([0, 0, 0, 0, 0xffff, 0, 0, 0], 96, Range::Reserved, "RFC 2765 §2.1 (translated)"),
    v6([0x64, 0xff9b, 1, 0], 48, Range::Nat64Local, "RFC 8215"),
    v6([0x100, 0, 0, 0], 64, Range::Reserved, "RFC 6666 (discard)"),
    v6([0x2001, 0, 0, 0], 23, Range::Reserved, "RFC 2928 (IETF protocols)"),
    v6([0x2001, 0, 0, 0], 32, Range::Teredo, "RFC 4380"),
    v6([0x2001, 2, 0, 0], 48, Range::Benchmarking, "RFC 5180"),
    v6([0x2001, 0xdb8, 0, 0], 32, Range::Documentation, "RFC 3849"),
    v6([0x2002, 0, 0, 0], 16, Range::SixToFour, "RFC 3056"),
    v6([0x3fff, 0, 0, 0], 20, Range::Documentation, "RFC 9637"),
    v6([0x5f00, 0, 0, 0], 16, Range::Reserved, "RFC 9602 (segment identifiers)"),
    v6([0xfc00, 0, 0, 0], 7, Range::UniqueLocal, "RFC 4193"),
    v6([0xfe80, 0, 0, 0], 10, Range::LinkLocal, "RFC 4291 §2.5.6"),
    v6([0xfec0, 0, 0, 0], 10, Range::SiteLocal, "RFC 3879"),
    v6([0xff00, 0, 0, 0], 8, Range::Multicast, "RFC 4291 §2.7"),
];

/// The addresses of metadata and credentials services, which hand secrets of the machine to
/// whoever asks. Sources are the vendors' manuals.
pub const METADATA: &[(IpAddr, &str)] = &[
    (IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)), "AWS, Google Cloud, Azure, Oracle and most others"),
    (IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)), "AWS ECS task credentials"),
    (IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)), "AWS EKS pod identity"),
    (IpAddr::V4(Ipv4Addr::new(169, 254, 0, 23)), "Tencent Cloud"),
    (IpAddr::V4(Ipv4Addr::new(169, 254, 42, 42)), "Scaleway"),
    (IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)), "Alibaba Cloud"),
    (IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)), "Azure wire server"),
    (IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)), "Oracle Cloud classic"),
    (IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)), "AWS over IPv6"),
    (IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)), "AWS EKS pod identity over IPv6"),
    (IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)), "Google Cloud over IPv6"),
    (IpAddr::V6(Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42)), "Scaleway over IPv6"),
    (IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe)), "OpenStack over IPv6"),
];

/// What kind of address this is, whatever IPv4-in-IPv6 spelling it comes in.
pub fn classify(address: IpAddr) -> Range {
    place(address).0
}

/// What kind of address this is, and the special network that it lies in. A network rule covers a
/// special address only if it lies wholly inside that network. Public addresses have none.
pub(crate) fn place(address: IpAddr) -> (Range, Option<Cidr>) {
    let address = canonical(address);
    if is_metadata(address) {
        return (Range::Metadata, Some(Cidr::around(address, 128)));
    }
    let IpAddr::V6(six) = address else {
        return lookup(address);
    };
    if embedded_v4(six).any(|four| is_metadata(IpAddr::V4(four))) {
        return (Range::Metadata, Some(Cidr::around(address, 128)));
    }
    if let [0x64, 0xff9b, 0, 0, 0, 0, ..] = six.segments() {
        let low = Ipv4Addr::from_bits(six.to_bits() as u32);
        let (range, network) = lookup(IpAddr::V4(low));
        return (range, network.map(|inner| Cidr::around(address, 96 + inner.prefix())));
    }
    match lookup(address) {
        (Range::Public, _) if embed::is_isatap(six) => (Range::Isatap, Some(Cidr::around(address, 128))),
        found => found,
    }
}

/// Whether no rule at all reaches the address, also where what is wrapped in it is a metadata
/// service.
pub fn is_closed(address: IpAddr) -> bool {
    SPECIAL.iter().any(|row| row.range.is_closed() && row.network.contains(address))
}

/// Whether a network lies wholly inside a special range.
pub(crate) fn is_special(network: &Cidr) -> bool {
    SPECIAL.iter().any(|row| row.network.covers(network))
}

/// Whether a network has special addresses only, of several ranges, so that a rule for it covers
/// none of them.
pub fn is_barren(network: &Cidr) -> bool {
    if is_special(network) {
        return false;
    }
    let inside: Vec<&Special> = SPECIAL.iter().filter(|row| network.covers(&row.network)).collect();
    let widest = inside
        .iter()
        .filter(|row| !inside.iter().any(|other| other.network != row.network && other.network.covers(&row.network)));
    // Shares of the network in parts of 2^32: no row is that much smaller than a network that rows
    // fill up.
    let share = |row: &&&Special| 1_u64 << (32 - u32::from(row.network.prefix() - network.prefix()).min(32));
    widest.map(|row| share(&row)).sum::<u64>() == 1 << 32
}

fn lookup(address: IpAddr) -> (Range, Option<Cidr>) {
    SPECIAL
        .iter()
        .filter(|row| row.network.contains(address))
        .max_by_key(|row| row.network.prefix())
        .map_or((Range::Public, None), |row| (row.range, Some(row.network)))
}

fn is_metadata(address: IpAddr) -> bool {
    METADATA.iter().any(|(known, _)| *known == address)
}

#[cfg(test)]
#[path = "range_tests.rs"]
mod tests;
