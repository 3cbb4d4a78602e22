//! Text as Markdown: paragraphs and list items whose lines stay under 120 columns.
//!
//! Knows no document and reads no file.

/// The most columns of a line. `tests/tidy` allows one more.
pub(crate) const WIDTH: usize = 118;

/// The longest code span that is kept on one line, in bytes.
const LONGEST_SPAN: usize = 70;

/// Adds a paragraph to `page`: the first line begins with `first`, each further one with `rest`.
/// The text is Markdown.
pub(crate) fn paragraph(page: &mut String, first: &str, rest: &str, text: &str) {
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in words(text) {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            page.push_str(&line);
            page.push('\n');
            rest.clone_into(&mut line);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(&word);
        is_empty = false;
    }
    page.push_str(&line);
    page.push('\n');
}

/// The parts of a text between which a line may end: its words, with short code spans whole. A word
/// that Markdown takes for something else at the beginning of a line stays behind the word before
/// it.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let is_inside =
            words.last().is_some_and(|last| last.matches('`').count() % 2 == 1 && last.len() < LONGEST_SPAN);
        match words.last_mut() {
            Some(last) if is_inside || begins_a_block(word) => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

/// Whether a line that begins with this word is a heading, a list item, a quotation or a table's
/// row.
fn begins_a_block(word: &str) -> bool {
    let number = word.strip_suffix(['.', ')']).is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    number || matches!(word, "-" | "+" | "*" | "=") || word.starts_with(['>', '#', '|'])
}

/// Plain text as Markdown: what would be emphasis or HTML is escaped, code spans stay as they are.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut is_code = false;
    for c in text.chars() {
        is_code ^= c == '`';
        if !is_code && matches!(c, '*' | '<' | '[') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut page = String::new();
        paragraph(&mut page, "- ", "  ", text);
        page
    }

    #[test]
    fn lines_end_between_words_and_hang_below_the_first() {
        let page = shown(&"word ".repeat(50));
        let lines: Vec<&str> = page.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with("- word") && lines[1].starts_with("  word"), "{page}");
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH && !line.ends_with(' ')), "{page}");
        assert_eq!(page.split_whitespace().filter(|word| *word == "word").count(), 50);
    }

    #[test]
    fn a_code_span_is_not_broken() {
        let page = shown(&format!("{} `a b c d e f`", "x".repeat(110)));
        assert_eq!(page.lines().nth(1), Some("  `a b c d e f`"));
    }

    #[test]
    fn a_word_that_markdown_reads_as_a_block_begins_no_line() {
        for word in ["-", "+", "#PORT", ">", "53)", "1."] {
            let page = shown(&format!("{} before {word} after", "x".repeat(110)));
            assert!(page.contains(&format!("\n  before {word} after")), "{page}");
        }
        assert!(!begins_a_block("+short") && !begins_a_block("-p") && !begins_a_block("1.5"));
    }

    #[test]
    fn text_outside_of_code_is_no_markup() {
        assert_eq!(escape("`*` is <none> of *these*"), "`*` is \\<none> of \\*these\\*");
    }
}
