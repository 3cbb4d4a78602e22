//! A meter's lines as messages.
use cofferdam_handler::{Example, Failure, Next, NoConfig, Protocol, handler, json, message};

#[message]
pub struct Reading {
    /// What was measured
    name: String,
    value: f64,
}

#[message]
pub struct Question {
    /// What to measure, as `volt`
    name: String,
}

pub struct Meter;

#[handler(title = "Acme meter", manifest = "meter.toml")]
impl Protocol for Meter {
    type Config = NoConfig;
    type Incoming = Reading;
    type Outgoing = Question;

    fn new(_: NoConfig) -> Result<Self, Failure> {
        Ok(Self)
    }

    fn next(&mut self, bytes: &[u8], send: &mut Vec<u8>) -> Next<Reading> {
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return Next::More };
        let line = String::from_utf8_lossy(&bytes[..end]);
        let Some((name, Ok(value))) = line.split_once('=').map(|(name, value)| (name, value.trim().parse())) else {
            return Next::Malformed(end + 1, "a line is NAME=VALUE".to_owned());
        };
        send.extend(b"OK\n"); // The meter says it again until it is told so.
        Next::Message(end + 1, Reading { name: name.to_owned(), value })
    }

    fn encode(&mut self, question: Question) -> Result<Vec<u8>, Failure> {
        match question.name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            true => Ok(format!("{}?\n", question.name).into_bytes()),
            false => Err(Failure::of("name", "a name is letters and digits")),
        }
    }

    fn examples() -> Vec<Example> {
        vec![Example {
            title: "a question and its answer",
            config: json!({}),
            outgoing: vec![(json!({ "name": "volt" }), b"volt?\n".to_vec())],
            incoming: (b"volt=3.3\r\n".to_vec(), vec![json!({ "name": "volt", "value": 3.3 })]),
        }]
    }
}
