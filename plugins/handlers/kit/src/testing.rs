//! What holds for every handler, for its tests and its fuzz target. A handler's tests call
//! [`examples_hold`] and, over generated input, [`input_is_kept`].
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "it is called by tests")]

use serde_json::{Value, json};

use crate::{Handler, Layer, Message, Reason, Session, Stack, Step};

/// Feeds the bytes in pieces of these lengths, one after another and over again, and
/// then ends; all messages.
pub fn messages<H: Handler>(config: &Value, bytes: &[u8], pieces: &[usize]) -> Vec<Message> {
    messages_after::<H>(config, &[], bytes, pieces)
}

/// The same in a session that has sent these messages before.
pub fn messages_after<H: Handler>(config: &Value, sent: &[Value], bytes: &[u8], pieces: &[usize]) -> Vec<Message> {
    told_and_sent::<H>(config, sent, bytes, pieces).0
}

/// All messages, and all that went to the peer because of them.
fn told_and_sent<H: Handler>(
    config: &Value,
    sent: &[Value],
    bytes: &[u8],
    pieces: &[usize],
) -> (Vec<Message>, Vec<u8>) {
    let mut session = Session::<H>::new(config.clone()).unwrap();
    let mut all = session.open(0);
    for message in sent {
        session.encode(message, 0).unwrap_or_else(|error| panic!("{}: {message}: {error}", H::NAME));
    }
    let mut add = |step: Step| {
        all.messages.extend(step.messages);
        all.send.extend(step.send);
    };
    let mut rest = bytes;
    let mut lengths = pieces.iter().copied().cycle();
    let mut now = 0;
    while !rest.is_empty() {
        let length = lengths.next().unwrap_or(rest.len()).clamp(1, rest.len());
        let (piece, behind) = rest.split_at(length);
        now += 1;
        add(session.data(piece, now));
        rest = behind;
    }
    add(session.close(Reason::Ended, now));
    (all.messages, all.send)
}

/// The ranges of all messages, put together, are the input: none is missing, none is told twice,
/// and each stands where it came.
pub fn input_is_kept<H: Handler>(config: &Value, bytes: &[u8], pieces: &[usize]) {
    let messages = messages::<H>(config, bytes, pieces);
    ranges_are_the_input(H::NAME, &messages, bytes.len());
    for message in messages.iter().filter(|message| message.value.get("malformed").is_some()) {
        assert_eq!(message.value.get("at"), Some(&json!(message.span.start)), "{}: {message:?}", H::NAME);
    }
}

fn ranges_are_the_input(name: &str, messages: &[Message], length: usize) {
    let mut at = 0;
    for message in messages {
        assert_eq!(message.span.start, at, "{name}: a message does not begin where the one before ends: {message:?}");
        assert!(message.span.end >= at, "{name}: {message:?}");
        at = message.span.end;
    }
    assert_eq!(at, length as u64, "{name}: input is lost: {messages:?}");
}

/// The same of handlers on top of each other: all messages, after their ranges were looked at.
pub fn stack_is_kept(make: impl Fn() -> Vec<Box<dyn Layer>>, bytes: &[u8], pieces: &[usize]) -> Vec<Message> {
    let mut stack = Stack::new(make()).unwrap();
    let mut all = stack.open(0).messages;
    let mut rest = bytes;
    let mut lengths = pieces.iter().copied().cycle();
    while !rest.is_empty() {
        let length = lengths.next().unwrap_or(rest.len()).clamp(1, rest.len());
        let (piece, behind) = rest.split_at(length);
        all.extend(stack.data(piece, 0).messages);
        rest = behind;
    }
    all.extend(stack.close(Reason::Ended, 0).messages);
    ranges_are_the_input("stack", &all, bytes.len());
    all
}

/// However the bytes come, the messages are the same, and so is what is sent because of them.
pub fn pieces_change_nothing<H: Handler>(config: &Value, bytes: &[u8], pieces: &[usize]) {
    let (told, sent) = told_and_sent::<H>(config, &[], bytes, &[usize::MAX]);
    let (told_in_pieces, sent_in_pieces) = told_and_sent::<H>(config, &[], bytes, pieces);
    assert_eq!(told, told_in_pieces, "{}", H::NAME);
    assert_eq!(sent, sent_in_pieces, "{}", H::NAME);
}

/// Bytes with changes, for valid input that is to be broken. A change says where, what is done
/// there (a byte is set, put in or taken out, or the rest is cut off) and with which byte.
pub fn mutated(bytes: &[u8], changes: &[(u16, u8, u8)]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (at, change, byte) in changes {
        let at = usize::from(*at) % (bytes.len() + 1);
        match (change % 8, bytes.get_mut(at)) {
            (0..=2, Some(there)) => *there = *byte,
            (3 | 4, _) => bytes.insert(at, *byte),
            (5 | 6, Some(_)) => drop(bytes.remove(at)),
            (7, _) => bytes.truncate(at),
            _ => {}
        }
    }
    bytes
}

/// Every worked example is true, at once and byte by byte: what comes in comes after what was sent.
pub fn examples_hold<H: Handler>() {
    let examples = H::examples();
    assert!(!examples.is_empty(), "{} has no example", H::NAME);
    for example in examples {
        let mut session = Session::<H>::new(example.config.clone()).unwrap();
        let _: Step = session.open(0);
        for (message, bytes) in &example.outgoing {
            let encoded =
                session.encode(message, 0).unwrap_or_else(|error| panic!("{}: {message}: {error}", example.title));
            assert_eq!(encoded.bytes, *bytes, "{}: {message}", example.title);
        }
        let sent: Vec<Value> = example.outgoing.iter().map(|(message, _)| message.clone()).collect();
        let (bytes, expected) = &example.incoming;
        for pieces in [usize::MAX, 1, 3] {
            let got = messages_after::<H>(&example.config, &sent, bytes, &[pieces]);
            let got: Vec<Value> = got.into_iter().map(|message| message.value).collect();
            assert_eq!(json!(got), json!(expected), "{}, in pieces of {pieces}", example.title);
        }
        input_is_kept::<H>(&example.config, bytes, &[1]);
    }
}
