//! Name servers that answer, lie, stay silent, cut off, close, reset, half close or stall, at any
//! moment, over UDP and TCP, while calls are cancelled at any moment: each call has its answer in
//! time, and the next one works.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nix::libc::linger;
use nix::sys::socket::{setsockopt, sockopt};
use serde_json::{Value, json};

use crate::support::{Dice, Flow, NameServer, Passes, ends, free, kind, pass, policy, reply, reply_six, seed};

/// Calls at one time.
const AT_ONCE: usize = 60;

/// The server that always answers says so.
const STEADY: [u8; 4] = [192, 0, 2, 80];

/// A server that does anything, on UDP and TCP.
fn erratic(seed: u64) -> SocketAddr {
    let (udp, tcp) = loop {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()) {
            break (udp, tcp);
        }
    };
    let address = udp.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut dice, mut buffer) = (Dice::new(seed), [0; 4096]);
        while let Ok((length, from)) = udp.recv_from(&mut buffer) {
            let messages = datagrams(&mut dice, &buffer[..length]);
            let late = if dice.one_in(6) { dice.micros(200_000) } else { Duration::ZERO };
            let udp = udp.try_clone().unwrap();
            let send = move || messages.iter().for_each(|message| drop(udp.send_to(message, from)));
            if late.is_zero() {
                send();
            } else {
                std::thread::spawn(move || {
                    pass(Passes::Peer, late);
                    send();
                });
            }
        }
    });
    let accepted = AtomicU64::new(seed);
    std::thread::spawn(move || {
        for stream in tcp.incoming().flatten() {
            let dice = Dice::new(accepted.fetch_add(1, Ordering::Relaxed).wrapping_add(1 << 40));
            std::thread::spawn(move || over_tcp(stream, dice));
        }
    });
    address
}

/// What comes back in datagrams.
fn datagrams(dice: &mut Dice, question: &[u8]) -> Vec<Vec<u8>> {
    let mut message = some_reply(dice, question);
    match dice.below(12) {
        0 => vec![],
        1 => vec![lie(dice, question), message],
        2 => vec![lie(dice, question); 1 + dice.below(300)],
        // Cut off, as it says itself, or as it does not.
        3 | 4 => {
            message[2] |= 2;
            vec![message]
        }
        5 => vec![message[..dice.below(message.len())].to_vec()],
        6 => vec![message.clone(), message],
        7 => vec![(0..dice.below(600)).map(|_| dice.roll() as u8).collect()],
        8 => {
            message.extend(vec![0; dice.below(40_000)]);
            vec![message]
        }
        _ => vec![message],
    }
}

/// A reply to the question, of any kind.
fn some_reply(dice: &mut Dice, question: &[u8]) -> Vec<u8> {
    let addresses = vec![STEADY; dice.below(4)];
    match dice.below(8) {
        0 => reply(question, 0, dice.below(16) as u8, &[]),
        1 => reply(question, dice.below(256) as u8, 0, &addresses),
        2 | 3 => referral(dice, question),
        4 => {
            // Bytes of it are others.
            let mut message = reply(question, 0, 0, &addresses);
            for _ in 0..1 + dice.below(6) {
                let at = dice.below(message.len());
                message[at] = dice.roll() as u8;
            }
            message[..2].copy_from_slice(&question[..2]);
            message
        }
        _ if kind(question) == 28 => reply_six(question, [0xfd; 16]),
        _ => reply(question, 4, 0, &addresses),
    }
}

/// A referral to a server of some zone above the name: this very server, or
/// one that nobody may ask.
fn referral(dice: &mut Dice, question: &[u8]) -> Vec<u8> {
    let mut message = reply(question, 0, 0, &[]);
    (message[9], message[11]) = (1, u8::from(!dice.one_in(4)));
    let mut labels = vec![12];
    while question[labels[labels.len() - 1]] != 0 {
        let at = labels[labels.len() - 1];
        labels.push(at + 1 + usize::from(question[at]));
    }
    let zone = 0xc000 | dice.pick(&labels) as u16;
    message.extend(zone.to_be_bytes());
    message.extend(b"\0\x02\0\x01\0\0\0\x3c\0\x05");
    let name = 0xc000 | message.len() as u16;
    message.extend(b"\x02ns");
    message.extend(zone.to_be_bytes());
    if message[11] == 1 {
        message.extend(name.to_be_bytes());
        message.extend(b"\0\x01\0\x01\0\0\0\x3c\0\x04");
        message.extend(if dice.one_in(5) { [127, 0, 0, 2] } else { [127, 0, 0, 1] });
    }
    message
}

/// What is no answer to the question.
fn lie(dice: &mut Dice, question: &[u8]) -> Vec<u8> {
    let mut lie = reply(question, 0, 0, &[[6, 6, 6, 6]]);
    match dice.below(3) {
        0 => lie[0] ^= 1 + dice.below(255) as u8,
        1 => lie[13] ^= 1,
        _ => lie[2] &= 0x7f,
    }
    lie
}

/// The peer reads a reset, and not an end.
fn reset(stream: &TcpStream) {
    let _ = setsockopt(stream, sockopt::Linger, &linger { l_onoff: 1, l_linger: 0 });
}

/// One connection's life: it ends before the question, in it, before the
/// answer, in it, or behind it.
fn over_tcp(mut stream: TcpStream, mut dice: Dice) {
    let _ = stream.set_read_timeout(Some(Duration::from_millis(500)));
    let _ = stream.set_write_timeout(Some(Duration::from_millis(500)));
    let ends = |stream: &TcpStream, dice: &mut Dice| {
        match dice.below(5) {
            0 => {}
            1 => reset(stream),
            2 => {
                let _ = stream.shutdown(Shutdown::Write);
                pass(Passes::Peer, dice.micros(200_000));
            }
            3 => {
                let _ = stream.shutdown(Shutdown::Read);
                pass(Passes::Peer, dice.micros(20_000));
            }
            _ => pass(Passes::Peer, dice.micros(300_000)),
        };
    };
    if dice.one_in(6) {
        return ends(&stream, &mut dice);
    }
    let mut question = vec![0; 2];
    if stream.read_exact(&mut question).is_err() {
        return;
    }
    let length = usize::from(u16::from_be_bytes([question[0], question[1]]));
    question = vec![0; length];
    if dice.one_in(8) {
        let _ = stream.read_exact(&mut question[..dice.below(length + 1)]);
        return ends(&stream, &mut dice);
    }
    if stream.read_exact(&mut question).is_err() {
        return;
    }
    let mut says = Vec::new();
    for _ in 0..dice.below(3) {
        let message = if dice.one_in(3) { lie(&mut dice, &question) } else { some_reply(&mut dice, &question) };
        // Mostly its length, and sometimes any.
        let length = if dice.one_in(8) { dice.roll() as u16 } else { message.len() as u16 };
        says.extend(length.to_be_bytes());
        says.extend(message);
    }
    says.truncate(if dice.one_in(3) { dice.below(says.len() + 1) } else { says.len() });
    let mut left = &says[..];
    while !left.is_empty() {
        let (piece, rest) = left.split_at((1 + dice.below(200)).min(left.len()));
        if stream.write_all(piece).is_err() {
            return;
        }
        if dice.one_in(3) {
            pass(Passes::Peer, dice.micros(10_000));
        }
        left = rest;
    }
    ends(&stream, &mut dice);
}

/// One of the calls there are.
fn call(dice: &mut Dice, servers: &[SocketAddr]) -> (&'static str, Value) {
    let n = dice.below(1000);
    let target = match dice.below(5) {
        0 => format!("192.0.2.{}", n % 256),
        1 => format!("a.b.c.d{n}.example"),
        2 => "example".to_owned(),
        _ => format!("www.n{n}.example"),
    };
    let mut all = json!({ "target": target, "timeout_ms": 1 + dice.below(150) });
    if dice.one_in(2) && !target.starts_with("192") {
        all["type"] = json!(dice.pick(&["A", "aaaa", "MX", "TXT", "ANY", "SOA", "TYPE65280", "NS"]));
    }
    if !dice.one_in(3) {
        // Also one where nobody is.
        all["server"] = json!(dice.pick(servers).to_string().replace(':', "#"));
    }
    if dice.one_in(4) {
        return ("nslookup_tool", all);
    }
    all["tries"] = json!(1 + dice.below(3));
    if dice.one_in(5) {
        let port = servers[0].port();
        (all["trace"], all["port"], all["server"]) = (json!(true), json!(port), json!("127.0.0.1"));
        (all["tries"], all["timeout_ms"]) = (json!(1), json!(1 + dice.below(30)));
    }
    let words = ["+tcp", "+short", "+dnssec", "+nsid", "+norecurse", "+ignore", "+cdflag", "+bufsize=512", "+noadflag"];
    let options: Vec<&str> = words.into_iter().filter(|_| dice.one_in(5)).collect();
    all["options"] = json!(options.join(" "));
    ("dig_tool", all)
}

#[test]
fn i10_name_servers_that_end_in_every_way_at_any_moment_end_one_try_only() {
    let (seed, ends) = (seed(), ends(1000));
    let servers = [erratic(seed), erratic(seed.wrapping_add(7)), free("127.0.0.1")];
    let steady = NameServer::new(|question, _| vec![reply(question, 0, 0, &[STEADY])]);
    let listed = [servers[0], servers[1], servers[2], steady.address].map(|at| format!("\"{at}\"")).join(", ");
    let policy = policy(&format!(
        "[plugins.dns]\nresolve = [\"any\"]\nservers = [{listed}]\n[plugins.dns.limits]\nlookups_per_minute = 1000000\n"
    ));
    let ask = json!({ "target": "www.example", "server": steady.address.to_string().replace(':', "#") });
    let mut flow = Flow::new(seed, AT_ONCE, &policy, &["no_answer"], |session| {
        assert!(!session.call("dig_tool", ask.clone()).is_error);
    });
    while flow.called < ends {
        let (tool, arguments) = call(&mut flow.dice, &servers);
        flow.call(tool, arguments);
        if flow.called.is_multiple_of(50) {
            let answer = flow.session.call("dig_tool", ask.clone());
            assert!(!answer.is_error, "seed {seed}: {}", answer.text);
            assert_eq!(answer.structured.unwrap()["answers"][0]["data"], "192.0.2.80", "seed {seed}");
        }
    }
    let outcomes = flow.end();
    let expected =
        ["success", "cancelled", "no_answer timeout", "no_answer refused", "no_answer closed", "no_answer malformed"];
    let missing: Vec<_> = expected.iter().filter(|one| !outcomes.contains_key(**one)).collect();
    assert!(missing.is_empty(), "seed {seed}: {missing:?} are missing of {outcomes:?}");
}
