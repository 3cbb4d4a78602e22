//! Patterns as in Perl (`-P`) in the language of the `regex` crate. The two are nearly the same;
//! this file holds the differences. `\d` is ASCII, as with GNU grep. What matching in linear time
//! cannot do is refused and named. Source: pcre2pattern(3).

use std::iter::Peekable;
use std::str::Chars;

use super::literal::literal;
use super::syntax::repetition;
use super::syntax_error::SyntaxError;

/// `\h`: a blank of any width.
const BLANK: &str = r"\t\p{Zs}\x{180e}";

/// `\v`: what ends a line or a page.
const VERTICAL: &str = r"\x0a-\x0d\x{85}\x{2028}\x{2029}";

/// Translates a pattern.
pub fn perl(pattern: &str) -> Result<String, SyntaxError> {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => escape(&mut out, &mut rest)?,
            '[' => list(&mut out, &mut rest)?,
            '(' if rest.peek() == Some(&'?') => {
                let mut after = rest.clone().skip(1);
                match (after.next(), after.next()) {
                    (Some('>'), _) => return Err(SyntaxError::Possessive),
                    (Some('R' | '&' | '0'..='9' | '+'), _) | (Some('P'), Some('>')) => {
                        return Err(SyntaxError::Recursion);
                    }
                    (Some('#'), _) => while rest.next().is_some_and(|c| c != ')') {},
                    _ => out.push('('),
                }
            }
            // A brace that begins no repetition stands for itself.
            '{' if rest.peek() == Some(&',') || repetition(&mut rest.clone(), true).is_none() => out.push_str(r"\{"),
            '{' => {
                out.push('{');
                for c in rest.by_ref() {
                    out.push(c);
                    if c == '}' {
                        break;
                    }
                }
                possessive(&mut rest)?;
            }
            '*' | '+' | '?' => {
                out.push(c);
                possessive(&mut rest)?;
            }
            '}' | ']' => literal(&mut out, c),
            c => out.push(c),
        }
    }
    Ok(out)
}

/// What repeats without giving back cannot be matched in linear time.
fn possessive(rest: &mut Peekable<Chars<'_>>) -> Result<(), SyntaxError> {
    if rest.peek() == Some(&'+') { Err(SyntaxError::Possessive) } else { Ok(()) }
}

/// Whether what begins with a brace is no repetition.
fn braces_name(rest: &Peekable<Chars<'_>>) -> bool {
    let mut inside = rest.clone().skip(1);
    inside.clone().next() == Some(',') || repetition(&mut inside, true).is_none()
}

fn escape(out: &mut String, rest: &mut Peekable<Chars<'_>>) -> Result<(), SyntaxError> {
    let c = rest.next().ok_or(SyntaxError::Backslash)?;
    match c {
        '1'..='9' | 'g' | 'k' => return Err(SyntaxError::BackReference(c)),
        'd' => out.push_str("[0-9]"),
        'D' => out.push_str("[^0-9]"),
        'h' => out.extend(["[", BLANK, "]"]),
        'H' => out.extend(["[^", BLANK, "]"]),
        'v' => out.extend(["[", VERTICAL, "]"]),
        'V' => out.extend(["[^", VERTICAL, "]"]),
        'R' => out.extend([r"(?:\r\n|[", VERTICAL, "])"]),
        // With braces that are no repetition it is a character by its name.
        'N' if rest.peek() == Some(&'{') && braces_name(rest) => return Err(SyntaxError::Name),
        'N' => out.push_str("[^\\n]"),
        'e' => out.push_str(r"\x1b"),
        // Each line is searched by itself.
        'A' => out.push('^'),
        'Z' | 'z' => out.push('$'),
        'Q' => {
            while let Some(c) = rest.next() {
                if c == '\\' && rest.next_if_eq(&'E').is_some() {
                    break;
                }
                literal(out, c);
            }
        }
        'E' => {}
        c if c.is_ascii_alphanumeric() => {
            out.extend(['\\', c]);
            // `\p{Greek}`, `\x{e9}`
            if matches!(c, 'p' | 'P' | 'x')
                && let Some(brace) = rest.next_if_eq(&'{')
            {
                out.push(brace);
                for c in rest.by_ref() {
                    out.push(c);
                    if c == '}' {
                        break;
                    }
                }
            }
        }
        c => literal(out, c),
    }
    Ok(())
}

/// A list of characters: `[`, `&&`, `--` and `~~` mean nothing in it, and a backslash does.
fn list(out: &mut String, rest: &mut Peekable<Chars<'_>>) -> Result<(), SyntaxError> {
    out.push('[');
    if let Some(not) = rest.next_if_eq(&'^') {
        out.push(not);
    }
    let mut first = true;
    loop {
        let c = rest.next().ok_or(SyntaxError::Bracket)?;
        match c {
            ']' if !first => break,
            '[' if rest.peek() == Some(&':') => {
                let name: String = rest.clone().skip(1).take_while(|c| c.is_ascii_lowercase() || *c == '^').collect();
                if rest.clone().skip(1 + name.len()).take(2).eq([':', ']']) {
                    out.extend(["[:", &name, ":]"]);
                    rest.nth(name.len() + 2);
                } else {
                    literal(out, c);
                }
            }
            '\\' => match rest.next().ok_or(SyntaxError::Backslash)? {
                'd' => out.push_str("0-9"),
                'D' => out.push_str("[^0-9]"),
                'h' => out.push_str(BLANK),
                'v' => out.push_str(VERTICAL),
                'e' => out.push_str(r"\x1b"),
                'b' => out.push_str(r"\x08"),
                c if c.is_ascii_alphanumeric() => {
                    out.extend(['\\', c]);
                    if matches!(c, 'p' | 'P' | 'x') {
                        out.extend(rest.next_if_eq(&'{'));
                    }
                }
                c => literal(out, c),
            },
            // Between two characters it is a range; at an end it is itself.
            '-' if !first && !matches!(rest.peek(), Some(']') | None) => out.push('-'),
            '}' | '{' => out.push(c),
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
    fn matches(pattern: &str, line: &str) -> bool {
        use grep_matcher::Matcher as _;
        let translated = perl(pattern).unwrap();
        let matcher = grep_regex::RegexMatcherBuilder::new().multi_line(true).build(&translated);
        matcher.unwrap_or_else(|error| panic!("{pattern} → {translated}: {error}")).is_match(line.as_bytes()).unwrap()
    }

    #[test]
    fn patterns_mean_what_they_mean_to_perl() {
        for (pattern, line, expected) in [
            (r"\d", "٣", false),
            (r"\d", "3", true),
            (r"[\d]", "٣", false),
            (r"^\D$", "٣", true),
            (r"^[\D]$", "٣", true),
            (r"\w", "ü", true),
            ("x{", "x{", true),
            ("{a}", "{a}", true),
            ("a{,2}", "a{,2}", true),
            ("^a{2}$", "aa", true),
            (r"\p{Greek}\{", "λ{", true),
            (r"\x{e9}{", "é{", true),
            (r"^\x41{2}$", "AA", true),
            ("[a&&b]", "&", true),
            ("^[a~~b]$", "~", true),
            ("[[]", "[", true),
            ("[a[b]", "[", true),
            ("[[:digit:]x]", "x", true),
            ("[[:digit]", ":", true),
            ("[]a]", "]", true),
            (r"[\]]", "]", true),
            (r"[\p{Lu}]", "Ü", true),
            (r"\<b\>", "<b>", true),
            (r"^\Qa.b\E$", "a.b", true),
            (r"\Qa.b", "axb", false),
            (r"\h", "\u{a0}", true),
            (r"^\N\N$", "ab", true),
            (r"^\N{2}$", "ab", true),
            (r"\Ab\z", "b", true),
            ("a(?#not this)b", "ab", true),
            ("a}", "a}", true),
        ] {
            assert_eq!(matches(pattern, line), expected, "`{pattern}` on `{line}`");
        }
    }

    #[test]
    fn what_cannot_be_matched_in_linear_time_is_refused_and_named() {
        for pattern in ["a++b", "a*+", "a?+", "a{2}+", "(?>a)"] {
            assert_eq!(perl(pattern), Err(SyntaxError::Possessive), "{pattern}");
        }
        for pattern in ["(?R)", "(?1)", "(?P>n)"] {
            assert_eq!(perl(pattern), Err(SyntaxError::Recursion), "{pattern}");
        }
        assert_eq!(perl(r"(a)\1"), Err(SyntaxError::BackReference('1')));
        assert_eq!(perl("[a"), Err(SyntaxError::Bracket));
        assert_eq!(perl(r"\N{U+E9}"), Err(SyntaxError::Name));
    }
}
