//! What one store holds: WASI's context, the resources that a guest has open, its calls and its
//! log. Each instance has one, and it ends with the instance.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use cofferdam_audit::Caller;
use cofferdam_grants::printable;
use tokio::io::AsyncWrite;
use wasmtime::component::{GuestTaskId, ResourceTable};
use wasmtime::{Store, StoreContextMut};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::cpu_meter::CpuMeter;
use crate::enforce::{Gate, Sockets};
use crate::instance::About;
use crate::limiter::{self, Limiter};
use crate::memory::Held;
use crate::stubs::Refusing;

/// The longest line of a guest that is kept. What is beyond is cut.
pub const LINE: usize = 4096;

pub struct State {
    pub about: Arc<About>,
    pub gate: Arc<Gate>,
    pub limiter: Limiter,
    pub cpu_meter: Arc<CpuMeter>,
    /// Whose call a task of the guest belongs to, also when the call was answered and the task goes
    /// on.
    pub callers: HashMap<GuestTaskId, Arc<Caller>>,
    pub log: GuestLog,
    pub predecessor: Option<String>,
    /// Sockets that are open now, by handle or by stream, and those of questions.
    pub sockets: Sockets,
    table: ResourceTable,
    wasi: WasiCtx,
}

impl State {
    pub fn new(about: Arc<About>, gate: Arc<Gate>, memory: Held, predecessor: Option<String>) -> Self {
        let log = GuestLog::new(Arc::clone(&about), Arc::clone(&gate));
        let mut wasi = WasiCtx::builder();
        wasi.stdout(GuestStream { log: log.clone(), name: "stdout" });
        wasi.stderr(GuestStream { log: log.clone(), name: "stderr" });
        Gate::close_wasi(&mut wasi);
        let mut table = ResourceTable::new();
        table.set_max_capacity(limiter::resources(&about.limits));
        Self {
            limiter: Limiter::new(about.limits.memory, memory, Arc::clone(&gate)),
            cpu_meter: Arc::default(),
            callers: HashMap::new(),
            log,
            predecessor,
            sockets: Sockets::default(),
            table,
            wasi: wasi.build(),
            about,
            gate,
        }
    }

    /// The call that started the running task, however long ago; `None` where wasmtime does not
    /// say.
    pub fn caller(store: &mut StoreContextMut<'_, Self>) -> Option<Arc<Caller>> {
        let root = store.async_call_stack().ok()?.last()?;
        store.data().callers.get(&root).cloned()
    }

    /// Bounds what the store around this may hold: memory, tables of elements, tables of resources.
    pub fn bound(store: &mut Store<Self>) {
        store.limiter(|state| &mut state.limiter);
        let tasks = limiter::tasks(&store.data().about.limits);
        if let Some(table) = store.concurrent_resource_table() {
            table.set_max_capacity(tasks);
        }
    }
}

impl Refusing for State {
    fn refused(store: &mut StoreContextMut<'_, Self>, import: &str) {
        let caller = Self::caller(store);
        store.data().gate.not_granted(import, caller.as_deref());
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// A guest's lines in our log: attributed, cut, escaped, and no more a second than the limit.
#[derive(Clone)]
pub struct GuestLog(Arc<std::sync::Mutex<LogState>>);

struct LogState {
    about: Arc<About>,
    gate: Arc<Gate>,
    since: Instant,
    lines: u32,
    dropped: u64,
}

impl GuestLog {
    fn new(about: Arc<About>, gate: Arc<Gate>) -> Self {
        Self(Arc::new(std::sync::Mutex::new(LogState { about, gate, since: Instant::now(), lines: 0, dropped: 0 })))
    }

    pub fn line(&self, level: tracing::Level, stream: &str, line: &[u8]) {
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if state.since.elapsed() >= Duration::from_secs(1) {
            state.tell_dropped();
            (state.since, state.lines, state.dropped) = (Instant::now(), 0, 0);
        }
        if state.lines >= state.about.limits.log_lines {
            state.dropped += 1;
            if state.dropped == 1 {
                state.gate.limit_hit("log_lines", None);
            }
            return;
        }
        state.lines += 1;
        let text = String::from_utf8_lossy(line);
        // The text comes last: what it says of itself is not taken for what is known of it.
        let (plugin, text) = (state.about.name.as_str(), printable(&text, LINE));
        let call = state.gate.only().map(|caller| caller.call);
        match level {
            tracing::Level::ERROR => tracing::error!(target: "guest", plugin, stream, call, %text),
            tracing::Level::WARN => tracing::warn!(target: "guest", plugin, stream, call, %text),
            tracing::Level::INFO => tracing::info!(target: "guest", plugin, stream, call, %text),
            _ => tracing::debug!(target: "guest", plugin, stream, call, %text),
        }
    }
}

impl LogState {
    fn tell_dropped(&self) {
        if self.dropped > 0 {
            let (plugin, dropped) = (self.about.name.as_str(), self.dropped);
            tracing::warn!(target: "guest", plugin, dropped, "lines are dropped");
        }
    }
}

impl Drop for LogState {
    /// The instance ends, and no later line could tell how many lines were dropped.
    fn drop(&mut self) {
        self.tell_dropped();
    }
}

/// A guest's standard output or error: lines of our log, never the process's own streams.
#[derive(Clone)]
struct GuestStream {
    log: GuestLog,
    name: &'static str,
}

impl IsTerminal for GuestStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(LineWriter { stream: self.clone(), partial: Vec::new() })
    }
}

/// Cuts what a guest writes into lines.
struct LineWriter {
    stream: GuestStream,
    partial: Vec<u8>,
}

impl LineWriter {
    fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = match piece.split_last() {
                Some((b'\n', text)) => (text, true),
                _ => (piece, false),
            };
            let room = LINE.saturating_sub(self.partial.len());
            self.partial.extend_from_slice(&text[..text.len().min(room)]);
            if ends {
                self.flush_line();
            }
        }
    }

    fn flush_line(&mut self) {
        if !self.partial.is_empty() {
            self.stream.log.line(tracing::Level::INFO, self.stream.name, &self.partial);
            self.partial.clear();
        }
    }
}

impl Drop for LineWriter {
    fn drop(&mut self) {
        self.flush_line();
    }
}

impl AsyncWrite for LineWriter {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
