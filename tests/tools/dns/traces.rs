//! `+trace` over real servers: the root, a zone below it, and one below that, each
//! on an address of its own.

use serde_json::{Value, json};

use super::{session, shown};
use crate::support::{Daemon, free, nsd};

fn zone(origin: &str, server: &str, more: &str) -> String {
    let name = if origin == "." { "ns.root-of-tests." } else { &format!("ns.{origin}") };
    format!(
        "$ORIGIN {origin}\n$TTL 60\n@ SOA {name} admin.{name} 7 60 60 60 60\n@ NS {name}\n{name} A {server}\n{more}\n"
    )
}

/// The root, `example.`, and `lab.example.`, on one port of four addresses.
fn world() -> (u16, [Daemon; 3]) {
    let port = free("127.0.0.2").port();
    let at = |ip: &str| format!("{ip}:{port}").parse().unwrap();
    let root = zone(
        ".",
        "127.0.0.2",
        "example. NS ns.example.\nns.example. A 127.0.0.3\ndead. NS ns.dead.\nns.dead. A 127.0.0.9",
    );
    let example = zone("example.", "127.0.0.3", "lab NS ns.lab\nns.lab A 127.0.0.4\nwww A 192.0.2.1");
    let lab = zone("lab.example.", "127.0.0.4", "www A 192.0.2.80\nalias CNAME www.example.");
    let servers = [
        nsd(at("127.0.0.2"), &[(".", &root)]),
        nsd(at("127.0.0.3"), &[("example.", &example)]),
        nsd(at("127.0.0.4"), &[("lab.example.", &lab)]),
    ];
    (port, servers)
}

fn zones(answer: &Value) -> Vec<(&str, &str)> {
    let steps = answer["trace"].as_array().unwrap().iter();
    steps.map(|step| (step["zone"].as_str().unwrap(), step["server"].as_str().unwrap())).collect()
}

#[test]
fn a_trace_asks_each_zones_own_servers() {
    let (port, servers) = world();
    let addresses = servers.each_ref().map(|server| server.address);
    let mut session = session(&addresses, "\"any\"");
    let arguments = |target: &str| json!({ "target": target, "server": "127.0.0.2", "port": port, "trace": true });
    let (text, answer) = shown(&mut session, "dig_tool", arguments("www.lab.example"));
    assert_eq!((&answer["outcome"], &answer["answers"][0]["data"]), (&json!("answer"), &json!("192.0.2.80")));
    let [root, example, lab] = addresses.map(|address| address.to_string());
    assert_eq!(zones(&answer), [(".", &*root), (".", &*root), ("example.", &example), ("lab.example.", &lab)]);
    assert!(text.contains("\nlab.example.\t\t60\tIN\tNS\tns.lab.example.\n;; Received "), "{text}");
    assert!(text.contains(&format!("from 127.0.0.4#{port}(ns.lab.example) in ")), "{text}");

    let (_, answer) = shown(&mut session, "dig_tool", arguments("none.example"));
    assert_eq!((&answer["outcome"], zones(&answer).len()), (&json!("nxdomain"), 3));
    let with_options =
        json!({ "target": "alias.lab.example", "server": "127.0.0.2", "options": format!("-p {port} +trace") });
    let (_, answer) = shown(&mut session, "dig_tool", with_options);
    assert_eq!(answer["answers"][0]["data"], "www.example.");
}

#[test]
fn a_trace_that_breaks_off_shows_how_far_it_came() {
    let (port, servers) = world();
    // Of the lab's server nothing is said: the policy stops the trace there.
    let mut session = session(&[servers[0].address, servers[1].address], "\"any\"");
    let arguments = |target: &str| json!({ "target": target, "server": "127.0.0.2", "port": port, "trace": true });
    let (text, answer) = shown(&mut session, "dig_tool", arguments("www.lab.example"));
    assert_eq!((&answer["outcome"], &answer["partial"]), (&json!("incomplete"), &json!(true)));
    assert_eq!(zones(&answer).len(), 3);
    assert!(text.ends_with(";; the trace ends here: denied by the operator's policy\n"), "{text}");
    session.log_has(&format!("127.0.0.4:{port}"));
    let (_, answer) = shown(&mut session, "dig_tool", arguments("www.dead"));
    assert_eq!(answer["outcome"], "incomplete");
}
