//! A name on a port, before its addresses are known: the answer is the one that the lookup, the pin
//! and the connect come to.

use super::*;
use crate::Resource;
use crate::testing::suggested;

fn dial(grants: &Grants, text: &str, port: u16) -> Result<Vec<RuleId>, Denial> {
    grants.would_allow(&crate::NameUse::Dial { protocol: Protocol::Tcp, name: &name(text), port })
}

/// The way of an effect: look the name up, keep the answer, dial it.
fn by_lookup(grants: &Grants, text: &str, address: &str, port: u16) -> bool {
    if resolve(grants, text).is_err() {
        return false;
    }
    let mut pins = Pins::new();
    if let Ok(permit) = pin(grants, text, address) {
        assert!(pins.insert(permit, None, at(0)));
    }
    !pins.is_empty() && connect(grants, &format!("{address}:{port}"), &pins).is_ok()
}

#[test]
fn a_covered_name_and_port_may_be_dialled_and_its_neighbours_may_not() {
    let own = grants(&["*.lab.example 22,8000-8099", "db.example 5432 within 10.0.0.0/8"], &[]);
    assert_eq!(dial(&own, "a.lab.example", 8001), Ok(vec![RuleId::new(0, 0)]));
    assert_eq!(dial(&own, "db.example", 5432), Ok(vec![RuleId::new(0, 1)]));
    for (name, port, expected) in [
        ("a.lab.example", 23, Reason::PortNotGranted(RuleId::new(0, 0))),
        ("lab.example", 22, Reason::NoRule),
        ("notlab.example", 22, Reason::NoRule),
        ("db.example", 22, Reason::PortNotGranted(RuleId::new(0, 1))),
        ("a.lab.example", 0, Reason::BadPort),
    ] {
        let denial = dial(&own, name, port).unwrap_err();
        assert_eq!(denial.reason(), expected, "{name}:{port}");
    }
    let denial = dial(&own, "other.example", 22).unwrap_err();
    assert_eq!(
        denial.for_model(),
        "denied: this plugin may not connect to `tcp://other.example:22`: the operator's policy decides that"
    );
    assert_eq!(suggested(&denial), ["connect tcp://other.example:22"]);
}

#[test]
fn deny_rules_and_the_manifest_speak_of_names_too() {
    let own = grants(&["*.example *"], &["bad.example *", "*.example 25"]);
    assert!(dial(&own, "good.example", 22).is_ok());
    assert_eq!(reason(dial(&own, "bad.example", 22)), Reason::Denied(RuleId::new(0, 100)));
    assert_eq!(reason(dial(&own, "good.example", 25)), Reason::Denied(RuleId::new(0, 101)));
    let own = grants_wanting(&["*.example *"], &[], &["good.example 22"]);
    assert!(dial(&own, "good.example", 22).is_ok());
    for (name, port) in [("good.example", 23), ("other.example", 22)] {
        assert_eq!(reason(dial(&own, name, port)), Reason::NotWanted, "{name}:{port}");
    }
}

#[test]
fn localhost_is_dialled_by_its_addresses() {
    assert!(dial(&grants(&["localhost 22"], &[]), "localhost", 22).is_ok());
    assert!(dial(&grants(&["::1 22"], &[]), "localhost", 22).is_ok());
    assert!(dial(&grants(&["127.0.0.0/8 *"], &[]), "localhost", 22).is_ok());
    assert_eq!(reason(dial(&grants(&["any *"], &[]), "localhost", 22)), Reason::SpecialRange(Range::Loopback));
    assert_eq!(reason(dial(&grants(&["a.example *"], &[]), "localhost", 22)), Reason::NoRule);
    assert_eq!(
        reason(dial(&grants(&["localhost *"], &["localhost 22"]), "localhost", 22)),
        Reason::Denied(RuleId::new(0, 100))
    );
    let denial = dial(&grants(&["localhost 22"], &[]), "localhost", 23).unwrap_err();
    assert_eq!(suggested(&denial), ["connect tcp://localhost:23"]);
}

#[test]
fn a_lookup_is_no_answer_and_cannot_be_pinned() {
    let permit = resolve(&grants(&["a.example 22"], &[]), "a.example").unwrap();
    assert!(matches!(permit.resource(), Resource::Name(_)));
    assert!(!Pins::new().insert(permit, None, at(0)));
}

/// Rules that speak of names, so that what a name may do comes from them alone.
fn named() -> impl Strategy<Value = String> {
    let host = prop::sample::select(vec!["a.example", "b.a.example", "*.example", "*.a.example", "c.test", "*.test"]);
    let ports = prop::sample::select(vec!["*", "22", "22,80", "1-100", "443"]);
    (host, ports).prop_map(|(host, ports)| format!("{host} {ports}"))
}

proptest! {
    #[test]
    fn what_may_be_dialled_is_what_a_lookup_a_pin_and_a_connect_allow(
        allow in prop::collection::vec(named(), 0..4),
        deny in prop::collection::vec(named(), 0..3),
        wants in prop::collection::vec(named(), 0..3),
        everything: bool,
        asked in prop::sample::select(vec!["a.example", "b.a.example", "c.test", "x.c.test", "example", "other.net"]),
        port in prop::sample::select(vec![22u16, 80, 443, 50, 9999]),
    ) {
        let mut wants: Vec<&str> = wants.iter().map(String::as_str).collect();
        if everything {
            wants.push("any *");
        }
        let (allow, deny): (Vec<&str>, Vec<&str>) =
            (allow.iter().map(String::as_str).collect(), deny.iter().map(String::as_str).collect());
        let own = grants_wanting(&allow, &deny, &wants);
        // A public answer is what a covered name gets to dial.
        prop_assert_eq!(dial(&own, asked, port).is_ok(), by_lookup(&own, asked, "93.184.216.34", port));
        // And a special one never, as no rule here says `within`.
        prop_assert!(!by_lookup(&own, asked, "10.0.0.5", port));
    }
}
