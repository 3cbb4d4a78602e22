//! What holds for the `http1` handler: its examples, where bodies end, its pairing and its
//! refusals.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use handler_kit::{Handler, Message, Session, Value, json, testing};
use http1_handler::Http1;
use proptest::prelude::*;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// The messages behind these requests.
fn after(config: Value, requests: &[Value], bytes: &[u8]) -> Vec<Message> {
    testing::messages_after::<Http1>(&config, requests, bytes, &[usize::MAX])
}

fn get() -> Value {
    json!({ "target": "/" })
}

fn host() -> Value {
    json!({ "host": "web.example" })
}

fn values(messages: &[Message]) -> Vec<Value> {
    messages.iter().map(|message| message.value.clone()).collect()
}

#[test]
fn examples_hold() {
    testing::examples_hold::<Http1>();
}

#[test]
fn the_summary_fits() {
    assert!(Http1::SUMMARY.len() <= 120, "{}", Http1::SUMMARY.len());
}

#[test]
fn pipelined_answers_are_paired_and_head_has_no_body() {
    let requests = [get(), json!({ "method": "HEAD", "target": "/" }), get(), get(), get()];
    let bytes = [
        OK,
        "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n",
        "\r\n",
        OK,
        OK,
    ]
    .concat();
    let got = after(host(), &requests, bytes.as_bytes());
    let answers: Vec<_> = got.iter().map(|message| message.answers).collect();
    assert_eq!(answers, [Some(0), Some(1), None, None, Some(2), Some(3), Some(4), None]);
    assert_eq!(got[0].value["body"], "ok");
    assert!(got[1].value.get("body").is_none());
    assert_eq!((&got[2].value["status"], &got[2].value["interim"]), (&json!(100), &json!(true)));
    assert_eq!(got[6].value["body"], "ok");
}

#[test]
fn a_body_ends_with_the_connection_where_nothing_else_is_said() {
    let got = after(host(), &[get()], b"HTTP/1.0 200 OK\r\n\r\nall\r\nof it");
    let expected = json!({ "type": "response", "status": 200, "reason": "OK", "version": "1.0", "headers": {}, "body": "all\r\nof it" });
    assert_eq!((values(&got), got[0].answers), (vec![expected], Some(0)));
}

#[test]
fn a_body_that_is_cut_off_says_so() {
    for bytes in ["Content-Length: 5\r\n\r\nhel", "Transfer-Encoding: chunked\r\n\r\n5\r\nhel"] {
        let got = after(host(), &[get()], format!("HTTP/1.1 200 OK\r\n{bytes}").as_bytes());
        assert_eq!(got[0].value["incomplete"], true);
        assert_eq!((&got[0].value["body"], got[0].answers), (&json!("hel"), Some(0)));
    }
    let config = json!({ "host": "web.example", "longest_body": 2 });
    let got = after(config, &[get()], b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
    assert_eq!(got[0].value["more"], true);
    assert_eq!(got[1].value, json!({ "type": "body", "data": "hel", "last": true, "incomplete": true }));
}

#[test]
fn a_body_of_unknown_length_that_turns_out_too_long_is_told_in_parts() {
    let config = json!({ "host": "web.example", "longest_body": 4 });
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n1\r\nf\r\n0\r\na: b\r\n\r\n";
    let got = values(&after(config.clone(), &[get()], chunked.as_bytes()));
    assert_eq!(got[0]["more"], true);
    assert_eq!(got[1], json!({ "type": "body", "data": "abc", "last": false }));
    assert_eq!(got[2], json!({ "type": "body", "data": "de", "last": false }));
    assert_eq!(got[3], json!({ "type": "body", "data": "f", "last": false }));
    assert_eq!(got[4], json!({ "type": "body", "data": "", "last": true, "trailers": { "a": "b" } }));
    let close = b"HTTP/1.1 200 OK\r\n\r\nabcdefg";
    let got = values(&after(config.clone(), &[get()], close));
    assert_eq!(got[1], json!({ "type": "body", "data": "abcd", "last": false }));
    assert_eq!(got[2], json!({ "type": "body", "data": "efg", "last": true }));
    for bytes in [chunked.as_bytes(), close] {
        testing::pieces_change_nothing::<Http1>(&config, bytes, &[1, 2, 5]);
    }
}

#[test]
fn a_long_body_is_told_in_parts_of_64_kib() {
    let bytes = [b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n".to_vec(), vec![b'x'; 2_000_000]].concat();
    let got = after(host(), &[get()], &[&bytes, OK.as_bytes()].concat());
    assert_eq!(got.len(), 1 + 2_000_000 / 65536 + 1 + 1);
    assert_eq!(got[1].value["data"].as_str().unwrap().len(), 65536);
    assert_eq!(got[got.len() - 2].value["last"], true);
    assert_eq!(got.last().unwrap().value["body"], "ok");
    testing::pieces_change_nothing::<Http1>(&host(), &bytes, &[1460, 7, 100_000]);
    // A length that is only announced costs nothing.
    let huge = b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nabc";
    testing::input_is_kept::<Http1>(&host(), huge, &[1]);
    let huge = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc";
    testing::input_is_kept::<Http1>(&host(), huge, &[1]);
}

#[test]
fn a_stream_is_told_as_it_comes() {
    let mut session = Session::<Http1>::new(json!({ "host": "web.example", "stream": true })).unwrap();
    let request = session.encode(&get(), 0).unwrap().request;
    let step = session.data(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", 0);
    assert_eq!((step.messages[0].answers, &step.messages[0].value["more"]), (request, &json!(true)));
    let step = session.data(b"data: 1\n\n", 0);
    assert_eq!(step.messages[0].value, json!({ "type": "body", "data": "data: 1\n\n", "last": false }));
    assert_eq!(session.data(b"data: 2\n\n", 0).messages.len(), 1);
}

#[test]
fn after_101_the_other_protocol_is_spoken() {
    let mut session = Session::<Http1>::new(host()).unwrap();
    assert_eq!(session.encode(&json!({ "raw": "x" }), 0).unwrap_err().member.as_deref(), Some("raw"));
    let upgrade = json!({ "target": "/", "headers": { "connection": "upgrade", "upgrade": "websocket" } });
    let request = session.encode(&upgrade, 0).unwrap().request;
    let step = session.data(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x01a", 0);
    assert_eq!((step.messages[0].answers, &step.messages[0].value["upgraded"]), (request, &json!(true)));
    assert_eq!(step.messages[1].value, json!({ "type": "raw", "data": { "base64": "gQFh" } }));
    assert_eq!(session.encode(&json!({ "raw": { "hex": "8a00" } }), 0).unwrap().bytes, b"\x8a\0");
    let failure = session.encode(&get(), 0).unwrap_err().to_string();
    assert_eq!(failure, "`raw`: the server has changed to another protocol: send its bytes so");
    // An answer to CONNECT does the same.
    let connect = json!({ "method": "CONNECT", "target": "web.example:443" });
    let got = after(host(), &[connect], b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    assert_eq!(got[1].value, json!({ "type": "raw", "data": "abc" }));
}

#[test]
fn a_closing_answer_is_the_last_one() {
    for bytes in [
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    ] {
        let mut session = Session::<Http1>::new(host()).unwrap();
        session.encode(&get(), 0).unwrap();
        session.data(bytes.as_bytes(), 0);
        let failure = session.encode(&get(), 0).unwrap_err();
        assert!(failure.message.starts_with("the server closes this connection"));
    }
    let keeps = b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n";
    let mut session = Session::<Http1>::new(host()).unwrap();
    session.data(keeps, 0);
    assert!(session.encode(&get(), 0).is_ok());
}

#[test]
fn what_is_no_response_is_told_with_its_first_line() {
    let lost = "it stands behind what cannot be read";
    for (bytes, reason, rest) in [
        ("SSH-2.0-x\r\nabc", "no head of a response: invalid HTTP version; it looks like SSH", true),
        ("220 mail.example\r\n", "no head of a response: invalid HTTP version; it looks like SMTP or FTP", false),
        ("HTTP/2 200\r\n", "no head of a response: invalid HTTP version", false),
        ("HTTP/1.1 2x0 OK\r\n", "no head of a response: invalid response status", false),
        ("HTTP/1.1 200 OK\r\na b: c\r\n\r\n", "no head of a response: invalid header name", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n", "the response has several lengths", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "the response's length is no number", true),
    ] {
        let got = after(host(), &[get(), get()], bytes.as_bytes());
        assert_eq!(got[0].value["malformed"], reason, "{bytes}");
        assert_eq!(got[0].answers, Some(0));
        assert_eq!(got.len(), if rest { 2 } else { 1 });
        assert!(!rest || got[1].value["malformed"] == lost, "{bytes}");
    }
    let tls = after(host(), &[get()], b"\x15\x03\x03\0\x02\x02\x46");
    assert_eq!(tls[0].value["malformed"], "the connection ends within a head; it looks like a TLS alert");
    let long = format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "x".repeat(300));
    let got = after(json!({ "longest_head": 256 }), &[], long.as_bytes());
    assert_eq!(got[0].value["malformed"], "the head is longer than 256 bytes");
}

#[test]
fn broken_chunks_end_what_can_be_read() {
    for (chunks, reason) in [
        ("x\r\n", "a chunk has no length"),
        ("1\r\nab\r\n", "a chunk is not as long as it says"),
        ("0\r\na b: c\r\n\r\n", "no trailers: invalid header name"),
    ] {
        let bytes = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n{chunks}");
        let got = after(host(), &[get()], bytes.as_bytes());
        assert_eq!((&got[0].value["incomplete"], got[0].answers), (&json!(true), Some(0)));
        assert_eq!(got[1].value["malformed"], reason);
        testing::pieces_change_nothing::<Http1>(&host(), bytes.as_bytes(), &[1]);
    }
}

#[test]
fn what_a_server_could_read_as_two_requests_is_refused() {
    let mut session = Session::<Http1>::new(json!({})).unwrap();
    let host = json!({ "host": "h" });
    for (message, failure) in [
        (json!({ "target": "/" }), "`headers.host`: HTTP/1.1 wants it"),
        (json!({}), "`target`: it is a path"),
        (json!({ "target": "/a b" }), "`target`: it is a path"),
        (json!({ "target": "a" }), "`target`: it begins with `/`"),
        (json!({ "target": "/\r\nX: y" }), "`target`: it is a path"),
        (json!({ "target": "/", "method": "GET /" }), "`method`: it is a word"),
        (json!({ "target": "/", "version": "2" }), "`version`: it is 1.1 or 1.0"),
        (json!({ "target": "/", "headers": [] }), "`headers`: it is an object"),
        (json!({ "target": "/", "headers": { "a b": "" } }), "`headers.a b`: it is no name"),
        (json!({ "target": "/", "headers": { "A": "b\r\nc: d" } }), "`headers.a`: it stands in one line"),
        (json!({ "target": "/", "headers": { "A": true } }), "`headers.a`: it is a string"),
        (json!({ "target": "/", "headers": { "Transfer-Encoding": "chunked" } }), "`headers.transfer-encoding`"),
        (
            json!({ "target": "/", "headers": { "Content-Length": 3 }, "body": "ab" }),
            "`headers.content-length`: the body has 2",
        ),
        (json!({ "target": "/", "body": "a", "json": 1 }), "`json`: a request has"),
        (json!({ "target": "/", "headers": host, "query": "" }), "`query`: there is no such member"),
    ] {
        let got = session.encode(&message, 0).unwrap_err().to_string();
        assert!(got.starts_with(failure), "{message}: {got}");
    }
}

#[test]
fn a_request_has_what_it_needs() {
    let mut session = Session::<Http1>::new(host()).unwrap();
    let mut encode = |message: Value| String::from_utf8(session.encode(&message, 0).unwrap().bytes).unwrap();
    let post = encode(json!({ "method": "POST", "target": "/" }));
    assert_eq!(post, "POST / HTTP/1.1\r\nHost: web.example\r\nContent-Length: 0\r\n\r\n");
    let several =
        encode(json!({ "target": "/", "headers": { "HOST": "x", "a": ["1", 2], "content-length": 1 }, "body": "b" }));
    assert_eq!(several, "GET / HTTP/1.1\r\nHOST: x\r\na: 1\r\na: 2\r\ncontent-length: 1\r\n\r\nb");
    assert_eq!(
        encode(json!({ "method": "OPTIONS", "target": "*", "version": "1.0" })),
        "OPTIONS * HTTP/1.0\r\nHost: web.example\r\n\r\n"
    );
}

#[test]
fn a_configuration_that_makes_no_sense_is_refused() {
    for (config, member) in [
        (json!({ "host": "a b" }), "host"),
        (json!({ "longest_body": 4_000_000 }), "longest_body"),
        (json!({ "longest_head": 1 }), "longest_head"),
    ] {
        assert_eq!(Session::<Http1>::new(config.clone()).unwrap_err().member.as_deref(), Some(member), "{config}");
    }
}

/// Parts of responses. After an upgrade, bytes are told as they come, so that 101 is not among
/// them.
fn parts() -> impl Strategy<Value = Vec<u8>> {
    let part = proptest::sample::select(vec![
        &b"HTTP/1.1 200 OK\r\n"[..],
        b"HTTP/1.0 304 x\r\n",
        b"HTTP/1.1 100 x\r\n",
        b"Content-Length: 5\r\n",
        b"\r\n",
        b"hello",
        b"Transfer-Encoding: chunked\r\n",
        b"5\r\nhello\r\n",
        b"0\r\n",
        b"a: b\r\n",
        b"\r",
        b"\n",
        b"x",
        b"300\r\n",
    ]);
    proptest::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn input_is_kept(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        pieces in proptest::collection::vec(1usize..40, 1..5),
    ) {
        testing::input_is_kept::<Http1>(&json!({ "longest_head": 256 }), &bytes, &pieces);
        testing::pieces_change_nothing::<Http1>(&json!({ "longest_head": 256 }), &bytes, &pieces);
    }

    #[test]
    fn input_is_kept_near_the_protocol(
        bytes in parts(),
        pieces in proptest::collection::vec(1usize..40, 1..5),
        longest_body in 0usize..20,
    ) {
        let config = json!({ "longest_head": 256, "longest_body": longest_body });
        testing::input_is_kept::<Http1>(&config, &bytes, &pieces);
        testing::pieces_change_nothing::<Http1>(&config, &bytes, &pieces);
        testing::input_is_kept::<Http1>(&json!({ "stream": true }), &bytes, &pieces);
    }
}
