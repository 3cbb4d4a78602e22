//! The only writer of the output: a bounded queue of whole lines, and the task that writes them.
//! The queue also counts what has been answered and the client has not taken. Beyond the limits no
//! more is read from the input.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rmcp::model::ServerJsonRpcMessage;
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    sync::{Notify, mpsc},
    task::JoinHandle,
};

use crate::{admission::HeldMemory, pipe_state::PipeState};

/// The stream that lines are written to.
pub(crate) type Output = Box<dyn AsyncWrite + Send + Unpin>;

/// Lines that are written together, and the queue's length.
const QUEUE: usize = 64;

/// Lines up to this are copied together and written at once. A longer one is written from its own
/// buffer.
const SMALL: usize = 16 * 1024;

/// Answers that wait for the client to read them, beyond which no more is read from it.
const MAX_MESSAGES: usize = 4096;

/// Bytes that wait for the client to read them, beyond which no more is read from it.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Where lines are handed in. Dropping every clone ends the writer once the queue is empty.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    queue: mpsc::Sender<QueuedLine>,
    backlog: Arc<Backlog>,
}

/// A line on its way out, with its share of the backlog.
#[derive(Debug)]
struct QueuedLine {
    line: Vec<u8>,
    _share: BacklogShare,
}

impl QueuedLine {
    fn new(mut line: Vec<u8>, mut share: BacklogShare) -> Self {
        line.push(b'\n');
        share.set_bytes(line.len());
        Self { line, _share: share }
    }
}

/// Starts the writer.
pub(crate) fn open(writer: Output, state: Arc<PipeState>) -> (Outbox, JoinHandle<()>) {
    let (queue, lines) = mpsc::channel(QUEUE);
    let backlog = Arc::new(Backlog::default());
    let counted = backlog.clone();
    let writing = tokio::spawn(async move {
        if let Err(error) = write_queue(writer, lines, &counted).await {
            state.fail_write(error);
        }
    });
    (Outbox { queue, backlog }, writing)
}

impl Outbox {
    /// Counts a message from now on, before it is encoded.
    pub(crate) fn count_message(&self) -> BacklogShare {
        self.backlog.messages.fetch_add(1, Ordering::Relaxed);
        BacklogShare { backlog: self.backlog.clone(), bytes: 0, memory: None }
    }

    /// Encodes a message and queues it. Fails once the client has gone.
    pub(crate) async fn send(&self, message: ServerJsonRpcMessage, share: BacklogShare) -> io::Result<()> {
        let line = encode(&message)?;
        drop(message);
        self.send_line(line, share).await
    }

    /// Queues a line, given without its end. Fails once the client has gone.
    pub(crate) async fn send_line(&self, line: Vec<u8>, share: BacklogShare) -> io::Result<()> {
        self.queue.send(QueuedLine::new(line, share)).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// Waits for a free slot of the queue. Fails once the client has gone.
    pub(crate) async fn reserve(&self) -> io::Result<QueueSlot<'_>> {
        let permit = self.queue.reserve().await.map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(QueueSlot { permit, share: self.count_message() })
    }

    /// Waits until the backlog is below its limits.
    pub(crate) async fn wait_for_room(&self) {
        loop {
            let freed = self.backlog.freed.notified();
            if !self.backlog.is_full() {
                return;
            }
            freed.await;
        }
    }
}

/// A reserved slot of the queue, for one line.
#[derive(Debug)]
pub(crate) struct QueueSlot<'a> {
    permit: mpsc::Permit<'a, QueuedLine>,
    share: BacklogShare,
}

impl QueueSlot<'_> {
    /// Queues a line, given without its end.
    pub(crate) fn send(self, line: Vec<u8>) {
        self.permit.send(QueuedLine::new(line, self.share));
    }
}

/// A message as a line, without its end.
pub(crate) fn encode(message: &ServerJsonRpcMessage) -> io::Result<Vec<u8>> {
    let mut line = Vec::with_capacity(512);
    serde_json::to_writer(&mut line, message)?;
    Ok(line)
}

/// What waits for the client.
#[derive(Debug, Default)]
struct Backlog {
    messages: AtomicUsize,
    bytes: AtomicUsize,
    freed: Notify,
}

impl Backlog {
    fn is_full(&self) -> bool {
        self.messages.load(Ordering::Relaxed) >= MAX_MESSAGES || self.bytes.load(Ordering::Relaxed) >= MAX_BYTES
    }
}

/// One message's share of the backlog, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct BacklogShare {
    backlog: Arc<Backlog>,
    bytes: usize,
    /// What the message holds besides.
    memory: Option<HeldMemory>,
}

impl BacklogShare {
    /// The memory is held until the line is written.
    pub(crate) fn hold(&mut self, memory: Option<HeldMemory>) {
        self.memory = memory;
    }

    fn set_bytes(&mut self, bytes: usize) {
        self.bytes = bytes;
        self.backlog.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for BacklogShare {
    fn drop(&mut self) {
        let was_full = self.backlog.is_full();
        self.backlog.messages.fetch_sub(1, Ordering::Relaxed);
        self.backlog.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        if was_full {
            self.backlog.freed.notify_one();
        }
    }
}

async fn write_queue(mut writer: Output, mut lines: mpsc::Receiver<QueuedLine>, backlog: &Backlog) -> io::Result<()> {
    let mut waiting = Vec::with_capacity(QUEUE);
    while lines.recv_many(&mut waiting, QUEUE).await > 0 {
        // More answers are being encoded now: one write for all of them is cheaper than two.
        if backlog.messages.load(Ordering::Relaxed) > waiting.len() {
            tokio::task::yield_now().await;
            while waiting.len() < QUEUE
                && let Ok(line) = lines.try_recv()
            {
                waiting.push(line);
            }
        }
        write_all(&mut writer, &waiting).await?;
        writer.flush().await?;
        waiting.clear();
    }
    writer.shutdown().await
}

/// Writes the lines with as few system calls as their sizes allow.
async fn write_all(writer: &mut Output, lines: &[QueuedLine]) -> io::Result<()> {
    if let [only] = lines {
        return writer.write_all(&only.line).await;
    }
    let mut together = Vec::with_capacity(SMALL);
    for QueuedLine { line, .. } in lines {
        if together.len() + line.len() > SMALL {
            writer.write_all(&together).await?;
            together.clear();
        }
        if line.len() > SMALL {
            writer.write_all(line).await?;
        } else {
            together.extend_from_slice(line);
        }
    }
    writer.write_all(&together).await
}
