//! Cuts the input into lines, and never keeps more of a line than the limit. A line over the limit
//! is scanned for its id ([`IdScanner`]) and dropped as it comes. Nothing else of JSON-RPC is known
//! here.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::id_scanner::IdScanner;

/// How much is asked of the pipe at once. The buffer shrinks back to it after a long line.
const CHUNK: usize = 64 * 1024;

/// A buffer over this size is given back once its line is done.
const KEEP: usize = 1024 * 1024;

/// One line of the input, without its end.
#[derive(Debug)]
pub(crate) enum InputLine<'a> {
    /// A whole line within the limit. It may not be UTF-8.
    Whole(&'a [u8]),
    /// A line over the limit, read to its end and dropped. The id is JSON text, if the line was a
    /// request and its id was found.
    TooLong { id: Option<String> },
}

/// The lines of a stream.
#[derive(Debug)]
pub(crate) struct LineReader<R> {
    reader: R,
    buffer: Vec<u8>,
    /// `buffer[start..end]` has been read and not given out.
    start: usize,
    end: usize,
    /// `buffer[start..seen]` holds no line end.
    seen: usize,
    /// The line over the limit that is being dropped.
    dropping: Option<IdScanner>,
    limit: usize,
    at_end: bool,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    pub(crate) fn new(reader: R, limit: usize) -> Self {
        Self { reader, buffer: vec![0; CHUNK], start: 0, end: 0, seen: 0, dropping: None, limit, at_end: false }
    }

    /// The next line, or `None` at the end of the input. What follows the last line end is a line
    /// too.
    ///
    /// Safe to drop and call again: nothing that was read is lost.
    pub(crate) async fn next(&mut self) -> io::Result<Option<InputLine<'_>>> {
        loop {
            match memchr::memchr(b'\n', &self.buffer[self.seen..self.end]) {
                Some(offset) => return Ok(Some(self.cut(self.seen + offset, 1))),
                None => self.seen = self.end,
            }
            if self.at_end {
                let rest = self.start < self.end || self.dropping.is_some();
                return Ok(rest.then(|| self.cut(self.end, 0)));
            }
            if self.dropping.is_some() || self.end - self.start > self.limit {
                self.drop_read();
            }
            self.make_room();
            let read = self.reader.read(&mut self.buffer[self.end..]).await?;
            self.end += read;
            self.at_end = read == 0;
        }
    }

    /// Gives out `buffer[start..at]` and skips the line end behind it.
    fn cut(&mut self, at: usize, line_end: usize) -> InputLine<'_> {
        let line = self.start..at;
        self.start = at + line_end;
        self.seen = self.start;
        let line = &self.buffer[line];
        if let Some(mut scanner) = self.dropping.take() {
            scanner.feed(line);
            return InputLine::TooLong { id: scanner.request_id() };
        }
        if line.len() > self.limit {
            return InputLine::TooLong { id: IdScanner::id_of(line) };
        }
        InputLine::Whole(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// Scans what has been read of a line over the limit, and drops it.
    fn drop_read(&mut self) {
        self.dropping.get_or_insert_default().feed(&self.buffer[self.start..self.end]);
        (self.start, self.end, self.seen) = (0, 0, 0);
    }

    /// Leaves space behind `end`, moving or growing only when there is none.
    fn make_room(&mut self) {
        if self.start == self.end {
            (self.start, self.end, self.seen) = (0, 0, 0);
            if self.buffer.len() > KEEP {
                self.buffer = vec![0; CHUNK];
            }
        }
        if self.end < self.buffer.len() {
            return;
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.seen -= self.start;
            self.start = 0;
        } else {
            // A full buffer of this size is over the limit, and is dropped before it gets here.
            let size = (self.buffer.len() * 2).min(self.limit.saturating_add(CHUNK));
            self.buffer.resize(size, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, InputLine, LineReader};

    async fn all(input: &[u8], limit: usize) -> Vec<Result<String, Option<String>>> {
        let mut lines = LineReader::new(input, limit);
        let mut out = Vec::new();
        while let Ok(Some(line)) = lines.next().await {
            out.push(match line {
                InputLine::Whole(line) => Ok(String::from_utf8_lossy(line).into_owned()),
                InputLine::TooLong { id } => Err(id),
            });
        }
        out
    }

    #[tokio::test]
    async fn cuts_at_line_ends_and_at_the_end() {
        let lines = all(b"a\r\n\nbc\nd", 10).await;
        assert_eq!(lines, [Ok("a".into()), Ok(String::new()), Ok("bc".into()), Ok("d".into())]);
        assert_eq!(all(b"", 10).await, []);
    }

    #[tokio::test]
    async fn a_long_line_is_named_by_its_id_and_the_next_is_whole() {
        let filler = "x".repeat(3 * CHUNK);
        let first = format!(r#"{{"id":1,"method":"m","params":"{filler}"}}"#);
        let last = format!(r#"{{"method":"m","params":"{filler}","id":"two"}}"#);
        let input = format!("{first}\n{last}\n{{}}\n{filler}");
        for limit in [100, CHUNK, 2 * CHUNK] {
            let lines = all(input.as_bytes(), limit).await;
            assert_eq!(lines, [Err(Some("1".into())), Err(Some("\"two\"".into())), Ok("{}".into()), Err(None)]);
        }
    }

    #[tokio::test]
    async fn the_limit_is_exact() {
        assert_eq!(all(b"12345\n123456\n", 5).await, [Ok("12345".into()), Err(None)]);
    }

    #[tokio::test]
    async fn the_buffer_stays_bounded() {
        let input = vec![b'x'; 64 * CHUNK];
        let mut lines = LineReader::new(input.as_slice(), CHUNK);
        assert!(matches!(lines.next().await, Ok(Some(InputLine::TooLong { id: None }))));
        assert!(lines.buffer.len() <= 4 * CHUNK, "{}", lines.buffer.len());
    }
}
