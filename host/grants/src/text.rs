//! Texts of others, as people may be shown them: one table of harmful characters, and one way each
//! to replace, to escape, to quote and to cut.

use std::borrow::Cow;
use std::fmt::Write as _;

/// What stands in place of a harmful character.
const MARK: char = '\u{fffd}';

/// Whether a terminal or a reader could be misled by this character: controls (C0, DEL, C1),
/// bidirectional overrides and isolates, line and paragraph separators, and what is not drawn at
/// all (Unicode's `Default_Ignorable_Code_Point`, tag characters among them, which only a model
/// reads). Variation selectors are left out: emoji have them.
pub fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// The character, or U+FFFD in place of a harmful one: every character stays one, so that carets
/// still point at it.
pub fn plain(c: char) -> char {
    if is_harmful(c) { MARK } else { c }
}

/// A text for a message, between backquotes: at most so many characters of it, with escapes for
/// what is not printable.
pub fn quoted(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for c in text.chars().take(most) {
        match is_harmful(c) {
            true => shown.extend(c.escape_default()),
            false => shown.extend(c.escape_debug()),
        }
    }
    shown
}

/// One line: harmful characters as escapes, at most so many bytes of the text, and an ellipsis for
/// the rest.
pub fn printable(text: &str, most: usize) -> Cow<'_, str> {
    let kept = cut(text, most);
    if kept.len() == text.len() && !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(kept.len() + 16);
    for c in kept.chars() {
        if is_harmful(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    if kept.len() < text.len() {
        shown.push('…');
    }
    Cow::Owned(shown)
}

/// A block of text: harmful characters as escapes. Line ends and tabs stay.
pub fn printable_text(text: String) -> String {
    let stays = |c: char| matches!(c, '\n' | '\t') || !is_harmful(c);
    // Most long texts are plain ASCII. A look at bytes is faster than one at characters, and pieces
    // let it stop early.
    let is_plain = |piece: &[u8]| piece.iter().fold(true, |all, b| all & matches!(b, b'\n' | b'\t' | b' '..=b'~'));
    if text.as_bytes().chunks(1024).all(is_plain) || text.chars().all(stays) {
        return text;
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.replace("\r\n", "\n").chars() {
        if stays(c) { shown.push(c) } else { shown.extend(c.escape_default()) }
    }
    shown
}

/// The same JSON, in which harmful characters stand as `\uXXXX`. Between tokens JSON has only
/// blanks and line ends: a tab or a carriage return there becomes a blank, so that text that is no
/// JSON is harmless too.
pub fn harmless_json(json: &str) -> Cow<'_, str> {
    let is_kept = |c: char| c == '\n' || !is_harmful(c);
    if json.chars().all(is_kept) {
        return Cow::Borrowed(json);
    }
    let mut shown = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        match c {
            _ if is_kept(c) => shown.push(c),
            '\t' | '\r' => shown.push(' '),
            // JSON's escapes are UTF-16. Writing into a string cannot fail.
            _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| _ = write!(shown, "\\u{unit:04x}")),
        }
    }
    Cow::Owned(shown)
}

/// At most so many bytes of a text, whole characters.
pub fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each row of the table, the first and the last of its ranges.
    const HARMFUL: &str = "\0\u{1b}\u{7f}\u{9b}\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{17b5}\u{180b}\u{180f}\u{200b}\
        \u{200f}\u{2028}\u{202e}\u{2060}\u{206f}\u{3164}\u{feff}\u{ffa0}\u{fff0}\u{fffb}\u{1bca0}\u{1d173}\u{1d17a}\u{e0000}\
        \u{e0041}\u{e007f}\u{e0fff}";

    #[test]
    fn what_misleads_is_replaced_and_escaped_and_the_rest_stays() {
        assert!(HARMFUL.chars().all(is_harmful));
        assert!(HARMFUL.chars().all(|c| plain(c) == MARK));
        assert!(!quoted(HARMFUL, usize::MAX).contains(is_harmful));
        for c in "aé漢😀\u{fe0f} ~".chars() {
            assert_eq!(plain(c), c);
        }
        assert_eq!(quoted("a\u{e0041}\u{3164}b\"é", 5), "a\\u{e0041}\\u{3164}b\\\"");
    }

    #[test]
    fn a_line_is_escaped_and_cut() {
        assert_eq!(printable("a b", 9), "a b");
        assert_eq!(printable("a\u{1b}[2J\n", 9), "a\\u{1b}[2J\\n");
        assert_eq!(printable("aéé", 2), "a…");
        assert!(!printable(HARMFUL, usize::MAX).contains(is_harmful));
    }

    #[test]
    fn a_block_keeps_its_lines() {
        assert_eq!(printable_text("a\x1b[2J\u{9b}1m\tok\r\nnext".to_owned()), "a\\u{1b}[2J\\u{9b}1m\tok\nnext");
        let long = "x\n".repeat(5_000);
        assert_eq!(printable_text(long.clone()), long);
    }

    #[test]
    fn json_stays_the_same_json() {
        let line = "{\"client\":\"a\u{61c}\u{ad}\u{e0041}\u{202e}é\"}\n";
        assert_eq!(harmless_json(line), "{\"client\":\"a\\u061c\\u00ad\\udb40\\udc41\\u202eé\"}\n");
        assert_eq!(harmless_json("{\t\"a\":\r\n1}"), "{ \"a\": \n1}");
        assert_eq!(harmless_json("{\"a\": 1}"), "{\"a\": 1}");
        assert!(!harmless_json(HARMFUL).contains(is_harmful));
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!([cut("aé", 0), cut("aé", 1), cut("aé", 2), cut("aé", 3), cut("aé", 9)], ["", "a", "a", "aé", "aé"]);
    }
}
