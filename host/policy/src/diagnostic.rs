//! Mistakes and warnings, with the line they are on, a caret under the spot, and a hint.
//!
//! What is a mistake is decided elsewhere; here is only the place and the form, which is readable
//! without colour.

use std::fmt;
use std::ops::Range;

use cofferdam_grants::plain;

/// Source lines are shown up to this many characters.
const MAX_EXCERPT: usize = 160;

/// Whether a diagnostic keeps the policy from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The policy cannot be used.
    Error,
    /// The policy works, but perhaps not as it looks.
    Warning,
}

impl Severity {
    fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One thing to tell the operator. `Display` renders it over several lines:
///
/// ```text
/// error: unknown key `conect` in `[plugins.tcp]`
///  --> cofferdam.toml:3:1
///   |
/// 3 | conect = ["tcp://localhost:*"]
///   | ^^^^^^
/// hint: did you mean `connect`?
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong with which thing, in one line.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The file or flag, as shown to the operator.
    pub origin: String,
    /// The line, from 1; `None` for a flag.
    pub line: Option<usize>,
    /// The column, from 1, in characters.
    pub column: usize,
    /// The source line, or a window of it; control characters are replaced.
    excerpt: String,
    /// Where the caret starts in the excerpt, from 0, in characters.
    caret: usize,
    /// How many carets.
    width: usize,
}

impl Diagnostic {
    /// The same diagnostic with a hint.
    #[must_use]
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        self.maybe_hint(Some(hint.into()))
    }

    /// Another diagnostic about the same spot.
    pub(crate) fn saying(&self, message: impl Into<String>) -> Self {
        Self { message: shown(&message.into()), hint: None, ..self.clone() }
    }

    /// The same diagnostic with a hint if there is one.
    #[must_use]
    pub(crate) fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.map(|hint| shown(&hint)).or(self.hint);
        self
    }
}

impl Diagnostic {
    /// All of it but the excerpt, in one line: for a program that is started again and again.
    pub fn one_line(&self) -> String {
        let line = self.line.map(|line| format!(":{line}:{}", self.column)).unwrap_or_default();
        let hint = self.hint.as_ref().map(|hint| format!("; hint: {hint}")).unwrap_or_default();
        format!("{}: {} ({}{line}){hint}", self.severity.word(), self.message, self.origin)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.severity.word(), self.message)?;
        let number = self.line.map(|line| line.to_string()).unwrap_or_default();
        let margin = " ".repeat(number.len());
        match self.line {
            Some(line) => writeln!(f, "{margin}--> {}:{line}:{}", self.origin, self.column)?,
            None => writeln!(f, "{margin}--> {}", self.origin)?,
        }
        writeln!(f, "{margin} |")?;
        writeln!(f, "{number} | {}", self.excerpt)?;
        let (indent, carets) = (" ".repeat(self.caret), "^".repeat(self.width));
        write!(f, "{margin} | {indent}{carets}")?;
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

/// A text and where it came from; makes diagnostics for spans of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) origin: &'a str,
    pub(crate) text: &'a str,
    /// Whether the text has lines worth counting: a file has, a flag has not.
    pub(crate) lines: bool,
}

impl<'a> Source<'a> {
    pub(crate) fn file(origin: &'a str, text: &'a str) -> Self {
        Self { origin, text, lines: true }
    }

    pub(crate) fn flag(origin: &'a str, text: &'a str) -> Self {
        Self { origin, text, lines: false }
    }

    pub(crate) fn error(&self, span: Range<usize>, message: impl Into<String>) -> Diagnostic {
        self.diagnostic(Severity::Error, span, message.into())
    }

    pub(crate) fn warning(&self, span: Range<usize>, message: impl Into<String>) -> Diagnostic {
        self.diagnostic(Severity::Warning, span, message.into())
    }

    /// The line and the column of an offset, both from 1; the column counts characters.
    pub(crate) fn position(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..self.floor(offset)];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        (line, before[start..].chars().count() + 1)
    }

    fn diagnostic(&self, severity: Severity, span: Range<usize>, message: String) -> Diagnostic {
        let (start, end) = (self.floor(span.start), self.floor(span.end));
        let (line, column) = self.position(start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |n| start + n);
        let full = self.text[line_start..line_end].trim_end_matches('\r');
        let width = self.text[start..end.clamp(start, line_end)].trim_end().chars().count();

        let skipped = match column.saturating_sub(MAX_EXCERPT / 2) {
            _ if full.chars().count() <= MAX_EXCERPT => 0,
            skipped => skipped,
        };
        let excerpt: String = full.chars().skip(skipped).take(MAX_EXCERPT).collect();
        let caret = column - 1 - skipped;
        let room = excerpt.chars().count().saturating_sub(caret);
        Diagnostic {
            severity,
            message: shown(&message),
            hint: None,
            origin: shown(self.origin),
            line: self.lines.then_some(line),
            column,
            caret,
            width: width.min(room).max(1),
            excerpt: shown(&excerpt),
        }
    }

    /// The nearest character boundary at or before the offset.
    fn floor(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

/// The text without harmful characters; a tab is a space. Each character stays one, so that carets
/// point at it.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c == '\t' { ' ' } else { plain(c) }).collect()
}

#[cfg(test)]
#[path = "diagnostic_tests.rs"]
mod tests;
