//! Takes the lines in that a search finds, until there is no more room, or enough of them.

use std::io::{self, BufRead, Read as _};

use grep_searcher::{Searcher, Sink, SinkContext, SinkContextKind, SinkMatch};

use super::Options;
use super::found::{Budget, Found, LINE, Line, too_long};
use super::pattern::Pattern;
use super::resume::Resume;
use crate::json::json_len;
use crate::show::show;

/// What is found in one file.
pub(super) struct Collector<'a> {
    pub pattern: &'a Pattern,
    pub options: &'a Options,
    pub budget: &'a mut Budget,
    pub found: Found,
    /// Whether lines are shown at all, and not only counted.
    pub shows: bool,
    /// Where the searcher's text begins, and what is known so far.
    pub at: Resume,
    /// Where this page began.
    pub from: Resume,
    /// Once true, nothing is taken any more.
    pub stopped: bool,
    /// Where the line behind the last one that was shown begins.
    pub behind: (u64, u64),
}

impl Collector<'_> {
    /// Ends the search. The searcher goes on after a mere `false` where matches are inverted.
    fn stop(&mut self) -> Result<bool, io::Error> {
        self.stopped = true;
        Err(io::Error::other("enough"))
    }

    /// Whether there are as many matches as are wanted.
    pub fn enough(&self) -> bool {
        self.options.max_count.is_some_and(|most| self.at.matches >= most)
    }

    /// Takes a piece of a line in, or the whole; false if there is no room for it, and the next
    /// page begins with this line.
    fn take(&mut self, bytes: &[u8], offset: u64, place: (u64, u64), matched: bool) -> bool {
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let shown = show(bytes, self.budget.line);
        let (text, cut) = (shown.text.into_owned(), shown.taken < bytes.len());
        let cost = json_len(&text) + self.budget.each;
        // The first line of a page is always taken, so that every page comes further.
        if (cost > self.budget.bytes && !self.budget.fresh) || self.budget.lines == 0 {
            self.found.resume = Some(Resume { offset: place.0, number: place.1, ..self.at });
            self.found.reached = place.0;
            return false;
        }
        self.budget.fresh = false;
        self.budget.bytes = self.budget.bytes.saturating_sub(cost);
        self.budget.lines -= 1;
        let number = place.1;
        let gap = self.options.context() && self.at.shown > 0 && number > self.at.shown + 1;
        self.at.shown = number;
        self.found.lines.push(Line { number, offset, text, matched, cut, gap });
        true
    }

    /// Takes a line of context in.
    fn beside(&mut self, bytes: &[u8], place: (u64, u64), after: bool) -> Result<bool, io::Error> {
        let options = self.options;
        if options.only_matching {
            // Of lines that match and are mere context, as with -v, the matches are shown.
            if options.invert && !self.pieces(bytes, place, false) {
                return self.stop();
            }
            // Behind a gap it is the next line that is shown which tells it.
            if options.invert || place.1 <= self.at.shown + 1 {
                self.at.shown = place.1;
            }
        } else if !self.take(bytes, place.0, place, false) {
            return self.stop();
        }
        self.passed(bytes, place);
        if after {
            self.at.owed = self.at.owed.saturating_sub(1);
            if self.at.owed == 0 && self.enough() {
                return self.stop();
            }
        }
        Ok(true)
    }

    fn passed(&mut self, bytes: &[u8], (offset, number): (u64, u64)) {
        self.behind = (offset + bytes.len() as u64, number + 1);
        self.found.reached = self.behind.0;
    }

    /// Takes the matches of a line in; false if there is no room for all.
    fn pieces(&mut self, bytes: &[u8], place: (u64, u64), matched: bool) -> bool {
        let (pattern, bytes) = (self.pattern, bytes.strip_suffix(b"\n").unwrap_or(bytes));
        // Those that an earlier page has shown.
        let skipped = if place.0 == self.from.offset { self.from.taken } else { 0 };
        let (mut room, mut count) = (true, 0);
        pattern.each(bytes, |piece| {
            count += 1;
            if count > skipped {
                self.at.taken = count - 1;
                room = self.take(&bytes[piece.clone()], place.0 + piece.start as u64, place, matched);
            }
            room
        });
        if room {
            self.at.taken = 0;
        }
        room
    }

    /// The lines that an earlier page owes to its last match. The first that matches itself ends
    /// them and is returned.
    pub fn owed(&mut self, text: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
        while self.at.owed > 0 {
            let mut line = Vec::new();
            text.by_ref().take(LINE as u64).read_until(b'\n', &mut line)?;
            if line.is_empty() {
                break;
            }
            if line.len() >= LINE {
                return Err(too_long(0));
            }
            let options = self.options;
            let bytes = line.strip_suffix(b"\n").unwrap_or(&line);
            if !self.enough() && self.pattern.is_match(bytes) != options.invert {
                return Ok(Some(line));
            }
            self.beside(&line, (self.at.offset, self.at.number), true)?;
            self.at.offset += line.len() as u64;
            self.at.number += 1;
        }
        Ok(None)
    }

    fn place(&self, offset: u64, number: Option<u64>) -> (u64, u64) {
        (self.at.offset + offset, self.at.number - 1 + number.unwrap_or(1))
    }
}

impl Sink for Collector<'_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, line: &SinkMatch<'_>) -> Result<bool, io::Error> {
        if self.stopped {
            return self.stop();
        }
        let options = self.options;
        let place = self.place(line.absolute_byte_offset(), line.line_number());
        if self.enough() {
            // Behind the last match that is wanted everything is context.
            return self.beside(line.bytes(), place, true);
        }
        if self.shows && !self.found.binary {
            let room = match (options.only_matching, options.invert) {
                (true, true) => true,
                (true, false) => self.pieces(line.bytes(), place, true),
                _ => self.take(line.bytes(), place.0, place, true),
            };
            if !room {
                return self.stop();
            }
            self.at.shown = place.1;
        }
        self.found.matches += 1;
        self.at.matches += 1;
        self.passed(line.bytes(), place);
        let shown = self.shows && !self.found.binary;
        self.at.owed = if shown { options.after() } else { 0 };
        let one = options.with_matches || options.without_match || (self.shows && self.found.binary);
        if one || (self.enough() && (self.at.owed == 0 || (options.only_matching && !options.invert))) {
            return self.stop();
        }
        Ok(true)
    }

    fn context(&mut self, _: &Searcher, line: &SinkContext<'_>) -> Result<bool, io::Error> {
        if self.stopped {
            return self.stop();
        }
        if self.found.binary || !self.shows {
            return Ok(true);
        }
        let place = self.place(line.absolute_byte_offset(), line.line_number());
        self.beside(line.bytes(), place, matches!(line.kind(), SinkContextKind::After))
    }

    fn binary_data(&mut self, _: &Searcher, _: u64) -> Result<bool, io::Error> {
        self.found.binary = true;
        // Something of it has matched already: that is all there is to say of a binary file.
        if self.found.matches > 0 && self.shows { self.stop() } else { Ok(true) }
    }
}
