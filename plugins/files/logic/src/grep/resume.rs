//! Where a search goes on, and what it has to know of the pages before; and a reader that knows how
//! far whole lines came.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use serde::{Deserialize, Serialize};

/// Where the search of a file goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// Where the line begins, in bytes of the text.
    pub offset: u64,
    /// The line's number, from 1.
    pub number: u64,
    /// Lines that matched before it.
    pub matches: u64,
    /// The last line that was shown; 0 for none.
    pub shown: u64,
    /// Lines of context that are still owed to the last match.
    pub owed: u64,
    /// With `-o`, how many matches of the line were shown.
    pub taken: u64,
}

impl Default for Resume {
    fn default() -> Self {
        Self { offset: 0, number: 1, matches: 0, shown: 0, owed: 0, taken: 0 }
    }
}

/// How far a reader came, from where it began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// Bytes read.
    pub read: u64,
    /// Bytes, and lines, up to the end of the last whole line.
    pub whole: (u64, u64),
    /// The same for some lines before it, as many as are wanted of context.
    pub back: (u64, u64),
}

/// A reader that tells its progress. The searcher reads only once it is done with
/// every whole line that it has.
pub(super) struct Tracked<R> {
    pub inner: R,
    pub progress: Rc<Cell<Progress>>,
    /// How many lines `back` is behind.
    pub before: usize,
    /// Whether a NUL ends a line as well, as it does to the searcher in a binary file.
    pub nul: bool,
}

impl<R: Read> Read for Tracked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let mut progress = self.progress.get();
        let bytes = &buffer[..n];
        let last = if self.nul { memchr::memrchr2(b'\n', 0, bytes) } else { memchr::memrchr(b'\n', bytes) };
        if let Some(last) = last {
            let lines = progress.whole.1 + memchr::memchr_iter(b'\n', bytes).count() as u64;
            progress.whole = (progress.read + last as u64 + 1, lines);
            progress.back = progress.whole;
            // No further back than the first line that begins in these bytes.
            for (count, at) in memchr::memrchr_iter(b'\n', bytes).take(self.before + 1).enumerate() {
                progress.back = (progress.read + at as u64 + 1, lines - count as u64);
            }
        }
        progress.read += n as u64;
        self.progress.set(progress);
        Ok(n)
    }
}
