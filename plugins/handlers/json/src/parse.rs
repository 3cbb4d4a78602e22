//! Reads one document, and says where it is wrong.

use handler_kit::Value;

use crate::scan::Scanner;

/// The document that these bytes are.
///
/// # Errors
/// They are none; the reason says at which byte, counted from the document's first.
pub fn parse(bytes: &[u8], deepest: usize) -> Result<Value, String> {
    let mut scanner = Scanner::default();
    // What ends early or is broken is refused below, with a better reason.
    let _ = scanner.scan(bytes);
    if scanner.deepest() > deepest {
        return Err(format!("it is deeper than {deepest} (`deepest`)"));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let text = error.to_string();
        let reason = text.split(" at line ").next().unwrap_or_default();
        format!("{reason}: byte {}", offset(bytes, error.line(), error.column()))
    })
}

/// Where the column of a line is. Lines count from 1; a column is the number of bytes read in it.
fn offset(bytes: &[u8], line: usize, column: usize) -> usize {
    let begins = match line {
        0 | 1 => 0,
        line => memchr::memchr_iter(b'\n', bytes).nth(line - 2).map_or(0, |at| at + 1),
    };
    (begins + column.saturating_sub(1)).min(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_at_which_byte() {
        for (text, reason) in [
            (r#"{"a":}"#, "expected value: byte 5"),
            ("{\n  \"a\" 1\n}", "expected `:`: byte 8"),
            (r#"{"a":1} x"#, "trailing characters: byte 8"),
            ("[1,2", "EOF while parsing a list: byte 3"),
            ("\"\u{1}\"", "control character (\\u0000-\\u001F) found while parsing a string: byte 1"),
            ("1e999", "number out of range: byte 4"),
            ("nul", "EOF while parsing a value: byte 2"),
        ] {
            assert_eq!(parse(text.as_bytes(), 10).unwrap_err(), reason, "{text}");
        }
        assert!(parse(b"\"\xff\"", 10).unwrap_err().contains("byte"));
    }

    #[test]
    fn depth_is_bounded() {
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(deep(10).as_bytes(), 10).is_ok());
        assert_eq!(parse(deep(11).as_bytes(), 10).unwrap_err(), "it is deeper than 10 (`deepest`)");
        assert!(parse(deep(120).as_bytes(), 120).is_ok());
        assert!(parse("[".repeat(100_000).as_bytes(), 120).is_err());
    }
}
