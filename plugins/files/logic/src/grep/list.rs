//! Lists of characters in brackets, as in POSIX: a backslash is one, and classes have names.

use super::literal::literal;
use super::syntax_error::SyntaxError;

/// A class of characters as GNU grep has it in UTF-8, to stand in a list.
fn class(name: &str) -> Option<&'static str> {
    Some(match name {
        "alpha" => r"\p{Alphabetic}",
        "digit" => "0-9",
        "alnum" => r"\p{Alphabetic}\p{Nd}",
        "upper" => r"\p{Uppercase}",
        "lower" => r"\p{Lowercase}",
        "space" => r"\s",
        "blank" => r"\t\p{Zs}",
        "punct" => r"[[:punct:]]\p{P}\p{S}",
        "cntrl" => r"\p{Cc}",
        "print" => r"[^\p{C}]",
        "graph" => r"[^\p{C}\s]",
        "xdigit" => "0-9A-Fa-f",
        _ => return None,
    })
}

/// A bracket expression: a backslash in it is a backslash, and only `]`, `^`, `-` and
/// `[:class:]` mean anything.
pub(super) fn bracket(
    out: &mut String,
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
) -> Result<(), SyntaxError> {
    out.push('[');
    if rest.next_if_eq(&'^').is_some() {
        // A negated list does not match the end of the line either.
        out.push_str("^\\n");
    }
    let mut first = true;
    let (colon, mut last, mut length) = (rest.peek() == Some(&':'), '[', 0);
    loop {
        let c = rest.next().ok_or(SyntaxError::Bracket)?;
        match c {
            ']' if colon && last == ':' && !first && length > 1 => return Err(SyntaxError::Outside),
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
                match (kind, name.chars().count()) {
                    (':', _) => match class(&name) {
                        Some(class) => out.push_str(class),
                        None => return Err(SyntaxError::Class(name)),
                    },
                    (_, 1) => name.chars().for_each(|c| literal(out, c)),
                    _ => return Err(SyntaxError::Collating(name, kind)),
                }
            }
            // A hyphen between two characters is a range; at an end it is itself.
            '-' if !first && !matches!(rest.peek(), Some(']') | None) => out.push('-'),
            c => literal(out, c),
        }
        (first, last, length) = (false, c, length + 1);
    }
    out.push(']');
    Ok(())
}
