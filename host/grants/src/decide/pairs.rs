//! The decision: allow and deny in pairs, reason by reason.

use super::*;

#[test]
fn names_are_looked_up_only_if_a_rule_covers_them() {
    let own = grants(&["*.lab.example 22", "localhost 80"], &[]);
    assert!(resolve(&own, "db.lab.example").is_ok());
    assert!(resolve(&own, "localhost").is_ok());
    for text in ["lab.example", "lab.example.evil", "notlab.example", "secret-data.evil"] {
        assert_eq!(reason(resolve(&own, text)), Reason::NoRule, "{text}");
    }
    let loopback = Reason::SpecialRange(crate::Range::Loopback);
    assert_eq!(reason(resolve(&grants(&["any *"], &[]), "localhost")), loopback);
}

#[test]
fn localhost_is_its_two_addresses() {
    let own = grants(&["localhost 80"], &[]);
    let none = Pins::new();
    for to in ["127.0.0.1:80", "[::1]:80", "[::ffff:127.0.0.1]:80"] {
        assert!(connect(&own, to, &none).is_ok(), "{to}");
    }
    assert_eq!(reason(connect(&own, "127.0.0.1:81", &none)), Reason::PortNotGranted(RuleId::new(0, 0)));
    for to in ["127.0.0.2:80", "0.0.0.0:80", "[::]:80", "[::127.0.0.1]:80", "[64:ff9b::7f00:1]:80"] {
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
    assert_eq!(reason(connect(&own, "10.0.0.6:22", &pins)), Reason::NotPinned);
    for address in ["192.168.0.1", "93.184.216.34"] {
        assert_eq!(reason(pin(&own, "db.lab", address)), Reason::OutsideWithin(RuleId::new(0, 0)));
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
    let own = grants(&["any *", "10.0.0.13 *", "db.lab *"], &["10.0.0.0/24 *", "93.184.216.34 22"]);
    let none = Pins::new();
    for to in ["10.0.0.13:22", "[::ffff:10.0.0.13]:22"] {
        assert_eq!(reason(connect(&own, to, &none)), Reason::Denied(RuleId::new(0, 100)), "{to}");
    }
    let pins = pinned(&own, &[("db.lab", "93.184.216.34")]);
    assert_eq!(reason(connect(&own, "93.184.216.34:22", &pins)), Reason::Denied(RuleId::new(0, 101)));
    assert!(connect(&own, "93.184.216.34:80", &pins).is_ok());
    assert_eq!(reason(connect(&own, "[64:ff9b::93.184.216.34]:22", &none)), Reason::Denied(RuleId::new(0, 101)));
}

#[test]
fn a_denied_name_is_neither_looked_up_nor_kept_nor_dialled() {
    let own = grants(&["*.lab *"], &["db.lab *", "web.lab 80"]);
    assert_eq!(reason(resolve(&own, "db.lab")), Reason::Denied(RuleId::new(0, 100)));
    assert_eq!(reason(pin(&own, "db.lab", "93.184.216.34")), Reason::Denied(RuleId::new(0, 100)));
    // A deny for one port leaves the others, so the name can be looked up.
    assert!(resolve(&own, "web.lab").is_ok());
    let pins = pinned(&own, &[("web.lab", "93.184.216.34")]);
    assert!(connect(&own, "93.184.216.34:81", &pins).is_ok());
    assert_eq!(reason(connect(&own, "93.184.216.34:80", &pins)), Reason::Denied(RuleId::new(0, 101)));
}

#[test]
fn a_denied_answer_is_not_kept() {
    let own = grants(&["db.lab 22"], &["93.184.216.0/24 *"]);
    assert_eq!(reason(pin(&own, "db.lab", "93.184.216.34")), Reason::Denied(RuleId::new(0, 100)));
    assert_eq!(reason(pin(&own, "db.lab", "64:ff9b::93.184.216.34")), Reason::Denied(RuleId::new(0, 100)));
    assert!(pin(&own, "db.lab", "93.184.217.34").is_ok());
}

#[test]
fn what_the_manifest_does_not_want_is_not_granted() {
    let own = grants_wanting(&["*.lab 22", "10.0.0.0/8 22"], &[], &["db.lab *"]);
    assert!(resolve(&own, "db.lab").is_ok());
    assert_eq!(reason(resolve(&own, "web.lab")), Reason::NotWanted);
    assert_eq!(reason(pin(&own, "web.lab", "93.184.216.34")), Reason::NotWanted);
    assert_eq!(reason(connect(&own, "10.0.0.1:22", &Pins::new())), Reason::NotWanted);
    let pins = pinned(&own, &[("db.lab", "93.184.216.34")]);
    assert!(connect(&own, "93.184.216.34:22", &pins).is_ok());
}

#[test]
fn a_want_of_a_name_is_served_by_any() {
    let own = grants_wanting(&["any 443"], &[], &["api.example.com 443"]);
    let pins = pinned(&own, &[("api.example.com", "93.184.216.34")]);
    assert!(connect(&own, "93.184.216.34:443", &pins).is_ok());
    assert_eq!(reason(connect(&own, "93.184.216.35:443", &pins)), Reason::NotWanted);
}

#[test]
fn a_bind_is_the_wildcard_with_port_zero_if_anything_may_be_dialled() {
    let own = grants(&["localhost 80"], &[]);
    for local in ["0.0.0.0:0", "[::]:0", "[::ffff:0.0.0.0]:0"] {
        assert!(bind(&own, local).is_ok(), "{local}");
        assert_eq!(reason(bind(&grants(&[], &[]), local)), Reason::NoRule, "{local}");
        assert_eq!(reason(bind(&Grants::default(), local)), Reason::NotWanted, "{local}");
    }
    for local in ["0.0.0.0:80", "127.0.0.1:0", "[::1]:0", "10.0.0.1:0"] {
        assert_eq!(reason(bind(&own, local)), Reason::BindNotGranted, "{local}");
    }
    let udp = Ask::Bind { protocol: Protocol::Udp, at: "0.0.0.0:0".parse().unwrap() };
    assert_eq!(own.decide(&udp).unwrap_err().reason(), Reason::NotWanted);
    let unwanted = grants_wanting(&["localhost 80"], &[], &["db.lab 80"]);
    assert_eq!(reason(bind(&unwanted, "0.0.0.0:0")), Reason::NotWanted);
}

#[test]
fn protocols_ports_and_zones_are_checked() {
    let own = grants(&["any *", "10.0.0.0/8 *", "fe80::/10 *"], &[]);
    let none = Pins::new();
    let to = "93.184.216.34:53".parse().unwrap();
    let udp = Ask::Connect { protocol: Protocol::Udp, to, zone: None, pins: &none, now: at(0) };
    assert_eq!(own.decide(&udp).unwrap_err().reason(), Reason::NotWanted);
    assert_eq!(reason(connect(&own, "10.0.0.1:0", &none)), Reason::BadPort);
    assert_eq!(reason(connect(&own, "[fe80::1%2]:22", &none)), Reason::ZoneNotGranted);
    assert_eq!(reason(connect(&own, "[2606:4700::1111%2]:22", &none)), Reason::ZoneNotGranted);
    assert!(connect(&own, "[2606:4700::1111]:22", &none).is_ok());
}

#[test]
fn listening_is_not_yet_available_whatever_is_granted() {
    let own = grants(&["any *"], &[]);
    every_ask(ip("93.184.216.34"), 80, &name("a.example"), &Pins::new(), &|ask| {
        if matches!(ask, Ask::Listen { .. } | Ask::Accept { .. }) {
            let denial = own.decide(&ask).unwrap_err();
            assert_eq!(denial.reason(), Reason::NotYetAvailable);
        }
    });
}

#[test]
fn the_nearest_reason_is_told() {
    let none = Pins::new();
    let own = grants(&["10.0.0.0/8 22", "any 22", "db.lab 22"], &[]);
    assert_eq!(reason(connect(&own, "10.0.0.1:23", &none)), Reason::PortNotGranted(RuleId::new(0, 0)));
    let private = Reason::SpecialRange(crate::Range::Private);
    assert_eq!(reason(connect(&own, "192.168.0.1:22", &none)), private);
    assert_eq!(reason(connect(&grants(&[], &[]), "192.168.0.1:22", &none)), Reason::NoRule);
}
