//! One trigger at work on a stream: its progress, what it has spent, and its answers.
//!
//! Which bytes are kept for it, and the order of firings, is decided for all triggers together in the parent module.

use std::sync::Arc;
use std::time::Duration;

use regex_automata::nfa::thompson::pikevm::Cache;

use super::WINDOW;
use crate::pattern::Reach;
use crate::response;
use crate::scanner::Scanner;
use crate::trigger::{Counts, FireLimits, Firing, Meter, On, Trigger};

/// How often one segment may be gone over for one trigger. A greedy pattern looks ahead for more, and what it saw in
/// vain is looked at again; ordinary patterns need two passes.
const PASSES: usize = 64;

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) trigger: Trigger,
    pub(super) scanner: Scanner,
    /// Where the next match may begin.
    spent: u64,
    pub(super) meter: Meter,
    pub(super) counts: Counts,
    /// Why the last response could not be made into bytes.
    pub(super) error: Option<String>,
}

/// One segment on its way through the triggers.
pub(super) struct Segment<'s> {
    pub(super) bytes: &'s [u8],
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) before: Option<u8>,
    /// The stream's last bytes, this segment included; empty if no trigger needs groups.
    pub(super) tail: &'s [u8],
    pub(super) now: Duration,
}

impl Entry {
    /// A trigger that sees what comes from `position` on; `before` is the byte before it.
    pub(super) fn new(trigger: Trigger, position: u64, before: Option<u8>) -> Entry {
        let scanner = Scanner::new(trigger.pattern.clone(), position, before);
        Entry { trigger, scanner, spent: position, meter: Meter::default(), counts: Counts::default(), error: None }
    }

    /// Whether the response is a template, so that bytes of a growing match have to be kept.
    pub(super) fn needs_groups(&self) -> bool {
        !self.is_on_message() && self.trigger.response.fixed().is_none()
    }

    /// Whether it looks at messages and not at the stream.
    pub(super) fn is_on_message(&self) -> bool {
        matches!(self.trigger.on, On::Message(_))
    }

    /// Where the earliest match that is still growing can have begun.
    pub(super) fn reaches_back_to(&self, position: u64, line_start: u64) -> u64 {
        let pattern = match self.trigger.pattern.reach() {
            Reach::Bytes(longest) => position.saturating_sub(longest),
            Reach::Line => line_start,
            Reach::Anywhere => 0,
        };
        pattern.max(self.spent)
    }

    /// Looks at one segment and adds what fires. `expanded` is what templates may still take, in bytes.
    pub(super) fn scan(
        &mut self,
        segment: &Segment,
        limits: FireLimits,
        expanded: &mut usize,
        firings: &mut Vec<Firing>,
    ) {
        let mut cache = None;
        let mut work = 0;
        loop {
            let from = (self.scanner.position() - segment.start) as usize;
            let found = self.scanner.feed(&segment.bytes[from..]).or_else(|| self.scanner.at_end_of_data());
            let Some(end) = found else { return };
            self.fire(end, segment, limits, &mut cache, expanded, firings);
            work += (self.scanner.position() - segment.start) as usize - from;
            // Had the match ended in an earlier segment, it would have fired there.
            let end = end.clamp(segment.start, segment.end);
            if end < segment.end && work <= PASSES * segment.bytes.len() {
                self.restart(end, segment);
            } else {
                self.counts.skipped += u64::from(end < segment.end);
                self.restart(segment.end, segment);
                return;
            }
        }
    }

    fn restart(&mut self, position: u64, segment: &Segment) {
        let before = match (position - segment.start) as usize {
            0 => segment.before,
            offset => segment.bytes.get(offset - 1).copied(),
        };
        self.spent = position;
        self.scanner.restart(position, before);
    }

    /// The trigger matched up to `end`: counts it, and answers if that is allowed and possible.
    fn fire(
        &mut self,
        end: u64,
        segment: &Segment,
        limits: FireLimits,
        cache: &mut Option<Cache>,
        expanded: &mut usize,
        firings: &mut Vec<Firing>,
    ) {
        if !self.meter.admits(limits, self.counts.fired, segment.now) {
            self.counts.suppressed += 1;
            return;
        }
        let response = match self.trigger.response.fixed() {
            Some(bytes) => Some(bytes),
            None => self.expand(end, segment, cache, *expanded).inspect(|bytes| *expanded -= bytes.len()),
        };
        match response {
            Some(response) => {
                self.counts.fired += 1;
                firings.push(Firing { trigger_id: Arc::clone(&self.trigger.id), response, end });
            }
            None => self.counts.unanswerable += 1,
        }
    }

    /// The response with the groups of the match that begins at `spent` or later and ends at `end`.
    fn expand(&self, end: u64, segment: &Segment, cache: &mut Option<Cache>, most: usize) -> Option<Arc<[u8]>> {
        let pattern = &self.trigger.pattern;
        let tail_start = segment.end - segment.tail.len() as u64;
        // The first byte of the tail is there for `^` and `\b` only, unless the stream begins with it.
        let oldest = if tail_start == 0 { 0 } else { tail_start + 1 };
        let from = self.spent.max(oldest).max(end.saturating_sub(WINDOW));
        let from = usize::try_from(from - tail_start).ok()?;
        let to = usize::try_from(end.checked_sub(tail_start)?).ok()?;
        let cache = cache.get_or_insert_with(|| pattern.capture_cache());
        let captures = pattern.captures(cache, segment.tail, from, to)?;
        let group = |index| captures.get_group(index).map_or(&b""[..], |span| &segment.tail[span.range()]);
        self.trigger.response.expand(most.min(response::LARGEST), group)
    }
}
