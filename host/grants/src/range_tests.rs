//! A test a row, and the addresses that hide behind others.

use super::*;
use crate::testing::{cidr, ip};

/// The first and the last address of a network.
fn ends(network: &Cidr) -> [IpAddr; 2] {
    let last = match network.address() {
        IpAddr::V4(v4) => {
            let host = u32::MAX.checked_shr(network.prefix().into()).unwrap_or(0);
            IpAddr::V4((v4.to_bits() | host).into())
        }
        IpAddr::V6(v6) => {
            let host = u128::MAX.checked_shr(network.prefix().into()).unwrap_or(0);
            IpAddr::V6((v6.to_bits() | host).into())
        }
    };
    [network.address(), last]
}

#[test]
fn both_ends_of_every_row_are_what_the_row_says_or_a_longer_row_does() {
    for row in SPECIAL {
        for end in ends(&row.network) {
            let longer = SPECIAL
                .iter()
                .filter(|other| other.network.prefix() > row.network.prefix())
                .any(|other| other.network.contains(end));
            let range = classify(end);
            assert!(range == row.range || longer, "{end} of {} is {range:?}", row.network);
            assert_ne!(range, Range::Public, "{end} of {}", row.network);
        }
    }
}

#[test]
fn no_two_rows_are_the_same_network_and_each_has_a_source() {
    for (index, row) in SPECIAL.iter().enumerate() {
        assert!(row.source.starts_with("RFC "), "{}", row.network);
        assert!(SPECIAL[index + 1..].iter().all(|other| other.network != row.network));
    }
}

#[test]
fn known_addresses_are_what_they_are() {
    for (text, range) in [
        ("93.184.216.34", Range::Public),
        ("9.255.255.255", Range::Public),
        ("11.0.0.0", Range::Public),
        ("172.15.255.255", Range::Public),
        ("172.32.0.0", Range::Public),
        ("100.63.255.255", Range::Public),
        ("100.128.0.0", Range::Public),
        ("223.255.255.255", Range::Public),
        ("2606:4700::1111", Range::Public),
        ("2001:4860:4860::8888", Range::Public),
        ("127.0.0.1", Range::Loopback),
        ("127.255.255.254", Range::Loopback),
        ("::1", Range::Loopback),
        ("::ffff:127.0.0.1", Range::Loopback),
        ("0.0.0.0", Range::Unspecified),
        ("0.1.2.3", Range::Unspecified),
        ("::", Range::Unspecified),
        ("169.254.1.1", Range::LinkLocal),
        ("fe80::1", Range::LinkLocal),
        ("255.255.255.255", Range::Broadcast),
        ("255.255.255.254", Range::Reserved),
        ("::127.0.0.1", Range::Reserved),
        ("::ffff:0:127.0.0.1", Range::Reserved),
        ("2001:db8::1", Range::Documentation),
        ("2001::1", Range::Teredo),
        ("2001:20::1", Range::Reserved),
        ("2002:5db8:d822::1", Range::SixToFour),
        ("64:ff9b:1::1", Range::Nat64Local),
        ("2606:4700::5efe:10.0.0.1", Range::Isatap),
        ("2606:4700::200:5efe:93.184.216.34", Range::Isatap),
        ("fd12:3456::1", Range::UniqueLocal),
        ("fec0::1", Range::SiteLocal),
        ("ff02::1", Range::Multicast),
        ("4000::1", Range::Reserved),
        ("dead:beef::1", Range::Reserved),
    ] {
        assert_eq!(classify(ip(text)), range, "{text}");
    }
}

#[test]
fn nat64_is_what_the_ipv4_address_in_it_is() {
    for (text, range, network) in [
        ("64:ff9b::93.184.216.34", Range::Public, None),
        ("64:ff9b::10.1.2.3", Range::Private, Some("64:ff9b::a00:0/104")),
        ("64:ff9b::127.0.0.1", Range::Loopback, Some("64:ff9b::7f00:0/104")),
        ("64:ff9b::192.168.1.1", Range::Private, Some("64:ff9b::c0a8:0/112")),
        ("64:ff9b::169.254.169.254", Range::Metadata, Some("64:ff9b::a9fe:a9fe/128")),
    ] {
        assert_eq!(place(ip(text)), (range, network.map(cidr)), "{text}");
    }
}

#[test]
fn i6_metadata_is_metadata_in_every_spelling() {
    for (address, vendor) in METADATA {
        assert_eq!(classify(*address), Range::Metadata, "{vendor}");
        let IpAddr::V4(v4) = address else { continue };
        let [a, b, c, d] = v4.octets();
        let hex = format!("{:02x}{b:02x}:{c:02x}{d:02x}", a);
        for text in [
            format!("::ffff:{v4}"),
            format!("::{v4}"),
            format!("::ffff:0:{v4}"),
            format!("64:ff9b::{v4}"),
            format!("64:ff9b:1::{v4}"),
            format!("2002:{hex}::1"),
            format!("2001:0:{hex}::1"),
            format!("2001:0:1:1::{:x}:{:x}", !u16::from_be_bytes([a, b]), !u16::from_be_bytes([c, d])),
            format!("fd00::5efe:{v4}"),
        ] {
            assert_eq!(classify(ip(&text)), Range::Metadata, "{text}, {vendor}");
        }
    }
}

#[test]
fn a_network_of_special_addresses_only_is_barren() {
    for (network, barren) in [
        ("224.0.0.0/3", true),
        ("224.0.0.0/4", false),
        ("10.0.0.0/8", false),
        ("10.0.0.0/7", false),
        ("0.0.0.0/0", false),
        ("198.18.0.0/15", false),
        ("192.0.2.0/23", false),
        ("ff00::/8", false),
        ("fe00::/7", false),
        ("::/0", false),
    ] {
        assert_eq!(is_barren(&cidr(network)), barren, "{network}");
    }
}
