//! Broken TOML: the first break of each statement is told, and the rest of the file is read as if
//! that statement were not there.
//!
//! One bracket that is missing breaks everything behind it; what the parser says of that helps
//! nobody.

use std::borrow::Cow;
use std::ops::Range;

use toml::de::DeTable;

/// So many broken statements are told.
const MOST: usize = 8;

/// A longer text is not read again and again.
const LONGEST: usize = 1 << 20;

/// A place, and what is wrong there.
pub(crate) type Break = (Range<usize>, String);

/// The text with every broken statement blanked out, so that all places stay, and the breaks.
pub(crate) fn mend(text: &str) -> (Cow<'_, str>, Vec<Break>) {
    let mut text = Cow::Borrowed(text);
    let mut told = Vec::new();
    loop {
        let (count, first) = broken(&text);
        let Some((at, message)) = first else { return (text, told) };
        let place = at.start;
        told.push((at, message));
        let tried = if told.len() < MOST && text.len() <= LONGEST { at_fault(&text, place) } else { Vec::new() };
        let mended = tried.into_iter().map(|range| without(&text, range)).map(|text| (broken(&text).0, text));
        match mended.min_by_key(|(left, _)| *left) {
            Some((left, better)) if left < count => text = Cow::Owned(better),
            _ => {
                // What is left behind the break cannot be told from it.
                let from = at_fault(&text, place).iter().map(|range| range.start).min().unwrap_or(0);
                let blank = without(&text, from..text.len());
                return (Cow::Owned(blank), told);
            }
        }
    }
}

/// How often the text is broken, and where first.
fn broken(text: &str) -> (usize, Option<Break>) {
    let (_, all) = DeTable::parse_recoverable(text);
    let place = |error: &toml::de::Error| error.span().unwrap_or(0..0);
    let first = all.iter().min_by_key(|error| place(error).start);
    (all.len(), first.map(|error| (place(error), error.message().to_owned())))
}

/// The statements that a break may be due to, the likelier first: the one that it is in, and the
/// one before that, which has not ended where the break is at a beginning.
fn at_fault(text: &str, at: usize) -> Vec<Range<usize>> {
    let mut starts: Vec<(usize, bool)> = vec![(0, false)];
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        starts.extend(begins(line).map(|is_head| (offset, is_head)));
        offset += line.len();
    }
    let own = starts.iter().rposition(|(start, _)| *start <= at).unwrap_or(0);
    let range = |index: usize| {
        let (start, is_head) = *starts.get(index)?;
        // Without its head, a table's statements would be those of the table before.
        let end = starts.iter().skip(index + 1).find(|(_, head)| *head || !is_head);
        Some(start..end.map_or(text.len(), |(end, _)| *end))
    };
    let there = |range: &Range<usize>| text.get(range.clone()).is_some_and(|part| !part.trim().is_empty());
    let begun =
        starts.get(own).is_some_and(|(start, _)| text.get(*start..at).is_none_or(|part| part.trim().is_empty()));
    let mut tried = vec![Some(own), own.checked_sub(1)];
    if begun {
        tried.reverse();
    }
    tried.into_iter().flatten().filter_map(range).filter(there).collect()
}

/// Whether a line begins a statement; if so, whether it is the head of a table.
fn begins(line: &str) -> Option<bool> {
    let line = line.trim_start();
    if let Some(inner) = line.strip_prefix('[') {
        let inner = inner.trim_start_matches('[');
        return inner.starts_with(|c: char| c.is_ascii_alphabetic()).then_some(true);
    }
    let (key, _) = line.split_once('=')?;
    let key = key.trim_end();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | '\'');
    (!key.is_empty() && key.chars().all(plain)).then_some(false)
}

/// The text with a part blanked out.
fn without(text: &str, part: Range<usize>) -> String {
    let (head, rest) = text.split_at(part.start);
    let (middle, tail) = rest.split_at(part.end - part.start);
    let blank = middle.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' });
    head.chars().chain(blank).chain(tail.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        let (mended, told) = mend(text);
        assert_eq!((mended.len(), broken(&mended).0), (text.len(), 0), "{mended}");
        told.iter().map(|(at, _)| text[..at.start.min(text.len())].matches('\n').count() + 1).collect()
    }

    #[test]
    fn one_bracket_that_is_missing_is_one_mistake() {
        let rest = "\n[deny]\nconnect = [\"a\"]\n\n[limits]\nmemory = \"1 GiB\"\ncall = \"60 s\"\n";
        for (head, line) in [
            ("[plugins.tcp]\nconnect = [\n  \"tcp://a:1\",\n  \"tcp://b:1\"\n", 6),
            ("[plugins.tcp]\nconnect = [\n  \"tcp://a:1]\n", 3),
            ("[plugins.tcp\nconnect = [\"tcp://a:1\"]\n", 1),
            ("[plugins.tcp]\nconnect = [\"tcp://a:1\"\nping = [\"any\"]\n", 3),
        ] {
            let text = format!("{head}{rest}");
            assert_eq!(lines(&text), [line], "{text}");
            let (mended, _) = mend(&text);
            assert!(mended.contains("[deny]\nconnect = [\"a\"]") && mended.contains("call = \"60 s\""), "{mended}");
        }
    }

    #[test]
    fn every_broken_statement_is_told_once() {
        assert_eq!(lines("a = \n[x]\nb = 1\nc = [1\n[y]\nd = \"\n"), [1, 5, 6]);
        assert_eq!(lines("a = 1\na = 2\n"), [2]);
        assert_eq!(lines("a = 1\n"), [0; 0]);
    }
}
