//! What a server writes for a terminal, as text: once as a stream for patterns, once as lines for people.
//!
//! In the stream are the characters as they came, without escape sequences; in the lines, what a terminal would show once
//! returns, backspaces and erasures have had their effect, so that an overwritten `--More--` is gone. A jump to another line of
//! the screen is a line break in both. Escape sequences are `vte`'s to read; no screen is kept.

use plugin_kit::text;
use vte::{Params, Parser, Perform};

/// The longest line. A longer one goes on as the next piece of the same line.
const LONGEST: usize = 8192;
/// So many questions of the server to the terminal are answered: where the cursor is, what the terminal is.
const ANSWERS: usize = 64;

/// Takes a server's output.
pub struct Terminal {
    parser: Parser,
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

struct Screen {
    out: Output,
    line: Vec<char>,
    column: usize,
    row: u16,
    size: (u16, u16),
    answered: usize,
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terminal").field("line", &self.screen.line.len()).finish_non_exhaustive()
    }
}

impl Terminal {
    /// An empty terminal of so many columns and rows.
    pub fn new(columns: u16, rows: u16) -> Self {
        let screen =
            Screen { out: Output::default(), line: Vec::new(), column: 0, row: 0, size: (columns, rows), answered: 0 };
        Self { parser: Parser::new_with_size(), begun: Vec::new(), screen }
    }

    /// Takes output in, and gives what came out of it.
    pub fn advance(&mut self, bytes: &[u8]) -> Output {
        let mut all = std::mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        self.begun = all.split_off(all.len() - text::incomplete_tail(&all));
        self.parser.advance(&mut self.screen, String::from_utf8_lossy(&all).as_bytes());
        std::mem::take(&mut self.screen.out)
    }

    /// The line that has not ended yet, up to the cursor at least: a prompt, mostly.
    pub fn line(&self) -> String {
        let shown = self.screen.line.iter().rposition(|c| *c != ' ').map_or(0, |last| last + 1);
        let shown = shown.max(self.screen.column).min(self.screen.line.len());
        self.screen.line[..shown].iter().collect()
    }

    /// The same, and what follows begins a line.
    pub fn take_line(&mut self) -> String {
        let line = self.line();
        self.screen.line.clear();
        self.screen.column = 0;
        line
    }
}

impl Screen {
    fn end_line(&mut self) {
        let shown = self.line.iter().rposition(|c| *c != ' ').map_or(0, |last| last + 1);
        let mut line: String = self.line.drain(..).take(shown).collect();
        line.push('\n');
        self.out.lines.push(line);
        self.column = 0;
        self.row = self.row.saturating_add(1).min(self.size.1.saturating_sub(1));
    }

    /// The cursor goes to another line of the screen.
    fn jump(&mut self, row: u16, column: usize) {
        if row != self.row {
            self.out.stream.push(b'\n');
            if !self.line.is_empty() {
                self.end_line();
            }
        }
        self.row = row.min(self.size.1.saturating_sub(1));
        self.go(column);
    }

    fn go(&mut self, column: usize) {
        self.column = column.min(usize::from(self.size.0.saturating_sub(1)));
    }

    fn put(&mut self, c: char) {
        if self.line.len() < self.column {
            self.line.resize(self.column, ' ');
        }
        match self.line.get_mut(self.column) {
            Some(cell) => *cell = c,
            None => self.line.push(c),
        }
        self.column += 1;
        if self.column >= LONGEST {
            self.out.lines.push(self.line.drain(..).collect());
            self.column = 0;
        }
    }

    fn blank(&mut self, from: usize, to: usize) {
        let to = to.min(self.line.len());
        if let Some(cells) = self.line.get_mut(from..to) {
            cells.fill(' ');
        }
    }

    fn answer(&mut self, answer: &str) {
        self.answered += 1;
        if self.answered <= ANSWERS {
            self.out.answers.extend(answer.as_bytes());
        }
    }
}

impl Perform for Screen {
    fn print(&mut self, c: char) {
        if c.is_control() {
            return;
        }
        self.out.stream.extend(c.encode_utf8(&mut [0; 4]).bytes());
        self.put(c);
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
                self.column = self.column.saturating_sub(1);
            }
            b'\t' => {
                self.out.stream.push(b'\t');
                self.put('\t');
            }
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
        let cells = usize::from(count);
        match action {
            'A' | 'F' => self.jump(self.row.saturating_sub(count), if action == 'F' { 0 } else { self.column }),
            'B' | 'E' => self.jump(self.row.saturating_add(count), if action == 'E' { 0 } else { self.column }),
            'C' | 'a' => self.go(self.column.saturating_add(cells)),
            'D' => self.column = self.column.saturating_sub(cells),
            'G' | '`' => self.go(cells - 1),
            'H' | 'f' => self.jump(count - 1, usize::from(second.max(1)) - 1),
            'd' => self.jump(count - 1, self.column),
            // The rest of the screen, or of the line.
            'J' | 'K' if first == 0 => self.line.truncate(self.column),
            'J' => {
                self.out.stream.push(b'\n');
                if !self.line.is_empty() {
                    self.end_line();
                }
            }
            'K' if first == 1 => self.blank(0, self.column + 1),
            'K' => self.blank(0, usize::MAX),
            'P' if self.column < self.line.len() => {
                self.line.drain(self.column..self.line.len().min(self.column + cells));
            }
            '@' if self.column < self.line.len() && self.line.len() < LONGEST => {
                let blanks = cells.min(usize::from(self.size.0));
                self.line.splice(self.column..self.column, std::iter::repeat_n(' ', blanks));
            }
            'X' => self.blank(self.column, self.column + cells),
            'c' if first == 0 => self.answer("\x1b[?6c"),
            'n' if first == 5 => self.answer("\x1b[0n"),
            'n' if first == 6 => self.answer(&format!("\x1b[{};{}R", self.row + 1, self.column + 1)),
            _ => {}
        }
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], _ignore: bool, byte: u8) {
        match (intermediates, byte) {
            // Index, next line, reset.
            ([], b'D' | b'E' | b'c') => self.execute(b'\n'),
            ([], b'Z') => self.answer("\x1b[?6c"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(bytes: &[u8]) -> String {
        let mut terminal = Terminal::new(80, 24);
        let out = terminal.advance(bytes);
        out.lines.concat() + &terminal.line()
    }

    fn stream(bytes: &[u8]) -> String {
        String::from_utf8(Terminal::new(80, 24).advance(bytes).stream).unwrap()
    }

    #[test]
    fn colours_and_titles_are_gone() {
        let bytes = b"\x1b]0;title\x07\x1b[1;31mred\x1b[0m \x1b(Btext\x1bP1;2qdata\x1b\\.\r\n\x1b[?2004hlogin: ";
        assert_eq!(shown(bytes), "red text.\nlogin: ");
        assert_eq!(stream(bytes), "red text.\r\nlogin: ");
    }

    #[test]
    fn what_was_overwritten_is_not_shown() {
        assert_eq!(shown(b"10%\r 50%\r100%\r\n"), "100%\n");
        assert_eq!(shown(b"a\r\n --More-- \x08\x08\x08\x08\x08\x08\x08\x08\x08\x08          \x08\x08\x08\x08\x08\x08\x08\x08\x08\x08b\r\n"), "a\nb\n");
        assert_eq!(shown(b"--More--\r\x1b[Knext\r\n"), "next\n");
        assert_eq!(shown(b"lss\x08 \x08 -l"), "ls -l");
        assert_eq!(shown(b"abcdef\x1b[4D\x1b[2P\r\n"), "abef\n");
        assert_eq!(shown(b"abef\x1b[2D\x1b[2@cd"), "abcdef");
        assert_eq!(stream(b"lss\x08 \x08"), "lss\x08 \x08", "patterns see what came");
    }

    #[test]
    fn jumps_to_other_lines_break_the_line() {
        assert_eq!(
            shown(b"\x1b[2J\x1b[1;1HMenu\x1b[3;3H1) Status\x1b[4;3H2) Quit\x1b[6;1HChoice: "),
            "Menu\n  1) Status\n  2) Quit\nChoice: "
        );
        assert_eq!(stream(b"a\x1b[3;1Hb"), "a\nb");
    }

    #[test]
    fn questions_are_answered_so_many_times() {
        assert_eq!(Terminal::new(80, 24).advance(b"\x1b[cab\x1b[6n\x1b[5n").answers, b"\x1b[?6c\x1b[1;3R\x1b[0n");
        let answers = Terminal::new(80, 24).advance(&b"\x1b[5n".repeat(10_000)).answers;
        assert_eq!(answers.len(), 4 * ANSWERS);
    }

    #[test]
    fn a_prompt_keeps_its_space_and_lines_lose_theirs() {
        assert_eq!(shown(b"line   \r\nPassword: "), "line\nPassword: ");
        let mut terminal = Terminal::new(80, 24);
        terminal.advance(b"login: ");
        assert_eq!((terminal.take_line(), terminal.line()), ("login: ".to_owned(), String::new()));
    }

    #[test]
    fn text_is_utf8_and_what_is_none_is_marked() {
        let mut terminal = Terminal::new(80, 24);
        terminal.advance(b"caf\xc3");
        assert_eq!(terminal.advance(b"\xa9").stream, "é".as_bytes());
        assert_eq!(terminal.line(), "café");
        assert!(shown(b"a\xffb").contains('\u{FFFD}'));
        assert_eq!(shown(b"bell\x07 nul\0 \x7f c1\xc2\x85"), "bell nul  c1");
    }

    #[test]
    fn a_line_without_end_is_given_in_pieces() {
        let mut terminal = Terminal::new(80, 24);
        let out = terminal.advance(&b"x".repeat(20_000));
        assert_eq!(out.lines.iter().map(String::len).collect::<Vec<_>>(), [LONGEST, LONGEST]);
        assert_eq!(terminal.line().len(), 20_000 - 2 * LONGEST);
    }

    proptest! {
        #[test]
        fn no_output_shows_controls_or_grows_without_bound(
            pieces in prop::collection::vec(
                prop_oneof![
                    prop::collection::vec(any::<u8>(), 0..40),
                    (any::<u16>(), any::<u16>(), 0x40u8..0x7f)
                        .prop_map(|(a, b, end)| format!("\x1b[{a};{b}{}x", char::from(end)).into_bytes()),
                ],
                0..60,
            ),
        ) {
            let mut terminal = Terminal::new(80, 24);
            let mut cut = Terminal::new(80, 24);
            let mut all = String::new();
            let mut bytewise = String::new();
            for piece in &pieces {
                all += &terminal.advance(piece).lines.concat();
                piece.iter().for_each(|&byte| bytewise += &cut.advance(&[byte]).lines.concat());
            }
            all += &terminal.line();
            bytewise += &cut.line();
            prop_assert!(!all.chars().any(|c| c.is_control() && !"\n\t".contains(c)));
            let most = pieces.iter().map(|piece| piece.len()).sum::<usize>() * 80 * 4;
            prop_assert!(all.len() <= most);
            prop_assert_eq!(all, bytewise);
        }
    }
}
