//! How master files write the bytes of strangers (RFC 1035, section 5.1): printable, and the same
//! again when read back. Addresses and long data are written as dig has them.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use hickory_proto::rr::Name;

/// A name, absolute, as BIND writes it (RFC 1035, section 5.1; RFC 4343, section 2.1):
/// what means something in a master file behind a backslash, what is not printable
/// ASCII as `\DDD`, in decimal.
pub fn name(name: &Name) -> String {
    let mut text = String::new();
    for label in name.iter() {
        for byte in label {
            match byte {
                b'"' | b'(' | b')' | b';' | b'\\' | b'@' | b'$' | b'.' => {
                    text.push('\\');
                    text.push(char::from(*byte));
                }
                b'!'..=b'~' => text.push(char::from(*byte)),
                _ => {
                    let _ = write!(text, "\\{byte:03}");
                }
            }
        }
        text.push('.');
    }
    if text.is_empty() { ".".to_owned() } else { text }
}

/// A `<character-string>` in quotes; what is not printable ASCII becomes `\DDD`.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 2);
    text.push('"');
    for byte in bytes {
        match byte {
            b'"' | b'\\' => {
                text.push('\\');
                text.push(char::from(*byte));
            }
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => {
                let _ = write!(text, "\\{byte:03}");
            }
        }
    }
    text.push('"');
    text
}

/// The same for JSON: UTF-8 where it is, and without quotes. A stranger's bytes are
/// shown, never lost silently.
pub(crate) fn plain(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => quoted(bytes).trim_matches('"').to_owned(),
    }
}

/// An address as `inet_ntop` writes it: the standard library differs for those that
/// only end in an IPv4 address.
pub(crate) fn v6(address: Ipv6Addr) -> String {
    match u32::try_from(address.to_bits()) {
        Ok(low @ 0x1_0000..) => format!("::{}", Ipv4Addr::from_bits(low)),
        _ => address.to_string(),
    }
}

/// Words of 56 characters.
pub(crate) fn words(encoded: &str) -> String {
    let words: Vec<&str> = encoded.as_bytes().chunks(56).filter_map(|word| std::str::from_utf8(word).ok()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_bind_writes_them() {
        let written = |labels: &[&[u8]]| name(&Name::from_labels(labels.iter().copied()).unwrap());
        assert_eq!(written(&[b"caf\xc3\xa9", b"example"]), "caf\\195\\169.example.");
        assert_eq!(written(&[b"a b", b"x"]), "a\\032b.x.");
        assert_eq!(written(&[b"\"();\\@$.", b"x"]), "\\\"\\(\\)\\;\\\\\\@\\$\\..x.");
        assert_eq!(written(&[b"0/25", b"a+b-c_d*", b"!#%&'<>~"]), "0/25.a+b-c_d*.!#%&'<>~.");
        assert_eq!(written(&[b"\x00\x1b\x7f"]), "\\000\\027\\127.");
        assert_eq!(name(&Name::root()), ".");
    }

    #[test]
    fn what_a_terminal_obeys_is_written_as_numbers() {
        assert_eq!(quoted(b"a \"b\" \\ \x1b[31m\xff"), r#""a \"b\" \\ \027[31m\255""#);
        assert_eq!(plain("größe".as_bytes()), "größe");
        assert_eq!(plain(b"a\x07\xff"), "a\\007\\255");
    }
}
