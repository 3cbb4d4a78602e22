//! What a conversation waits for at one time: matches of patterns in what comes, and questions of a
//! login on the line that stands.
//!
//! A match that there is whatever follows counts at once. One that waits for the end of what has
//! come, such as a prompt's, counts only when the server is quiet behind it, and so does a
//! question: an unfinished line is not judged.

use std::time::Duration;

use plugin_kit::Scanner;

use crate::prompt::Question;
use crate::script::{Expect, Ready};

/// How long nothing has to come behind a match that ends where the data ends. A console at 9600
/// baud sends a byte each millisecond, at 300 baud one every 33 ms.
pub(crate) const QUIET: Duration = Duration::from_millis(100);
/// The same where a name or something secret is sent: longer than TCP takes to send a lost
/// segment again (200 ms at least in Linux), so that a segment on the way does not make a
/// question of half a sentence.
pub(crate) const ASKED: Duration = Duration::from_millis(250);

/// What is waited for now.
#[derive(Debug)]
pub(crate) struct Wait {
    /// Patterns that are looked for, and whose turn it is then.
    scanners: Vec<(Scanner, usize)>,
    /// Questions of the login: whether the name is meant, and whose turn it is then.
    questions: Vec<(bool, usize)>,
    /// The step whose match has come, and which waits until the server is quiet behind it because
    /// it sends something secret.
    pub(crate) pending: Option<usize>,
    /// Whether silence ends it, and which step's turn it is then.
    pub(crate) silence: Option<usize>,
    pub(crate) since: Duration,
    pub(crate) deadline: Duration,
}

/// A match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) end: u64,
    /// Whose turn it is.
    pub(crate) index: usize,
    /// Whether it stays a match whatever follows.
    pub(crate) is_sure: bool,
}

impl Wait {
    /// A wait for nothing but silence, if for that.
    pub(crate) fn new(silence: Option<usize>, since: Duration, timeout: Duration) -> Self {
        let deadline = since.saturating_add(timeout);
        Self { scanners: Vec::new(), questions: Vec::new(), pending: None, silence, since, deadline }
    }

    /// Waits for this as well, from this place in the stream on.
    pub(crate) fn expect(&mut self, expect: &Expect, index: usize, offset: u64, before: Option<u8>) {
        match expect {
            Expect::Match(pattern) => self.scanners.push((Scanner::new(pattern.clone(), offset, before), index)),
            Expect::Name => self.questions.push((true, index)),
            Expect::Password => self.questions.push((false, index)),
            Expect::Silence => {}
        }
    }

    /// Feeds what was not looked at to all that is looked for: the match that ends first, of those
    /// that end together the one that was asked for first. A sure match of a step that keeps a
    /// secret becomes [`pending`](Self::pending) instead.
    pub(crate) fn look(&mut self, unread: &[u8], steps: &[Ready]) -> Option<Found> {
        let mut first: Option<Found> = None;
        for (scanner, index) in &mut self.scanners {
            if self.pending == Some(*index) {
                continue;
            }
            let sure = scanner.feed(unread).or_else(|| scanner.whatever_follows());
            if sure.is_some() && steps.get(*index).is_some_and(Ready::keeps_secret) {
                self.pending = Some(*index);
                continue;
            }
            let Some(end) = sure.or_else(|| scanner.at_end_of_data()) else { continue };
            if first.is_none_or(|first| end < first.end) {
                first = Some(Found { end, index: *index, is_sure: sure.is_some() });
            }
        }
        first
    }

    /// The match that is pending was not meant; it is looked for from here on.
    pub(crate) fn pass_over(&mut self, offset: u64, before: Option<u8>) {
        let pending = self.pending.take();
        if let Some((scanner, _)) = self.scanners.iter_mut().find(|(_, index)| Some(*index) == pending) {
            scanner.restart(offset, before);
        }
    }

    /// Whose turn it is when this is asked: a password is never said where a name is asked as well.
    pub(crate) fn answers(&self, question: Question) -> Option<usize> {
        let asked = |&&(name, _): &&(bool, usize)| name == question.name;
        self.questions.iter().find(asked).map(|(_, index)| *index)
    }
}
