//! `cofferdam demo`: the main job on this machine, from the outside. This process plays the client
//! and the peers, and starts itself as the server, over pipes, as an MCP client does. Whatever is
//! not as expected is printed and fails the command.

mod peers;
mod session;
mod transcript;

use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use crate::{Exit, terminal};
use peers::Peers;
pub use session::{PROTOCOL, Session};
use transcript::Transcript;

/// PONGs after which the line server sends its thanks.
const PONGS: usize = 3;

/// How long to wait for an answer. The first call may wait for the compiler.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a server may run after its input was closed. Clients kill it after 2 s.
const LEAVE: Duration = Duration::from_secs(2);

/// The tools that the demonstration calls.
const NEEDED: [&str; 6] =
    ["tcp_connect", "tcp_set_trigger", "tcp_wait", "tcp_connect_and_send", "tcp_read_buffer", "tcp_list_connections"];

/// Runs the session and checks it.
///
/// # Errors
/// The session did not come to its end.
pub fn run() -> anyhow::Result<Exit> {
    let peers = Peers::start(PONGS).context("no peers on 127.0.0.1")?;
    let rule = format!("tcp://localhost:{},{}", peers.line.port, peers.web.port);
    let session = Session::start(&["serve", "--allow-connect", &rule])?;
    let mut demo =
        Demo { peers, session, page: Transcript::new(), calls: 0, answered: 0, refused: 0, faults: Vec::new() };
    demo.introduce(&rule);

    if let Err(error) = demo.tell() {
        terminal::complain(&format!("\nThe server's last words:\n{}", demo.session.last_words()));
        return Err(error.context("the demonstration did not come to its end"));
    }
    let Demo { calls, answered, refused, faults, page, .. } = demo;
    if faults.is_empty() {
        page.line(&format!("\ndemo: {calls} calls, {answered} answered, {refused} refused as it should be"));
        return Ok(Exit::Success);
    }
    page.line(&format!("\ndemo: {calls} calls, {answered} answered, {refused} refused; not as it should be:"));
    faults.iter().for_each(|fault| page.line(&format!("  {fault}")));
    Ok(Exit::Failure)
}

struct Demo {
    peers: Peers,
    session: Session,
    page: Transcript,
    calls: usize,
    answered: usize,
    refused: usize,
    /// What was not as expected.
    faults: Vec<String>,
}

impl Demo {
    fn introduce(&self, rule: &str) {
        let Peers { line, web, third } = &self.peers;
        self.page.line("An AI client's session, played on this machine: nothing leaves it.\n");
        for (name, port, what) in [
            ("line server", line.port, "greets, sends PING every 300 ms, counts the PONGs"),
            ("web server", web.port, "answers one request, then closes"),
            ("third server", third.port, "listens too, but the policy does not name it"),
        ] {
            self.page.line(&format!("  {name:<13} localhost:{port:<6} {what}"));
        }
        self.page.line(&format!("  {:<13} cofferdam serve --allow-connect {rule}", "started with"));
    }

    fn tell(&mut self) -> anyhow::Result<()> {
        self.open()?;
        self.line_server()?;
        self.web_server()?;
        self.refusal()?;
        self.close()
    }

    /// The handshake and the list of tools.
    fn open(&mut self) -> anyhow::Result<()> {
        self.page.heading("Handshake");
        let client = json!({ "name": "cofferdam-demo", "version": env!("CARGO_PKG_VERSION") });
        let offered = json!({ "protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": client });
        self.page.asked("initialize", &Map::from_iter([("protocolVersion".to_owned(), Value::from(PROTOCOL))]));
        let begun = Instant::now();
        let server = self.session.request("initialize", &offered, PATIENCE)?;
        self.session.notify("notifications/initialized")?;
        let text = |pointer: &str| server.pointer(pointer).and_then(Value::as_str).unwrap_or("?").to_owned();
        let name = format!("{} {}", text("/serverInfo/name"), text("/serverInfo/version"));
        self.page.answered(&name, &format!("protocol {}", text("/protocolVersion")), begun.elapsed());
        self.expect(text("/protocolVersion") == PROTOCOL, &format!("the server speaks protocol {PROTOCOL}"));

        self.page.asked("tools/list", &Map::new());
        let begun = Instant::now();
        let list = self.session.request("tools/list", &json!({}), PATIENCE)?;
        let tools = list.get("tools").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let names: Vec<&str> = tools.iter().filter_map(|tool| tool.get("name")?.as_str()).collect();
        self.page.answered(&format!("{} tools", names.len()), &names.join(", "), begun.elapsed());
        let missing: Vec<&str> = NEEDED.into_iter().filter(|name| !names.contains(name)).collect();
        self.expect(missing.is_empty(), &format!("the tools {} are listed", missing.join(", ")));
        Ok(())
    }

    /// A connection that a trigger keeps alive.
    fn line_server(&mut self) -> anyhow::Result<()> {
        self.page.heading("A connection, and a trigger that answers PING with PONG by itself");
        let port = self.peers.line.port;
        self.answer("tcp_connect", json!({ "host": "localhost", "port": port, "connection_id": "line" }))?;
        self.answer(
            "tcp_set_trigger",
            json!({ "connection_id": "line", "trigger_id": "pong", "pattern": r"^PING (\S+)", "response": "PONG $1\r\n" }),
        )?;
        let pattern = format!("THANKS for {PONGS} PONGs");
        let wait = json!({ "connection_id": "line", "until": "pattern", "pattern": pattern, "timeout_ms": 10_000 });
        let waited = self.answer("tcp_wait", wait)?;
        let (right, wrong) = self.peers.line.pongs();
        self.page.note(&format!(
            "the line server has counted {right} PONGs, each to the PING it had sent; no call sent them"
        ));
        self.expect(text(&waited, "data").contains(&pattern), "the wait ends with the line server's thanks");
        self.expect(
            right >= PONGS && wrong == 0,
            &format!("{PONGS} right PONGs and no wrong one arrive ({right}, {wrong})"),
        );
        Ok(())
    }

    /// A request and its answer, then the buffer.
    fn web_server(&mut self) -> anyhow::Result<()> {
        self.page.heading("A request to the web server");
        let port = self.peers.web.port;
        let request = "GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        self.answer(
            "tcp_connect_and_send",
            json!({ "host": "localhost", "port": port, "data": request, "connection_id": "web" }),
        )?;
        let wait = json!({ "connection_id": "web", "until": "close", "timeout_ms": 5000 });
        let waited = self.answer("tcp_wait", wait)?;
        self.expect(text(&waited, "ended") == "close", "the wait ends when the web server closes");
        self.expect(text(&waited, "data").ends_with(peers::PAGE), "the page is received whole");
        self.page.note("reading consumes nothing, so the first line can be had again:");
        let first = "HTTP/1.1 200 OK\r\n";
        let page = json!({ "connection_id": "web", "offset": 0, "limit": first.len() });
        let read = self.answer("tcp_read_buffer", page)?;
        self.expect(read.get("data") == Some(&json!([first])), "the buffer begins with the answer's first line");

        let list = self.answer("tcp_list_connections", json!({}))?;
        self.expect(list.get("total_connections") == Some(&json!(2)), "two connections are listed");
        Ok(())
    }

    /// A connection that the policy does not allow.
    fn refusal(&mut self) -> anyhow::Result<()> {
        self.page.heading("A connection that the policy does not allow");
        let port = self.peers.third.port;
        let (is_error, body) = self.call("tcp_connect", json!({ "host": "localhost", "port": port }))?;
        let denied = is_error && text(&body, "error") == "connection_failed" && text(&body, "reason") == "denied";
        self.refused += usize::from(denied);
        self.expect(denied, "the call fails with `connection_failed`, reason `denied`");
        let resource = format!("tcp://localhost:{port}");
        self.expect(text(&body, "detail").contains(&resource), "the model reads what was refused");

        let said = self.session.log_entry(&["may not connect", &port.to_string()], Duration::from_secs(2));
        self.page.note("the operator reads, on the server's standard error:");
        self.page.quote(&said.join("\n"));
        self.expect(said.iter().any(|line| line.starts_with("hint: ")), "the operator reads what would allow it");
        let knocks = self.peers.third.knocks();
        self.page.note(&format!("the third server has seen {knocks} connections"));
        self.expect(knocks == 0, "nothing reaches the third server");
        Ok(())
    }

    /// The client closes its end.
    fn close(&mut self) -> anyhow::Result<()> {
        self.page.heading("The client closes the server's input");
        let begun = Instant::now();
        let status = self.session.end(LEAVE)?;
        self.page.answered("ended", &status.to_string(), begun.elapsed());
        self.expect(status.success(), "the server ends with exit status 0");
        Ok(())
    }

    /// A call that has to succeed.
    fn answer(&mut self, tool: &str, arguments: Value) -> anyhow::Result<Map<String, Value>> {
        let (is_error, body) = self.call(tool, arguments)?;
        self.answered += usize::from(!is_error);
        self.expect(!is_error, &format!("`{tool}` is answered ({})", text(&body, "message")));
        Ok(body)
    }

    /// Makes a call, shows it and its answer: whether that is an error, and the JSON object in its
    /// text block.
    fn call(&mut self, tool: &str, arguments: Value) -> anyhow::Result<(bool, Map<String, Value>)> {
        self.calls += 1;
        let shown = arguments.as_object().cloned().unwrap_or_default();
        self.page.asked(tool, &shown);
        let begun = Instant::now();
        let result = self.session.request("tools/call", &json!({ "name": tool, "arguments": arguments }), PATIENCE)?;
        let took = begun.elapsed();
        let is_error = result.get("isError") == Some(&Value::Bool(true));
        let block = result.pointer("/content/0/text").and_then(Value::as_str).unwrap_or_default();
        let body: Map<String, Value> =
            serde_json::from_str(block).with_context(|| format!("`{tool}` answered with no JSON object"))?;
        self.page.result(&shown, &body, is_error, took);
        Ok((is_error, body))
    }

    fn expect(&mut self, holds: bool, what: &str) {
        if !holds {
            self.page.fault(what);
            self.faults.push(what.to_owned());
        }
    }
}

fn text<'a>(body: &'a Map<String, Value>, key: &str) -> &'a str {
    body.get(key).and_then(Value::as_str).unwrap_or_default()
}
