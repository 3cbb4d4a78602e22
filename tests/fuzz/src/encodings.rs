//! Hex, terminators, base64: what is decoded is what a slower and plainer reading gives, what is
//! encoded comes back, and a refusal names a place inside the text.

use tcp_logic::text::{incomplete_tail, utf8_between, utf8_chunks};
use tcp_logic::{Encoding, EncodingError, decode, encode, terminator};

/// Any bytes: as bytes to be shown, and, where they are UTF-8, as text to be decoded.
pub fn target(data: &[u8]) {
    round_trip(data);
    in_pieces(data);
    let Ok(text) = str::from_utf8(data) else { return };
    assert_eq!(decode(text, Encoding::Utf8).as_deref(), Ok(data));
    for encoding in [Encoding::Hex, Encoding::Base64] {
        match decode(text, encoding) {
            // Base64 has one spelling for each value; hex has many.
            Ok(bytes) if encoding == Encoding::Base64 => assert_eq!(encode(&bytes, encoding), text),
            Ok(bytes) => round_trip(&bytes),
            Err(error) => names_a_place(text, &error),
        }
    }
    assert_eq!(terminator(text), decode(text, Encoding::Hex), "a terminator is hex");
    assert_eq!(terminator(text).ok(), plain_reading(text), "{text:?}");
    if let Err(error) = Encoding::from_name(text) {
        let message = error.to_string();
        assert!(crate::is_plain(&message) && message.len() < 600, "{message}");
    }
}

fn round_trip(bytes: &[u8]) {
    for encoding in [Encoding::Hex, Encoding::Base64] {
        let text = encode(bytes, encoding);
        assert_eq!(decode(&text, encoding).as_deref(), Ok(bytes), "{text}");
    }
    assert_eq!(encode(bytes, Encoding::Utf8), String::from_utf8_lossy(bytes));
    let escapes: String = bytes.iter().map(|byte| format!("\\x{byte:02X}")).collect();
    assert_eq!(terminator(&escapes).as_deref(), Ok(bytes));
}

/// Text that arrives in pieces, the first bytes saying where it is cut, is the
/// text that arrives whole.
fn in_pieces(data: &[u8]) {
    let (cuts, bytes) = data.split_at(data.len().min(4));
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| usize::from(*cut).min(bytes.len())).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    let whole = String::from_utf8_lossy(bytes);
    assert_eq!(utf8_chunks(cuts.windows(2).map(|at| &bytes[at[0]..at[1]])).concat(), whole);
    let pages = cuts.windows(2).map(|at| {
        let (before, after) = (&bytes[at[0].saturating_sub(3)..at[0]], &bytes[at[1]..(at[1] + 3).min(bytes.len())]);
        utf8_between(before, &[&bytes[at[0]..at[1]]], after).concat()
    });
    assert_eq!(pages.collect::<String>(), whole);
    let tail = incomplete_tail(bytes);
    assert!(tail <= 3 && tail <= bytes.len());
}

fn names_a_place(text: &str, error: &EncodingError) {
    let (position, found) = match error {
        EncodingError::NotHex { position, found }
        | EncodingError::NotBase64 { position, found }
        | EncodingError::Base64TrailingBits { position, found } => (*position, Some(*found)),
        EncodingError::EmptyPrefix { position }
        | EncodingError::OddDigits { position, .. }
        | EncodingError::BadEscape { position }
        | EncodingError::Base64Length { position }
        | EncodingError::Base64Padding { position } => (*position, None),
        EncodingError::UnknownEncoding(_) => panic!("the encoding is known"),
    };
    let there = position.checked_sub(1).and_then(|at| text.chars().nth(at));
    assert!(there.is_some(), "{error}: {text:?} has {} characters", text.chars().count());
    assert!(found.is_none() || found == there, "{error}: {there:?} stands there in {text:?}");
    let message = error.to_string();
    assert!(crate::is_plain(&message) && !message.contains('\n'), "{message:?}");
}

/// Hex, character by character, as its documentation describes it.
fn plain_reading(text: &str) -> Option<Vec<u8>> {
    let byte = |high: char, low: char| Some((high.to_digit(16)? * 16 + low.to_digit(16)?) as u8);
    let mut bytes = Vec::new();
    let characters: Vec<char> = text.chars().collect();
    let mut rest = characters.as_slice();
    if text.contains("\\x") {
        while let Some((first, after)) = rest.split_first() {
            rest = match rest {
                ['\\', 'x', high, low, after @ ..] => {
                    bytes.push(byte(*high, *low)?);
                    after
                }
                ['\\', 'x', ..] => return None,
                _ => {
                    bytes.extend_from_slice(first.encode_utf8(&mut [0; 4]).as_bytes());
                    after
                }
            };
        }
        return Some(bytes);
    }
    let mut high = None;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (high, *first, after) {
            (_, ' ' | '\t' | '\n' | '\r', _) => {}
            // `0x` before a byte: a digit has to follow at once.
            (None, '0', ['x' | 'X', after @ ..]) => {
                rest = after;
                after.first().filter(|next| next.is_ascii_hexdigit())?;
            }
            (None, digit, _) => high = Some(digit.to_digit(16).map(|_| digit)?),
            (Some(first), digit, _) => {
                bytes.push(byte(first, digit)?);
                high = None;
            }
        }
    }
    high.is_none().then_some(bytes)
}
