//! Text as a pattern for itself in the language of the `regex` crate.

/// A text as a pattern for itself.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    text.chars().for_each(|c| literal(&mut out, c));
    out
}

/// A character that means itself.
pub(super) fn literal(out: &mut String, c: char) {
    // Nothing else: `\<` would be the beginning of a word.
    if r"\.+*?()|[]{}^$#&-~".contains(c) {
        out.push('\\');
    }
    out.push(c);
}
