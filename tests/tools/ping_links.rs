//! `ping_tool` where links go down, where many ping at once, and where a target is no single host.

use serde_json::json;

use super::ping::{answered, at_once, ping, server, under, with_both_kinds_of_sockets};
use crate::support::{Tun, allow_ping_sockets, in_namespace, ip};

#[test]
fn a_link_that_goes_down_and_up_ends_no_run() {
    in_namespace(|| {
        let _tun = Tun::new(|request| at_once(request.reply()));
        with_both_kinds_of_sockets(|kind| {
            let mut session = server();
            let arguments = json!({ "target": "10.9.1.1", "count": 20, "interval_ms": 50, "timeout_ms": 500 });
            let params = json!({ "name": "ping_tool", "arguments": arguments, "_meta": { "progressToken": "t" } });
            let id = session.post("tools/call", params);
            let mut heard = |what: &str| {
                session
                    .wait_for(what, |told| told["params"]["message"].as_str().is_some_and(|line| line.contains(what)))
            };
            heard("icmp_seq=5 ");
            ip(&["link", "set", "tun0", "down"]);
            heard("ping: sendmsg: Network is unreachable");
            ip(&["link", "set", "tun0", "up"]);
            heard("icmp_seq=20 ");
            let told = session.wait_for("the answer", |message| message["id"] == id)["result"].clone();
            let (text, told) = (told["content"][0]["text"].clone(), told["structuredContent"].clone());
            assert_eq!((&told["transmitted"], &told["partial"]), (&json!(20), &json!(false)), "{kind}: {text}");
            let (received, loss) = (told["received"].as_u64().unwrap(), told["loss_percent"].as_f64().unwrap());
            assert!((10..20).contains(&received) && loss > 0.0, "{kind}: {text}");
            let unsent = told["packets"].as_array().unwrap().iter().find(|packet| packet["outcome"] == "unsent");
            assert_eq!(unsent.unwrap()["detail"], "Network is unreachable", "{kind}: {told}");
        });
    });
}

#[test]
fn many_runs_to_one_target_take_no_answers_from_each_other() {
    in_namespace(|| {
        with_both_kinds_of_sockets(|kind| {
            let mut session = server();
            for target in ["127.0.0.1", "::1"] {
                let arguments = json!({ "target": target, "count": 20, "interval_ms": 10 });
                let calls: Vec<u64> = (0..50).map(|_| session.post_call("ping_tool", arguments.clone())).collect();
                for id in calls {
                    let (text, told) = answered(session.called(id));
                    assert_eq!(told["loss_percent"], 0.0, "{kind}, {target}: {text}");
                }
            }
        });
    });
}

#[test]
fn a_run_that_is_slowed_down_is_told_once() {
    in_namespace(|| {
        allow_ping_sockets(true);
        let mut session = server();
        // Together more than all may send in a second: the host has some of
        // them wait, again and again.
        let arguments = json!({ "target": "127.0.0.1", "count": 200, "interval_ms": 10 });
        let calls: Vec<u64> = (0..8).map(|_| session.post_call("ping_tool", arguments.clone())).collect();
        for call in calls {
            let (text, told) = answered(session.called(call));
            assert_eq!(told["received"], 200, "{text}");
        }
        session.log_line_has(&["a limit is hit", "limit=\"ping rate\""]);
        assert!(session.log().matches("limit=\"ping rate\"").count() <= 8, "{}", session.log());
    });
}

#[test]
fn a_networks_broadcast_address_is_a_group() {
    in_namespace(|| {
        let _tun = Tun::new(|request| at_once(request.reply()));
        with_both_kinds_of_sockets(|kind| {
            let mut session = under("[plugins.ping]\nping = [\"10.9.255.255\", \"10.9.1.1\"]\n");
            let failure = session.call("ping_tool", json!({ "target": "10.9.255.255" })).failed("ping_failed");
            let detail = "`10.9.255.255` is a group: echo requests go to one address";
            assert_eq!(failure["detail"], detail, "{kind}: {failure}");
            assert_eq!(ping(&mut session, json!({ "target": "10.9.1.1", "count": 1 })).1["received"], 1, "{kind}");
        });
    });
}
