//! One session over a pair of pipes, from the first byte to the last: what ends it, and how long
//! each step of the end may take.

use std::{io, sync::Arc, time::Duration};

use cofferdam_registry::{Principal, Registry};
use futures::future::BoxFuture;
use rmcp::service::serve_directly_with_ct;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    runtime::Runtime,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{
    admission::Admission,
    guard::Guard,
    handler::Handler,
    notify::{self, Subscribers},
    outbox::{self, Output},
    pipe_state::PipeState,
    tool_service::ToolService,
    transport::{Input, PipeTransport},
};

/// After the end of the input, calls that came right before it may end by themselves: `printf … |
/// cofferdam serve` gets its answers. Calls that came sooner are cancelled without an answer; see
/// [`Ids`](crate::ids::Ids).
const END_GRACE: Duration = Duration::from_millis(500);

/// After their cancellation, calls in flight may still answer. Clients kill a server about 2 s
/// after they have closed its input.
const STOP_GRACE: Duration = Duration::from_millis(500);

/// The same when the server is told to stop: the client still reads the answers.
const SHUTDOWN_GRACE: Duration = Duration::from_millis(1000);

/// How long the last lines may take to be written.
const FLUSH_GRACE: Duration = Duration::from_millis(250);

/// How a session is served.
#[derive(Clone, Debug)]
pub struct Stdio {
    /// The longest line that is read, in bytes without the line end. A longer one is answered with
    /// an error and dropped.
    pub max_line: usize,
    /// How many requests may run at once. More are answered with an error.
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
pub fn serve(
    registry: Arc<Registry>,
    reader: impl AsyncRead + Send + Unpin + 'static,
    writer: impl AsyncWrite + Send + Unpin + 'static,
    shutdown: CancellationToken,
) -> BoxFuture<'static, Result<End, ServeError>> {
    Stdio::default().serve(registry, reader, writer, shutdown)
}

/// Runs a future on an event loop until it ends. The loop is compiled with this crate: the
/// program's own crate is optimised less.
pub fn block_on(runtime: &Runtime, future: BoxFuture<'_, ()>) {
    runtime.block_on(future);
}

impl Stdio {
    /// Serves MCP on the given pipes until the end of the input, until `shutdown` is cancelled, or
    /// an I/O error. Returns within about 1.5 s of any of them. Calls that have not ended by then
    /// are left behind, cancelled. The service is not closed.
    ///
    /// # Errors
    ///
    /// See [`ServeError`]. An input that ends before the handshake is not an error.
    pub fn serve(
        self,
        service: Arc<dyn ToolService>,
        reader: impl AsyncRead + Send + Unpin + 'static,
        writer: impl AsyncWrite + Send + Unpin + 'static,
        shutdown: CancellationToken,
    ) -> BoxFuture<'static, Result<End, ServeError>> {
        self.serve_streams(service, Box::new(reader), Box::new(writer), shutdown)
    }

    /// The future is boxed here, so that the service loop is compiled once, with this crate, and
    /// not again with each crate that awaits it.
    fn serve_streams(
        self,
        service: Arc<dyn ToolService>,
        reader: Input,
        writer: Output,
        shutdown: CancellationToken,
    ) -> BoxFuture<'static, Result<End, ServeError>> {
        Box::pin(async move {
            let state = Arc::new(PipeState::default());
            let (outbox, writing) = outbox::open(writer, state.clone());
            let finding = Arc::clone(&service);
            let find = Box::new(move |tool: &str| finding.find(tool));
            let admission = Admission::new(self.max_running).session(self.principal, find);
            let transport = PipeTransport::new(reader, self.max_line, outbox, state.clone(), admission);

            let stop = CancellationToken::new();
            let _stop = stop.clone().drop_guard();
            let subscribers = Arc::new(Subscribers::default());
            tokio::spawn(notify::broadcast(subscribers.clone(), service.changes(), stop.clone()));
            let guard = Guard::new(Handler::new(service, subscribers, state.input_ended.clone()));

            let end = tokio::select! {
                biased;
                () = state.output_broken.cancelled() => Err(write_error(&state)),
                end = session(guard, transport, &stop, &state, &shutdown) => end,
            };
            if timeout(FLUSH_GRACE, writing).await.is_err() {
                tracing::debug!(grace = ?FLUSH_GRACE, "the client did not read the last answers");
            }
            end
        })
    }
}

/// Runs the service loop to its end.
async fn session(
    guard: Guard<Handler>,
    transport: PipeTransport,
    stop: &CancellationToken,
    state: &PipeState,
    shutdown: &CancellationToken,
) -> Result<End, ServeError> {
    // Without rmcp's own handshake, one session speaks every protocol: `initialize` is a request
    // like any other.
    let running = serve_directly_with_ct(guard, transport, None, stop.clone());
    let mut session = std::pin::pin!(running.waiting());
    let (end, grace) = tokio::select! {
        quit = &mut session => {
            quit.map_err(|error| ServeError::Session(error.to_string()))?;
            return input_closed(state);
        }
        () = state.input_ended.cancelled() => (input_closed(state), END_GRACE),
        () = shutdown.cancelled() => (Ok(End::Shutdown), Duration::ZERO),
    };
    if grace > Duration::ZERO && timeout(grace, &mut session).await.is_ok() {
        return end;
    }
    stop.cancel();
    let grace = if grace > Duration::ZERO { STOP_GRACE } else { SHUTDOWN_GRACE };
    if timeout(grace, &mut session).await.is_err() {
        tracing::warn!(?grace, "calls did not end in time and were left behind");
    }
    end
}

fn input_closed(state: &PipeState) -> Result<End, ServeError> {
    state.read_error().map_or(Ok(End::InputClosed), |error| Err(ServeError::Read(error)))
}

fn write_error(state: &PipeState) -> ServeError {
    ServeError::Write(state.write_error().unwrap_or_else(|| io::ErrorKind::BrokenPipe.into()))
}
