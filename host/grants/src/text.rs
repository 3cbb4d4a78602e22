//! Which characters of other people's texts a person must not be shown as they are: one table, for whoever shows any.

/// Whether a terminal or a reader could be misled by this character: controls (C0, DEL, C1), bidirectional overrides and
/// isolates, line and paragraph separators, and what is not drawn at all (Unicode's `Default_Ignorable_Code_Point`, tag
/// characters among them, which only a model reads). Variation selectors are left out: emoji have them.
pub fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}
