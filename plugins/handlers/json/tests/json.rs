//! Each rule of `json`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use handler_kit::testing::{examples_hold, input_is_kept, messages, pieces_change_nothing};
use handler_kit::{Session, Value, json};
use json_handler::Json;

fn values(config: &Value, bytes: &[u8]) -> Vec<Value> {
    for pieces in [1, 2, 3, 7] {
        pieces_change_nothing::<Json>(config, bytes, &[pieces]);
    }
    input_is_kept::<Json>(config, bytes, &[3]);
    messages::<Json>(config, bytes, &[usize::MAX]).into_iter().map(|message| message.value).collect()
}

fn concatenated() -> Value {
    json!({ "framing": "concatenated" })
}

/// Whether the message is malformed, at this place, for a reason with these words.
#[track_caller]
fn is_malformed(message: &Value, at: u64, words: &str) {
    assert!(message["malformed"].as_str().is_some_and(|reason| reason.contains(words)), "{message}");
    assert_eq!(message["at"], at, "{message}");
}

#[test]
fn the_examples_hold() {
    examples_hold::<Json>();
}

#[test]
fn the_last_line_needs_no_end() {
    assert_eq!(values(&json!({}), b"1\n{\"a\":2}"), [json!({ "json": 1 }), json!({ "json": { "a": 2 } })]);
    let got = values(&json!({}), b"1\n{\"a\":");
    is_malformed(&got[1], 2, "the connection ends within a document: EOF");
}

#[test]
fn blank_lines_belong_to_what_follows() {
    let got = messages::<Json>(&json!({}), b"\n \r\n1\n\n", &[1]);
    assert_eq!(got.iter().map(|m| (m.span.start, m.span.end)).collect::<Vec<_>>(), [(0, 6), (6, 7)]);
    assert_eq!(got[1].value, json!({ "blank": true }));
    assert_eq!(values(&json!({}), &[b'\n'; 2500]).len(), 3, "white space without end is told in parts");
}

#[test]
fn a_byte_order_mark_may_stand_first_only() {
    for config in [json!({}), concatenated()] {
        let got = values(&config, b"\xef\xbb\xbf1\n\xef\xbb\xbf2\n");
        assert_eq!(got[0], json!({ "json": 1 }), "{config}");
        assert_eq!(got[1]["at"], if config == json!({}) { 5 } else { 4 }, "{config}");
    }
}

#[test]
fn a_line_is_one_document() {
    let got = values(&json!({}), b"{} {}\n{}\n");
    is_malformed(&got[0], 0, "trailing characters: byte 3");
    assert_eq!(got[1], json!({ "json": {} }));
}

#[test]
fn a_document_may_be_as_long_as_said() {
    for config in [json!({ "longest_document": 5 }), json!({ "longest_document": 5, "framing": "concatenated" })] {
        let got = values(&config, b"[1,2]\n[1,23]\n12345\n123456\n\"abc\"\n\"abcd\"\n[]\n");
        let documents: Vec<&Value> = got.iter().filter_map(|message| message.get("json")).collect();
        assert_eq!(json!(documents), json!([[1, 2], 12345, "abc", []]), "{config}: {got:?}");
        is_malformed(&got[1], if config.get("framing").is_some() { 5 } else { 6 }, "longer than 5 bytes");
        is_malformed(&got[2], 11, "the rest of a document");
    }
}

#[test]
fn a_document_without_end_is_told_in_parts() {
    let config = json!({ "framing": "concatenated", "longest_document": 100 });
    let mut bytes = vec![b'['; 250];
    bytes.extend([b']'; 250]);
    bytes.extend(b"{}");
    let got = values(&config, &bytes);
    assert_eq!(got.iter().filter_map(|message| message["at"].as_u64()).collect::<Vec<_>>(), [0, 100, 200, 300, 400]);
    assert_eq!(got[5], json!({ "json": {} }));
}

#[test]
fn depth_is_bounded_and_the_next_document_is_read() {
    for framing in ["lines", "concatenated"] {
        let deep = "[".repeat(5000) + &"]".repeat(5000) + "\n[[1]]\n";
        let got = values(&json!({ "framing": framing, "deepest": 2 }), deep.as_bytes());
        is_malformed(&got[0], 0, "deeper than 2");
        assert_eq!(got[1], json!({ "json": [[1]] }));
    }
}

#[test]
fn what_is_broken_ends_where_the_next_document_can_begin() {
    let got = values(&concatenated(), b"{a:1}{\"b\":2}");
    is_malformed(&got[0], 0, "key must be a string: byte 1");
    assert_eq!(got[1], json!({ "json": { "b": 2 } }));

    let got = values(&concatenated(), b"{\"a\":[1}, \"x\"}{\"b\":2}");
    is_malformed(&got[0], 0, "a bracket is closed by another: byte 7");
    is_malformed(&got[1], 8, "no document begins here");
    assert_eq!(got[2], json!({ "json": { "b": 2 } }));

    let got = values(&concatenated(), b"{\"a\": \"open\n{\"b\":2}");
    is_malformed(&got[0], 0, "a line ends within a string: byte 11");
    assert_eq!(got[1], json!({ "json": { "b": 2 } }));

    let got = values(&concatenated(), b"1,2]{}");
    assert_eq!(got[0], json!({ "json": 1 }));
    is_malformed(&got[1], 1, "no document begins with `,`");
    assert_eq!(got[2], json!({ "json": {} }));
}

#[test]
fn http_in_place_of_json_is_told_as_http() {
    for config in [json!({}), concatenated()] {
        let got = values(&config, b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n");
        is_malformed(&got[0], 0, "it looks like an HTTP response");
    }
}

#[test]
fn a_peer_that_speaks_something_else_is_told_before_it_ends() {
    let mut session = Session::<Json>::new(concatenated()).unwrap();
    let step = session.data(b"SSH-2.0-OpenSSH_10.0", 0);
    is_malformed(&step.messages[0].value, 0, "it looks like SSH");
}

#[test]
fn numbers_are_as_exact_as_64_bits() {
    let got = values(&json!({}), b"18446744073709551615\n-9223372036854775808\n0.1\n18446744073709551616\n");
    assert_eq!(got[0], json!({ "json": u64::MAX }));
    assert_eq!(got[1], json!({ "json": i64::MIN }));
    assert_eq!(got[2], json!({ "json": 0.1 }));
    assert!(got[3]["json"].is_f64(), "a larger integer becomes a floating point number");
}

#[test]
fn members_keep_their_order() {
    assert_eq!(values(&json!({}), b"{\"z\":1,\"a\":2}\n")[0].to_string(), r#"{"json":{"z":1,"a":2}}"#);
}

#[test]
fn messages_and_configurations_that_make_no_sense_name_their_member() {
    let mut session = Session::<Json>::new(json!({ "send_end": "crlf" })).unwrap();
    assert_eq!(session.encode(&json!({ "json": "a\nb" }), 0).unwrap().bytes, b"\"a\\nb\"\r\n");
    for (message, member) in
        [(json!({}), Some("json")), (json!({ "json": 1, "id": 1 }), Some("id")), (json!([1]), None)]
    {
        assert_eq!(session.encode(&message, 0).unwrap_err().member.as_deref(), member, "{message}");
    }
    for (config, member) in [
        (json!({ "deepest": 121 }), "deepest"),
        (json!({ "longest_document": 0 }), "longest_document"),
        (json!({ "framing": "length" }), "handler_config"),
    ] {
        assert_eq!(Session::<Json>::new(config).unwrap_err().member.as_deref(), Some(member));
    }
}
