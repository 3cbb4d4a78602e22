//! The line that a server is writing, with all rows of the screen that it takes, and the cursor on it.

use vte::{Params, Perform};

use super::Output;
use crate::encoding;

/// The longest line. A longer one goes on as the next piece of the same line.
pub(super) const LONGEST: usize = 8192;
/// So many questions of the server to the terminal are answered: where the cursor is, what the terminal is.
pub(super) const ANSWERS: usize = 64;
/// So many blanks, at most, stand in the stream for what the cursor has passed over.
const BLANKS: usize = 16;
/// Of a line that is over, so much is remembered.
const REMEMBERED: usize = 512;
/// DEC's line drawing characters, from \` on.
const DRAWING: &str = "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·";

pub(super) struct Screen {
    pub(super) out: Output,
    pub(super) line: Vec<char>,
    /// Where the cursor's row begins in the line. A row that is full goes on with the next one.
    row_start: usize,
    /// On that row; behind the last column after a character there.
    column: usize,
    row: u16,
    size: (u16, u16),
    saved: (u16, usize),
    asked: usize,
    /// Up to where the line was given away, and up to where it was answered.
    pub(super) shown: usize,
    pub(super) answered: usize,
    /// The last line with anything on it that ended since then.
    pub(super) last: String,
    /// Whether G0 and G1 draw lines, and which of them is in use.
    drawing: [bool; 2],
    shifted: bool,
    printed: Option<char>,
}

impl Screen {
    pub(super) fn new(columns: u16, rows: u16) -> Self {
        Screen {
            out: Output::default(),
            line: Vec::new(),
            row_start: 0,
            column: 0,
            row: 0,
            size: (columns.max(1), rows.max(1)),
            saved: (0, 0),
            asked: 0,
            shown: 0,
            answered: 0,
            last: String::new(),
            drawing: [false; 2],
            shifted: false,
            printed: None,
        }
    }

    fn width(&self) -> usize {
        usize::from(self.size.0)
    }

    /// The column as others see it.
    fn cursor(&self) -> usize {
        self.column.min(self.width() - 1)
    }

    /// Where the line ends: behind its last character, or at the cursor.
    pub(super) fn end(&self) -> usize {
        self.written().max(self.row_start + self.column).min(self.line.len())
    }

    fn written(&self) -> usize {
        self.line.iter().rposition(|c| *c != ' ').map_or(0, |last| last + 1)
    }

    pub(super) fn unfinished(&self, from: usize) -> &[char] {
        self.line.get(from..self.end()).unwrap_or_default()
    }

    /// What was at `at` and behind has changed: it was neither shown nor answered.
    fn changed(&mut self, at: usize) {
        self.shown = self.shown.min(at);
        self.answered = self.answered.min(at);
    }

    fn end_line(&mut self) {
        let end = self.written();
        let line = self.line.get(self.shown..end).unwrap_or_default();
        self.out.lines.push(encoding::shown(line) + "\n");
        self.forget_line();
        self.row = self.row.saturating_add(1).min(self.size.1 - 1);
    }

    fn forget_line(&mut self) {
        let from = self.written().saturating_sub(REMEMBERED).max(self.answered);
        let line = encoding::shown(self.line.get(from..self.written()).unwrap_or_default());
        if !line.trim().is_empty() {
            self.last = line;
        }
        self.line.clear();
        (self.row_start, self.column, self.shown, self.answered) = (0, 0, 0, 0);
    }

    /// The line ends because the cursor leaves it, if there is anything to tell of it.
    fn leave_line(&mut self) {
        self.out.stream.push(b'\n');
        match self.written() > self.shown {
            true => self.end_line(),
            false => self.forget_line(),
        }
    }

    /// The cursor goes to another row of the screen: of the same line, or away from it.
    fn jump(&mut self, row: u16, column: usize) {
        let row = row.min(self.size.1 - 1);
        if row == self.row {
            return self.go(column);
        }
        let distance = usize::from(row.abs_diff(self.row)) * self.width();
        let to = if row < self.row { self.row_start.checked_sub(distance) } else { Some(self.row_start + distance) };
        match to.filter(|to| *to < self.line.len() && self.line.len() > self.width()) {
            Some(to) => {
                self.out.stream.push(b'\r');
                self.row_start = to;
            }
            None => self.leave_line(),
        }
        self.row = row;
        self.column = column.min(self.width() - 1);
    }

    /// The cursor goes along its row; what it passes over is blank, or was there before.
    fn go(&mut self, column: usize) {
        let column = column.min(self.width() - 1);
        let blanks = column.saturating_sub(self.column).min(BLANKS);
        self.out.stream.extend(std::iter::repeat_n(b' ', blanks));
        self.column = column;
    }

    fn put(&mut self, c: char) {
        if self.column >= self.width() {
            self.row_start += self.width();
            self.column = 0;
            self.row = self.row.saturating_add(1).min(self.size.1 - 1);
            if self.row_start + self.width() > LONGEST && self.line.len() <= self.row_start {
                let piece: Vec<char> = self.line.drain(..).collect();
                self.out.lines.push(encoding::shown(piece.get(self.shown..).unwrap_or_default()));
                (self.row_start, self.shown, self.answered) = (0, 0, 0);
            }
        }
        let at = self.row_start + self.column;
        if self.line.len() < at {
            self.line.resize(at, ' ');
        }
        match self.line.get_mut(at) {
            Some(cell) => *cell = c,
            None => self.line.push(c),
        }
        self.changed(at);
        self.column += 1;
    }

    /// The cells of the cursor's row that there are, from this column on.
    fn row_from(&self, column: usize) -> std::ops::Range<usize> {
        let end = self.line.len().min(self.row_start + self.width());
        (self.row_start + column).min(end)..end
    }

    fn blank(&mut self, from: usize, to: usize) {
        let row = self.row_from(0);
        let (from, to) = ((row.start + from).min(row.end), (row.start + to).min(row.end));
        if let Some(cells) = self.line.get_mut(from..to) {
            cells.fill(' ');
        }
        self.changed(from);
    }

    /// Takes cells out of the row at the cursor, or puts blanks in; the rows after it stay.
    fn shift(&mut self, cells: usize, out: bool) {
        let row = self.row_from(self.cursor());
        let cells = cells.min(self.width());
        if row.is_empty() {
            return;
        }
        let mut rest: Vec<char> = self.line.get(row.clone()).unwrap_or_default().to_vec();
        let length = rest.len();
        if out {
            rest.drain(..cells.min(length));
            if row.end < self.line.len() {
                rest.resize(length, ' ');
            }
        } else {
            rest.splice(..0, std::iter::repeat_n(' ', cells));
            rest.truncate(self.width() - self.cursor());
        }
        self.changed(row.start);
        self.line.splice(row, rest);
    }

    fn answer(&mut self, answer: &str) {
        self.asked += 1;
        if self.asked <= ANSWERS {
            self.out.answers.extend(answer.as_bytes());
        }
    }
}

/// What a letter stands for where lines are drawn.
fn drawn(c: char) -> char {
    let at = u32::from(c).checked_sub(0x60).and_then(|at| usize::try_from(at).ok());
    at.and_then(|at| DRAWING.chars().nth(at)).unwrap_or(c)
}

impl Perform for Screen {
    fn print(&mut self, c: char) {
        if c.is_control() {
            return;
        }
        let draws = self.drawing[usize::from(self.shifted)];
        let c = if draws { drawn(c) } else { c };
        match encoding::byte(c) {
            Some(byte) => self.out.stream.push(byte),
            None => self.out.stream.extend(c.encode_utf8(&mut [0; 4]).bytes()),
        }
        self.put(c);
        self.printed = Some(c);
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\n' | 0x0b | 0x0c => {
                self.out.stream.push(b'\n');
                self.end_line();
            }
            b'\r' => {
                self.out.stream.push(b'\r');
                self.column = 0;
            }
            0x08 => {
                self.out.stream.push(0x08);
                self.column = self.cursor().saturating_sub(1);
            }
            b'\t' => {
                self.out.stream.push(b'\t');
                self.put('\t');
            }
            0x0e | 0x0f => self.shifted = byte == 0x0e,
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, parameters: &Params, intermediates: &[u8], ignore: bool, action: char) {
        if ignore || !intermediates.is_empty() {
            return;
        }
        let mut parameters = parameters.iter().map(|parameter| parameter.first().copied().unwrap_or(0));
        let (first, second) = (parameters.next().unwrap_or(0), parameters.next().unwrap_or(0));
        let count = first.max(1);
        let (cells, cursor) = (usize::from(count), self.cursor());
        match action {
            'A' | 'F' => self.jump(self.row.saturating_sub(count), if action == 'F' { 0 } else { cursor }),
            'B' | 'E' => self.jump(self.row.saturating_add(count), if action == 'E' { 0 } else { cursor }),
            'C' | 'a' => self.go(cursor + cells),
            'D' => self.column = cursor.saturating_sub(cells),
            'G' | '`' => self.go(cells - 1),
            'H' | 'f' => self.jump(count - 1, usize::from(second.max(1)) - 1),
            'd' => self.jump(count - 1, cursor),
            's' => self.saved = (self.row, cursor),
            'u' => self.jump(self.saved.0, self.saved.1),
            // The character before, again.
            'b' => (0..cells.min(self.width())).for_each(|_| self.printed.into_iter().for_each(|c| self.print(c))),
            // The rest of the screen, or of the line.
            'J' if first == 0 => {
                self.line.truncate(self.row_start + self.column);
                self.changed(self.line.len());
            }
            'J' => self.leave_line(),
            'K' if first == 1 => self.blank(0, cursor + 1),
            'K' if first == 0 && self.line.len() <= self.row_start + self.width() => {
                self.line.truncate(self.row_start + self.column);
                self.changed(self.line.len());
            }
            'K' => self.blank(if first == 0 { self.column } else { 0 }, self.width()),
            'P' => self.shift(cells, true),
            '@' => self.shift(cells, false),
            'X' => self.blank(cursor, cursor + cells),
            'c' if first == 0 => self.answer("\x1b[?6c"),
            'n' if first == 5 => self.answer("\x1b[0n"),
            'n' if first == 6 => self.answer(&format!("\x1b[{};{}R", self.row + 1, cursor + 1)),
            _ => {}
        }
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], _ignore: bool, byte: u8) {
        match (intermediates, byte) {
            // Index, next line, reset.
            ([], b'D' | b'E' | b'c') => {
                if byte == b'c' {
                    (self.drawing, self.shifted) = ([false; 2], false);
                }
                self.execute(b'\n');
            }
            ([], b'Z') => self.answer("\x1b[?6c"),
            ([], b'7') => self.saved = (self.row, self.cursor()),
            ([], b'8') => self.jump(self.saved.0, self.saved.1),
            ([b'('], charset) => self.drawing[0] = charset == b'0',
            ([b')'], charset) => self.drawing[1] = charset == b'0',
            _ => {}
        }
    }
}
