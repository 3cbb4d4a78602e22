//! Names of queries: what stands in the packet, as text and back, and what of it is a host or an
//! address.

use proptest::prelude::*;

use super::*;
use crate::testing::cidr;

fn query(text: &str) -> QueryName {
    QueryName::parse(text).unwrap()
}

#[test]
fn a_name_is_its_labels() {
    let www = QueryName::from_labels(["WWW", "Example", "com"]).unwrap();
    assert_eq!(www, query("www.example.com."));
    assert_eq!(www.to_string(), "www.example.com");
    assert_eq!(www.labels().collect::<Vec<_>>(), [&b"www"[..], b"example", b"com"]);
    let root = QueryName::from_labels(Vec::<&[u8]>::new()).unwrap();
    assert!(root.is_root() && root == query("."));
    assert_eq!(root.to_string(), ".");
    let odd = QueryName::from_labels([&b"a.b"[..], b"\x00\xff c", b"*", b"x@\\"]).unwrap();
    assert_eq!(odd.to_string(), r"a\.b.\000\255\032c.*.x\@\\");
    assert_eq!(query(&odd.to_string()), odd);
}

#[test]
fn what_no_packet_holds_is_refused() {
    for (text, error) in [
        ("", QueryNameError::EmptyLabel),
        ("..", QueryNameError::EmptyLabel),
        ("a..b", QueryNameError::EmptyLabel),
        (".a", QueryNameError::EmptyLabel),
        (r"a\", QueryNameError::Escape),
        (r"a\25", QueryNameError::Escape),
        (r"a\256", QueryNameError::Escape),
    ] {
        assert_eq!(QueryName::parse(text), Err(error), "{text}");
    }
    assert_eq!(QueryName::from_labels(["x".repeat(64)]), Err(QueryNameError::LabelTooLong));
    assert!(QueryName::from_labels(["x".repeat(63)]).is_ok());
    // 127 labels of one byte are 255 bytes on the wire.
    assert!(QueryName::from_labels(vec!["x"; 127]).is_ok());
    assert_eq!(QueryName::from_labels(vec!["x"; 128]), Err(QueryNameError::TooLong));
}

#[test]
fn only_letters_digits_hyphens_and_underscores_are_a_host_name() {
    for (text, host) in [
        ("WWW.example.com", Some("www.example.com")),
        ("_sip._tcp.example.com", Some("_sip._tcp.example.com")),
        ("7.2.0.192.in-addr.arpa", Some("7.2.0.192.in-addr.arpa")),
        (".", None),
        (r"a\.b.example.com", None),
        ("*.example.com", None),
        (r"x\032y.example.com", None),
        ("-a.example.com", None),
        ("10.0.0.1", None),
    ] {
        assert_eq!(query(text).host_name().map(|name| name.to_string()).as_deref(), host, "{text}");
    }
}

#[test]
fn an_instance_of_a_service_is_free_text_in_front_of_a_host_name() {
    for (text, service) in [
        (r"My\ Printer._ipp._tcp.example", Some("_ipp._tcp.example")),
        (r"v1\.2\032beta._http._TCP.lab.example.", Some("_http._tcp.lab.example")),
        (r"gr\195\182\195\159e._ipp._udp.example", Some("_ipp._udp.example")),
        ("plain._ipp._tcp.example", Some("_ipp._tcp.example")),
        (r"a\000b._ipp._tcp.example", None),
        (r"a\010b._ipp._tcp.example", None),
        (r"a\255b._ipp._tcp.example", None),
        (r"My\ Printer._ipp._tcp", None),
        (r"My\ Printer._tcp.example", None),
        (r"My\ Printer._ipp._sctp.example", None),
        (r"more.My\ Printer._ipp._tcp.example", None),
        (r"My\ Printer._ipp._tcp.ex\032ample", None),
        (r"My\ Printer._i\.pp._tcp.example", None),
        ("_sub._ipp._tcp.example", None),
    ] {
        assert_eq!(query(text).of_instance().map(|name| name.to_string()).as_deref(), service, "{text}");
    }
}

#[test]
fn reverse_names_stand_for_networks() {
    let nibbles = "0.".repeat(23);
    let one = format!("1.{nibbles}8.b.d.0.1.0.0.2.ip6.arpa");
    for (text, network) in [
        ("7.2.0.192.in-addr.arpa", Some("192.0.2.7/32")),
        ("2.0.192.IN-ADDR.ARPA.", Some("192.0.2.0/24")),
        ("in-addr.arpa", Some("0.0.0.0/0")),
        (&one, Some("2001:db8::1/128")),
        ("8.b.d.0.1.0.0.2.ip6.arpa", Some("2001:db8::/32")),
        ("8.B.D.0.1.0.0.2.ip6.arpa", Some("2001:db8::/32")),
        ("arpa", None),
        ("x.2.0.192.in-addr.arpa", None),
        ("07.2.0.192.in-addr.arpa", None),
        ("256.2.0.192.in-addr.arpa", None),
        ("1.7.2.0.192.in-addr.arpa", None),
        ("10.ip6.arpa", None),
        ("7.2.0.192.in-addr.arpa.example", None),
        ("+7.2.0.192.in-addr.arpa", None),
    ] {
        assert_eq!(query(text).reverse(), network.map(cidr), "{text}");
    }
    assert_eq!(query("x.y.2.0.192.in-addr.arpa").reverse_zone(), Some((cidr("192.0.2.0/24"), 2)));
}

proptest! {
    #[test]
    fn the_text_form_is_read_as_the_same_labels(labels in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..20), 0..8)) {
        let name = QueryName::from_labels(&labels).unwrap();
        let text = name.to_string();
        prop_assert!(text.is_ascii() && !text.contains(|c: char| c.is_control() || c == ' '));
        prop_assert_eq!(QueryName::parse(&text), Ok(name.clone()));
        // What is a host name is that name in the packet, label by label.
        if let Some(host) = name.host_name() {
            prop_assert_eq!(QueryName::from(&host), name);
        }
    }

    #[test]
    fn no_text_panics(text: String) {
        let _ = QueryName::parse(&text);
    }
}
