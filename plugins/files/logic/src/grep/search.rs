//! The search of one file: matching lines with their context, bounded, and where to
//! go on. The searching itself is ripgrep's (`grep-searcher`): line by line, in
//! constant memory, in linear time.

use std::cell::Cell;
use std::io::{self, BufReader, Cursor, Read};
use std::rc::Rc;

use grep_searcher::{BinaryDetection, SearcherBuilder};

use super::Options;
use super::collect::Collector;
use super::found::{Budget, Found, LINE, too_long};
use super::pattern::{Pattern, PatternError};
use super::resume::{Progress, Resume, Tracked};
use crate::source::is_stop;

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

    /// Searches a text that begins where `from` says.
    ///
    /// # Errors
    /// It cannot be read at all. Once something was found, that is returned, with the
    /// reason for going no further.
    pub fn run(&self, text: impl Read, from: &Resume, binary: bool, budget: &mut Budget) -> io::Result<Found> {
        let options = &self.options;
        let shows = !options.lists();
        let binary = binary && !options.text;
        let before = if shows { usize::try_from(options.before()).unwrap_or(usize::MAX) } else { 0 };
        let mut sink = Collector {
            pattern: &self.pattern,
            options,
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
                // On behind the last whole line; some lines before it may yet
                // be context of what comes.
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
        let options = self.options;
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
        let matcher = &self.pattern.matcher;
        if self.at.owed == 0 {
            return builder.build().search_reader(matcher, text, self);
        }
        let mut text = BufReader::new(text);
        let line = self.owed(&mut text)?.unwrap_or_default();
        builder.build().search_reader(matcher, Cursor::new(line).chain(text), self)
    }
}
