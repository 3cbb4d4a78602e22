//! The only writer of the output: a bounded queue of whole lines and the task that writes them. It also keeps count of
//! what has been answered and not yet taken by the client; beyond the limits no more is read from the input.

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

use crate::transport::Link;

/// Lines that are written together, and the queue's length.
const QUEUE: usize = 64;

/// Lines up to this are copied together and written at once; a longer one is written from where it lies.
const SMALL: usize = 16 * 1024;

/// Answers that wait for the client to read them, beyond which no more is read from it.
const MAX_MESSAGES: usize = 4096;

/// Bytes that wait for the client to read them, beyond which no more is read from it.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Where lines are handed in. Dropping every clone ends the writer once the queue is empty.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    queue: mpsc::Sender<Parcel>,
    load: Arc<Load>,
}

/// A line on its way out, with its weight.
#[derive(Debug)]
struct Parcel {
    line: Vec<u8>,
    _ticket: Ticket,
}

impl Parcel {
    fn new(mut line: Vec<u8>, mut ticket: Ticket) -> Self {
        line.push(b'\n');
        ticket.weigh(line.len());
        Self { line, _ticket: ticket }
    }
}

/// Starts the writer.
pub(crate) fn open(writer: impl AsyncWrite + Send + Unpin + 'static, link: Arc<Link>) -> (Outbox, JoinHandle<()>) {
    let (queue, parcels) = mpsc::channel(QUEUE);
    let load = Arc::new(Load::default());
    let counted = load.clone();
    let pump = tokio::spawn(async move {
        if let Err(error) = pump(writer, parcels, &counted).await {
            link.fail_write(error);
        }
    });
    (Outbox { queue, load }, pump)
}

impl Outbox {
    /// Counts a message from now on, before it is encoded.
    pub(crate) fn ticket(&self) -> Ticket {
        self.load.messages.fetch_add(1, Ordering::Relaxed);
        Ticket { load: self.load.clone(), bytes: 0 }
    }

    /// Encodes a message and queues it. Fails once the client has gone.
    pub(crate) async fn send(&self, message: ServerJsonRpcMessage, ticket: Ticket) -> io::Result<()> {
        let line = encode(&message)?;
        drop(message);
        self.send_line(line, ticket).await
    }

    /// Queues a line, given without its end. Fails once the client has gone.
    pub(crate) async fn send_line(&self, line: Vec<u8>, ticket: Ticket) -> io::Result<()> {
        self.queue.send(Parcel::new(line, ticket)).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// Waits for a place in the queue. Fails once the client has gone.
    pub(crate) async fn place(&self) -> io::Result<Place<'_>> {
        let permit = self.queue.reserve().await.map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(Place { permit, ticket: self.ticket() })
    }

    /// Returns when little enough waits for the client.
    pub(crate) async fn room(&self) {
        loop {
            let freed = self.load.freed.notified();
            if !self.load.is_full() {
                return;
            }
            freed.await;
        }
    }
}

/// A place in the queue for one line.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    permit: mpsc::Permit<'a, Parcel>,
    ticket: Ticket,
}

impl Place<'_> {
    /// Queues a line, given without its end.
    pub(crate) fn put(self, line: Vec<u8>) {
        self.permit.send(Parcel::new(line, self.ticket));
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
struct Load {
    messages: AtomicUsize,
    bytes: AtomicUsize,
    freed: Notify,
}

impl Load {
    fn is_full(&self) -> bool {
        self.messages.load(Ordering::Relaxed) >= MAX_MESSAGES || self.bytes.load(Ordering::Relaxed) >= MAX_BYTES
    }
}

/// One message's share of the load, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    load: Arc<Load>,
    bytes: usize,
}

impl Ticket {
    fn weigh(&mut self, bytes: usize) {
        self.bytes = bytes;
        self.load.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let was_full = self.load.is_full();
        self.load.messages.fetch_sub(1, Ordering::Relaxed);
        self.load.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        if was_full {
            self.load.freed.notify_one();
        }
    }
}

async fn pump(mut writer: impl AsyncWrite + Unpin, mut parcels: mpsc::Receiver<Parcel>, load: &Load) -> io::Result<()> {
    let mut waiting = Vec::with_capacity(QUEUE);
    while parcels.recv_many(&mut waiting, QUEUE).await > 0 {
        // More answers are being encoded at this moment: let them in, one write is cheaper than two.
        if load.messages.load(Ordering::Relaxed) > waiting.len() {
            tokio::task::yield_now().await;
            while waiting.len() < QUEUE
                && let Ok(parcel) = parcels.try_recv()
            {
                waiting.push(parcel);
            }
        }
        write_all(&mut writer, &waiting).await?;
        writer.flush().await?;
        waiting.clear();
    }
    writer.shutdown().await
}

/// Writes the lines with as few system calls as their sizes allow.
async fn write_all(writer: &mut (impl AsyncWrite + Unpin), parcels: &[Parcel]) -> io::Result<()> {
    if let [only] = parcels {
        return writer.write_all(&only.line).await;
    }
    let mut together = Vec::with_capacity(SMALL);
    for Parcel { line, .. } in parcels {
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
