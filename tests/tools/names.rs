//! Names, as the tools that dial and ping meet them: every name that a rule takes is looked up by
//! each plugin; one kind of address does not wait for the other; and what name servers get wrong is
//! told, in bounded time.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Answer, Claim, Clock, NameServer, Peer, Session, asked_name, closed_port, eventually, free, guest, has_edns, kind,
    nsd, policy, reply, reply_six, run, unbound,
};

const HERE: [u8; 4] = [127, 0, 0, 1];
const HERE_SIX: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

/// A server with `tcp`, `telnet` and `ping`, all of which may reach these names on this machine.
fn session(dns: SocketAddr, names: &[&str], port: &str) -> Session {
    let rules = |before: &str, after: &str| {
        let rule =
            |name: &&str| format!("{{ to = \"{before}{name}{after}\", within = [\"127.0.0.0/8\", \"::1/128\"] }}");
        names.iter().map(rule).collect::<Vec<_>>().join(", ")
    };
    let text = format!(
        "[names]\nservers = [\"{}\"]\n[defaults]\nconnect = [{}]\nping = [{}]\n",
        dns,
        rules("tcp://", &format!(":{port}")),
        rules("", "")
    );
    let [flag, file] = policy(&text);
    Session::serve(&[&flag, &file])
}

/// A name server that is asked for addresses of each kind.
fn dns(serve: impl Fn(&[u8], u8) -> Vec<Vec<u8>> + Send + Sync + 'static) -> NameServer {
    NameServer::new(move |question, _| serve(question, kind(question)))
}

/// How each of the plugins looks a name up.
fn look_up(session: &mut Session, tool: &str, name: &str, port: u16) -> Answer {
    let arguments = match tool {
        "tcp_connect" => json!({ "host": name, "port": port }),
        "telnet_tool" => json!({ "target": name, "port": port }),
        _ => json!({ "target": name, "count": 1 }),
    };
    session.call(tool, arguments)
}

const TOOLS: [&str; 3] = ["tcp_connect", "telnet_tool", "ping_tool"];

/// Names as rules and tools take them, and what is asked for.
const NAMES: &[(&str, &str)] = &[
    ("my_service.example", "my_service.example"),
    ("db_1.lab.example", "db_1.lab.example"),
    ("_x._y.example", "_x._y.example"),
    ("x_.y_.example", "x_.y_.example"),
    ("a_b.c_d", "a_b.c_d"),
    ("__.example", "__.example"),
    ("a.b_", "a.b_"),
    ("A.Upper.Example", "a.upper.example"),
    ("dot.example.", "dot.example"),
    ("single", "single"),
    ("3com.example", "3com.example"),
    ("a--b.example", "a--b.example"),
    ("12.34.example", "12.34.example"),
    ("0xcafe.example", "0xcafe.example"),
    ("münchen.example", "xn--mnchen-3ya.example"),
    ("xn--mnchen-3ya.test", "xn--mnchen-3ya.test"),
    ("ｗｉｄｅ１.example", "wide1.example"),
];

/// What is no name, neither in rules nor in tools.
const NO_NAMES: &[&str] = &[
    "a..example",
    ".example",
    "-a.example",
    "a-.example",
    "a b.example",
    "a%b.example",
    "a,b.example",
    "127.1",
    "1.2.3.4.5",
    "a.0x7f",
    "１２７.1",
    "xn--a.example",
    "a.example..",
];

#[test]
fn every_name_that_a_rule_takes_is_looked_up_by_each_plugin() {
    let server = dns(|question, _| vec![reply(question, 0, 3, &[])]);
    let long = format!("{}.example", ["x".repeat(63), "y".repeat(63), "z".repeat(63), "w".repeat(53)].join("."));
    let mut names = NAMES.to_vec();
    names.push((&long, &long));
    let mut session = session(server.address, &names.iter().map(|(name, _)| *name).collect::<Vec<_>>(), "80");
    for (name, asked) in &names {
        for tool in TOOLS {
            let before = server.asked().len();
            let answer = look_up(&mut session, tool, name, 80);
            let said = format!("{:?} {:?}", answer.structured, answer.text);
            assert!(said.contains("no such name"), "{tool} {name}: {said}");
            let seen: Vec<String> = server.asked()[before..].iter().map(|question| asked_name(question)).collect();
            assert!(!seen.is_empty() && seen.iter().all(|seen| seen == asked), "{tool} {name}: {seen:?}");
        }
    }
}

#[test]
fn what_is_no_name_is_none_for_rules_and_for_lookups() {
    let server = dns(|question, _| vec![reply(question, 0, 3, &[])]);
    let [flag, file] =
        policy(&format!("[names]\nservers = [\"{}\"]\n[defaults]\nconnect = [\"tcp://any:*\"]\n", server.address));
    let mut session = Session::serve(&[&flag, &file, "--plugin", &guest("resolves")]);
    for name in NO_NAMES {
        let output = run(&["serve", "--dry-run", "--allow-connect", &format!("tcp://{name}:80")]);
        assert!(!output.status.success(), "a rule takes `{name}`");
        let answer = session.call("resolve", json!({ "host": name, "port": 80 })).ok();
        assert_eq!(answer["text"], "Err(ErrorCode::InvalidArgument)", "a lookup takes `{name}`");
        let refused = session.call("tcp_connect", json!({ "host": name, "port": 80 }));
        assert!(
            refused.is_error && refused.text.contains("not a valid name") || refused.text.contains("`host`"),
            "{name}: {}",
            refused.text
        );
    }
    assert_eq!(server.asked(), Vec::<Vec<u8>>::new());
}

#[test]
fn one_kind_of_address_does_not_wait_for_the_other() {
    let peer = Peer::echo();
    let server = dns(|question, kind| match kind {
        1 => vec![reply(question, 0, 0, &[HERE])],
        _ => Vec::new(),
    });
    let mut session = session(server.address, &["*.half.test"], &peer.port().to_string());
    let begun = Clock::start();
    let made = look_up(&mut session, "tcp_connect", "tcp.half.test", peer.port()).ok();
    assert_eq!(made["address"], format!("127.0.0.1:{}", peer.port()));
    let probed = look_up(&mut session, "telnet_tool", "telnet.half.test", peer.port()).structured.unwrap();
    assert_eq!(probed["reachable"], true, "{probed}");
    begun.within(Claim::Isolation, Duration::from_millis(1500));

    // Only the wanted kind is asked for, and of the other one it is said who is silent.
    session.call("ping_tool", json!({ "target": "ping.half.test", "family": "ipv4", "count": 1 }));
    let of = |name: &str| {
        let asked = server.asked().into_iter().filter(|question| asked_name(question) == name);
        asked.map(|question| kind(&question)).collect::<Vec<_>>()
    };
    assert_eq!(of("ping.half.test"), [1]);
    let six = json!({ "target": "six.half.test", "family": "ipv6", "count": 1 });
    let failure = session.call("ping_tool", six).failed("ping_failed");
    assert_eq!((&failure["reason"], &failure["detail"]), (&json!("dns"), &json!("the name server does not answer")));
    assert!(of("six.half.test").iter().all(|kind| *kind == 28));
}

#[test]
fn a_server_that_is_silent_about_the_only_kind_is_told_and_nothing_is_said_of_the_peer() {
    let server = dns(|question, kind| match kind {
        1 => vec![reply(question, 0, 0, &[])],
        _ => Vec::new(),
    });
    let mut session = session(server.address, &["*.half.test"], "80");
    // By default a connection is given up before the lookup is; and the other way round.
    for (name, more, silence) in [
        ("a.half.test", json!({}), "has not answered in time"),
        ("b.half.test", json!({ "connect_timeout_ms": 12_000 }), "does not answer"),
    ] {
        let mut ask = json!({ "host": name, "port": 80 });
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let failure = session.call("tcp_connect", ask).failed("connection_failed");
        let detail = format!("IPv4 addresses: there are none; IPv6 addresses: the name server {silence}");
        assert_eq!((&failure["reason"], &failure["detail"]), (&json!("dns"), &json!(detail)), "{name}");
    }
    // Nobody knows whether it can be reached.
    let failure = look_up(&mut session, "telnet_tool", "a.half.test", 80).failed("connection_failed");
    assert_eq!(failure["reason"], "dns", "{failure}");
}

#[test]
fn a_late_kind_is_tried_where_the_first_fails() {
    let port = closed_port();
    let six = Peer::at(&format!("[::1]:{port}"), drop);
    // The first question about IPv6 is lost.
    let lost = std::sync::Mutex::new(std::collections::HashSet::new());
    let server = dns(move |question, kind| match kind {
        28 if lost.lock().unwrap().insert(asked_name(question)) => Vec::new(),
        28 => vec![reply_six(question, HERE_SIX)],
        _ => vec![reply(question, 0, 0, &[HERE])],
    });
    let mut session = session(server.address, &["late.test", "none.test"], "*");
    let made = look_up(&mut session, "tcp_connect", "late.test", port).ok();
    assert_eq!(made["address"], format!("[::1]:{port}"));
    drop(six);
    // Where all fail, each is told with its own reason.
    let port = closed_port();
    let failure = look_up(&mut session, "tcp_connect", "none.test", port).failed("connection_failed");
    assert_eq!(failure["reason"], "refused", "{failure}");
    let detail = failure["detail"].as_str().unwrap();
    assert!(detail.contains(&format!("127.0.0.1:{port}: refused")), "{detail}");
    assert!(detail.contains(&format!("[::1]:{port}: refused")), "{detail}");
}

#[test]
fn a_server_that_knows_no_edns_is_asked_without_it_and_remembered() {
    let peer = Peer::echo();
    let server = dns(|question, kind| match (has_edns(question), kind) {
        // The header alone, as RFC 6891 (section 7) leaves it to such servers.
        (true, _) => vec![[&question[..2], &[0x80, 0x01, 0, 0, 0, 0, 0, 0, 0, 0]].concat()],
        (false, 1) => vec![reply(question, 0, 0, &[HERE])],
        (false, _) => vec![reply(question, 0, 0, &[])],
    });
    let mut session = session(server.address, &["*.old.test"], &peer.port().to_string());
    look_up(&mut session, "tcp_connect", "a.old.test", peer.port()).ok();
    let mut forms: Vec<(u8, bool)> = server.asked().iter().map(|asked| (kind(asked), has_edns(asked))).collect();
    let all = forms.len();
    forms.sort_unstable();
    forms.dedup();
    assert_eq!(forms.len(), all, "it is asked again at once, in the other form, and not the same again: {forms:?}");
    let with = server.asked().iter().filter(|question| has_edns(question)).count();
    for (tool, name) in [("telnet_tool", "b.old.test"), ("tcp_connect", "c.old.test"), ("ping_tool", "d.old.test")] {
        look_up(&mut session, tool, name, peer.port());
    }
    let asked = server.asked();
    assert_eq!(asked.iter().filter(|question| has_edns(question)).count(), with, "it is remembered");
    assert!(asked.iter().any(|question| asked_name(question) == "d.old.test"));
}

#[test]
fn equal_questions_are_asked_once_and_one_asker_who_leaves_takes_nothing_from_the_others() {
    let peer = Peer::echo();
    // It answers when all have asked.
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let server = dns(move |question, kind| {
        let _ = held.lock().unwrap().recv();
        if kind == 1 { vec![reply(question, 0, 0, &[HERE])] } else { vec![reply(question, 0, 0, &[])] }
    });
    let mut session = session(server.address, &["one.test"], &peer.port().to_string());
    let ask = json!({ "host": "one.test", "port": peer.port() });
    let calls: Vec<u64> = (0..20).map(|_| session.post_call("tcp_connect", ask.clone())).collect();
    let probe = session.post_call("telnet_tool", json!({ "target": "one.test", "port": peer.port() }));
    let asks = |event: &Value| event["event"] == "ask" && event["resource"].to_string().contains("one.test");
    eventually("all have asked", || session.events().into_iter().filter(asks).count() > calls.len());
    session.cancel(calls[0]);
    assert_eq!(session.ends(calls[0]), "cancelled");
    drop(release);
    for id in &calls[1..] {
        session.called(*id).ok();
    }
    assert_eq!(session.called(probe).structured.unwrap()["reachable"], true);
    let mut kinds: Vec<u8> = server.asked().iter().map(|question| kind(question)).collect();
    kinds.sort_unstable();
    // A question without an answer is sent again after a while.
    assert!(kinds.len() < calls.len() / 2, "{kinds:?}");
    kinds.dedup();
    assert_eq!(kinds, [1, 28]);
}

#[test]
fn what_name_servers_get_wrong_is_told_in_bounded_time() {
    let alias = |question: &[u8], to: &[u8]| {
        let mut message = reply(question, 0, 0, &[]);
        message[7] = 1;
        message.extend(b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c");
        message.extend(u16::try_from(to.len()).unwrap().to_be_bytes());
        message.extend(to);
        message
    };
    let server = NameServer::new(move |question, over_tcp| match &*asked_name(question) {
        "code.test" => vec![reply(question, 0, 2, &[])],
        "no.test" => vec![reply(question, 0, 5, &[])],
        "circle.test" => vec![alias(question, b"\xc0\x0c")],
        // Every answer is another alias, of which nothing is said.
        name if name.ends_with("chain.test") => vec![alias(question, &[&[1, b'x'][..], b"\xc0\x0c"].concat())],
        "cut.test" if over_tcp => Vec::new(),
        "cut.test" => vec![reply(question, 2, 0, &[HERE])],
        "other.test" => {
            let mut wrong = reply(question, 0, 0, &[HERE]);
            wrong[13] ^= 1;
            vec![wrong; 300]
        }
        _ => Vec::new(),
    });
    let mut session = session(server.address, &["*.test"], "80");
    for (name, detail) in [
        ("code.test", "the name server has failed (SERVFAIL)"),
        ("no.test", "the name server refuses to answer (REFUSED)"),
        ("circle.test", "the aliases of the name lead nowhere"),
        ("x.chain.test", "the aliases of the name lead nowhere"),
        ("cut.test", "the name server's answer is cut off, and over TCP none comes"),
        ("other.test", "what comes from the name server is no answer to the question"),
        ("silent.test", "the name server does not answer"),
    ] {
        // Longer than a lookup.
        let ask = json!({ "host": name, "port": 80, "connect_timeout_ms": 12_000 });
        let failure = session.call("tcp_connect", ask).failed("connection_failed");
        let told: (&Value, &Value) = (&failure["reason"], &failure["detail"]);
        assert_eq!(told, (&json!("dns"), &json!(detail)), "{name}");
    }
    // A connection that is given up before has no more to say of it.
    let failure = look_up(&mut session, "tcp_connect", "quiet.test", 80).failed("connection_failed");
    assert_eq!(failure["detail"], "the name server has not answered in time", "{failure}");
}

#[test]
fn real_name_servers_answer_the_hosts_lookups() {
    let peer = Peer::echo();
    let soa = "$TTL 60\n@ SOA ns.one.test. me.one.test. 1 3600 600 86400 60\n@ NS ns.one.test.\n";
    let one = format!(
        "{soa}ns A 127.0.0.1\nmy_service A 127.0.0.1\nnear CNAME my_service\naway CNAME db_1.two.test.\nsix AAAA ::1\n"
    );
    let two = format!("{soa}db_1 A 127.0.0.1\n");
    let authority = nsd(free("127.0.0.1"), &[("one.test.", &one), ("two.test.", &two)]);
    let zones = [("one.test.", authority.address), ("two.test.", authority.address)];
    // By itself it answers about `test` without asking anybody (RFC 6761).
    let own = "local-zone: \"test.\" nodefault\n  module-config: \"iterator\"";
    let resolver = unbound(free("127.0.0.1"), &zones, own);
    for server in [authority.address, resolver.address] {
        let mut session = session(server, &["*.test"], "*");
        for name in ["my_service.one.test", "near.one.test", "away.one.test"] {
            let made = look_up(&mut session, "tcp_connect", name, peer.port()).ok();
            assert_eq!(made["address"], format!("127.0.0.1:{}", peer.port()), "{name} of {server}");
        }
        let failure = look_up(&mut session, "tcp_connect", "six.one.test", closed_port()).failed("connection_failed");
        assert_eq!(failure["reason"], "refused", "{failure}");
        for (name, detail) in [("gone.one.test", "no such name"), ("one.test", "the name has no addresses")] {
            let failure = look_up(&mut session, "tcp_connect", name, 80).failed("connection_failed");
            assert_eq!(failure["detail"], detail, "{name} of {server}");
        }
    }
}

#[test]
fn a_flood_of_lookups_is_bounded_in_packets_and_sockets() {
    let silent = NameServer::new(|_, _| Vec::new());
    let text = format!(
        "[names]\nservers = [\"{}\"]\n[defaults]\nconnect = [\"tcp://*.test:80\"]\n[limits]\nlookups = 8\nlookups_per_minute = 100\n",
        silent.address
    );
    let [flag, file] = policy(&text);
    let mut session = Session::serve(&[&flag, &file]);
    let before = descriptors(&session);
    let ask = |n: usize| json!({ "host": format!("n{n}.test"), "port": 80, "connect_timeout_ms": 2000 });
    let calls: Vec<u64> = (0..400).map(|n| session.post_call("tcp_connect", ask(n))).collect();
    let (mut most, mut limited) = (0, 0);
    for id in calls {
        let failure = session.called(id).failed("connection_failed");
        most = most.max(descriptors(&session));
        limited += usize::from(failure["reason"] == "limit");
    }
    assert!(limited >= 300, "{limited} of 400 are told that it is too many");
    assert!(most <= before + 8 * 2 + 8, "{most} descriptors, {before} before");
    // Two kinds, and each asked for at most three times.
    assert!(silent.asked().len() <= (400 - limited) * 6, "{}", silent.asked().len());
    session.log_line_has(&["a limit is hit", "plugin=\"tcp\"", "limit=\"lookups\""]);
}

/// The descriptors that the server has open.
fn descriptors(session: &Session) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", session.pid())).unwrap().count()
}
