//! The words of refusals: what the model reads never says what to write.

use super::*;
use crate::testing::{at, connect, connect_at, grants, grants_wanting, pin, pinned, resolve};
use crate::{Ask, Pins, Protocol};

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
    assert_eq!(
        manifest.for_operator("tcp"),
        "plugin `tcp` may not connect to `tcp://10.0.0.1:22`: the plugin's manifest does not want it\n\
         hint: the plugin's author would have to add it to the `wants` of the manifest"
    );
}

#[test]
fn the_operator_reads_the_smallest_rule_that_would_allow_it() {
    let pins = Pins::new();
    for (allow, to, line) in [
        (&[][..], "10.0.0.1:22", r#""tcp://10.0.0.1:22""#),
        (&[], "[::1]:22", r#""tcp://[::1]:22""#),
        (&[], "[::ffff:10.0.0.1]:22", r#""tcp://10.0.0.1:22""#),
        (&["any *"], "10.0.0.1:22", r#""tcp://10.0.0.1:22""#),
        (&["10.0.0.1 23"], "10.0.0.1:22", r#""tcp://10.0.0.1:22""#),
        (&["db.lab 22"], "93.184.216.34:22", r#""tcp://93.184.216.34:22""#),
        (&[], "[fe80::1%2]:22", r#""tcp://[fe80::1%2]:22""#),
    ] {
        let text = connect(&grants(allow, &[]), to, &pins).unwrap_err().for_operator("tcp");
        let hint = format!("\nhint: `[plugins.tcp] connect = [{line}]` would allow it");
        assert!(text.ends_with(&hint), "{text}");
    }
}

#[test]
fn a_name_gets_a_rule_for_the_name() {
    let line = |denial: Denial| denial.suggestion().unwrap().entry;
    let private = grants(&["db.lab 22"], &[]);
    assert_eq!(line(resolve(&grants(&[], &[]), "db.lab").unwrap_err()), r#""tcp://db.lab:*""#);
    assert_eq!(
        line(pin(&private, "db.lab", "10.0.0.5").unwrap_err()),
        r#"{ to = "tcp://db.lab:22", within = ["10.0.0.5/32"] }"#
    );
    assert_eq!(line(pin(&private, "db.lab", "169.254.169.254").unwrap_err()), r#""tcp://169.254.169.254:22""#);
    assert_eq!(
        line(pin(&private, "db.lab", "fd00::5efe:10.0.0.1").unwrap_err()),
        r#"{ to = "tcp://db.lab:22", within = ["fd00::5efe:a00:1/128"] }"#
    );
    for closed in ["64:ff9b:1::1", "2002:a00:1::1", "2001::1", "192.88.99.1", "2002:a9fe:a9fe::"] {
        assert_eq!(pin(&private, "db.lab", closed).unwrap_err().suggestion(), None, "{closed}");
    }
    let public = grants(&["db.lab 22"], &[]);
    let pins = pinned(&public, &[("db.lab", "93.184.216.34")]);
    let port = connect(&public, "93.184.216.34:23", &pins).unwrap_err();
    assert_eq!(port.reason(), Reason::PortNotGranted(RuleId(0)));
    assert_eq!(line(port), r#""tcp://db.lab:23""#);
}

#[test]
fn where_no_rule_helps_none_is_suggested() {
    let pins = Pins::new();
    let denied = connect(&grants(&["any *"], &["any *"]), "93.184.216.34:22", &pins).unwrap_err();
    assert_eq!(denied.reason(), Reason::Denied(RuleId(100)));
    assert_eq!(denied.rule(), Some(RuleId(100)));
    assert_eq!(
        denied.for_operator("tcp"),
        "plugin `tcp` may not connect to `tcp://93.184.216.34:22`: a deny rule covers it, and deny wins\n\
         hint: only a change of the deny rule would allow it"
    );
    for to in ["93.184.216.34:0", "[fe80::1]:22", "[2606:4700::1%2]:22", "0.0.0.0:22", "[::]:22", "[2002:a00:1::1]:22"]
    {
        let denial = connect(&grants(&[], &[]), to, &pins).unwrap_err();
        assert_eq!(denial.suggestion(), None, "{to}");
        assert!(denial.for_operator("tcp").ends_with("\nhint: no rule of this version allows it"));
    }
}

#[test]
fn an_expired_lookup_says_to_look_up_again() {
    let grants = grants(&["db.lab 22"], &[]);
    let pins = pinned(&grants, &[("db.lab", "93.184.216.34")]);
    let denial = connect_at(&grants, "93.184.216.34:22", &pins, at(60)).unwrap_err();
    assert_eq!(denial.reason(), Reason::PinExpired);
    assert!(denial.for_model().contains("the name has to be looked up again"));
    assert!(denial.for_operator("tcp").ends_with("hint: the plugin has to look the name up again"));
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
        (Reason::Denied(RuleId(0)), "deny-rule"),
        (Reason::NotWanted, "not-wanted"),
        (Reason::SpecialRange(Range::Private), "special-range"),
        (Reason::OutsideWithin(RuleId(0)), "outside-within"),
        (Reason::PortNotGranted(RuleId(0)), "port-not-granted"),
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
