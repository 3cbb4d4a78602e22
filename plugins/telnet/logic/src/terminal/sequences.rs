//! Control characters and escape sequences, and what each does to the line and the
//! cursor (ECMA-48, xterm).

use vte::{Params, Perform};

use super::screen::Screen;

/// DEC's line drawing characters, from \` on.
const DRAWING: &str = "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·";

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
        self.put(c);
        self.printed = Some(c);
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\n' | 0x0b | 0x0c => self.end_line(),
            b'\r' => {
                self.returned = true;
                self.column = 0;
            }
            0x08 => self.column = self.cursor().saturating_sub(1),
            b'\t' => self.put('\t'),
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
            'C' | 'a' => self.jump(self.row, cursor + cells),
            'D' => self.column = cursor.saturating_sub(cells),
            'G' | '`' => self.jump(self.row, cells - 1),
            'H' | 'f' => self.jump(count - 1, usize::from(second.max(1)) - 1),
            'd' => self.jump(count - 1, cursor),
            's' => self.saved = (self.row, cursor),
            'u' => self.jump(self.saved.0, self.saved.1),
            // The character before, again.
            'b' => (0..cells.min(self.width())).for_each(|_| self.printed.into_iter().for_each(|c| self.print(c))),
            'J' => self.erase(first),
            'K' if first == 1 => self.blank(0, cursor + 1),
            'K' if first == 0 && self.line.cells.len() <= self.row_start + self.width() => self.cut(),
            'K' => self.blank(if first == 0 { self.column } else { 0 }, self.width()),
            'P' => self.shift(cells, true),
            '@' => self.shift(cells, false),
            'X' => self.blank(cursor, cursor + cells),
            // Where the screen scrolls; the cursor goes to its first place.
            'r' => self.jump(0, 0),
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
