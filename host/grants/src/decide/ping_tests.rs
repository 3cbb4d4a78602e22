//! Who may be pinged: allow and deny in pairs.

use super::*;
use crate::Rule;
use crate::testing::{any_rule, mixed, ping, suggested};

fn pings(allow: &[&str], deny: &[&str]) -> Grants {
    mixed(allow, deny, &["ping any"], &[])
}

fn pinned_for(own: &Grants, text: &str, address: &str) -> Pins {
    let mut pins = Pins::new();
    assert!(pins.insert(pin(own, text, address).unwrap(), None, at(0)));
    pins
}

#[test]
fn an_address_is_pinged_where_a_rule_covers_it() {
    let own = pings(&["ping 10.0.0.0/8", "ping localhost", "ping 192.0.2.7"], &[]);
    let none = Pins::new();
    for to in ["10.1.2.3", "::ffff:10.1.2.3", "127.0.0.1", "::1", "192.0.2.7"] {
        assert!(ping(&own, to, &none).is_ok(), "{to}");
    }
    for to in ["11.0.0.1", "127.0.0.2", "192.0.2.8", "64:ff9b::10.1.2.3", "2002:a01:203::", "0.0.0.0"] {
        assert_eq!(reason(ping(&own, to, &none)), Reason::NoRule, "{to}");
    }
    assert!(ping(&pings(&["ping any"], &[]), "93.184.216.34", &none).is_ok());
    let private = Reason::SpecialRange(Range::Private);
    assert_eq!(reason(ping(&pings(&["ping any"], &[]), "10.0.0.1", &none)), private);
    let metadata = Reason::SpecialRange(Range::Metadata);
    assert_eq!(reason(ping(&pings(&["ping 169.254.0.0/16"], &[]), "169.254.169.254", &none)), metadata);
}

#[test]
fn rules_for_connections_let_nothing_be_pinged_and_the_other_way_round() {
    let none = Pins::new();
    let both = &["ping any", "any *"];
    let dials = mixed(&["10.0.0.0/8 *"], &[], both, &[]);
    assert_eq!(reason(ping(&dials, "10.0.0.1", &none)), Reason::NoRule);
    assert!(connect(&dials, "10.0.0.1:22", &none).is_ok() && !dials.grants_ping());
    let pings = mixed(&["ping 10.0.0.0/8"], &[], both, &[]);
    assert_eq!(reason(connect(&pings, "10.0.0.1:22", &none)), Reason::NoRule);
    assert!(pings.grants_ping() && !pings.grants_connect(Protocol::Tcp) && !pings.is_empty());
    let denied = mixed(&["ping 10.0.0.0/8"], &["10.0.0.1 *"], both, &[]);
    assert!(ping(&denied, "10.0.0.1", &none).is_ok(), "a deny rule for connections is none for pings");
}

#[test]
fn a_name_is_pinged_over_its_pin_and_a_pin_serves_its_own_kind_of_rule() {
    let both = &["ping any", "any *"];
    let own = mixed(&["ping *.lab", "db.lab 22"], &[], both, &[]);
    assert!(resolve(&own, "web.lab").is_ok());
    let none = Pins::new();
    assert_eq!(reason(ping(&own, "93.184.216.34", &none)), Reason::NotPinned);
    let web = pinned_for(&own, "web.lab", "93.184.216.34");
    assert!(ping(&own, "93.184.216.34", &web).is_ok());
    assert!(connect(&own, "93.184.216.34:22", &web).is_err(), "a ping rule's pin lets nothing be dialled");
    let late = Ask::Ping { to: ip("93.184.216.34"), zone: None, pins: &web, now: at(60) };
    assert_eq!(own.decide(&late).unwrap_err().reason(), Reason::PinExpired);

    let dials = mixed(&["db.lab 22", "ping other.lab"], &[], both, &[]);
    let db = pinned_for(&dials, "db.lab", "93.184.216.34");
    assert!(connect(&dials, "93.184.216.34:22", &db).is_ok());
    assert_eq!(reason(ping(&dials, "93.184.216.34", &db)), Reason::NotPinned);

    let within = mixed(&["ping db.lab within 10.0.0.0/8"], &[], both, &[]);
    assert!(ping(&within, "10.0.0.5", &pinned_for(&within, "db.lab", "10.0.0.5")).is_ok());
    assert_eq!(reason(pin(&within, "db.lab", "192.168.0.1")), Reason::OutsideWithin(RuleId::new(0, 0)));
    assert_eq!(reason(pin(&own, "web.lab", "10.0.0.5")), Reason::SpecialRange(Range::Private));
}

#[test]
fn groups_are_pinged_by_their_very_address_only() {
    let none = Pins::new();
    for (group, networks) in [
        ("224.0.0.1", ["ping 224.0.0.0/4", "ping 224.0.0.1/32"]),
        ("255.255.255.255", ["ping 240.0.0.0/4", "ping 255.255.255.255/32"]),
        ("ff0e::1", ["ping ff00::/8", "ping ff0e::1/128"]),
    ] {
        for network in networks {
            let refused = reason(ping(&pings(&[network, "ping any"], &[]), group, &none));
            assert!(matches!(refused, Reason::SpecialRange(_)), "{network}: {refused:?}");
        }
        let exact = format!("ping {group}");
        assert!(ping(&pings(&[&exact], &[]), group, &none).is_ok(), "{group}");
        let named = pings(&["ping db.lab within 224.0.0.0/4 240.0.0.0/4 ff00::/8"], &[]);
        assert!(matches!(reason(pin(&named, "db.lab", group)), Reason::SpecialRange(_)), "{group}");
    }
}

#[test]
fn deny_wins_for_addresses_in_every_clothing_and_for_names() {
    let own =
        pings(&["ping any", "ping 10.0.0.0/8", "ping *.lab"], &["ping 10.0.0.13", "ping bad.lab", "resolve *.no.lab"]);
    let none = Pins::new();
    for to in ["10.0.0.13", "::ffff:10.0.0.13", "64:ff9b::10.0.0.13", "2002:a00:d::1"] {
        assert_eq!(reason(ping(&own, to, &none)), Reason::Denied(RuleId::new(0, 100)), "{to}");
    }
    assert!(ping(&own, "10.0.0.14", &none).is_ok());
    let by_name = |text: &str| own.would_allow(&crate::NameUse::Ping { name: &name(text) });
    assert!(by_name("good.lab").is_ok());
    assert_eq!(reason(by_name("bad.lab")), Reason::Denied(RuleId::new(0, 101)));
    assert_eq!(reason(by_name("a.no.lab")), Reason::Denied(RuleId::new(0, 102)));
    for text in ["bad.lab", "a.no.lab"] {
        assert!(matches!(reason(pin(&own, text, "93.184.216.34")), Reason::Denied(_)), "{text}");
    }
}

#[test]
fn what_the_manifest_does_not_want_is_not_pinged() {
    let own = mixed(&["ping any", "ping *.lab"], &[], &["ping db.lab"], &[]);
    let none = Pins::new();
    assert_eq!(reason(ping(&own, "93.184.216.34", &none)), Reason::NotWanted);
    assert_eq!(reason(own.would_allow(&crate::NameUse::Ping { name: &name("web.lab") })), Reason::NotWanted);
    assert!(ping(&own, "93.184.216.34", &pinned_for(&own, "db.lab", "93.184.216.34")).is_ok());
    assert!(!mixed(&["ping any"], &[], &["any *"], &[]).grants_ping());
}

#[test]
fn a_zone_is_named_by_the_rule() {
    let own = pings(&["ping fe80::1%eth0", "ping fe80::2%3", "ping 10.0.0.1"], &["ping fe80::9%eth1"]);
    let none = Pins::new();
    let ask = |to: &str, index: u32, name: Option<&str>| {
        let zone = Zone { index, name: name.map(Into::into) };
        own.decide(&Ask::Ping { to: ip(to), zone: Some(&zone), pins: &none, now: at(0) })
    };
    assert!(ask("fe80::1", 2, Some("eth0")).is_ok());
    assert!(ask("fe80::2", 3, None).is_ok());
    assert_eq!(reason(ask("fe80::1", 2, Some("eth1"))), Reason::ZoneNotGranted);
    assert_eq!(reason(ask("fe80::1", 2, None)), Reason::ZoneNotGranted);
    assert_eq!(reason(ask("10.0.0.1", 2, Some("eth0"))), Reason::ZoneNotGranted);
    assert_eq!(reason(ping(&own, "fe80::1", &none)), Reason::ZoneNotGranted);
    assert_eq!(reason(ask("fe80::9", 4, Some("eth1"))), Reason::Denied(RuleId::new(0, 100)));
    let denial = ask("fe80::7", 2, Some("eth0")).unwrap_err();
    assert_eq!(denial.resource().to_string(), "ping:fe80::7%eth0");
    assert_eq!(suggested(&denial), ["ping fe80::7%eth0"]);
}

#[test]
fn refusals_name_the_host_and_the_line() {
    let none = Pins::new();
    let denial = ping(&pings(&[], &[]), "::ffff:10.0.0.1", &none).unwrap_err();
    assert_eq!(denial.resource().to_string(), "ping:10.0.0.1");
    assert_eq!(denial.for_model(), "denied: this plugin may not ping `10.0.0.1`: the operator's policy decides that");
    assert_eq!(suggested(&denial), ["ping 10.0.0.1"]);
    let empty = pings(&[], &[]);
    assert_eq!(suggested(&resolve(&empty, "db.lab").unwrap_err()), ["ping db.lab"]);
    assert_eq!(
        suggested(&empty.would_allow(&crate::NameUse::Ping { name: &name("db.lab") }).unwrap_err()),
        ["ping db.lab"]
    );
    let private = pin(&pings(&["ping db.lab"], &[]), "db.lab", "10.0.0.5").unwrap_err();
    assert_eq!(suggested(&private), ["ping db.lab within 10.0.0.5/32"]);
    assert_eq!(any_rule("ping fd00::/8").to_string(), "fd00::/8");
    assert!(matches!(any_rule("ping db.lab within 10.0.0.0/8"), Rule::Ping(_)));
}

proptest! {
    #[test]
    fn any_pings_public_addresses_only(v4: u32, v6: u128) {
        let own = pings(&["ping any"], &[]);
        for address in [IpAddr::V4(Ipv4Addr::from(v4)), IpAddr::V6(Ipv6Addr::from(v6))] {
            let public = crate::classify(address) == Range::Public;
            prop_assert_eq!(ping(&own, &address.to_string(), &Pins::new()).is_ok(), public);
        }
    }
}
