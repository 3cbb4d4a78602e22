//! The two streams of a connection as WASI 0.2 has them. Nothing waits inside a call, and written
//! bytes go out by themselves.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};
use wasmtime_wasi::sockets::ErrorCode;
use wasmtime_wasi_io::poll::Pollable;
use wasmtime_wasi_io::streams::{InputStream, OutputStream, StreamError, StreamResult};

use super::tcp::{Receiving, Sending};

/// The most bytes of one read or write.
const PIECE: usize = 64 << 10;

/// A context in which nobody waits.
pub fn nobody() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn failed(code: ErrorCode) -> StreamError {
    match code {
        // The peer has closed its half, or we ours: the end of a stream, as WASI 0.2 has it.
        ErrorCode::ConnectionBroken => StreamError::Closed,
        code => StreamError::LastOperationFailed(code.into()),
    }
}

/// From the peer; `None` once it is closed.
#[derive(Clone)]
pub struct Input(Arc<Mutex<Option<Receiving>>>);

impl Input {
    pub fn new(half: Receiving) -> Self {
        Self(Arc::new(Mutex::new(Some(half))))
    }

    /// Closes the half.
    pub fn close(&self) {
        self.lock().take();
    }

    fn lock(&self) -> MutexGuard<'_, Option<Receiving>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[wasmtime_wasi::async_trait]
impl InputStream for Input {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        let mut input = self.lock();
        let half = input.as_ref().ok_or(StreamError::Closed)?;
        if size == 0 {
            return Ok(Bytes::new());
        }
        let mut buffer = vec![0; size.min(PIECE)];
        match half.poll_read(&mut nobody(), &mut buffer) {
            Poll::Pending => Ok(Bytes::new()),
            Poll::Ready(Ok(0)) => {
                input.take();
                Err(StreamError::Closed)
            }
            Poll::Ready(Ok(read)) => {
                buffer.truncate(read);
                Ok(buffer.into())
            }
            Poll::Ready(Err(code)) => {
                input.take();
                Err(StreamError::LastOperationFailed(code.into()))
            }
        }
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Input {
    async fn ready(&mut self) {
        poll_fn(|cx| self.lock().as_ref().map_or(Poll::Ready(()), |half| half.poll_ready(cx))).await;
    }
}

/// To the peer.
#[derive(Clone)]
pub struct Output(Arc<Mutex<Writing>>);

/// What of a write the system did not take at once goes out by itself: a guest need not look after
/// it. The half is closed when both this and what still writes have let go of it.
struct Writing {
    half: Option<Arc<Sending>>,
    rest: Option<AbortOnDropJoinHandle<Result<(), ErrorCode>>>,
    failed: Option<ErrorCode>,
}

impl Output {
    pub fn new(half: Sending) -> Self {
        Self(Arc::new(Mutex::new(Writing { half: Some(Arc::new(half)), rest: None, failed: None })))
    }

    /// Closes the half, once what was written is sent.
    pub fn close(&self) {
        self.lock().half.take();
    }

    fn lock(&self) -> MutexGuard<'_, Writing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writing {
    fn fail(&mut self, code: ErrorCode) {
        self.failed = Some(code);
        self.half = None;
    }

    /// Whether more may be written, once that is known.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<StreamResult<()>> {
        if let Some(rest) = &mut self.rest {
            let written = ready!(std::pin::Pin::new(rest).poll(cx));
            self.rest = None;
            if let Err(code) = written {
                self.fail(code);
            }
        }
        if let Some(code) = self.failed {
            return Poll::Ready(Err(failed(code)));
        }
        match &self.half {
            Some(half) => half.poll_ready(cx).map(Ok),
            None => Poll::Ready(Err(StreamError::Closed)),
        }
    }

    fn write(&mut self, mut bytes: Bytes) -> StreamResult<()> {
        if self.rest.is_some() || bytes.len() > PIECE {
            return Err(StreamError::trap("more is written than `check-write` has allowed"));
        }
        if let Some(code) = self.failed {
            return Err(failed(code));
        }
        let half = self.half.as_ref().ok_or(StreamError::Closed)?;
        while !bytes.is_empty() {
            match half.poll_write(&mut nobody(), &bytes) {
                Poll::Ready(Ok(written)) => drop(bytes.split_to(written)),
                Poll::Ready(Err(code)) => {
                    self.fail(code);
                    return Err(failed(code));
                }
                Poll::Pending => {
                    let half = Arc::clone(half);
                    self.rest = Some(spawn(async move { half.write_all(&bytes).await }));
                    break;
                }
            }
        }
        Ok(())
    }
}

#[wasmtime_wasi::async_trait]
impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.lock().write(bytes)
    }

    fn flush(&mut self) -> StreamResult<()> {
        // What was written is on its way.
        let writing = self.lock();
        match (writing.failed, &writing.half) {
            (Some(code), _) => Err(failed(code)),
            (None, None) if writing.rest.is_none() => Err(StreamError::Closed),
            _ => Ok(()),
        }
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        match self.lock().poll_ready(&mut nobody()) {
            Poll::Ready(ready) => ready.map(|()| PIECE),
            Poll::Pending => Ok(0),
        }
    }

    async fn cancel(&mut self) {
        // A stream that is dropped loses nothing of what was written to it.
        self.ready().await;
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {
        // How it went is told by the next operation.
        let _ = poll_fn(|cx| self.lock().poll_ready(cx)).await;
    }
}
