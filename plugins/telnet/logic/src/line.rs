//! A connection as one conversation leaves it to the next.

use crate::protocol::{Protocol, Settings};
use crate::terminal::Terminal;

/// What outlives one conversation where the connection is kept: the protocol's state, the terminal's, and what came but was not
/// looked at.
#[derive(Debug)]
pub struct Line {
    /// The protocol's state.
    pub protocol: Protocol,
    pub(crate) terminal: Terminal,
    pub(crate) unread: Vec<u8>,
    /// Offset of the first unread character, and the character before it.
    pub(crate) offset: u64,
    pub(crate) before: Option<u8>,
    /// Whether the server is known to wait for us: what was expected came, or it was silent, and nothing was sent since.
    pub(crate) our_turn: bool,
}

impl Line {
    /// A connection on which nothing was said.
    pub fn new(settings: Settings) -> Self {
        let (columns, rows) = settings.window;
        Self {
            protocol: Protocol::new(settings),
            terminal: Terminal::new(columns, rows),
            unread: Vec::new(),
            offset: 0,
            before: None,
            our_turn: false,
        }
    }

    /// Passes over what came up to this offset.
    pub(crate) fn read_to(&mut self, offset: u64) {
        let count = usize::try_from(offset.saturating_sub(self.offset)).unwrap_or(usize::MAX).min(self.unread.len());
        if let Some(last) = count.checked_sub(1) {
            self.before = self.unread.get(last).copied();
        }
        self.unread.drain(..count);
        self.offset += count as u64;
    }
}
