//! One session over a pair of pipes, from the first byte to the last: who ends it, and how long an ending may take.

use std::{io, sync::Arc, time::Duration};

use cofferdam_registry::{Principal, Registry};
use rmcp::service::serve_directly_with_ct;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{
    desk::Desk,
    guard::Guard,
    handler::Handler,
    notify::{self, Audience},
    outbox,
    transport::{Link, Wire},
};

/// After the end of the input, calls that came right before it may end by themselves: `printf … | cofferdam serve` gets its
/// answers. Calls that came sooner are cancelled without one; see [`Ids`](crate::ids::Ids).
const END_GRACE: Duration = Duration::from_millis(500);

/// After their cancellation, calls in flight may still answer. Clients kill a server about 2 s after closing its input.
const STOP_GRACE: Duration = Duration::from_millis(500);

/// The same when the server is told to stop: the client is still there to read the answers.
const SHUTDOWN_GRACE: Duration = Duration::from_millis(1000);

/// How long the last lines may take to be written.
const FLUSH_GRACE: Duration = Duration::from_millis(250);

/// How a session is served.
#[derive(Clone, Debug)]
pub struct Stdio {
    /// The longest line that is read, in bytes without the line end. A longer one is answered with an error and dropped.
    pub max_line: usize,
    /// How many requests may run at once; more are answered with an error.
    pub max_running: usize,
    /// On whose behalf calls are made.
    pub principal: Principal,
}

impl Default for Stdio {
    /// 32 MiB a line, 4,096 requests, for [`Principal::local`].
    fn default() -> Self {
        Self { max_line: 32 * 1024 * 1024, max_running: 4096, principal: Principal::local() }
    }
}

/// Why a session ended in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The client closed its end, before or after the handshake.
    InputClosed,
    /// The token that was given to [`serve`] was cancelled.
    Shutdown,
}

/// Why a session broke.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The input could not be read.
    #[error("cannot read from the client")]
    Read(#[source] io::Error),
    /// The output could not be written; most often the client has died.
    #[error("cannot write to the client")]
    Write(#[source] io::Error),
    /// The session's own task failed.
    #[error("the session failed: {0}")]
    Session(String),
}

/// Serves MCP on the given pipes with the defaults of [`Stdio`]; see [`Stdio::serve`].
///
/// # Errors
///
/// See [`ServeError`].
pub async fn serve(
    registry: Arc<Registry>,
    reader: impl AsyncRead + Send + Unpin + 'static,
    writer: impl AsyncWrite + Send + Unpin + 'static,
    shutdown: CancellationToken,
) -> Result<End, ServeError> {
    Stdio::default().serve(registry, reader, writer, shutdown).await
}

impl Stdio {
    /// Serves MCP on the given pipes until the end of the input, until `shutdown` is cancelled, or an I/O error. Returns
    /// within about 1.5 s of any of them; calls that have not ended by then are left behind, cancelled. Does not close
    /// the desk.
    ///
    /// # Errors
    ///
    /// See [`ServeError`]. An input that ends before the handshake is not one.
    pub async fn serve<D: Desk>(
        self,
        desk: Arc<D>,
        reader: impl AsyncRead + Send + Unpin + 'static,
        writer: impl AsyncWrite + Send + Unpin + 'static,
        shutdown: CancellationToken,
    ) -> Result<End, ServeError> {
        let link = Arc::new(Link::default());
        let (outbox, pump) = outbox::open(writer, link.clone());
        let finding = Arc::clone(&desk);
        let find = Box::new(move |tool: &str| finding.find(tool));
        let wire = Wire::new(reader, self.max_line, outbox, link.clone(), find);

        let stop = CancellationToken::new();
        let _stop = stop.clone().drop_guard();
        let audience = Arc::new(Audience::default());
        tokio::spawn(notify::broadcast(audience.clone(), desk.changes(), stop.clone()));
        let handler = Handler::new(desk, self.principal, audience, link.ended.clone());
        let service = Guard::new(handler, self.max_running);

        let end = tokio::select! {
            biased;
            () = link.broken.cancelled() => Err(broken(&link)),
            end = session(service, wire, &stop, &link, &shutdown) => end,
        };
        let flushed = timeout(FLUSH_GRACE, pump).await.is_ok();
        if !flushed {
            tracing::debug!("the client did not read the last answers");
        }
        end
    }
}

/// Runs the service loop to its end.
async fn session<D: Desk, R: AsyncRead + Send + Unpin + 'static>(
    service: Guard<Handler<D>>,
    wire: Wire<R>,
    stop: &CancellationToken,
    link: &Link,
    shutdown: &CancellationToken,
) -> Result<End, ServeError> {
    // The handshake is a request like any other: what the first one is does not decide which protocol the others may speak.
    let running = serve_directly_with_ct(service, wire, None, stop.clone());
    let mut session = std::pin::pin!(running.waiting());
    let (end, grace) = tokio::select! {
        quit = &mut session => {
            quit.map_err(|error| ServeError::Session(error.to_string()))?;
            return closed(link);
        }
        () = link.ended.cancelled() => (closed(link), END_GRACE),
        () = shutdown.cancelled() => (Ok(End::Shutdown), Duration::ZERO),
    };
    if grace > Duration::ZERO && timeout(grace, &mut session).await.is_ok() {
        return end;
    }
    stop.cancel();
    let grace = if grace > Duration::ZERO { STOP_GRACE } else { SHUTDOWN_GRACE };
    if timeout(grace, &mut session).await.is_err() {
        tracing::warn!("calls did not end in time and were left behind");
    }
    end
}

fn closed(link: &Link) -> Result<End, ServeError> {
    link.read_error().map_or(Ok(End::InputClosed), |error| Err(ServeError::Read(error)))
}

fn broken(link: &Link) -> ServeError {
    ServeError::Write(link.write_error().unwrap_or_else(|| io::ErrorKind::BrokenPipe.into()))
}
