//! grep's two regular languages in the one of the `regex` crate: basic (`\(`, `\|`, `\+` are
//! operators, `(`, `|`, `+` are not) and extended. What cannot be said in it, a back-reference, is
//! refused and named. Source: POSIX.1-2017 §9, the manual of GNU grep §3.

use super::list::bracket;
use super::literal::literal;
use super::syntax_error::SyntaxError;

/// What is at a place and no text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Anchor {
    /// The beginning or the end of the line, which an extended expression may repeat.
    Line,
    /// An edge of a word, or none.
    Word,
}

/// The most repetitions of repetitions.
const NESTED: usize = 100;

/// Translates a basic (`extended` false) or an extended pattern.
pub fn translate(pattern: &str, extended: bool) -> Result<String, SyntaxError> {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern.chars().peekable();
    // Where a repetition or an anchor could stand for itself: at the beginning of an expression.
    let mut begins = true;
    // Where the groups that are open begin, where what a repetition would repeat does, and
    // whether it is one itself.
    let (mut groups, mut piece, mut repeated, mut nested) = (Vec::new(), 0, false, 0);
    // Which anchor the last thing was, and whether it was an operator that repeats nothing.
    let (mut anchor, mut idle) = (None, false);
    while let Some(c) = rest.next() {
        let here = out.len();
        let (behind, behind_idle) = (anchor.take(), std::mem::take(&mut idle));
        let operator = match c {
            '\\' => {
                let escaped = rest.next().ok_or(SyntaxError::Backslash)?;
                match escaped {
                    '1'..='9' => return Err(SyntaxError::BackReference(escaped)),
                    '(' | ')' | '{' | '}' | '|' | '+' | '?' if !extended => Some(escaped),
                    'w' | 'W' | 's' | 'S' => {
                        out.push('\\');
                        out.push(escaped);
                        None
                    }
                    // As each line is searched by itself, two of them are
                    // its beginning and its end.
                    'b' | 'B' | '<' | '>' | '`' | '\'' => {
                        anchor = Some(match escaped {
                            '`' | '\'' => Anchor::Line,
                            _ => Anchor::Word,
                        });
                        match escaped {
                            '`' => out.push('^'),
                            '\'' => out.push('$'),
                            word => out.extend(['\\', word]),
                        }
                        (piece, repeated) = (here, false);
                        continue;
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
            '*' => Some('*'),
            // A second one in a row is a character in a basic expression.
            '^' if extended || (begins && behind.is_none()) => {
                out.push('^');
                // What follows the anchor is still the beginning.
                (piece, repeated, anchor) = (here, false, Some(Anchor::Line));
                continue;
            }
            '$' if extended || ends(&mut rest.clone()) => {
                out.push('$');
                (piece, repeated, anchor) = (here, false, Some(Anchor::Line));
                continue;
            }
            '(' | ')' | '{' | '}' | '|' | '+' | '?' if extended => Some(c),
            plain => {
                literal(&mut out, plain);
                None
            }
        };
        let Some(operator) = operator else {
            (begins, piece, repeated) = (false, here, false);
            continue;
        };
        let repeats = match operator {
            '*' | '+' | '?' => true,
            '{' => match repetition(&mut rest.clone(), extended) {
                // Where it could repeat no text it is text itself.
                Some((least, most)) if least > most && (begins || extended && (behind.is_some() || behind_idle)) => {
                    false
                }
                Some((least, most)) if least > most => return Err(SyntaxError::Reversed),
                bounds => bounds.is_some(),
            },
            _ => false,
        };
        if repeats && extended && begins && behind.is_none() {
            // It repeats what is not there.
            out.push_str("(?:)");
            (begins, piece, repeated, idle) = (false, here, false, operator != '{');
        }
        match operator {
            '{' if !repeats && !extended && !begins => return Err(SyntaxError::Braces),
            '*' | '+' | '?' | '{' if !extended && (begins || behind.is_some()) => literal(&mut out, operator),
            // Behind the edge of a word, where GNU grep takes it for none.
            '*' | '+' | '?' | '{' if repeats && behind == Some(Anchor::Word) => {
                anchor = behind;
                if operator == '{' {
                    rest.by_ref().take_while(|c| *c != '}').for_each(drop);
                }
                continue;
            }
            // In a row: `+?` is no lazy repetition, as with GNU grep.
            '*' | '+' | '?' if repeated && out.ends_with(['*', '+', '?']) => {
                if !out.ends_with(operator) {
                    out.pop();
                    out.push('*');
                }
                idle = behind_idle;
                continue;
            }
            // A brace that begins no repetition stands for itself, as with GNU grep.
            '{' if !repeats => literal(&mut out, '{'),
            _ if repeats => {
                if repeated {
                    nested += 1;
                    if nested > NESTED {
                        return Err(SyntaxError::Repetitions);
                    }
                    out.insert_str(piece, "(?:");
                    out.push(')');
                }
                out.push(operator);
                if operator == '{' {
                    braces(&mut out, &mut rest);
                }
                let none = behind_idle || behind.is_some();
                (begins, repeated, idle) = (false, true, idle || (none && operator != '{'));
                continue;
            }
            '(' => {
                groups.push(here);
                out.push('(');
            }
            // Behind an operator that repeats nothing it is a character, as with GNU grep.
            ')' if extended && behind_idle => literal(&mut out, ')'),
            ')' => match groups.pop() {
                Some(group) => {
                    out.push(')');
                    (begins, piece, repeated) = (false, group, false);
                    continue;
                }
                // Without its partner it stands for itself in an extended expression.
                None if extended => literal(&mut out, ')'),
                None => return Err(SyntaxError::Group(r"\)", r"\(")),
            },
            '}' => literal(&mut out, '}'),
            other => out.push(other),
        }
        (begins, piece, repeated) = (matches!(operator, '(' | '|'), here, false);
    }
    match (groups.is_empty(), extended) {
        (true, _) => Ok(out),
        (false, true) => Err(SyntaxError::Group("(", ")")),
        (false, false) => Err(SyntaxError::Group(r"\(", r"\)")),
    }
}

/// The rest of a repetition in braces.
fn braces(out: &mut String, rest: &mut impl Iterator<Item = char>) {
    for c in rest.by_ref().take_while(|c| *c != '}').filter(|c| *c != '\\') {
        // `{,n}` means from none.
        if c == ',' && out.ends_with('{') {
            out.push('0');
        }
        out.push(c);
    }
    out.push('}');
}

/// Whether a basic expression ends here: nothing follows, or `\)`, or `\|`.
fn ends(rest: &mut impl Iterator<Item = char>) -> bool {
    match rest.next() {
        None => true,
        Some('\\') => matches!(rest.next(), Some(')' | '|')),
        Some(_) => false,
    }
}

/// The bounds of a repetition, if what follows a brace is `n}`, `n,}`, `,m}`, `,}` or `n,m}` (with
/// `\}` in a basic expression).
pub(super) fn repetition(rest: &mut impl Iterator<Item = char>, extended: bool) -> Option<(u32, u32)> {
    let (mut bounds, mut at) = ([None::<u32>; 2], 0);
    loop {
        match rest.next()? {
            c @ '0'..='9' => {
                let bound = bounds[at].unwrap_or(0).saturating_mul(10);
                bounds[at] = Some(bound.saturating_add(c.to_digit(10)?));
            }
            ',' if at == 0 => at = 1,
            '}' if extended => break,
            '\\' if !extended && rest.next()? == '}' => break,
            _ => return None,
        }
    }
    match (bounds, at) {
        ([least, _], 0) => least.map(|least| (least, least)),
        ([least, most], _) => Some((least.unwrap_or(0), most.unwrap_or(u32::MAX))),
    }
}

#[cfg(test)]
#[path = "syntax_tests.rs"]
mod tests;
