//! A connection as one conversation leaves it to the next.

use crate::protocol::{Protocol, Settings};
use crate::secrets::Secrets;
use crate::terminal::Terminal;

/// What outlives one conversation where the connection is kept: the protocol's state, the
/// terminal's, what is not to be shown, and what came but was not looked at.
#[derive(Debug)]
pub struct Line {
    /// The protocol's state.
    pub protocol: Protocol,
    pub(crate) terminal: Terminal,
    pub(crate) secrets: Secrets,
    pub(crate) unread: Vec<u8>,
    /// Offset of the first unread character, and the character before it.
    pub(crate) offset: u64,
    pub(crate) before: Option<u8>,
    /// Whether the server is known to wait for us: what was expected came, or it was silent, and
    /// nothing was sent since.
    pub(crate) our_turn: bool,
}

impl Line {
    /// A connection on which nothing was said.
    pub fn new(settings: Settings) -> Self {
        let (columns, rows) = settings.window;
        Self {
            terminal: Terminal::new(columns, rows, settings.encoding),
            protocol: Protocol::new(settings),
            secrets: Secrets::default(),
            unread: Vec::new(),
            offset: 0,
            before: None,
            our_turn: false,
        }
    }

    /// Lets what stands on the unfinished line be looked at as a person sees it, if
    /// what came has not read so.
    pub(crate) fn settle(&mut self) {
        self.unread.extend(self.terminal.settle());
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

    /// Lets what stands on the unfinished line be looked at once more: the prompt
    /// at which the server waits.
    pub(crate) fn reread(&mut self) {
        // What is unread of that line is a part of what stands there.
        let line = self.unread.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        self.unread.truncate(line);
        self.unread.extend(self.terminal.reread());
    }
}
