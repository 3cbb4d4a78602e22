//! Faults seen in other hosts of components, each with a test that this one does not have it. Some
//! are shown in more detail where they belong; here they stand together.

use serde_json::{Value, json};

use super::definitions::Forged;
use crate::support::{Dns, LOCAL, Session, cofferdam, guest, policy, scratch};

fn names(session: &mut Session) -> Vec<String> {
    let listed = session.request("tools/list", json!({}));
    let tools = listed["result"]["tools"].as_array().unwrap();
    tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn i8_without_a_policy_a_component_reads_no_environment() {
    let mut command = cofferdam(&["serve", "--plugin", &guest("ambient")]);
    command.env("AWS_SECRET_ACCESS_KEY", "not-for-guests");
    let mut session = Session::spawn(command);
    session.initialize("2025-11-25");
    let seen = session.call("look", json!({})).ok()["text"].as_str().unwrap().to_owned();
    assert!(seen.starts_with("[] []") && !seen.contains("not-for-guests"), "{seen}");
}

#[test]
fn i8_a_component_forges_no_request_to_the_client() {
    let mut session = Session::serve(&["--plugin", &guest("prints"), LOCAL[0], LOCAL[1]]);
    assert_eq!(session.call("ask", json!({})).ok()["text"], "asked");
    session
        .log_has(r#"plugin="hostile" stream="stdout" text={"jsonrpc":"2.0","id":7,"method":"sampling/createMessage""#);
    session.request("ping", json!({}));
    assert!(session.count(|message| message["method"] == "sampling/createMessage") == 0, "the client was asked");
}

#[test]
fn i11_two_endless_loops_hang_nothing_and_can_be_cancelled() {
    let [flag, file] = policy("[limits]\ncpu = \"60 s\"\ncall = \"60 s\"\n");
    let mut session =
        Session::serve(&[&flag, &file, "--plugin", &guest("spin"), "--plugin", &guest("clash"), LOCAL[0], LOCAL[1]]);
    session.call("echo", json!({ "text": "before" })).ok();
    let spinning = [session.post_call("spin", json!({})), session.post_call("spin", json!({}))];
    session.log_has("`spin` begins");
    session.call("tcp_list_connections", json!({})).ok();
    assert!(spinning.iter().all(|id| session.is_pending(*id)) && !session.log().contains("an instance is lost"));
    for id in spinning {
        session.cancel(id);
    }
    session.log_line_has(&[
        "an instance is lost",
        "plugin=\"hostile\"",
        "reason=a call did not end when it was cancelled",
    ]);
    assert_eq!(session.call("echo", json!({ "text": "after" })).ok()["text"], "after");
}

#[test]
fn policy_keys_that_would_not_be_enforced_end_the_start_and_the_others_are_enforced() {
    let refused = |text: &str, key: &str| {
        let [flag, file] = policy(text);
        let (status, log) = Session::bare(&[&flag, &file]).close();
        assert_eq!(status.code(), Some(2), "{text}: {log}");
        assert!(log.contains(&format!("`{key}`")), "`{key}` is not named: {log}");
    };
    refused("[plugins.tcp]\ncidr = [\"10.0.0.0/8\"]\n", "cidr");
    refused("[plugins.tcp]\nnetwork = { allow = [] }\n", "network");
    refused("[permissions]\nstorage = []\n", "permissions");
    refused("[limits]\ncpus = 1\n", "cpus");
    refused("[limits]\nfuel = 1\n", "fuel");
    // Those that are accepted are in force: `deny` here; `cpu` in `lifecycle.rs`.
    let [flag, file] =
        policy("[plugins.tcp]\nconnect = [\"tcp://127.0.0.0/8:*\"]\n[deny]\nconnect = [\"tcp://127.0.0.9\"]\n");
    let mut session = Session::serve(&[&flag, &file]);
    let mut dial =
        |host: &str| session.call("tcp_connect", json!({ "host": host, "port": 1 })).failed("connection_failed");
    assert_eq!(dial("127.0.0.9")["reason"], "denied");
    assert_eq!(dial("127.0.0.8")["reason"], "refused");
}

#[test]
fn one_granted_host_does_not_open_dns_for_every_name() {
    let dns = Dns::new();
    dns.set("granted.example", &["8.8.4.4"]);
    dns.set("secret-data.attacker.example", &["8.8.8.8"]);
    let [flag, file] = policy(&format!(
        "[names]\nservers = [\"{}\"]\n[defaults]\nconnect = [\"tcp://granted.example:443\"]\n",
        dns.address
    ));
    let mut session = Session::serve(&[&flag, &file, "--plugin", &guest("resolves")]);
    let mut ask =
        |host: &str| -> Value { session.call("resolve", json!({ "host": host, "port": 443 })).ok()["text"].clone() };
    assert_eq!(ask("granted.example"), "Ok([IpAddress::Ipv4((8, 8, 4, 4))])");
    assert_eq!(ask("secret-data.attacker.example"), "Err(ErrorCode::AccessDenied)");
    assert!(dns.asked().iter().all(|name| name == "granted.example"), "{:?}", dns.asked());
}

#[test]
fn i15_there_is_no_grant_tool_for_a_model_to_call() {
    let mut session = Session::local();
    for tool in [
        "load-component",
        "unload-component",
        "grant-storage-permission",
        "grant-network-permission",
        "grant-environment-variable-permission",
        "revoke-network-permission",
        "reset-permission",
        "get-policy",
    ] {
        let answer = session.request("tools/call", json!({ "name": tool, "arguments": { "component_id": "tcp" } }));
        assert_eq!(answer["error"]["code"], -32602, "{tool}: {answer}");
    }
    let words = ["load", "grant", "revoke", "permission", "policy", "allow", "install"];
    let names = names(&mut session);
    assert!(names.iter().all(|name| words.iter().all(|word| !name.contains(word))), "{names:?}");
}

#[test]
fn two_components_with_one_tool_name_leave_the_first_its_own() {
    // Both have an `echo`, and so the second has none of its tools, whichever of
    // them is compiled sooner.
    let first = Forged::new(&json!([{ "name": "echo" }, { "name": "alone" }]));
    let mut session = first.serve(&["--plugin", &guest("spin")]);
    session.log_line_has(&[
        "a plugin has a problem",
        "plugin=\"hostile\"",
        "cause=its tool `echo` is the name of a tool of `forges` already",
    ]);
    assert_eq!(session.call("echo", json!({ "text": "whose?" })).ok()["tool"], "echo", "it is the first one's");
    assert_eq!(session.call("alone", json!({})).ok()["tool"], "alone");
    let names = names(&mut session);
    assert_eq!(names.iter().filter(|name| *name == "echo").count(), 1, "{names:?}");
    assert!(!names.contains(&"spin".to_owned()), "{names:?}");
}

#[test]
fn calls_in_the_first_moment_never_find_a_tool_missing() {
    let mut session = {
        let mut command = cofferdam(&["serve", "--plugin", &guest("trap"), LOCAL[0], LOCAL[1]]);
        command.env("XDG_CACHE_HOME", scratch("first-moment"));
        Session::spawn(command)
    };
    // All in one go: nobody has waited for anything.
    let client = json!({ "name": "tests", "version": "0" });
    let opened = session
        .post("initialize", json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client }));
    session.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
    let posted: Vec<u64> = (0..20).map(|_| session.post_call("predecessor", json!({}))).collect();
    session.answer_to(&json!(opened));
    for id in posted {
        assert_eq!(session.called(id).ok()["text"], "");
    }
}
