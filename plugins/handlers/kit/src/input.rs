//! The bytes that have come and belong to no message yet.

use crate::step::Span;

/// What has come and was not taken. Bytes are taken from the front only.
#[derive(Clone, Debug, Default)]
pub struct Input {
    held: Vec<u8>,
    /// How many of them were taken.
    taken: usize,
    /// Where the first of `held` stands in all that has come.
    start: u64,
}

impl Input {
    /// What was not taken yet.
    pub fn bytes(&self) -> &[u8] {
        self.held.get(self.taken..).unwrap_or_default()
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.bytes().is_empty()
    }

    /// How much is left.
    pub fn len(&self) -> usize {
        self.bytes().len()
    }

    /// Where the next byte stands in all that has come.
    pub fn at(&self) -> u64 {
        self.start + self.taken as u64
    }

    /// Takes that many bytes, or all that there are: they belong to the message that
    /// is pushed with this span.
    pub fn take(&mut self, count: usize) -> Span {
        let start = self.at();
        self.taken = self.held.len().min(self.taken.saturating_add(count));
        Span { start, end: self.at() }
    }

    /// Takes all that there is.
    pub fn take_all(&mut self) -> Span {
        self.take(usize::MAX)
    }

    /// Adds what has come.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.compact();
        self.held.extend_from_slice(bytes);
    }

    /// Gives up what was taken.
    fn compact(&mut self) {
        if self.taken > 0 {
            self.start += self.taken as u64;
            self.held.drain(..self.taken);
            self.taken = 0;
        }
    }
}
