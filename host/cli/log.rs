//! The log on standard error: refusals, output of plugins, errors. A thread of its own writes it: a
//! client need not read the server's standard error, and a full pipe must not stop the server.
//! Lines that do not fit are dropped and counted. Standard output belongs to MCP and is never
//! written here.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use anyhow::Context as _;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::args::Level;
use crate::terminal::Colour;

/// Log lines that wait for a slow reader.
const WAITING: usize = 1024;

/// How long the last lines may take to be written.
const PATIENCE: Duration = Duration::from_millis(100);

/// The running log.
pub struct Log {
    to: LogSender,
}

impl Log {
    /// Starts logging. Events of rmcp and other libraries are left out: they hold what was sent and
    /// received.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(level: Level) -> anyhow::Result<Self> {
        let (sender, lines) = sync_channel(WAITING);
        let to = LogSender { sender, dropped: Arc::default() };
        let dropped = Arc::clone(&to.dropped);
        let thread = std::thread::Builder::new().name("log".to_owned());
        thread.spawn(move || write(&lines, &dropped)).context("no thread for the log")?;

        let level = match level {
            Level::Off => LevelFilter::OFF,
            Level::Error => LevelFilter::ERROR,
            Level::Warn => LevelFilter::WARN,
            Level::Info => LevelFilter::INFO,
            Level::Debug => LevelFilter::DEBUG,
            Level::Trace => LevelFilter::TRACE,
        };
        // A target matches every target that begins with it: our crates are `cofferdam_…`.
        let ours = Targets::new().with_target("cofferdam", level).with_target("guest", level);
        let writer = to.clone();
        // A span comes before what is said within it: messages end in lines to be copied.
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(Colour::of_stderr().is_on())
            .log_internal_errors(false)
            .with_writer(move || writer.clone());
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(ours).with(lines))
            .context("the log was started twice")?;
        Ok(Self { to })
    }

    /// Waits until the log is written, or until the reader has taken too long.
    pub fn finish(self) {
        let (written, wait) = sync_channel(1);
        if self.to.sender.try_send(LogLine::Mark(written)).is_ok() {
            let _ = wait.recv_timeout(PATIENCE);
        }
    }
}

enum LogLine {
    Text(Vec<u8>),
    /// Answered when everything before it is written.
    Mark(SyncSender<()>),
}

/// Sends lines to the thread. The layer writes a whole event at once.
#[derive(Clone)]
struct LogSender {
    sender: SyncSender<LogLine>,
    dropped: Arc<AtomicU64>,
}

impl Write for LogSender {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        if let Err(TrySendError::Full(_)) = self.sender.try_send(LogLine::Text(event.to_vec())) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes lines until the program ends. A standard error that is closed loses them, and nothing
/// else.
fn write(lines: &Receiver<LogLine>, dropped: &AtomicU64) {
    while let Ok(line) = lines.recv() {
        match line {
            LogLine::Text(text) => {
                let _ = io::stderr().write_all(&text);
            }
            LogLine::Mark(written) => {
                let _ = written.send(());
            }
        }
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ = writeln!(io::stderr(), "{lost} log entries were dropped: standard error was not read in time");
        }
    }
}
