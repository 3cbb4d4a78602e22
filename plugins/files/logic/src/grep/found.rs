//! What a search finds in one file, and how much of it may be answered.

use std::io;

use super::resume::Resume;
use crate::json::json_len;
use crate::show::Room;

/// The longest line that is searched; a file with a longer one is told, not searched further.
pub(super) const LINE: usize = 8 << 20;

/// The most of one line that is shown.
const SHOWN: usize = 8 << 10;

/// What a line costs besides its text: its number, and what JSON has around it.
const OVERHEAD: usize = 24;

/// How much may still be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bytes, as JSON.
    pub bytes: usize,
    /// Lines.
    pub lines: usize,
    /// The most of one line: one has to fit, so that every page comes further.
    pub(super) line: Room,
    /// What each line costs besides its text.
    pub(super) each: usize,
    /// Whether nothing was taken yet.
    pub(super) fresh: bool,
}

impl Budget {
    /// Room for so much.
    pub fn new(bytes: usize, lines: usize) -> Self {
        let line = Room { text: SHOWN.min(bytes.saturating_sub(OVERHEAD)), json: bytes.saturating_sub(OVERHEAD) };
        Self { bytes, lines, line, each: OVERHEAD, fresh: true }
    }

    /// The lines of this file come next, each with its name or not.
    pub fn of_file(&mut self, path: &str, named: bool) {
        self.each = OVERHEAD + if named { json_len(path) } else { 0 };
    }

    /// Takes so much off.
    pub fn spend(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

/// One line of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// Where it begins, in bytes of the text.
    pub offset: u64,
    /// Its text without its end, as shown; with `-o` one match.
    pub text: String,
    /// Whether it is there for itself, not as context of another.
    pub matched: bool,
    /// Whether it is longer than what is shown.
    pub cut: bool,
    /// Whether lines were left out before it.
    pub gap: bool,
}

/// What one file gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Lines that matched (or did not, with `-v`) on this page, shown or not.
    pub matches: u64,
    /// The same with all pages before.
    pub total: u64,
    /// What is shown.
    pub lines: Vec<Line>,
    /// Whether it holds NUL bytes: then its lines are not shown.
    pub binary: bool,
    /// Where to go on if there was no room, or no time, for more.
    pub resume: Option<Resume>,
    /// Whether time was up.
    pub partial: bool,
    /// Why it was searched no further, although there is more: it could not be read, or has
    /// a line that is too long.
    pub failed: Option<String>,
    /// How far the search came, in bytes of the text.
    pub reached: u64,
}

/// Why a file is searched no further.
pub(super) fn too_long(before: usize) -> io::Error {
    let what = if before > 0 { "a line, or one with its context before it," } else { "a line" };
    io::Error::new(io::ErrorKind::Unsupported, format!("{what} is longer than {} MiB", LINE >> 20))
}
