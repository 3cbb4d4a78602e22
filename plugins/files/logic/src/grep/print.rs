//! What is found, as grep prints it.

use std::fmt::Write as _;

use super::found::{Found, Line};
use super::options::Options;

/// How lines and files are printed.
#[derive(Clone, Copy, Debug)]
pub struct Printer<'a> {
    options: &'a Options,
    /// Whether the file's name stands before each line.
    pub named: bool,
}

impl<'a> Printer<'a> {
    /// As these options say; several files are named if nothing else is said.
    pub fn new(options: &'a Options, several: bool) -> Self {
        Self { options, named: options.names.unwrap_or(several) }
    }

    /// A line without its file: its number and offset, if `numbered` or asked for, and its text.
    pub fn entry(&self, line: &Line, numbered: bool) -> String {
        let mark = if line.matched { ':' } else { '-' };
        let mut entry = String::with_capacity(line.text.len() + 16);
        // Writing to a string does not fail.
        if numbered || self.options.numbers {
            let _ = write!(entry, "{}{mark}", line.number);
        }
        if self.options.offsets {
            let _ = write!(entry, "{}{mark}", line.offset);
        }
        entry.push_str(&line.text);
        if line.cut {
            entry.push('…');
        }
        entry
    }

    /// A line as grep prints it.
    pub fn line(&self, out: &mut String, path: &str, line: &Line) {
        if self.named {
            out.push_str(path);
            out.push(if line.matched { ':' } else { '-' });
        }
        out.push_str(&self.entry(line, false));
        out.push('\n');
    }

    /// Whether a file is listed at all, where files are: with `-c`, `-l` and `-L`.
    pub fn lists(&self, found: &Found) -> bool {
        match (self.options.with_matches, self.options.without_match) {
            (true, _) => found.total > 0,
            (_, true) => found.total == 0,
            // Who wants no line wants no count either.
            _ => self.options.count && self.options.max_count != Some(0),
        }
    }

    /// A file as grep lists it.
    pub fn file(&self, out: &mut String, path: &str, found: &Found) {
        let counted = self.options.count && !self.options.with_matches && !self.options.without_match;
        if self.named || !counted {
            out.push_str(path);
            out.push_str(if counted { ":" } else { "" });
        }
        if counted {
            // Writing to a string does not fail.
            let _ = write!(out, "{}", found.total);
        }
        out.push('\n');
    }
}
