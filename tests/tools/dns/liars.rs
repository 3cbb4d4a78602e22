//! Servers of the tests' own that lie, are silent, slow, or answer in part: what comes of it is
//! told, and nothing hangs.

use std::net::UdpSocket;
use std::time::Duration;

use serde_json::{Value, json};

use super::{session, shown};
use crate::support::{Folder, NameServer, Passes, Session, eventually, free, in_namespace, pass, reply};

const RIGHT: [u8; 4] = [192, 0, 2, 80];
const WRONG: [u8; 4] = [6, 6, 6, 6];

fn data(answer: &Value) -> Vec<&str> {
    answer["answers"].as_array().unwrap().iter().map(|record| record["data"].as_str().unwrap()).collect()
}

#[test]
fn lies_are_passed_over_and_counted() {
    let server = NameServer::new(|question, _| {
        let mut wrong_id = reply(question, 0, 0, &[WRONG]);
        wrong_id[0] ^= 1;
        let mut wrong_question = reply(question, 0, 0, &[WRONG]);
        wrong_question[13] = b'x';
        let mut no_reply = reply(question, 0, 0, &[WRONG]);
        no_reply[2] &= 0x7f;
        // The name of the record points at itself.
        let mut looping = reply(question, 0, 0, &[WRONG]);
        let at = looping.len() - 16;
        looping[at..at + 2].copy_from_slice(&(0xc000 | u16::try_from(at).unwrap()).to_be_bytes());
        let cut = reply(question, 0, 0, &[WRONG]);
        let right = reply(question, 0, 0, &[RIGHT]);
        vec![
            wrong_id,
            wrong_question,
            no_reply,
            looping,
            cut[..cut.len() - 3].to_vec(),
            b"x".to_vec(),
            Vec::new(),
            right,
        ]
    });
    let mut session = session(&[server.address], "\"any\"");
    let (text, answer) = shown(&mut session, "dig_tool", json!({ "target": "www.example" }));
    assert_eq!(data(&answer), ["192.0.2.80"]);
    let counts = json!([
        { "reason": "malformed", "count": 4 }, { "reason": "not_a_reply", "count": 1 },
        { "reason": "wrong_id", "count": 1 }, { "reason": "wrong_question", "count": 1 },
    ]);
    assert_eq!(answer["attempts"][0]["ignored"], counts);
    assert!(text.contains("ignored: wrong question\n"), "{text}");
}

#[test]
fn what_comes_from_elsewhere_does_not_arrive() {
    let elsewhere = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let server = NameServer::new(move |question, _| {
        tell.send(question.to_vec()).unwrap();
        // The other one is first.
        let _ = held.lock().unwrap().recv();
        vec![reply(question, 0, 0, &[RIGHT])]
    });
    let mut session = session(&[server.address], "\"any\"");
    let id = session.post_call("dig_tool", json!({ "target": "www.example" }));
    let question = told.recv_timeout(Duration::from_secs(20)).unwrap();
    // It knows everything but the socket it would have to be: every local port gets its answer.
    let forged = reply(&question, 0, 0, &[WRONG]);
    for port in 32_768..=60_999u16 {
        let _ = elsewhere.send_to(&forged, ("127.0.0.1", port));
    }
    drop(release);
    let answer = session.called(id).structured.unwrap();
    assert_eq!(data(&answer), ["192.0.2.80"]);
}

#[test]
fn silence_ends_in_time_with_every_attempt() {
    let silent = NameServer::new(|_, _| Vec::new());
    let mut session = session(&[silent.address], "\"any\"");
    let arguments = json!({ "target": "www.example", "timeout_ms": 200, "tries": 2 });
    let failure = session.call("dig_tool", arguments).failed("no_answer");
    assert_eq!(failure["reason"], "timeout");
    let results: Vec<&Value> = failure["attempts"].as_array().unwrap().iter().map(|one| &one["result"]).collect();
    assert_eq!(results, ["timeout", "timeout"]);
    assert_eq!(silent.asked().len(), 2);
    let message = failure["message"].as_str().unwrap();
    assert!(message.contains("no answer about www.example. from") && message.contains("timed out"), "{message}");
}

#[test]
fn nobody_there_is_told_at_once() {
    let nobody = free("127.0.0.1");
    let mut session = session(&[nobody], "\"any\"");
    for tcp in [false, true] {
        let failure = session.call("dig_tool", json!({ "target": "www.example", "tcp": tcp })).failed("no_answer");
        assert_eq!(failure["reason"], "refused", "{failure}");
    }
}

#[test]
fn the_next_server_is_asked_when_one_is_silent() {
    let silent = NameServer::new(|_, _| Vec::new());
    let good = NameServer::new(|question, _| vec![reply(question, 0, 0, &[RIGHT])]);
    let mut session = session(&[silent.address, good.address], "\"any\"");
    let (text, answer) = shown(&mut session, "dig_tool", json!({ "target": "www.example", "timeout_ms": 200 }));
    assert_eq!((data(&answer), &answer["server"]), (vec!["192.0.2.80"], &json!(good.address.to_string())));
    assert!(text.contains(&format!(";; communications error to 127.0.0.1#{}: timed out\n", silent.address.port())));
}

#[test]
fn a_part_is_answered_as_a_part() {
    // Truncated over UDP; over TCP it closes, cuts off, or counts wrong.
    for tcp in [Vec::new(), vec![b"\0".to_vec()], vec![b"garbage that is no message".to_vec()]] {
        let server = NameServer::new(move |question, over_tcp| match over_tcp {
            false => vec![reply(question, 0x02, 0, &[RIGHT])],
            true => tcp.clone(),
        });
        let mut session = session(&[server.address], "\"any\"");
        let (text, answer) = shown(&mut session, "dig_tool", json!({ "target": "www.example", "timeout_ms": 300 }));
        assert_eq!((data(&answer), &answer["partial"]), (vec!["192.0.2.80"], &json!(true)), "{answer}");
        assert!(text.contains("the answer is truncated and TCP failed"), "{text}");
        assert_eq!(answer["attempts"][1]["transport"], "tcp");
    }
}

#[test]
fn a_slow_answer_over_tcp_is_put_together() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        let mut question = [0; 512];
        let length = stream.read(&mut question).unwrap();
        let message = reply(&question[2..length], 0, 0, &[RIGHT]);
        let all = [&u16::try_from(message.len()).unwrap().to_be_bytes()[..], &message].concat();
        for byte in all {
            stream.write_all(&[byte]).unwrap();
            pass(Passes::Peer, Duration::from_millis(2));
        }
    });
    let mut session = session(&[address], "\"any\"");
    let (_, answer) = shown(&mut session, "dig_tool", json!({ "target": "www.example", "tcp": true }));
    assert_eq!(data(&answer), ["192.0.2.80"]);
}

#[test]
fn a_flood_of_lies_holds_nobody_up() {
    let liar = NameServer::new(|question, _| {
        let mut lie = reply(question, 0, 0, &[WRONG]);
        lie[0] ^= 1;
        vec![lie; 2000]
    });
    let mut session = session(&[liar.address], "\"any\"");
    let arguments = json!({ "target": "www.example", "timeout_ms": 1000, "tries": 1 });
    let failure = session.call("dig_tool", arguments).failed("no_answer");
    assert!(["malformed", "timeout"].contains(&failure["reason"].as_str().unwrap()), "{failure}");
    assert!(failure["attempts"][0]["ignored"][0]["count"].as_u64().unwrap() <= 256, "{failure}");
}

#[test]
fn a_cancelled_call_is_over_and_the_next_is_served() {
    let silent = NameServer::new(|question, _| match question[13] {
        b'x' => Vec::new(),
        _ => vec![reply(question, 0, 0, &[RIGHT])],
    });
    let mut session = session(&[silent.address], "\"any\"");
    let id = session.post_call("dig_tool", json!({ "target": "x.example", "timeout_ms": 60_000 }));
    eventually("it is asked", || !silent.asked().is_empty());
    session.cancel(id);
    assert_eq!(session.ends(id), "cancelled");
    let (_, answer) = shown(&mut session, "dig_tool", json!({ "target": "www.example" }));
    assert_eq!(data(&answer), ["192.0.2.80"]);
}

#[test]
fn a_hundred_calls_at_once_are_all_answered() {
    let server = NameServer::new(|question, _| vec![reply(question, 0, 0, &[RIGHT])]);
    let mut session = session(&[server.address], "\"any\"");
    let calls: Vec<u64> =
        (0..100).map(|n| session.post_call("dig_tool", json!({ "target": format!("n{n}.example") }))).collect();
    for (n, id) in calls.into_iter().enumerate() {
        let answer = session.called(id).structured.unwrap();
        assert_eq!(answer["question"]["name"], format!("n{n}.example."));
        assert_eq!(data(&answer), ["192.0.2.80"]);
    }
}

#[test]
fn a_machine_that_asks_other_servers_is_followed() {
    in_namespace(|| {
        let folder = Folder::new("resolv");
        let file = folder.write("resolv.conf", "nameserver 127.0.0.53\n");
        let real = std::fs::canonicalize("/etc/resolv.conf").unwrap();
        let bind = nix::mount::MsFlags::MS_BIND;
        nix::mount::mount(Some(file.as_str()), &real, None::<&str>, bind, None::<&str>).unwrap();
        let _first = NameServer::at("127.0.0.53:53", |question, _| vec![reply(question, 0, 0, &[WRONG])]);
        let _second = NameServer::at("127.0.0.54:53", |question, _| vec![reply(question, 0, 0, &[RIGHT])]);
        let mut session = Session::serve(&["--allow-resolve", "www.example"]);
        let ask = |session: &mut Session| {
            let (_, answer) = shown(session, "dig_tool", json!({ "target": "www.example" }));
            (answer["server"].clone(), data(&answer)[0].to_owned())
        };
        for _ in 0..2 {
            assert_eq!(ask(&mut session), (json!("127.0.0.53:53"), "6.6.6.6".to_owned()));
        }
        // As network managers do: the same file, written again.
        std::fs::write(&file, "nameserver 127.0.0.54\n# since then\n").unwrap();
        for _ in 0..2 {
            assert_eq!(ask(&mut session), (json!("127.0.0.54:53"), "192.0.2.80".to_owned()));
        }
        let old = json!({ "target": "www.example", "server": "127.0.0.53" });
        assert_eq!(session.call("dig_tool", old).failed("no_answer")["reason"], "denied");
    });
}
