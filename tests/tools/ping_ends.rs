//! Peers that answer, lie, refuse, stay silent or send anything, links that go down, and calls that
//! are cancelled, at any moment of `ping_tool` and `traceroute_tool`: each call has its answer in
//! time, and the next one works.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::{Value, json};

use super::ping::{RULES, answered};
use crate::support::{Dice, Flow, Request, Sends, Tun, allow_ping_sockets, ends, in_namespace, ip, policy, seed};

/// Calls at one time. All of them together may send 500 requests a second.
const AT_ONCE: usize = 40;

/// What comes because of a request.
fn anything(dice: &mut Dice, request: &Request) -> Sends {
    let four = request.target.is_ipv4();
    let router = match four {
        true => format!("10.9.200.{}", request.hop_limit),
        false => format!("fd09::c8:{:x}", request.hop_limit),
    };
    let any = |dice: &mut Dice| (dice.roll() as u8, dice.roll() as u8, dice.roll() as u32);
    let packet = match dice.below(14) {
        0 => return vec![],
        1 => vec![request.reply(); 2 + dice.below(8)],
        2 => {
            let (icmp_type, code, rest) = any(dice);
            vec![request.error(&router, icmp_type, code, rest)]
        }
        // Of the types that there are.
        3 | 4 => {
            let (_, code, rest) = any(dice);
            let types: &[u8] = if four { &[3, 4, 5, 11, 12] } else { &[1, 2, 3, 4, 137] };
            vec![request.error(&router, dice.pick(types), code % 17, rest % 2000)]
        }
        5 | 6 => {
            let exceeded = if four { 11 } else { 3 };
            vec![request.error(&router, exceeded, 0, 0)]
        }
        7 => {
            // An error that quotes too little, or other bytes.
            let mut quoted = request.packet.clone();
            quoted.truncate(dice.below(quoted.len() + 1));
            if !quoted.is_empty() && dice.one_in(2) {
                let at = dice.below(quoted.len());
                quoted[at] = dice.roll() as u8;
            }
            vec![request.error_quoting(&router, if four { 3 } else { 1 }, 1, 0, &quoted)]
        }
        8 => {
            let from: IpAddr = if four { [10, 9, 77, 77].into() } else { [0xfd09, 0, 0, 0, 0, 0, 0, 0x77].into() };
            vec![request.reply_of(from, |_| {}), request.reply()]
        }
        9 => vec![request.reply_of(request.target, |message| {
            // Longer or shorter than what was sent, or not what was sent.
            match dice.below(3) {
                0 => message.truncate(8 + dice.below(message.len() - 7)),
                1 => message.extend(vec![7; dice.below(2000)]),
                _ => {
                    let at = 4 + dice.below(message.len() - 4);
                    message[at] ^= 1;
                }
            }
        })],
        10 => {
            // A packet that is cut, or no packet.
            let mut packet = request.reply();
            packet.truncate(dice.below(packet.len()));
            vec![packet, (0..dice.below(100)).map(|_| dice.roll() as u8).collect()]
        }
        _ => vec![request.reply()],
    };
    let after = if dice.one_in(3) { dice.micros(250_000) } else { Duration::ZERO };
    packet.into_iter().map(|packet| (after, packet)).collect()
}

/// One of the calls there are.
fn call(dice: &mut Dice) -> (&'static str, Value) {
    let target = match dice.below(6) {
        0 => "127.0.0.1".to_owned(),
        1 => "localhost".to_owned(),
        2 | 3 => format!("fd09::{:x}", 16 + dice.below(60_000)),
        _ => format!("10.9.{}.{}", dice.below(100), 2 + dice.below(200)),
    };
    let mut all = json!({ "target": target, "timeout_ms": 1 + dice.below(150) });
    if dice.one_in(2) {
        all["size"] = json!(dice.pick(&[0, 1, 56, 200, 3000]));
    }
    if dice.one_in(3) {
        all["max_hops"] = json!(1 + dice.below(5));
        all["probes"] = json!(1 + dice.below(3));
        return ("traceroute_tool", all);
    }
    all["count"] = json!(1 + dice.below(6));
    all["interval_ms"] = json!(10 + dice.below(20));
    if dice.one_in(4) {
        all["ttl"] = json!(1 + dice.below(255));
    }
    if dice.one_in(4) {
        all["dont_fragment"] = json!(true);
    }
    ("ping_tool", all)
}

#[test]
fn i10_whatever_comes_or_does_not_ends_one_call_only() {
    in_namespace(|| {
        let (seed, ends) = (seed(), ends(600));
        // A link that comes up again has its addresses still.
        std::fs::write("/proc/sys/net/ipv6/conf/all/keep_addr_on_down", "1").unwrap();
        let mut chance = Dice::new(seed.wrapping_add(1));
        let _tun = Tun::new(move |request| anything(&mut chance, request));
        // Of both kinds, which an operator's machine decides.
        for datagram_sockets in [true, false] {
            allow_ping_sockets(datagram_sockets);
            let one = json!({ "target": "127.0.0.1", "count": 1 });
            let mut flow = Flow::new(seed, AT_ONCE, &policy(RULES), &["ping_failed", "traceroute_failed"], |session| {
                assert_eq!(answered(session.call("ping_tool", one.clone())).1["received"], 1);
            });
            let mut up = true;
            while flow.called < ends.div_ceil(2) {
                let (tool, arguments) = call(&mut flow.dice);
                flow.call(tool, arguments);
                if flow.dice.one_in(if up { 100 } else { 10 }) {
                    up = !up;
                    ip(&["link", "set", "tun0", if up { "up" } else { "down" }]);
                }
                if flow.called.is_multiple_of(50) {
                    let (text, told) = answered(flow.session.call("ping_tool", one.clone()));
                    assert_eq!(told["received"], 1, "seed {seed}: {text}");
                }
            }
            ip(&["link", "set", "tun0", "up"]);
            let outcomes = flow.end();
            assert!(outcomes["success"] > 0 && outcomes["cancelled"] > 0, "seed {seed}: {outcomes:?}");
        }
    });
}
