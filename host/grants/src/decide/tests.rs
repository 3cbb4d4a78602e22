//! The decision: the invariants by number, then allow and deny in pairs.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;
use crate::testing::{
    at, connect, connect_at, grants, grants_wanting, ip, name, pin, pinned, resolve, rule,
};
use crate::{GrantsBuilder, METADATA, Ports, Resource};

fn reason(result: Result<Permit, Denial>) -> Reason {
    result.unwrap_err().reason()
}

fn bind(grants: &Grants, local: &str) -> Result<Permit, Denial> {
    grants.decide(&Ask::Bind {
        protocol: Protocol::Tcp,
        at: local.parse().unwrap(),
    })
}

/// Every kind of ask about this address.
fn every_ask(address: IpAddr, port: u16, name: &Name, pins: &Pins, check: &dyn Fn(Ask<'_>)) {
    let socket = SocketAddr::new(address, port);
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        check(Ask::Connect {
            protocol,
            to: socket,
            pins,
            now: at(0),
        });
        check(Ask::Bind {
            protocol,
            at: socket,
        });
        check(Ask::Bind {
            protocol,
            at: "0.0.0.0:0".parse().unwrap(),
        });
        check(Ask::Bind {
            protocol,
            at: "[::]:0".parse().unwrap(),
        });
        check(Ask::Listen {
            protocol,
            at: socket,
        });
        check(Ask::Accept {
            protocol,
            from: socket,
        });
    }
    check(Ask::Resolve { name });
    check(Ask::Pin { name, address });
}

proptest! {
    #[test]
    fn i1_empty_policy_refuses_every_ask(v4: u32, v6: u128, port: u16, label in "[a-z]{1,8}") {
        let nothing = Grants::default();
        prop_assert!(nothing.is_empty() && !nothing.grants_connect(Protocol::Tcp));
        let granted = grants(&["any *"], &[]);
        let pins = pinned(&granted, &[("a.example", "93.184.216.34")]);
        let localhost = name("localhost");
        let name = name(&format!("{label}.example"));
        for address in [IpAddr::V4(v4.into()), IpAddr::V6(v6.into()), ip("93.184.216.34")] {
            for name in [&name, &localhost] {
                every_ask(address, port, name, &pins, &|ask| {
                    assert!(nothing.decide(&ask).is_err(), "{ask:?}");
                });
            }
        }
    }

    #[test]
    fn i4_more_deny_rules_never_grant_more(bits: u32, port in 1u16.., denied: u32) {
        let deny = Host::Address(IpAddr::V4(denied.into()));
        let with = GrantsBuilder::new()
            .allow(RuleId(0), rule("any *"))
            .deny(RuleId(1), Rule::new(Protocol::Tcp, deny, Ports::all()))
            .want(rule("any *"))
            .finish();
        let without = grants(&["any *"], &[]);
        let to = SocketAddr::new(IpAddr::V4(bits.into()), port);
        let ask = Ask::Connect { protocol: Protocol::Tcp, to, pins: &Pins::new(), now: at(0) };
        let hit = bits == denied;
        prop_assert_eq!(with.decide(&ask).is_ok(), without.decide(&ask).is_ok() && !hit);
    }

    #[test]
    fn a_grant_is_the_intersection_with_the_wants(port in 1u16.., wanted in 1u16..) {
        let want = format!("any {wanted}");
        let own = grants_wanting(&["10.0.0.0/8 *"], &[], &[&want]);
        let result = connect(&own, &format!("10.0.0.1:{port}"), &Pins::new());
        prop_assert_eq!(result.is_ok(), port == wanted);
    }
}

#[test]
fn i3_a_permit_says_what_was_decided_and_by_which_rule() {
    let own = grants(&["db.lab 22", "10.0.0.0/8 22"], &[]);
    let permit = connect(&own, "[::ffff:10.0.0.1]:22", &Pins::new()).unwrap();
    assert_eq!(
        (permit.rule(), permit.rules()),
        (RuleId(1), &[RuleId(1)][..])
    );
    let to = "10.0.0.1:22".parse().unwrap();
    assert_eq!(
        permit.resource(),
        &Resource::Peer {
            protocol: Protocol::Tcp,
            to
        }
    );
}

#[test]
fn i6_only_the_pinned_address_and_port_may_be_dialled() {
    let own = grants(&["db.lab 22,80"], &[]);
    let none = Pins::new();
    assert_eq!(
        reason(connect(&own, "93.184.216.34:22", &none)),
        Reason::NotPinned
    );
    let pins = pinned(&own, &[("db.lab", "93.184.216.34")]);
    assert!(connect(&own, "93.184.216.34:22", &pins).is_ok());
    assert!(connect(&own, "[::ffff:93.184.216.34]:80", &pins).is_ok());
    assert_eq!(
        reason(connect(&own, "93.184.216.35:22", &pins)),
        Reason::NotPinned
    );
    assert_eq!(
        reason(connect(&own, "93.184.216.34:23", &pins)),
        Reason::PortNotGranted(RuleId(0))
    );
    assert_eq!(
        reason(connect(&own, "[64:ff9b::93.184.216.34]:22", &pins)),
        Reason::NotPinned
    );
}

#[test]
fn i6_a_pin_ends_with_its_time_to_live() {
    let own = grants(&["db.lab 22"], &[]);
    let pins = pinned(&own, &[("db.lab", "93.184.216.34")]);
    assert!(connect_at(&own, "93.184.216.34:22", &pins, at(59)).is_ok());
    let late = connect_at(&own, "93.184.216.34:22", &pins, at(60));
    assert_eq!(reason(late), Reason::PinExpired);
}

#[test]
fn i6_a_rebinding_answer_is_not_kept() {
    let own = grants(&["db.lab *", "any *", "0.0.0.0/0 *"], &[]);
    assert!(pin(&own, "db.lab", "93.184.216.34").is_ok());
    for address in [
        "127.0.0.1",
        "::1",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.1.1",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "0.0.0.0",
        "::",
        "fd00::1",
        "fe80::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::10.0.0.1",
        "::ffff:0:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::10.0.0.1",
        "2002:a00:1::1",
        "2001:0:a00:1::1",
        "2606:4700::5efe:10.0.0.1",
        "192.0.2.1",
    ] {
        let refused = reason(pin(&own, "db.lab", address));
        assert!(
            matches!(refused, Reason::SpecialRange(_)),
            "{address}: {refused:?}"
        );
    }
}

#[test]
fn i6_metadata_is_refused_in_every_spelling_and_allowed_by_its_address() {
    let wide = grants(
        &[
            "any *",
            "db.lab *",
            "169.254.0.0/16 *",
            "169.254.169.254/32 *",
            "::/0 *",
        ],
        &[],
    );
    let exact = grants(&["169.254.169.254 80"], &[]);
    for spelling in [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "::169.254.169.254",
    ] {
        let to = SocketAddr::new(ip(spelling), 80).to_string();
        let refused = reason(connect(&wide, &to, &Pins::new()));
        assert_eq!(
            refused,
            Reason::SpecialRange(crate::Range::Metadata),
            "{spelling}"
        );
        assert!(pin(&wide, "db.lab", spelling).is_err(), "{spelling}");
        let mapped = spelling.parse::<IpAddr>().unwrap().to_canonical().is_ipv4();
        assert_eq!(
            connect(&exact, &to, &Pins::new()).is_ok(),
            mapped,
            "{spelling}"
        );
    }
    for (address, vendor) in METADATA {
        let to = SocketAddr::new(*address, 80).to_string();
        assert!(connect(&wide, &to, &Pins::new()).is_err(), "{vendor}");
        assert!(connect(&grants(&[&format!("{address} 80")], &[]), &to, &Pins::new()).is_ok());
    }
}

#[test]
fn i6_a_pin_carries_no_authority_of_its_own() {
    let wide = grants(&["any *"], &[]);
    let pins = pinned(&wide, &[("db.lab", "93.184.216.34")]);
    for narrower in [
        grants(&["db.lab 80"], &[]),
        grants(&["other.lab *"], &[]),
        grants(&["db.lab 22 within 10.0.0.0/8"], &[]),
    ] {
        assert!(connect(&narrower, "93.184.216.34:22", &pins).is_err());
    }
    assert!(connect(&grants(&["db.lab 22"], &[]), "93.184.216.34:22", &pins).is_ok());
}

#[test]
fn names_are_looked_up_only_if_a_rule_covers_them() {
    let own = grants(&["*.lab.example 22", "localhost 80"], &[]);
    assert!(resolve(&own, "db.lab.example").is_ok());
    assert!(resolve(&own, "localhost").is_ok());
    for text in [
        "lab.example",
        "lab.example.evil",
        "notlab.example",
        "secret-data.evil",
    ] {
        assert_eq!(reason(resolve(&own, text)), Reason::NoRule, "{text}");
    }
    let loopback = Reason::SpecialRange(crate::Range::Loopback);
    assert_eq!(
        reason(resolve(&grants(&["any *"], &[]), "localhost")),
        loopback
    );
}

#[test]
fn localhost_is_its_two_addresses() {
    let own = grants(&["localhost 80"], &[]);
    let none = Pins::new();
    for to in ["127.0.0.1:80", "[::1]:80", "[::ffff:127.0.0.1]:80"] {
        assert!(connect(&own, to, &none).is_ok(), "{to}");
    }
    assert_eq!(
        reason(connect(&own, "127.0.0.1:81", &none)),
        Reason::PortNotGranted(RuleId(0))
    );
    for to in [
        "127.0.0.2:80",
        "0.0.0.0:80",
        "[::]:80",
        "[::127.0.0.1]:80",
        "[64:ff9b::7f00:1]:80",
    ] {
        assert_eq!(reason(connect(&own, to, &none)), Reason::NoRule, "{to}");
    }
    assert!(pin(&own, "localhost", "127.0.0.1").is_ok());
    assert!(pin(&own, "localhost", "93.184.216.34").is_err());
}

#[test]
fn plain_address_rules_never_widen_a_name() {
    let own = grants(&["db.lab 22", "10.0.0.0/8 22"], &[]);
    let private = Reason::SpecialRange(crate::Range::Private);
    assert_eq!(reason(pin(&own, "db.lab", "10.0.0.5")), private);
    assert!(connect(&own, "10.0.0.5:22", &Pins::new()).is_ok());
}

#[test]
fn within_opens_a_name_and_only_there() {
    let own = grants(&["db.lab 22 within 10.0.0.0/8"], &[]);
    let pins = pinned(&own, &[("db.lab", "10.0.0.5")]);
    assert!(connect(&own, "10.0.0.5:22", &pins).is_ok());
    assert_eq!(
        reason(connect(&own, "10.0.0.6:22", &pins)),
        Reason::NotPinned
    );
    for address in ["192.168.0.1", "93.184.216.34"] {
        assert_eq!(
            reason(pin(&own, "db.lab", address)),
            Reason::OutsideWithin(RuleId(0))
        );
    }
}

#[test]
fn a_pin_serves_the_ports_of_its_own_rules_only() {
    let own = grants(&["db.lab 22 within 10.0.0.0/8", "*.lab 80"], &[]);
    let pins = pinned(&own, &[("db.lab", "10.0.0.5"), ("db.lab", "93.184.216.34")]);
    // The private answer belongs to the first rule, the public one to the second.
    assert!(connect(&own, "10.0.0.5:22", &pins).is_ok());
    assert!(connect(&own, "10.0.0.5:80", &pins).is_err());
    assert!(connect(&own, "93.184.216.34:80", &pins).is_ok());
    assert!(connect(&own, "93.184.216.34:22", &pins).is_err());
}

#[test]
fn deny_wins_over_rules_and_over_pins() {
    let own = grants(
        &["any *", "10.0.0.13 *", "db.lab *"],
        &["10.0.0.0/24 *", "93.184.216.34 22"],
    );
    let none = Pins::new();
    for to in ["10.0.0.13:22", "[::ffff:10.0.0.13]:22"] {
        assert_eq!(
            reason(connect(&own, to, &none)),
            Reason::Denied(RuleId(100)),
            "{to}"
        );
    }
    let pins = pinned(&own, &[("db.lab", "93.184.216.34")]);
    assert_eq!(
        reason(connect(&own, "93.184.216.34:22", &pins)),
        Reason::Denied(RuleId(101))
    );
    assert!(connect(&own, "93.184.216.34:80", &pins).is_ok());
    assert_eq!(
        reason(connect(&own, "[64:ff9b::93.184.216.34]:22", &none)),
        Reason::Denied(RuleId(101))
    );
}

#[test]
fn a_denied_name_is_neither_looked_up_nor_kept_nor_dialled() {
    let own = grants(&["*.lab *"], &["db.lab *", "web.lab 80"]);
    assert_eq!(reason(resolve(&own, "db.lab")), Reason::Denied(RuleId(100)));
    assert_eq!(
        reason(pin(&own, "db.lab", "93.184.216.34")),
        Reason::Denied(RuleId(100))
    );
    // A deny for one port leaves the others, so the name can be looked up.
    assert!(resolve(&own, "web.lab").is_ok());
    let pins = pinned(&own, &[("web.lab", "93.184.216.34")]);
    assert!(connect(&own, "93.184.216.34:81", &pins).is_ok());
    assert_eq!(
        reason(connect(&own, "93.184.216.34:80", &pins)),
        Reason::Denied(RuleId(101))
    );
}

#[test]
fn a_denied_answer_is_not_kept() {
    let own = grants(&["db.lab 22"], &["93.184.216.0/24 *"]);
    assert_eq!(
        reason(pin(&own, "db.lab", "93.184.216.34")),
        Reason::Denied(RuleId(100))
    );
    assert_eq!(
        reason(pin(&own, "db.lab", "64:ff9b::93.184.216.34")),
        Reason::Denied(RuleId(100))
    );
    assert!(pin(&own, "db.lab", "93.184.217.34").is_ok());
}

#[test]
fn what_the_manifest_does_not_want_is_not_granted() {
    let own = grants_wanting(&["*.lab 22", "10.0.0.0/8 22"], &[], &["db.lab *"]);
    assert!(resolve(&own, "db.lab").is_ok());
    assert_eq!(reason(resolve(&own, "web.lab")), Reason::NotWanted);
    assert_eq!(
        reason(pin(&own, "web.lab", "93.184.216.34")),
        Reason::NotWanted
    );
    assert_eq!(
        reason(connect(&own, "10.0.0.1:22", &Pins::new())),
        Reason::NotWanted
    );
    let pins = pinned(&own, &[("db.lab", "93.184.216.34")]);
    assert!(connect(&own, "93.184.216.34:22", &pins).is_ok());
}

#[test]
fn a_want_of_a_name_is_served_by_any() {
    let own = grants_wanting(&["any 443"], &[], &["api.example.com 443"]);
    let pins = pinned(&own, &[("api.example.com", "93.184.216.34")]);
    assert!(connect(&own, "93.184.216.34:443", &pins).is_ok());
    assert_eq!(
        reason(connect(&own, "93.184.216.35:443", &pins)),
        Reason::NotWanted
    );
}

#[test]
fn a_bind_is_the_wildcard_with_port_zero_if_anything_may_be_dialled() {
    let own = grants(&["localhost 80"], &[]);
    for local in ["0.0.0.0:0", "[::]:0", "[::ffff:0.0.0.0]:0"] {
        assert!(bind(&own, local).is_ok(), "{local}");
        assert_eq!(
            reason(bind(&Grants::default(), local)),
            Reason::NoRule,
            "{local}"
        );
    }
    for local in ["0.0.0.0:80", "127.0.0.1:0", "[::1]:0", "10.0.0.1:0"] {
        assert_eq!(reason(bind(&own, local)), Reason::BindNotGranted, "{local}");
    }
    let udp = Ask::Bind {
        protocol: Protocol::Udp,
        at: "0.0.0.0:0".parse().unwrap(),
    };
    assert_eq!(own.decide(&udp).unwrap_err().reason(), Reason::NoRule);
    let unwanted = grants_wanting(&["localhost 80"], &[], &["db.lab 80"]);
    assert_eq!(reason(bind(&unwanted, "0.0.0.0:0")), Reason::NotWanted);
}

#[test]
fn protocols_ports_and_zones_are_checked() {
    let own = grants(&["any *", "10.0.0.0/8 *", "fe80::/10 *"], &[]);
    let none = Pins::new();
    let to = "93.184.216.34:53".parse().unwrap();
    let udp = Ask::Connect {
        protocol: Protocol::Udp,
        to,
        pins: &none,
        now: at(0),
    };
    assert_eq!(own.decide(&udp).unwrap_err().reason(), Reason::NoRule);
    assert_eq!(reason(connect(&own, "10.0.0.1:0", &none)), Reason::BadPort);
    assert_eq!(
        reason(connect(&own, "[fe80::1%2]:22", &none)),
        Reason::ZoneNotGranted
    );
    assert_eq!(
        reason(connect(&own, "[2606:4700::1111%2]:22", &none)),
        Reason::ZoneNotGranted
    );
    assert!(connect(&own, "[2606:4700::1111]:22", &none).is_ok());
}

#[test]
fn listening_is_not_yet_available_whatever_is_granted() {
    let own = grants(&["any *"], &[]);
    every_ask(
        ip("93.184.216.34"),
        80,
        &name("a.example"),
        &Pins::new(),
        &|ask| {
            if matches!(ask, Ask::Listen { .. } | Ask::Accept { .. }) {
                let denial = own.decide(&ask).unwrap_err();
                assert_eq!(denial.reason(), Reason::NotYetAvailable);
            }
        },
    );
}

#[test]
fn the_nearest_reason_is_told() {
    let none = Pins::new();
    let own = grants(&["10.0.0.0/8 22", "any 22", "db.lab 22"], &[]);
    assert_eq!(
        reason(connect(&own, "10.0.0.1:23", &none)),
        Reason::PortNotGranted(RuleId(0))
    );
    let private = Reason::SpecialRange(crate::Range::Private);
    assert_eq!(reason(connect(&own, "192.168.0.1:22", &none)), private);
    assert_eq!(
        reason(connect(&grants(&[], &[]), "192.168.0.1:22", &none)),
        Reason::NoRule
    );
}

#[test]
fn i7_nothing_granted_is_known_before_linking() {
    for (allow, want, granted) in [
        ("any *", "any *", true),
        ("db.lab 22", "any 22", true),
        ("db.lab 22", "any 80", false),
        ("db.lab 22", "web.lab 22", false),
        ("any *", "localhost *", false),
    ] {
        let own = grants_wanting(&[allow], &[], &[want]);
        assert_eq!(
            own.grants_connect(Protocol::Tcp),
            granted,
            "{allow} for {want}"
        );
        assert_eq!(own.is_empty(), !granted, "{allow} for {want}");
        assert!(!own.grants_connect(Protocol::Udp));
    }
    assert!(grants(&[], &["any *"]).is_empty());
}

#[test]
fn i2_the_crate_depends_on_nothing() {
    let manifest = include_str!("../../Cargo.toml");
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
    let dependencies = dependencies.split("[dev-dependencies]").next().unwrap();
    assert_eq!(dependencies.trim(), "");
}

proptest! {
    #[test]
    fn any_reaches_public_addresses_only(v4: u32, v6: u128, port in 1u16..) {
        let own = grants(&["any *"], &[]);
        for address in [IpAddr::V4(Ipv4Addr::from(v4)), IpAddr::V6(Ipv6Addr::from(v6))] {
            let to = SocketAddr::new(address, port).to_string();
            let public = crate::classify(address) == crate::Range::Public;
            prop_assert_eq!(connect(&own, &to, &Pins::new()).is_ok(), public);
        }
    }

    #[test]
    fn an_exact_rule_reaches_any_address(v4: u32, v6: u128) {
        for address in [IpAddr::V4(Ipv4Addr::from(v4)), IpAddr::V6(Ipv6Addr::from(v6))] {
            let own = grants(&[&format!("{address} 22")], &[]);
            let to = SocketAddr::new(address, 22).to_string();
            prop_assert!(connect(&own, &to, &Pins::new()).is_ok());
        }
    }
}
