//! Texts of others, as people may be shown them: one table of harmful characters, and one way each
//! to replace, to quote and to cut.

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
    fn a_text_is_cut_between_characters() {
        assert_eq!([cut("aé", 0), cut("aé", 1), cut("aé", 2), cut("aé", 3), cut("aé", 9)], ["", "a", "a", "aé", "aé"]);
    }
}
