//! One MCP session over the server's pipes that many threads share: every request has an id, and
//! whoever has sent it waits for the answer with that id. What comes unasked is counted.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::tally::Tally;

/// The longest that any answer is waited for: longer than every limit of the policy.
const PATIENCE: Duration = Duration::from_secs(45);

/// What became of a request.
#[derive(Debug)]
pub enum Reply {
    /// A tool's answer: its text blocks, and its structure.
    Done { texts: Vec<String>, structured: Value },
    /// A tool's failure: its stable code, and the whole of its text.
    Failed { code: String, text: String },
    /// An answer of the protocol: a result of another method, or an error.
    Protocol(Value),
    /// None came in time.
    Lost,
}

/// Who waits, by request.
type Waiting = Arc<Mutex<HashMap<u64, Sender<Value>>>>;

pub struct Session {
    stdin: Mutex<Option<ChildStdin>>,
    waiting: Waiting,
    cancelled: Arc<Mutex<HashSet<u64>>>,
    next: AtomicU64,
    tally: Arc<Tally>,
}

/// A request under way.
pub struct Pending {
    pub id: u64,
    pub begun: Instant,
    tool: String,
    answer: Receiver<Value>,
}

impl Session {
    /// Takes the pipes over and opens the protocol.
    pub fn open(stdin: ChildStdin, stdout: ChildStdout, tally: Arc<Tally>) -> Arc<Self> {
        let session = Arc::new(Self {
            stdin: Mutex::new(Some(stdin)),
            waiting: Waiting::default(),
            cancelled: Arc::default(),
            next: AtomicU64::new(1),
            tally,
        });
        let reader = Arc::clone(&session);
        std::thread::spawn(move || reader.read(BufReader::with_capacity(1 << 20, stdout)));
        let client = json!({ "name": "soak", "version": "0" });
        let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client });
        match session.request("initialize", params).wait(&session) {
            Reply::Protocol(result) if result.get("result").is_some() => {}
            other => panic!("the session does not open: {other:?}"),
        }
        session.write(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        session
    }

    fn read(&self, stdout: BufReader<ChildStdout>) {
        for line in stdout.lines() {
            let Ok(line) = line else { return };
            let Ok(message) = serde_json::from_str::<Value>(&line) else {
                self.tally.breach("not JSON-RPC", || line.chars().take(300).collect());
                continue;
            };
            if message.get("method").is_some() {
                continue;
            }
            let Some(id) = message["id"].as_u64() else {
                self.tally.breach("an answer without an id", || message.to_string());
                continue;
            };
            match self.waiting.lock().unwrap().remove(&id) {
                Some(waiting) => drop(waiting.send(message)),
                // Sent before the server had read the cancellation.
                None if self.cancelled.lock().unwrap().contains(&id) => {}
                None => self.tally.crossed(|| format!("nobody waits for the answer {message}")),
            }
        }
    }

    fn write(&self, message: &Value) {
        let line = format!("{message}\n");
        if let Some(stdin) = &mut *self.stdin.lock().unwrap()
            && let Err(error) = stdin.write_all(line.as_bytes()).and_then(|()| stdin.flush())
        {
            self.tally.breach("the server takes no requests", || error.to_string());
        }
    }

    /// Sends a request.
    pub fn request(&self, method: &str, params: Value) -> Pending {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.send(id, method, params)
    }

    /// Sends a call.
    pub fn call(&self, tool: &str, arguments: Value) -> Pending {
        self.tally.called(tool);
        self.request("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// Sends a call with an id that a cancelled request has had.
    pub fn call_again(&self, id: u64, tool: &str, arguments: Value) -> Pending {
        self.tally.called(tool);
        self.send(id, "tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    fn send(&self, id: u64, method: &str, params: Value) -> Pending {
        let (sender, answer) = channel();
        self.waiting.lock().unwrap().insert(id, sender);
        let tool = params["name"].as_str().unwrap_or(method).to_owned();
        let begun = Instant::now();
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        Pending { id, begun, tool, answer }
    }

    /// Cancels a request. What it has been answered by then is returned.
    pub fn cancel(&self, pending: Pending) -> Option<Reply> {
        self.cancelled.lock().unwrap().insert(pending.id);
        let params = json!({ "requestId": pending.id, "reason": "soak" });
        self.write(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params }));
        self.waiting.lock().unwrap().remove(&pending.id);
        pending.answer.try_recv().ok().map(Reply::of)
    }

    /// Closes the server's standard input.
    pub fn close(&self) {
        *self.stdin.lock().unwrap() = None;
    }
}

impl Pending {
    /// Whether it has been answered is not looked at: waits for the answer.
    pub fn wait(self, session: &Session) -> Reply {
        match self.answer.recv_timeout(PATIENCE) {
            Ok(message) => {
                session.tally.answered(&self.tool, self.begun.elapsed());
                Reply::of(message)
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                session.waiting.lock().unwrap().remove(&self.id);
                session.tally.lost(|| format!("no answer to request {} of {}", self.id, self.tool));
                Reply::Lost
            }
        }
    }
}

impl Reply {
    fn of(message: Value) -> Self {
        let Some(blocks) = message["result"]["content"].as_array() else { return Self::Protocol(message) };
        let texts: Vec<String> = blocks.iter().filter_map(|block| Some(block["text"].as_str()?.to_owned())).collect();
        if message["result"]["isError"] != true {
            return Self::Done { texts, structured: message["result"]["structuredContent"].clone() };
        }
        let objects = texts.iter().filter_map(|text| serde_json::from_str::<Value>(text).ok());
        let code = objects.filter_map(|object| Some(object["error"].as_str()?.to_owned())).next();
        let code = code.or_else(|| Some(message["result"]["structuredContent"]["error"].as_str()?.to_owned()));
        Self::Failed { code: code.unwrap_or_default(), text: texts.join("\n") }
    }
}
