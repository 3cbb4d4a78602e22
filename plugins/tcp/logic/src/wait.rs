//! When a `tcp_wait` is over: a pure matcher over the receive buffer.
//!
//! The caller polls after each segment, when the stream ends, and at `wake_at`; deadlines,
//! cancelling and the bytes to return are the caller's part. Waiting consumes nothing and
//! does not disturb triggers.

use std::time::Duration;

use crate::buffer::ReceiveBuffer;
use crate::pattern::Pattern;
use crate::scanner::Scanner;

/// How many bytes one poll looks at. More are held only when a wait begins over old data.
const STRIDE: u64 = 1 << 20;

/// What is waited for.
#[derive(Debug, Clone)]
pub enum Until {
    /// A match of the pattern, at or after the offset to wait from. A match that reaches
    /// the end of the data counts.
    Pattern(Pattern),
    /// So many bytes after the offset to wait from.
    Bytes(u64),
    /// Nothing arriving for so long, counted from the start of the wait or from the last byte.
    Silence(Duration),
    /// The peer's end of stream or a reset.
    Close,
}

/// Where a wait stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Not yet. Poll again when data arrives, when the stream ends, or at `wake_at`.
    Pending {
        /// When a silence would be complete; or now, if this poll looked at
        /// 1 MiB and there is more.
        wake_at: Option<Duration>,
    },
    /// What was waited for came; it ends at this absolute offset.
    Satisfied {
        /// Absolute offset after the match, the bytes, or everything received.
        end: u64,
    },
    /// The stream ended before it came.
    Closed {
        /// Absolute offset after everything received.
        end: u64,
    },
    /// The buffer is full and reading is paused, so it cannot come until the buffer is cleared.
    Full {
        /// Absolute offset after everything received.
        end: u64,
    },
}

/// One wait.
#[derive(Debug)]
pub struct Wait {
    until: Until,
    from: u64,
    scanner: Option<Scanner>,
    received: Option<u64>,
    quiet_since: Duration,
}

impl Wait {
    /// A wait that begins `now` and looks at what was received from absolute offset
    /// `from` on, old data included.
    ///
    /// What has been cleared is not seen: an older `from` means the first
    /// byte held at the first poll.
    pub fn new(until: Until, from: u64, now: Duration) -> Wait {
        Wait { until, from, scanner: None, received: None, quiet_since: now }
    }

    /// The absolute offset from which this wait looks, once polled never one
    /// that was cleared before.
    pub fn from(&self) -> u64 {
        self.from
    }

    /// Whether the wait is over. Looks at what came since the last poll, but at 1 MiB at most, so
    /// that searching old data does not hold up other connections.
    ///
    /// `closed`: the peer's end of stream or a reset was read. `now` is on
    /// the clock of [`Wait::new`].
    pub fn poll(&mut self, buffer: &ReceiveBuffer, closed: bool, now: Duration) -> Progress {
        let end = buffer.bytes_received();
        match self.received.replace(end) {
            None => self.from = self.from.max(buffer.first_offset()),
            Some(received) if received < end => self.quiet_since = now,
            Some(_) => {}
        }
        let found = match &self.until {
            Until::Pattern(pattern) => {
                let scanner = self.scanner.get_or_insert_with(|| start(pattern, self.from, buffer));
                let found = advance(scanner, buffer);
                if found.is_none() && scanner.position() < end {
                    return Progress::Pending { wake_at: Some(now) };
                }
                found
            }
            Until::Bytes(count) => self.from.checked_add(*count).filter(|&stop| stop <= end),
            Until::Silence(length) => (now.saturating_sub(self.quiet_since) >= *length).then_some(end),
            Until::Close => closed.then_some(end),
        };
        if let Some(end) = found {
            return Progress::Satisfied { end };
        }
        if closed {
            return Progress::Closed { end };
        }
        match self.until {
            Until::Silence(length) => Progress::Pending { wake_at: self.quiet_since.checked_add(length) },
            _ if buffer.space() == 0 => Progress::Full { end },
            _ => Progress::Pending { wake_at: None },
        }
    }
}

/// A scanner at `from`. If the byte before is gone, the place counts as the start of a line.
fn start(pattern: &Pattern, from: u64, buffer: &ReceiveBuffer) -> Scanner {
    let before = from.checked_sub(1).map(|before| buffer.byte(before).unwrap_or(b'\n'));
    Scanner::new(pattern.clone(), from, before)
}

fn advance(scanner: &mut Scanner, buffer: &ReceiveBuffer) -> Option<u64> {
    if scanner.position() < buffer.first_offset() {
        // Cleared before it was looked at, by another call.
        scanner.restart(buffer.first_offset(), Some(b'\n'));
    }
    let mut slices = buffer.slices(scanner.position(), STRIDE);
    let found = slices.find_map(|slice| scanner.feed(slice));
    let all = scanner.position() == buffer.bytes_received();
    found.or_else(|| if all { scanner.at_end_of_data() } else { None })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZERO: Duration = Duration::ZERO;
    const PENDING: Progress = Progress::Pending { wake_at: None };

    fn pattern(text: &str) -> Until {
        Until::Pattern(Pattern::new(text).unwrap())
    }

    #[test]
    fn a_pattern_spans_segments_and_sees_old_data() {
        let mut buffer = ReceiveBuffer::default();
        buffer.push(b"220 hel");
        let mut wait = Wait::new(pattern("^220 .*\r\n"), 0, ZERO);
        assert_eq!(wait.poll(&buffer, false, ZERO), PENDING);
        assert_eq!(wait.poll(&buffer, false, ZERO), PENDING);
        buffer.push(b"lo\r");
        assert_eq!(wait.poll(&buffer, false, ZERO), PENDING);
        buffer.push(b"\n250 ok\r\n");
        assert_eq!(wait.poll(&buffer, false, ZERO), Progress::Satisfied { end: 11 });
        assert_eq!(Wait::new(pattern("o+"), 0, ZERO).poll(&buffer, false, ZERO), Progress::Satisfied { end: 9 });
        assert_eq!(Wait::new(pattern("^lo"), 7, ZERO).poll(&buffer, true, ZERO), Progress::Closed { end: 19 });
    }

    #[test]
    fn old_data_is_searched_in_strides() {
        let mut buffer = ReceiveBuffer::default();
        buffer.push(&vec![b'x'; 3 << 20]);
        buffer.push(b"y");
        let mut wait = Wait::new(pattern("x+y"), 0, ZERO);
        for _ in 0..3 {
            assert_eq!(wait.poll(&buffer, true, ZERO), Progress::Pending { wake_at: Some(ZERO) });
        }
        assert_eq!(wait.poll(&buffer, true, ZERO), Progress::Satisfied { end: (3 << 20) + 1 });
    }

    #[test]
    fn clearing_does_not_move_the_cursor() {
        let mut buffer = ReceiveBuffer::default();
        buffer.push(b"abc");
        let mut wait = Wait::new(pattern("^x"), 0, ZERO);
        assert_eq!(wait.poll(&buffer, false, ZERO), PENDING);
        buffer.push(b"def");
        buffer.clear();
        buffer.push(b"x");
        assert_eq!(wait.poll(&buffer, false, ZERO), Progress::Satisfied { end: 7 });
        let mut wait = Wait::new(Until::Bytes(2), 0, ZERO);
        assert_eq!((wait.poll(&buffer, false, ZERO), wait.from()), (PENDING, 6));
    }

    #[test]
    fn bytes_are_counted_from_the_offset() {
        let mut buffer = ReceiveBuffer::default();
        buffer.push(b"abc");
        let mut wait = Wait::new(Until::Bytes(4), 1, ZERO);
        assert_eq!(wait.poll(&buffer, false, ZERO), PENDING);
        buffer.push(b"defg");
        assert_eq!(wait.poll(&buffer, false, ZERO), Progress::Satisfied { end: 5 });
        assert_eq!(Wait::new(Until::Bytes(u64::MAX), 1, ZERO).poll(&buffer, false, ZERO), PENDING);
        assert_eq!(Wait::new(Until::Bytes(9), 0, ZERO).poll(&buffer, true, ZERO), Progress::Closed { end: 7 });
        assert_eq!(Wait::new(Until::Bytes(0), 7, ZERO).poll(&buffer, false, ZERO), Progress::Satisfied { end: 7 });
    }

    #[test]
    fn silence_begins_anew_with_every_segment() {
        let at = Duration::from_millis;
        let mut buffer = ReceiveBuffer::default();
        buffer.push(b"old");
        let mut wait = Wait::new(Until::Silence(at(500)), 0, at(1_000));
        assert_eq!(wait.poll(&buffer, false, at(1_000)), Progress::Pending { wake_at: Some(at(1_500)) });
        buffer.push(b"new");
        assert_eq!(wait.poll(&buffer, false, at(1_400)), Progress::Pending { wake_at: Some(at(1_900)) });
        assert_eq!(wait.poll(&buffer, false, at(1_900)), Progress::Satisfied { end: 6 });
    }

    #[test]
    fn a_full_buffer_and_the_end_are_told_apart() {
        let mut buffer = ReceiveBuffer::new(3);
        buffer.push(b"abc");
        assert_eq!(Wait::new(Until::Close, 0, ZERO).poll(&buffer, false, ZERO), Progress::Full { end: 3 });
        assert_eq!(Wait::new(Until::Close, 0, ZERO).poll(&buffer, true, ZERO), Progress::Satisfied { end: 3 });
        assert_eq!(Wait::new(pattern("c"), 0, ZERO).poll(&buffer, false, ZERO), Progress::Satisfied { end: 3 });
        assert_eq!(Wait::new(pattern("d"), 0, ZERO).poll(&buffer, false, ZERO), Progress::Full { end: 3 });
    }
}
