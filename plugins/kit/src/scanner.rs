//! A pattern's progress through a stream that arrives in pieces.
//!
//! A [`Scanner`] is an automaton that stops between pieces, so every byte is looked at once,
//! however small the pieces are, and no data is kept. What to do with a match, and what was spent
//! by earlier ones, is the caller's business.

use regex_automata::Anchored;
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::Cache;
use regex_automata::util::start;

use crate::pattern::Pattern;

/// Looks for the first match of one pattern, from a given place in a stream on.
///
/// Leftmost-first, like Perl: of all matches the one that begins first, and among those the
/// one the pattern prefers.
#[derive(Debug)]
pub struct Scanner {
    pattern: Pattern,
    /// States seen so far; made with the first byte, so that an idle
    /// connection does not pay for it.
    cache: Option<Cache>,
    state: State,
    /// Offset of the next byte.
    position: u64,
    /// Where the best match so far ends; a longer one may still be growing.
    candidate: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Not entered yet; the byte before, or `None` at the very start of the stream.
    Start(Option<u8>),
    At(LazyStateID),
    /// No match is possible any more.
    Dead,
}

impl Scanner {
    /// A scanner at `position`, where `before` is the byte before it, `None` only at the
    /// very start of the stream.
    pub fn new(pattern: Pattern, position: u64, before: Option<u8>) -> Scanner {
        Scanner { pattern, cache: None, state: State::Start(before), position, candidate: None }
    }

    /// The pattern looked for.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// Offset of the next byte to be fed.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Forgets any growing match and goes on at `position`, as if new there.
    pub fn restart(&mut self, position: u64, before: Option<u8>) {
        self.state = State::Start(before);
        self.position = position;
        self.candidate = None;
    }

    /// Takes the next bytes. The end offset of the match, once nothing that follows can change it.
    ///
    /// After a match the scanner has to be restarted; [`position`](Self::position)
    /// tells how far it has read.
    pub fn feed(&mut self, bytes: &[u8]) -> Option<u64> {
        if bytes.is_empty() {
            return None;
        }
        let dfa = self.pattern.dfa();
        let cache = self.cache.get_or_insert_with(|| dfa.create_cache());
        let mut state = match self.state {
            State::At(state) => state,
            State::Start(before) => {
                let config = start::Config::new().anchored(Anchored::No).look_behind(before);
                match dfa.start_state(cache, &config) {
                    Ok(state) => state,
                    Err(_) => return self.die(bytes.len()),
                }
            }
            State::Dead => return self.die(bytes.len()),
        };
        for (index, &byte) in bytes.iter().enumerate() {
            // The lazy DFA fails only if told to give up, which `Pattern` does not do.
            match dfa.next_state(cache, state, byte) {
                Ok(next) => state = next,
                Err(_) => return self.die(bytes.len()),
            }
            if state.is_tagged() {
                if state.is_match() {
                    // A match is reported one byte late: it ended before this one.
                    self.candidate = Some(self.position + index as u64);
                } else if state.is_dead() {
                    self.state = State::Dead;
                    self.position += if self.candidate.is_some() { index + 1 } else { bytes.len() } as u64;
                    return self.candidate;
                }
            }
        }
        self.state = State::At(state);
        self.position += bytes.len() as u64;
        None
    }

    /// The end offset of the match if the data ended here. The scanner does not
    /// change, so data may follow.
    pub fn at_end_of_data(&mut self) -> Option<u64> {
        self.matches_before(None).or(self.candidate)
    }

    /// The end offset of a match that stands whatever data follows. A longer match is still
    /// possible. A match that needs the end of the data, as with `\z`, `$` and `\b`, does not
    /// count. The scanner stays as it is.
    pub fn whatever_follows(&mut self) -> Option<u64> {
        // What a pattern can ask of the next byte is a line break, the end, or
        // whether it belongs to a word.
        let (word, other) = (self.matches_before(Some(b'a')), self.matches_before(Some(b' ')));
        word.and(other).or(self.candidate)
    }

    /// Where a match ends if it ends here, and this byte follows, or nothing.
    fn matches_before(&mut self, next: Option<u8>) -> Option<u64> {
        let State::At(state) = self.state else { return None };
        let dfa = self.pattern.dfa();
        let cache = self.cache.as_mut()?;
        // Asking may make a full cache forget everything, our state included. When it is
        // nearly full, ask a copy.
        let mut copy = (cache.memory_usage() > self.pattern.nearly_full()).then(|| cache.clone());
        let cache = copy.as_mut().unwrap_or(cache);
        let end = match next {
            Some(byte) => dfa.next_state(cache, state, byte),
            None => dfa.next_eoi_state(cache, state),
        };
        end.is_ok_and(|end| end.is_match()).then_some(self.position)
    }

    /// Heap memory held for this connection, in bytes; the shared pattern is not counted.
    pub fn heap_bytes(&self) -> usize {
        self.cache.as_ref().map_or(0, Cache::memory_usage)
    }

    fn die(&mut self, fed: usize) -> Option<u64> {
        self.state = State::Dead;
        self.position += fed as u64;
        self.candidate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ends of all matches when the stream comes in these pieces.
    fn ends(pattern: &Pattern, pieces: &[&[u8]]) -> Vec<u64> {
        let mut scanner = Scanner::new(pattern.clone(), 0, None);
        let mut whole = Vec::new();
        let mut ends = Vec::new();
        for piece in pieces {
            whole.extend_from_slice(piece);
            while let Some(end) =
                scanner.feed(&whole[scanner.position() as usize..]).or_else(|| scanner.at_end_of_data())
            {
                ends.push(end);
                scanner.restart(end, Some(whole[end as usize - 1]));
            }
        }
        ends
    }

    fn of(pattern: &str, pieces: &[&[u8]]) -> Vec<u64> {
        ends(&Pattern::new(pattern).unwrap(), pieces)
    }

    #[test]
    fn matches_span_pieces() {
        assert_eq!(of("PING\r\n", &[b"PI", b"NG\r", b"\nPING\r\n"]), [6, 12]);
        assert_eq!(of("abc", &[b"a", b"", b"b", b"xabc"]), [6]);
    }

    #[test]
    fn a_match_at_the_end_of_the_data_is_over_and_its_bytes_are_spent() {
        assert_eq!(of("a+", &[b"aa", b"aa"]), [2, 4]);
        assert_eq!(of("a+", &[b"aaaa"]), [4]);
        assert_eq!(of("ab?", &[b"a", b"b"]), [1]);
        assert_eq!(of("foo$", &[b"foo", b"x foo", b"\r\n"]), [3, 8]);
        assert_eq!(of(r"foo\b", &[b"foob", b" foo "]), [8]);
        assert_eq!(of("ab|abcd", &[b"abcd"]), [2], "the pattern's own preference");
        assert_eq!(of("abcd|ab", &[b"abc", b"d"]), [2], "what has arrived counts");
        assert_eq!(of("abcd|ab", &[b"abcd"]), [4]);
    }

    #[test]
    fn what_waits_for_the_end_is_told_from_what_does_not() {
        for (pattern, text, whatever, at_end) in [
            ("login: ", "login: ", Some(7), Some(7)),
            ("a+", "aa", Some(2), Some(2)),
            (r"[>#] ?\z", "sw1#", None, Some(4)),
            (r"[>#] ?", "sw1# ", Some(5), Some(5)),
            ("# $", "sw1# ", None, Some(5)),
            (r"foo\b", "foo", None, Some(3)),
            (r"foo\B", "foo", None, None),
            ("ab|abcd", "abc", Some(2), Some(2)),
            (r"abc|b\z", "ab", None, Some(2)),
            ("foo", "fo", None, None),
        ] {
            let mut scanner = Scanner::new(Pattern::new(pattern).unwrap(), 0, None);
            let found = scanner.feed(text.as_bytes());
            assert_eq!(found.or_else(|| scanner.whatever_follows()), whatever, "{pattern}");
            assert_eq!(found.or_else(|| scanner.at_end_of_data()), at_end, "{pattern}");
        }
    }

    #[test]
    fn what_came_before_is_remembered() {
        assert_eq!(of("^b", &[b"a", b"b", b"\r\n", b"b", b"b"]), [5]);
        assert_eq!(of("^b", &[b"b"]), [1], "the start of the stream is the start of a line");
        assert_eq!(of(r"\bb", &[b"ab", b" ", b"b", b"b"]), [4]);
        assert_eq!(of(r"\Aa", &[b"a", b"a"]), [1]);
        assert_eq!(of(r"(?m-R)^\n", &[b"\r", b"\n", b"\n"]), [3]);
        assert_eq!(of("^.", &[b"\r", b"\nx"]), [3]);
    }

    #[test]
    fn a_match_may_be_of_any_length() {
        let filler = vec![b'x'; 1 << 20];
        assert_eq!(of("(?s)BEGIN.*END", &[b"BEGIN", &filler, b"EN", b"D"]), [(1 << 20) + 8]);
    }

    #[test]
    fn a_full_cache_changes_nothing() {
        // About 2^9 states, each made anew again and again in the smallest cache that works.
        let text = "[ab]*a[ab]{8}c";
        let (small, large) = (Pattern::with_memory(text, 0).unwrap(), Pattern::new(text).unwrap());
        let mut noise = 1u32;
        let data: Vec<u8> = (0..20_000)
            .map(|_| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                b"aabbabac"[(noise >> 29) as usize]
            })
            .collect();
        let single: Vec<&[u8]> = data.chunks(1).collect();
        let expected = ends(&large, &single);
        assert!(expected.len() > 50);
        assert_eq!(ends(&small, &single), expected);
        assert_eq!(ends(&small, &[&data]), ends(&large, &[&data]));
    }
}
