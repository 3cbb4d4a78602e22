//! How long a text is in JSON, whichever half of an answer it stands in.

/// The length of a text as a string of JSON, without its quotation marks: the longer of
/// what the structured answer needs, and of the text block, in which the host shows a
/// harmful character as `\u{…}`.
pub fn json_len(text: &str) -> usize {
    let extra = |byte: &u8| match byte {
        b'"' | b'\\' | b'\n' | b'\t' | b'\r' => 1,
        0..b' ' | 0x7f => 6,
        _ => 0_usize,
    };
    let plain = text.len() + text.as_bytes().iter().map(extra).sum::<usize>();
    if text.is_ascii() {
        return plain;
    }
    // Of what is not ASCII the host shows what has no width, or turns the direction, by its number
    // (`is_harmful` of its `grants`).
    let long = |c: char| match c {
        '\u{80}'..='\u{9f}' | '\u{ad}' => 5,
        '\u{34f}' | '\u{61c}' => 6,
        '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' => 6,
        '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' => 6,
        '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' => 6,
        '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' => 6,
        _ => 0,
    };
    plain + text.chars().map(long).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_that_of_the_json_or_of_what_the_host_shows() {
        assert_eq!(json_len("plain grün"), "plain grün".len());
        assert_eq!(json_len("a\"b\\c\nd\te\r"), 15);
        // `\\u{1b}`
        assert_eq!(json_len("\u{1b}"), 7);
        assert_eq!(json_len("\u{200b}\u{9b}"), r"\\u{200b}\\u{9b}".len());
    }
}
