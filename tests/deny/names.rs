//! Names: only granted names are looked up, their answers are filtered and pinned, and only
//! what is pinned is dialled.

use serde_json::json;

use crate::support::{Dns, Peer, Session, eventually, guest, scratch};

/// A server with the `resolves` guest, and names from a server of the test's own.
fn resolves(dns: &Dns, rules: &str) -> Session {
    let policy = scratch("names").join("policy.toml");
    let text = format!("[names]\nservers = [\"{}\"]\n\n[defaults]\nconnect = [{rules}]\n", dns.address);
    std::fs::write(&policy, text).unwrap();
    Session::serve(&["--policy", &policy.display().to_string(), "--plugin", &guest("resolves")])
}

fn ask(session: &mut Session, tool: &str, host: &str, port: u16) -> String {
    session.call(tool, json!({ "host": host, "port": port })).ok()["text"].as_str().unwrap().to_owned()
}

#[test]
fn only_a_granted_name_is_looked_up() {
    let dns = Dns::new();
    dns.set("db.lab.example", &["8.8.4.4"]);
    dns.set("evil.example", &["8.8.8.8"]);
    let mut session = resolves(&dns, "\"tcp://db.lab.example:22\"");
    assert_eq!(ask(&mut session, "resolve", "db.lab.example", 22), "Ok([IpAddress::Ipv4((8, 8, 4, 4))])");
    assert_eq!(ask(&mut session, "resolve_std", "db.lab.example", 22), "Ok([8.8.4.4:22])");
    assert_eq!(ask(&mut session, "resolve", "evil.example", 22), "Err(ErrorCode::AccessDenied)");
    assert!(ask(&mut session, "resolve_std", "evil.example", 22).starts_with("Err("));
    assert!(!dns.asked().contains(&"evil.example".to_owned()), "a refused name leaves the machine: {:?}", dns.asked());
    session.log_has("evil.example");
}

#[test]
fn odd_spellings_of_addresses_are_no_names() {
    let dns = Dns::new();
    let mut session = resolves(&dns, "\"tcp://any:*\"");
    for host in ["2130706433", "127.1", "0x7f.1", "0177.0.0.1", "a..b", "-", ""] {
        let answer = ask(&mut session, "resolve", host, 80);
        assert_eq!(answer, "Err(ErrorCode::InvalidArgument)", "{host}");
    }
    assert_eq!(dns.asked(), Vec::<String>::new());
}

#[test]
fn i6_answers_in_special_ranges_are_dropped_and_with_within_they_are_kept() {
    let dns = Dns::new();
    let bad = ["127.0.0.1", "10.0.0.5", "169.254.169.254", "::1", "::ffff:10.0.0.5", "fd00:ec2::254", "224.0.0.1"];
    for address in bad {
        dns.set("name.example", &[address]);
        let mut session = resolves(&dns, "\"tcp://name.example:80\"");
        assert_eq!(ask(&mut session, "resolve", "name.example", 80), "Err(ErrorCode::AccessDenied)", "{address}");
    }
    dns.set("name.example", &["10.0.0.5", "10.1.0.5", "8.8.4.4"]);
    let mut session = resolves(&dns, "{ to = \"tcp://name.example:80\", within = [\"10.0.0.0/16\"] }");
    let kept = ask(&mut session, "resolve", "name.example", 80);
    assert!(kept.contains("(10, 0, 0, 5)") && !kept.contains("(10, 1, 0, 5)"), "{kept}");
}

#[test]
fn i6_what_was_pinned_is_dialled_on_its_port_only() {
    let dns = Dns::new();
    let (granted, other) = (Peer::echo(), Peer::echo());
    dns.set("here.example", &["127.0.0.1"]);
    let rule = format!("{{ to = \"tcp://here.example:{}\", within = [\"127.0.0.0/8\"] }}", granted.port());
    let mut session = resolves(&dns, &rule);
    assert_eq!(ask(&mut session, "dial_std", "127.0.0.1", granted.port()), "Err(PermissionDenied)", "not pinned yet");
    assert_eq!(ask(&mut session, "dial_std", "here.example", granted.port()), "Ok(())");
    assert_eq!(ask(&mut session, "dial_std", "here.example", other.port()), "Err(PermissionDenied)");
    eventually("the connection is accepted", || granted.accepted() == 1);
    assert_eq!(other.accepted(), 0);
}

#[test]
fn i6_a_name_that_changes_its_answer_leads_nowhere_new() {
    let dns = Dns::new();
    let (first, second) = (Peer::at("127.0.0.2:0", drop), Peer::at("127.0.0.3:0", drop));
    dns.set("rebind.example", &["127.0.0.2"]);
    let ports = format!("{},{}", first.port(), second.port());
    let rule = format!("{{ to = \"tcp://rebind.example:{ports}\", within = [\"127.0.0.2/32\"] }}");
    let mut session = resolves(&dns, &rule);
    assert_eq!(ask(&mut session, "dial_std", "rebind.example", first.port()), "Ok(())");
    dns.set("rebind.example", &["127.0.0.3"]);
    // The old answer is kept for a while (its TTL is short, its pin lives 5 s); the new
    // one may never be dialled.
    let before = dns.asked().len();
    eventually("the name is asked about again", || {
        assert!(ask(&mut session, "dial_std", "rebind.example", second.port()).starts_with("Err("));
        dns.asked().len() > before
    });
    assert!(ask(&mut session, "dial_std", "rebind.example", second.port()).starts_with("Err("));
    assert_eq!(ask(&mut session, "dial_std", "127.0.0.3", second.port()), "Err(PermissionDenied)");
    assert_eq!(second.accepted(), 0);
}

#[test]
fn the_tcp_plugin_dials_a_granted_name_and_says_why_not_of_others() {
    let dns = Dns::new();
    let peer = Peer::echo();
    dns.set("echo.lab.example", &["127.0.0.1"]);
    dns.set("gone.lab.example", &[]);
    let rules = format!("{{ to = \"tcp://*.lab.example:{}\", within = [\"127.0.0.0/8\"] }}", peer.port());
    let mut session = resolves(&dns, &rules);
    let mut connect = |host: &str, port: u16| session.call("tcp_connect", json!({ "host": host, "port": port }));
    let made = connect("echo.lab.example", peer.port()).ok();
    assert_eq!(made["address"], format!("127.0.0.1:{}", peer.port()));
    assert_eq!(connect("ECHO.lab.example.", peer.port()).ok()["status"], "connected");
    assert_eq!(connect("gone.lab.example", peer.port()).failed("connection_failed")["reason"], "dns");
    assert_eq!(connect("never.lab.example", peer.port()).failed("connection_failed")["reason"], "dns");
    assert_eq!(connect("lab.example", peer.port()).failed("connection_failed")["reason"], "denied");
    assert_eq!(connect("echo.lab.example", 1).failed("connection_failed")["reason"], "denied");
}
