//! `telnet_tool` in session, with servers that the tests play: steps, options, the transcript,
//! secrets, what came when something did not, and sessions that are kept.

use std::io::{Read, Write};

use serde_json::{Value, json};

use super::telnet::told;
use crate::support::{Listener, Peer, Session, closed_port, policy};

fn with(port: u16, arguments: Value) -> Value {
    let mut all = json!({ "target": "127.0.0.1", "port": port });
    all.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
    all
}

/// The whole answer, and what its session said as `from: text`.
#[track_caller]
fn held(session: &mut Session, port: u16, arguments: Value) -> (Value, Vec<String>) {
    let (answer, _) = told(session.call("telnet_tool", with(port, arguments)));
    let said = said(&answer);
    (answer, said)
}

fn said(answer: &Value) -> Vec<String> {
    let pieces = answer["session"]["transcript"].as_array().unwrap().iter();
    let shown = |piece: &Value| match piece["text"].as_str() {
        Some(text) => text.to_owned(),
        None => format!("[{}]", piece["hidden"].as_str().unwrap()),
    };
    pieces.map(|piece| format!("{}: {}", piece["from"].as_str().unwrap(), shown(piece))).collect()
}

/// A server that says what stands beside each text once it has heard it, and the first at once.
fn scripted(script: &'static [(&'static [u8], &'static [u8])]) -> Peer {
    Peer::new(move |mut stream| {
        let mut heard = Vec::new();
        for (wanted, says) in script {
            let mut byte = [0; 256];
            while !heard.windows(wanted.len().max(1)).any(|part| part == *wanted) && !wanted.is_empty() {
                match stream.read(&mut byte) {
                    Ok(n @ 1..) => heard.extend_from_slice(&byte[..n]),
                    _ => return,
                }
            }
            heard.clear();
            if stream.write_all(says).is_err() {
                return;
            }
        }
        // Until the other side has closed.
        let _ = stream.read_to_end(&mut heard);
    })
}

#[test]
fn steps_wait_and_send_and_the_transcript_says_who_said_what() {
    let peer = scripted(&[
        (b"", b"\x1b[32mrouter\x1b[0m> "),
        (b"show version\r\n", b"Version 1.0\r\nuptime 3 days\r\nrouter> "),
        (b"exit\r\n", b"bye\r\n"),
    ]);
    let mut session = Session::local();
    let steps = json!([
        { "expect": "router> $", "send": "show version" },
        { "expect": "(?s)uptime.*router> $", "send": "exit" },
        { "expect": "bye" },
    ]);
    let (answer, text) = told(session.call("telnet_tool", with(peer.port(), json!({ "steps": steps }))));
    assert_eq!(
        said(&answer),
        [
            "server: router> ",
            "client: show version\n",
            "server: Version 1.0\nuptime 3 days\nrouter> ",
            "client: exit\n",
            "server: bye\n",
        ]
    );
    let end = &answer["session"];
    assert_eq!((&end["completed"], &end["ended"]), (&json!(true), &json!("done")), "{answer}");
    assert_eq!((&end["steps_done"], &end["steps"], &end["truncated"]), (&json!(3), &json!(3), &json!(false)));
    assert_eq!(end["transcript"][1]["step"], 1);
    assert_eq!((&answer["telnet"], &answer["reachable"]), (&json!(false), &json!(true)));
    assert!(text.contains("--- client (step 1)\nshow version\n--- server (step 2)\nVersion 1.0\n"), "{text}");
    assert!(text.contains("\n--- done: 3 of 3 steps in "), "{text}");
}

#[test]
fn options_are_negotiated_and_commands_taken_out_of_the_text() {
    let listener = Listener::new();
    let mut session = Session::local();
    let steps = json!([{ "expect": "> ", "send": "\u{ff}x", "enter": false }, { "expect": "!" }]);
    let arguments = with(listener.port(), json!({ "steps": steps, "terminal": "vt100", "columns": 255, "rows": 50 }));
    let call = session.post_call("telnet_tool", arguments);
    let mut line = listener.accept();
    // DO TTYPE, DO NAWS, WILL ECHO, WILL SGA, DO CHARSET, WILL EOR: what is ours is
    // taken, what is not refused.
    line.say(b"\xff\xfd\x18\xff\xfd\x1f\xff\xfb\x01\xff\xfb\x03\xff\xfd\x2a\xff\xfb\x19");
    line.expect(b"\xff\xfb\x18\xff\xfb\x1f\xff\xfa\x1f\x00\xff\xff\x00\x32\xff\xf0\xff\xfd\x01\xff\xfd\x03\xff\xfc\x2a\xff\xfe\x19");
    line.say(b"\xff\xfa\x18\x01\xff\xf0");
    line.expect(b"\xff\xfa\x18\x00vt100\xff\xf0");
    // A NOP, a data mark, a go ahead, a return with its NUL, in pieces.
    line.say(b"one\xff");
    line.say(b"\xf1\xff\xf2 two\r");
    line.say(b"\0three\r\n\xff\xf9> ");
    line.expect("ÿx");
    line.say("!");
    let (answer, _) = told(session.called(call));
    assert_eq!(said(&answer), ["server: threewo\n> ", "client: [echo]", "server: !"]);
    let options = &answer["session"]["options"];
    assert_eq!((&options["client"], &options["server"]), (&json!(["TTYPE", "NAWS"]), &json!(["ECHO", "SGA"])));
    assert_eq!(answer["negotiation"].as_array().unwrap().len(), 6);
}

#[test]
fn what_does_not_come_is_told_with_what_came() {
    let peer = scripted(&[(b"", b"hello\r\nlogin: "), (b"root\r\n", b"Password: ")]);
    let mut session = Session::local();
    let steps = json!([
        { "expect": "login: ", "send": "root" },
        { "expect": "never", "send": "x", "timeout_ms": 300 },
        { "send": "y" },
    ]);
    let (answer, said) = held(&mut session, peer.port(), json!({ "steps": steps }));
    let end = &answer["session"];
    assert_eq!((&end["ended"], &end["completed"]), (&json!("timeout"), &json!(false)), "{answer}");
    assert_eq!((&end["steps_done"], &end["waiting_for"]), (&json!(1), &json!("never")));
    assert_eq!(said, ["server: hello\nlogin: ", "client: root\n", "server: Password: "]);
    assert!(end["took_ms"].as_u64().unwrap() >= 300, "{answer}");
}

#[test]
fn the_operators_limit_on_a_call_ends_a_session_with_what_came() {
    let [flag, file] = policy("[plugins.telnet]\nconnect = [\"tcp://localhost:*\"]\n\n[limits]\ncall = \"1 s\"\n");
    let peer = scripted(&[(b"", b"partial")]);
    let mut session = Session::serve(&[&flag, &file]);
    let arguments = json!({ "steps": [{ "expect": "never" }], "timeout": 600 });
    let (answer, said) = held(&mut session, peer.port(), arguments);
    assert_eq!((&answer["session"]["ended"], said), (&json!("timeout"), vec!["server: partial".to_owned()]));
}

#[test]
fn passwords_are_sent_and_never_shown() {
    // Asked for with the echo off, and echoed nevertheless by a server that means no good.
    let peer = scripted(&[
        (b"", b"host login: "),
        (b"root\r\n", b"Password: "),
        (b"hunter22\r\n", b"hunter22\r\nWelcome, hunter22\r\n# "),
        (b"passwd\r\n", b"New code: "),
        (b"geheimnis\r\n", b"geheimnis set\r\n# "),
    ]);
    let mut session = Session::local();
    let steps = json!([
        { "expect": "# $", "send": "passwd" },
        { "expect": "code: $", "send": "geheimnis", "secret": true },
        { "expect": "# $" },
    ]);
    let arguments = json!({ "user": "root", "password": "hunter22", "steps": steps });
    let answer = session.call("telnet_tool", with(peer.port(), arguments));
    assert!(answer.text.contains("[secret]\nWelcome, [secret]\n"), "{}", answer.text);
    let (answer, text) = told(answer);
    for shown in [answer.to_string(), text] {
        assert!(!shown.contains("hunter22") && !shown.contains("geheimnis"), "{shown}");
    }
    let hidden: Vec<&Value> = answer["session"]["transcript"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|piece| piece["hidden"] == "secret")
        .collect();
    assert_eq!(hidden.len(), 2, "{answer}");
    assert_eq!(answer["session"]["completed"], true, "{answer}");
}

#[test]
fn a_refused_login_ends_the_session_at_once() {
    let peer =
        scripted(&[(b"", b"login: "), (b"root\r\n", b"Password: "), (b"wrong\r\n", b"\r\nLogin incorrect\r\nlogin: ")]);
    let mut session = Session::local();
    let arguments = json!({ "user": "root", "password": "wrong", "steps": [{ "expect": "# $", "send": "id" }] });
    let (answer, said) = held(&mut session, peer.port(), arguments);
    assert_eq!(answer["session"]["ended"], "login_failed", "{answer}");
    assert!(said.last().unwrap().contains("Login incorrect") && !said.concat().contains("wrong"), "{said:?}");
}

#[test]
fn a_pager_is_answered_by_a_repeated_step() {
    let peer = scripted(&[
        (b"", b"# "),
        (b"show run\r\n", b"line 1\r\n --More-- "),
        (b" ", b"\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08          \x08\x08\x08\x08\x08\x08\x08\x08\x08\x08line 2\r\n --More-- "),
        (b" ", b"\r\x1b[Kline 3\r\n# "),
    ]);
    let mut session = Session::local();
    let steps = json!([
        { "expect": "# $", "send": "show run" },
        { "expect": "--More-- ", "send": " ", "enter": false, "repeat": true },
        { "expect": "^# $" },
    ]);
    let (answer, said) = held(&mut session, peer.port(), json!({ "steps": steps }));
    assert_eq!(said.last().unwrap(), "server: line 1\nline 2\nline 3\n# ", "{answer}");
    assert_eq!(answer["session"]["transcript"][2]["times"], 2, "{answer}");
}

#[test]
fn a_kept_session_goes_on_where_it_was() {
    let peer =
        scripted(&[(b"", b"> "), (b"one\r\n", b"1\r\n> "), (b"two\r\n", b"2\r\n> "), (b"three\r\n", b"3\r\n> ")]);
    let mut session = Session::local();
    let first = json!({ "steps": [{ "expect": "> $", "send": "one" }, { "expect": "> $" }], "keep": true });
    let (answer, _) = held(&mut session, peer.port(), first);
    let id = answer["session"]["session_id"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 36, "an id that nobody guesses: {id}");

    // Another peer's id, or none at all, leads nowhere, and the session stays.
    let other = with(closed_port(), json!({ "session_id": id }));
    let failure = session.call("telnet_tool", other).failed("invalid_argument");
    assert!(failure["message"].as_str().unwrap().contains(&format!("127.0.0.1 port {}", peer.port())), "{failure}");
    session.call("telnet_tool", with(peer.port(), json!({ "session_id": "nobody" }))).failed("not_found");

    let next = json!({ "session_id": id, "keep": true, "steps": [{ "send": "two" }, { "expect": "> $" }] });
    let (answer, said) = held(&mut session, peer.port(), next);
    assert_eq!(said, ["client: two\n", "server: 2\n> "]);
    assert_eq!(answer["session"]["session_id"], id.as_str());
    assert!(answer.get("connect_ms").is_none(), "nobody was dialled: {answer}");
    assert_eq!(peer.accepted(), 1);
    // Without `keep` it ends with the call.
    let last = json!({ "session_id": id, "steps": [{ "send": "three" }, { "expect": "> $" }] });
    let (answer, said) = held(&mut session, peer.port(), last);
    assert_eq!(said, ["client: three\n", "server: 3\n> "]);
    assert!(answer["session"].get("session_id").is_none());
    session.call("telnet_tool", with(peer.port(), json!({ "session_id": id }))).failed("not_found");
}

#[test]
fn a_kept_session_knows_its_prompt_and_its_secrets() {
    let peer = scripted(&[
        (b"", b"login: "),
        (b"root\r\n", b"Password: "),
        (b"hunter22\r\n", b"\r\n> "),
        (b"show\r\n", b"user root password hunter22\r\n> "),
    ]);
    let mut session = Session::local();
    let first = json!({ "user": "root", "password": "hunter22", "steps": [], "keep": true });
    let (answer, _) = held(&mut session, peer.port(), first);
    let next = json!({
        "session_id": answer["session"]["session_id"], "steps": [{ "expect": "> ?\\z", "send": "show" }, { "expect": "> ?\\z" }],
    });
    let (answer, said) = held(&mut session, peer.port(), next);
    assert_eq!(answer["session"]["completed"], true, "{answer}");
    assert_eq!(said, ["client: show\n", "server: user root password [secret]\n> "]);
}

#[test]
fn a_server_may_write_in_another_encoding() {
    let mut session = Session::local();
    let peer = scripted(&[(b"", b"Gr\xf6\xdfe: "), (b"\xfc\r\n", b"ok\r\n")]);
    let steps = json!([{ "expect": "Größe: ", "send": "ü" }, { "expect": "ok" }]);
    let (answer, said) = held(&mut session, peer.port(), json!({ "steps": steps, "encoding": "latin-1" }));
    assert_eq!(
        (said.concat().as_str(), &answer["session"]["completed"]),
        ("server: Größe: client: ü\nserver: ok\n", &json!(true))
    );
    let peer = scripted(&[(b"", b"Gr\xf6\xdfe: ")]);
    let (answer, said) = held(&mut session, peer.port(), json!({ "steps": [{ "expect": "\\xf6\\xdfe" }] }));
    assert_eq!((said, &answer["session"]["completed"]), (vec!["server: Gr\\xf6\\xdfe: ".to_owned()], &json!(true)));
}

#[test]
fn a_kept_session_serves_one_call_at_a_time_and_cancelling_ends_it() {
    let listener = Listener::new();
    let mut session = Session::local();
    let call = session.post_call("telnet_tool", with(listener.port(), json!({ "steps": [], "keep": true })));
    let mut line = listener.accept();
    line.say("> ");
    let (answer, _) = told(session.called(call));
    let id = answer["session"]["session_id"].as_str().unwrap().to_owned();

    let waits =
        json!({ "session_id": id, "keep": true, "steps": [{ "send": "x" }, { "expect": "never" }], "timeout": 30 });
    let waiting = session.post_call("telnet_tool", with(listener.port(), waits));
    line.expect("x\r\n");
    let busy = with(listener.port(), json!({ "session_id": id, "steps": [] }));
    session.call("telnet_tool", busy).failed("busy");
    let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": waiting } });
    session.send(&cancel);
    line.gone();
    session.call("telnet_tool", with(listener.port(), json!({ "session_id": id }))).failed("not_found");
}

#[test]
fn only_so_many_sessions_are_kept() {
    let peer = Peer::says("> ").port();
    let listener = Listener::new();
    let mut session = Session::local();
    let keep = |port: u16| with(port, json!({ "steps": [], "keep": true, "silence_ms": 1, "timeout": 1 }));
    let mut lines = Vec::new();
    let mut posted = Vec::new();
    for _ in 0..32 {
        posted.push(session.post_call("telnet_tool", keep(listener.port())));
        let mut line = listener.accept();
        line.say("> ");
        lines.push(line);
    }
    for id in posted {
        told(session.called(id));
    }
    session.call("telnet_tool", keep(listener.port())).failed("too_many_sessions");
    assert!(listener.waiting().is_none(), "dialled although there is no place");
    // Others go on.
    told(session.call("telnet_tool", with(peer, json!({ "steps": [] }))));
}

#[test]
fn a_server_that_closes_ends_the_session_with_its_last_words() {
    let mut session = Session::local();
    let peer = Peer::says("too many users\r\n");
    let (answer, said) = held(&mut session, peer.port(), json!({ "steps": [{ "expect": "login" }], "keep": true }));
    let end = &answer["session"];
    assert_eq!((&end["ended"], &end["completed"]), (&json!("closed"), &json!(false)), "{answer}");
    assert_eq!((said, end.get("session_id")), (vec!["server: too many users\n".to_owned()], None));
    let peer = scripted(&[(b"", b"> "), (b"exit\r\n", b"bye\r\n")]);
    let (answer, _) = held(&mut session, peer.port(), json!({ "steps": [{ "expect": "> ", "send": "exit" }] }));
    assert_eq!(answer["session"]["completed"], true, "{answer}");
}

#[test]
fn a_long_session_reports_progress_to_whoever_asked() {
    let peer = Peer::hears().0;
    let mut session = Session::local();
    let arguments = with(peer.port(), json!({ "steps": [{ "expect": "never" }], "timeout": 3 }));
    let params = json!({ "name": "telnet_tool", "arguments": arguments, "_meta": { "progressToken": "t" } });
    let id = session.post("tools/call", params);
    let report = session.wait_for("progress", |message| message["method"] == "notifications/progress");
    assert!(report["params"]["progress"].as_f64().unwrap() >= 1.0, "{report}");
    told(session.called(id));
}
