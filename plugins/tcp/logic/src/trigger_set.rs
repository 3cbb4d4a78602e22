//! The triggers of one connection and the stream they watch.
//!
//! Every trigger looks at every byte once, across segment boundaries, and every match fires. A
//! match that reaches the end of what has arrived fires at once; its bytes are then spent for that
//! trigger, and its next match begins after them. Sending the answers is the caller's part.

use std::time::Duration;

use crate::trigger::{FireLimits, Firing, MOST_TRIGGERS, Trigger, TriggerError, TriggerInfo};

mod entry;
mod on_message;
mod on_script;

pub use on_script::{Done, run};

use entry::{Entry, Segment};
use on_script::Stopped;

/// How many bytes before the end of a match are looked at for its groups: 64 KiB. Up to
/// twice that much is held.
///
/// A trigger whose response needs no group matches over any length. One whose response does, or
/// that runs a script, answers with the groups of the match as these bytes alone show it, and not
/// at all if they show none that ends there.
pub const WINDOW: u64 = 64 << 10;

/// The most bytes of expanded responses, and of what scripts are given, that one segment can cause:
/// 4 MiB. Fixed responses are shared and do not count.
const EXPANDED: usize = 4 << 20;

/// The triggers of one connection, in the order in which they were set.
///
/// An empty set, and triggers that have seen no data, cost next to nothing.
#[derive(Debug, Default)]
pub struct TriggerSet {
    limits: FireLimits,
    entries: Vec<Entry>,
    /// Bytes of the stream seen so far.
    position: u64,
    /// Offset after the last line feed.
    line_start: u64,
    /// The last byte seen.
    last: Option<u8>,
    /// The end of the stream up to `position`, as far back as growing
    /// matches may need their groups.
    tail: Vec<u8>,
    /// What is left of triggers whose scripts have stopped them.
    stopped: Stopped,
}

impl TriggerSet {
    /// An empty set at the start of a stream.
    pub fn new(limits: FireLimits) -> TriggerSet {
        TriggerSet { limits, ..TriggerSet::default() }
    }

    /// Adds a trigger, which sees what arrives from now on. One with the same id is replaced in its
    /// place, counts and all, and returned.
    pub fn set(&mut self, trigger: Trigger) -> Result<Option<Trigger>, TriggerError> {
        self.stopped.forget(trigger.id());
        let entry = Entry::new(trigger, self.position, self.last);
        if let Some(old) = self.entries.iter_mut().find(|old| old.trigger.id == entry.trigger.id) {
            return Ok(Some(std::mem::replace(old, entry).trigger));
        }
        if self.entries.len() >= MOST_TRIGGERS {
            return Err(TriggerError::TooMany);
        }
        self.entries.push(entry);
        Ok(None)
    }

    /// Removes the trigger of that id and returns it.
    pub fn remove(&mut self, id: &str) -> Option<Trigger> {
        let index = self.entries.iter().position(|entry| entry.trigger.id() == id)?;
        Some(self.entries.remove(index).trigger)
    }

    /// The trigger of that id.
    pub fn get(&self, id: &str) -> Option<&Trigger> {
        self.entries.iter().map(|entry| &entry.trigger).find(|trigger| trigger.id() == id)
    }

    /// Number of triggers.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no trigger.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The ids, in the order in which they were set.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.trigger.id())
    }

    /// Every trigger with what happened to its matches.
    pub fn info(&self) -> Vec<TriggerInfo> {
        self.entries.iter().map(|entry| entry.info(self.limits)).collect()
    }

    /// Heap memory held for this connection, in bytes; patterns and responses, which may be
    /// shared, are not counted.
    pub fn heap_bytes(&self) -> usize {
        self.tail.capacity()
            + self.entries.capacity() * size_of::<Entry>()
            + self.entries.iter().map(|entry| entry.scanner.heap_bytes()).sum::<usize>()
    }

    /// Takes the next segment of the stream, every one of them from the first byte on, even while
    /// the set is empty: what fires, in the order in which the matches end, then in the order in
    /// which the triggers were set.
    ///
    /// Takes time linear in the segment, however the stream is cut. `now` is the
    /// time since any fixed start.
    pub fn push(&mut self, segment: &[u8], now: Duration) -> Vec<Firing> {
        let Some(&last) = segment.last() else {
            return Vec::new();
        };
        let grouped = self.entries.iter().any(Entry::needs_groups);
        if grouped {
            if self.tail.is_empty() {
                self.tail.extend(self.last);
            }
            self.tail.extend_from_slice(segment);
        }
        let end = self.position + segment.len() as u64;
        let bytes = Segment { bytes: segment, start: self.position, end, before: self.last, tail: &self.tail, now };
        let mut firings = Vec::new();
        let mut expanded = EXPANDED;
        for entry in self.entries.iter_mut().filter(|entry| !entry.is_on_message() && !entry.is_over()) {
            entry.scan(&bytes, self.limits, &mut expanded, &mut firings);
        }
        firings.sort_by_key(|firing| firing.end);

        self.position = end;
        self.last = Some(last);
        if grouped {
            if let Some(at) = segment.iter().rposition(|&byte| byte == b'\n') {
                self.line_start = end - (segment.len() - at - 1) as u64;
            }
            self.forget();
        } else {
            // No line feeds were looked for. A trigger that is set later begins here
            // and needs none from before.
            self.line_start = end;
            self.tail = Vec::new();
        }
        firings
    }

    /// Frees what no growing match can need: all but the bytes from the earliest
    /// possible start, and one before.
    fn forget(&mut self) {
        let needed = self.entries.iter().filter(|entry| entry.needs_groups());
        let needed = needed.map(|entry| entry.reaches_back_to(self.position, self.line_start)).min();
        let keep = self.position - needed.unwrap_or(self.position).max(self.position.saturating_sub(WINDOW));
        let keep = usize::try_from(keep).unwrap_or(0) + 1;
        // Moving the rest down only when half can go keeps this linear.
        if keep <= self.tail.len() / 2 {
            self.tail.drain(..self.tail.len() - keep);
            if self.tail.capacity() > 4 * keep.max(256) {
                self.tail.shrink_to(2 * keep);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::Encoding;

    fn trigger(id: &str, pattern: &str, response: &str) -> Trigger {
        Trigger::new(id, pattern, response, Encoding::Utf8, None).unwrap()
    }

    fn set(triggers: &[(&str, &str, &str)]) -> TriggerSet {
        let mut set = TriggerSet::default();
        for (id, pattern, response) in triggers {
            set.set(trigger(id, pattern, response)).unwrap();
        }
        set
    }

    fn push(set: &mut TriggerSet, segment: &[u8]) -> Vec<String> {
        let firings = set.push(segment, Duration::ZERO).into_iter();
        firings.map(|firing| String::from_utf8_lossy(firing.reply.bytes().unwrap()).into_owned()).collect()
    }

    #[test]
    fn a_match_across_segments_fires_with_its_groups() {
        let mut set = set(&[("ping", r"^PING :(\S+)\r\n", "PONG :$1")]);
        assert_eq!(push(&mut set, b"NOTICE\r\nPI"), [""; 0]);
        assert_eq!(push(&mut set, b"NG :irc."), [""; 0]);
        assert_eq!(push(&mut set, b"example\r"), [""; 0]);
        assert_eq!(push(&mut set, b"\nPING :b\r\n"), ["PONG :irc.example", "PONG :b"], "every match fires");
        assert_eq!(push(&mut set, b"x PING :c\r\n"), [""; 0], "not at the start of a line");
    }

    #[test]
    fn two_triggers_share_a_pattern_and_fire_in_stream_order() {
        let mut set = set(&[("z", "b", "1"), ("y", "a", "2"), ("x", "b", "3")]);
        assert_eq!(push(&mut set, b"abab"), ["2", "1", "3", "2", "1", "3"]);
        assert_eq!(set.info().iter().map(|info| info.counts.fired).collect::<Vec<_>>(), [2, 2, 2]);
    }

    #[test]
    fn the_same_id_replaces_in_place() {
        let mut set = set(&[("a", "x", "1"), ("b", "x", "2")]);
        assert_eq!(set.set(trigger("a", "y", "3")).unwrap().map(|old| old.pattern().to_owned()), Some("x".to_owned()));
        assert_eq!(set.ids().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(push(&mut set, b"xy"), ["2", "3"]);
        assert!(set.remove("a").is_some() && set.remove("a").is_none());
        assert_eq!(set.len(), 1);
    }

    #[test]
    fn a_trigger_sees_what_arrives_after_it_was_set() {
        let mut set = set(&[]);
        push(&mut set, b"PI");
        set.set(trigger("a", "^?PING|NG", "1")).unwrap();
        set.set(trigger("b", "^NG", "2")).unwrap();
        assert_eq!(push(&mut set, b"NG"), ["1"], "but it knows that this is no start of a line");
    }

    #[test]
    fn binary_patterns_match_bytes() {
        let mut set = set(&[("iac", r"\xff\xfd(.)", "$1")]);
        assert_eq!(set.push(b"a\xff", Duration::ZERO), []);
        let fired = set.push(b"\xfd\x18", Duration::ZERO);
        assert_eq!((&**fired[0].reply.bytes().unwrap(), fired[0].end), (&b"\x18"[..], 4));
    }

    #[test]
    fn a_loop_ends_at_the_limits() {
        let mut set = TriggerSet::new(FireLimits { per_second: 2, total: 3 });
        set.set(trigger("a", "x", "x")).unwrap();
        assert_eq!(push(&mut set, b"xxx").len(), 2);
        assert_eq!(set.push(b"xx", Duration::from_secs(1)).len(), 1);
        let info = &set.info()[0];
        assert_eq!((info.counts.fired, info.counts.suppressed, info.response_size), (3, 2, Some(1)));
    }

    #[test]
    fn long_matches_lose_their_groups_and_nothing_else() {
        let filler = vec![b'x'; 70_000];
        let mut set = set(&[("group", "(?s)<(.*?)>", "$1"), ("fixed", "(?s)<.*?>", "ok")]);
        push(&mut set, b"<");
        push(&mut set, &filler);
        assert_eq!(push(&mut set, b">"), ["ok"]);
        assert_eq!(push(&mut set, b"<a>"), ["a", "ok"]);
        assert_eq!((set.info()[0].counts.fired, set.info()[0].counts.unanswerable), (1, 1));
        for _ in 0..100 {
            push(&mut set, &filler);
            assert!(set.tail.capacity() < 4 * 70_000, "{}", set.tail.capacity());
        }
        assert_eq!(push(&mut set, b"<b>"), ["b", "ok"], "a short match after long silence");
    }

    #[test]
    fn line_patterns_remember_one_line() {
        let mut set = set(&[("ping", "^PING (.*)\r\n", "PONG $1")]);
        for _ in 0..1000 {
            push(&mut set, b":server NOTICE * :nothing to see here\r\n");
        }
        assert!(set.tail.len() < 100 && set.tail.capacity() < 2048, "{} {}", set.tail.len(), set.tail.capacity());
    }

    #[test]
    fn expanded_responses_are_bounded() {
        let mut set = set(&[("a", r"^(.+)\n", &"$1".repeat(500))]);
        let line = [&[b'x'; 1000][..], b"\n"].concat().repeat(60);
        let fired = set.push(&line, Duration::ZERO);
        let counts = set.info()[0].counts;
        assert_eq!((fired.len(), counts.fired, counts.unanswerable), (8, 8, 52));
    }

    #[test]
    fn looking_ahead_in_vain_is_bounded() {
        let mut set = set(&[("a", "(?s)a.*z|a", "1")]);
        let start = std::time::Instant::now();
        assert_eq!(set.push(&[b'a'; 65_536], Duration::ZERO).len(), 65);
        assert_eq!(set.info()[0].counts.skipped, 1);
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn there_are_at_most_256() {
        let mut set = set(&[]);
        for id in 0..MOST_TRIGGERS {
            set.set(trigger(&id.to_string(), "x", "")).unwrap();
        }
        assert_eq!(set.set(trigger("one more", "x", "")).unwrap_err(), TriggerError::TooMany);
        assert!(set.set(trigger("7", "y", "")).unwrap().is_some());
    }
}
