//! Echo requests: which addresses a guest may send them to, how large, how many, and over how many
//! sockets; each refusal beside what is allowed.

use std::time::Duration;

use serde_json::json;

use crate::support::{Passes, Session, eventually, guest, in_namespace, pass, policy};

/// A server with the `pings` guest, under these rules.
fn pings(component: &str, rules: &str, more: &str) -> Session {
    let text = format!("[plugins.hostile]\nping = [{rules}]\n{more}");
    let arguments = policy(&text);
    Session::serve(&[&arguments[0], &arguments[1], "--plugin", component])
}

fn say(session: &mut Session, tool: &str, arguments: serde_json::Value) -> String {
    session.call(tool, arguments).ok()["text"].as_str().unwrap().to_owned()
}

fn ping(session: &mut Session, host: &str) -> String {
    say(session, "ping", json!({ "host": host, "port": 7 }))
}

fn count(session: &mut Session, tool: &str, count: u32) -> String {
    say(session, tool, json!({ "count": count }))
}

#[test]
fn i6_only_a_granted_address_is_sent_echo_requests() {
    let component = guest("pings");
    in_namespace(|| {
        let mut session = pings(&component, "\"127.0.0.1\"", "");
        assert_eq!(ping(&mut session, "127.0.0.1"), "answered");
        assert_eq!(ping(&mut session, "::ffff:127.0.0.1"), "answered", "which is the same address");
        for host in ["127.0.0.2", "::1", "10.9.0.1", "0.0.0.0", "::", "255.255.255.255", "224.0.0.1", "ff02::1"] {
            assert_eq!(ping(&mut session, host), "denied", "{host}");
        }
        session.log_has("127.0.0.2");
        let mut session = pings(&component, "\"127.0.0.0/8\", \"::1\"", "");
        assert_eq!(ping(&mut session, "127.0.0.2"), "answered");
        assert_eq!(ping(&mut session, "::1"), "answered");
    });
}

#[test]
fn i6_metadata_is_pinged_in_no_spelling_under_broad_rules() {
    let component = guest("pings");
    in_namespace(|| {
        let mut session = pings(&component, "\"any\", \"0.0.0.0/0\", \"::/0\"", "");
        let spellings =
            ["169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "fd00:ec2::254"];
        for host in spellings {
            assert_eq!(ping(&mut session, host), "denied", "{host}");
        }
        for host in ["127.0.0.1", "10.0.0.1", "::1", "fe80::1"] {
            assert_eq!(ping(&mut session, host), "denied", "{host}");
        }
        // Allowed, and this namespace has no way there.
        assert!(ping(&mut session, "8.8.8.8").starts_with("Error::Unreachable("));
    });
}

#[test]
fn i7_a_component_that_pings_without_a_grant_is_told_that_it_may_not() {
    let component = guest("pings");
    in_namespace(|| {
        let mut session = Session::serve(&["--plugin", &component]);
        assert_eq!(ping(&mut session, "127.0.0.1"), "denied");
        let events = session.events();
        let told = events.iter().find(|event| event["resource"] == "interface:cofferdam:icmp/echo");
        assert_eq!(told.map(|event| &event["reason"]), Some(&json!("not-granted")), "{events:?}");
    });
}

#[test]
fn i7_a_ping_rule_links_no_sockets() {
    let component = guest("smuggles");
    in_namespace(|| {
        let mut session = pings(&component, "\"127.0.0.1\"", "");
        assert_eq!(say(&mut session, "open", json!({})), "Ok(()) Err(ErrorCode::AccessDenied)");
        let mut session = pings(&component, "\"127.0.0.1\"", "connect = [\"tcp://localhost:80\"]\n");
        assert_eq!(say(&mut session, "open", json!({})), "Ok(()) Ok(())", "with a rule for each, it has both");
    });
}

#[test]
fn echo_requests_have_the_size_and_the_hops_that_packets_can_have() {
    let component = guest("pings");
    in_namespace(|| {
        let mut session = pings(&component, "\"127.0.0.1\"", "");
        for size in [65_508, 65_536, 10_000_000] {
            assert_eq!(count(&mut session, "size", size), "Err(Error::TooLarge(None))", "{size}");
        }
        assert_eq!(count(&mut session, "size", 65_507), "Ok(())");
        assert!(count(&mut session, "hopless", 0).starts_with("Err(Error::InvalidArgument("));
    });
}

#[test]
fn a_flood_of_echo_requests_is_cut_for_one_instance_and_for_all_together() {
    let component = guest("pings");
    in_namespace(|| {
        let mut session = pings(&component, "\"127.0.0.1\"", "");
        let said = count(&mut session, "flood", 20_000);
        let (sent, refused) = said.split_once(' ').unwrap();
        let sent: u32 = sent.parse().unwrap();
        // A burst of 100, and 100 a second while it goes on.
        assert!((100..300).contains(&sent) && refused == "wait, true", "{said}");
        session.log_line_has(&["a limit is hit", "plugin=\"hostile\"", "limit=\"ping rate\""]);
        assert_eq!(session.log().matches("limit=\"ping rate\"").count(), 1, "a flood is not told packet by packet");
        // It can go on after a while.
        eventually("it is answered again", || ping(&mut session, "127.0.0.1") == "answered");
        // What is large is many packets.
        pass(Passes::Window, Duration::from_millis(1100));
        let large: Vec<String> = (0..4).map(|_| count(&mut session, "size", 65_507)).collect();
        assert_eq!(large[..2], ["Ok(())", "Ok(())"]);
        assert!(large[2..].iter().any(|one| one.starts_with("Err(Error::Refused(Refusal::Wait(")), "{large:?}");
    });
}

#[test]
fn sockets_for_echo_requests_are_limited() {
    let component = guest("pings");
    in_namespace(|| {
        let mut session = pings(&component, "\"127.0.0.1\"", "\n[limits]\nconnections = 20\n");
        assert!(count(&mut session, "sockets", 1000).starts_with("20 limit: "));
        session.log_line_has(&["a limit is hit", "plugin=\"hostile\"", "limit=\"connections\""]);
        // What the call opened went with it.
        assert_eq!(count(&mut session, "sockets", 20), "20");
    });
}

#[test]
fn a_refusal_names_the_target_to_the_model_and_the_rule_to_the_operator() {
    let arguments = policy("[plugins.ping]\nping = [\"127.0.0.1\"]\n");
    let mut session = Session::serve(&[&arguments[0], &arguments[1]]);
    let failure = session.call("ping_tool", json!({ "target": "10.1.2.3" })).failed("ping_failed");
    assert_eq!(failure["reason"], "denied");
    assert_eq!(failure["detail"], "the operator's policy does not allow ping:10.1.2.3");
    assert!(!failure.to_string().contains("ping ="), "the model is not told what to write: {failure}");
    session.log_has("may not ping `10.1.2.3`");
    session.log_has("[plugins.ping]");
}

#[test]
fn without_a_rule_the_plugin_is_not_listed_and_answers_denied() {
    let mut session = Session::serve(&["--allow-connect", "tcp://localhost:*"]);
    let listed = session.request("tools/list", json!({}));
    let names: Vec<&str> =
        listed["result"]["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert!(!names.contains(&"ping_tool") && !names.contains(&"traceroute_tool"), "{names:?}");
    let failure = session.call("ping_tool", json!({ "target": "127.0.0.1" })).failed("denied");
    assert!(failure["message"].as_str().unwrap().contains("the operator's policy does not grant"), "{failure}");
    assert!(!failure.to_string().contains("rule"), "{failure}");
}
