//! How a server's bytes are characters. A byte that is no character stays one: as itself for
//! patterns, as `\xNN` for people.

use std::fmt::Write as _;

/// The upper half of code page 437, the IBM PC's.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// Bytes that are no characters go through the terminal as the last characters
/// there are, which nobody uses.
const BYTES: u32 = 0x0010_ff00;

/// An encoding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// ISO 8859-1.
    Latin1,
    /// IBM's code page 437.
    Cp437,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Encoding; 3] = [Encoding::Utf8, Encoding::Latin1, Encoding::Cp437];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Latin1 => "latin-1",
            Encoding::Cp437 => "cp437",
        }
    }

    /// Whole characters as text; a byte that is none as its stand-in.
    pub(crate) fn decode(self, bytes: &[u8]) -> String {
        match self {
            Encoding::Utf8 => {
                let mut text = String::with_capacity(bytes.len());
                for chunk in bytes.utf8_chunks() {
                    for c in chunk.valid().chars() {
                        // A stand-in that was sent as such is none.
                        match byte(c) {
                            Some(_) => text.extend(c.encode_utf8(&mut [0; 4]).bytes().map(stand_in)),
                            None => text.push(c),
                        }
                    }
                    text.extend(chunk.invalid().iter().map(|byte| stand_in(*byte)));
                }
                text
            }
            Encoding::Latin1 => bytes
                .iter()
                .map(|&byte| if (0x80..0xa0).contains(&byte) { stand_in(byte) } else { char::from(byte) })
                .collect(),
            Encoding::Cp437 => {
                let upper: Vec<char> = CP437.chars().collect();
                let character = |byte: &u8| match byte.checked_sub(0x80) {
                    Some(at) => upper.get(usize::from(at)).copied().unwrap_or(stand_in(*byte)),
                    None => char::from(*byte),
                };
                bytes.iter().map(character).collect()
            }
        }
    }

    /// Text as bytes, or the first character that the encoding does not have.
    pub fn encode(self, text: &str) -> Result<Vec<u8>, char> {
        let upper = |c: char| CP437.chars().zip(0x80..=0xff).find(|(known, _)| *known == c).map(|(_, byte)| byte);
        match self {
            Encoding::Utf8 => Ok(text.as_bytes().to_vec()),
            Encoding::Latin1 => text.chars().map(|c| u8::try_from(c).map_err(|_| c)).collect(),
            Encoding::Cp437 => {
                text.chars().map(|c| if c.is_ascii() { u8::try_from(c).ok() } else { upper(c) }.ok_or(c)).collect()
            }
        }
    }
}

fn stand_in(byte: u8) -> char {
    char::from_u32(BYTES + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The byte that a character stands in for.
pub(crate) fn byte(c: char) -> Option<u8> {
    u32::from(c).checked_sub(BYTES).and_then(|byte| u8::try_from(byte).ok())
}

/// A character for patterns: in UTF-8, or the byte that it stands in for.
pub(crate) fn append(c: char, out: &mut Vec<u8>) {
    match byte(c) {
        Some(byte) => out.push(byte),
        None => out.extend(c.encode_utf8(&mut [0; 4]).bytes()),
    }
}

/// Characters for people.
pub(crate) fn shown<'a>(characters: impl IntoIterator<Item = &'a char>) -> String {
    let mut text = String::new();
    for &c in characters {
        match byte(c) {
            Some(byte) => _ = write!(text, "\\x{byte:02x}"),
            None => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_characters_and_characters_bytes() {
        assert_eq!(Encoding::Latin1.decode(b"Gr\xf6\xdfe"), "Größe");
        assert_eq!(Encoding::Cp437.decode(b"Gr\x94\xe1e \xc9\xcd\xbb\xff"), "Größe ╔═╗\u{a0}");
        assert_eq!(CP437.chars().count(), 128);
        for encoding in Encoding::ALL {
            assert_eq!(encoding.decode(&encoding.encode("Größe 1").unwrap()), "Größe 1", "{encoding:?}");
        }
        assert_eq!((Encoding::Latin1.encode("5 €"), Encoding::Cp437.encode("ŵ")), (Err('€'), Err('ŵ')));
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(Encoding::Cp437.encode(&Encoding::Cp437.decode(&all)), Ok(all));
    }

    #[test]
    fn a_byte_that_is_no_character_stays_a_byte() {
        let through = |encoding: Encoding, bytes: &[u8]| shown(&encoding.decode(bytes).chars().collect::<Vec<_>>());
        assert_eq!(through(Encoding::Utf8, b"Gr\xf6\xdfe \xe2\x82!"), "Gr\\xf6\\xdfe \\xe2\\x82!");
        assert_eq!(through(Encoding::Latin1, b"a\x85"), "a\\x85");
        // Nobody gets a byte in by its stand-in.
        let forged = stand_in(0x1b).to_string();
        assert_eq!(through(Encoding::Utf8, forged.as_bytes()), "\\xf4\\x8f\\xbc\\x9b");
    }
}
