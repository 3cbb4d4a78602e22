//! Connections that cannot be made: the code and message that users know, and the reason, which is
//! ours to add. What policies refuse in detail is in `deny/`.

use std::time::Duration;

use serde_json::json;

use crate::support::{Claim, Clock, Deaf, Dns, Peer, Session, closed_port, policy};

/// A server that asks our name server, and may dial these.
fn with_names(dns: &Dns, rules: &str) -> Session {
    let [flag, file] =
        policy(&format!("[plugins.tcp]\nconnect = [{rules}]\n\n[names]\nservers = [\"{}\"]\n", dns.address));
    Session::serve(&[&flag, &file])
}

#[test]
fn nobody_listens() {
    let port = closed_port();
    let mut session = Session::local();
    for (tool, arguments) in [
        ("tcp_connect", json!({ "host": "127.0.0.1", "port": port })),
        ("tcp_connect_and_send", json!({ "host": "localhost", "port": port, "data": "x" })),
        ("tcp_connect", json!({ "host": "::1", "port": port })),
    ] {
        let host = arguments["host"].as_str().unwrap().to_owned();
        let failure = session.call(tool, arguments).failed("connection_failed");
        assert_eq!(failure["message"], format!("Failed to connect to {host}:{port}"));
        assert_eq!(failure["reason"], "refused", "{failure}");
    }
}

#[test]
fn nobody_can_have_the_address() {
    let mut session =
        Session::serve(&["--allow-connect", "tcp://255.255.255.255:80", "--allow-connect", "tcp://224.0.0.1:80"]);
    for host in ["255.255.255.255", "224.0.0.1"] {
        let failure = session.call("tcp_connect", json!({ "host": host, "port": 80 })).failed("connection_failed");
        assert_eq!(failure["reason"], "unreachable", "{failure}");
        assert_eq!(failure["message"], format!("Failed to connect to {host}:80"));
    }
}

#[test]
fn nobody_answers_in_time() {
    let deaf = Deaf::new();
    let mut session = Session::local();
    let begun = Clock::start();
    let arguments =
        json!({ "host": "127.0.0.1", "port": deaf.port(), "connection_id": "a", "connect_timeout_ms": 300 });
    let failure = session.call("tcp_connect", arguments).failed("connection_failed");
    assert_eq!(failure["reason"], "timeout", "{failure}");
    assert_eq!(failure["message"], format!("Failed to connect to 127.0.0.1:{}", deaf.port()));
    let took = begun.stop();
    took.at_least(Claim::Deadline, Duration::from_millis(300));
    took.within(Claim::Deadline, Duration::from_secs(3));
    // Meanwhile others are served, and the id is free again.
    let peer = Peer::echo();
    let slow = session
        .post_call("tcp_connect", json!({ "host": "127.0.0.1", "port": deaf.port(), "connect_timeout_ms": 3000 }));
    session.connect(peer.port(), "a");
    assert!(session.is_pending(slow), "nobody waits for it");
    session.called(slow).failed("connection_failed");
}

#[test]
fn the_policy_does_not_allow_it() {
    let (allowed, denied) = (Peer::echo(), Peer::echo());
    let mut session = Session::serve(&["--allow-connect", &format!("tcp://127.0.0.1:{}", allowed.port())]);
    session.connect(allowed.port(), "yes");
    let failure =
        session.call("tcp_connect", json!({ "host": "127.0.0.1", "port": denied.port() })).failed("connection_failed");
    assert_eq!(failure["reason"], "denied");
    assert_eq!(failure["message"], format!("Failed to connect to 127.0.0.1:{}", denied.port()));
    assert_eq!(failure["detail"], format!("the operator's policy does not allow tcp://127.0.0.1:{}", denied.port()));
    // What the operator would have to write is the operator's to read.
    assert!(!failure.to_string().contains("connect ="), "{failure}");
    session.log_has(&format!("connect = [\"tcp://127.0.0.1:{}\"]", denied.port()));
    assert_eq!(denied.accepted(), 0);
}

#[test]
fn names_that_are_granted_are_looked_up_and_dialled() {
    let (dns, peer) = (Dns::new(), Peer::echo());
    dns.set("db.lab.test", &["127.0.0.1"]);
    let rule = format!("{{ to = \"tcp://*.lab.test:{}\", within = [\"127.0.0.0/8\"] }}", peer.port());
    let mut session = with_names(&dns, &rule);
    for host in ["db.lab.test", "DB.Lab.Test.", "db.lab.test."] {
        let made = session.call("tcp_connect", json!({ "host": host, "port": peer.port() })).ok();
        assert_eq!(made["host"], host);
        assert_eq!(made["address"], format!("127.0.0.1:{}", peer.port()));
    }
    assert!(dns.asked().iter().all(|name| name == "db.lab.test"), "{:?}", dns.asked());
}

#[test]
fn names_without_addresses_and_names_without_a_grant() {
    let dns = Dns::new();
    dns.set("secret.test", &["127.0.0.1"]);
    let mut session = with_names(&dns, "\"tcp://*.lab.test:80\"");
    let failure =
        session.call("tcp_connect", json!({ "host": "gone.lab.test", "port": 80 })).failed("connection_failed");
    assert_eq!(
        (&failure["reason"], &failure["message"]),
        (&json!("dns"), &json!("Failed to connect to gone.lab.test:80"))
    );
    assert!(dns.asked().contains(&"gone.lab.test".to_owned()));

    let failure = session.call("tcp_connect", json!({ "host": "secret.test", "port": 80 })).failed("connection_failed");
    assert_eq!(failure["reason"], "denied", "{failure}");
    assert!(!dns.asked().contains(&"secret.test".to_owned()), "asked although nobody may: {:?}", dns.asked());
}

#[test]
fn a_name_server_that_does_not_answer_is_a_dns_failure_within_the_timeout() {
    let deaf = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = deaf.local_addr().unwrap();
    let [flag, file] =
        policy(&format!("[plugins.tcp]\nconnect = [\"tcp://*.lab.test:80\"]\n\n[names]\nservers = [\"{address}\"]\n"));
    let mut session = Session::serve(&[&flag, &file]);
    let begun = Clock::start();
    let arguments = json!({ "host": "slow.lab.test", "port": 80, "connect_timeout_ms": 300 });
    let failure = session.call("tcp_connect", arguments).failed("connection_failed");
    assert!(["timeout", "dns"].contains(&failure["reason"].as_str().unwrap()), "{failure}");
    begun.within(Claim::Deadline, Duration::from_secs(3));
}

#[test]
fn odd_spellings_of_addresses_are_refused_and_never_looked_up() {
    let (dns, peer) = (Dns::new(), Peer::echo());
    let mut session = with_names(&dns, "\"tcp://any:*\", \"tcp://localhost:*\"");
    for host in [
        "2130706433",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.01",
        "127.0.0.1.",
        "0",
        "256.1.1.1",
        "1.2.3.4.5",
        "１２７.0.0.1",
        "127。0。0。1",
        "[::1",
        "::1::",
        "[127.0.0.1]",
        "127.0.0.1:80",
        "localhost:80",
        "[::1]:80",
        "http://localhost/",
        "user@localhost",
        "10.0.0.0/8",
        " localhost",
        "local host",
        "localhost\u{0}",
        "localhost\u{200b}",
        "local\r\nhost",
        "*.lab.test",
        "",
        ".",
        "a..b",
        "-a.test",
    ] {
        let answer = session.call("tcp_connect", json!({ "host": host, "port": peer.port() }));
        let failure = answer.failed("invalid_argument");
        let message = failure["message"].as_str().unwrap();
        assert!(message.contains("`host`"), "{host:?}: {message}");
        assert_eq!(failure["argument"], "host", "{host:?}");
        assert!(!message.chars().any(char::is_control), "{host:?}: {message:?}");
    }
    for (host, meant) in [("2130706433", "127.0.0.1"), ("127.1", "127.0.0.1"), ("0xA9FEA9FE", "169.254.169.254")] {
        let failure = session.call("tcp_connect", json!({ "host": host, "port": 80 })).failed("invalid_argument");
        assert!(failure["message"].as_str().unwrap().contains(&format!("write `{meant}`")), "{failure}");
    }
    assert_eq!(dns.asked(), [""; 0]);
    assert_eq!(peer.accepted(), 0);
    assert_eq!(session.call("tcp_connect", json!({ "host": "localhost", "port": peer.port() })).ok()["success"], true);
}
