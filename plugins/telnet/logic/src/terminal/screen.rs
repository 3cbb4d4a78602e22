//! The line that a server is writing, with all rows of the screen that it
//! takes, and the cursor on it.

use super::Output;
use super::rows::{Line, Rows};
use crate::encoding;

/// The longest line. A longer one goes on as the next piece of the same line.
pub(super) const LONGEST: usize = 8192;
/// The most questions of the server to the terminal that are answered: the cursor's
/// position, the terminal's kind.
pub(super) const ANSWERS: usize = 64;
/// So many blanks, at most, stand in the stream for what the cursor has passed over.
const BLANKS: usize = 16;
/// Of a line that is over, so much is remembered.
const REMEMBERED: usize = 512;

pub(super) struct Screen {
    pub(super) out: Output,
    pub(super) line: Line,
    /// Lines that the cursor has jumped away from.
    pub(super) others: Rows,
    /// Where the cursor's row begins in the line. A row that is full goes on with the next one.
    pub(super) row_start: usize,
    /// On that row; behind the last column after a character there.
    pub(super) column: usize,
    pub(super) row: u16,
    size: (u16, u16),
    pub(super) saved: (u16, usize),
    asked: usize,
    /// Whether the stream reads as the line does. Where it does not, because something on
    /// the line was written over or erased, the line goes into the stream as it stands
    /// when it is settled or over.
    pub(super) is_settled: bool,
    /// Whether the last that came was a return, which is told only together with a line feed.
    pub(super) returned: bool,
    /// The last line with anything on it that ended since then.
    pub(super) last: String,
    /// Whether G0 and G1 draw lines, and which of them is in use.
    pub(super) drawing: [bool; 2],
    pub(super) shifted: bool,
    pub(super) printed: Option<char>,
}

impl Screen {
    pub(super) fn new(columns: u16, rows: u16) -> Self {
        Screen {
            out: Output::default(),
            line: Line::default(),
            others: Rows::default(),
            row_start: 0,
            column: 0,
            row: 0,
            size: (columns.max(1), rows.max(1)),
            saved: (0, 0),
            asked: 0,
            is_settled: true,
            returned: false,
            last: String::new(),
            drawing: [false; 2],
            shifted: false,
            printed: None,
        }
    }

    pub(super) fn width(&self) -> usize {
        usize::from(self.size.0)
    }

    /// The column as others see it.
    pub(super) fn cursor(&self) -> usize {
        self.column.min(self.width() - 1)
    }

    /// Where the line ends: behind its last character, or at the cursor.
    pub(super) fn end(&self) -> usize {
        self.written().max(self.row_start + self.column).min(self.line.cells.len())
    }

    fn written(&self) -> usize {
        self.line.cells.iter().rposition(|c| *c != ' ').map_or(0, |last| last + 1)
    }

    pub(super) fn unfinished(&self, from: usize) -> &[char] {
        self.line.cells.get(from..self.end()).unwrap_or_default()
    }

    /// Has the stream read as the line does: what patterns have not seen of it follows once more.
    /// Behind a return, if that is all of it.
    pub(super) fn settle(&mut self) {
        if std::mem::replace(&mut self.is_settled, true) {
            return;
        }
        let (seen, end) = (self.line.seen, self.end());
        self.out.stream.push(if seen == 0 { b'\r' } else { 0x08 });
        let unseen = self.line.cells.get(seen..end).unwrap_or_default();
        unseen.iter().for_each(|c| encoding::append(*c, &mut self.out.stream));
    }

    /// What stands on the line and was not answered is to be seen once more, and nothing of it
    /// stands in the stream.
    pub(super) fn reread(&mut self) {
        self.line.seen = self.line.answered;
        self.is_settled = self.line.seen >= self.end();
    }

    pub(super) fn read(&mut self) {
        self.line.seen = self.end();
        self.is_settled = true;
    }

    /// What was at `at` and behind was written anew: it was neither answered nor seen.
    fn rewritten(&mut self, at: usize) {
        self.line.answered = self.line.answered.min(at);
        self.line.seen = self.line.seen.min(at);
    }

    /// It reads otherwise: it was not shown either.
    fn changed(&mut self, at: usize) {
        self.rewritten(at);
        let at = if std::mem::take(&mut self.line.was_left) { 0 } else { at };
        self.line.shown = self.line.shown.min(at);
    }

    pub(super) fn end_line(&mut self) {
        self.settle();
        if std::mem::take(&mut self.returned) {
            self.out.stream.push(b'\r');
        }
        self.out.stream.push(b'\n');
        let end = self.written();
        let line = self.line.cells.get(self.line.shown..end).unwrap_or_default();
        self.out.lines.push(encoding::shown(line) + "\n");
        self.recall_last();
        self.begin_line();
        // What is elsewhere on the screen may have moved with it.
        self.others.clear();
        self.row = self.row.saturating_add(1).min(self.size.1 - 1);
    }

    /// Remembers the line as the last one, if anything is on it.
    fn recall_last(&mut self) {
        let from = self.written().saturating_sub(REMEMBERED).max(self.line.answered);
        let line = encoding::shown(self.line.cells.get(from..self.written()).unwrap_or_default());
        if !line.trim().is_empty() {
            self.last = line;
        }
    }

    fn begin_line(&mut self) {
        self.line.cells.clear();
        (self.line.shown, self.line.answered, self.line.seen, self.line.was_left) = (0, 0, 0, false);
        (self.row_start, self.column, self.is_settled) = (0, 0, true);
    }

    /// The cursor leaves the line, which stays on the screen; it is given away if there
    /// is anything to tell of it.
    fn leave_line(&mut self) {
        self.settle();
        self.returned = false;
        self.out.stream.push(b'\n');
        let end = self.written();
        if end > self.line.shown {
            let line = self.line.cells.get(self.line.shown..end).unwrap_or_default();
            self.out.lines.push(encoding::shown(line) + "\n");
            (self.line.shown, self.line.was_left) = (self.line.cells.len(), true);
        }
        self.recall_last();
        let line = std::mem::take(&mut self.line);
        let first = u16::try_from(self.row_start / self.width()).ok().and_then(|rows| self.row.checked_sub(rows));
        if let Some(first) = first {
            self.others.remember(first, line);
        }
        self.begin_line();
    }

    /// The cursor goes to another row of the screen: of the same line, or of another one.
    pub(super) fn jump(&mut self, row: u16, column: usize) {
        let row = row.min(self.size.1 - 1);
        if row != self.row {
            let distance = usize::from(row.abs_diff(self.row)) * self.width();
            let to =
                if row < self.row { self.row_start.checked_sub(distance) } else { Some(self.row_start + distance) };
            match to.filter(|to| *to < self.line.cells.len() && self.line.cells.len() > self.width()) {
                Some(to) => self.row_start = to,
                None => {
                    self.leave_line();
                    self.come_back(row);
                }
            }
            self.row = row;
        }
        self.column = column.min(self.width() - 1);
    }

    /// The line that stands on this row, if the cursor was there before.
    fn come_back(&mut self, row: u16) {
        if let Some((first, line)) = self.others.take(row, self.width()) {
            self.row_start = usize::from(row - first) * self.width();
            (self.line, self.is_settled) = (line, false);
        }
    }

    pub(super) fn put(&mut self, c: char) {
        if self.column >= self.width() {
            self.wrap();
        }
        self.returned = false;
        let at = self.row_start + self.column;
        if at == 0 && !self.is_settled && self.written() == 0 {
            // A line of which all was erased is an empty one.
            self.out.stream.push(b'\r');
            self.begin_line();
        }
        if let Some(gap) = at.checked_sub(self.line.cells.len()) {
            // What the cursor has passed over is blank.
            self.is_settled &= gap <= BLANKS;
            if self.is_settled {
                self.out.stream.extend(std::iter::repeat_n(b' ', gap));
                encoding::append(c, &mut self.out.stream);
            }
            self.line.cells.resize(at, ' ');
            self.line.cells.push(c);
            self.changed(at);
        } else {
            self.is_settled = false;
            let cell = self.line.cells.get_mut(at).map(|cell| std::mem::replace(cell, c));
            if cell == Some(c) { self.rewritten(at) } else { self.changed(at) }
        }
        self.column += 1;
    }

    /// A row is full: the line goes on with the next one.
    fn wrap(&mut self) {
        self.row_start += self.width();
        self.column = 0;
        if self.row + 1 < self.size.1 {
            self.row += 1;
            self.others.forget(self.row..=self.row);
        } else {
            self.others.clear();
        }
        if self.row_start + self.width() > LONGEST && self.line.cells.len() <= self.row_start {
            self.settle();
            let piece = self.line.cells.get(self.line.shown..).unwrap_or_default();
            self.out.lines.push(encoding::shown(piece));
            self.begin_line();
        }
    }

    /// The cells of the cursor's row that there are, from this column on.
    fn row_from(&self, column: usize) -> std::ops::Range<usize> {
        let end = self.line.cells.len().min(self.row_start + self.width());
        (self.row_start + column).min(end)..end
    }

    /// The line ends at the cursor.
    pub(super) fn cut(&mut self) {
        let at = self.row_start + self.column;
        if self.line.cells.len() > at {
            self.line.cells.truncate(at);
            self.is_settled = false;
            self.changed(at);
        }
    }

    pub(super) fn blank(&mut self, from: usize, to: usize) {
        let row = self.row_from(0);
        let (from, to) = ((row.start + from).min(row.end), (row.start + to).min(row.end));
        if let Some(cells) = self.line.cells.get_mut(from..to).filter(|cells| cells.iter().any(|c| *c != ' ')) {
            cells.fill(' ');
            self.is_settled = false;
            self.changed(from);
        }
    }

    /// Takes cells out of the row at the cursor, or puts blanks in; the rows after it stay.
    pub(super) fn shift(&mut self, cells: usize, out: bool) {
        let row = self.row_from(self.cursor());
        let cells = cells.min(self.width());
        if row.is_empty() {
            return;
        }
        let mut rest: Vec<char> = self.line.cells.get(row.clone()).unwrap_or_default().to_vec();
        let length = rest.len();
        if out {
            rest.drain(..cells.min(length));
            if row.end < self.line.cells.len() {
                rest.resize(length, ' ');
            }
        } else {
            rest.splice(..0, std::iter::repeat_n(' ', cells));
            rest.truncate(self.width() - self.cursor());
        }
        self.is_settled = false;
        self.changed(row.start);
        self.line.cells.splice(row, rest);
    }

    /// Erases the screen from the cursor on (0), up to it (1), or all of it.
    pub(super) fn erase(&mut self, what: u16) {
        match what {
            0 => {
                self.cut();
                self.others.forget(self.row.saturating_add(1)..=u16::MAX);
            }
            1 => {
                self.others.forget(0..=self.row);
                self.blank(0, self.cursor() + 1);
            }
            2 => {
                let column = self.column;
                self.leave_line();
                self.others.clear();
                self.column = column;
            }
            _ => {}
        }
    }

    pub(super) fn answer(&mut self, answer: &str) {
        self.asked += 1;
        if self.asked <= ANSWERS {
            self.out.answers.extend(answer.as_bytes());
        }
    }
}
