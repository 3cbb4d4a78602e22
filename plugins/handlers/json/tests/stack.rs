//! `json` above `frames` and above `lines`: ranges are those of the connection, and messages go
//! down through both.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use frames_handler::Frames;
use handler_kit::testing::stack_is_kept;
use handler_kit::{Layer, Message, Session, Stack, Value, json};
use json_handler::Json;
use lines_handler::Lines;
use proptest::prelude::*;

fn layers(frames: &Value) -> Vec<Box<dyn Layer>> {
    let json = json!({ "framing": "concatenated", "send_end": "none" });
    vec![Box::new(Session::<Frames>::new(frames.clone()).unwrap()), Box::new(Session::<Json>::new(json).unwrap())]
}

/// What is told of each message: its range, and what it says.
fn told(messages: &[Message]) -> Vec<(u64, u64, String)> {
    messages.iter().map(|m| (m.span.start, m.span.end, m.value.to_string())).collect()
}

/// The messages, however the bytes come.
fn run(frames: &Value, bytes: &[u8]) -> Vec<(u64, u64, String)> {
    let whole = told(&stack_is_kept(|| layers(frames), bytes, &[usize::MAX]));
    for pieces in [1, 2, 5] {
        assert_eq!(told(&stack_is_kept(|| layers(frames), bytes, &[pieces])), whole);
    }
    whole
}

fn is(start: u64, end: u64, value: Value) -> (u64, u64, String) {
    (start, end, value.to_string())
}

#[test]
fn a_document_in_a_frame_has_the_range_of_its_frame() {
    let got = run(&json!({ "length_bytes": 2 }), b"\0\x07{\"a\":1}\0\x02{}");
    assert_eq!(got, [is(0, 9, json!({ "json": { "a": 1 } })), is(9, 13, json!({ "json": {} }))]);
}

#[test]
fn a_document_over_several_frames_has_the_range_of_all() {
    let got = run(&json!({ "kind": "slip" }), b"\xc0{\"a\xc0\xc0\":1\xc0}\xc0[]\xc0");
    assert_eq!(got, [is(0, 12, json!({ "json": { "a": 1 } })), is(12, 15, json!({ "json": [] }))]);
}

#[test]
fn of_several_documents_in_a_frame_the_first_has_its_range() {
    let got = run(&json!({ "length_bytes": 1 }), b"\x06{}{}[1\x01]");
    assert_eq!(
        got,
        [is(0, 7, json!({ "json": {} })), is(7, 7, json!({ "json": {} })), is(7, 9, json!({ "json": [1] }))]
    );
}

#[test]
fn an_empty_frame_is_told_itself() {
    let got = run(&json!({ "length_bytes": 1 }), b"\0\x02{}\0");
    assert_eq!(got[0], is(0, 1, json!({ "frame": "" })));
    assert_eq!(got[2], is(4, 5, json!({ "frame": "" })));
}

#[test]
fn malformed_frames_and_documents_say_whose_they_are() {
    let got = run(&json!({ "kind": "cobs" }), b"\x04{a}\0\x09x\0\x03{}\0");
    assert_eq!(
        got,
        [
            is(0, 5, json!({ "malformed": "key must be a string: byte 1", "at": 0, "handler": "json" })),
            is(5, 8, json!({ "malformed": "a length within the COBS frame is wrong", "at": 5, "handler": "frames" })),
            is(8, 12, json!({ "json": {} })),
        ]
    );
}

#[test]
fn a_malformed_frame_within_a_document_is_told_at_once() {
    let got = run(&json!({ "kind": "cobs" }), b"\x02[\0\x09x\0\x02]\0");
    assert_eq!(got[0].0, 0, "with the bytes that the document has so far");
    assert_eq!(got[0].1, 6);
    assert!(got[0].2.contains("\"at\":3"), "{got:?}");
    assert_eq!(got[1], is(6, 9, json!({ "json": [] })));
}

#[test]
fn a_message_goes_down_through_the_layers() {
    let mut stack = Stack::new(layers(&json!({ "length_bytes": 2 }))).unwrap();
    let encoded = stack.encode(&json!({ "json": { "a": 1 } }), 0).unwrap();
    assert_eq!(encoded.bytes, b"\0\x07{\"a\":1}");
    assert_eq!(stack.encode(&json!({ "frame": "x" }), 0).unwrap_err().member.as_deref(), Some("frame"));
    let mut stack = Stack::new(layers(&json!({ "longest_frame": 4 }))).unwrap();
    assert_eq!(stack.encode(&json!({ "json": "abcdef" }), 0).unwrap_err().member.as_deref(), Some("frame"));
}

#[test]
fn what_carries_nothing_stands_last() {
    let json = || Box::new(Session::<Json>::new(json!({})).unwrap());
    let failure = Stack::new(vec![json(), json()]).err().unwrap();
    assert!(failure.message.contains("`json` carries no other"), "{failure}");
    assert!(Stack::new(vec![]).is_err());
}

#[test]
fn silence_below_is_heard_above() {
    let lines = Session::<Lines>::new(json!({ "end": "none", "silence_ms": 20 })).unwrap();
    let json = Session::<Json>::new(json!({ "framing": "concatenated" })).unwrap();
    let mut stack = Stack::new(vec![Box::new(lines), Box::new(json)]).unwrap();
    let step = stack.data(b"{\"a\":1}", 100);
    assert!(step.messages.is_empty());
    assert_eq!(step.tick, Some(120));
    let step = stack.tick(120);
    assert_eq!(told(&step.messages), [is(0, 7, json!({ "json": { "a": 1 } }))]);
    assert_eq!(step.tick, None);
}

#[test]
fn three_handlers_stand_on_each_other() {
    let make = || -> Vec<Box<dyn Layer>> {
        vec![
            Box::new(Session::<Frames>::new(json!({ "length_bytes": 1 })).unwrap()),
            Box::new(Session::<Lines>::new(json!({})).unwrap()),
            Box::new(Session::<Json>::new(json!({})).unwrap()),
        ]
    };
    let bytes = b"\x03[1]\x02\r\n\x05{}\n2\n";
    let got = told(&stack_is_kept(make, bytes, &[1]));
    assert_eq!(got, told(&stack_is_kept(make, bytes, &[usize::MAX])));
    assert_eq!(
        got,
        [is(0, 7, json!({ "json": [1] })), is(7, 13, json!({ "json": {} })), is(13, 13, json!({ "json": 2 }))]
    );
    let mut stack = Stack::new(make()).unwrap();
    assert_eq!(stack.encode(&json!({ "json": 1 }), 0).unwrap().bytes, b"\x021\n");
}

proptest! {
    #[test]
    fn any_input_is_kept(
        kind in prop::sample::select(vec!["length", "slip", "cobs"]),
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"\0\x01\x02{}[]\"1, \n\xc0".to_vec())], 0..200),
        pieces in prop::collection::vec(1usize..30, 1..5),
    ) {
        let frames = json!({ "kind": kind, "length_bytes": 1 });
        let got = told(&stack_is_kept(|| layers(&frames), &bytes, &pieces));
        prop_assert_eq!(got, told(&stack_is_kept(|| layers(&frames), &bytes, &[usize::MAX])));
    }
}
