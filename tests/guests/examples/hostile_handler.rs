//! A protocol handler whose configuration says what it does: `{"do": "loop"}`.
//! `behave` is the allowed twin.
#![allow(unsafe_code, reason = "the bindings are generated, and the manifest is a section")]
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use handler_guest::bindings::exports::cofferdam::handler::handler::{
    Description, Encoded, Example, Failure, Guest, GuestSession, Message, Reason, Session, Step,
};
use serde_json::{Value, json};

const MANIFEST: &[u8] = include_bytes!("../hostile_handler.toml");

// SAFETY: no other section has this name, and nothing reads it as code.
#[unsafe(link_section = "cofferdam-manifest")]
#[used]
static SECTION: [u8; MANIFEST.len()] = *include_bytes!("../hostile_handler.toml");

/// How many sessions this instance has seen. It is never more than one.
static SESSIONS: AtomicU64 = AtomicU64::new(0);

struct Component;

struct Own {
    does: String,
    given: Cell<u64>,
}

impl Guest for Component {
    type Session = Own;

    fn describe() -> Description {
        let object = || r#"{"type":"object"}"#.to_owned();
        Description {
            name: "hostile-handler".to_owned(),
            title: "A hostile handler".to_owned(),
            summary: "Does what its configuration says".to_owned(),
            config_schema: object(),
            incoming_schema: object(),
            outgoing_schema: object(),
            pairs: false,
            carries: true,
            examples: vec![Example {
                title: "three bytes".to_owned(),
                config: "{}".to_owned(),
                outgoing: vec![("{}".to_owned(), b"{}".to_vec())],
                incoming: (b"abc".to_vec(), vec![r#"{"bytes":3}"#.to_owned()]),
            }],
        }
    }
}

fn nothing() -> Step {
    Step { send: Vec::new(), messages: Vec::new(), tick: None, close: None, note: None }
}

fn spin() -> ! {
    loop {
        std::hint::black_box(());
    }
}

fn hoard() -> ! {
    let mut all: Vec<Vec<u8>> = Vec::new();
    loop {
        all.push(std::hint::black_box(vec![1; 1 << 20]));
    }
}

impl Own {
    fn message(&self, value: String, start: u64, end: u64) -> Message {
        Message { value, start, end, answers: None, payload: None }
    }

    /// What it sees of the world around it.
    fn seen(&self) -> Value {
        json!({
            "sessions": SESSIONS.load(Ordering::Relaxed),
            "variables": std::env::vars().count(),
            "arguments": std::env::args().count(),
            "file": std::fs::read("/etc/hosts").is_ok() || std::fs::read_dir("/").is_ok(),
            "dials": std::net::TcpStream::connect("127.0.0.1:1").map_err(|error| error.kind() != std::io::ErrorKind::ConnectionRefused).is_ok(),
            "year": std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        })
    }
}

impl GuestSession for Own {
    fn create(config: String, _: bool) -> Result<Session, Failure> {
        SESSIONS.fetch_add(1, Ordering::Relaxed);
        let config: Value = serde_json::from_str(&config).unwrap_or_default();
        let does = config["do"].as_str().unwrap_or("behave").to_owned();
        match does.as_str() {
            "create-loop" => spin(),
            "create-trap" => panic!("on purpose"),
            "create-failure" => {
                let message = "escape \u{1b}[2J \u{202e}".to_owned() + &"x".repeat(100_000);
                return Err(Failure { member: Some("do\u{1b}[1m".to_owned()), message });
            }
            _ => {}
        }
        Ok(Session::new(Own { does, given: Cell::new(0) }))
    }

    fn open(&self, now: u64) -> Step {
        match self.does.as_str() {
            "open-loop" => spin(),
            "storm" => Step { tick: Some(now), ..nothing() },
            _ => nothing(),
        }
    }

    fn data(&self, bytes: Vec<u8>, now: u64) -> Step {
        let start = self.given.get();
        let end = start + bytes.len() as u64;
        self.given.set(end);
        let own = |value: String| Step { messages: vec![self.message(value, start, end)], ..nothing() };
        match self.does.as_str() {
            "loop" => spin(),
            "trap" => panic!("on purpose"),
            "memory" => hoard(),
            "exit" => std::process::exit(3),
            "output" => Step { send: vec![b'x'; 40 << 20], ..own("{}".to_owned()) },
            "many" => Step {
                messages: (0..280_000).map(|_| self.message("{}".to_owned(), start, start)).collect(),
                ..nothing()
            },
            "giant" => {
                let mut text = String::with_capacity((17 << 20) + 8);
                text.push_str("{\"x\":\"");
                text.extend(std::iter::repeat_n('y', 17 << 20));
                text.push_str("\"}");
                own(text)
            }
            "no-json" => own("{not json".to_owned()),
            "no-object" => own("[1]".to_owned()),
            "deep" => own(format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000))),
            "others-bytes" => Step { messages: vec![self.message("{}".to_owned(), start, end + 1)], ..nothing() },
            "gap" => Step { messages: vec![self.message("{}".to_owned(), start + 1, end)], ..nothing() },
            "backwards" => Step { messages: vec![self.message("{}".to_owned(), end, start)], ..nothing() },
            "notes" => {
                Step { note: Some("note \u{1b}[2J\nsecond ".to_owned() + &"x".repeat(10_000)), ..own("{}".to_owned()) }
            }
            "escapes" => own(json!({ "text": "\u{1b}[2J\u{202e}" }).to_string()),
            "seen" => own(self.seen().to_string()),
            "close" => Step { close: Some("enough \u{1b}[2J".to_owned()), ..own("{}".to_owned()) },
            "storm" => Step { tick: Some(now), ..own(json!({ "bytes": bytes.len() }).to_string()) },
            _ => own(json!({ "bytes": bytes.len() }).to_string()),
        }
    }

    fn tick(&self, now: u64) -> Step {
        match self.does.as_str() {
            "storm" => Step {
                tick: Some(now),
                messages: vec![self.message("{\"tick\":true}".to_owned(), self.given.get(), self.given.get())],
                ..nothing()
            },
            _ => nothing(),
        }
    }

    fn close(&self, _: Reason, _: u64) -> Step {
        if self.does == "close-loop" {
            spin();
        }
        nothing()
    }

    fn encode(&self, message: String, _: u64) -> Result<Encoded, Failure> {
        match self.does.as_str() {
            "encode-loop" => spin(),
            "encode-giant" => Ok(Encoded { send: vec![b'x'; 40 << 20], request: None, tick: None }),
            _ => Ok(Encoded { send: message.into_bytes(), request: None, tick: None }),
        }
    }

    fn encode_payload(&self, payload: Vec<u8>, _: u64) -> Result<Encoded, Failure> {
        Ok(Encoded { send: payload, request: None, tick: None })
    }
}

handler_guest::bindings::export!(Component with_types_in handler_guest::bindings);
