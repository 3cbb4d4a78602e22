//! What kind of address it is, against `ip_network`, which has tables of its own. For IPv4 the two
//! agree but for what is listed in [`four`]; for IPv6 that library knows fewer ranges, so that
//! there only one direction is a rule: see [`six`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use arbitrary::{Arbitrary, Unstructured};
use cofferdam_grants::{Cidr, METADATA, Range, SPECIAL, canonical, classify, embedded_v4};
use ip_network::{IpNetwork, Ipv4Network, Ipv6Network};

/// An address, and a network to compare it with.
#[derive(Arbitrary, Debug)]
struct Input {
    address: Address,
    network: [u8; 16],
    prefix: u8,
}

/// An address, made so that the interesting ones are near.
#[derive(Arbitrary, Debug)]
enum Address {
    Four([u8; 4]),
    Six([u8; 16]),
    /// IPv4 in IPv6, and in which way.
    Wrapped([u8; 4], u8, [u8; 8]),
    /// So far from one end of a row of the table.
    Edge {
        row: u8,
        last: bool,
        by: i8,
    },
    /// So far from a metadata service.
    Metadata {
        row: u8,
        by: i8,
    },
}

/// Any bytes, as an address and a network.
pub fn target(data: &[u8]) {
    let Ok(input) = Input::arbitrary(&mut Unstructured::new(data)) else { return };
    let address = input.address.make();
    agree(address);
    spellings(address);
    networks(address, input.network, input.prefix);
}

impl Address {
    fn make(&self) -> IpAddr {
        match *self {
            Self::Four(octets) => Ipv4Addr::from(octets).into(),
            Self::Six(octets) => Ipv6Addr::from(octets).into(),
            Self::Wrapped(octets, way, rest) => wrapped(octets.into(), way, rest).into(),
            Self::Edge { row, last, by } => {
                let network = SPECIAL[usize::from(row) % SPECIAL.len()].network;
                let width = if network.address().is_ipv4() { 32 } else { 128 };
                let host = u128::MAX.checked_shr(128 - (width - u32::from(network.prefix()))).unwrap_or(0);
                moved(network.address(), if last { host } else { 0 }, by)
            }
            Self::Metadata { row, by } => moved(METADATA[usize::from(row) % METADATA.len()].0, 0, by),
        }
    }
}

/// The address so much further on.
fn moved(address: IpAddr, up: u128, by: i8) -> IpAddr {
    match address {
        IpAddr::V4(four) => Ipv4Addr::from((four.to_bits() | up as u32).wrapping_add_signed(by.into())).into(),
        IpAddr::V6(six) => Ipv6Addr::from((six.to_bits() | up).wrapping_add_signed(by.into())).into(),
    }
}

/// An IPv4 address in one of the ways of `embedded_v4`'s table.
fn wrapped(four: Ipv4Addr, way: u8, rest: [u8; 8]) -> Ipv6Addr {
    let (low, rest) = (u128::from(four.to_bits()), u128::from(u64::from_be_bytes(rest)));
    let at = |prefix: [u16; 8]| Ipv6Addr::from(prefix).to_bits();
    Ipv6Addr::from(match way % 8 {
        0 => at([0, 0, 0, 0, 0, 0xffff, 0, 0]) | low,
        1 => low,
        2 => at([0, 0, 0, 0, 0xffff, 0, 0, 0]) | low,
        3 => at([0x64, 0xff9b, 0, 0, 0, 0, 0, 0]) | low,
        4 => at([0x64, 0xff9b, 1, 0, 0, 0, 0, 0]) | low,
        5 => at([0x2002, 0, 0, 0, 0, 0, 0, 0]) | low << 80 | rest,
        6 => at([0x2001, 0, 0, 0, 0, 0, 0, 0]) | rest << 32 | u128::from(!four.to_bits()),
        _ => at([0, 0, 0, 0, 0, 0x5efe, 0, 0]) | rest << 64 | low,
    })
}

/// What the other library calls it, in our words.
pub(crate) fn other_opinion(address: IpAddr) -> Range {
    match address {
        IpAddr::V4(address) => four(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(inner) => four(inner),
            None => six(address),
        },
    }
}

fn four(address: Ipv4Addr) -> Range {
    let network = Ipv4Network::from(address);
    match address.octets() {
        // Deliberate: relays of 6to4 (RFC 7526) are global to the library; here
        // nobody knows where they lead.
        [192, 88, 99, _] => Range::SixToFour,
        _ if network.is_local_identification() => Range::Unspecified,
        _ if network.is_loopback() => Range::Loopback,
        _ if network.is_private() => Range::Private,
        _ if network.is_shared_address_space() => Range::Cgnat,
        _ if network.is_link_local() => Range::LinkLocal,
        // Deliberate: 192.0.0.9 and 192.0.0.10 are global anycast (RFC 7723, RFC 8155), and
        // reserved here with the rest.
        _ if network.is_ietf_protocol_assignments() => Range::Reserved,
        _ if network.is_documentation() => Range::Documentation,
        _ if network.is_benchmarking() => Range::Benchmarking,
        _ if network.is_broadcast() => Range::Broadcast,
        _ if network.is_multicast() => Range::Multicast,
        _ if network.is_reserved() => Range::Reserved,
        _ => {
            assert!(network.is_global(), "{address}: the library contradicts itself");
            Range::Public
        }
    }
}

/// The library knows no ranges but these: what it calls global may be special here.
fn six(address: Ipv6Addr) -> Range {
    let network = Ipv6Network::from(address);
    match () {
        () if network.is_unspecified() => Range::Unspecified,
        () if network.is_loopback() => Range::Loopback,
        () if network.is_unique_local() => Range::UniqueLocal,
        () if network.is_unicast_link_local() => Range::LinkLocal,
        () if network.is_unicast_site_local() => Range::SiteLocal,
        () if network.is_documentation() => Range::Documentation,
        () if network.is_multicast() => Range::Multicast,
        () => Range::Public,
    }
}

fn agree(address: IpAddr) {
    let (ours, theirs) = (classify(address), other_opinion(address));
    if ours == Range::Metadata {
        let inner = match address {
            IpAddr::V6(six) => embedded_v4(six).collect(),
            IpAddr::V4(_) => Vec::new(),
        };
        let known = |one: IpAddr| METADATA.iter().any(|(service, _)| *service == canonical(one));
        assert!(known(address) || inner.into_iter().any(|four| known(four.into())), "{address} serves no metadata");
        return;
    }
    match canonical(address) {
        IpAddr::V4(_) => assert_eq!(ours, theirs, "{address}"),
        // Deliberate: the library takes every other address for global, even in
        // space that nobody was given.
        IpAddr::V6(six) if theirs == Range::Public => match ours {
            Range::Public => {
                let nat64 = six.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0];
                let [first, second, ..] = six.segments();
                assert!(nat64 || first >> 13 == 1, "{address} is outside of 2000::/3");
                assert!(nat64 || first != 0x2002 && (first, second >> 9) != (0x2001, 0), "{address} is a protocol's");
                let inside = Ipv4Addr::from_bits(six.to_bits() as u32);
                assert!(!nat64 || four(inside) == Range::Public, "{address} leads to {inside}");
            }
            // A NAT64 address is what is in it.
            other if six.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0] => {
                assert_eq!(other, four(Ipv4Addr::from_bits(six.to_bits() as u32)), "{address}");
            }
            other => assert!(unknown_to_the_library(six, other), "{address} is {other:?}"),
        },
        IpAddr::V6(_) => assert_eq!(ours, theirs, "{address}"),
    }
}

/// Ranges that the library does not know, by the first segments, from the registry (RFC 6890 and
/// the RFCs of the rows).
fn unknown_to_the_library(address: Ipv6Addr, ours: Range) -> bool {
    let segments = address.segments();
    match (ours, segments) {
        (Range::Teredo, [0x2001, 0, ..]) | (Range::SixToFour, [0x2002, ..]) => true,
        (Range::Benchmarking, [0x2001, 2, 0, ..]) | (Range::Nat64Local, [0x64, 0xff9b, 1, ..]) => true,
        (Range::Documentation, [0x3fff, second, ..]) => second >> 12 == 0,
        (Range::Isatap, [_, _, _, _, 0 | 0x200, 0x5efe, ..]) => true,
        (Range::Reserved, [0x2001, second, ..]) => second >> 9 == 0,
        (Range::Reserved, [first, ..]) => first >> 13 != 1,
        _ => false,
    }
}

/// However it is spelled, it is the same address; and text that shows it is read as it.
fn spellings(address: IpAddr) {
    assert_eq!(canonical(canonical(address)), canonical(address));
    assert_eq!(classify(address), classify(canonical(address)), "{address}");
    if let IpAddr::V4(four) = address {
        assert_eq!(classify(four.to_ipv6_mapped().into()), classify(address), "{address}");
        for way in 0..8 {
            let six = wrapped(four, way, [0x11; 8]);
            let seen = way == 1 && four.to_bits() <= 1 || embedded_v4(six).any(|inner| inner == four);
            assert!(seen, "{four} is not seen in {six}");
        }
    }
}

/// Networks as the other library has them.
fn networks(address: IpAddr, octets: [u8; 16], prefix: u8) {
    let first: IpAddr = match address {
        IpAddr::V4(_) => Ipv4Addr::from([octets[0], octets[1], octets[2], octets[3]]).into(),
        IpAddr::V6(_) => Ipv6Addr::from(octets).into(),
    };
    for base in [first, address] {
        let text = format!("{base}/{prefix}");
        let (ours, theirs) = (Cidr::parse(&text), text.parse::<IpNetwork>());
        assert_eq!(ours, Cidr::new(base, prefix), "{text}");
        let Ok(theirs) = theirs else {
            // A network inside ::ffff:0:0/96 is read as the IPv4 network that it is.
            assert!(ours.is_err(), "{text} has host bits, or too long a prefix");
            continue;
        };
        let ours = ours.unwrap_or_else(|why| panic!("{text}: {why}"));
        assert_eq!(Cidr::parse(&ours.to_string()), Ok(ours));
        assert!(ours.covers(&ours) && ours.overlaps(&ours) && ours.contains(ours.address()), "{text}");
        // A mapped address lies in IPv4 networks only; the library leaves it where it is written.
        if ours.address().is_ipv4() == theirs.is_ipv4() && canonical(address).is_ipv4() == address.is_ipv4() {
            assert_eq!(ours.contains(address), theirs.contains(address), "{address} in {text}");
        }
    }
}
