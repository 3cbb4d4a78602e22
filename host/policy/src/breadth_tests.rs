//! What is flagged and what is not.

use super::*;
use crate::diagnostic::Source;
use crate::host::parse_network;
use crate::rule::{Purpose, parse_rule};

fn of(text: &str, within: &[&str]) -> Vec<String> {
    let networks = within.iter().map(|text| parse_network(text, Purpose::Allow).unwrap());
    let rule = parse_rule(text, Purpose::Allow).unwrap().within(networks.collect());
    let source = Source::flag("f", text);
    let warn = |message| source.warning(0..0, message);
    warnings(&rule, warn).into_iter().map(|warning| warning.message).collect()
}

#[test]
fn broad_rules_are_flagged() {
    for (text, within, expected) in [
        ("tcp://any:443", &[][..], &["`tcp://any:443` allows every name and every public address"][..]),
        ("tcp://*.com:443", &[], &["`*.com` covers a whole top-level domain"]),
        ("tcp://*.lab.example:*", &[], &["`tcp://*.lab.example:*` allows every port of every name below"]),
        (
            "tcp://0.0.0.0/0:443",
            &[],
            &[
                "`0.0.0.0/0` is a large part of the Internet",
                "`0.0.0.0/0` does not cover `0.0.0.0/8` and 15 more special ranges, which lie inside it",
            ],
        ),
        (
            "tcp://10.0.0.0/7:443",
            &[],
            &[
                "`10.0.0.0/7` is a large part of the Internet",
                "`10.0.0.0/7` does not cover `10.0.0.0/8`, which lies inside it",
            ],
        ),
        (
            "tcp://169.254.0.0/16:80",
            &[],
            &["`169.254.0.0/16` does not cover the cloud metadata address `169.254.169.254`"],
        ),
        (
            "tcp://db.lab.example:22",
            &["0.0.0.0/1"],
            &[
                "`0.0.0.0/1` is a large part of the Internet",
                "`0.0.0.0/1` does not cover `0.0.0.0/8` and 3 more special ranges, which lie inside it",
            ],
        ),
    ] {
        assert_eq!(of(text, within), expected, "{text}");
    }
}

#[test]
fn narrow_rules_are_not() {
    for text in [
        "tcp://localhost:*",
        "tcp://10.0.0.0/8:502",
        "tcp://[fd12:3456::]/32:502",
        "tcp://db.lab.example:*",
        "tcp://*.lab.example:22",
        "tcp://192.0.2.1:1-65535",
        "tcp://127.0.0.0/8:*",
    ] {
        assert_eq!(of(text, &[]), [""; 0], "{text}");
    }
}
