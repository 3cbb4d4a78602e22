//! A row per embedding.

use super::*;
use crate::testing::ip;

fn inner(text: &str) -> Vec<String> {
    embedded_v4(text.parse().unwrap()).map(|v4| v4.to_string()).collect()
}

#[test]
fn every_known_embedding_is_seen() {
    for (text, expected) in [
        ("::ffff:10.0.0.1", &["10.0.0.1"][..]),
        ("::ffff:a00:1", &["10.0.0.1"]),
        ("::10.0.0.1", &["10.0.0.1"]),
        ("::ffff:0:10.0.0.1", &["10.0.0.1"]),
        ("64:ff9b::10.0.0.1", &["10.0.0.1"]),
        ("2002:a00:1::", &["10.0.0.1"]),
        ("2002:a00:1:ffff:1:2:3:4", &["10.0.0.1"]),
        // Server 65.54.227.120, client 192.0.2.45 inverted: the example of RFC 4380 §4.
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", &["65.54.227.120", "192.0.2.45"]),
        ("2001:db8::5efe:10.0.0.1", &["10.0.0.1"]),
        ("2001:db8::200:5efe:10.0.0.1", &["10.0.0.1"]),
        ("fe80::5efe:10.0.0.1", &["10.0.0.1"]),
    ] {
        assert_eq!(inner(text), expected, "{text}");
    }
}

/// The example of RFC 6052 §2.4, moved under the local-use prefix: the address stands in one of
/// four places, by the length of the prefix that the network chose.
#[test]
fn local_nat64_is_read_at_every_prefix_length() {
    for text in ["64:ff9b:1:c000:2:2100::", "64:ff9b:1:c0:0:221::", "64:ff9b:1:0:c0:2:2100:0", "64:ff9b:1::192.0.2.33"]
    {
        assert!(inner(text).contains(&"192.0.2.33".to_owned()), "{text}: {:?}", inner(text));
    }
}

#[test]
fn ordinary_addresses_embed_nothing() {
    for text in ["::", "::1", "2606:4700::1111", "fd00::1", "fe80::1", "64:ff9b:2::1", "2001:db8::1"] {
        assert_eq!(inner(text), [""; 0], "{text}");
    }
}

#[test]
fn i6_only_mapped_addresses_are_canonicalised() {
    assert_eq!(canonical(ip("::ffff:127.0.0.1")), ip("127.0.0.1"));
    for text in ["::127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::", "::ffff:0:127.0.0.1"] {
        assert_eq!(canonical(ip(text)), ip(text));
    }
    let socket = "[::ffff:10.0.0.1]:22".parse().unwrap();
    assert_eq!(canonical_socket(socket).to_string(), "10.0.0.1:22");
    let zoned = "[fe80::1%3]:22".parse().unwrap();
    assert_eq!(canonical_socket(zoned).to_string(), "[fe80::1%3]:22");
}
