//! The three encodings of `tcp_send` and `tcp_read_buffer`: text to bytes and back.
//!
//! Decoding is strict: what cannot be understood is refused with the place, and nothing is guessed.
//! Joining UTF-8 characters across chunks is not here but in [`crate::text`].

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How a string argument stands for bytes, and how bytes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// The text's own UTF-8 bytes.
    #[default]
    Utf8,
    /// RFC 4648 §4: standard alphabet, padded, canonical.
    Base64,
    /// Pairs of hex digits; see [`decode`].
    Hex,
}

impl Encoding {
    /// The encoding of that name: `utf-8`, `base64` or `hex`, exactly so.
    pub fn from_name(name: &str) -> Result<Encoding, EncodingError> {
        match name {
            "utf-8" => Ok(Encoding::Utf8),
            "base64" => Ok(Encoding::Base64),
            "hex" => Ok(Encoding::Hex),
            other => Err(EncodingError::UnknownEncoding(clip(other))),
        }
    }

    /// The name used in arguments and answers.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Base64 => "base64",
            Encoding::Hex => "hex",
        }
    }
}

/// Why a text is not in its encoding. Positions count characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what each field is")]
pub enum EncodingError {
    #[error("unknown encoding `{0}`: `utf-8`, `base64` and `hex` are known")]
    UnknownEncoding(String),
    #[error("invalid hex at character {position}: {} is not a hex digit", shown(*.found))]
    NotHex { position: usize, found: char },
    #[error("invalid hex at character {position}: `0x` without a digit after it")]
    EmptyPrefix { position: usize },
    #[error("invalid hex at character {position}: the last digit has no partner, there are {digits} digits")]
    OddDigits { position: usize, digits: usize },
    #[error("invalid hex at character {position}: `\\x` needs two hex digits after it")]
    BadEscape { position: usize },
    #[error("invalid base64 at character {position}: {} is not allowed here{}", shown(*.found), base64_hint(*.found))]
    NotBase64 { position: usize, found: char },
    #[error("invalid base64 at character {position}: the text ends in the middle of a group of four, padding included")]
    Base64Length { position: usize },
    #[error("invalid base64 at character {position}: wrong padding, groups of four are filled up with `=`")]
    Base64Padding { position: usize },
    #[error("invalid base64 at character {position}: {} leaves bits over that belong to no byte", shown(*.found))]
    Base64TrailingBits { position: usize, found: char },
}

/// Turns an argument into the bytes it stands for, or says what is wrong and
/// where; never a part of them.
///
/// Hex has two forms. **Without** `\x` anywhere the text is pure hex: digits of either case,
/// spaces, tabs, line breaks and `0x` before a byte, an even number of digits. **With** `\x`
/// somewhere it is literal text with escapes: `\xNN` is one byte, and every other character, white
/// space and single backslashes included, stands for its own UTF-8 bytes.
pub fn decode(text: &str, encoding: Encoding) -> Result<Vec<u8>, EncodingError> {
    match encoding {
        Encoding::Utf8 => Ok(text.as_bytes().to_vec()),
        Encoding::Base64 => decode_base64(text),
        Encoding::Hex if text.contains("\\x") => decode_escapes(text),
        Encoding::Hex => decode_plain_hex(text),
    }
}

/// The bytes of a `terminator` argument, which is always hex in either form of
/// [`decode`]; empty text, no bytes.
pub fn terminator(text: &str) -> Result<Vec<u8>, EncodingError> {
    decode(text, Encoding::Hex)
}

/// Shows bytes as text: lower-case hex without spaces, padded base64, or UTF-8 with
/// U+FFFD for what is none.
pub fn encode(bytes: &[u8], encoding: Encoding) -> String {
    match encoding {
        Encoding::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
        Encoding::Base64 => STANDARD.encode(bytes),
        Encoding::Hex => {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            let mut text = String::with_capacity(bytes.len() * 2);
            for byte in bytes {
                text.push(char::from(DIGITS[usize::from(byte >> 4)]));
                text.push(char::from(DIGITS[usize::from(byte & 15)]));
            }
            text
        }
    }
}

fn decode_plain_hex(text: &str) -> Result<Vec<u8>, EncodingError> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut high = None;
    let mut last_digit = 0;
    let mut characters = text.chars().zip(1..).peekable();
    while let Some((found, position)) = characters.next() {
        if matches!(found, ' ' | '\t' | '\n' | '\r') {
            continue;
        }
        if high.is_none() && found == '0' && characters.next_if(|(next, _)| matches!(next, 'x' | 'X')).is_some() {
            if !characters.peek().is_some_and(|(next, _)| next.is_ascii_hexdigit()) {
                return Err(EncodingError::EmptyPrefix { position });
            }
            continue;
        }
        let digit = digit(found).ok_or(EncodingError::NotHex { position, found })?;
        last_digit = position;
        match high.take() {
            None => high = Some(digit),
            Some(high) => bytes.push(high << 4 | digit),
        }
    }
    match high {
        None => Ok(bytes),
        Some(_) => Err(EncodingError::OddDigits { position: last_digit, digits: bytes.len() * 2 + 1 }),
    }
}

fn decode_escapes(text: &str) -> Result<Vec<u8>, EncodingError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\x") {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let position = || text[..text.len() - rest.len() + at].chars().count() + 1;
        let mut after = rest[at + 2..].chars();
        let digits = (after.next().and_then(digit), after.next().and_then(digit));
        let (Some(high), Some(low)) = digits else {
            return Err(EncodingError::BadEscape { position: position() });
        };
        bytes.push(high << 4 | low);
        rest = after.as_str();
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(bytes)
}

fn decode_base64(text: &str) -> Result<Vec<u8>, EncodingError> {
    use base64::DecodeError::{InvalidByte, InvalidLastSymbol, InvalidLength, InvalidPadding};
    STANDARD.decode(text).map_err(|error| {
        // The library looks at the end first where the length is wrong, and counts bytes: the first
        // character that no base64 has is the place to tell. Without one the text is ASCII, where
        // bytes are characters.
        let foreign = |&(c, _): &(char, usize)| !(c.is_ascii_alphanumeric() || "+/=".contains(c));
        if let Some((found, position)) = text.chars().zip(1..).find(foreign) {
            return EncodingError::NotBase64 { position, found };
        }
        let found = |at: usize| text.as_bytes().get(at).map_or('=', |byte| char::from(*byte));
        match error {
            InvalidByte(at, _) => EncodingError::NotBase64 { position: at + 1, found: found(at) },
            InvalidLength(_) => EncodingError::Base64Length { position: text.len() },
            InvalidLastSymbol(at, _) => EncodingError::Base64TrailingBits { position: at + 1, found: found(at) },
            InvalidPadding => EncodingError::Base64Padding { position: text.len() },
        }
    })
}

fn digit(character: char) -> Option<u8> {
    character.to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// A character as a message may show it: never a raw control character or line break.
fn shown(character: char) -> String {
    match character {
        ' ' => "a space".to_owned(),
        c if c.is_control() || c.is_whitespace() => format!("`{}`", c.escape_default()),
        c => format!("`{c}`"),
    }
}

fn base64_hint(found: char) -> &'static str {
    match found {
        '-' | '_' => " (this is the URL-safe alphabet: write `+` and `/`)",
        c if c.is_whitespace() => " (write it without white space)",
        _ => "",
    }
}

fn clip(text: &str) -> String {
    text.chars().take(32).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Result<Vec<u8>, String> {
        decode(text, Encoding::Hex).map_err(|error| error.to_string())
    }

    #[test]
    fn hex_accepts_what_the_old_server_accepted() {
        for text in
            ["48656C6c6f", "48 65 6c 6c 6f", "48\r\n65 6C\n6C6F", "0x48656c6c6f", "0x48 0X65 0x6c6c6f", "4 8656c6c6f"]
        {
            assert_eq!(hex(text).unwrap(), b"Hello", "{text}");
        }
        assert_eq!(hex("").unwrap(), b"");
        assert_eq!(hex("\\x48\\x65\\x6C\\x6c\\x6f").unwrap(), b"Hello");
        assert_eq!(hex("GET / HTTP/1.0\\x0d\\x0A").unwrap(), b"GET / HTTP/1.0\r\n");
        assert_eq!(hex("é \\xff\\n").unwrap(), b"\xc3\xa9 \xff\\n");
        assert_eq!(hex("\\\\x41").unwrap(), b"\\A");
    }

    #[test]
    fn bad_hex_is_refused_with_its_place() {
        assert_eq!(hex("4865g6").unwrap_err(), "invalid hex at character 5: `g` is not a hex digit");
        assert_eq!(hex("48é").unwrap_err(), "invalid hex at character 3: `é` is not a hex digit");
        assert_eq!(
            hex("486").unwrap_err(),
            "invalid hex at character 3: the last digit has no partner, there are 3 digits"
        );
        assert_eq!(hex("0x").unwrap_err(), "invalid hex at character 1: `0x` without a digit after it");
        assert_eq!(hex("0x4 0x5").unwrap_err(), "invalid hex at character 6: `x` is not a hex digit");
        assert_eq!(hex("é\\x4").unwrap_err(), "invalid hex at character 2: `\\x` needs two hex digits after it");
        assert_eq!(hex("\\x41\\xzz").unwrap_err(), "invalid hex at character 5: `\\x` needs two hex digits after it");
        assert_eq!(hex("Hello\u{7}").unwrap_err(), "invalid hex at character 1: `H` is not a hex digit");
        assert_eq!(hex("00\u{7}").unwrap_err(), "invalid hex at character 3: `\\u{7}` is not a hex digit");
    }

    #[test]
    fn base64_is_strict() {
        let decode = |text: &str| decode(text, Encoding::Base64).map_err(|error| error.to_string());
        assert_eq!(decode("SGVsbG8=").unwrap(), b"Hello");
        assert_eq!(decode("").unwrap(), b"");
        for (text, place) in [
            ("SGVsbG8", "character 7"),
            ("SGVs bG8=", "character 5: a space is not allowed here"),
            ("SGVs\nbG8=", "character 5: `\\n`"),
            ("SGVsbG9=", "character 7"),
            ("_-8=", "character 1: `_` is not allowed here (this is the URL-safe"),
            ("SG=s", "character 3"),
            ("ÿSGV", "character 1: `ÿ`"),
            // Nine bytes, of which the library complains first about the last.
            ("a€b😀", "character 2: `€`"),
            ("SGVsbG8=€", "character 9: `€`"),
        ] {
            let message = decode(text).unwrap_err();
            assert!(message.contains(place), "{text}: {message}");
        }
    }

    #[test]
    fn bytes_are_shown_in_lower_case_hex() {
        assert_eq!(encode(b"\xFF\x0a", Encoding::Hex), "ff0a");
        assert_eq!(encode(b"Hello", Encoding::Base64), "SGVsbG8=");
        assert_eq!(encode(b"a\xFF", Encoding::Utf8), "a\u{FFFD}");
    }

    #[test]
    fn names_are_exact() {
        for encoding in [Encoding::Utf8, Encoding::Base64, Encoding::Hex] {
            assert_eq!(Encoding::from_name(encoding.name()).unwrap(), encoding);
        }
        assert!(Encoding::from_name("UTF-8").unwrap_err().to_string().contains("`hex`"));
    }
}
