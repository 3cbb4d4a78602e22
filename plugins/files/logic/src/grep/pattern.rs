//! A pattern, ready to be searched for. Whether a line matches, and where a match begins, the
//! `regex` crate says; where it ends, the longest one from there does, as in POSIX (but with `-P`).

use std::ops::Range;

use grep_matcher::Matcher as _;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind};

use super::literal::quoted;
use super::perl::perl;
use super::syntax::translate;
use super::syntax_error::SyntaxError;
use super::{Options, Syntax};

/// The most memory of a compiled pattern.
const COMPILED: usize = 16 << 20;

/// The most memory of what is known of a pattern while it is searched for.
const CACHE: usize = 32 << 20;

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

/// A compiled pattern.
pub(super) struct Pattern {
    pub matcher: RegexMatcher,
    longest: Option<Regex>,
}

/// Whether nothing in a translated pattern means more than one ASCII character: with `-i` it is
/// then compared as bytes, which is a lot quicker (`s` is not `ſ`).
fn plain(pattern: &str) -> bool {
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match c {
            '.' | '[' => return false,
            '\\' if rest.next().is_none_or(|c| c.is_ascii_alphanumeric() || c == '<' || c == '>') => return false,
            c if !c.is_ascii() => return false,
            _ => {}
        }
    }
    true
}

impl Pattern {
    /// Compiles a pattern, or several on lines of their own.
    pub fn new(pattern: &str, options: &Options) -> Result<Self, PatternError> {
        let one = |one: &str| {
            let one = match options.syntax {
                Syntax::Basic => translate(one, false)?,
                Syntax::Extended => translate(one, true)?,
                Syntax::Perl => return perl(one),
                Syntax::Fixed => quoted(one),
            };
            Ok(if options.ignore_case && plain(&one) { format!("(?-u:{one})") } else { one })
        };
        let patterns: Vec<String> = pattern.split('\n').map(one).collect::<Result<_, SyntaxError>>()?;
        // Each by itself: the library joins them in groups, which `a)|(b`
        // would close and open again.
        for one in &patterns {
            syntax::parse(one).map_err(|error| PatternError::Invalid(reason(&error.to_string())))?;
        }
        let mut builder = RegexMatcherBuilder::new();
        builder
            .multi_line(true)
            .line_terminator(Some(b'\n'))
            .case_insensitive(options.ignore_case)
            .word(options.word)
            .whole_line(options.line)
            .size_limit(COMPILED)
            .dfa_size_limit(CACHE);
        let matcher =
            builder.build_many(&patterns).map_err(|error| PatternError::Invalid(reason(&error.to_string())))?;
        let longest = match options.only_matching && !options.invert && options.syntax != Syntax::Perl {
            true => Some(longest(&patterns, options)?),
            false => None,
        };
        Ok(Self { matcher, longest })
    }

    /// Whether a line, without its end, matches.
    pub fn is_match(&self, line: &[u8]) -> bool {
        self.matcher.is_match(line).unwrap_or(false)
    }

    /// Gives every match in a line that is not empty, until `each` returns false.
    pub fn each(&self, line: &[u8], mut each: impl FnMut(Range<usize>) -> bool) {
        let mut at = 0;
        while let Ok(Some(first)) = self.matcher.find_at(line, at) {
            let from = Input::new(line).range(first.start()..).anchored(Anchored::Yes);
            let longest = self.longest.as_ref().and_then(|longest| longest.find(from));
            let end = longest.map_or(first.end(), |longest| longest.end().max(first.end()));
            if end > first.start() && !each(first.start()..end) {
                return;
            }
            at = end.max(first.start() + usize::from(end == first.start()));
            if at > line.len() {
                return;
            }
        }
    }
}

/// The same pattern, which finds the last place where a match that begins
/// where it is asked can end.
fn longest(patterns: &[String], options: &Options) -> Result<Regex, PatternError> {
    let any = patterns.iter().map(|one| format!("(?:{one})")).collect::<Vec<_>>().join("|");
    let any = match (options.line, options.word) {
        (true, _) => format!("^(?:{any})$"),
        (false, true) => format!(r"\b{{start-half}}(?:{any})\b{{end-half}}"),
        (false, false) => any,
    };
    let syntax = syntax::Config::new().utf8(false).multi_line(true).case_insensitive(options.ignore_case);
    let config = Regex::config()
        .match_kind(MatchKind::All)
        .utf8_empty(false)
        .nfa_size_limit(Some(COMPILED))
        .hybrid_cache_capacity(CACHE);
    let regex = Regex::builder().syntax(syntax).configure(config).build(&any);
    regex.map_err(|error| PatternError::Invalid(error.to_string()))
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
