//! Networks, against counting bits by hand.

use proptest::prelude::*;

use super::*;
use crate::testing::{cidr, ip};

#[test]
fn networks_are_read_and_shown() {
    for (text, canonical) in [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("10.1.2.3/32", "10.1.2.3/32"),
        ("fd00::/8", "fd00::/8"),
        ("::/0", "::/0"),
        ("::1/128", "::1/128"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("FD00:0::/8", "fd00::/8"),
    ] {
        assert_eq!(cidr(text).to_string(), canonical, "{text}");
    }
}

#[test]
fn what_is_no_network_is_refused_and_host_bits_name_the_right_one() {
    for (text, message) in [
        ("10.0.0.1/8", "the address has bits beyond its prefix length; the network is `10.0.0.0/8`"),
        ("fd00::1/8", "the address has bits beyond its prefix length; the network is `fd00::/8`"),
        ("10.0.0.0", "a network needs a prefix length, as in `10.0.0.0/8`"),
        ("10.0.0.0/33", "the prefix length 33 is above 32"),
        ("::/129", "the prefix length 129 is above 128"),
        ("10.0/8", "`10.0` is not an address"),
        ("010.0.0.0/8", "`010.0.0.0` is not an address"),
        ("10.0.0.0/", "`` is not a prefix length"),
        ("10.0.0.0/08", "`08` is not a prefix length"),
        ("10.0.0.0/+8", "`+8` is not a prefix length"),
        ("10.0.0.0/300", "`300` is not a prefix length"),
        ("10.0.0.0/255.0.0.0", "`255.0.0.0` is not a prefix length"),
        ("lab.example/8", "`lab.example` is not an address"),
    ] {
        assert_eq!(Cidr::parse(text).unwrap_err().to_string(), message, "{text}");
    }
}

#[test]
fn families_do_not_mix_but_mapped_addresses_are_ipv4() {
    assert!(cidr("10.0.0.0/8").contains(ip("::ffff:10.1.2.3")));
    assert!(!cidr("::/0").contains(ip("10.0.0.1")));
    assert!(!cidr("::/0").contains(ip("::ffff:10.0.0.1")));
    assert!(!cidr("0.0.0.0/0").contains(ip("64:ff9b::10.0.0.1")));
}

proptest! {
    #[test]
    fn membership_is_equality_of_leading_bits(net: u32, other: u32, prefix in 0u8..=32, near: u8) {
        let network = Cidr::around(IpAddr::V4(net.into()), prefix);
        for address in [other, net ^ (1 << (near % 32))] {
            let same = (0..u32::from(prefix)).all(|bit| (net ^ address) << bit >> 31 == 0);
            prop_assert_eq!(network.contains(IpAddr::V4(address.into())), same);
        }
    }

    #[test]
    fn membership_is_equality_of_leading_bits_v6(net: u128, prefix in 0u8..=128, near: u8) {
        let address = net ^ (1 << (near % 128));
        // Keep out of the mapped range, which is IPv4.
        prop_assume!(net >> 32 != 0xffff && address >> 32 != 0xffff);
        let network = Cidr::around(IpAddr::V6(net.into()), prefix);
        let same = (0..u32::from(prefix)).all(|bit| (net ^ address) << bit >> 127 == 0);
        prop_assert_eq!(network.contains(IpAddr::V6(address.into())), same);
    }

    #[test]
    fn shown_is_what_is_read(net: u32, prefix in 0u8..=32) {
        let network = Cidr::around(IpAddr::V4(net.into()), prefix);
        prop_assert_eq!(Cidr::parse(&network.to_string()), Ok(network));
        let given = Cidr::new(IpAddr::V4(net.into()), prefix);
        if let Err(CidrError::HostBits { right }) = given {
            prop_assert_eq!(right, network);
        } else {
            prop_assert_eq!(given, Ok(network));
        }
    }

    #[test]
    fn a_network_covers_what_it_contains(net: u32, a in 0u8..=32, b in 0u8..=32) {
        let (one, two) = (Cidr::around(IpAddr::V4(net.into()), a), Cidr::around(IpAddr::V4(net.into()), b));
        prop_assert_eq!(one.covers(&two), a <= b);
        prop_assert!(one.overlaps(&two));
    }
}
