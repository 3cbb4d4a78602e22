//! Addresses in spellings that some parsers take and others do not.
//!
//! None of them is accepted anywhere: what one parser reads as a name and the next as an address
//! is how filters are passed. They are read here only to tell what the writer probably meant.

use std::net::Ipv4Addr;

/// What `inet_aton` (POSIX) and the WHATWG URL parser would make of this text: one to four parts,
/// decimal, octal (`0…`) or hexadecimal (`0x…`), the last of which fills the rest.
pub(crate) fn odd_v4(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u64> = text.strip_suffix('.').unwrap_or(text).split('.').map(number).collect::<Option<_>>()?;
    let (last, heads) = parts.split_last()?;
    if heads.len() > 3 || heads.iter().any(|&head| head > 255) {
        return None;
    }
    let room = 8 * (4 - heads.len() as u32);
    if *last >= 1 << room {
        return None;
    }
    let high = heads.iter().enumerate().fold(0, |bits, (at, &head)| bits | head << (24 - 8 * at));
    u32::try_from(high | last).ok().map(Ipv4Addr::from_bits)
}

fn number(part: &str) -> Option<u64> {
    let lower = part.to_ascii_lowercase();
    let (digits, radix) = match lower.strip_prefix("0x") {
        Some("") => return Some(0),
        Some(hex) => (hex, 16),
        None if lower.len() > 1 && lower.starts_with('0') => (&lower[1..], 8),
        None => (lower.as_str(), 10),
    };
    // `from_str_radix` would take a sign.
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_spellings_are_understood_so_that_they_can_be_refused_well() {
        for (text, meant) in [
            ("2130706433", "127.0.0.1"),
            ("127.1", "127.0.0.1"),
            ("0x7f.1", "127.0.0.1"),
            ("0x7f000001", "127.0.0.1"),
            ("0177.0.0.1", "127.0.0.1"),
            ("127.0.0.01", "127.0.0.1"),
            ("10.1.256", "10.1.1.0"),
            ("1.2.3.4.", "1.2.3.4"),
            ("0", "0.0.0.0"),
        ] {
            assert_eq!(odd_v4(text).map(|a| a.to_string()).as_deref(), Some(meant), "{text}");
        }
        for text in ["", ".", "1.2.3.4.5", "256.1.1.1", "4294967296", "1.2.3.256", "a.1", "+1", "1..2"] {
            assert_eq!(odd_v4(text), None, "{text}");
        }
    }
}
