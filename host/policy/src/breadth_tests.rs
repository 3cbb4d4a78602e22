//! What is flagged and what is not.

use super::*;
use crate::diagnostic::Source;
use crate::host::parse_network;
use crate::rule::{Capability, Purpose, parse_rule};

fn of(text: &str, within: &[&str]) -> Vec<String> {
    of_kind(Capability::Connect, text, within)
}

fn of_kind(kind: Capability, text: &str, within: &[&str]) -> Vec<String> {
    let networks = within.iter().map(|text| parse_network(text, Purpose::Allow).unwrap());
    let rule = parse_rule(kind, text, Purpose::Allow).unwrap().within(networks.collect());
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

#[test]
fn broad_rules_of_every_kind_are_flagged_and_narrow_ones_are_not() {
    for (kind, text, expected) in [
        (Capability::Ping, "any", Some("`any` allows every name and every public address")),
        (Capability::Ping, "0.0.0.0/1", Some("`0.0.0.0/1` is a large part of the Internet")),
        (Capability::Ping, "10.0.0.0/8", None),
        (Capability::Ping, "*.lab.example", None),
        (
            Capability::Resolve,
            "any",
            Some("`any` allows every name to be asked for, and a name in a query is a way out for data"),
        ),
        (Capability::Resolve, "*.com", Some("`*.com` covers a whole top-level domain")),
        (Capability::Resolve, "*.example.com", None),
        (Capability::Resolve, "10.0.0.0/8", None),
        (
            Capability::Resolve,
            "0.0.0.0/0",
            Some("`0.0.0.0/0` allows the reverse names of a large part of the Internet to be asked for"),
        ),
        (Capability::Connect, "tcp://[64:ff9b::]/96:80", Some("`64:ff9b::/96` is a large part of the Internet")),
        (Capability::Connect, "tcp://[64:ff9b::a00:0]/104:80", None),
        (Capability::Servers, "any", Some("`any` allows every public name server to be asked")),
        (Capability::Servers, "system", None),
        (Capability::Servers, "127.0.0.1", None),
        (Capability::Read, "/", Some("`/` allows every file to be read that this user can read")),
        (Capability::Read, "/var/log", None),
    ] {
        assert_eq!(of_kind(kind, text, &[]).first().map(String::as_str), expected, "{text}");
    }
}
