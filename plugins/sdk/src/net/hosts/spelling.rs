//! Odd spellings: numbers that other programs read as addresses, characters that look like others
//! or like nothing.
//!
//! Only judged here; what is said about them is in the parent module.

use std::net::Ipv4Addr;

use super::HostError;

/// What `inet_aton` would make of it: one to four parts, each decimal, octal (`0…`) or hexadecimal
/// (`0x…`), the last filling what is left.
pub(super) fn number_form(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u64> = text.split('.').map(number).collect::<Option<_>>()?;
    let (&last, leading) = parts.split_last()?;
    if leading.len() > 3 || leading.iter().any(|&part| part > 255) {
        return None;
    }
    let room = 32 - 8 * leading.len() as u32;
    if last >= 1 << room {
        return None;
    }
    let high = leading.iter().enumerate().map(|(index, &part)| part << (24 - 8 * index)).sum::<u64>();
    u32::try_from(high | last).ok().map(Ipv4Addr::from)
}

fn number(text: &str) -> Option<u64> {
    let (digits, radix) = if let Some(hexadecimal) = text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        (if hexadecimal.is_empty() { "0" } else { hexadecimal }, 16)
    } else if text.len() > 1 && text.starts_with('0') {
        (&text[1..], 8)
    } else {
        (text, 10)
    };
    digits.bytes().all(|byte| byte.is_ascii_alphanumeric()).then(|| u64::from_str_radix(digits, radix).ok())?
}

/// Refuses what is no name.
pub(super) fn check_name(name: &str) -> Result<(), HostError> {
    // ASCII as in RFC 1123, and `_`, which service names use. What is not ASCII is the host's to
    // judge, as it is in rules, except for what its mapping would turn into an address.
    let seen: String = name.chars().map(seen_as).collect();
    let address = is_number(seen.rsplit('.').next().unwrap_or(&seen));
    for (index, c) in name.chars().enumerate() {
        let plain = c.is_ascii_alphanumeric() || "-_.".contains(c);
        if !plain && (c.is_ascii() || address && seen_as(c) != c) {
            let found = if c == ' ' { "a space".to_owned() } else { format!("`{c}`") };
            return Err(HostError::Character { found, position: index + 1 });
        }
    }
    let problem = if name.split('.').any(str::is_empty) {
        "it has an empty part between dots"
    } else if name.is_ascii() && name.split('.').any(|label| label.len() > 63) {
        "one of its parts is longer than 63 characters"
    } else if name.len() > if name.is_ascii() { 253 } else { 1_000 } {
        "it is longer than 253 characters"
    } else if name.split('.').any(|label| label.starts_with('-') || label.ends_with('-')) {
        "one of its parts begins or ends with `-`"
    } else {
        return Ok(());
    };
    Err(HostError::Name { problem })
}

/// Whether an address parser could read this label as a number.
pub(super) fn is_number(label: &str) -> bool {
    let hexadecimal = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    !label.is_empty() && label.bytes().all(|digit| digit.is_ascii_digit())
        || label.strip_prefix("0x").or(label.strip_prefix("0X")).is_some_and(hexadecimal)
}

/// The ASCII character that IDNA may make of one, as far as addresses have it; some digit for what
/// becomes digits.
fn seen_as(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        '\u{2024}' | '\u{3002}' | '\u{FF61}' => '.',
        '²' | '³' | '¹' | '¼'..='¾' | '\u{2070}'..='\u{209F}' | '\u{2150}'..='\u{218F}' => '0',
        '\u{2460}'..='\u{24FF}' | '\u{1D7CE}'..='\u{1D7FF}' | '\u{1F100}'..='\u{1F10C}' | '\u{1FBF0}'..='\u{1FBF9}' => {
            '0'
        }
        other => other,
    }
}

/// Control characters, white space other than a plain space, and characters that are not seen.
pub(super) fn hidden(c: char) -> bool {
    c.is_control()
        || c.is_whitespace() && c != ' '
        || matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}')
        || matches!(c, '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E0FFF}')
}
