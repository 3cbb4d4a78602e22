//! The `http1` handler against real web servers: nginx, Twisted's and one of websockets.

use cofferdam_xtask::peers;
use serde_json::json;

use super::{connect, has, request, send, until, values};
use crate::support::{Server, Session, scratch};

#[test]
fn a_web_server_answers_requests_of_one_connection_one_by_one() {
    let pages = scratch("pages");
    std::fs::write(pages.join("a.txt"), "first page").unwrap();
    std::fs::write(pages.join("b.txt"), "x".repeat(200_000)).unwrap();
    // A page that is put together while it is sent comes in chunks.
    std::fs::write(pages.join("c.html"), "<!--#set var=\"a\" value=\"chunked\" --><!--#echo var=\"a\" -->").unwrap();
    let server = Server::nginx(&pages);
    let mut session = Session::local();
    connect(&mut session, server.port, "http1", json!({ "host": "localhost" }));
    let told = request(&mut session, json!({ "target": "/a.txt" }));
    let first = &values(&told)[0];
    has(first, json!({ "type": "response", "status": 200, "body": "first page" }));
    assert!(first["headers"]["server"].as_str().unwrap().starts_with("nginx/"), "{first}");
    let told = request(&mut session, json!({ "method": "HEAD", "target": "/b.txt" }));
    let head = &values(&told)[0];
    assert_eq!((&head["status"], &head["headers"]["content-length"]), (&json!(200), &json!("200000")), "{head}");
    let told = request(&mut session, json!({ "target": "/c.html" }));
    let chunked = &values(&told)[0];
    assert_eq!((&chunked["body"], &chunked["headers"]["transfer-encoding"]), (&json!("chunked"), &json!("chunked")));
    has(&values(&request(&mut session, json!({ "target": "/none" })))[0], json!({ "status": 404 }));
    let told = request(&mut session, json!({ "target": "/b.txt" }));
    assert_eq!(values(&told)[0]["status"], 200);
    let whole = session.buffer_info("c")["bytes_received"].as_u64().unwrap();
    assert!(whole > 200_000, "{whole}");
    assert_eq!(session.call("tcp_list_connections", json!({})).ok()["connections"][0]["handler"], "http1");
}

fn python(requirement: usize, kind: &str) -> Server {
    Server::python(peers::PYTHON_SERVERS[requirement], "web_server.py", &[kind])
}

#[test]
fn requests_that_are_sent_together_have_their_own_answers_in_chunks() {
    let server = python(2, "twisted");
    let mut session = Session::local();
    connect(&mut session, server.port, "http1", json!({ "host": "localhost" }));
    let asked: Vec<(u64, String)> = (0..20)
        .map(|n| {
            let message = json!({ "method": "POST", "target": format!("/{n}"), "body": format!("body {n}") });
            let arguments = json!({ "connection_id": "c", "message": message, "timeout_ms": 20_000 });
            (session.post_call("tcp_request", arguments), format!("POST /{n}\nbody {n}"))
        })
        .collect();
    for (id, body) in asked {
        let told = session.called(id).ok();
        has(&values(&told)[0], json!({ "status": 200, "body": body }));
        assert_eq!(values(&told)[0]["headers"]["transfer-encoding"], "chunked", "{told}");
    }
    let told = request(&mut session, json!({ "method": "HEAD", "target": "/head" }));
    assert!(values(&told)[0]["status"] == 200 && values(&told)[0]["body"].is_null(), "{told}");
    // A server that is asked whether it wants the body says so first, and that is no answer yet.
    let told = request(&mut session, json!({ "target": "/last", "headers": { "expect": "100-continue" } }));
    has(values(&told).last().unwrap(), json!({ "status": 200, "body": "GET /last\n" }));
    let all = session.call("tcp_messages", json!({ "connection_id": "c", "after": 0, "until": 0 })).ok();
    let interim = values(&all).into_iter().find(|message| message["interim"] == true);
    has(&interim.unwrap_or_else(|| panic!("{all}")), json!({ "status": 100 }));
}

#[test]
fn behind_an_upgrade_bytes_are_told_as_they_are() {
    let server = python(7, "websockets");
    let mut session = Session::local();
    connect(&mut session, server.port, "http1", json!({ "host": "localhost" }));
    let headers = json!({
        "connection": "Upgrade", "upgrade": "websocket", "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    });
    let told = request(&mut session, json!({ "target": "/", "headers": headers }));
    has(&values(&told)[0], json!({ "status": 101, "upgraded": true }));
    // The answer to the key that RFC 6455 has as its example.
    assert_eq!(values(&told)[0]["headers"]["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    // A text frame of a client, masked with zeros, and the server's own without a mask.
    send(&mut session, json!({ "raw": { "hex": "8182000000006869" } }));
    let raw = until(&mut session, "c", &json!({ "type": "raw" }));
    assert_eq!(raw["message"]["data"], json!({ "base64": "gQJoaQ==" }), "{raw}");
}
