//! The words of refusals: what the model reads never says what to write.

use super::*;
use crate::testing::{
    ask_server, at, connect, connect_at, grants, grants_wanting, mixed, name, pin, ping, pinned, read, resolve,
    suggested,
};
use crate::{Ask, NameUse, Pins, Protocol};

#[test]
fn the_model_reads_the_resource_and_who_decides() {
    let denial = connect(&grants(&[], &[]), "10.0.0.1:22", &Pins::new()).unwrap_err();
    assert_eq!(denial.resource().to_string(), "tcp://10.0.0.1:22");
    assert_eq!(
        denial.for_model(),
        "denied: this plugin may not connect to `tcp://10.0.0.1:22`: the operator's policy decides that"
    );
    let denial = resolve(&grants(&[], &[]), "DB.lab.example.").unwrap_err();
    assert_eq!(
        denial.for_model(),
        "denied: this plugin may not look up `db.lab.example`: the operator's policy decides that"
    );
    let denial = pin(&grants(&["db.lab 22"], &[]), "db.lab", "10.0.0.5").unwrap_err();
    assert_eq!(
        denial.for_model(),
        "denied: this plugin may not reach `10.0.0.5`, to which `db.lab` leads: the operator's policy decides that"
    );
}

#[test]
fn the_two_keys_refuse_in_different_words() {
    let policy = connect(&grants_wanting(&[], &[], &["any *"]), "10.0.0.1:22", &Pins::new());
    let manifest = connect(&grants_wanting(&["10.0.0.1 22"], &[], &[]), "10.0.0.1:22", &Pins::new());
    let (policy, manifest) = (policy.unwrap_err(), manifest.unwrap_err());
    assert_eq!((policy.reason(), manifest.reason()), (Reason::NoRule, Reason::NotWanted));
    assert!(policy.for_model().ends_with("the operator's policy decides that"));
    assert!(manifest.for_model().contains("it does not ask for that in its manifest"));
    let words = "plugin `tcp` may not connect to `tcp://10.0.0.1:22`: the plugin's manifest does not want it";
    assert_eq!((manifest.for_operator("tcp").as_str(), manifest.remedy()), (words, Remedy::Manifest));
}

#[test]
fn the_operator_reads_the_smallest_rule_that_would_allow_it() {
    let pins = Pins::new();
    for (allow, to, line) in [
        (&[][..], "10.0.0.1:22", "connect tcp://10.0.0.1:22"),
        (&[], "[::1]:22", "connect tcp://[::1]:22"),
        (&[], "[::ffff:10.0.0.1]:22", "connect tcp://10.0.0.1:22"),
        (&["any *"], "10.0.0.1:22", "connect tcp://10.0.0.1:22"),
        (&["10.0.0.1 23"], "10.0.0.1:22", "connect tcp://10.0.0.1:22"),
        (&["db.lab 22"], "93.184.216.34:22", "connect tcp://93.184.216.34:22"),
        (&[], "[fe80::1%2]:22", "connect tcp://[fe80::1%2]:22"),
    ] {
        assert_eq!(suggested(&connect(&grants(allow, &[]), to, &pins).unwrap_err()), [line], "{to}");
    }
}

#[test]
fn a_name_gets_a_rule_for_the_name() {
    let line = |denial: Denial| suggested(&denial).join(" and ");
    let private = grants(&["db.lab 22"], &[]);
    assert_eq!(line(resolve(&grants(&[], &[]), "db.lab").unwrap_err()), "connect tcp://db.lab:*");
    assert_eq!(line(pin(&private, "db.lab", "10.0.0.5").unwrap_err()), "connect tcp://db.lab:22 within 10.0.0.5/32");
    assert_eq!(
        line(pin(&private, "db.lab", "fd00::5efe:10.0.0.1").unwrap_err()),
        "connect tcp://db.lab:22 within fd00::5efe:a00:1/128"
    );
    for closed in ["64:ff9b:1::1", "2002:a00:1::1", "2001::1", "192.88.99.1", "2002:a9fe:a9fe::"] {
        assert_eq!(pin(&private, "db.lab", closed).unwrap_err().remedy(), Remedy::NoRuleForAnswer, "{closed}");
    }
    let public = grants(&["db.lab 22"], &[]);
    let pins = pinned(&public, &[("db.lab", "93.184.216.34")]);
    let port = connect(&public, "93.184.216.34:23", &pins).unwrap_err();
    assert_eq!(port.reason(), Reason::PortNotGranted(RuleId::new(0, 0)));
    assert_eq!(line(port), "connect tcp://db.lab:23");
}

#[test]
fn no_rule_is_suggested_for_what_no_name_may_lead_to() {
    let dials = grants(&["*.lab 80"], &[]);
    let pings = mixed(&["ping *.lab"], &[], &["ping any"], &[]);
    for (own, address) in [
        (&dials, "169.254.169.254"),
        (&dials, "64:ff9b::169.254.169.254"),
        (&dials, "fd00:ec2::254"),
        (&dials, "2606:4700::5efe:93.184.216.34"),
        (&pings, "169.254.169.254"),
        (&pings, "224.0.0.1"),
        (&pings, "255.255.255.255"),
        (&pings, "ff0e::1"),
        (&pings, "2606:4700::5efe:93.184.216.34"),
    ] {
        let denial = pin(own, "db.lab", address).unwrap_err();
        assert!(matches!(denial.reason(), Reason::SpecialRange(_)), "{address}");
        assert_eq!(denial.remedy(), Remedy::NoRuleForAnswer, "{address}");
    }
    // `localhost` leads to its two addresses, whatever an answer says.
    let local = pin(&grants(&["any *"], &[]), "localhost", "93.184.216.34").unwrap_err();
    assert!(suggested(&local).is_empty());
}

#[test]
fn no_rule_is_suggested_for_what_the_manifest_does_not_want() {
    let pins = Pins::new();
    let dials = mixed(&[], &[], &["any 22"], &[]);
    let reads = mixed(&[], &[], &["read /var"], &[]);
    let asks = mixed(&[], &[], &["resolve *.lab", "servers system"], &["192.0.2.1:53"]);
    let pings = mixed(&["any *"], &[], &["ping 10.0.0.0/8"], &[]);
    let permitted = |rules: Vec<RuleId>| panic!("{rules:?}");
    let named = NameUse::Dial { protocol: Protocol::Tcp, name: &name("a.lab"), port: 22 };
    for refused in [
        ping(&dials, "10.0.0.1", &pins),
        connect(&dials, "10.0.0.1:23", &pins),
        read(&dials, "/var/log"),
        read(&reads, "/etc/hosts"),
        resolve(&reads, "a.lab"),
        reads.would_allow(&named).map(permitted),
        ask_server(&dials, "192.0.2.1:53", "a.lab"),
        ask_server(&asks, "192.0.2.1:53", "a.example"),
        ask_server(&asks, "9.9.9.9:53", "a.lab"),
        resolve(&asks, "a.example"),
        pin(&asks, "a.lab", "93.184.216.34"),
        ping(&pings, "11.0.0.1", &pins),
        pings.would_allow(&NameUse::Ping { name: &name("a.lab") }).map(permitted),
        connect(&pings, "10.0.0.1:22", &pins),
    ] {
        let denial = refused.unwrap_err();
        assert_eq!((denial.reason(), denial.remedy()), (Reason::NotWanted, Remedy::Manifest), "{}", denial.resource());
        assert!(denial.for_model().contains("it does not ask for that in its manifest"));
    }
    // A deny rule is told before that; a manifest that wants names is reminded of the lookup.
    let denied = mixed(&[], &["ping 10.0.0.1"], &["any 22"], &[]);
    assert_eq!(ping(&denied, "10.0.0.1", &pins).unwrap_err().reason(), Reason::Denied(RuleId::new(0, 100)));
    let by_name = mixed(&["*.lab 22"], &[], &["*.lab *"], &[]);
    let denial = connect(&by_name, "93.184.216.34:22", &pins).unwrap_err();
    assert_eq!((denial.reason(), denial.remedy()), (Reason::NotPinned, Remedy::LookUp));
}

#[test]
fn the_kind_of_rule_that_is_suggested_for_a_name_is_one_that_the_manifest_wants_it_for() {
    let rules = |own: &crate::Grants, text: &str| suggested(&resolve(own, text).unwrap_err());
    let own = mixed(&[], &[], &["resolve a.lab", "*.lab 22"], &[]);
    assert_eq!(rules(&own, "a.lab"), ["resolve a.lab"]);
    assert_eq!(rules(&own, "b.lab"), ["connect tcp://b.lab:22"]);
    assert!(rules(&own, "b.example").is_empty());
    assert_eq!(suggested(&pin(&own, "b.lab", "10.0.0.1").unwrap_err()), ["connect tcp://b.lab:22 within 10.0.0.1/32"]);
}

#[test]
fn where_no_rule_helps_none_is_suggested() {
    let pins = Pins::new();
    let denied = connect(&grants(&["any *"], &["any *"]), "93.184.216.34:22", &pins).unwrap_err();
    assert_eq!(denied.reason(), Reason::Denied(RuleId::new(0, 100)));
    assert_eq!(denied.rule(), Some(RuleId::new(0, 100)));
    let words = "plugin `tcp` may not connect to `tcp://93.184.216.34:22`: a deny rule covers it, and deny wins";
    assert_eq!((denied.for_operator("tcp").as_str(), denied.remedy()), (words, Remedy::DenyRule));
    for to in ["93.184.216.34:0", "[fe80::1]:22", "[2606:4700::1%2]:22", "0.0.0.0:22", "[::]:22", "[2002:a00:1::1]:22"]
    {
        let denial = connect(&grants(&[], &[]), to, &pins).unwrap_err();
        assert_eq!(denial.remedy(), Remedy::NoRule, "{to}");
    }
}

#[test]
fn an_expired_lookup_says_to_look_up_again() {
    let grants = grants(&["db.lab 22"], &[]);
    let pins = pinned(&grants, &[("db.lab", "93.184.216.34")]);
    let denial = connect_at(&grants, "93.184.216.34:22", &pins, at(60)).unwrap_err();
    assert_eq!(denial.reason(), Reason::PinExpired);
    assert!(denial.for_model().contains("the name has to be looked up again"));
    assert_eq!(denial.remedy(), Remedy::LookUpAgain);
}

#[test]
fn i15_no_text_for_the_model_says_what_to_write() {
    let pins = Pins::new();
    let some = grants(&["db.lab 22", "10.0.0.0/7 22"], &["93.184.216.34 *"]);
    let listen = Ask::Listen { protocol: Protocol::Tcp, at: "0.0.0.0:80".parse().unwrap() };
    let bind = Ask::Bind { protocol: Protocol::Tcp, at: "0.0.0.0:80".parse().unwrap() };
    let denials = [
        connect(&some, "10.0.0.1:22", &pins),
        connect(&some, "93.184.216.34:22", &pins),
        connect(&some, "1.1.1.1:22", &pins),
        connect(&some, "1.1.1.1:0", &pins),
        connect(&some, "[fe80::1%1]:1", &pins),
        resolve(&some, "other.lab"),
        pin(&some, "db.lab", "10.0.0.1"),
        some.decide(&listen),
        some.decide(&bind),
    ];
    for denial in denials.map(Result::unwrap_err) {
        let text = denial.for_model();
        for word in ["hint", "plugins.", "connect =", "allow", "rule", "db.lab:22", "cofferdam"] {
            assert!(!text.contains(word), "{text}");
        }
        assert!(text.starts_with("denied: "), "{text}");
        assert!(!text.contains('\n') && !text.ends_with('.'), "{text}");
    }
}

#[test]
fn reasons_have_stable_codes() {
    let reasons = [
        (Reason::NoRule, "no-rule"),
        (Reason::Denied(RuleId::new(0, 0)), "deny-rule"),
        (Reason::NotWanted, "not-wanted"),
        (Reason::SpecialRange(Range::Private), "special-range"),
        (Reason::OutsideWithin(RuleId::new(0, 0)), "outside-within"),
        (Reason::PortNotGranted(RuleId::new(0, 0)), "port-not-granted"),
        (Reason::PinExpired, "pin-expired"),
        (Reason::NotPinned, "not-pinned"),
        (Reason::ServerNotGranted, "server-not-granted"),
        (Reason::BadPort, "bad-port"),
        (Reason::ZoneNotGranted, "zone-not-granted"),
        (Reason::BindNotGranted, "bind-not-granted"),
        (Reason::NotYetAvailable, "not-yet-available"),
    ];
    for (reason, code) in reasons {
        assert_eq!(reason.code(), code);
    }
}
