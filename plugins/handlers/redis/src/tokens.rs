//! Lines and strings of RESP, cut from the input as they come.

use handler_kit::{Input, MOST_HELD};

use crate::scalar::number;

/// The longest message, in bytes. A line and a part that is told may be held beside it.
pub(crate) const LONGEST: usize = MOST_HELD - 2 * LONGEST_LINE;
/// The longest line: a status, an error or a number.
const LONGEST_LINE: usize = 65536;

/// A line with its type, or a string with its type.
#[derive(Debug)]
pub(crate) enum Token {
    Line(u8, Vec<u8>),
    String(u8, Vec<u8>),
    /// A string that makes the message too long. It has not been read.
    TooLong,
}

/// How far the input was read.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// How much of the input was read as parts of the message that is not whole.
    pub read: usize,
    /// So many bytes of a string are still to come and are given up.
    skip: u64,
}

impl Tokens {
    /// The next token, if it is whole. Of a message that is given up, strings come without bytes.
    pub(crate) fn next(&mut self, input: &Input, given_up: bool) -> Result<Option<Token>, String> {
        if self.skip > 0 {
            let there = input.len() - self.read;
            let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(there);
            self.read += skipped;
            self.skip -= skipped as u64;
            return Ok((self.skip == 0).then_some(Token::String(b'$', Vec::new())));
        }
        let rest = input.bytes().get(self.read..).unwrap_or_default();
        let window = rest.get(..LONGEST_LINE).unwrap_or(rest);
        let Some(end) = window.iter().position(|byte| *byte == b'\n') else {
            if window.len() == LONGEST_LINE {
                self.read += LONGEST_LINE;
                return Err(format!("a line is longer than {LONGEST_LINE} bytes"));
            }
            return Ok(None);
        };
        let line = window.get(..end).unwrap_or_default();
        let length = end + 1;
        let Some((kind, text)) = line.strip_suffix(b"\r").and_then(<[u8]>::split_first) else {
            self.read += length;
            return Err(
                if line.is_empty() || line == b"\r" { "the line is empty" } else { "a line ends without CR" }.into()
            );
        };
        let text = text.to_vec();
        if !matches!(kind, b'$' | b'!' | b'=' | b';') || text == b"?" || text == b"-1" {
            self.read += length;
            return Ok(Some(Token::Line(*kind, text)));
        }
        let Some(count) = number(&text).filter(|count| *count <= i64::MAX as u64) else {
            self.read += length;
            return Err("a string's length is no number".into());
        };
        if *kind == b';' && count == 0 {
            self.read += length;
            return Ok(Some(Token::Line(b';', text)));
        }
        let total = self.read as u64 + length as u64 + count + 2;
        if given_up {
            self.read += length;
            self.skip = count + 2;
            return self.next(input, true);
        }
        if total > LONGEST as u64 {
            return Ok(Some(Token::TooLong));
        }
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let Some(string) = rest.get(length..length + count) else { return Ok(None) };
        let Some(end) = rest.get(length + count..length + count + 2) else { return Ok(None) };
        let string = string.to_vec();
        if end != b"\r\n" {
            self.read += length + count;
            return Err("a string is not as long as it says".into());
        }
        self.read += length + count + 2;
        Ok(Some(Token::String(*kind, string)))
    }
}
