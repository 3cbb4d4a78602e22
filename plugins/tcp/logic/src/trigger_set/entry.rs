//! One trigger at work on a stream: its progress, what it has spent, and its answers.
//!
//! Which bytes are kept for it, and the order of firings, is decided for all triggers
//! together in the parent module.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use regex_automata::nfa::thompson::pikevm::Cache;
use regex_automata::util::captures::Captures;

use super::WINDOW;
use crate::pattern::Reach;
use crate::response;
use crate::scanner::Scanner;
use crate::script::{Group, Input, Run};
use crate::trigger::{Action, Counts, FireLimits, Firing, Meter, On, Reply, Trigger, TriggerInfo};

/// The most passes over one segment for one trigger. A greedy pattern looks ahead, and the bytes
/// beyond its match are read again. Ordinary patterns need two passes.
const PASSES: usize = 64;

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) trigger: Trigger,
    pub(super) scanner: Scanner,
    /// Where the next match may begin.
    spent: u64,
    meter: Meter,
    /// Matches that were no more than the limits allow.
    admitted: u64,
    pub(super) counts: Counts,
    /// Why the last response could not be made into bytes, or the last run that failed has.
    pub(super) error: Option<String>,
    /// The last note of its script.
    pub(super) note: Option<String>,
    /// Why its program is over.
    pub(super) cut: Option<String>,
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
        let (meter, counts) = (Meter::default(), Counts::default());
        Entry { trigger, scanner, spent: position, meter, admitted: 0, counts, error: None, note: None, cut: None }
    }

    /// What is shown of it.
    pub(super) fn info(&self, limits: FireLimits) -> TriggerInfo {
        TriggerInfo {
            trigger_id: Arc::clone(&self.trigger.id),
            pattern: self.trigger.pattern().to_owned(),
            response_size: self.trigger.response_size(),
            script_size: self.trigger.script_size(),
            on: self.trigger.on.clone(),
            error: self.error.clone(),
            note: self.note.clone(),
            cut: self.cut.clone(),
            counts: self.counts,
            limits,
        }
    }

    /// Whether the response is a template, or a script sees the match, so that bytes of a growing
    /// match have to be kept.
    pub(super) fn needs_groups(&self) -> bool {
        let fixed = matches!(&self.trigger.action, Action::Respond(response) if response.fixed().is_some());
        !fixed && !self.is_on_message() && !self.is_over()
    }

    /// Whether its program is over: it fires no more.
    pub(super) fn is_over(&self) -> bool {
        self.cut.is_some()
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

    /// Looks at one segment and adds what fires. `expanded` is what templates
    /// may still take, in bytes.
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
        if !self.admits(limits, segment.now) {
            return;
        }
        let fixed = if let Action::Respond(response) = &self.trigger.action { response.fixed() } else { None };
        let reply = match fixed {
            Some(bytes) => Some(Reply::Bytes(bytes)),
            None => self.groups(end, segment, cache).and_then(|captures| {
                let group = |index| captures.get_group(index).map(|span| &segment.tail[span.range()]);
                self.reply(group, None, expanded)
            }),
        };
        self.count(reply.as_ref());
        firings.extend(reply.map(|reply| Firing { trigger_id: Arc::clone(&self.trigger.id), reply, end }));
    }

    /// Whether one more match may be answered now. If not, it is counted.
    pub(super) fn admits(&mut self, limits: FireLimits, now: Duration) -> bool {
        let admits = self.meter.admits(limits, self.admitted, now);
        self.admitted += u64::from(admits);
        self.counts.suppressed += u64::from(!admits);
        admits
    }

    /// Counts what becomes of a match. A script's counts when its run begins.
    pub(super) fn count(&mut self, reply: Option<&Reply>) {
        match reply {
            None => self.counts.unanswerable += 1,
            Some(Reply::Script(_)) => {}
            Some(Reply::Bytes(_) | Reply::Message(_)) => self.counts.fired += 1,
        }
    }

    /// What a match comes to, by its groups; nothing where that is more than is left of `expanded`.
    pub(super) fn reply<'h>(
        &self,
        group: impl Fn(usize) -> Option<&'h [u8]>,
        message: Option<&Rc<str>>,
        expanded: &mut usize,
    ) -> Option<Reply> {
        let most = response::LARGEST.min(*expanded);
        let bytes = |index| group(index).unwrap_or_default();
        let pattern = &self.trigger.pattern;
        let (reply, size) = match &self.trigger.action {
            Action::Respond(response) if response.is_message() => {
                let message = response.expand_message(pattern, most, bytes)?;
                let size = message.len();
                (Reply::Message(message), size)
            }
            Action::Respond(response) => {
                let bytes = response.expand(most, bytes)?;
                let size = bytes.len();
                (Reply::Bytes(bytes), size)
            }
            Action::Run(script) => {
                let spent: usize = (0..pattern.groups()).map(|index| bytes(index).len()).sum();
                if spent.saturating_add(message.map_or(0, |message| message.len())) > most {
                    return None;
                }
                let one = |(index, name): (usize, Option<&str>)| Group {
                    name: name.map(str::to_owned),
                    bytes: group(index).map(<[u8]>::to_vec),
                };
                let input = Input {
                    matched: bytes(0).to_vec(),
                    groups: pattern.group_names().enumerate().skip(1).map(one).collect(),
                    message: message.cloned(),
                    ..Input::default()
                };
                let size = input.size();
                (Reply::Script(Box::new(Run { program: Rc::clone(script.program.as_ref()?), input })), size)
            }
        };
        *expanded = expanded.saturating_sub(size);
        Some(reply)
    }

    /// The groups of the match that begins at `spent` or later and ends at `end`, in the tail.
    fn groups(&self, end: u64, segment: &Segment, cache: &mut Option<Cache>) -> Option<Captures> {
        let pattern = &self.trigger.pattern;
        let tail_start = segment.end - segment.tail.len() as u64;
        // The first byte of the tail is there for `^` and `\b` only, unless
        // the stream begins with it.
        let oldest = if tail_start == 0 { 0 } else { tail_start + 1 };
        let from = self.spent.max(oldest).max(end.saturating_sub(WINDOW));
        let from = usize::try_from(from - tail_start).ok()?;
        let to = usize::try_from(end.checked_sub(tail_start)?).ok()?;
        let cache = cache.get_or_insert_with(|| pattern.capture_cache());
        pattern.captures(cache, segment.tail, from, to)
    }
}
