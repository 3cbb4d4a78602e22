//! Whole sessions over an in-memory pipe, against a tool service of a few lines. What the real
//! tools do is tested through the binary; here is what must hold for any tool.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failed expectation is a failed test")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use cofferdam_registry::{Annotations, Answer, Block, Call, Hints, Progress, Target, Tool, UnknownTool};
use cofferdam_server::{End, ServeError, Stdio, ToolService};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf, duplex, split},
    sync::{Notify, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(10);

struct Fake {
    /// Given when `release` runs, and when `late` is over.
    released: Arc<Notify>,
    over: Arc<Notify>,
    tools: Mutex<Arc<[Tool]>>,
    changes: watch::Sender<u64>,
}

fn tool(name: &str) -> Tool {
    Tool {
        name: name.to_owned(),
        title: None,
        description: String::new(),
        input_schema: serde_json::Map::from_iter([("type".to_owned(), json!("object"))]),
        output_schema: None,
        annotations: Annotations { read_only: true, destructive: false, idempotent: true, open_world: false },
        hints: Hints::default(),
        meta: None,
        plugin: "fake".to_owned(),
    }
}

impl ToolService for Fake {
    fn tools(&self) -> Arc<[Tool]> {
        self.tools.lock().unwrap().clone()
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn allows_anything(&self) -> bool {
        true
    }

    fn find(&self, _tool: &str) -> Option<Target> {
        None
    }

    fn knows(&self, tool: &str) -> bool {
        self.tools().iter().any(|known| known.name == tool)
    }

    fn call(&self, call: Call) -> BoxFuture<'_, Result<Answer, UnknownTool>> {
        let text = |text: String| {
            Ok(Answer { content: vec![Block::Text(text)], structured: None, is_error: false, held: None })
        };
        let (released, over) = (self.released.clone(), self.over.clone());
        Box::pin(async move {
            match call.tool.as_str() {
                // Ends long after its cancellation, while a later call is on.
                "late" => {
                    call.cancel.cancelled().await;
                    released.notified().await;
                    over.notify_one();
                    text("late".to_owned())
                }
                "release" => {
                    released.notify_one();
                    over.notified().await;
                    text("released".to_owned())
                }
                "echo" => text(Value::Object(call.arguments).to_string()),
                "panic" => panic!("this panic belongs to the test"),
                "wait" => {
                    call.cancel.cancelled().await;
                    text("cancelled".to_owned())
                }
                "stubborn" => {
                    sleep(PATIENCE).await;
                    text("at last".to_owned())
                }
                "progress" => {
                    for step in 1..=3 {
                        let report = Progress { progress: f64::from(step), total: None, message: None };
                        call.progress.as_ref().unwrap().try_send(report).unwrap();
                    }
                    text("done".to_owned())
                }
                "grow" => {
                    *self.tools.lock().unwrap() = [tool("echo"), tool("more")].into();
                    self.changes.send_modify(|version| *version += 1);
                    text("grown".to_owned())
                }
                _ => Err(UnknownTool(call.tool)),
            }
        })
    }
}

struct Session {
    input: WriteHalf<DuplexStream>,
    output: Lines<BufReader<ReadHalf<DuplexStream>>>,
    shutdown: CancellationToken,
    server: JoinHandle<Result<End, ServeError>>,
}

impl Session {
    fn start(stdio: Stdio) -> Self {
        let (ours, theirs) = duplex(1 << 16);
        let (reader, writer) = split(theirs);
        let (output, input) = split(ours);
        let shutdown = CancellationToken::new();
        let tools = ["late", "release", "wait", "echo", "panic", "progress", "grow", "stubborn"].map(tool).into();
        let service = Arc::new(Fake {
            released: Arc::default(),
            over: Arc::default(),
            tools: Mutex::new(tools),
            changes: watch::channel(0).0,
        });
        let server = tokio::spawn(stdio.serve(service, reader, writer, shutdown.clone()));
        Self { input, output: BufReader::new(output).lines(), shutdown, server }
    }

    async fn open(version: &str) -> Self {
        let mut session = Self::start(Stdio::default());
        let params = json!({
            "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "test", "version": "1" },
        });
        let answer = session.ask(0, "initialize", params).await;
        assert_eq!(answer["result"]["protocolVersion"], version);
        session
    }

    async fn line(&mut self, line: &str) {
        self.input.write_all(line.as_bytes()).await.unwrap();
        self.input.write_all(b"\n").await.unwrap();
    }

    async fn send(&mut self, id: u32, method: &str, params: Value) {
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.line(&request.to_string()).await;
    }

    async fn next(&mut self) -> Value {
        let line = timeout(PATIENCE, self.output.next_line()).await.unwrap().unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    async fn ask(&mut self, id: u32, method: &str, params: Value) -> Value {
        self.send(id, method, params).await;
        self.next().await
    }

    async fn call(&mut self, id: u32, tool: &str) -> Value {
        self.ask(id, "tools/call", json!({ "name": tool })).await
    }

    async fn end(mut self) -> Result<End, ServeError> {
        self.input.shutdown().await.unwrap();
        timeout(Duration::from_secs(3), self.server).await.unwrap().unwrap()
    }
}

fn stateless() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {},
    })
}

#[tokio::test]
async fn every_version_with_a_handshake_is_spoken() {
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let mut session = Session::open(version).await;
        let tools = session.ask(1, "tools/list", json!({})).await;
        let names: Vec<_> = tools["result"]["tools"].as_array().unwrap().iter().map(|tool| &tool["name"]).collect();
        assert_eq!(names, ["echo", "grow", "late", "panic", "progress", "release", "stubborn", "wait"]);
        assert_eq!(tools["result"].get("resultType"), None);
        assert_eq!(session.end().await.unwrap(), End::InputClosed);
    }
}

#[tokio::test]
async fn without_a_handshake_every_result_is_signed() {
    let mut session = Session::start(Stdio::default());
    let discovered = session.ask(1, "server/discover", json!({ "_meta": stateless() })).await;
    let listed = session.ask(2, "tools/list", json!({ "_meta": stateless() })).await;
    let called = session.ask(3, "tools/call", json!({ "_meta": stateless(), "name": "echo" })).await;
    for answer in [&discovered, &listed, &called] {
        assert_eq!(answer["result"]["resultType"], "complete", "{answer}");
        assert_eq!(answer["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "cofferdam", "{answer}");
    }
    for answer in [&discovered, &listed] {
        assert_eq!((&answer["result"]["ttlMs"], &answer["result"]["cacheScope"]), (&json!(60_000), &json!("private")));
    }
    let mut meta = stateless();
    meta["io.modelcontextprotocol/protocolVersion"] = json!("2099-01-01");
    let refused = session.ask(4, "tools/list", json!({ "_meta": meta })).await;
    assert_eq!(refused["error"]["code"], -32022);
    assert_eq!(session.call(5, "echo").await["error"]["code"], -32602);
}

#[tokio::test]
async fn nothing_before_the_handshake_ends_the_session() {
    let mut session = Session::start(Stdio::default());
    session.line(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).await;
    session.line(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#).await;
    assert_eq!(session.ask(1, "ping", json!({})).await["result"], json!({}));
    assert_eq!(session.ask(2, "initialize", json!({})).await["error"]["code"], -32602);
    assert_eq!(session.ask(3, "tools/list", json!({})).await["error"]["code"], -32602);
    session.line("hello").await;
    assert_eq!(session.next().await["error"]["code"], -32700);
    assert_eq!(session.end().await.unwrap(), End::InputClosed);
}

#[tokio::test]
async fn a_panic_is_answered_and_the_session_goes_on() {
    let mut session = Session::open("2025-11-25").await;
    assert_eq!(session.call(1, "panic").await["error"]["code"], -32603);
    assert_eq!(session.call(2, "nope").await["error"]["code"], -32602);
    assert_eq!(session.call(3, "echo").await["result"]["isError"], false);
}

#[tokio::test]
async fn an_argument_that_is_no_text_is_named() {
    let mut session = Session::open("2025-11-25").await;
    let line =
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"TOOL","arguments":{"data":"\ud800"}}}"#;
    session.line(&line.replace("TOOL", "echo")).await;
    let answer = session.next().await;
    assert_eq!(answer["result"]["isError"], true);
    let text: Value = serde_json::from_str(answer["result"]["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(text["error"], "invalid_argument");
    assert!(text["message"].as_str().unwrap().starts_with("`data` holds a lone surrogate"));
    session.line(&line.replace("TOOL", "nope")).await;
    assert_eq!(session.next().await["error"]["code"], -32602);
}

#[tokio::test]
async fn cancellation_reaches_the_call_and_frees_its_id() {
    let mut session = Session::open("2025-11-25").await;
    session.send(1, "tools/call", json!({ "name": "wait" })).await;
    assert_eq!(session.call(1, "echo").await["error"]["code"], -32600);
    session.line(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#).await;
    assert_eq!(session.call(2, "echo").await["id"], 2);
    assert_eq!(session.call(1, "echo").await["id"], 1);
}

#[tokio::test]
async fn an_id_that_is_used_again_gets_its_own_answer_and_the_cancelled_call_none() {
    let mut session = Session::open("2025-11-25").await;
    session.send(1, "tools/call", json!({ "name": "late" })).await;
    session.line(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#).await;
    let answer = session.call(1, "release").await;
    assert_eq!((&answer["id"], &answer["result"]["content"][0]["text"]), (&json!(1), &json!("released")));
    assert_eq!(session.call(2, "echo").await["id"], 2, "nothing came in between");
    // An id that was answered long ago cannot be cancelled, whoever has it now.
    session.line(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}"#).await;
    assert_eq!(session.call(2, "echo").await["id"], 2);
}

#[tokio::test]
async fn a_subscription_is_told_of_by_the_clients_id_and_not_after_its_end() {
    let mut session = Session::open("2025-11-25").await;
    session.call(1, "echo").await;
    let params = json!({ "_meta": stateless(), "notifications": { "toolsListChanged": true } });
    let acknowledged = session.ask(77, "subscriptions/listen", params.clone()).await;
    assert_eq!(acknowledged["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 77);
    session.line(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":77}}"#).await;
    let acknowledged = session.ask(77, "subscriptions/listen", params).await;
    assert_eq!(acknowledged["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 77, "{acknowledged}");
    session.input.shutdown().await.unwrap();
    let ended = session.next().await;
    assert_eq!(ended["id"], 77, "{ended}");
    assert_eq!(ended["result"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 77);
}

#[tokio::test]
async fn progress_comes_before_the_result() {
    let mut session = Session::open("2025-11-25").await;
    session.send(7, "tools/call", json!({ "name": "progress", "_meta": { "progressToken": "t" } })).await;
    for step in 1..=3 {
        let report = session.next().await;
        assert_eq!(report["params"], json!({ "progressToken": "t", "progress": f64::from(step) }));
    }
    assert_eq!(session.next().await["id"], 7);
}

#[tokio::test]
async fn both_generations_hear_of_changed_tools() {
    let mut session = Session::open("2025-11-25").await;
    session.send(1, "tools/call", json!({ "name": "grow" })).await;
    let both = [session.next().await, session.next().await];
    assert!(both.iter().any(|message| message["method"] == "notifications/tools/list_changed"), "{both:?}");
    let listed = session.ask(2, "tools/list", json!({})).await;
    assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 2);

    let mut session = Session::start(Stdio::default());
    let params = json!({ "_meta": stateless(), "notifications": { "toolsListChanged": true } });
    let acknowledged = session.ask(1, "subscriptions/listen", params).await;
    assert_eq!(acknowledged["params"]["notifications"], json!({ "toolsListChanged": true }));
    session.send(2, "tools/call", json!({ "_meta": stateless(), "name": "grow" })).await;
    let both = [session.next().await, session.next().await];
    let notice = both.iter().find(|message| message["method"] == "notifications/tools/list_changed").unwrap();
    assert_eq!(notice["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 1);
    session.input.shutdown().await.unwrap();
    assert_eq!(session.next().await["result"]["resultType"], "complete");
}

#[tokio::test]
async fn a_batch_is_answered_by_an_array_where_there_are_batches() {
    let batch = r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"no/such"},3]"#;
    let mut session = Session::open("2025-03-26").await;
    session.line(batch).await;
    let mut ids: Vec<_> =
        session.next().await.as_array().unwrap().iter().map(|answer| answer["id"].to_string()).collect();
    ids.sort();
    assert_eq!(ids, ["1", "2", "null"]);

    let mut session = Session::open("2025-06-18").await;
    session.line(batch).await;
    assert_eq!((session.next().await["id"].clone(), session.next().await["id"].clone()), (json!(1), json!(2)));
}

#[tokio::test]
async fn limits_are_answered_by_id() {
    let mut session = Session::start(Stdio { max_line: 500, max_running: 1, ..Stdio::default() });
    session.line(&format!(r#"{{"method":"m","params":"{}","id":"last"}}"#, "x".repeat(10_000))).await;
    let refused = session.next().await;
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!("last"), &json!(-32600)));
    assert!(refused["error"]["message"].as_str().unwrap().contains("500 bytes"));

    session.send(1, "tools/call", json!({ "_meta": stateless(), "name": "wait" })).await;
    let refused = session.ask(2, "tools/call", json!({ "_meta": stateless(), "name": "echo" })).await;
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(2), &json!(-32000)));
}

#[tokio::test]
async fn the_end_of_the_input_ends_calls_in_flight() {
    for tool in ["wait", "stubborn"] {
        let mut session = Session::open("2025-11-25").await;
        session.send(1, "tools/call", json!({ "name": tool })).await;
        session.line("").await;
        assert_eq!(session.end().await.unwrap(), End::InputClosed);
    }
    assert_eq!(Session::start(Stdio::default()).end().await.unwrap(), End::InputClosed);
}

#[tokio::test]
async fn shutdown_answers_calls_in_flight() {
    let mut session = Session::open("2025-11-25").await;
    session.send(1, "tools/call", json!({ "name": "wait" })).await;
    assert_eq!(session.call(2, "echo").await["id"], 2);
    session.shutdown.cancel();
    assert_eq!(session.next().await["id"], 1);
    assert_eq!(timeout(PATIENCE, session.server).await.unwrap().unwrap().unwrap(), End::Shutdown);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_not_read_without_end() {
    let mut session = Session::open("2025-11-25").await;
    let text = "x".repeat(10_000);
    let flood = async {
        for id in 1..100_000 {
            session.send(id, "tools/call", json!({ "name": "echo", "arguments": { "text": text } })).await;
        }
    };
    assert!(timeout(Duration::from_secs(2), flood).await.is_err(), "one gigabyte was taken in");
}
