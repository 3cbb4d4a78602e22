//! Addresses: what a guest may dial, by both generations of WASI, whatever it was told or not.

use serde_json::json;

use crate::support::{Peer, Session, eventually, guest};

fn dials(rules: &[&str]) -> Session {
    let component = guest("dials");
    let mut arguments = vec!["--plugin", component.as_str()];
    for rule in rules {
        arguments.extend(["--allow-connect", rule]);
    }
    Session::serve(&arguments)
}

fn dial(session: &mut Session, tool: &str, host: &str, port: u16) -> String {
    session.call(tool, json!({ "host": host, "port": port })).ok()["text"].as_str().unwrap().to_owned()
}

#[test]
fn i6_only_a_granted_address_and_port_is_dialled() {
    let (granted, other) = (Peer::echo(), Peer::echo());
    let mut session = dials(&[&format!("tcp://127.0.0.1:{}", granted.port())]);
    assert_eq!(dial(&mut session, "dial", "127.0.0.1", granted.port()), "Ok(())");
    assert_eq!(dial(&mut session, "dial_std", "127.0.0.1", granted.port()), "Ok(())");
    assert_eq!(dial(&mut session, "dial", "127.0.0.1", other.port()), "Err(ErrorCode::AccessDenied)");
    assert_eq!(dial(&mut session, "dial_std", "127.0.0.1", other.port()), "Err(PermissionDenied)");
    eventually("both connections are accepted", || granted.accepted() == 2);
    assert_eq!(other.accepted(), 0);
    session.log_has(&format!("tcp://127.0.0.1:{}", other.port()));
}

#[test]
fn i6_an_ipv4_address_in_ipv6_clothing_is_no_way_around() {
    let peer = Peer::echo();
    let mut session = dials(&["tcp://[::1]:*"]);
    for host in ["::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::", "::ffff:7f00:1"] {
        for tool in ["dial", "dial_std"] {
            let answer = dial(&mut session, tool, host, peer.port());
            assert!(answer.starts_with("Err("), "{tool} {host}: {answer}");
        }
    }
    assert_eq!(peer.accepted(), 0);
}

#[test]
fn i6_metadata_is_reached_in_no_spelling_under_broad_rules() {
    let mut session = dials(&["tcp://any:*", "tcp://0.0.0.0/0:*", "tcp://[::]/0:*"]);
    let spellings =
        ["169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "fd00:ec2::254"];
    for host in spellings {
        for tool in ["dial", "dial_std"] {
            let answer = dial(&mut session, tool, host, 80);
            assert!(
                answer.contains("AccessDenied")
                    || answer.contains("PermissionDenied")
                    || answer.contains("InvalidArgument")
                    || answer.contains("InvalidInput"),
                "{tool} {host}: {answer}"
            );
        }
    }
}

#[test]
fn broad_rules_reach_no_loopback_and_its_own_rule_does() {
    let peer = Peer::echo();
    let mut session = dials(&["tcp://any:*"]);
    assert_eq!(dial(&mut session, "dial", "127.0.0.1", peer.port()), "Err(ErrorCode::AccessDenied)");
    let mut session = dials(&["tcp://127.0.0.0/8:*"]);
    assert_eq!(dial(&mut session, "dial", "127.0.0.1", peer.port()), "Ok(())");
}

#[test]
fn a_deny_rule_wins() {
    let peer = Peer::echo();
    let component = guest("dials");
    let deny = ["--allow-connect", "tcp://localhost:*", "--deny-connect", "tcp://127.0.0.1"];
    let mut session = Session::serve(&[&["--plugin", component.as_str()][..], &deny].concat());
    assert_eq!(dial(&mut session, "dial", "127.0.0.1", peer.port()), "Err(ErrorCode::AccessDenied)");
    let mut session = dials(&["tcp://localhost:*"]);
    assert_eq!(dial(&mut session, "dial", "127.0.0.1", peer.port()), "Ok(())");
}

#[test]
fn a_deny_rule_for_a_link_holds_by_its_name_and_by_its_number() {
    for deny in ["tcp://[fe80::2%lo]", "tcp://[fe80::2%1]"] {
        for allow in ["tcp://[fe80::%1]/10:7002", "tcp://[fe80::%lo]/10:7002"] {
            let mut session = Session::serve(&["--allow-connect", allow, "--deny-connect", deny]);
            let mut dial = |host: &str| {
                let arguments = json!({ "host": host, "port": 7002, "connect_timeout_ms": 2000 });
                session.call("tcp_connect", arguments).failed("connection_failed")
            };
            assert_eq!(dial("fe80::2%1")["reason"], "denied", "{allow} {deny}");
            assert_eq!(dial("fe80::3%2")["reason"], "denied", "{allow} {deny}");
            // Nobody is there, but it may be tried.
            assert_ne!(dial("fe80::3%1")["reason"], "denied", "{allow} {deny}");
            // A name is not the policy's refusal, and says what to write.
            let named = dial("fe80::3%lo");
            assert_eq!(named["reason"], "unreachable", "{named}");
            assert!(named["detail"].as_str().unwrap().contains("write its number"), "{named}");
        }
    }
}

#[test]
fn listening_is_not_granted_by_a_connect_rule() {
    let mut session = dials(&["tcp://localhost:*"]);
    for (host, port) in [("127.0.0.1", 0), ("0.0.0.0", 0), ("::", 0), ("127.0.0.1", 8899)] {
        assert_eq!(dial(&mut session, "listen", host, port), "Err(PermissionDenied)", "{host}:{port}");
    }
}

#[test]
fn a_refusal_names_the_resource_to_the_model_and_the_rule_to_the_operator() {
    let mut session = Session::serve(&["--allow-connect", "tcp://localhost:7"]);
    let failure = session.call("tcp_connect", json!({ "host": "10.1.2.3", "port": 22 })).failed("connection_failed");
    assert_eq!(failure["message"], "Failed to connect to 10.1.2.3:22");
    assert_eq!(failure["reason"], "denied");
    assert_eq!(failure["detail"], "the operator's policy does not allow tcp://10.1.2.3:22");
    assert!(!failure.to_string().contains("connect ="), "the model is not told what to write: {failure}");
    session.log_has("tcp://10.1.2.3:22");
    session.log_has("[plugins.tcp]");
}
