//! The peer's half of a connection. A read that is given up, by its time or by whoever waited for
//! it, loses nothing: what has come is kept for the next one.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;

use super::writer::Done;
use super::{Broken, Within, reason};
use crate::now;
use crate::sockets::{StreamRead, StreamReader, StreamResult};

/// The most one read takes.
const READ: usize = 64 << 10;

/// The peer's half.
pub struct ReadHalf {
    peer: Rc<str>,
    stream: StreamReader<u8>,
    /// The stream's end was met. It must not be read from again: that is a trap.
    over: bool,
    /// Says how the peer's half has ended.
    done: Done,
    /// How it has ended, once that is known: with a word, if not in good order.
    end: Option<Result<(), &'static str>>,
    /// What has come and was not given to anybody.
    held: Vec<u8>,
}

impl ReadHalf {
    pub(crate) fn new(peer: Rc<str>, stream: StreamReader<u8>, done: Done) -> Self {
        Self { peer, stream, over: false, done, end: None, held: Vec::new() }
    }

    /// What comes next, as soon as anything comes. Nothing, once the peer has closed its half in
    /// good order.
    ///
    /// # Errors
    /// Nothing has come in time, or the connection broke.
    pub async fn read(&mut self, within: impl Into<Within>) -> Result<Vec<u8>, Broken> {
        let until = within.into().end();
        while self.held.is_empty() && self.more(until).await? {}
        Ok(std::mem::take(&mut self.held))
    }

    /// So many bytes.
    ///
    /// # Errors
    /// They have not come in time, or will not come (`closed`). What has come is given by the next
    /// read.
    pub async fn read_exact(&mut self, count: usize, within: impl Into<Within>) -> Result<Vec<u8>, Broken> {
        let until = within.into().end();
        while self.held.len() < count {
            self.must(until).await?;
        }
        Ok(self.take(count))
    }

    /// What comes up to these bytes, and with them: `b"\n"` for a line. At most `most` bytes are
    /// waited for.
    ///
    /// # Errors
    /// The end has not come in time, will not come (`closed`), or not within `most` bytes
    /// (`too_long`). What has come is given by the next read.
    pub async fn read_until(&mut self, end: &[u8], most: usize, within: impl Into<Within>) -> Result<Vec<u8>, Broken> {
        let until = within.into().end();
        let mut searched = 0;
        loop {
            let window = &self.held[..self.held.len().min(most)];
            if let Some(length) = find(window, end, searched) {
                return Ok(self.take(length));
            }
            if self.held.len() >= most {
                return Err(Broken::read(&self.peer, "too_long"));
            }
            // The end may have come in part.
            searched = window.len().saturating_sub(end.len());
            self.must(until).await?;
        }
    }

    /// The first bytes of what is held.
    fn take(&mut self, count: usize) -> Vec<u8> {
        let rest = self.held.split_off(count);
        std::mem::replace(&mut self.held, rest)
    }

    /// More, or it is over.
    async fn must(&mut self, until: std::time::Duration) -> Result<(), Broken> {
        match self.more(until).await? {
            true => Ok(()),
            false => Err(Broken::read(&self.peer, "closed")),
        }
    }

    /// Holds more than before; false at an end in good order.
    async fn more(&mut self, until: std::time::Duration) -> Result<bool, Broken> {
        let left = until.saturating_sub(now());
        let result = crate::timeout(left, self.receive()).await;
        match result {
            Some(Ok(more)) => Ok(more),
            Some(Err(reason)) => Err(Broken::read(&self.peer, reason)),
            None => Err(Broken::read(&self.peer, "timeout")),
        }
    }

    async fn receive(&mut self) -> Result<bool, &'static str> {
        while !self.over {
            // Waiting is done with an empty buffer: whoever gives it up loses no bytes, and an idle
            // connection holds none.
            {
                let waiting = pin!(self.stream.read(Vec::new()));
                let mut waiting = Waiting { read: waiting, over: &mut self.over, under_way: true };
                poll_fn(|cx| waiting.poll(cx)).await;
            }
            if self.over {
                break;
            }
            // Ready may be a rumour: what does not come at once is waited for again.
            let mut reading = pin!(self.stream.read(Vec::with_capacity(READ)));
            let read = poll_fn(|cx| Poll::Ready(reading.as_mut().poll(cx))).await;
            let (result, bytes) = match read {
                Poll::Ready(read) => read,
                Poll::Pending => reading.as_mut().cancel(),
            };
            if !bytes.is_empty() {
                // With bytes, the end comes with the next read.
                self.held.extend_from_slice(&bytes);
                return Ok(true);
            }
            self.over = matches!(result, StreamResult::Dropped);
        }
        let end = match self.end {
            Some(end) => end,
            None => *self.end.insert(self.done.as_mut().await.map_err(|code| reason(&code))),
        };
        end.map(|()| false)
    }
}

/// A read without a buffer that is under way. What it has met counts, even if it is dropped
/// halfway.
struct Waiting<'a, 'b> {
    read: Pin<&'a mut StreamRead<'b, u8>>,
    over: &'a mut bool,
    under_way: bool,
}

impl Waiting<'_, '_> {
    fn poll(&mut self, cx: &mut std::task::Context<'_>) -> Poll<()> {
        self.read.as_mut().poll(cx).map(|(result, _)| {
            self.under_way = false;
            *self.over = matches!(result, StreamResult::Dropped);
        })
    }
}

impl Drop for Waiting<'_, '_> {
    fn drop(&mut self) {
        if self.under_way {
            let (result, _) = self.read.as_mut().cancel();
            *self.over = matches!(result, StreamResult::Dropped);
        }
    }
}

/// Where the end of what ends with these bytes is, if it is not before `from`.
fn find(bytes: &[u8], end: &[u8], from: usize) -> Option<usize> {
    let found = bytes.get(from..)?.windows(end.len().max(1)).position(|window| window == end)?;
    Some(from + found + end.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_found_where_it_begins() {
        assert_eq!(find(b"a\r\nb\r\n", b"\r\n", 0), Some(3));
        assert_eq!(find(b"a\r\nb\r\n", b"\r\n", 2), Some(6));
        assert_eq!(find(b"a\r\n", b"\r\n", 1), Some(3));
        for (bytes, end) in [(&b""[..], &b"\n"[..]), (b"a\r", b"\r\n"), (b"abc", b"")] {
            assert_eq!(find(bytes, end, 0), None);
        }
    }
}
