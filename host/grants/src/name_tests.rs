//! What is a name and what is not, in pairs.

use std::net::IpAddr;

use proptest::prelude::*;

use super::*;

#[test]
fn names_have_one_spelling() {
    for (text, canonical) in [
        ("example.com", "example.com"),
        ("Example.COM", "example.com"),
        ("example.com.", "example.com"),
        ("db", "db"),
        ("_ldap._tcp.example.com", "_ldap._tcp.example.com"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("4.example", "4.example"),
        ("1.2.3.4.example", "1.2.3.4.example"),
        ("0x7f.example", "0x7f.example"),
        ("a.0xfg", "a.0xfg"),
        ("a.1b", "a.1b"),
    ] {
        let name = Name::parse(text).unwrap();
        assert_eq!(name.as_str(), canonical, "{text}");
    }
}

#[test]
fn texts_that_an_address_parser_would_read_are_no_names() {
    for text in [
        "2130706433",
        "127.1",
        "0x7f.1",
        "127.0.0.1",
        "0x7f000001",
        "0177.0.0.1",
        "1.2.3.4.5",
        "example.0x",
        "example.0XfF",
        "0",
        "08",
        "127.0.0.1.",
    ] {
        let error = Name::parse(text).unwrap_err();
        assert!(matches!(error, NameError::Number(_)), "{text}: {error:?}");
    }
    assert_eq!(
        Name::parse("127.1").unwrap_err().to_string(),
        "the last label `1` is a number, so this would be read as an address"
    );
}

#[test]
fn malformed_names_are_refused_with_what_is_wrong() {
    let long = "a".repeat(64);
    let longest = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "b".repeat(61));
    assert_eq!(longest.len(), 253);
    assert!(Name::parse(&longest).is_ok());
    for (text, error) in [
        ("", NameError::Empty),
        (".", NameError::Empty),
        ("a..b", NameError::EmptyLabel),
        (".a", NameError::EmptyLabel),
        ("a..", NameError::EmptyLabel),
        (&*format!("{long}.b"), NameError::LabelTooLong(long.clone())),
        (&*format!("{longest}b"), NameError::TooLong(254)),
        ("-a.b", NameError::Hyphen("-a".into())),
        ("a-.b", NameError::Hyphen("a-".into())),
        ("a b", NameError::Character(' ')),
        ("a\0b", NameError::Character('\0')),
        ("*.a", NameError::Character('*')),
        ("[::1]", NameError::Character('[')),
        ("a:80", NameError::Character(':')),
        ("fe80::1%eth0", NameError::Character(':')),
        ("münchen.example", NameError::NotAscii('ü')),
        ("\u{ff11}27.1", NameError::NotAscii('\u{ff11}')),
    ] {
        assert_eq!(Name::parse(text), Err(error), "{text}");
    }
}

#[test]
fn below_means_one_or_more_labels_and_never_the_apex() {
    let apex = Name::parse("example.com").unwrap();
    for (text, below) in [
        ("a.example.com", true),
        ("a.b.example.com", true),
        ("example.com", false),
        ("badexample.com", false),
        ("com", false),
        ("example.com.evil", false),
    ] {
        assert_eq!(Name::parse(text).unwrap().is_below(&apex), below, "{text}");
    }
}

proptest! {
    #[test]
    fn what_is_accepted_is_canonical_and_never_an_address(text in "[a-zA-Z0-9._x-]{1,20}") {
        if let Ok(name) = Name::parse(&text) {
            prop_assert!(name.as_str().parse::<IpAddr>().is_err());
            prop_assert_eq!(Name::parse(name.as_str()), Ok(name.clone()));
            prop_assert_eq!(name.as_str(), name.as_str().to_ascii_lowercase());
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = Name::parse(&text).map_err(|error| error.to_string());
    }
}
