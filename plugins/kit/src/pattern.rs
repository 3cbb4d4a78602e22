//! A byte regex as triggers, waits and dialogues use it: which flags are on,
//! what is refused, and why.
//!
//! Patterns match bytes. Multi-line and CRLF modes are on (`^` and `$` at every line break, `.`
//! stops before `\r` and `\n`), Unicode mode is off: `\xff` is byte FF, `.` and `\w` are one byte,
//! `\w` `\d` `\s` `\b` and `(?i)` are ASCII. A literal `é` stands for its UTF-8 bytes, and a class
//! that names characters outside ASCII (`[é-ü]`, `\p{L}`) matches their UTF-8 encodings, as if
//! written `(?u:[é-ü])`. Patterns match in linear time, so look-around and back-references do not
//! exist. Feeding data is not here but in [`crate::scanner`].

use std::sync::Arc;

use regex_automata::hybrid::dfa::DFA;
use regex_automata::nfa::thompson::pikevm::{Cache, PikeVM};
use regex_automata::nfa::thompson::{Compiler, Config, NFA};
use regex_automata::util::captures::Captures;
use regex_automata::{Input, hybrid};
use regex_syntax::ast::{self, Ast, Span};
use regex_syntax::hir::{self, Class, Hir, HirKind, Look, translate::TranslatorBuilder};

mod refusal;
mod unicode;

pub use refusal::PatternError;

/// The longest pattern, in bytes of its text.
pub const LONGEST: usize = 64 << 10;

/// The most capture groups in one pattern.
pub const GROUPS: usize = 64;

/// The most memory a compiled pattern may take, in bytes. It also bounds the time that
/// the worst byte can cost.
pub const COMPILED: usize = 128 << 10;

/// What a pattern remembers of the states it has seen, per connection, in bytes. More
/// makes odd patterns faster.
const REMEMBERED: usize = 32 << 10;

/// The most places for groups while a match is taken apart: states times twice the groups.
const SLOTS: usize = 128 << 10;

/// A compiled pattern. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Pattern(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    text: String,
    dfa: DFA,
    capacity: usize,
    nearly_full: usize,
    vm: PikeVM,
    reach: Reach,
}

/// How far before the end of the data a match that is still growing can have begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// At most so many bytes.
    Bytes(u64),
    /// After the last line feed.
    Line,
    /// Anywhere.
    Anywhere,
}

impl Pattern {
    /// Compiles a pattern, or says in one line what is wrong with it and where.
    ///
    /// A pattern that can match the empty string is refused, since it would match
    /// for ever without any data.
    pub fn new(text: &str) -> Result<Pattern, PatternError> {
        Pattern::with_memory(text, REMEMBERED)
    }

    pub(crate) fn with_memory(text: &str, remembered: usize) -> Result<Pattern, PatternError> {
        if text.len() > LONGEST {
            return Err(PatternError::TooLong { bytes: text.len() });
        }
        let hir = parse(text)?;
        let properties = hir.properties();
        match properties.minimum_len() {
            None => return Err(PatternError::NeverMatches),
            Some(0) => return Err(PatternError::MatchesNothing),
            Some(_) => {}
        }
        if properties.explicit_captures_len() > GROUPS {
            return Err(PatternError::TooManyGroups { groups: properties.explicit_captures_len() });
        }
        let look = properties.look_set();
        let unicode_words = [
            Look::WordUnicode,
            Look::WordUnicodeNegate,
            Look::WordStartUnicode,
            Look::WordEndUnicode,
            Look::WordStartHalfUnicode,
            Look::WordEndHalfUnicode,
        ];
        if unicode_words.iter().any(|&word| look.contains(word)) {
            return Err(PatternError::UnicodeWordBoundary);
        }
        let reach = match properties.maximum_len() {
            Some(longest) => Reach::Bytes(longest as u64),
            None if crosses_lines(&hir) => Reach::Anywhere,
            None => Reach::Line,
        };
        let config = Config::new().utf8(false).nfa_size_limit(Some(COMPILED));
        let nfa: NFA = Compiler::new().configure(config).build_from_hir(&hir).map_err(|_| PatternError::TooLarge)?;
        if nfa.states().len() * nfa.group_info().slot_len() > SLOTS {
            return Err(PatternError::TooLarge);
        }
        let config = hybrid::dfa::Config::new();
        let capacity = config.get_minimum_cache_capacity(&nfa).map_err(|_| PatternError::TooLarge)?.max(remembered);
        let config = config.cache_capacity(capacity);
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa.clone()).map_err(|_| PatternError::TooLarge)?;
        let largest_step =
            (size_of::<u32>() << dfa.byte_classes().stride2()) + nfa.states().len() * size_of::<u32>() + 1024;
        let nearly_full = capacity.saturating_sub(largest_step);
        let vm = PikeVM::new_from_nfa(nfa).map_err(|_| PatternError::TooLarge)?;
        Ok(Pattern(Arc::new(Compiled { text: text.to_owned(), dfa, capacity, nearly_full, vm, reach })))
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Number of groups, the whole match (group 0) included.
    pub fn groups(&self) -> usize {
        self.0.vm.get_nfa().group_info().all_group_len()
    }

    /// The index of the group of that name.
    pub fn group_named(&self, name: &str) -> Option<usize> {
        self.0.vm.get_nfa().group_info().to_index(regex_automata::PatternID::ZERO, name)
    }

    /// The name of each group, if it has one, from group 0 on, which has none.
    pub fn group_names(&self) -> impl Iterator<Item = Option<&str>> {
        self.0.vm.get_nfa().group_info().pattern_names(regex_automata::PatternID::ZERO)
    }

    /// The most memory this pattern comes to use on one connection, in bytes,
    /// whatever the peer sends.
    pub fn most_memory(&self) -> usize {
        let nfa = self.0.vm.get_nfa();
        let slots = 2 * nfa.states().len() * nfa.group_info().slot_len() * size_of::<usize>();
        2 * self.0.text.len() + nfa.memory_usage() + self.0.capacity + slots
    }

    pub(crate) fn dfa(&self) -> &DFA {
        &self.0.dfa
    }

    /// From this memory usage on, a cache of [`Pattern::dfa`] may forget its states at the next
    /// step at the end of data.
    pub(crate) fn nearly_full(&self) -> usize {
        self.0.nearly_full
    }

    /// How far back a match that is still growing can have begun.
    pub fn reach(&self) -> Reach {
        self.0.reach
    }

    /// Working memory for [`Pattern::captures`].
    pub fn capture_cache(&self) -> Cache {
        self.0.vm.create_cache()
    }

    /// The groups of the first match in `haystack` that begins at `from` or later, if
    /// that match ends at `to`.
    ///
    /// `haystack` should reach one byte before `from` and one after `to`
    /// wherever the stream has them.
    pub fn captures(&self, cache: &mut Cache, haystack: &[u8], from: usize, to: usize) -> Option<Captures> {
        let mut captures = self.0.vm.create_captures();
        self.0.vm.captures(cache, Input::new(haystack).span(from..to), &mut captures);
        captures.get_match().is_some_and(|found| found.end() == to).then_some(captures)
    }
}

fn parse(text: &str) -> Result<Hir, PatternError> {
    let mut ast: Ast = ast::parse::ParserBuilder::new()
        .nest_limit(100)
        .build()
        .parse(text)
        .map_err(|error| PatternError::syntax(text, error.span(), error.kind()))?;
    unicode::widen(text, &mut ast)?;
    TranslatorBuilder::new()
        .unicode(false)
        .utf8(false)
        .multi_line(true)
        .crlf(true)
        .build()
        .translate(text, &ast)
        .map_err(|error| PatternError::meaning(text, error.span(), error.kind()))
}

/// Whether a match may hold a line feed anywhere but as its last byte.
fn crosses_lines(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => false,
        HirKind::Literal(hir::Literal(bytes)) => bytes[..bytes.len() - 1].contains(&b'\n'),
        HirKind::Capture(capture) => crosses_lines(&capture.sub),
        HirKind::Repetition(repetition) if repetition.max == Some(1) => crosses_lines(&repetition.sub),
        HirKind::Repetition(repetition) => holds_line_feed(&repetition.sub),
        HirKind::Alternation(branches) => branches.iter().any(crosses_lines),
        HirKind::Concat(parts) => {
            let mut parts = parts.iter().filter(|part| part.properties().maximum_len() != Some(0));
            let last = parts.next_back();
            parts.any(holds_line_feed) || last.is_some_and(crosses_lines)
        }
    }
}

fn holds_line_feed(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(hir::Literal(bytes)) => bytes.contains(&b'\n'),
        HirKind::Class(Class::Bytes(class)) => class.iter().any(|range| range.start() <= b'\n' && b'\n' <= range.end()),
        HirKind::Class(Class::Unicode(class)) => class.iter().any(|range| range.start() <= '\n' && '\n' <= range.end()),
        HirKind::Capture(capture) => holds_line_feed(&capture.sub),
        HirKind::Repetition(repetition) => holds_line_feed(&repetition.sub),
        HirKind::Alternation(parts) | HirKind::Concat(parts) => parts.iter().any(holds_line_feed),
    }
}

/// Where a span begins, in characters counted from 1.
fn position(text: &str, span: &Span) -> usize {
    text.get(..span.start.offset).unwrap_or(text).chars().count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'a>(pattern: &str, haystack: &'a [u8]) -> Option<&'a [u8]> {
        let pattern = Pattern::new(pattern).unwrap();
        let mut captures = pattern.0.vm.create_captures();
        pattern.0.vm.captures(&mut pattern.capture_cache(), haystack, &mut captures);
        captures.get_match().map(|found| &haystack[found.range()])
    }

    #[test]
    fn bytes_and_characters() {
        assert_eq!(found(r"\xff.", b"a\xff\x00"), Some(&b"\xff\x00"[..]));
        assert_eq!(found(r"\xff", "ÿ".as_bytes()), None, "byte FF, not the character");
        assert_eq!(found("é", "caf\u{e9}!".as_bytes()), Some("é".as_bytes()));
        assert_eq!(found(r"\u{e9}", "é".as_bytes()), Some("é".as_bytes()));
        assert_eq!(found("[é-ü]+", "éñx".as_bytes()), Some("éñ".as_bytes()));
        assert_eq!(found(r"\p{L}+\xff", b"\xc3\xa9\xff"), Some(&b"\xc3\xa9\xff"[..]));
        assert_eq!(found(r"(?i)[É]", "é".as_bytes()), Some("é".as_bytes()));
        assert_eq!(found(r"[^\x00-\x7f]+", b"a\xff\xfe"), Some(&b"\xff\xfe"[..]));
        assert_eq!(found(r"[[:alpha:]\x80-\xff]+", b"1a\xff"), Some(&b"a\xff"[..]));
    }

    #[test]
    fn lines_end_at_any_line_break() {
        assert_eq!(found("^PING (.*)$", b"x\r\nPING abc\r\nz"), Some(&b"PING abc"[..]));
        assert_eq!(found("^b", b"a\nb"), Some(&b"b"[..]));
        assert_eq!(found("^b", b"a\rb"), Some(&b"b"[..]));
        assert_eq!(found(r"(?s)a.*", b"a\r\nb"), Some(&b"a\r\nb"[..]));
        assert_eq!(found(r"\Ab", b"a\nb"), None);
    }

    #[test]
    fn growing_matches_reach_back_no_further_than_needed() {
        for (pattern, reach) in [
            ("PING\r\n", Reach::Bytes(6)),
            ("^PING (.*)\r?\n", Reach::Line),
            ("^PING (.*)$", Reach::Line),
            (r"a[^b]*b", Reach::Anywhere),
            (r"(?s)a.*b", Reach::Anywhere),
            (r"(.*\n)+x", Reach::Anywhere),
            (r"x.*\n$", Reach::Line),
            (r"\w+\s", Reach::Line),
            (r"\w+\s+", Reach::Anywhere),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap().reach(), reach, "{pattern:?}");
        }
    }

    #[test]
    fn groups_are_found_by_name() {
        let pattern = Pattern::new("(?P<key>a)(b)(?<value>c)").unwrap();
        assert_eq!((pattern.groups(), pattern.group_named("value"), pattern.group_named("x")), (4, Some(3), None));
    }
}
