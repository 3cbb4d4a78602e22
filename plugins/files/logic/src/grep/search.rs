//! The search of one file: matching lines with their context, bounded, and where to go on. The searching itself is ripgrep's
//! (`grep-searcher`): line by line, in constant memory, in linear time.

use std::cell::Cell;
use std::io::{self, BufReader, Cursor, Read};
use std::rc::Rc;

use grep_searcher::{BinaryDetection, SearcherBuilder};

use super::Options;
use super::collect::Collector;
use super::pattern::{Pattern, PatternError};
use super::resume::{Progress, Resume, Tracked};
use crate::json::json_len;
use crate::show::Room;
use crate::source::is_stop;

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
    /// Why it was searched no further, although there is more: it could not be read, or has a line that is too long.
    pub failed: Option<String>,
    /// How far the search came, in bytes of the text.
    pub reached: u64,
}

/// A pattern and what is wanted of its matches.
pub struct Search {
    pattern: Pattern,
    options: Options,
}

impl Search {
    /// Understands a pattern. Several of them may stand on lines of their own, as with grep.
    ///
    /// # Errors
    /// It is not one.
    pub fn new(pattern: &str, options: Options) -> Result<Self, PatternError> {
        Ok(Self { pattern: Pattern::new(pattern, &options)?, options })
    }

    /// What was asked for.
    pub fn options(&self) -> &Options {
        &self.options
    }

    pub(super) fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// Searches a text that begins where `from` says.
    ///
    /// # Errors
    /// It cannot be read at all. Once something was found, that is returned, with the reason for going no further.
    pub fn run(&self, text: impl Read, from: &Resume, binary: bool, budget: &mut Budget) -> io::Result<Found> {
        let options = &self.options;
        let shows = !options.lists();
        let binary = binary && !options.text;
        let before = if shows { usize::try_from(options.before()).unwrap_or(usize::MAX) } else { 0 };
        let mut sink = Collector {
            search: self,
            budget,
            found: Found { binary, reached: from.offset, ..Found::default() },
            shows,
            at: Resume { taken: 0, ..*from },
            from: *from,
            stopped: false,
            behind: (from.offset, from.number),
        };
        let progress = Rc::new(Cell::new(Progress::default()));
        let text = Tracked { inner: text, progress: Rc::clone(&progress), before, nul: binary };
        let searched = sink.search(text, before);
        let mut found = sink.found;
        let came = progress.get();
        found.total = sink.at.matches;
        match searched {
            Ok(()) if !sink.stopped => found.reached = from.offset + came.read,
            Err(error) if !sink.stopped && is_stop(&error) => {
                found.partial = true;
                // On behind the last whole line; some lines before it may yet be context of what comes.
                let (offset, number) = if before > 0 && !binary { came.back } else { came.whole };
                let (offset, number) = (from.offset + offset, from.number + number).max(sink.behind);
                found.reached = offset;
                found.resume = Some(Resume { offset, number, taken: 0, ..sink.at });
                if found.resume.is_some_and(|resume| resume.offset == from.offset) {
                    found.resume = Some(*from);
                }
            }
            Err(error) if !sink.stopped => {
                let error = if error.to_string().contains("allocation limit") { too_long(before) } else { error };
                if found.matches == 0 {
                    return Err(error);
                }
                found.failed = Some(error.to_string());
            }
            _ => {}
        }
        Ok(found)
    }
}

impl Collector<'_> {
    fn search(&mut self, text: impl Read, before: usize) -> io::Result<()> {
        let options = self.search.options();
        if self.found.binary || !self.shows {
            self.at.owed = 0;
        }
        if self.enough() && self.at.owed == 0 {
            self.stopped = true;
            return Ok(());
        }
        let mut builder = SearcherBuilder::new();
        builder.line_number(self.shows).invert_match(options.invert).heap_limit(Some(LINE)).bom_sniffing(false);
        if self.shows {
            builder.before_context(before);
            builder.after_context(usize::try_from(options.after()).unwrap_or(usize::MAX));
        }
        if !options.text {
            builder.binary_detection(BinaryDetection::convert(0));
        }
        let matcher = &self.search.pattern().matcher;
        if self.at.owed == 0 {
            return builder.build().search_reader(matcher, text, self);
        }
        let mut text = BufReader::new(text);
        let line = self.owed(&mut text)?.unwrap_or_default();
        builder.build().search_reader(matcher, Cursor::new(line).chain(text), self)
    }
}

/// Why a file is searched no further.
pub(super) fn too_long(before: usize) -> io::Error {
    let what = if before > 0 { "a line, or one with its context before it," } else { "a line" };
    io::Error::new(io::ErrorKind::Unsupported, format!("{what} is longer than {} MiB", LINE >> 20))
}
