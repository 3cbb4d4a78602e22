//! Lines as text protocols send them. A line ends with LF, and CRs before it belong to its end.
//! The handler `lines`, where the end is configured, does not stand on this.

use crate::{Input, Span, Step};

/// One line of the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What stands before the line's end.
    pub text: Vec<u8>,
    /// The line's bytes, with its end.
    pub span: Span,
}

/// Takes lines from the input, one after another.
#[derive(Clone, Debug)]
pub struct Lines {
    longest: usize,
    /// So much of the input has been searched for an end, in vain.
    searched: usize,
    /// What comes belongs to a line that is too long.
    too_long: bool,
}

impl Lines {
    /// Lines of at most so many bytes, with their ends. At least one.
    pub fn new(longest: usize) -> Self {
        Self { longest: longest.max(1), searched: 0, too_long: false }
    }

    /// The next whole line. A line that is too long is told as malformed, in parts of the longest
    /// line's length, so that the messages do not depend on how the bytes come.
    pub fn next(&mut self, input: &mut Input, step: &mut Step) -> Option<Line> {
        loop {
            let bytes = input.bytes();
            let window = &bytes[..bytes.len().min(self.longest)];
            let unsearched = window.get(self.searched..).unwrap_or_default();
            let end = unsearched.iter().position(|byte| *byte == b'\n').map(|at| self.searched + at + 1);
            let Some(length) = end.or((window.len() == self.longest).then_some(self.longest)) else {
                self.searched = window.len();
                return None;
            };
            let mut text = &window[..length];
            while let [before @ .., b'\r' | b'\n'] = text {
                text = before;
            }
            let text = text.to_vec();
            let span = input.take(length);
            self.searched = 0;
            if !self.too_long && end.is_some() {
                return Some(Line { text, span });
            }
            step.malformed(format!("the line is longer than {} bytes", self.longest), span);
            self.too_long = end.is_none();
        }
    }

    /// What is left at the end of the connection is no whole line.
    pub fn close(&mut self, input: &mut Input, step: &mut Step) {
        self.searched = 0;
        if !input.is_empty() {
            let span = input.take_all();
            step.malformed("the connection ends within a line", span);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> (Vec<String>, Vec<(u64, u64)>) {
        let (mut input, mut step, mut lines) = (Input::default(), Step::default(), Lines::new(8));
        let mut texts = Vec::new();
        for piece in pieces {
            input.push(piece);
            while let Some(line) = lines.next(&mut input, &mut step) {
                texts.push(String::from_utf8_lossy(&line.text).into_owned());
            }
        }
        lines.close(&mut input, &mut step);
        (texts, step.messages.iter().map(|m| (m.span.start, m.span.end)).collect())
    }

    #[test]
    fn every_end_is_an_end() {
        let expected = (vec!["a".into(), "b".into(), String::new(), "c".into()], vec![(11, 12)]);
        assert_eq!(lines(&[b"a\r\nb\n\r\nc\r\r\nd"]), expected);
        assert_eq!(lines(&[b"a\r", b"\nb", b"\n\r", b"\nc\r\r\n", b"d"]), expected);
    }

    #[test]
    fn a_line_that_is_too_long_is_malformed_to_its_end() {
        let expected = (vec!["1234567".into(), "a".into()], vec![(8, 16), (16, 19)]);
        assert_eq!(lines(&[b"1234567\n1234567890\na\n"]), expected);
        assert_eq!(lines(&[b"1234567", b"\n", b"1234567890", b"\na\n"]), expected);
    }
}
