//! Our half of a connection: one sender at a time, each with a deadline, and never in the way of a
//! disconnect.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::time::Duration;

use super::reason;
use crate::sockets::{ErrorCode, StreamResult, StreamWrite, StreamWriter};
use tokio::sync::{Mutex, watch};

/// How much is handed to the host at once.
const PIECE: usize = 1 << 20;

/// What the host says when sending has come to its end: `Ok` after an orderly end.
pub type Done = Pin<Box<dyn Future<Output = Result<(), ErrorCode>>>>;

/// Our half.
pub struct Writer {
    half: Mutex<Option<Half>>,
    open: Cell<bool>,
    /// True once nothing may be sent any more, whatever a sender is waiting for.
    shut: watch::Sender<bool>,
}

struct Half {
    stream: StreamWriter<u8>,
    done: Done,
    /// The host takes no more. A stream that has said so once must not be written to again: that is
    /// a trap.
    over: Cell<bool>,
}

/// A send that did not come to its end: how much of it did, and why not more.
#[derive(Debug)]
pub struct Unsent {
    /// Bytes that the host has taken.
    pub sent: usize,
    /// A stable word.
    pub reason: &'static str,
}

impl Writer {
    /// Our half, from the stream whose other end the socket sends, and what says how that ends.
    pub fn new(stream: StreamWriter<u8>, done: Done) -> Self {
        let half = Half { stream, done, over: Cell::new(false) };
        Self { half: Mutex::new(Some(half)), open: Cell::new(true), shut: watch::Sender::new(false) }
    }

    /// Whether sending can still succeed, as far as is known.
    pub fn can_send(&self) -> bool {
        self.open.get()
    }

    /// Ends all sending now, also what is under way. A sender that holds our half lets go of it and
    /// drops it.
    pub fn shut(&self) {
        self.open.set(false);
        self.shut.send_replace(true);
        self.drop_if_shut();
    }

    /// Drops our half once nothing may be sent any more, unless a sender still holds it.
    fn drop_if_shut(&self) {
        if *self.shut.borrow()
            && let Ok(mut half) = self.half.try_lock()
        {
            half.take();
        }
    }

    /// Sends all of it, in one piece among other senders.
    pub async fn send(&self, bytes: &[u8], timeout: Duration) -> Result<(), Unsent> {
        let sent = Cell::new(0);
        self.within(timeout, &sent, async {
            let mut half = self.half.lock().await;
            // A sender whose turn comes after the end does not begin.
            if *self.shut.borrow() {
                return Err("closed");
            }
            let Some(Half { stream, done, over }) = half.as_mut() else { return Err("closed") };
            for piece in bytes.chunks(PIECE) {
                if over.get() || !write(stream, piece, &sent, over).await {
                    let reason = done.as_mut().await.err().map_or("closed", |code| reason(&code));
                    self.open.set(false);
                    half.take();
                    return Err(reason);
                }
            }
            Ok(())
        })
        .await
    }

    /// Closes our half after what was sent; the peer reads our end of stream.
    pub async fn end(&self, timeout: Duration) -> Result<(), Unsent> {
        self.within(timeout, &Cell::new(0), async {
            let Some(Half { stream, done, .. }) = self.half.lock().await.take() else { return Err("closed") };
            self.open.set(false);
            drop(stream);
            done.await.map_err(|code| reason(&code))
        })
        .await
    }

    async fn within(
        &self,
        timeout: Duration,
        sent: &Cell<usize>,
        work: impl Future<Output = Result<(), &'static str>>,
    ) -> Result<(), Unsent> {
        let mut shut = self.shut.subscribe();
        let work = async {
            let mut work = pin!(work);
            let mut closed = pin!(shut.wait_for(|shut| *shut));
            poll_fn(|cx| {
                if let std::task::Poll::Ready(result) = work.as_mut().poll(cx) {
                    return std::task::Poll::Ready(result);
                }
                closed.as_mut().poll(cx).map(|_| Err("closed"))
            })
            .await
        };
        let result = crate::timeout(timeout, work).await;
        self.drop_if_shut();
        match result {
            Some(Ok(())) => Ok(()),
            Some(Err(reason)) => Err(Unsent { sent: sent.get(), reason }),
            None => Err(Unsent { sent: sent.get(), reason: "timeout" }),
        }
    }
}

/// Writes a piece; false if the other end takes no more, which is then in `over` too. What was
/// written counts, and what the other end has said is known, even if this is dropped halfway.
async fn write(stream: &mut StreamWriter<u8>, piece: &[u8], sent: &Cell<usize>, over: &Cell<bool>) -> bool {
    struct Counted<'a, 'b> {
        write: Pin<&'a mut StreamWrite<'b, u8>>,
        length: usize,
        sent: &'a Cell<usize>,
        over: &'a Cell<bool>,
        under_way: bool,
    }
    impl Drop for Counted<'_, '_> {
        fn drop(&mut self) {
            if self.under_way {
                let (result, left) = self.write.as_mut().cancel();
                self.sent.set(self.sent.get() + (self.length - left.remaining()));
                self.over.set(matches!(result, StreamResult::Dropped));
            }
        }
    }
    let mut rest = piece.to_vec();
    loop {
        let length = rest.len();
        let mut counted = Counted { write: pin!(stream.write(rest)), length, sent, over, under_way: true };
        let (result, left) = poll_fn(|cx| counted.write.as_mut().poll(cx)).await;
        counted.under_way = false;
        drop(counted);
        sent.set(sent.get() + (length - left.remaining()));
        if !matches!(result, StreamResult::Complete(_)) {
            over.set(true);
            return false;
        }
        if left.remaining() == 0 {
            return true;
        }
        rest = left.into_vec();
    }
}
