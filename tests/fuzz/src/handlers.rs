//! What holds for every protocol handler. An input is a session: a head, then acts, each behind a
//! line that begins with `%%`.
//!
//! The head is three characters: the number of a configuration, the lengths of the pieces that data
//! comes in, and why the session ends. An act is a letter and what belongs to it:
//!
//! - `d` bytes of the peer; so is an act of another letter, as a whole
//! - `e` a message to encode, as JSON
//! - `x` a message of the handler's examples: its number, the number of a value in it, and what
//!   stands there instead
//! - `p` bytes of a handler above, to encode as one message
//! - `t` milliseconds that pass
//! - `c` another configuration, as JSON, for the whole session

use std::collections::BTreeSet;

use handler_kit::{Encoded, Failure, Handler, Message, Now, Reason, Session, Step, Value, json};

/// Stands before each act.
const BEFORE: &[u8] = b"\n%%";

/// The longest time that passes at once, in milliseconds.
const LONGEST_WAIT: u64 = 100_000_000;

/// A handler has nothing more to do at one time after so many ticks.
const MOST_TICKS: usize = 64;

/// What an input says.
struct Script<'a> {
    config: Value,
    pieces: [usize; 2],
    reason: Reason,
    acts: Vec<Act<'a>>,
}

enum Act<'a> {
    Data(&'a [u8]),
    Encode(Value),
    Payload(&'a [u8]),
    Wait(u64),
}

/// A session that has ended.
#[derive(Debug, Default)]
struct Told {
    messages: Vec<Message>,
    /// What was sent, encoded messages included.
    sent: Vec<u8>,
    notes: Vec<String>,
    close: Option<String>,
    /// Data has made the handler send.
    answered: bool,
    /// Which acts were refused.
    refused: BTreeSet<usize>,
    /// Numbers of requests.
    requests: BTreeSet<u64>,
    /// Bytes that came, and those of the messages and of the configuration as JSON.
    given: usize,
}

/// How the messages of the same data in other pieces are compared.
#[derive(Clone, Copy, Debug)]
pub enum Compared {
    /// As they are.
    Alike,
    /// By what becomes of them where those that are told as data comes are put together.
    Joined(fn(Vec<Message>) -> Vec<Message>),
    /// As they are, where no data has made the handler send: what it sends then decides
    /// what the data behind it is.
    WhereSilent,
}

/// Plays the session of an input in one of these configurations, and looks at what is told.
pub fn hold<H: Handler>(data: &[u8], configs: &[&str], compared: Compared) {
    for config in configs {
        let config = serde_json::from_str(config).unwrap();
        assert!(Session::<H>::new(config).is_ok(), "a fixed configuration is valid");
    }
    let script = read::<H>(data, configs);
    let Some(whole) = play::<H>(&script, [usize::MAX; 2], &BTreeSet::new()) else { return };
    looks_right::<H>(&script, &whole);
    // What is refused leaves no trace: the second time it is left out.
    let Some(cut) = play::<H>(&script, script.pieces, &whole.refused) else { panic!("the configuration was valid") };
    looks_right::<H>(&script, &cut);
    let joined = match compared {
        Compared::WhereSilent if whole.answered || cut.answered => return,
        Compared::WhereSilent | Compared::Alike => |messages| messages,
        Compared::Joined(joined) => joined,
    };
    assert!(cut.refused.is_empty(), "what was taken is taken however data comes");
    assert_eq!(joined(whole.messages), joined(cut.messages), "messages are the same however data comes");
    assert_eq!(whole.sent, cut.sent, "what is sent is the same however data comes");
    assert_eq!(whole.close, cut.close, "the end is the same however data comes");
}

fn read<'a, H: Handler>(data: &'a [u8], configs: &[&str]) -> Script<'a> {
    let mut parts = parts(data).into_iter();
    let head = parts.next().unwrap_or_default();
    let digit = |at: usize| usize::from(head.get(at).map_or(0, |byte| byte.wrapping_sub(b'0')));
    let mut script = Script {
        config: serde_json::from_str(configs[digit(0) % configs.len()]).unwrap(),
        pieces: [1 + digit(1) % 16, 1 + digit(1) / 16],
        reason: [Reason::Ended, Reason::Broken, Reason::Detached][digit(2) % 3],
        acts: Vec::new(),
    };
    for part in parts {
        let Some((kind, rest)) = part.split_first() else { continue };
        let act = match kind {
            b'c' => {
                script.config = serde_json::from_slice(rest).unwrap_or(script.config);
                continue;
            }
            b'd' => Act::Data(rest),
            b'e' => Act::Encode(value(rest)),
            b'x' => Act::Encode(example::<H>(rest)),
            b'p' => Act::Payload(rest),
            b't' => {
                let wait = str::from_utf8(rest).ok().and_then(|text| text.parse::<u64>().ok());
                Act::Wait(wait.unwrap_or(1_000).min(LONGEST_WAIT))
            }
            _ => Act::Data(part),
        };
        script.acts.push(act);
    }
    script
}

/// What stands between the marks.
fn parts(data: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut rest) = (Vec::new(), data);
    while let Some(at) = rest.windows(BEFORE.len()).position(|window| window == BEFORE) {
        parts.push(&rest[..at]);
        rest = &rest[at + BEFORE.len()..];
    }
    parts.push(rest);
    parts
}

/// JSON, or else text.
fn value(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap_or_else(|_| String::from_utf8_lossy(text).into())
}

/// A message of the examples, with one value in it replaced.
fn example<H: Handler>(change: &[u8]) -> Value {
    let messages: Vec<Value> =
        H::examples().into_iter().flat_map(|example| example.outgoing).map(|(message, _)| message).collect();
    let digit = |at: usize| usize::from(change.get(at).map_or(0, |byte| byte.wrapping_sub(b'0')));
    let mut message = messages[digit(0) % messages.len()].clone();
    if let Some(new @ [_, ..]) = change.get(2..) {
        replace(&mut message, &mut digit(1), &value(new));
    }
    message
}

/// Replaces the value of that number, parents before children.
fn replace(value: &mut Value, number: &mut usize, new: &Value) {
    if *number == 0 {
        *value = new.clone();
    }
    // Beyond the last, nothing is replaced any more.
    *number = number.wrapping_sub(1);
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| replace(value, number, new)),
        Value::Object(members) => members.values_mut().for_each(|value| replace(value, number, new)),
        _ => {}
    }
}

/// Plays a session, data in pieces of these lengths, without the acts to be left out. None if the
/// configuration is refused.
fn play<H: Handler>(script: &Script<'_>, pieces: [usize; 2], left_out: &BTreeSet<usize>) -> Option<Told> {
    let mut session = Session::<H>::new(script.config.clone()).ok()?;
    let mut told = Told { given: script.config.to_string().len(), ..Told::default() };
    let (mut now, mut due) = (1_000, None);
    told.add(session.open(now), &mut due);
    let acts = script.acts.iter().enumerate().filter(|(number, _)| !left_out.contains(number));
    for (number, act) in acts {
        match act {
            Act::Data(bytes) => {
                told.given += bytes.len();
                let (mut rest, mut lengths) = (*bytes, pieces.into_iter().cycle());
                while !rest.is_empty() {
                    let (piece, behind) = rest.split_at(lengths.next()?.min(rest.len()));
                    let step = session.data(piece, now);
                    told.answered |= !step.send.is_empty();
                    told.add(step, &mut due);
                    rest = behind;
                }
            }
            Act::Encode(message) => {
                let encoded = session.encode(message, now);
                let length = message.to_string().len();
                told.encoded::<H>(number, length, encoded, &session, &mut due);
            }
            Act::Payload(bytes) => {
                let encoded = session.encode_payload(bytes, now);
                told.encoded::<H>(number, bytes.len(), encoded, &session, &mut due);
            }
            Act::Wait(time) => {
                now += time;
                let mut ticks = 0;
                while due.is_some_and(|due| due <= now) {
                    due = None;
                    told.add(session.tick(now), &mut due);
                    ticks += 1;
                    assert!(ticks <= MOST_TICKS, "it wants to be ticked without end");
                }
            }
        }
    }
    told.add(session.close(script.reason, now), &mut due);
    Some(told)
}

impl Told {
    fn add(&mut self, step: Step, due: &mut Option<Now>) {
        *due = step.tick.or(*due);
        self.messages.extend(step.messages);
        self.sent.extend(step.send);
        self.notes.extend(step.notes);
        self.close = self.close.take().or(step.close);
    }

    fn encoded<H: Handler>(
        &mut self,
        number: usize,
        length: usize,
        encoded: Result<Encoded, Failure>,
        session: &Session<H>,
        due: &mut Option<Now>,
    ) {
        match encoded {
            Ok(encoded) => {
                self.given += length;
                self.sent.extend(encoded.bytes);
                if let Some(request) = encoded.request {
                    assert!(H::PAIRS, "a handler that pairs nothing numbers a request");
                    assert!(self.requests.insert(request), "a number is given twice");
                }
                *due = [*due, session.due()].into_iter().flatten().min();
            }
            Err(failure) => {
                assert!(!failure.message.is_empty(), "a refusal says why");
                self.refused.insert(number);
            }
        }
    }
}

/// What holds for a session by itself.
fn looks_right<H: Handler>(script: &Script<'_>, told: &Told) {
    let came: usize = script.acts.iter().map(|act| if let Act::Data(bytes) = act { bytes.len() } else { 0 }).sum();
    let (mut at, mut length) = (0, 0);
    for message in &told.messages {
        assert_eq!(message.span.start, at, "a message begins where the one before ends: {message:?}");
        assert!(message.span.end >= at, "{message:?}");
        at = message.span.end;
        assert!(message.value.is_object(), "{message:?}");
        if message.value.get("malformed").is_some_and(Value::is_string) {
            assert_eq!(message.value.get("at"), Some(&json!(message.span.start)), "{message:?}");
        }
        let text = message.value.to_string();
        assert!(serde_json::from_str::<Value>(&text).is_ok(), "it is read again: {text}");
        length += text.len();
        assert!(message.payload.is_none() || H::CARRIES, "{message:?}");
        assert!(message.answers.is_none_or(|request| told.requests.contains(&request)), "nobody asked: {message:?}");
    }
    assert_eq!(at, came as u64, "the messages are all that came: {:?}", told.messages);
    length += told.notes.iter().map(String::len).sum::<usize>();
    let (given, acts) = (told.given, script.acts.len() + 2);
    assert!(length <= 1_024 * (given + acts), "{length} bytes are told of {given}");
    let each = 1_024 + script.config.to_string().len();
    assert!(told.sent.len() <= 16 * given + each * acts, "{} bytes are sent because of {given}", told.sent.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_read_as_described() {
        let script = read::<lines_handler::Lines>(
            b"1!1\n%%dab\n\n%%e{\"line\":\"a\"}\n%%t50\n%%zz\n%%c[]",
            &["{}", "{\"end\":\"lf\"}"],
        );
        assert_eq!(script.config, json!([]));
        assert_eq!(script.reason, Reason::Broken);
        let acts: Vec<String> = script
            .acts
            .iter()
            .map(|act| match act {
                Act::Data(bytes) => format!("d{}", bytes.escape_ascii()),
                Act::Encode(value) => format!("e{value}"),
                Act::Payload(bytes) => format!("p{}", bytes.escape_ascii()),
                Act::Wait(time) => format!("t{time}"),
            })
            .collect();
        assert_eq!(acts, ["dab\\n", "e{\"line\":\"a\"}", "t50", "dzz"]);
    }

    #[test]
    fn a_value_of_a_message_is_replaced() {
        let replaced = |number: usize| {
            let mut value = json!({ "a": [1, { "b": 2 }], "c": 3 });
            replace(&mut value, &mut { number }, &json!("new"));
            value
        };
        assert_eq!(replaced(0), json!("new"));
        assert_eq!(replaced(3), json!({ "a": [1, "new"], "c": 3 }));
        assert_eq!(replaced(5), json!({ "a": [1, { "b": 2 }], "c": "new" }));
        assert_eq!(replaced(6), json!({ "a": [1, { "b": 2 }], "c": 3 }));
    }
}
