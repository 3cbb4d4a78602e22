//! The decision: the invariants by number. Allow and deny in pairs are `pairs.rs`.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;
use crate::testing::{
    at, connect, connect_at, grants, grants_wanting, ip, name, path, pin, pinned, query, resolve, rule,
};
use crate::{
    ConnectRule, GrantsBuilder, Host, METADATA, Name, NameUse, Pins, Ports, Protocol, QueryName, Range, Resource,
};

#[path = "pairs.rs"]
mod pairs;

#[path = "dial_tests.rs"]
mod dial;

#[path = "ping_tests.rs"]
mod ping_tests;

#[path = "property_tests.rs"]
mod property_tests;

#[path = "query_tests.rs"]
mod query_tests;

#[path = "read_tests.rs"]
mod read_tests;

fn reason<T: std::fmt::Debug>(result: Result<T, Denial>) -> Reason {
    result.unwrap_err().reason()
}

fn bind(grants: &Grants, local: &str) -> Result<Permit, Denial> {
    grants.decide(&Ask::Bind { protocol: Protocol::Tcp, at: local.parse().unwrap() })
}

/// Every kind of ask about this address.
fn every_ask(address: IpAddr, port: u16, name: &Name, pins: &Pins, check: &dyn Fn(Ask<'_>)) {
    let socket = SocketAddr::new(address, port);
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        check(Ask::Connect { protocol, to: socket, zone: None, pins, now: at(0) });
        check(Ask::Bind { protocol, at: socket });
        check(Ask::Bind { protocol, at: "0.0.0.0:0".parse().unwrap() });
        check(Ask::Bind { protocol, at: "[::]:0".parse().unwrap() });
        check(Ask::Listen { protocol, at: socket });
        check(Ask::Accept { protocol, from: socket });
    }
    check(Ask::Resolve { name });
    check(Ask::Pin { name, address });
    check(Ask::Ping { to: address, zone: None, pins, now: at(0) });
    check(Ask::Query { server: socket, name: &QueryName::from(name), system: &[] });
    check(Ask::Query { server: "93.184.216.34:53".parse().unwrap(), name: &query("."), system: &[] });
    for text in ["/", "/etc/hosts"] {
        check(Ask::Read { path: &path(text) });
    }
}

proptest! {
    #[test]
    fn i1_empty_policy_refuses_every_ask(v4: u32, v6: u128, port: u16, label in "[a-z]{1,8}") {
        let nothing = Grants::default();
        prop_assert!(nothing.is_empty() && !nothing.grants_connect(Protocol::Tcp));
        prop_assert!(!nothing.grants_ping() && !nothing.grants_query() && !nothing.grants_read());
        prop_assert!(nothing.servers(&[]).is_empty() && nothing.read_roots().is_empty());
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
            .allow(RuleId::new(0, 0), rule("any *"))
            .deny(RuleId::new(0, 1), ConnectRule::new(Protocol::Tcp, deny, Ports::all()))
            .want(rule("any *"))
            .finish();
        let without = grants(&["any *"], &[]);
        let to = SocketAddr::new(IpAddr::V4(bits.into()), port);
        let ask = Ask::Connect { protocol: Protocol::Tcp, to, zone: None, pins: &Pins::new(), now: at(0) };
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
    assert_eq!((permit.rule(), permit.rules()), (RuleId::new(0, 1), &[RuleId::new(0, 1)][..]));
    let to = "10.0.0.1:22".parse().unwrap();
    assert_eq!(permit.resource(), &Resource::Peer { protocol: Protocol::Tcp, to, zone: None });
}

#[test]
fn i6_only_the_pinned_address_and_port_may_be_dialled() {
    let own = grants(&["db.lab 22,80"], &[]);
    let none = Pins::new();
    assert_eq!(reason(connect(&own, "93.184.216.34:22", &none)), Reason::NotPinned);
    let pins = pinned(&own, &[("db.lab", "93.184.216.34")]);
    assert!(connect(&own, "93.184.216.34:22", &pins).is_ok());
    assert!(connect(&own, "[::ffff:93.184.216.34]:80", &pins).is_ok());
    assert_eq!(reason(connect(&own, "93.184.216.35:22", &pins)), Reason::NotPinned);
    assert_eq!(reason(connect(&own, "93.184.216.34:23", &pins)), Reason::PortNotGranted(RuleId::new(0, 0)));
    assert_eq!(reason(connect(&own, "[64:ff9b::93.184.216.34]:22", &pins)), Reason::NotPinned);
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
        assert!(matches!(refused, Reason::SpecialRange(_)), "{address}: {refused:?}");
    }
}

#[test]
fn i6_metadata_is_refused_in_every_spelling_and_allowed_by_its_address() {
    let wide = grants(&["any *", "db.lab *", "169.254.0.0/16 *", "169.254.169.254/32 *", "::/0 *"], &[]);
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
        assert_eq!(refused, Reason::SpecialRange(crate::Range::Metadata), "{spelling}");
        assert!(pin(&wide, "db.lab", spelling).is_err(), "{spelling}");
        let mapped = spelling.parse::<IpAddr>().unwrap().to_canonical().is_ipv4();
        assert_eq!(connect(&exact, &to, &Pins::new()).is_ok(), mapped, "{spelling}");
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
    for narrower in
        [grants(&["db.lab 80"], &[]), grants(&["other.lab *"], &[]), grants(&["db.lab 22 within 10.0.0.0/8"], &[])]
    {
        assert!(connect(&narrower, "93.184.216.34:22", &pins).is_err());
    }
    // The pin belongs to rule 0: a rule with another id that covers as much is not its rule.
    let renumbered = grants(&["other.lab *", "db.lab 22"], &[]);
    assert!(connect(&renumbered, "93.184.216.34:22", &pins).is_err());
    assert!(connect(&grants(&["db.lab 22"], &[]), "93.184.216.34:22", &pins).is_ok());
}

#[test]
fn a_deny_rule_of_one_protocol_leaves_the_other() {
    let (host, ports) = (Host::Name(name("db.lab")), Ports::all());
    let own = GrantsBuilder::new()
        .allow(RuleId::new(0, 0), ConnectRule::new(Protocol::Udp, host.clone(), ports.clone()))
        .deny(RuleId::new(0, 1), ConnectRule::new(Protocol::Tcp, host, ports.clone()))
        .want(ConnectRule::new(Protocol::Udp, Host::Any, ports))
        .finish();
    assert!(resolve(&own, "db.lab").is_ok());
    let pins = pinned(&own, &[("db.lab", "93.184.216.34")]);
    let to = "93.184.216.34:53".parse().unwrap();
    let (pins, now) = (&pins, at(0));
    for (protocol, allowed) in [(Protocol::Udp, true), (Protocol::Tcp, false)] {
        let ask = Ask::Connect { protocol, to, zone: None, pins, now };
        assert_eq!(own.decide(&ask).is_ok(), allowed, "{protocol}");
    }
}

#[test]
fn a_name_is_looked_up_only_for_ports_that_both_sides_name() {
    let own = grants_wanting(&["db.lab 22"], &[], &["db.lab 80"]);
    assert_eq!(reason(resolve(&own, "db.lab")), Reason::NotWanted);
    assert_eq!(reason(pin(&own, "db.lab", "93.184.216.34")), Reason::NotWanted);
    assert!(resolve(&grants_wanting(&["db.lab 22"], &[], &["db.lab 1-80"]), "db.lab").is_ok());
}

#[test]
fn a_rule_of_a_kind_that_the_manifest_does_not_want_is_not_what_the_manifest_lacks() {
    // A flag for one plugin's questions is a rule of every other plugin too.
    let own = crate::testing::mixed(&["resolve any"], &[], &["any *"], &[]);
    let denial = resolve(&own, "db.lab").unwrap_err();
    assert_eq!(
        (denial.reason(), crate::testing::suggested(&denial)),
        (Reason::NoRule, vec!["connect tcp://db.lab:*".to_owned()])
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
        assert_eq!(own.grants_connect(Protocol::Tcp), granted, "{allow} for {want}");
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
    fn an_exact_rule_reaches_any_address_but_tunnels(v4: u32, v6: u128) {
        for address in [IpAddr::V4(Ipv4Addr::from(v4)), IpAddr::V6(Ipv6Addr::from(v6))] {
            let own = grants(&[&format!("{address} 22")], &[]);
            let to = SocketAddr::new(address, 22).to_string();
            prop_assert_eq!(connect(&own, &to, &Pins::new()).is_ok(), !crate::is_closed(address));
        }
    }

    #[test]
    fn no_rule_reaches_a_tunnel(v4: u32, low: u128, which in 0usize..3) {
        let low = low >> 48;
        let address = IpAddr::V6(Ipv6Addr::from(match which {
            0 => 0x2002_u128 << 112 | u128::from(v4) << 80 | low >> 16,
            1 => 0x2001_u128 << 112 | low,
            _ => 0x0064_ff9b_0001_u128 << 80 | low,
        }));
        let exact = address.to_string();
        let own = crate::testing::mixed(
            &[&format!("{exact} *"), "any *", "::/0 *", &format!("ping {exact}"), "ping any", "resolve any",
              &format!("servers [{exact}]:53"), "servers any"],
            &[],
            &["any *", "ping any", "resolve any", "servers every"],
            &[],
        );
        let pins = Pins::new();
        let to = SocketAddr::new(address, 53);
        prop_assert!(connect(&own, &to.to_string(), &pins).is_err());
        prop_assert!(crate::testing::ping(&own, &exact, &pins).is_err());
        prop_assert!(crate::testing::ask_server(&own, &to.to_string(), "a.example").is_err());
    }
}

#[test]
fn every_row_of_the_table_is_closed_to_broad_rules_of_every_kind() {
    use crate::testing::{ask_server, mixed, ping};
    let broad = mixed(
        &[
            "any *",
            "db.lab *",
            "0.0.0.0/0 *",
            "::/0 *",
            "ping any",
            "ping db.lab",
            "resolve any",
            "servers any",
            "servers 0.0.0.0/0",
        ],
        &[],
        &["any *", "ping any", "resolve any", "servers every"],
        &[],
    );
    let none = Pins::new();
    for row in crate::SPECIAL {
        let address = row.network.address();
        let (text, to) = (address.to_string(), SocketAddr::new(address, 53).to_string());
        assert!(connect(&broad, &to, &none).is_err(), "{}", row.network);
        assert!(pin(&broad, "db.lab", &text).is_err(), "{}", row.network);
        assert!(ping(&broad, &text, &none).is_err(), "{}", row.network);
        assert!(ask_server(&broad, &to, "a.example").is_err(), "{}", row.network);
        // A rule for the network opens it, where it is none of tunnels, to what it is for; and a
        // group is not pinged so.
        let network = row.network.to_string();
        let own =
            [format!("{network} *"), format!("ping {network}"), "resolve any".into(), format!("servers {network}")];
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let opened = mixed(&own, &[], &["any *", "ping any", "resolve any", "servers every"], &[]);
        let nested = crate::classify(address) != row.range;
        let closed = row.range.needs_exact_rule() || nested;
        let group = matches!(row.range, Range::Multicast | Range::Broadcast);
        assert_eq!(connect(&opened, &to, &none).is_ok(), !closed, "{}", row.network);
        assert_eq!(ping(&opened, &text, &none).is_ok(), !closed && !group, "{}", row.network);
        assert_eq!(ask_server(&opened, &to, "a.example").is_ok(), !closed, "{}", row.network);
        // And a deny rule for it closes it again.
        let denied = mixed(&own, &own, &["any *", "ping any", "resolve any", "servers every"], &[]);
        assert!(matches!(reason(connect(&denied, &to, &none)), Reason::Denied(_)), "{}", row.network);
        assert!(matches!(reason(ping(&denied, &text, &none)), Reason::Denied(_)), "{}", row.network);
        assert!(matches!(reason(ask_server(&denied, &to, "a.example")), Reason::Denied(_)), "{}", row.network);
    }
}
