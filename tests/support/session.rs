//! The binary as a client has it: a child process, JSON-RPC lines on its pipes,
//! its log on standard error.

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::clock::{eventually, holds_within};
use super::shipped;

/// The longest any test waits for one message.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder of this test's own, empty.
pub fn scratch(name: &str) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let unique = format!("{name}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(unique);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The binary with an environment that tells it nothing about this machine, and a
/// cache that the tests share.
pub fn cofferdam(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cofferdam"));
    command.args(arguments).env_clear();
    command.env("HOME", env!("CARGO_TARGET_TMPDIR")).env("COFFERDAM_TEST_SECRET", "environment-secret");
    // Each has its own audit file, and nobody's is in use.
    command.env("XDG_STATE_HOME", scratch("state"));
    command
}

/// Where a server that is started so writes its audit.
fn audit_of(command: &Command) -> PathBuf {
    let mut arguments = command.get_args().skip_while(|argument| *argument != "--audit");
    if let Some(file) = arguments.nth(1) {
        return file.into();
    }
    let state = command.get_envs().find(|(name, _)| *name == "XDG_STATE_HOME").and_then(|(_, value)| value);
    Path::new(state.unwrap_or_default()).join("cofferdam/audit.jsonl")
}

/// One answer to `tools/call`.
#[derive(Debug)]
pub struct Answer {
    pub is_error: bool,
    pub text: String,
    pub structured: Option<Value>,
}

impl Answer {
    /// The text block as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}", self.text))
    }

    /// The answer's object, which must be a success, and say the same in text and structure.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(!self.is_error, "{}", self.text);
        let json = self.json();
        assert_eq!(self.structured.as_ref(), Some(&json));
        json
    }

    /// The failure's object, which must be one, with this code.
    #[track_caller]
    pub fn failed(self, code: &str) -> Value {
        assert!(self.is_error, "not an error: {}", self.text);
        let json = self.json();
        assert_eq!(json["error"], code, "{json}");
        assert!(json["message"].as_str().is_some_and(|message| !message.is_empty()), "{json}");
        json
    }
}

/// A running server and our end of its pipes.
pub struct Session {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    early: VecDeque<Value>,
    log: Arc<Mutex<String>>,
    logging: Option<std::thread::JoinHandle<()>>,
    next: u64,
    /// Which tool each call is of.
    called: HashMap<u64, String>,
    audit: PathBuf,
}

impl Session {
    /// Starts `cofferdam serve` with these arguments and opens the protocol as clients in
    /// the field do (2025-11-25).
    pub fn serve(arguments: &[&str]) -> Self {
        let mut session = Self::bare(arguments);
        session.initialize("2025-11-25");
        session
    }

    /// Starts `cofferdam serve` and says nothing yet.
    pub fn bare(arguments: &[&str]) -> Self {
        let mut all = vec!["serve"];
        all.extend(arguments);
        Self::spawn(cofferdam(&all))
    }

    /// Takes a command over that speaks MCP on its pipes.
    pub fn spawn(mut command: Command) -> Self {
        let audit = audit_of(&command);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdin, stdout, mut stderr) =
            (child.stdin.take(), child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::with_capacity(1 << 20, stdout).lines() {
                let Ok(line) = line else { return };
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let log = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&log);
        let logging = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = stderr.read(&mut buffer) {
                kept.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..n]));
            }
        });
        let logging = Some(logging);
        Self { child, stdin, lines, early: VecDeque::new(), log, logging, next: 0, called: HashMap::new(), audit }
    }

    /// `initialize` and `notifications/initialized`.
    pub fn initialize(&mut self, version: &str) -> Value {
        let client = json!({ "name": "tests", "version": "0" });
        let answer =
            self.request("initialize", json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": client }));
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        answer["result"].clone()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Writes one message.
    pub fn send(&mut self, message: &Value) {
        self.send_line(&message.to_string());
    }

    /// Writes one line as it is.
    pub fn send_line(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("stdin is closed");
        stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    /// Sends a request and returns its id.
    pub fn post(&mut self, method: &str, params: Value) -> u64 {
        self.next += 1;
        let id = self.next;
        if let ("tools/call", Some(tool)) = (method, params["name"].as_str()) {
            self.called.insert(id, tool.to_owned());
        }
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// Sends a `tools/call` and returns its id.
    pub fn post_call(&mut self, tool: &str, arguments: Value) -> u64 {
        self.post("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// Sends a request and waits for its answer; what else arrives meanwhile is kept.
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.post(method, params);
        self.answer_to(&json!(id))
    }

    /// Waits for the answer with this id.
    #[track_caller]
    pub fn answer_to(&mut self, id: &Value) -> Value {
        self.wait_for(&format!("the answer to request {id}"), |message| {
            message.get("method").is_none() && message.get("id") == Some(id)
        })
    }

    /// Waits for a message; what else arrives meanwhile is kept.
    #[track_caller]
    pub fn wait_for(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(index) = self.early.iter().position(&wanted) {
            return self.early.remove(index).unwrap();
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let message: Value =
                        serde_json::from_str(&line).unwrap_or_else(|error| panic!("not JSON-RPC ({error}): {line}"));
                    assert_eq!(message["jsonrpc"], "2.0", "{line}");
                    if wanted(&message) {
                        return message;
                    }
                    self.early.push_back(message);
                }
                Err(RecvTimeoutError::Timeout) => panic!("no {what} within {PATIENCE:?}; log:\n{}", self.log()),
                Err(RecvTimeoutError::Disconnected) => panic!("the server ended before {what}; log:\n{}", self.log()),
            }
        }
    }

    /// How many such messages came with what has been waited for.
    pub fn count(&self, wanted: impl Fn(&Value) -> bool) -> usize {
        self.early.iter().filter(|message| wanted(message)).count()
    }

    /// Calls a tool.
    #[track_caller]
    pub fn call(&mut self, tool: &str, arguments: Value) -> Answer {
        let id = self.post_call(tool, arguments);
        self.called(id)
    }

    /// Waits for the answer of a call that was posted.
    #[track_caller]
    pub fn called(&mut self, id: u64) -> Answer {
        let answer = self.answer_to(&json!(id));
        let result = answer.get("result").unwrap_or_else(|| panic!("a protocol error: {answer}"));
        let blocks = result["content"].as_array().unwrap();
        assert_eq!(blocks.len(), 1, "{result}");
        if let (Some(tool), Some(structured)) = (self.called.get(&id), result.get("structuredContent")) {
            // As clients do, with whatever the test is about.
            shipped::check_answer(tool, structured);
        }
        Answer {
            is_error: result["isError"].as_bool().unwrap_or(false),
            text: blocks[0]["text"].as_str().unwrap().to_owned(),
            structured: result.get("structuredContent").cloned(),
        }
    }

    /// Everything on standard error so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until the log holds a text.
    #[track_caller]
    pub fn log_has(&self, text: &str) {
        let there = holds_within(Duration::from_secs(5), || self.log().contains(text));
        assert!(there, "`{text}` is not in the log:\n{}", self.log());
    }

    /// Whether the answer to a request has not come, with all that has been waited for since.
    pub fn is_pending(&self, id: u64) -> bool {
        self.count(|message| message.get("method").is_none() && message["id"] == id) == 0
    }

    /// Gives a request up.
    pub fn cancel(&mut self, id: u64) {
        let params = json!({ "requestId": id });
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params }));
    }

    /// The lines of this server's audit.
    pub fn events(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.audit).unwrap_or_default();
        let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        whole.map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The number of a call in the audit, once it has begun: a tool's calls begin in the order in
    /// which they were posted.
    fn number(&self, id: u64) -> Option<u64> {
        let tool = &self.called[&id];
        let before = self.called.iter().filter(|(other, of)| **other < id && *of == tool).count();
        let begun = |event: &Value| event["event"] == "call_started" && event["tool"] == **tool;
        self.events().into_iter().filter(begun).nth(before)?["call"].as_u64()
    }

    /// Waits until a call that was posted has begun.
    #[track_caller]
    pub fn begins(&self, id: u64) {
        eventually(&format!("call {id} begins"), || self.number(id).is_some());
    }

    /// Waits until a call that was posted has ended, and says how.
    #[track_caller]
    pub fn ends(&self, id: u64) -> String {
        self.begins(id);
        let number = self.number(id);
        let ended = |event: &Value| event["event"] == "call_ended" && event["call"].as_u64() == number;
        let mut how = None;
        eventually(&format!("call {id} ends"), || {
            how = self.events().into_iter().find(ended);
            how.is_some()
        });
        how.unwrap()["reason"].as_str().unwrap().to_owned()
    }

    /// Sends a signal, by its number.
    pub fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.pid().to_string()]).status().unwrap().success());
    }

    /// Closes standard input, and gives every message that comes until the
    /// server closes its output.
    pub fn rest(&mut self) -> Vec<Value> {
        self.stdin = None;
        let mut rest: Vec<Value> = self.early.drain(..).collect();
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => rest.push(serde_json::from_str(&line).unwrap()),
                Err(RecvTimeoutError::Timeout) => panic!("the server goes on after its input; log:\n{}", self.log()),
                Err(RecvTimeoutError::Disconnected) => return rest,
            }
        }
    }

    /// Closes standard input and waits for the end.
    pub fn close(mut self) -> (ExitStatus, String) {
        self.stdin = None;
        self.wait()
    }

    /// Waits for the end, which must come within a few seconds.
    #[track_caller]
    pub fn wait(&mut self) -> (ExitStatus, String) {
        let mut status = None;
        holds_within(Duration::from_secs(10), || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let Some(status) = status else { panic!("the server does not end; log:\n{}", self.log()) };
        // Its last words may still be on the way.
        if let Some(logging) = self.logging.take() {
            logging.join().unwrap();
        }
        (status, self.log())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command of the binary to its end.
pub fn run(arguments: &[&str]) -> Output {
    cofferdam(arguments).stdin(Stdio::null()).output().unwrap()
}

/// Has a handler, or the component for scripts, compiled and kept, once for all tests: those that
/// wait for an answer do not wait for a compiler.
pub fn warm(handler: &str) {
    static WARM: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let mut warm = WARM.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !warm.iter().any(|one| one == handler) {
        let policy = scratch("warm").join("policy.toml");
        let text =
            "[plugins.tcp]\nconnect = [\"tcp://localhost:1\"]\n[limits]\ncall = \"10 min\"\ncompile = \"10 min\"\n";
        std::fs::write(&policy, text).unwrap();
        let name = format!("{{\"name\": {handler:?}}}");
        let output = run(&["call", "handlers_list", &name, "--policy", &policy.display().to_string()]);
        assert!(output.status.success(), "{}", stderr(&output));
        warm.push(handler.to_owned());
    }
}

/// What a command has printed on standard output.
pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What a command has printed on standard error.
pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
