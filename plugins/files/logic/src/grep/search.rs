//! The search of one file: matching lines with their context, bounded, and where to go on. The searching itself is ripgrep's
//! (`grep-searcher`): line by line, in constant memory, in linear time.

use std::io::{self, Read};

use grep_matcher::Matcher as _;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkContext, SinkFinish, SinkMatch};

use super::syntax::{SyntaxError, translate};
use super::{Options, Syntax};
use crate::show::{fitting, shown};
use crate::source::is_stop;

/// The longest line that is searched; a file with a longer one is told, not searched further.
const LINE: usize = 8 << 20;

/// The most of one line that is shown.
const SHOWN: usize = 8 << 10;

/// What a line costs besides its text.
const OVERHEAD: usize = 96;

/// A pattern that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It cannot be said in linear-time matching.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// It is not a pattern, or too large.
    #[error("is not a pattern that can be searched for: {0}")]
    Invalid(String),
}

/// How much may still be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bytes, as shown.
    pub bytes: usize,
    /// Lines.
    pub lines: usize,
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
    /// Lines that matched (or did not, with `-v`), shown or not.
    pub matches: u64,
    /// What is shown.
    pub lines: Vec<Line>,
    /// Whether it holds NUL bytes: then its lines are not shown.
    pub binary: bool,
    /// Where to go on (offset and line number) if there was no room for more.
    pub resume: Option<(u64, u64)>,
    /// Whether time was up.
    pub partial: bool,
    /// Why it was searched no further, although there is more: it could not be read, or has a line that is too long.
    pub failed: Option<String>,
    /// How far the search came, in bytes of the text.
    pub reached: u64,
}

/// A pattern and what is wanted of its matches.
pub struct Search {
    matcher: RegexMatcher,
    options: Options,
}

impl Search {
    /// Understands a pattern. Several of them may stand on lines of their own, as with grep.
    ///
    /// # Errors
    /// It is not one.
    pub fn new(pattern: &str, options: Options) -> Result<Self, PatternError> {
        let patterns = pattern.split('\n').map(|one| match options.syntax {
            Syntax::Basic => translate(one, false),
            Syntax::Extended => translate(one, true),
            Syntax::Perl | Syntax::Fixed => Ok(one.to_owned()),
        });
        let patterns: Vec<String> = patterns.collect::<Result<_, _>>()?;
        let mut builder = RegexMatcherBuilder::new();
        builder
            .multi_line(true)
            .line_terminator(Some(b'\n'))
            .fixed_strings(options.syntax == Syntax::Fixed)
            .case_insensitive(options.ignore_case)
            .word(options.word)
            .whole_line(options.line)
            .size_limit(16 << 20)
            .dfa_size_limit(32 << 20);
        let matcher =
            builder.build_many(&patterns).map_err(|error| PatternError::Invalid(reason(&error.to_string())))?;
        Ok(Self { matcher, options })
    }

    /// What was asked for.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Searches a text that begins at line `number` and byte `offset` of its file.
    ///
    /// # Errors
    /// It cannot be read at all. Once something was found, that is returned, with the reason for going no further.
    pub fn run(
        &self,
        text: impl Read,
        (offset, number): (u64, u64),
        binary: bool,
        budget: &mut Budget,
    ) -> io::Result<Found> {
        let options = &self.options;
        let shows = !(options.count || options.with_matches || options.without_match);
        let mut builder = SearcherBuilder::new();
        builder.line_number(true).invert_match(options.invert).heap_limit(Some(LINE)).bom_sniffing(false);
        if shows && !options.only_matching {
            builder.before_context(usize::try_from(options.before).unwrap_or(usize::MAX));
            builder.after_context(usize::try_from(options.after).unwrap_or(usize::MAX));
        }
        let binary = binary && !options.text;
        if !options.text {
            builder.binary_detection(BinaryDetection::convert(0));
        }
        let mut sink = Collector {
            search: self,
            offset,
            number: number.saturating_sub(1),
            shows,
            gap: false,
            found: Found { binary, reached: offset, ..Found::default() },
            budget,
        };
        match builder.build().search_reader(&self.matcher, text, &mut sink) {
            Ok(()) => {}
            Err(error) if is_stop(&error) => sink.found.partial = true,
            Err(error) if sink.found.matches > 0 => sink.found.failed = Some(error.to_string()),
            Err(error) => return Err(error),
        }
        Ok(sink.found)
    }
}

/// The last line of the library's message says what is wrong; the ones before draw it.
fn reason(message: &str) -> String {
    let line = message.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or(message);
    let line = line.strip_prefix("error: ").unwrap_or(line);
    if line.starts_with("look-around") {
        format!("{line}, as matching takes linear time here")
    } else {
        line.to_owned()
    }
}

/// Takes lines in until there is no more room.
struct Collector<'a> {
    search: &'a Search,
    offset: u64,
    number: u64,
    shows: bool,
    gap: bool,
    found: Found,
    budget: &'a mut Budget,
}

impl Collector<'_> {
    /// Takes a line in; false if there is no room for it.
    fn take(&mut self, bytes: &[u8], offset: u64, number: u64, matched: bool) -> bool {
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let fits = fitting(bytes, SHOWN);
        let text = shown(&bytes[..fits]).text.into_owned();
        let cost = text.len() + OVERHEAD;
        if cost > self.budget.bytes || self.budget.lines == 0 {
            self.found.resume = Some((offset, number));
            return false;
        }
        self.budget.bytes -= cost;
        self.budget.lines -= 1;
        let gap = std::mem::take(&mut self.gap);
        self.found.lines.push(Line { number, offset, text, matched, cut: fits < bytes.len(), gap });
        true
    }

    fn place(&self, offset: u64, number: Option<u64>) -> (u64, u64) {
        (self.offset + offset, self.number + number.unwrap_or(0))
    }
}

impl Sink for Collector<'_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, line: &SinkMatch<'_>) -> Result<bool, io::Error> {
        let options = &self.search.options;
        let (offset, number) = self.place(line.absolute_byte_offset(), line.line_number());
        if options.max_count.is_some_and(|most| self.found.matches >= most) {
            return Ok(false);
        }
        if self.shows && !self.found.binary {
            if options.only_matching {
                let mut room = true;
                let bytes = line.bytes().strip_suffix(b"\n").unwrap_or(line.bytes());
                if !options.invert {
                    self.search.matcher.find_iter(bytes, |found| {
                        // An empty match is nothing to show.
                        room =
                            found.is_empty() || self.take(&bytes[found], offset + found.start() as u64, number, true);
                        room
                    })?;
                }
                if !room {
                    return Ok(false);
                }
            } else if !self.take(line.bytes(), offset, number, true) {
                return Ok(false);
            }
        }
        self.found.matches += 1;
        self.found.reached = offset + line.bytes().len() as u64;
        let enough = options.with_matches || options.without_match || (self.shows && self.found.binary);
        // Whoever wants context after the last match goes on until it is there.
        let last = options.max_count.is_some_and(|most| self.found.matches >= most) && options.after == 0;
        Ok(!enough && !last)
    }

    fn context(&mut self, _: &Searcher, line: &SinkContext<'_>) -> Result<bool, io::Error> {
        let (offset, number) = self.place(line.absolute_byte_offset(), line.line_number());
        if self.found.binary || !self.shows {
            return Ok(true);
        }
        Ok(self.take(line.bytes(), offset, number, false))
    }

    fn context_break(&mut self, _: &Searcher) -> Result<bool, io::Error> {
        self.gap = true;
        Ok(true)
    }

    fn binary_data(&mut self, _: &Searcher, _: u64) -> Result<bool, io::Error> {
        self.found.binary = true;
        // Something of it has matched already: that is all there is to say of a binary file.
        Ok(self.found.matches == 0 || !self.shows)
    }

    fn finish(&mut self, _: &Searcher, finish: &SinkFinish) -> Result<(), io::Error> {
        self.found.reached = self.found.reached.max(self.offset + finish.byte_count());
        Ok(())
    }
}
