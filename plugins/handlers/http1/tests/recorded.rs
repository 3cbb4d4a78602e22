//! What servers sent, on loopback: nginx 1.22.1, lighttpd 1.4.69, Python's http.server and
//! websockets.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use handler_kit::{Message, Value, json, testing};
use http1_handler::Http1;
use proptest::prelude::*;

const NGINX: &[u8] = include_bytes!("recorded/nginx-1.22.1.bin");
const LIGHTTPD: &[u8] = include_bytes!("recorded/lighttpd-1.4.69.bin");
const PYTHON: &[u8] = include_bytes!("recorded/python-3.11.7-http.server.bin");
const WEBSOCKETS: &[u8] = include_bytes!("recorded/websockets-15.0.1.bin");

/// The messages behind requests with these methods.
fn talk(methods: &[&str], bytes: &[u8]) -> Vec<Message> {
    let requests: Vec<Value> = methods.iter().map(|method| json!({ "method": method, "target": "/" })).collect();
    let got = testing::messages_after::<Http1>(&json!({ "host": "web.example" }), &requests, bytes, &[usize::MAX]);
    let again = testing::messages_after::<Http1>(&json!({ "host": "web.example" }), &requests, bytes, &[1, 700]);
    assert_eq!(
        got.iter().filter(|m| m.value["type"] != "raw").count(),
        again.iter().filter(|m| m.value["type"] != "raw").count()
    );
    assert!(got.iter().all(|message| message.value.get("malformed").is_none()));
    got
}

fn statuses(messages: &[Message]) -> Vec<u64> {
    messages.iter().filter_map(|message| message.value["status"].as_u64()).collect()
}

fn answers(messages: &[Message]) -> Vec<u64> {
    messages.iter().filter_map(|message| message.answers).collect()
}

#[test]
fn nginx_answers_ten_requests_at_once() {
    let got = talk(&["GET", "HEAD", "GET", "GET", "GET", "GET", "POST", "GET", "GET", "OPTIONS"], NGINX);
    assert_eq!(statuses(&got), [200, 200, 200, 204, 301, 404, 200, 206, 200, 400]);
    assert_eq!(answers(&got), (0..10).collect::<Vec<_>>());
    // HEAD has the length and no body, and what is included by the server comes in chunks.
    assert_eq!(got[1].value["headers"]["content-length"], "6");
    assert!(got[1].value.get("body").is_none());
    assert_eq!(got[2].value["body"], "alpha\nhello\n");
}

#[test]
fn nginx_ends_its_answer_to_options_with_the_connection() {
    let got = talk(&["GET", "HEAD", "GET", "GET", "GET", "GET", "POST", "GET", "GET", "OPTIONS"], NGINX);
    let last = &got.last().unwrap().value;
    assert_eq!(last["headers"]["connection"], "close");
    assert!(last["headers"].get("content-length").is_none() && last.get("incomplete").is_none());
    assert!(last["body"].as_str().unwrap().ends_with("</html>\r\n"));
}

#[test]
fn lighttpd_answers_in_order_and_closes_behind_http_1_0() {
    let got = talk(&["GET", "HEAD", "GET", "GET", "POST", "GET"], LIGHTTPD);
    assert_eq!(statuses(&got), [200, 200, 200, 404, 200, 200]);
    assert_eq!(got[5].value["version"], "1.0");
    assert_eq!(got[5].value["body"], "one\ntwo\n");
}

#[test]
fn http_server_sends_100_and_trailers() {
    let got = talk(&["POST"], PYTHON);
    assert_eq!(statuses(&got), [100, 200]);
    assert_eq!(answers(&got), [0]);
    assert_eq!((&got[1].value["body"], &got[1].value["trailers"]), (&json!("hello"), &json!({ "x-sum": "5" })));
}

#[test]
fn websockets_changes_the_protocol() {
    let got = talk(&["GET"], WEBSOCKETS);
    assert_eq!(statuses(&got), [101]);
    assert_eq!(got[1].value, json!({ "type": "raw", "data": { "base64": "gQVoZWxsbw==" } }));
}

proptest! {
    #[test]
    fn broken_recordings_lose_nothing(
        server in 0usize..4,
        changes in proptest::collection::vec(any::<(u16, u8, u8)>(), 1..8),
    ) {
        let bytes = testing::mutated([NGINX, LIGHTTPD, PYTHON, WEBSOCKETS][server], &changes);
        testing::input_is_kept::<Http1>(&json!({}), &bytes, &[61]);
        if server < 3 {
            testing::pieces_change_nothing::<Http1>(&json!({}), &bytes, &[61, 1, 900]);
        }
    }
}
