//! grep's two regular languages in the one of the `regex` crate: basic (`\(`, `\|`, `\+` are operators, `(`, `|`, `+` are not) and
//! extended. What cannot be said in it, a back-reference, is refused and named. Source: POSIX.1-2017 §9, the manual of GNU grep §3.

use std::fmt::Write as _;

/// A pattern that cannot be said in the other language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    /// `\1`
    #[error("holds the back-reference `\\{0}`, which matching in linear time cannot do")]
    BackReference(char),
    /// `[` without its `]`
    #[error("has a `[` without its `]`; write `\\[` for the character")]
    Bracket,
    /// It ends in a backslash.
    #[error("ends in a backslash; write `\\\\` for the character")]
    Backslash,
}

/// Translates a basic (`extended` false) or an extended pattern.
pub fn translate(pattern: &str, extended: bool) -> Result<String, SyntaxError> {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern.chars().peekable();
    // Where a repetition or an anchor could stand for itself: at the beginning of an expression.
    let mut begins = true;
    while let Some(c) = rest.next() {
        let operator = match c {
            '\\' => {
                let escaped = rest.next().ok_or(SyntaxError::Backslash)?;
                match escaped {
                    '1'..='9' => return Err(SyntaxError::BackReference(escaped)),
                    '(' | ')' | '{' | '}' | '|' | '+' | '?' if !extended => Some(escaped),
                    'w' | 'W' | 's' | 'S' | 'b' | 'B' | '<' | '>' => {
                        out.push('\\');
                        out.push(escaped);
                        None
                    }
                    // The beginning and the end of the line, as each line is searched by itself.
                    '`' => {
                        out.push('^');
                        None
                    }
                    '\'' => {
                        out.push('$');
                        None
                    }
                    plain => {
                        literal(&mut out, plain);
                        None
                    }
                }
            }
            '[' => {
                bracket(&mut out, &mut rest)?;
                None
            }
            '.' => {
                out.push('.');
                None
            }
            '*' if begins => {
                literal(&mut out, '*');
                None
            }
            '*' => Some('*'),
            '^' if extended || begins => {
                out.push('^');
                // What follows the anchor is still the beginning.
                continue;
            }
            '$' if extended || ends(&mut rest.clone()) => {
                out.push('$');
                None
            }
            '(' | ')' | '{' | '}' | '|' | '+' | '?' if extended => Some(c),
            plain => {
                literal(&mut out, plain);
                None
            }
        };
        let Some(operator) = operator else {
            begins = false;
            continue;
        };
        match operator {
            '+' | '?' | '{' if begins => literal(&mut out, operator),
            // A brace that begins no repetition stands for itself, as with GNU grep.
            '{' if !repetition(&mut rest.clone(), extended) => literal(&mut out, '{'),
            '{' => {
                out.push('{');
                for c in rest.by_ref() {
                    if c == '}' {
                        break;
                    }
                    if c != '\\' {
                        // `{,n}` means from none.
                        if c == ',' && out.ends_with('{') {
                            out.push('0');
                        }
                        out.push(c);
                    }
                }
                out.push('}');
            }
            '}' => literal(&mut out, '}'),
            other => out.push(other),
        }
        begins = matches!(operator, '(' | '|');
    }
    Ok(out)
}

fn literal(out: &mut String, c: char) {
    // Nothing else: `\<` would be the beginning of a word.
    if r"\.+*?()|[]{}^$#&-~".contains(c) {
        out.push('\\');
    }
    out.push(c);
}

/// Whether a basic expression ends here: nothing follows, or `\)`, or `\|`.
fn ends(rest: &mut impl Iterator<Item = char>) -> bool {
    match rest.next() {
        None => true,
        Some('\\') => matches!(rest.next(), Some(')' | '|')),
        Some(_) => false,
    }
}

/// Whether what follows a brace is `n}`, `n,}`, `,m}` or `n,m}` (with `\}` in a basic expression).
fn repetition(rest: &mut impl Iterator<Item = char>, extended: bool) -> bool {
    let (mut digits, mut commas) = (0, 0);
    loop {
        match rest.next() {
            Some('0'..='9') => digits += 1,
            Some(',') => commas += 1,
            Some('}') if extended => return digits > 0 && commas < 2,
            Some('\\') if !extended => return rest.next() == Some('}') && digits > 0 && commas < 2,
            _ => return false,
        }
    }
}

/// A bracket expression: a backslash in it is a backslash, and only `]`, `^`, `-` and `[:class:]` mean anything.
fn bracket(out: &mut String, rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<(), SyntaxError> {
    out.push('[');
    if rest.next_if_eq(&'^').is_some() {
        // A negated list does not match the end of the line either.
        out.push_str("^\\n");
    }
    let mut first = true;
    loop {
        let c = rest.next().ok_or(SyntaxError::Bracket)?;
        match c {
            ']' if !first => break,
            '[' if matches!(rest.peek(), Some(':' | '.' | '=')) => {
                let kind = rest.next().ok_or(SyntaxError::Bracket)?;
                let mut name = String::new();
                loop {
                    let c = rest.next().ok_or(SyntaxError::Bracket)?;
                    if c == kind && rest.next_if_eq(&']').is_some() {
                        break;
                    }
                    name.push(c);
                }
                match kind {
                    // Writing to a string does not fail.
                    ':' => _ = write!(out, "[:{name}:]"),
                    _ => name.chars().for_each(|c| literal(out, c)),
                }
            }
            // A hyphen between two characters is a range; at an end it is itself.
            '-' if !first && !matches!(rest.peek(), Some(']') | None) => out.push('-'),
            c => literal(out, c),
        }
        first = false;
    }
    out.push(']');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a line matches, by way of the translation.
    fn matches(pattern: &str, extended: bool, line: &str) -> bool {
        use grep_matcher::Matcher as _;
        let translated = translate(pattern, extended).unwrap();
        let matcher = grep_regex::RegexMatcherBuilder::new().multi_line(true).build(&translated);
        matcher.unwrap_or_else(|error| panic!("{pattern} → {translated}: {error}")).is_match(line.as_bytes()).unwrap()
    }

    #[test]
    fn basic_and_extended_mean_what_they_mean_to_grep() {
        for (pattern, line, basic, extended) in [
            ("a+b", "a+b", true, false),
            ("a+b", "aab", false, true),
            (r"a\+b", "aab", true, false),
            (r"a\+b", "a+b", false, true),
            ("a|b", "a|b", true, true),
            ("a|c", "b c", false, true),
            (r"error\|warn", "a warning", true, false),
            (r"\(ab\)*c", "ababc", true, false),
            ("(ab)", "(ab)", true, true),
            ("(ab){2}", "abab", false, true),
            (r"\(ab\)\{2\}", "abab", true, false),
            (r"a\{,2\}b", "aab", true, false),
            ("x{", "x{", true, true),
            ("{1", "{1", true, true),
            ("*a", "*a", true, true),
            ("^*a", "*a", true, true),
            ("a^b", "a^b", true, false),
            ("a$b", "a$b", true, false),
            ("^a$", "a", true, true),
            ("a.c", "abc", true, true),
            (r"\.", "a", false, false),
            (r"[\d]", "d", true, true),
            (r"[\d]", "7", false, false),
            (r"[\d]", r"\", true, true),
            ("[[:digit:]]", "7", true, true),
            ("[]a]", "]", true, true),
            ("[^]a]", "]", false, false),
            ("[a-c]", "b", true, true),
            ("[a-]", "-", true, true),
            ("[a&&b]", "&", true, true),
            ("[~~]", "~", true, true),
            ("[[]", "[", true, true),
            (r"\bfoo\b", "a foo b", true, true),
            (r"\<foo\>", "a foo b", true, true),
            (r"\<foo\>", "food", false, false),
            (r"\d", "d", true, true),
            ("ü", "grün", true, true),
            ("#x y", "#x y", true, true),
        ] {
            assert_eq!(matches(pattern, false, line), basic, "basic `{pattern}` on `{line}`");
            assert_eq!(matches(pattern, true, line), extended, "extended `{pattern}` on `{line}`");
        }
    }

    #[test]
    fn what_cannot_be_said_is_refused_and_named() {
        assert_eq!(translate(r"\(a\)\1", false), Err(SyntaxError::BackReference('1')));
        assert_eq!(translate("[a", true), Err(SyntaxError::Bracket));
        assert_eq!(translate("[[:digit:", true), Err(SyntaxError::Bracket));
        assert_eq!(translate("a\\", true), Err(SyntaxError::Backslash));
    }

    proptest::proptest! {
        #[test]
        fn what_is_translated_holds_nothing_but_text_for_letters(pattern in "[a-zA-Z0-9 _#<>=%&@:;,'\"~-]{0,40}") {
            for extended in [false, true] {
                proptest::prop_assert!(matches(&pattern, extended, &pattern), "{}", pattern);
            }
        }
    }
}
