//! How long calls wait where nobody says how long. Clients give a call up after 5 s: against
//! silence each tool answers after about 4 s, with what was gathered. Who says how long is waited
//! for as long as that.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::ping::under;
use crate::support::clock::Took;
use crate::support::{Claim, Clock, NameServer, Session, Tun, allow_ping_sockets, free, in_namespace};

/// What clients allow, less the time of a busy machine.
const AT_MOST: Duration = Duration::from_millis(4900);

/// All of these calls at once: how long each one took, and its answer.
fn together(session: &mut Session, calls: &[(&str, Value)]) -> Vec<(Took, Value)> {
    // Code is compiled before, which takes its own time.
    session.call("dig_tool", json!({ "target": "www.example", "timeout_ms": 1, "tries": 1 }));
    session.call("telnet_tool", json!({ "target": "127.0.0.1", "port": free("127.0.0.1").port() }));
    session.call("ping_tool", json!({ "target": "127.0.0.1", "count": 1 }));
    let begun = Clock::start();
    let posted: Vec<u64> = calls.iter().map(|(tool, arguments)| session.post_call(tool, arguments.clone())).collect();
    let mut answers = BTreeMap::new();
    while answers.len() < posted.len() {
        // As they come.
        let answer = session.wait_for("an answer", |message| message.get("result").is_some());
        let result = &answer["result"];
        let told = match result.get("structuredContent") {
            Some(told) if result["isError"] != true => told.clone(),
            _ => serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap(),
        };
        answers.insert(answer["id"].as_u64().unwrap(), (begun.stop(), told));
    }
    posted.iter().map(|id| answers.remove(id).unwrap()).collect()
}

#[test]
fn silence_is_told_after_four_seconds_by_every_tool_with_what_was_gathered() {
    in_namespace(|| {
        allow_ping_sockets(true);
        // Nothing that gets there is answered: neither echo requests nor connections.
        let tun = Tun::new(|_| vec![]);
        let silent: Vec<NameServer> = (0..3).map(|_| NameServer::new(|_, _| Vec::new())).collect();
        let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let servers: Vec<String> = silent.iter().map(|server| format!("\"{}\"", server.address)).collect();
        let text = format!(
            "[names]\nservers = [{0}]\n[plugins.dns]\nresolve = [\"any\"]\nservers = [{1}]\n\
             [plugins.ping]\nping = [\"10.9.0.0/16\", \"127.0.0.1\", \"silent.example\"]\n\
             [plugins.telnet]\nconnect = [\"tcp://127.0.0.1:*\", \"tcp://10.9.0.0/16:23\", \"tcp://silent.example:23\"]\n",
            servers[0],
            servers.join(", ")
        );
        let mut session = under(&text);
        let one = silent[0].address.to_string().replace(':', "#");
        let port = mute.local_addr().unwrap().port();
        let telnet = |more: Value| {
            let mut all = json!({ "target": "127.0.0.1", "port": port });
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            ("telnet_tool", all)
        };
        let calls = [
            ("dig_tool", json!({ "target": "www.example" })),
            ("dig_tool", json!({ "target": "www.example", "server": one })),
            ("dig_tool", json!({ "target": "www.example", "tcp": true })),
            ("dig_tool", json!({ "target": "www.example", "trace": true })),
            ("dig_tool", json!({ "target": "www.example", "server": "ns.example" })),
            ("nslookup_tool", json!({ "target": "www.example" })),
            ("telnet_tool", json!({ "target": "10.9.3.4", "port": 23 })),
            ("telnet_tool", json!({ "target": "silent.example", "port": 23 })),
            telnet(json!({ "steps": [{ "expect": "never" }] })),
            telnet(json!({ "user": "ops", "password": "hunter22", "steps": [{ "expect": "> ?\\z", "send": "show" }] })),
            telnet(json!({ "steps": [{ "send": "a" }, { "send": "b" }, { "send": "c" }] })),
            ("ping_tool", json!({ "target": "10.9.3.4" })),
            ("ping_tool", json!({ "target": "silent.example" })),
            ("traceroute_tool", json!({ "target": "10.9.3.4" })),
            ("traceroute_tool", json!({ "target": "silent.example" })),
        ];
        let answers = together(&mut session, &calls);
        for ((took, told), (tool, arguments)) in answers.iter().zip(&calls) {
            println!("{took:?} for {tool} {arguments}: {told}");
            took.within(Claim::Deadline, AT_MOST);
        }
        let told: Vec<&Value> = answers.iter().map(|(_, told)| told).collect();
        // Each server was asked as often as dig does, and each try is told.
        let tries = |at: usize| told[at]["attempts"].as_array().unwrap().len();
        for (at, least) in [(0, 9), (1, 3), (2, 3), (3, 3), (4, 3), (5, 9)] {
            assert!(tries(at) >= least && told[at]["error"] == "no_answer", "{at}: {}", told[at]);
        }
        assert_eq!(told[6]["reason"], "timeout", "{}", told[6]);
        for at in [8, 9, 10] {
            assert_eq!(told[at]["session"]["ended"], "timeout", "{}", told[at]);
        }
        assert_eq!(told[10]["session"]["steps_done"], 2, "{}", told[10]);
        assert_eq!((&told[11]["transmitted"], &told[11]["partial"]), (&json!(4), &json!(false)), "{}", told[11]);
        assert_eq!((&told[12]["reason"], &told[14]["reason"]), (&json!("dns"), &json!("dns")));
        assert_eq!(told[13]["hops"].as_array().unwrap().len(), 30, "{}", told[13]);
        assert_eq!(told[13]["partial"], false, "{}", told[13]);
        assert!(tun.seen_by("10.9.3.4").len() >= 94);
    });
}

#[test]
fn whoever_says_how_long_is_waited_for_longer() {
    in_namespace(|| {
        allow_ping_sockets(true);
        let _tun = Tun::new(|_| vec![]);
        let silent = NameServer::new(|_, _| Vec::new());
        let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let text = format!(
            "[plugins.dns]\nresolve = [\"*.example\"]\nservers = [\"{}\"]\n[plugins.ping]\nping = [\"10.9.0.0/16\", \"127.0.0.1\"]\n\
             [plugins.telnet]\nconnect = [\"tcp://127.0.0.1:*\"]\n",
            silent.address
        );
        let mut session = under(&text);
        let to = |more: Value| {
            let mut all = json!({ "target": "127.0.0.1", "port": mute.local_addr().unwrap().port() });
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            ("telnet_tool", all)
        };
        let calls = [
            ("dig_tool", json!({ "target": "www.example", "timeout_ms": 3000, "tries": 2 })),
            ("dig_tool", json!({ "target": "www.example", "options": "+time=2" })),
            ("nslookup_tool", json!({ "target": "www.example", "timeout_ms": 2000 })),
            to(json!({ "steps": [{ "expect": "never" }], "timeout": 6 })),
            to(json!({ "steps": [{ "expect": "never", "timeout_ms": 6000 }] })),
            ("ping_tool", json!({ "target": "10.9.3.4", "timeout_ms": 3000 })),
            ("ping_tool", json!({ "target": "10.9.3.4", "count": 6 })),
            ("traceroute_tool", json!({ "target": "10.9.3.4", "timeout_ms": 2000 })),
        ];
        for ((took, _), (tool, arguments)) in together(&mut session, &calls).iter().zip(&calls) {
            println!("{took:?} for {tool} {arguments}");
            took.at_least(Claim::Deadline, Duration::from_millis(5800));
        }
    });
}
