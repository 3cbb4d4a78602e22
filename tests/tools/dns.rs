//! The `dns` plugin's tools against real name servers (nsd, unbound) on loopback, beside the real
//! `dig` and `nslookup`: what they print is what ours have to print.

use std::net::SocketAddr;

use cofferdam_xtask::peers::{self, Peer};
use cofferdam_xtask::stderr_progress;
use serde_json::{Value, json};

use crate::support::{Daemon, NameServer, Session, free, nsd, policy, reply, unbound};

/// Servers that end in every way, at any moment.
mod ends;

/// Servers that lie, are silent, or answer in part.
mod liars;

/// Names in any spelling: services' instances, and labels with escapes.
mod targets;

/// From the root down.
mod traces;

/// Every type that dig knows.
mod types;

/// Arguments and options that are wrong.
mod wrong;

const EXAMPLE: &str = r#"
$ORIGIN example.
$TTL 3600
@          SOA    ns admin 7 3600 600 86400 300
@          NS     ns
@          MX     10 mail
@          TXT    "v=spf1 -all" "a \"quoted\" one" "bytes \001\255"
@          CAA    0 issue "ca.example"
@          DNSKEY 256 3 8 AwEAAb4WMOTBLTFvmBra5m6SK4cfViOzmvyUAU7qn4QAqe9vFzlPVUjpXlTTcBgyJ6CnTN3wcJtyyHz0Y1LRlvg1h/JtRqpTw0dzKwVFUpZ4wYyTPDnAxFnsmZmM1e0t
@          RRSIG  SOA 8 1 3600 20300101000000 20260101000000 60485 example. c2lnbmF0dXJl
ns         A      127.0.0.1
www        A      192.0.2.80
www        A      192.0.2.81
www        AAAA   2001:db8::80
www        RRSIG  A 8 2 3600 20300101000000 20260101000000 60485 example. c2lnbmF0dXJl
mail       A      192.0.2.25
alias      CNAME  www
far        CNAME  alias
out        CNAME  www.elsewhere.test.
weird      CNAME  caf\195\169.a\032b.0/25.x+y-z.par\(en\).example.
_sip._tcp  SRV    0 5 5060 sip
_443._tcp  TLSA   3 1 1 92003ba34942dc74152e2f2c408d29eca5a520e7f2e06bb944f4dca346baf63c
lab        NS     ns.lab
lab        DS     60485 8 2 d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a
ns.lab     A      127.0.0.1
svc        HTTPS  1 . alpn=h2,h3 port=8443 ipv4hint=192.0.2.80 ipv6hint=2001:db8::80
svc        SVCB   2 www port=853
tel        NAPTR  100 10 "U" "E2U+sip" "!^.*$!sip:info@example!" .
odd        TYPE65280 \# 4 DEADBEEF
xn--bcher-kva A   192.0.2.5
a-very-long-name-that-goes-beyond-the-column A 192.0.2.6
$INCLUDE "big"
"#;

const REVERSE: &str = "$ORIGIN 2.0.192.in-addr.arpa.\n$TTL 60\n@ SOA ns.example. admin.example. 7 1 1 1 1\n@ NS ns.example.\n80 PTR www.example.\n";

/// The zones of these tests, served by nsd.
fn authority() -> Daemon {
    // What no datagram of 1232 bytes holds.
    let big: String = (0..20).map(|n| format!("big TXT \"{n:0>200}\"\n")).collect();
    let example = EXAMPLE.replace("$INCLUDE \"big\"\n", &big);
    nsd(free("127.0.0.1"), &[("example.", &example), ("2.0.192.in-addr.arpa.", REVERSE)])
}

/// A session whose `dns` plugin may ask these servers, the first of which is asked by default.
pub fn session(servers: &[SocketAddr], resolve: &str) -> Session {
    let servers: Vec<String> = servers.iter().map(|server| format!("\"{server}\"")).collect();
    let text = format!("[plugins.dns]\nresolve = [{resolve}]\nservers = [{}]\n", servers.join(", "));
    let [flag, file] = policy(&text);
    Session::serve(&[&flag, &file])
}

/// A call that has to succeed: its text, and its structure.
#[track_caller]
pub fn shown(session: &mut Session, tool: &str, arguments: Value) -> (String, Value) {
    let answer = session.call(tool, arguments);
    assert!(!answer.is_error, "{}", answer.text);
    (answer.text, answer.structured.unwrap())
}

/// What the real program prints.
fn native(program: &str, arguments: &[&str]) -> String {
    printed(&peers::debian("bind9-dnsutils", &mut stderr_progress()), program, arguments)
}

/// What it prints in its newest version.
fn newest(program: &str, arguments: &[&str]) -> String {
    printed(&peers::newest("bind9-dnsutils", &mut stderr_progress()), program, arguments)
}

fn printed<E: std::fmt::Display>(tools: &Result<Peer, E>, program: &str, arguments: &[&str]) -> String {
    let tools = tools.as_ref().unwrap_or_else(|error| panic!("{error}"));
    let output = tools.command(&format!("usr/bin/{program}")).args(arguments).env("LC_ALL", "C").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Lines without what differs from run to run: who asked, the number, the time.
fn steady(text: &str) -> Vec<String> {
    let own = ["; <<>> DiG", ";; ->>HEADER<<-", ";; Query time", ";; WHEN"];
    let lines = text.trim().lines().map(|line| match own.iter().find(|own| line.starts_with(*own)) {
        Some(own) => (*own).to_owned(),
        None => line.to_owned(),
    });
    lines.filter(|line| !line.starts_with("; (1 server found)")).collect()
}

#[test]
fn every_type_is_shown_as_dig_shows_it() {
    let server = authority();
    let (mut session, port) = (session(&[server.address], "\"any\""), server.address.port().to_string());
    let asked = [
        ("www.example", "A"),
        ("www.example", "AAAA"),
        ("example", "MX"),
        ("example", "NS"),
        ("example", "TXT"),
        ("example", "SOA"),
        ("far.example", "CNAME"),
        ("far.example", "A"),
        ("weird.example", "CNAME"),
        ("_sip._tcp.example", "SRV"),
        ("80.2.0.192.in-addr.arpa", "PTR"),
        ("example", "CAA"),
        ("lab.example", "DS"),
        ("example", "DNSKEY"),
        ("svc.example", "HTTPS"),
        ("svc.example", "SVCB"),
        ("tel.example", "NAPTR"),
        ("_443._tcp.example", "TLSA"),
        ("odd.example", "ANY"),
        ("www.example", "ANY"),
        ("a-very-long-name-that-goes-beyond-the-column.example", "A"),
        // No such name, no such type, another's zone, somebody else's name.
        ("none.example", "A"),
        // Where a tab would end just behind the name.
        ("abcdef.example", "A"),
        ("abcdefghijklmn.example", "A"),
        ("www.example", "MX"),
        ("www.lab.example", "A"),
        ("www.elsewhere.test", "A"),
        ("big.example", "TXT"),
    ];
    for (name, kind) in asked {
        let arguments = ["@127.0.0.1", "-p", &port, name, kind, "+nocookie"];
        for more in ["", "+dnssec", "+short", "+nocomments"] {
            let more: Vec<&str> = more.split_whitespace().collect();
            let theirs = native("dig", &[&arguments[..], &more].concat());
            let (ours, _) = shown(
                &mut session,
                "dig_tool",
                json!({ "target": name, "type": kind, "server": "127.0.0.1", "port": server.address.port(), "options": more.join(" ") }),
            );
            assert_eq!(steady(&ours), steady(&theirs), "{name} {kind} {more:?}\nours:\n{ours}\ntheirs:\n{theirs}");
        }
    }
}

#[test]
fn nslookup_prints_what_nslookup_prints() {
    let authority = authority();
    // Its answers are not its own.
    let resolver = unbound(free("127.0.0.1"), &[("example.", authority.address)], "module-config: \"iterator\"");
    let mut session = session(&[authority.address, resolver.address], "\"any\"");
    let asked = [
        ("www.example", "A"),
        ("www.example", "AAAA"),
        ("far.example", "A"),
        ("example", "MX"),
        ("example", "NS"),
        ("example", "TXT"),
        ("example", "SOA"),
        ("_sip._tcp.example", "SRV"),
        ("192.0.2.80", "PTR"),
        ("192.0.2.80", "A"),
        ("weird.example", "CNAME"),
        ("example", "CAA"),
        ("tel.example", "NAPTR"),
        ("lab.example", "DS"),
        ("none.example", "A"),
        ("www.example", "MX"),
    ];
    for (name, kind) in asked {
        for server in [authority.address, resolver.address] {
            let port = server.port();
            let theirs = native("nslookup", &[&format!("-port={port}"), &format!("-type={kind}"), name, "127.0.0.1"]);
            let arguments = json!({ "target": name, "type": kind, "server": "127.0.0.1", "port": port });
            let (ours, _) = shown(&mut session, "nslookup_tool", arguments);
            assert_eq!(ours.trim(), theirs.trim(), "{name} {kind} of {server}");
        }
    }
    // An alias out of the zone, from the one server that has it.
    let port = authority.address.port();
    let theirs = native("nslookup", &[&format!("-port={port}"), "-type=A", "out.example", "127.0.0.1"]);
    let arguments = json!({ "target": "out.example", "type": "A", "server": "localhost", "port": port });
    assert_eq!(shown(&mut session, "nslookup_tool", arguments).0.trim(), theirs.trim());
}

#[test]
fn the_structure_says_everything_by_name() {
    let server = authority();
    let mut session = session(&[server.address], "\"any\"");
    let (_, answer) = shown(&mut session, "dig_tool", json!({ "target": "far.example", "options": "+nsid" }));
    assert_eq!(answer["outcome"], "answer");
    assert_eq!(answer["status"], "NOERROR");
    assert_eq!(answer["flags"], json!(["qr", "aa", "rd"]));
    assert_eq!(answer["question"], json!({ "name": "far.example.", "class": "IN", "type": "A" }));
    assert_eq!(answer["chain"], json!(["far.example.", "alias.example.", "www.example."]));
    let last = json!({
        "name": "www.example.", "ttl": 3600, "class": "IN", "type": "A", "data": "192.0.2.80",
        "fields": { "address": "192.0.2.80" },
    });
    assert!(answer["answers"].as_array().unwrap().contains(&last), "{answer}");
    assert_eq!(answer["edns"]["nsid"], "nsd.test");
    assert_eq!(answer["server"], server.address.to_string());
    assert_eq!(answer["transport"], "udp");
    assert!(answer["time_ms"].as_f64().unwrap() > 0.0, "{answer}");
    assert_eq!(answer["attempts"].as_array().unwrap().len(), 1);

    let (_, answer) = shown(&mut session, "dig_tool", json!({ "target": "example", "type": "MX" }));
    assert_eq!(answer["answers"][0]["fields"], json!({ "preference": 10, "exchange": "mail.example." }));
    let (_, answer) = shown(&mut session, "dig_tool", json!({ "target": "svc.example", "type": "HTTPS" }));
    assert_eq!(answer["answers"][0]["fields"]["parameters"]["alpn"], json!(["h2", "h3"]));
    let (_, answer) = shown(&mut session, "dig_tool", json!({ "target": "192.0.2.80" }));
    assert_eq!(answer["question"]["type"], "PTR");
    assert_eq!(answer["answers"][0]["data"], "www.example.");
    let (text, answer) = shown(&mut session, "dig_tool", json!({ "target": "bücher.example", "short": true }));
    assert_eq!((text.as_str(), &answer["question"]["name"]), ("192.0.2.5\n", &json!("xn--bcher-kva.example.")));
}

#[test]
fn a_long_answer_comes_over_tcp() {
    let server = authority();
    let mut session = session(&[server.address], "\"any\"");
    let (text, answer) = shown(&mut session, "dig_tool", json!({ "target": "big.example", "type": "TXT" }));
    assert_eq!((&answer["transport"], answer["answers"].as_array().unwrap().len()), (&json!("tcp"), 20));
    let results: Vec<&Value> = answer["attempts"].as_array().unwrap().iter().map(|one| &one["result"]).collect();
    assert_eq!(results, ["truncated", "answered"]);
    assert!(text.contains(";; Truncated, retrying in TCP mode.\n"), "{text}");
    let (_, answer) =
        shown(&mut session, "dig_tool", json!({ "target": "big.example", "type": "TXT", "options": "+ignore" }));
    assert_eq!((&answer["transport"], &answer["partial"]), (&json!("udp"), &json!(true)));
    let (_, answer) = shown(&mut session, "dig_tool", json!({ "target": "www.example", "tcp": true }));
    assert_eq!((&answer["transport"], &answer["attempts"][0]["transport"]), (&json!("tcp"), &json!("tcp")));
}

#[test]
fn a_resolver_answers_fails_and_says_why() {
    let server = authority();
    // The servers of this zone refuse to speak of it.
    let lame = NameServer::new(|question, _| vec![reply(question, 0, 5, &[])]);
    let zones = [("example.", server.address), ("dead.lost.", lame.address)];
    // A zone that ought to be signed with a key that nobody has.
    let anchor = "module-config: \"validator iterator\"\n  trust-anchor: \"example. DS 1 8 2 \
                  d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a\"";
    let plain = unbound(free("127.0.0.1"), &zones, "module-config: \"iterator\"");
    let strict = unbound(free("127.0.0.1"), &zones, anchor);
    let mut session = session(&[plain.address, strict.address], "\"any\"");

    let (_, answer) = shown(&mut session, "dig_tool", json!({ "target": "www.example" }));
    assert_eq!((&answer["outcome"], &answer["flags"]), (&json!("answer"), &json!(["qr", "rd", "ra"])));
    let (_, none) = shown(&mut session, "dig_tool", json!({ "target": "none.example" }));
    assert_eq!((&none["outcome"], &none["status"]), (&json!("nxdomain"), &json!("NXDOMAIN")));
    assert_eq!(none["authority"][0]["fields"]["minimum"], 300);
    let (_, nodata) = shown(&mut session, "dig_tool", json!({ "target": "www.example", "type": "MX" }));
    assert_eq!((&nodata["outcome"], &nodata["status"]), (&json!("nodata"), &json!("NOERROR")));
    let (_, failed) = shown(&mut session, "dig_tool", json!({ "target": "x.dead.lost", "timeout_ms": 20_000 }));
    assert_eq!((&failed["outcome"], &failed["status"]), (&json!("servfail"), &json!("SERVFAIL")));
    let (_, refused) =
        shown(&mut session, "dig_tool", json!({ "target": "www.elsewhere.lost", "options": "+norecurse" }));
    assert_eq!((&refused["outcome"], &refused["status"]), (&json!("refused"), &json!("REFUSED")));

    let asked = json!({ "target": "www.example", "server": strict.address.to_string() });
    let (text, bogus) = shown(&mut session, "dig_tool", asked.clone());
    assert_eq!(bogus["outcome"], "servfail");
    let error = &bogus["edns"]["extended_errors"][0];
    assert!(error["code"].as_u64().is_some_and(|code| (6..=12).contains(&code)), "{bogus}");
    assert!(text.contains(&format!("; EDE: {} (", error["code"])), "{text}");
    let (text, _) = shown(&mut session, "nslookup_tool", asked);
    assert!(text.contains("** server can't find www.example: SERVFAIL\n"), "{text}");
    let asked = json!({ "target": "www.example", "server": strict.address.to_string(), "options": "+cdflag +dnssec" });
    let (_, unchecked) = shown(&mut session, "dig_tool", asked);
    assert_eq!(unchecked["outcome"], "answer", "who does not check has an answer");
}

#[test]
fn a_server_may_be_named() {
    let server = authority();
    let mut session = session(&[server.address], "\"*.example\"");
    let port = server.address.port();
    let asked = json!({ "target": "www.example", "server": format!("ns.example#{port}") });
    let (_, answer) = shown(&mut session, "dig_tool", asked);
    assert_eq!((&answer["outcome"], &answer["server"]), (&json!("answer"), &json!(server.address.to_string())));
    let unknown = json!({ "target": "www.example", "server": "none.example" });
    let failure = session.call("dig_tool", unknown).failed("no_answer");
    assert_eq!(failure["reason"], "dns", "{failure}");
    let denied = json!({ "target": "www.example", "server": "ns.elsewhere.test" });
    assert_eq!(session.call("dig_tool", denied).failed("no_answer")["reason"], "denied");
}
