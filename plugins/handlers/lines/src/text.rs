//! The characters of a line: bytes become text and text becomes bytes.

use encoding_rs::Encoding;
use handler_kit::{Failure, Value, base64, shown};

/// The encoding of the characters.
#[derive(Clone, Copy, Debug)]
pub enum Text {
    /// UTF-8.
    Utf8,
    /// ISO 8859-1 as it is written: each byte is the character of its number. The Encoding Standard
    /// takes this name for windows-1252, which gives the bytes 80 to 9F other characters.
    Latin1,
    /// One of the Encoding Standard.
    Other(&'static Encoding),
}

impl Text {
    /// The encoding of this name.
    ///
    /// # Errors
    /// There is none, or it does not keep ASCII as it is, so that ends cannot be found in it.
    pub fn new(label: &str) -> Result<Self, Failure> {
        match label.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => return Ok(Self::Utf8),
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" => return Ok(Self::Latin1),
            _ => {}
        }
        let encoding = Encoding::for_label_no_replacement(label.as_bytes()).ok_or_else(|| {
            Failure::of("encoding", format!("`{label}` is none: take `utf-8`, `latin-1`, `windows-1252` or the like"))
        })?;
        match encoding.is_ascii_compatible() {
            true => Ok(Self::Other(encoding)),
            false => {
                Err(Failure::of("encoding", format!("`{label}` does not keep ASCII as it is: frame it by length")))
            }
        }
    }

    /// The bytes as text; as base64 where they are none.
    pub fn decode(self, bytes: &[u8]) -> Value {
        let text = match self {
            Self::Utf8 => return shown(bytes),
            Self::Latin1 => Some(encoding_rs::mem::decode_latin1(bytes)),
            Self::Other(encoding) => encoding.decode_without_bom_handling_and_without_replacement(bytes),
        };
        text.map_or_else(|| base64(bytes), |text| Value::String(text.into_owned()))
    }

    /// The text as bytes.
    ///
    /// # Errors
    /// A character is not in the encoding.
    pub fn encode(self, text: &str) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Utf8 => Ok(text.as_bytes().to_vec()),
            Self::Latin1 => text
                .chars()
                .map(|c| u8::try_from(u32::from(c)).map_err(|_| missing(c, "latin-1")))
                .collect::<Result<_, _>>(),
            Self::Other(encoding) => {
                let (bytes, _, lost) = encoding.encode(text);
                if !lost {
                    return Ok(bytes.into_owned());
                }
                let first = text.chars().find(|c| encoding.encode(c.encode_utf8(&mut [0; 4])).2);
                Err(missing(first.unwrap_or_default(), encoding.name()))
            }
        }
    }
}

fn missing(character: char, encoding: &str) -> Failure {
    Failure::of("line", format!("`{character}` is no character of {encoding}"))
}
