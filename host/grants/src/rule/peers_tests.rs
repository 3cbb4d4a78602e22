//! What a rule speaks of: the range table against every kind of rule, in pairs.

use proptest::prelude::*;

use super::*;
use crate::range::METADATA;
use crate::testing::{cidr, ip, name, rule};
use crate::{ConnectRule, Ports, Protocol, SPECIAL};

fn reach(text: &str, address: &str) -> Reach {
    rule(text).peers().reach_address(ip(address))
}

#[test]
fn no_special_range_is_reached_by_any_or_by_a_name_or_by_a_wider_network() {
    for row in SPECIAL {
        let address = row.network.address();
        let place = place(address).0;
        assert_eq!(rule("any *").peers().reach_address(address), Reach::Special(place), "{}", row.network);
        let answer = rule("db.lab *").peers().reach_answer(&name("db.lab"), address);
        assert_eq!(answer, Reach::Special(place), "{}", row.network);
        if row.network.prefix() > 0 {
            let wider = Cidr::around(address, row.network.prefix() - 1);
            let wider = ConnectRule::new(Protocol::Tcp, Host::Network(wider), Ports::all());
            // A wider network may lie inside a wider special range, which this is not.
            assert_ne!(wider.peers().reach_address(address), Reach::Yes, "{}", row.network);
        }
    }
}

#[test]
fn a_special_range_is_reached_by_its_own_network_where_tunnels_and_metadata_are_not() {
    for row in SPECIAL {
        let address = row.network.address();
        let (range, network) = place(address);
        if network != Some(row.network) {
            continue;
        }
        let own = ConnectRule::new(Protocol::Tcp, Host::Network(row.network), Ports::all());
        let expected = if range.needs_exact_rule() { Reach::Special(range) } else { Reach::Yes };
        assert_eq!(own.peers().reach_address(address), expected, "{}", row.network);
        let within = rule("db.lab *").within(vec![row.network]);
        assert_eq!(within.peers().reach_answer(&name("db.lab"), address), expected, "{}", row.network);
        let exact = ConnectRule::new(Protocol::Tcp, Host::Address(address), Ports::all());
        let expected = if range.is_closed() { Reach::Special(range) } else { Reach::Yes };
        assert_eq!(exact.peers().reach_address(address), expected, "{}", row.network);
    }
}

#[test]
fn metadata_is_reached_by_its_exact_address_and_by_nothing_else() {
    for (address, vendor) in METADATA {
        let exact = ConnectRule::new(Protocol::Tcp, Host::Address(*address), Ports::all());
        assert_eq!(exact.peers().reach_address(*address), Reach::Yes, "{vendor}");
        for prefix in [0, 8, 16, 24, 32, 64, 128] {
            let network = Cidr::around(*address, prefix);
            let wide = ConnectRule::new(Protocol::Tcp, Host::Network(network), Ports::all());
            let denied = Reach::Special(Range::Metadata);
            assert_eq!(wide.peers().reach_address(*address), denied, "{vendor} {network}");
            let within = rule("any *").within(vec![network]);
            assert_eq!(within.peers().reach_address(*address), denied, "{vendor} {network}");
        }
    }
}

#[test]
fn networks_cover_special_addresses_only_from_inside() {
    for (text, address, expected) in [
        ("10.0.0.0/8 *", "10.1.2.3", Reach::Yes),
        ("10.1.0.0/16 *", "10.1.2.3", Reach::Yes),
        ("10.0.0.0/7 *", "10.1.2.3", Reach::Special(Range::Private)),
        ("10.0.0.0/7 *", "11.1.2.3", Reach::Yes),
        ("0.0.0.0/0 *", "93.184.216.34", Reach::Yes),
        ("0.0.0.0/0 *", "127.0.0.1", Reach::Special(Range::Loopback)),
        ("::/0 *", "::1", Reach::Special(Range::Loopback)),
        ("::/0 *", "2606:4700::1111", Reach::Yes),
        ("::/0 *", "93.184.216.34", Reach::No),
        ("fd00::/8 *", "fd00::1", Reach::Yes),
        ("fc00::/6 *", "fd00::1", Reach::Special(Range::UniqueLocal)),
        ("240.0.0.0/4 *", "255.255.255.255", Reach::Special(Range::Broadcast)),
        ("169.254.0.0/16 *", "169.254.1.1", Reach::Yes),
        ("192.0.2.0/24 *", "192.0.2.1", Reach::Yes),
        ("64:ff9b::/96 *", "64:ff9b::93.184.216.34", Reach::Yes),
        ("64:ff9b::/96 *", "64:ff9b::10.0.0.1", Reach::Special(Range::Private)),
        ("64:ff9b::a00:0/104 *", "64:ff9b::10.0.0.1", Reach::Yes),
        ("10.0.0.0/8 *", "64:ff9b::10.0.0.1", Reach::No),
        ("10.0.0.0/8 *", "::ffff:10.0.0.1", Reach::Yes),
        ("10.0.0.0/8 *", "::10.0.0.1", Reach::No),
        ("10.0.0.1 *", "::ffff:10.0.0.1", Reach::Yes),
        ("::ffff:10.0.0.1 *", "10.0.0.1", Reach::Yes),
        ("10.0.0.1 *", "2002:a00:1::", Reach::No),
        ("2002::/16 *", "2002:a00:1::", Reach::Special(Range::SixToFour)),
        ("2002:a00:1:: *", "2002:a00:1::", Reach::Special(Range::SixToFour)),
        ("2001::1 *", "2001::1", Reach::Special(Range::Teredo)),
        ("64:ff9b:1::1 *", "64:ff9b:1::1", Reach::Special(Range::Nat64Local)),
        ("2002:a9fe:a9fe:: *", "2002:a9fe:a9fe::", Reach::Special(Range::Metadata)),
        ("fd00::5efe:10.0.0.1 *", "fd00::5efe:10.0.0.1", Reach::Yes),
        ("localhost *", "127.0.0.1", Reach::Yes),
        ("localhost *", "::1", Reach::Yes),
        ("localhost *", "127.0.0.2", Reach::No),
        ("localhost *", "0.0.0.0", Reach::No),
    ] {
        assert_eq!(reach(text, address), expected, "{text} to {address}");
    }
}

#[test]
fn apex_and_wildcard_are_two_things() {
    for (text, asked, covered) in [
        ("example.com 22", "example.com", true),
        ("example.com 22", "a.example.com", false),
        ("*.example.com 22", "a.example.com", true),
        ("*.example.com 22", "a.b.example.com", true),
        ("*.example.com 22", "example.com", false),
        ("*.example.com 22", "badexample.com", false),
        ("any 22", "example.com", true),
        ("any 22", "localhost", false),
        ("localhost 22", "localhost", true),
        ("127.0.0.1 22", "localhost", true),
        ("127.0.0.0/8 22", "localhost", true),
        ("::1 22", "localhost", true),
        ("127.0.0.2 22", "localhost", false),
        ("localhost 22", "example.com", false),
        ("0.0.0.0/0 22", "example.com", false),
    ] {
        assert_eq!(rule(text).peers().covers_name(&name(asked)), covered, "{text} for {asked}");
    }
}

#[test]
fn within_is_the_only_place_where_a_name_may_lead() {
    let private = rule("db.lab 22 within 10.0.0.0/8 93.184.0.0/16 0.0.0.0/1");
    for (address, expected) in [
        ("10.0.0.5", Reach::Yes),
        ("93.184.216.34", Reach::Yes),
        ("192.168.0.1", Reach::Outside),
        ("200.1.1.1", Reach::Outside),
        ("127.0.0.1", Reach::Special(Range::Loopback)),
        ("64:ff9b::10.0.0.5", Reach::Outside),
    ] {
        assert_eq!(private.peers().reach_answer(&name("db.lab"), ip(address)), expected, "{address}");
    }
    assert_eq!(private.peers().reach_answer(&name("other.lab"), ip("10.0.0.5")), Reach::No);
}

#[test]
fn nobody_can_say_what_localhost_is() {
    for text in ["any *", "localhost *", "127.0.0.0/8 *", "93.184.216.34 *"] {
        let reach = rule(text).peers().reach_answer(&name("localhost"), ip("93.184.216.34"));
        assert_eq!(reach, Reach::No, "{text}");
    }
    assert_eq!(rule("localhost *").peers().reach_answer(&name("localhost"), ip("::1")), Reach::Yes);
}

#[test]
fn deny_rules_see_through_every_embedding() {
    let spellings = [
        "10.0.0.1",
        "::ffff:10.0.0.1",
        "::10.0.0.1",
        "::ffff:0:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::10.0.0.1",
        "2002:a00:1::1",
        "2001:0:a00:1::1",
        "2001:0:1:1::f5ff:fffe",
        "fd00::5efe:10.0.0.1",
    ];
    for address in spellings {
        for text in ["10.0.0.1 *", "10.0.0.0/8 *", "0.0.0.0/0 *", "any *"] {
            assert!(rule(text).peers().denies_address(ip(address)), "{text} for {address}");
        }
        for text in ["10.0.0.2 *", "11.0.0.0/8 *", "localhost *", "db.lab *"] {
            assert!(!rule(text).peers().denies_address(ip(address)), "{text} for {address}");
        }
    }
    // The kernel dials the unspecified addresses as loopback.
    for (text, address) in [("127.0.0.0/8 *", "0.0.0.0"), ("localhost *", "0.0.0.0"), ("localhost *", "::")] {
        assert!(rule(text).peers().denies_address(ip(address)), "{text} for {address}");
    }
}

#[test]
fn a_want_is_met_by_what_reaches_some_of_it() {
    for (allow, want, met) in [
        ("any 443", "any *", true),
        ("any 443", "api.example.com 443", true),
        ("any 443", "*.example.com 443", true),
        ("any 443", "93.184.216.34 443", true),
        ("any 443", "10.0.0.1 443", false),
        ("any 443", "10.0.0.0/8 443", false),
        ("any 443", "0.0.0.0/0 443", true),
        ("any 443", "localhost 443", false),
        ("any 443", "any 80", false),
        ("localhost *", "any *", true),
        ("localhost *", "127.0.0.0/8 *", true),
        ("localhost *", "127.0.0.2 *", false),
        ("127.0.0.0/8 *", "localhost *", true),
        ("10.0.0.0/8 22", "10.1.0.0/16 22", true),
        ("10.0.0.0/8 22", "10.0.0.1 22", true),
        ("10.0.0.0/8 22", "db.lab 22", false),
        ("10.0.0.1 22", "10.0.0.0/8 22", true),
        ("*.lab 22", "db.lab 22", true),
        ("*.lab 22", "*.db.lab 22", true),
        ("*.db.lab 22", "*.lab 22", true),
        ("db.lab 22", "*.lab 22", true),
        ("db.lab 22", "other.lab 22", false),
        ("db.lab 22", "10.0.0.0/8 22", false),
    ] {
        assert_eq!(rule(allow).meets(&rule(want)), met, "{allow} for {want}");
    }
    let udp = ConnectRule::new(Protocol::Udp, Host::Any, Ports::all());
    assert!(!rule("any *").meets(&udp));
}

#[test]
fn rules_are_shown_in_their_canonical_spelling() {
    for (text, shown) in [
        ("*.lab.example 22,8000-8099", "tcp://*.lab.example:22,8000-8099"),
        ("fd00::/8 502", "tcp://[fd00::]/8:502"),
        ("10.0.0.0/8 502", "tcp://10.0.0.0/8:502"),
        ("::1 *", "tcp://[::1]:*"),
        ("::ffff:10.0.0.1 1", "tcp://10.0.0.1:1"),
        ("db.lab 22 within 10.0.0.0/8 fd00::/8", "tcp://db.lab:22 within 10.0.0.0/8, fd00::/8"),
    ] {
        assert_eq!(rule(text).to_string(), shown);
    }
}

proptest! {
    #[test]
    fn networks_never_reach_a_special_address_that_they_are_not_inside(
        bits: u32, prefix in 0u8..=32,
    ) {
        let address = IpAddr::V4(bits.into());
        let network = Cidr::around(address, prefix);
        let wide = ConnectRule::new(Protocol::Tcp, Host::Network(network), Ports::all());
        let inside = SPECIAL.iter().any(|row| row.network.covers(&network));
        match place(address).0 {
            Range::Public => prop_assert_eq!(wide.peers().reach_address(address), Reach::Yes),
            _ => prop_assert!(inside || wide.peers().reach_address(address) != Reach::Yes),
        }
    }

    #[test]
    fn what_is_denied_is_denied_in_every_clothing(bits: u32, prefix in 1u8..=32) {
        let v4 = Ipv4Addr::from_bits(bits);
        let network = Cidr::around(IpAddr::V4(v4), prefix);
        let deny = ConnectRule::new(Protocol::Tcp, Host::Network(network), Ports::all());
        let low = u128::from(bits);
        let clothes = [
            0xffff << 32 | low,
            0xffff_0000_u128 << 32 | low,
            0x0064_ff9b_u128 << 96 | low,
            0x2002_u128 << 112 | low << 80 | 1,
            0x2001_u128 << 112 | low << 64,
            0x2001_u128 << 112 | u128::from(!bits),
            0xfd00_u128 << 112 | 0x5efe << 32 | low,
        ];
        for dressed in clothes {
            prop_assert!(deny.peers().denies_address(IpAddr::V6(dressed.into())));
        }
    }

    #[test]
    fn a_rule_that_reaches_also_meets_a_want_of_that_address(bits: u32, prefix in 0u8..=32) {
        let address = IpAddr::V4(bits.into());
        let own = ConnectRule::new(Protocol::Tcp, Host::Network(Cidr::around(address, prefix)), Ports::all());
        let want = ConnectRule::new(Protocol::Tcp, Host::Address(address), Ports::all());
        prop_assert_eq!(own.meets(&want), own.peers().reach_address(address) == Reach::Yes);
    }
}

#[test]
fn a_cidr_is_not_an_address_in_disguise() {
    let own = rule("169.254.169.254/32 80");
    assert_eq!(own.host(), &Host::Network(cidr("169.254.169.254/32")));
}
