//! The rule language in pairs: what is read, and what is refused in which words.

use proptest::prelude::*;

use super::*;

fn allow(text: &str) -> Result<String, String> {
    parse_connect(text, Purpose::Allow).map(|rule| rule.to_string()).map_err(|why| match why.hint {
        Some(hint) => {
            for rule in advised(&hint) {
                assert!(parse_connect(rule, Purpose::Allow).is_ok(), "`{text}`: {hint}");
            }
            format!("{} | {hint}", why.message)
        }
        None => why.message,
    })
}

/// What a hint says to write, which has to be a rule; not where it stands for one (`ADDRESS`,
/// `PORTS`).
pub(in crate::rule) fn advised(hint: &str) -> impl Iterator<Item = &str> {
    let written = hint.contains("write `").then(|| hint.split('`').skip(1).step_by(2)).into_iter().flatten();
    written.filter(|rule| !rule.contains("PORTS"))
}

#[test]
fn every_kind_of_host_is_read() {
    for (text, canonical) in [
        ("tcp://db.lab.example:5432", "tcp://db.lab.example:5432"),
        ("tcp://*.lab.example:22,8000-8099", "tcp://*.lab.example:22,8000-8099"),
        ("tcp://10.0.0.1:22", "tcp://10.0.0.1:22"),
        ("tcp://10.0.0.0/8:502", "tcp://10.0.0.0/8:502"),
        ("tcp://[::1]:22", "tcp://[::1]:22"),
        ("tcp://[2606:4700:0::1111]:443", "tcp://[2606:4700::1111]:443"),
        ("tcp://[fd00::]/8:502", "tcp://[fd00::]/8:502"),
        ("tcp://[fd00::/8]:502", "tcp://[fd00::]/8:502"),
        ("tcp://localhost:*", "tcp://localhost:*"),
        ("tcp://LocalHost.:80", "tcp://localhost:80"),
        ("tcp://any:443", "tcp://any:443"),
        ("TCP://ANY:443", "tcp://any:443"),
        ("tcp://Example.COM.:80", "tcp://example.com:80"),
        ("tcp://*.Example.COM.:80", "tcp://*.example.com:80"),
        ("tcp://münchen.example:80", "tcp://xn--mnchen-3ya.example:80"),
        ("tcp://*.MÜNCHEN.example:80", "tcp://*.xn--mnchen-3ya.example:80"),
        ("tcp://xn--mnchen-3ya.example:80", "tcp://xn--mnchen-3ya.example:80"),
        ("tcp://example\u{3002}com:80", "tcp://example.com:80"),
        ("tcp://[::ffff:10.0.0.1]:22", "tcp://10.0.0.1:22"),
        ("tcp://[::ffff:10.0.0.0]/104:22", "tcp://10.0.0.0/8:22"),
        ("tcp://db:22", "tcp://db:22"),
        ("tcp://_x._tcp.example:22", "tcp://_x._tcp.example:22"),
        ("tcp://169.254.169.254:80", "tcp://169.254.169.254:80"),
        ("tcp://[fe80::1%eth0]:22", "tcp://[fe80::1%eth0]:22"),
        ("tcp://[FE80::1%2]:22", "tcp://[fe80::1%2]:22"),
        ("tcp://[fe80::%br-lan]/64:22", "tcp://[fe80::%br-lan]/64:22"),
        ("tcp://[fe80::%br-lan/64]:22", "tcp://[fe80::%br-lan]/64:22"),
    ] {
        assert_eq!(allow(text), Ok(canonical.to_owned()), "{text}");
    }
}

#[test]
fn every_mistake_has_its_words() {
    for (text, words) in [
        ("db.lab:22", "a rule begins with its protocol | write `tcp://db.lab:22`"),
        ("", "a rule begins with its protocol | rules are `tcp://HOST:PORTS`"),
        ("::1", "a rule begins with its protocol | write `tcp://[::1]:22`"),
        ("fd00::/8", "a rule begins with its protocol | write `tcp://[fd00::]/8:22`"),
        ("db.lab", "a rule begins with its protocol | write `tcp://db.lab:22`"),
        ("tcp//a b", "a rule has no spaces or control characters in it"),
        (
            "tcp://[::127.0.0.1]:22",
            "`::7f00:1` is an IPv4-compatible address, which nobody can be reached by | write `tcp://127.0.0.1:22`",
        ),
        (
            "tcp://[::7f00:0]/104:22",
            "`::7f00:0/104` covers nothing: nobody can be reached by an IPv4-compatible address",
        ),
        ("udp://10.0.0.1:53", "`udp://` rules are not yet available in this version"),
        (
            "https://a.example:443",
            "`https` is not a protocol of rules | rules speak of connections: `tcp://HOST:PORTS`",
        ),
        ("tpc://a.example:1", "unknown protocol `tpc` | did you mean `tcp://`?"),
        ("gopher://a.example:1", "unknown protocol `gopher` | rules begin with `tcp://`"),
        (
            "tcp://a.example",
            "the rule does not say which ports | write `tcp://a.example:22`, or `tcp://a.example:*` for every port",
        ),
        ("tcp://a.example:", "the ports are missing | ports are `22`, `22,8000-8099`, or `*` for every port"),
        (
            "tcp://a.example:0",
            "port 0 is not a port that can be dialled | ports are `22`, `22,8000-8099`, or `*` for every port",
        ),
        ("tcp://a.example:80/x", "`80/x` is not a port | ports are `22`, `22,8000-8099`, or `*` for every port"),
        ("tcp://:22", "the host is missing | every host is spelled `any`"),
        ("tcp://*:22", "`*` is not a host | every host is spelled `any`"),
        (
            "tcp://a.*.b:22",
            "`*` stands only at the start of a name | `*.example.com` covers every name below `example.com`",
        ),
        (
            "tcp://*a.b:22",
            "`*` stands only at the start of a name | `*.example.com` covers every name below `example.com`",
        ),
        ("tcp://*.*.b:22", "`*` stands for whole labels at the start of a name, once"),
        ("tcp://*.:22", "a host name cannot be empty"),
        ("tcp://a b:22", "a rule has no spaces or control characters in it"),
        (" tcp://a:22", "a rule has no spaces or control characters in it"),
        ("tcp://a\u{0}:22", "a rule has no spaces or control characters in it"),
        ("tcp://root@a.example:22", "a rule names no user | write the host and the ports alone"),
        ("tcp://a/b:22", "`a` is not an address | only a network has a `/`, as in `10.0.0.0/8`"),
        ("tcp://::1:22", "an IPv6 address stands in brackets | write `tcp://[::1]:22`"),
        ("tcp://fd00::/8:22", "an IPv6 address stands in brackets | write `tcp://[fd00::]/8:22`"),
        ("tcp://2001:db8::1", "an IPv6 address stands in brackets | write `tcp://[2001:db8::1]:PORTS`"),
        ("tcp://a:b:c", "an IPv6 address stands in brackets | write `tcp://[ADDRESS]:PORTS`"),
        ("tcp://[::1:22", "the bracket is not closed"),
        ("tcp://[::1]22:80", "after the bracket only a prefix length or the ports can follow"),
        (
            "tcp://[10.0.0.1]:22",
            "`10.0.0.1` is not an IPv6 address | an IPv4 address stands without brackets: `10.0.0.1`",
        ),
        ("tcp://[]:22", "`` is not an IPv6 address"),
        (
            "tcp://10.0.0.1/8:22",
            "the address has bits beyond its prefix length; the network is `10.0.0.0/8` | write `tcp://10.0.0.0/8:22`",
        ),
        ("tcp://10.0.0.0/33:22", "the prefix length 33 is above 32"),
        ("tcp://10/8:22", "`10` is not an address | an IPv4 network has four decimal parts, as in `10.0.0.0/8`"),
        (
            "tcp://2130706433:22",
            "`2130706433` is an unusual spelling of an address | if you meant the address, write `tcp://127.0.0.1:22`",
        ),
        (
            "tcp://127.1:22",
            "`127.1` is an unusual spelling of an address | if you meant the address, write `tcp://127.0.0.1:22`",
        ),
        (
            "tcp://0x7f.1:22",
            "`0x7f.1` is an unusual spelling of an address | if you meant the address, write `tcp://127.0.0.1:22`",
        ),
        (
            "tcp://0177.0.0.1:22",
            "`0177.0.0.1` is an unusual spelling of an address | if you meant the address, write `tcp://127.0.0.1:22`",
        ),
        (
            "tcp://127.0.0.1.:22",
            "`127.0.0.1.` is an unusual spelling of an address | if you meant the address, write `tcp://127.0.0.1:22`",
        ),
        (
            "tcp://１２７.１:22",
            "`１２７.１` is an unusual spelling of an address | if you meant the address, write `tcp://127.0.0.1:22`",
        ),
        ("tcp://1.2.3.4.5:22", "the last label `5` is a number, so this would be read as an address"),
        ("tcp://any.:22", "`any.` is ambiguous | every host is spelled `any`"),
        ("tcp://-a.example:22", "the label `-a` begins or ends with a hyphen"),
        ("tcp://a..b:22", "a host name cannot have an empty label"),
        ("tcp://xn--a.example:22", "`xn--a.example` is not a host name (IDNA)"),
        ("tcp://[fe80::1%eth 0]:22", "a rule has no spaces or control characters in it"),
        (
            "tcp://[fe80::1%]:22",
            "`` is not the name or the number of an interface | write `tcp://[fe80::1%eth0]:22` or `tcp://[fe80::1%2]:22`",
        ),
        ("tcp://[2001:db8::1%eth0]:22", "only link-local IPv6 addresses have a zone"),
        (
            "tcp://[fe80::1]:22",
            "a link-local IPv6 address is one of a link: the rule has to say of which | write `tcp://[fe80::1%eth0]:22`, with the interface that you mean",
        ),
        (
            "tcp://[fe80::]/10:22",
            "a link-local IPv6 address is one of a link: the rule has to say of which | write `tcp://[fe80::%eth0]/10:22`, with the interface that you mean",
        ),
        (
            "tcp://0.0.0.0:22",
            "an unspecified address is no peer; the kernel dials it as loopback | write `tcp://localhost:22` for this machine, or `tcp://any:22` for every public host",
        ),
        (
            "tcp://[::]:22",
            "an unspecified address is no peer; the kernel dials it as loopback | write `tcp://localhost:22` for this machine, or `tcp://any:22` for every public host",
        ),
        (
            "tcp://169.254.169.254/32:80",
            "a cloud metadata address is not reached through a network | write a rule for the address `169.254.169.254` itself",
        ),
        (
            "tcp://224.0.0.0/3:80",
            "`224.0.0.0/3` covers nothing: all of its addresses are special, and of several ranges",
        ),
        ("tcp://[2001::1]:80", "`2001::1` is a Teredo address: nobody knows where it leads, and no rule reaches it"),
        ("tcp://[2002::]/16:80", "`2002::/16` is a 6to4 address: nobody knows where it leads, and no rule reaches it"),
        (
            "tcp://[64:ff9b:1::]/64:80",
            "`64:ff9b:1::/64` is a local-use NAT64 address: nobody knows where it leads, and no rule reaches it",
        ),
    ] {
        assert_eq!(allow(text), Err(words.to_owned()), "{text}");
    }
}

#[test]
fn a_deny_rule_may_leave_the_port_out_and_deny_what_cannot_be_allowed() {
    for (text, canonical) in [
        ("tcp://10.0.0.13", "tcp://10.0.0.13:*"),
        ("tcp://10.0.0.0/8", "tcp://10.0.0.0/8:*"),
        ("tcp://10.0.0.13:22", "tcp://10.0.0.13:22"),
        ("tcp://[fd00::1]", "tcp://[fd00::1]:*"),
        ("tcp://[fd00::]/8", "tcp://[fd00::]/8:*"),
        ("tcp://*.evil.example", "tcp://*.evil.example:*"),
        ("tcp://any", "tcp://any:*"),
        ("tcp://[fe80::]/10", "tcp://[fe80::]/10:*"),
        ("tcp://0.0.0.0", "tcp://0.0.0.0:*"),
        ("tcp://169.254.169.254/32", "tcp://169.254.169.254/32:*"),
        ("tcp://[2002::]/16", "tcp://[2002::]/16:*"),
    ] {
        let rule = parse_connect(text, Purpose::Deny).unwrap();
        assert_eq!(rule.to_string(), canonical, "{text}");
    }
    for text in ["10.0.0.13", "tcp://", "tcp://:22", "udp://10.0.0.1", "tcp://10.0.0.13:"] {
        assert!(parse_connect(text, Purpose::Deny).is_err(), "{text}");
    }
}

#[test]
fn a_mistake_points_at_its_part() {
    for (text, part) in [
        ("tpc://a.example:1", "tpc"),
        ("tcp://a..b:22", "a..b"),
        ("tcp://a.example:22,x", "22,x"),
        ("tcp://[2001:db8::1%1]:22", "[2001:db8::1%1]"),
        ("tcp://a.example", "tcp://a.example"),
        ("tcp://a b:22", " "),
        ("tcp://::1:22", "::1:22"),
    ] {
        let error = parse_connect(text, Purpose::Allow).unwrap_err();
        assert_eq!(&text[error.at], part, "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_panics_and_errors_point_into_it(text in any::<String>(), head in 0usize..3) {
        let text = format!("{}{text}", ["", "tcp://", "tcp://["][head]);
        for purpose in [Purpose::Allow, Purpose::Deny, Purpose::Want] {
            if let Err(error) = parse_connect(&text, purpose) {
                prop_assert!(text.get(error.at.clone()).is_some(), "{text:?} {error:?}");
            }
        }
    }

    #[test]
    fn what_is_read_is_read_again_from_its_canonical_spelling(
        text in "(tcp://)(\\*\\.)?[a-zA-Z0-9._-]{1,12}(/[0-9]{1,2})?:[0-9,*-]{1,8}"
    ) {
        for purpose in [Purpose::Allow, Purpose::Deny, Purpose::Want] {
            if let Ok(rule) = parse_connect(&text, purpose) {
                prop_assert_eq!(parse_connect(&rule.to_string(), purpose), Ok(rule));
            }
        }
    }

    #[test]
    fn addresses_and_networks_are_read_again(v4: u32, v6: u128, prefix in 0u32..=32) {
        let net = v4 & u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
        for text in [
            format!("tcp://{}:1", std::net::Ipv4Addr::from(v4)),
            format!("tcp://[{}]:1", Ipv6Addr::from(v6)),
            format!("tcp://{}/{prefix}:1", std::net::Ipv4Addr::from(net)),
        ] {
            let rule = parse_connect(&text, Purpose::Deny);
            prop_assert!(rule.is_ok(), "{text}: {rule:?}");
            let rule = rule.unwrap();
            prop_assert_eq!(parse_connect(&rule.to_string(), Purpose::Deny), Ok(rule));
        }
    }
}
