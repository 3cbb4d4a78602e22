//! A connection as one conversation leaves it to the next.

use crate::protocol::{Protocol, Settings};
use crate::secrets::Secrets;
use crate::terminal::Terminal;

/// Of a line that has not ended, so many bytes can be looked at once more.
const STANDING: usize = 8192;

/// What outlives one conversation where the connection is kept: the protocol's state, the terminal's, what is not to be shown, and
/// what came but was not looked at.
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
    /// What was read of the line that has not ended, since something was sent.
    pub(crate) standing: Vec<u8>,
    /// Whether the server is known to wait for us: what was expected came, or it was silent, and nothing was sent since.
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
            standing: Vec::new(),
            our_turn: false,
        }
    }

    /// Passes over what came up to this offset.
    pub(crate) fn read_to(&mut self, offset: u64) {
        let count = usize::try_from(offset.saturating_sub(self.offset)).unwrap_or(usize::MAX).min(self.unread.len());
        if let Some(last) = count.checked_sub(1) {
            self.before = self.unread.get(last).copied();
        }
        self.standing.extend(self.unread.drain(..count));
        let line = self.standing.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        self.standing.drain(..line.max(self.standing.len().saturating_sub(STANDING)));
        self.offset += count as u64;
    }

    /// Lets the line that has not ended be looked at once more: the prompt at which the server waits.
    pub(crate) fn reread(&mut self) {
        if self.standing.is_empty() {
            return;
        }
        self.offset -= self.standing.len() as u64;
        self.before = Some(b'\n').filter(|_| self.offset > 0);
        let rest = std::mem::take(&mut self.unread);
        self.unread = std::mem::take(&mut self.standing);
        self.unread.extend(rest);
    }
}
