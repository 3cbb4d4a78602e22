//! Deny rules that leave nothing, and those that leave something.

use proptest::prelude::*;

use super::*;
use crate::testing::{any_rule, connect, grants};
use crate::{Pins, RuleId};

fn takes_all(deny: &str, allow: &str) -> bool {
    let of = |text: &str| match text.split_once(' ') {
        Some(("connect", rest)) => crate::testing::rule(rest).into(),
        _ => any_rule(text),
    };
    of(deny).denies_all_of(&of(allow))
}

#[test]
fn a_deny_rule_takes_all_or_leaves_something() {
    for (deny, allow, all) in [
        ("connect any *", "connect a.example 22", true),
        ("connect any 22", "connect a.example 22,80", false),
        ("connect any 1-100", "connect a.example 22,80", true),
        ("connect *.example *", "connect a.example 22", true),
        ("connect *.example *", "connect *.b.example 22", true),
        ("connect *.b.example *", "connect *.example 22", false),
        ("connect 10.0.0.0/8 *", "connect 10.1.0.0/16 22", true),
        ("connect 10.0.0.0/8 *", "connect 10.1.2.3 22", true),
        ("connect 10.1.0.0/16 *", "connect 10.0.0.0/8 22", false),
        ("connect 10.0.0.0/8 *", "connect 64:ff9b::10.0.0.1 22", true),
        ("connect 10.0.0.0/8 *", "connect a.example 22 within 10.1.0.0/16 10.2.0.0/16", true),
        ("connect 10.0.0.0/8 *", "connect a.example 22 within 10.1.0.0/16 11.0.0.0/8", false),
        ("connect 10.0.0.0/8 *", "connect a.example 22", false),
        ("connect localhost *", "connect localhost 22", true),
        ("connect 127.0.0.0/8 *", "connect localhost 22", false),
        ("connect localhost *", "connect 127.0.0.1 22", true),
        ("connect any *", "ping any", false),
        ("ping any", "ping 10.0.0.0/8", true),
        ("ping fe80::1%eth0", "ping fe80::1%eth0", true),
        ("ping fe80::1%eth1", "ping fe80::1%eth0", false),
        ("ping fe80::1", "ping fe80::1%eth0", true),
        ("resolve any", "resolve a.example", true),
        ("resolve *.example", "resolve a.example", true),
        ("resolve *.example", "resolve example", false),
        ("resolve *.example", "resolve *.a.example", true),
        ("resolve 10.0.0.0/8", "resolve 10.1.0.0/16", true),
        ("resolve 10.0.0.0/8", "resolve 1.0.0.10.in-addr.arpa", true),
        ("resolve *.example", "connect a.example 22", true),
        ("resolve any", "connect any 22", false),
        ("resolve *.example", "ping *.a.example", true),
        ("servers every", "servers system", true),
        ("servers every", "servers 192.0.2.53:5353", true),
        ("servers 192.0.2.53:53", "servers 192.0.2.53:5353", false),
        ("servers 192.0.2.53", "servers 192.0.2.53:5353", true),
        ("servers system", "servers 192.0.2.53:53", false),
        ("read /var", "read /var/log", true),
        ("read /var/log", "read /var", false),
    ] {
        assert_eq!(takes_all(deny, allow), all, "{deny} of {allow}");
    }
}

proptest! {
    #[test]
    fn what_is_said_to_be_denied_altogether_is_denied(
        allow in prop::sample::select(vec!["10.0.0.0/8 *", "10.1.0.0/16 22", "10.1.2.3 22", "any *", "localhost 22"]),
        deny in prop::sample::select(vec!["10.0.0.0/8 *", "10.1.0.0/16 22", "10.1.2.3 *", "any *", "127.0.0.0/8 *", "::1 *"]),
        bits: u32, port in prop::sample::select(vec![22u16, 80]),
    ) {
        let own = grants(&[allow], &[deny]);
        let all = Rule::from(crate::testing::rule(deny)).denies_all_of(&crate::testing::rule(allow).into());
        for address in [std::net::Ipv4Addr::from(bits), std::net::Ipv4Addr::from(bits >> 8 | 10 << 24), [10, 1, 2, 3].into(), [127, 0, 0, 1].into()] {
            let allowed = connect(&own, &format!("{address}:{port}"), &Pins::new()).map(|permit| permit.rule());
            prop_assert!(!all || allowed != Ok(RuleId::new(0, 0)), "{deny} of {allow}: {address}");
        }
    }
}
