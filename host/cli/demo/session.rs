//! An MCP client: starts this program as a server, sends JSON-RPC lines and waits for answers. It
//! knows no tool. Every wait has a deadline.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

/// The protocol version that is offered: what clients in the field open stdio with.
pub const PROTOCOL: &str = "2025-11-25";

/// Lines that are kept unread before the server has to wait.
const WAITING: usize = 1024;

/// Log lines that are kept for [`Session::last_words`].
const LAST_WORDS: usize = 20;

/// How often the server's exit is polled.
const LOOK: Duration = Duration::from_millis(5);

/// How long the rest of a log entry may take after its first line.
const REST: Duration = Duration::from_millis(200);

/// A running server and our ends of its pipes.
pub struct Session {
    server: Child,
    input: Option<ChildStdin>,
    answers: Receiver<String>,
    log: Receiver<String>,
    heard: VecDeque<String>,
    next: u64,
    /// The server's audit and cache. The folder is removed at the end.
    state: PathBuf,
}

impl Session {
    /// Starts this program with these arguments.
    ///
    /// # Errors
    /// It cannot be started.
    #[expect(clippy::disallowed_methods, reason = "the demonstration plays the client, which starts the server")]
    pub fn start(arguments: &[&str]) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("this program's own file is not known")?;
        let state = std::env::temp_dir().join(format!("cofferdam-demo-{}", std::process::id()));
        let mut command = Command::new(program);
        command.args(arguments).env("XDG_STATE_HOME", &state);
        Self::over(command, state)
    }

    /// Starts a command that speaks MCP on its pipes. The folder is removed with the session.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn over(mut command: Command, state: PathBuf) -> anyhow::Result<Self> {
        let mut server = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("the server cannot be started")?;
        let answers = lines(server.stdout.take());
        let log = lines(server.stderr.take());
        let input = server.stdin.take();
        Ok(Self { server, input, answers, log, heard: VecDeque::new(), next: 0, state })
    }

    /// Sends a request and waits for its result.
    ///
    /// # Errors
    /// No result comes in time, or the result is an error.
    pub fn request(&mut self, method: &str, params: &Value, patience: Duration) -> anyhow::Result<Value> {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = match self.answers.recv_timeout(left) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) => bail!("`{method}` was not answered within {} s", patience.as_secs()),
                Err(RecvTimeoutError::Disconnected) => bail!("the server ended before it answered `{method}`"),
            };
            let mut message: Value = serde_json::from_str(&line)
                .with_context(|| format!("the server wrote a line that is no JSON: {line}"))?;
            if message.get("id") != Some(&Value::from(id)) {
                continue; // A notification: progress, or a change of the list.
            }
            return match message.get("error") {
                Some(error) => bail!("`{method}` was answered with an error: {error}"),
                None => Ok(message.get_mut("result").map(Value::take).unwrap_or_default()),
            };
        }
    }

    /// Sends a notification without parameters.
    ///
    /// # Errors
    /// The server does not read.
    pub fn notify(&mut self, method: &str) -> anyhow::Result<()> {
        self.send(&json!({ "jsonrpc": "2.0", "method": method }))
    }

    fn send(&mut self, message: &Value) -> anyhow::Result<()> {
        let input = self.input.as_mut().context("the session is over")?;
        let line = format!("{message}\n");
        input.write_all(line.as_bytes()).and_then(|()| input.flush()).context("the server does not read")
    }

    /// The next log entry that says all of this: its first line from there on, and the lines that
    /// belong to it. None of it, if it does not come in time.
    pub fn log_entry(&mut self, says: &[&str], patience: Duration) -> Vec<String> {
        let deadline = Instant::now() + patience;
        let mut entry: Vec<String> = Vec::new();
        loop {
            let wait = if entry.is_empty() { deadline.saturating_duration_since(Instant::now()) } else { REST };
            let Ok(line) = self.log.recv_timeout(wait) else { return entry };
            self.remember(&line);
            // An entry begins with its time.
            let begins = line.starts_with(|c: char| c.is_ascii_digit());
            if begins && !entry.is_empty() {
                return entry;
            }
            let wanted = says.iter().all(|part| line.contains(part));
            if !entry.is_empty() || (begins && wanted) {
                let last = line.starts_with("hint: ");
                entry.push(line);
                if last {
                    return entry;
                }
            }
        }
    }

    /// The last lines of the server's log, for an error.
    pub fn last_words(&mut self) -> String {
        while let Ok(line) = self.log.recv_timeout(REST) {
            self.remember(&line);
        }
        Vec::from_iter(self.heard.iter().map(|line| format!("  {line}"))).join("\n")
    }

    fn remember(&mut self, line: &str) {
        if self.heard.len() == LAST_WORDS {
            self.heard.pop_front();
        }
        self.heard.push_back(line.to_owned());
    }

    /// Closes the server's input and waits for its end.
    ///
    /// # Errors
    /// It does not end in time.
    #[expect(clippy::disallowed_methods, reason = "the demonstration has no event loop that a sleep could block")]
    pub fn end(&mut self, patience: Duration) -> anyhow::Result<ExitStatus> {
        drop(self.input.take());
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.server.try_wait().context("the server's end cannot be seen")? {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                bail!("the server did not end within {} s after its input was closed", patience.as_secs());
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// Ends the server and removes its folder, also after an error.
impl Drop for Session {
    fn drop(&mut self) {
        if !matches!(self.server.try_wait(), Ok(Some(_))) {
            let _ = self.server.kill();
            let _ = self.server.wait();
        }
        #[expect(clippy::disallowed_methods, reason = "a folder that the server has made for this demonstration")]
        let _ = std::fs::remove_dir_all(&self.state);
    }
}

/// The lines of a stream, read by a thread of their own, so that neither stream can block the
/// server.
fn lines(stream: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, lines) = sync_channel(WAITING);
    if let Some(stream) = stream {
        std::thread::spawn(move || {
            let sent = |line: std::io::Result<String>| line.is_ok_and(|line| sender.send(line).is_ok());
            let _ = BufReader::new(stream).lines().all(sent);
        });
    }
    lines
}
