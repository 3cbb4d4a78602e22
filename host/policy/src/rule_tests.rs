//! Rules without ports, in pairs: what is read, and what is refused in which words. Those of
//! connections are `rule/connect_tests.rs`.

use proptest::prelude::*;

use super::*;

fn read(about: Capability, text: &str, purpose: Purpose) -> Result<String, String> {
    parse_rule(about, text, purpose).map(|rule| rule.to_string()).map_err(|why| match why.hint {
        Some(hint) => {
            for rule in super::connect::tests::advised(&hint) {
                assert!(parse_rule(about, rule, purpose).is_ok(), "`{text}`: {hint}");
            }
            format!("{} | {hint}", why.message)
        }
        None => why.message,
    })
}

#[test]
fn pings_are_hosts_alone() {
    for (text, canonical) in [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("192.0.2.7", "192.0.2.7"),
        ("*.Lab.example.", "*.lab.example"),
        ("db.lab.example", "db.lab.example"),
        ("localhost", "localhost"),
        ("any", "any"),
        ("::1", "::1"),
        ("fd00::/8", "fd00::/8"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("fe80::%eth0/64", "fe80::%eth0/64"),
        ("ff02::1%eth0", "ff02::1%eth0"),
        ("224.0.0.1", "224.0.0.1"),
        ("bücher.example", "xn--bcher-kva.example"),
    ] {
        assert_eq!(read(Capability::Ping, text, Purpose::Allow), Ok(canonical.to_owned()), "{text}");
    }
    for (text, words) in [
        ("", "the host is missing | every host is spelled `any`"),
        ("tcp://a.example:22", "a `ping` rule is a host alone, without a protocol | write `a.example`"),
        ("a.example:22", "a `ping` rule has no port | write `a.example`"),
        ("[::1]", "where no port follows, an IPv6 address stands without brackets | write `::1`"),
        ("tcp://[::1]:22", "a `ping` rule is a host alone, without a protocol | write `::1`"),
        ("tcp://[fd00::]/8:22", "a `ping` rule is a host alone, without a protocol | write `fd00::/8`"),
        ("[::1]:22", "where no port follows, an IPv6 address stands without brackets | write `::1`"),
        ("[fd00::]/8", "where no port follows, an IPv6 address stands without brackets | write `fd00::/8`"),
        ("*", "`*` is not a host | every host is spelled `any`"),
        ("127.1", "`127.1` is an unusual spelling of an address | if you meant the address, write `127.0.0.1`"),
        ("a b", "a rule has no spaces or control characters in it"),
        (
            "fe80::1",
            "a link-local IPv6 address is one of a link: the rule has to say of which | write `fe80::1%eth0`, with the interface that you mean",
        ),
        (
            "ff02::1",
            "a link-local IPv6 address is one of a link: the rule has to say of which | write `ff02::1%eth0`, with the interface that you mean",
        ),
        (
            "224.0.0.0/4",
            "`224.0.0.0/4` covers nothing: a group of hosts is only pinged by a rule for its very address | write a rule for each address",
        ),
        ("10.0.0.1%eth0", "only link-local IPv6 addresses have a zone"),
        ("0.0.0.0/8", "`0.0.0.0/8` has no peers in it; the kernel dials its first address as loopback"),
        (
            "10.0.0.1/8",
            "the address has bits beyond its prefix length; the network is `10.0.0.0/8` | write `10.0.0.0/8`",
        ),
    ] {
        assert_eq!(read(Capability::Ping, text, Purpose::Allow), Err(words.to_owned()), "{text}");
    }
    assert_eq!(read(Capability::Ping, "fe80::/10", Purpose::Deny), Ok("fe80::/10".to_owned()));
}

#[test]
fn names_to_ask_for_are_names_or_reverse_names() {
    for (text, canonical) in [
        ("www.example.com", "www.example.com"),
        ("*.Example.com", "*.example.com"),
        ("_sip._tcp.example.com", "_sip._tcp.example.com"),
        ("any", "any"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("192.0.2.7", "192.0.2.7/32"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("::1", "::1/128"),
        ("169.254.169.254", "169.254.169.254/32"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("com", "com"),
    ] {
        assert_eq!(read(Capability::Resolve, text, Purpose::Allow), Ok(canonical.to_owned()), "{text}");
    }
    for (text, words) in [
        ("tcp://a.example:1", "a `resolve` rule is a name alone | leave out the protocol and the port"),
        ("a.example:53", "a `resolve` rule is a name alone | leave out the protocol and the port"),
        ("[::1]", "a `resolve` rule has neither brackets nor a zone | write the address or the network alone"),
        (
            "localhost",
            "`localhost` is asked of nobody: it stands for 127.0.0.1 and ::1 | their reverse names are `127.0.0.1` and `::1`",
        ),
        ("*", "`*` is not a host | every host is spelled `any`"),
        ("a..b", "a host name cannot have an empty label"),
    ] {
        assert_eq!(read(Capability::Resolve, text, Purpose::Allow), Err(words.to_owned()), "{text}");
    }
}

#[test]
fn servers_are_addresses_with_or_without_a_port() {
    for (text, allowed, denied) in [
        ("192.0.2.53", "192.0.2.53:53", "192.0.2.53"),
        ("192.0.2.53:5353", "192.0.2.53:5353", "192.0.2.53:5353"),
        ("2001:db8::53", "[2001:db8::53]:53", "2001:db8::53"),
        ("[2001:db8::53]", "[2001:db8::53]:53", "2001:db8::53"),
        ("[2001:db8::53]:5353", "[2001:db8::53]:5353", "[2001:db8::53]:5353"),
        ("192.0.2.0/24", "192.0.2.0/24:53", "192.0.2.0/24"),
        ("192.0.2.0/24:5353", "192.0.2.0/24:5353", "192.0.2.0/24:5353"),
        ("[2001:db8::]/32:53", "[2001:db8::]/32:53", "[2001:db8::]/32:53"),
        ("2001:db8::/32", "[2001:db8::]/32:53", "2001:db8::/32"),
        ("127.0.0.53", "127.0.0.53:53", "127.0.0.53"),
        ("::ffff:192.0.2.53", "192.0.2.53:53", "192.0.2.53"),
        ("any", "any", "any"),
        ("System", "system", "system"),
    ] {
        assert_eq!(read(Capability::Servers, text, Purpose::Allow).as_deref(), Ok(allowed), "{text}");
        assert_eq!(read(Capability::Servers, text, Purpose::Deny).as_deref(), Ok(denied), "{text}");
    }
    for (text, words) in [
        ("dns.example", "a name server is an address, with or without a port | write `192.0.2.53`"),
        ("localhost", "a name server is an address, with or without a port | write `192.0.2.53`"),
        ("udp://192.0.2.53", "a name server is an address, without a protocol | write `192.0.2.53`"),
        ("192.0.2.53:0", "`0` is not a port"),
        ("192.0.2.0/24:x", "`x` is not a port"),
        ("192.0.2.53:70000", "`70000` is not a port"),
        ("[2001:db8::53:53", "the bracket is not closed"),
        ("192.0.2.1/24", "the address has bits beyond its prefix length; the network is `192.0.2.0/24`"),
        ("0.0.0.0", "an unspecified address is no peer"),
        ("fe80::1%eth0", "a name server's address has no zone here | `system` covers the host's own"),
        ("127.1", "`127.1` is an unusual spelling of an address | if you meant the address, write `127.0.0.1`"),
        ("any:53", "a name server is an address, with or without a port | write `192.0.2.53`"),
        ("", "a name server is an address, with or without a port | write `192.0.2.53`"),
    ] {
        let said = read(Capability::Servers, text, Purpose::Allow).unwrap_err();
        assert!(said.starts_with(words), "{text}: {said}");
    }
}

#[test]
fn directories_are_absolute() {
    for (text, canonical) in [
        ("/var/log", "/var/log"),
        ("/var/log/", "/var/log"),
        ("/", "/"),
        ("/My Documents", "/My Documents"),
        ("/srv/bücher", "/srv/bücher"),
    ] {
        assert_eq!(read(Capability::Read, text, Purpose::Allow), Ok(canonical.to_owned()), "{text}");
    }
    for (text, words) in [
        ("any", "`any` is not a directory | write `/` for every file"),
        ("var/log", "the path is not absolute: it has to begin with `/` | what a relative path means"),
        ("~/logs", "the path is not absolute: it has to begin with `/` | `~` is not replaced"),
        ("/var/../etc", "the path has a part `.` or `..` | write the path that you mean"),
        ("C:\\logs", "a path has no backslashes here"),
        ("/a\u{1b}b", "a path has no control characters in it"),
        ("", "the path is empty"),
    ] {
        let said = read(Capability::Read, text, Purpose::Allow).unwrap_err();
        assert!(said.starts_with(words), "{text}: {said}");
    }
    assert_eq!(read(Capability::Read, "any", Purpose::Want), Ok("/".to_owned()));
    assert!(read(Capability::Read, "any", Purpose::Deny).is_err());
}

/// A capability without the connections, which have a file of their own.
fn about() -> impl Strategy<Value = Capability> {
    prop::sample::select(vec![Capability::Ping, Capability::Resolve, Capability::Servers, Capability::Read])
}

proptest! {
    #[test]
    fn no_text_panics_and_errors_point_into_it(about in about(), text in any::<String>(), head in 0usize..5) {
        let text = format!("{}{text}", ["", "/", "[", "fe80::1%", "10.0.0.0/"][head]);
        for purpose in [Purpose::Allow, Purpose::Deny, Purpose::Want] {
            if let Err(error) = parse_rule(about, &text, purpose) {
                prop_assert!(text.get(error.at.clone()).is_some(), "{text:?} {error:?}");
            }
        }
    }

    #[test]
    fn what_is_read_is_read_again_from_its_canonical_spelling(
        about in about(),
        text in "(\\*\\.)?[a-zA-Z0-9._:-]{1,12}(%[a-z0-9]{1,3})?(/[0-9]{1,3})?(:[0-9]{1,5})?|/[ -~é]{0,12}|any|system",
        v4: u32, v6: u128, port: u16, prefix in 0u8..=128,
    ) {
        let six = std::net::Ipv6Addr::from(v6 & u128::MAX.checked_shl(u32::from(128 - prefix)).unwrap_or(0));
        let four = std::net::Ipv4Addr::from(v4);
        let texts = [
            text, four.to_string(), format!("{four}:{port}"), six.to_string(), format!("{six}/{prefix}"),
            format!("[{six}]:{port}"), format!("[{six}]/{prefix}:{port}"), format!("fe80::{:x}%eth{}", port, prefix),
        ];
        for text in texts {
            for purpose in [Purpose::Allow, Purpose::Deny, Purpose::Want] {
                if let Ok(rule) = parse_rule(about, &text, purpose) {
                    prop_assert_eq!(parse_rule(about, &rule.to_string(), purpose), Ok(rule), "{}", text);
                }
            }
        }
    }
}

#[test]
fn words_that_only_become_words_in_ascii_are_refused() {
    for (text, word) in [
        ("tcp://any\u{3002}:25", "any"),
        ("tcp://\u{ff41}\u{ff4e}\u{ff59}:25", "any"),
        ("tcp://an\u{ad}y:25", "any"),
        ("tcp://localhost\u{ff0e}:25", "localhost"),
        ("tcp://\u{24db}ocalhost:25", "localhost"),
    ] {
        for purpose in [Purpose::Allow, Purpose::Deny, Purpose::Want] {
            let why = parse_rule(Capability::Connect, text, purpose).unwrap_err();
            assert!(why.message.ends_with(&format!("is an unusual spelling of `{word}`")), "{}", why.message);
            assert_eq!(why.hint, Some(format!("if you meant the word, write `tcp://{word}:25`")));
        }
    }
}
