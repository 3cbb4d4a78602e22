//! What a server writes for a terminal, as text: once as a stream for patterns,
//! once as lines for people.
//!
//! In the stream are the characters as they came, without escape sequences, and bytes that are no
//! characters as themselves; in the lines, what a terminal would show once returns, backspaces and
//! erasures have had their effect, so that an overwritten `--More--` is gone. Where the unfinished
//! line has come to read otherwise than the stream, because something on it was written over or
//! erased, [`Terminal::settle`] gives it as it stands. A jump to another line of the screen is a
//! line break in both. Escape sequences are `vte`'s to read; of the screen is kept the line that is
//! being written, with all rows that it takes, and those lines that the cursor has jumped away from
//! and may come back to.

use plugin_kit::text;
use vte::Parser;

use crate::encoding::{self, Encoding};
use screen::Screen;

mod rows;
mod screen;
mod sequences;

/// Takes a server's output.
pub struct Terminal {
    parser: Parser,
    encoding: Encoding,
    /// The beginning of a character whose end has not come: the parser gets whole ones.
    begun: Vec<u8>,
    screen: Screen,
}

/// What has come out since it was last asked for.
#[derive(Debug, Default)]
pub struct Output {
    /// The characters in UTF-8, for patterns.
    pub stream: Vec<u8>,
    /// Lines that are over, each with its line feed, and pieces of one that is very long.
    pub lines: Vec<String>,
    /// What the terminal answers.
    pub answers: Vec<u8>,
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terminal").field("line", &self.screen.line.cells.len()).finish_non_exhaustive()
    }
}

impl Terminal {
    /// An empty terminal of so many columns and rows.
    pub fn new(columns: u16, rows: u16, encoding: Encoding) -> Self {
        Self { parser: Parser::new_with_size(), encoding, begun: Vec::new(), screen: Screen::new(columns, rows) }
    }

    /// Takes output in, and gives what came out of it.
    pub fn advance(&mut self, bytes: &[u8]) -> Output {
        let mut all = std::mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        if self.encoding == Encoding::Utf8 {
            self.begun = all.split_off(all.len() - text::incomplete_tail(&all));
        }
        self.parser.advance(&mut self.screen, self.encoding.decode(&all).as_bytes());
        std::mem::take(&mut self.screen.out)
    }

    /// The line that has not ended yet, up to the cursor at least and without what was
    /// taken: a prompt, mostly.
    pub fn line(&self) -> String {
        encoding::shown(self.screen.unfinished(self.screen.line.shown))
    }

    /// The same, once.
    pub fn take_line(&mut self) -> String {
        let line = self.line();
        self.screen.line.shown = self.screen.end();
        line
    }

    /// What stands on the line that has not ended yet, taken or not, since it was answered.
    pub fn standing(&self) -> String {
        encoding::shown(self.screen.unfinished(self.screen.line.answered))
    }

    /// What was asked last: what stands on the line, or the line before if nothing does.
    pub fn question(&self) -> String {
        Some(self.standing()).filter(|line| !line.trim().is_empty()).unwrap_or_else(|| self.screen.last.clone())
    }

    /// The question was answered: what comes is another one.
    pub fn answered(&mut self) {
        self.screen.line.answered = self.screen.end();
        self.screen.last.clear();
    }

    /// Whether the stream reads as the unfinished line does.
    pub fn is_settled(&self) -> bool {
        self.screen.is_settled
    }

    /// What patterns have not seen of the unfinished line, as it stands, if the
    /// stream does not read so.
    pub fn settle(&mut self) -> Vec<u8> {
        self.screen.settle();
        std::mem::take(&mut self.screen.out.stream)
    }

    /// The same of what stands on it and was not answered, whether it was seen or not.
    pub fn reread(&mut self) -> Vec<u8> {
        self.screen.reread();
        self.settle()
    }

    /// What stands on the unfinished line was taken in: only what changes is news.
    pub fn read(&mut self) {
        self.screen.read();
    }
}

#[cfg(test)]
mod tests;
