//! Each rule of `lines`, and what real devices do.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use handler_kit::testing::{examples_hold, input_is_kept, messages, pieces_change_nothing};
use handler_kit::{Reason, Session, Value, json};
use lines_handler::Lines;

fn values(config: &Value, bytes: &[u8]) -> Vec<Value> {
    for pieces in [1, 2, 3, 7] {
        pieces_change_nothing::<Lines>(config, bytes, &[pieces]);
    }
    input_is_kept::<Lines>(config, bytes, &[3]);
    messages::<Lines>(config, bytes, &[usize::MAX]).into_iter().map(|message| message.value).collect()
}

fn refused(config: Value) -> Option<String> {
    Session::<Lines>::new(config).unwrap_err().member
}

#[test]
fn the_examples_hold() {
    examples_hold::<Lines>();
}

#[test]
fn each_end_ends_a_line_and_the_others_do_not() {
    let bytes = b"a\rb\nc\r\nd";
    let ended = |end: Value| values(&json!({ "end": end }), bytes);
    let close = |line: &str| json!({ "line": line, "ended_by": "close" });
    assert_eq!(ended(json!("auto")), [json!({ "line": "a\rb" }), json!({ "line": "c" }), close("d")]);
    assert_eq!(ended(json!("lf")), [json!({ "line": "a\rb" }), json!({ "line": "c\r" }), close("d")]);
    assert_eq!(ended(json!("crlf")), [json!({ "line": "a\rb\nc" }), close("d")]);
    assert_eq!(ended(json!("cr")), [json!({ "line": "a" }), json!({ "line": "b\nc" }), close("\nd")]);
    assert_eq!(ended(json!({ "text": "\nc" })), [json!({ "line": "a\rb" }), close("\r\nd")]);
    assert_eq!(ended(json!({ "hex": "0a 63 0d" })), [json!({ "line": "a\rb" }), close("\nd")]);
}

#[test]
fn an_empty_line_is_a_line() {
    assert_eq!(values(&json!({}), b"\r\n\n"), [json!({ "line": "" }), json!({ "line": "" })]);
    assert!(values(&json!({}), b"").is_empty());
}

#[test]
fn the_longest_line_may_be_as_long_as_said() {
    for end in ["auto", "crlf", "lf"] {
        let config = json!({ "longest_line": 3, "end": end });
        let sent = if end == "lf" { "\n" } else { "\r\n" };
        assert_eq!(values(&config, format!("123{sent}").as_bytes()), [json!({ "line": "123" })]);
        let got = values(&config, format!("1234{sent}12{sent}").as_bytes());
        assert_eq!(got.len(), 3, "{got:?}");
        assert_eq!(got[0]["at"], 0);
        assert_eq!(got[1]["at"], 3);
        assert_eq!(got[2], json!({ "line": "12" }));
    }
}

#[test]
fn a_line_without_an_end_is_told_in_parts() {
    let got = values(&json!({ "longest_line": 10 }), &[b'x'; 35]);
    assert_eq!(got.iter().map(|value| value["at"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 10, 20, 30]);
}

#[test]
fn encodings_go_both_ways() {
    for (encoding, text, bytes) in [
        ("utf-8", "é", &b"\xc3\xa9"[..]),
        ("latin-1", "é\u{85}", b"\xe9\x85"),
        ("windows-1252", "é…", b"\xe9\x85"),
        ("windows-1251", "Привет", b"\xcf\xf0\xe8\xe2\xe5\xf2"),
        ("windows-1250", "žš", b"\x9e\x9a"),
        ("koi8-r", "Ж", b"\xf6"),
        ("shift_jis", "表", b"\x95\x5c"),
    ] {
        let config = json!({ "encoding": encoding, "end": "lf" });
        let line = [bytes, b"\n"].concat();
        assert_eq!(values(&config, &line), [json!({ "line": text })], "{encoding}");
        let mut session = Session::<Lines>::new(config).unwrap();
        assert_eq!(session.encode(&json!({ "line": text }), 0).unwrap().bytes, line, "{encoding}");
    }
}

#[test]
fn bytes_that_are_no_text_of_the_encoding_are_base64() {
    assert_eq!(values(&json!({}), b"\xff\xfe\n"), [json!({ "line": { "base64": "//4=" } })]);
    // It is ASCII as well, and base64 nevertheless because of its second byte.
    assert_eq!(values(&json!({ "encoding": "windows-1253" }), b"a\xaa\n"), [json!({ "line": { "base64": "Yao=" } })]);
}

#[test]
fn a_character_that_the_encoding_has_not_is_refused_by_name() {
    for encoding in ["latin-1", "windows-1252"] {
        let mut session = Session::<Lines>::new(json!({ "encoding": encoding })).unwrap();
        let failure = session.encode(&json!({ "line": "aЖ" }), 0).unwrap_err();
        assert_eq!(failure.member.as_deref(), Some("line"));
        assert!(failure.message.starts_with("`Ж` is no character of"), "{failure}");
    }
}

#[test]
fn a_line_to_the_peer_holds_no_end() {
    let mut session = Session::<Lines>::new(json!({})).unwrap();
    for (message, member) in [
        (json!({ "line": "a\nb" }), Some("line")),
        (json!({ "line": "a\r\n" }), Some("line")),
        (json!({ "line": 1 }), Some("line")),
        (json!({ "line": { "hex": "0a" } }), Some("line")),
        (json!({}), Some("line")),
        (json!({ "line": "a", "end": "lf" }), Some("end")),
        (json!("a"), None),
    ] {
        assert_eq!(session.encode(&message, 0).unwrap_err().member.as_deref(), member, "{message}");
    }
    assert_eq!(session.encode(&json!({ "line": { "hex": "ff00" } }), 0).unwrap().bytes, b"\xff\x00\r\n");
}

#[test]
fn configurations_that_make_no_sense_name_their_member() {
    assert_eq!(refused(json!({ "longest_line": 0 })).as_deref(), Some("longest_line"));
    assert_eq!(refused(json!({ "longest_line": 1u64 << 40 })).as_deref(), Some("longest_line"));
    assert_eq!(refused(json!({ "silence_ms": 1 })).as_deref(), Some("silence_ms"));
    assert_eq!(refused(json!({ "end": "none" })).as_deref(), Some("silence_ms"));
    assert_eq!(refused(json!({ "end": { "text": "" } })).as_deref(), Some("end"));
    assert_eq!(refused(json!({ "end": { "hex": "0" } })).as_deref(), Some("end.hex"));
    assert_eq!(refused(json!({ "send_end": { "text": "x".repeat(33) } })).as_deref(), Some("send_end"));
    for encoding in ["utf-16le", "iso-2022-jp", "replacement", "x-none"] {
        assert_eq!(refused(json!({ "encoding": encoding })).as_deref(), Some("encoding"), "{encoding}");
    }
}

#[test]
fn sinstruments_ends_no_answer_with_a_line_end() {
    let config = json!({ "end": "none", "send_end": "lf", "silence_ms": 50 });
    let mut session = Session::<Lines>::new(config).unwrap();
    assert_eq!(session.encode(&json!({ "line": "*IDN?" }), 0).unwrap().bytes, b"*IDN?\n");
    let step = session.data(b"ACME", 1000);
    assert!(step.messages.is_empty());
    assert_eq!(step.tick, Some(1050));
    assert_eq!(session.data(b",1", 1040).tick, Some(1090), "each byte is heard");
    let early = session.tick(1050);
    assert!(early.messages.is_empty());
    assert_eq!(early.tick, Some(1090), "what was asked for before comes too early");
    let step = session.tick(1090);
    assert_eq!(step.messages[0].value, json!({ "line": "ACME,1", "ended_by": "silence" }));
    assert_eq!((step.messages[0].span.start, step.messages[0].span.end), (0, 6));
    assert_eq!(session.tick(2000), handler_kit::Step::default());
}

#[test]
fn silence_ends_what_no_end_has_ended() {
    let mut session = Session::<Lines>::new(json!({ "silence_ms": 10, "longest_line": 4 })).unwrap();
    let step = session.data(b"one\nlogin: ", 0);
    assert_eq!(step.messages[0].value, json!({ "line": "one" }));
    assert_eq!(step.messages[1].value["at"], 4, "the rest is too long");
    assert_eq!(session.tick(10).messages[0].value["at"], 8);
    assert_eq!(session.data(b"two", 20).tick, Some(30));
    assert_eq!(session.data(b"\n", 25).tick, None, "nothing is left to wait for");
    assert!(session.tick(30).messages.is_empty());
    assert!(session.close(Reason::Ended, 40).messages.is_empty());
}

#[test]
fn a_payload_keeps_its_end_and_gets_one_if_it_has_none() {
    let got = messages::<Lines>(&json!({}), b"{}\r\n[", &[usize::MAX]);
    assert_eq!(got[0].payload.as_deref(), Some(&b"{}\r\n"[..]));
    assert_eq!(got[1].payload.as_deref(), Some(&b"["[..]));
    let mut session = Session::<Lines>::new(json!({})).unwrap();
    assert_eq!(session.encode_payload(b"{}", 0).unwrap().bytes, b"{}\r\n");
    assert_eq!(session.encode_payload(b"{}\n", 0).unwrap().bytes, b"{}\n");
}
