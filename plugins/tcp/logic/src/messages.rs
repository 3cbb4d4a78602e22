//! The messages that a handler has made of what a connection received, in order, until somebody has
//! had them.
//!
//! Messages are numbered from 1. A message is *returned* once a call has answered with it, and
//! *acknowledged* once a later call has begun, or has named it or a later one by `after`. What is
//! acknowledged may be forgotten when room is needed, and not before. Nothing else is ever dropped:
//! who reads the socket asks [`Messages::has_room`] first and pauses when there is none.

use std::collections::VecDeque;

/// The most messages held for one connection.
pub const MOST_MESSAGES: usize = 100_000;

/// The most bytes that they take: 32 MiB.
pub const MOST_BYTES: usize = 32 << 20;

/// What a message takes besides its text.
const EACH: usize = size_of::<Message>() + 16;

/// What a message takes in an answer besides its text, at most.
const AROUND: usize = 120;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// A JSON object.
    pub value: Box<str>,
    /// The offset of its first byte, counted from the connection's beginning.
    pub start: u64,
    /// The offset after its last byte.
    pub end: u64,
    /// The request that it answers.
    pub answers: Option<u64>,
    returned: bool,
}

impl Message {
    /// A message that nobody has had.
    pub fn new(value: String, start: u64, end: u64, answers: Option<u64>) -> Message {
        Message { value: value.into_boxed_str(), start, end, answers, returned: false }
    }

    fn cost(&self) -> usize {
        self.value.len() + EACH
    }
}

/// The messages of one connection.
#[derive(Debug, Default)]
pub struct Messages {
    held: VecDeque<Message>,
    /// How many were forgotten: the number before the first one held.
    forgotten: u64,
    bytes: usize,
    /// Up to this number, all were acknowledged.
    acknowledged: u64,
    /// How many were not returned.
    unreturned: usize,
}

/// Which messages an answer has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Their numbers, in order.
    pub numbers: Vec<u64>,
    /// There are more of what was asked for.
    pub more: bool,
    /// The `after` to go on with.
    pub next_after: u64,
    /// So many of what was asked for are not held any more.
    pub forgotten: u64,
}

impl Messages {
    /// Takes a message; says what it takes of a budget.
    pub fn push(&mut self, message: Message) -> usize {
        let cost = message.cost();
        self.bytes += cost;
        self.unreturned += 1;
        self.held.push_back(message);
        cost
    }

    /// Whether more may be received; never less than one message is held then.
    pub fn has_room(&self) -> bool {
        self.held.len() < MOST_MESSAGES && self.bytes < MOST_BYTES
    }

    /// How many are held.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// What they take of a budget.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The number of the last one that ever came; 0 if none did.
    pub fn last(&self) -> u64 {
        self.forgotten + self.held.len() as u64
    }

    /// The message of that number, if it is held.
    pub fn get(&self, number: u64) -> Option<&Message> {
        self.held.get(self.index(number)?)
    }

    /// How many an answer to this `after` could have now: without it, those that were not returned.
    pub fn available(&self, after: Option<u64>) -> u64 {
        match after {
            None => self.unreturned as u64,
            Some(after) => self.last().saturating_sub(after.max(self.forgotten)),
        }
    }

    /// A call begins that wants what comes after `after`, or what was not returned: what is before
    /// that was received by the caller.
    pub fn acknowledge(&mut self, after: Option<u64>) {
        let to = after.map_or(self.last(), |after| after.min(self.last()));
        while self.acknowledged < to {
            let Some(index) = self.index(self.acknowledged + 1) else {
                self.acknowledged += 1;
                continue;
            };
            match self.held.get_mut(index) {
                Some(message) if !message.returned && after.is_none() => break,
                Some(message) if !message.returned => {
                    message.returned = true;
                    self.unreturned -= 1;
                }
                _ => {}
            }
            self.acknowledged += 1;
        }
    }

    /// The messages after `after`, or those that were not returned: at most `limit`, and at most so
    /// many bytes of JSON, but at least one. They count as returned.
    pub fn page(&mut self, after: Option<u64>, limit: usize, bytes: usize) -> Page {
        let from = after.unwrap_or(self.acknowledged);
        let forgotten = after.map_or(0, |after| self.forgotten.saturating_sub(after));
        let mut page = Page { numbers: Vec::new(), more: false, next_after: from.min(self.last()), forgotten };
        let mut taken = 0;
        for number in from.max(self.forgotten).saturating_add(1)..=self.last() {
            let Some(message) = self.get(number) else { break };
            if message.returned && after.is_none() {
                continue;
            }
            taken += message.value.len() + AROUND;
            if page.numbers.len() >= limit || (taken > bytes && !page.numbers.is_empty()) {
                page.more = true;
                break;
            }
            page.numbers.push(number);
            page.next_after = number;
        }
        page.numbers.iter().for_each(|number| self.returned(*number));
        page
    }

    /// The numbers of messages after `after` that answer a request.
    pub fn answers_to(&self, request: u64, after: u64) -> Vec<u64> {
        let from = after.max(self.forgotten).saturating_add(1);
        let answers = |number: &u64| self.get(*number).is_some_and(|message| message.answers == Some(request));
        (from..=self.last()).filter(answers).collect()
    }

    /// The numbers of messages after `after` that answer nothing, and that no call has
    /// returned: the first hundred.
    pub fn unasked(&self, after: u64) -> Vec<u64> {
        let from = after.max(self.forgotten).saturating_add(1);
        let is_unasked =
            |number: &u64| self.get(*number).is_some_and(|message| message.answers.is_none() && !message.returned);
        (from..=self.last()).filter(is_unasked).take(100).collect()
    }

    /// Of these, the first that have at most so many bytes of JSON, but at least
    /// one. They count as returned.
    pub fn first_of(&mut self, numbers: impl Iterator<Item = u64>, bytes: usize) -> Vec<u64> {
        let mut taken = 0;
        let mut first = Vec::new();
        for number in numbers {
            taken += self.get(number).map_or(0, |message| message.value.len() + AROUND);
            if taken > bytes && !first.is_empty() {
                break;
            }
            first.push(number);
            self.returned(number);
        }
        first
    }

    /// A call answers with this message.
    pub fn returned(&mut self, number: u64) {
        let Some(index) = self.index(number) else { return };
        if let Some(message) = self.held.get_mut(index).filter(|message| !message.returned) {
            message.returned = true;
            self.unreturned -= 1;
        }
    }

    /// Where the bytes begin of the first message that was not acknowledged, if there is one.
    pub fn first_needed(&self) -> Option<u64> {
        self.get(self.acknowledged.max(self.forgotten) + 1).map(|message| message.start)
    }

    /// Whether something can be forgotten.
    pub fn has_acknowledged(&self) -> bool {
        self.acknowledged > self.forgotten && !self.held.is_empty()
    }

    /// Forgets what was acknowledged; says what is given back to a budget.
    pub fn forget_acknowledged(&mut self) -> usize {
        let count = usize::try_from(self.acknowledged.saturating_sub(self.forgotten)).unwrap_or(usize::MAX);
        self.forget(count.min(self.held.len()))
    }

    /// Forgets all, also what nobody has had; says what is given back to a budget.
    pub fn clear(&mut self) -> usize {
        let freed = self.forget(self.held.len());
        self.held = VecDeque::new();
        self.acknowledged = self.acknowledged.max(self.forgotten);
        freed
    }

    fn forget(&mut self, count: usize) -> usize {
        let mut freed = 0;
        for message in self.held.drain(..count) {
            freed += message.cost();
            self.unreturned -= usize::from(!message.returned);
            self.forgotten += 1;
        }
        self.bytes -= freed;
        if self.held.capacity() > 64 && self.held.len() < self.held.capacity() / 4 {
            self.held.shrink_to(self.held.len() * 2);
        }
        freed
    }

    fn index(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.forgotten + 1)?).ok().filter(|index| *index < self.held.len())
    }
}

#[cfg(test)]
#[path = "messages_tests.rs"]
mod tests;
