//! A client of little cost: lines on pipes, one request at a time, answers searched rather than
//! parsed where only their arrival counts.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

pub struct Client {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    line: Vec<u8>,
    /// From before the process was started until `initialize` was answered.
    pub started: Duration,
}

/// A program beside this one.
pub fn beside(name: &str) -> PathBuf {
    std::env::current_exe().unwrap().with_file_name(name)
}

impl Client {
    /// The binary, allowed to reach loopback.
    pub fn ours() -> Self {
        let mut command = Command::new(beside("cofferdam"));
        command.args(["serve", "--allow-connect", "tcp://localhost:*", "--log", "error"]);
        // The audit is part of what is measured; the user's own log is not where it belongs.
        command.env("XDG_STATE_HOME", beside("bench-state"));
        Self::start(command)
    }

    /// The binary, allowed to read one folder.
    pub fn reading(folder: &std::path::Path) -> Self {
        let mut command = Command::new(beside("cofferdam"));
        command.args(["serve", "--log", "error", "--allow-read"]).arg(folder);
        command.env("XDG_STATE_HOME", beside("bench-state"));
        Self::start(command)
    }

    /// The binary with a policy.
    pub fn with_policy(policy: &str) -> Self {
        let file = beside("bench-policy.toml");
        std::fs::write(&file, policy).unwrap();
        let mut command = Command::new(beside("cofferdam"));
        command.args(["serve", "--log", "error", "--policy"]).arg(file).env("XDG_STATE_HOME", beside("bench-state"));
        Self::start(command)
    }

    /// The bare rmcp server.
    pub fn bare() -> Self {
        let mut command = Command::new(beside("bench"));
        command.arg("bare");
        Self::start(command)
    }

    fn start(mut command: Command) -> Self {
        let begun = Instant::now();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let stdout = BufReader::with_capacity(4 << 20, stdout);
        let mut client = Self { child, stdin, stdout, line: Vec::new(), started: Duration::ZERO };
        let info = json!({ "name": "bench", "version": "0" });
        let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info });
        client.round(&json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params }).to_string());
        client.started = begun.elapsed();
        client.write(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string());
        client
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Writes a line.
    pub fn write(&mut self, line: &str) {
        self.stdin.write_all(line.as_bytes()).unwrap();
        self.stdin.write_all(b"\n").unwrap();
    }

    /// One request and its answer, as lines.
    pub fn round(&mut self, line: &str) -> &[u8] {
        self.write(line);
        self.line.clear();
        self.stdout.read_until(b'\n', &mut self.line).unwrap();
        &self.line
    }

    /// One request and its answer, with answers of other requests in between.
    pub fn round_past(&mut self, line: &str, id: u64) {
        self.write(line);
        let wanted = format!("\"id\":{id},");
        loop {
            self.line.clear();
            self.stdout.read_until(b'\n', &mut self.line).unwrap();
            let head = &self.line[..self.line.len().min(64)];
            if head.windows(wanted.len()).any(|part| part == wanted.as_bytes()) {
                return;
            }
        }
    }

    /// So many calls at once; from the first being written until the last is answered.
    pub fn at_once(&mut self, tool: &str, arguments: &Value, count: usize) -> Duration {
        let call = |id: usize| {
            let params = json!({ "name": tool, "arguments": arguments });
            json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params }).to_string() + "\n"
        };
        let lines: String = (2..count + 2).map(call).collect();
        let begun = Instant::now();
        self.stdin.write_all(lines.as_bytes()).unwrap();
        for _ in 0..count {
            self.line.clear();
            self.stdout.read_until(b'\n', &mut self.line).unwrap();
            let end = &self.line[self.line.len().saturating_sub(64)..];
            assert!(
                !String::from_utf8_lossy(end).contains("\"isError\":true"),
                "{}",
                String::from_utf8_lossy(&self.line)
            );
        }
        begun.elapsed()
    }

    /// Calls a tool; its structured answer.
    pub fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let line = request(tool, &arguments);
        // The list of tools may change meanwhile, which is told.
        self.round_past(&line, 1);
        let answer: Value = serde_json::from_slice(&self.line).unwrap();
        assert_ne!(answer["result"]["isError"], true, "{answer}");
        answer["result"]["structuredContent"].clone()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A `tools/call` as a line.
pub fn request(tool: &str, arguments: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": tool, "arguments": arguments } })
        .to_string()
}

/// A value of `/proc/PID/status`, in bytes.
pub fn memory(pid: u32, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// The memory of a process in bytes, in which what others map too counts for its part only.
pub fn own_memory(pid: u32) -> u64 {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
    let line = rollup.lines().find(|line| line.starts_with("Pss:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}
