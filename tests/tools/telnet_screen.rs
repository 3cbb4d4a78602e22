//! A telnet server's words in every piece that a network and a console make of them, on every
//! screen that a device paints, and with every line end that one takes.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::telnet::told;
use crate::support::{Claim, Clock, Passes, Peer, Session, closed_port, pass};

/// What a server says after each text that it has heard, the first at once.
type Script = &'static [(&'static str, &'static str)];

/// A server whose words come in pieces of so many bytes, with a gap after each. What it heard is
/// kept, with what it had said of its turn by then.
fn in_pieces(script: Script, size: usize, gap: Duration) -> (Peer, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    let peer = Peer::new(move |mut stream| {
        for (after, says) in script {
            let mut told = String::new();
            while !told.contains(after) {
                let mut buffer = [0; 256];
                match stream.read(&mut buffer) {
                    Ok(n @ 1..) => told += &String::from_utf8_lossy(&buffer[..n]),
                    _ => break,
                }
            }
            if !told.is_empty() {
                kept.lock().unwrap().push(told);
            }
            stream.set_nonblocking(true).unwrap();
            for piece in says.as_bytes().chunks(size) {
                let mut early = [0; 256];
                if let Ok(n @ 1..) = stream.read(&mut early) {
                    kept.lock().unwrap().push(format!("EARLY {}", String::from_utf8_lossy(&early[..n])));
                }
                let _ = stream.write_all(piece);
                pass(Passes::Peer, gap);
            }
            stream.set_nonblocking(false).unwrap();
        }
        let _ = stream.read_to_end(&mut Vec::new());
    });
    (peer, heard)
}

fn with(port: u16, arguments: Value) -> Value {
    let mut all = json!({ "target": "127.0.0.1", "port": port });
    all.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
    all
}

fn text_of(answer: &Value) -> String {
    let pieces = answer["session"]["transcript"].as_array().unwrap().iter();
    pieces.map(|piece| piece["text"].as_str().unwrap_or("[hidden]")).collect()
}

#[test]
fn a_banner_that_speaks_of_passwords_is_no_question_in_any_piece() {
    const SCRIPT: Script = &[
        ("", "Your password expires after 90 days: see http://intranet.example/\r\n\r\nUsername: "),
        ("ops\r\n", "ops\r\nPassword: "),
        ("hunter22\r\n", "\r\nWelcome\r\nsw1# "),
        ("exit\r\n", "exit\r\n"),
    ];
    let mut session = Session::local();
    let steps = json!([{ "expect": "[>#] ?\\z", "send": "exit" }]);
    let arguments = json!({ "user": "ops", "password": "hunter22", "steps": steps });
    // As a console sends it, and cut behind `password`, `password ` and `days:`,
    // with the rest a while later.
    for (size, gap) in [(1, 1), (13, 200), (14, 200), (36, 200), (4096, 0)] {
        let (peer, heard) = in_pieces(SCRIPT, size, Duration::from_millis(gap));
        let (answer, _) = told(session.call("telnet_tool", with(peer.port(), arguments.clone())));
        assert_eq!(answer["session"]["completed"], true, "{size} {gap}: {answer}");
        assert_eq!(*heard.lock().unwrap(), ["ops\r\n", "hunter22\r\n", "exit\r\n"], "{size} {gap}");
        assert!(!answer.to_string().contains("hunter22"), "{answer}");
    }
}

#[test]
fn a_password_is_not_said_where_a_name_is_asked() {
    const SCRIPT: Script = &[("", "Your password expires after 90 days.\r\nUsername: ")];
    let mut session = Session::local();
    for arguments in [
        json!({ "password": "hunter22", "steps": [], "timeout": 1 }),
        json!({ "steps": [{ "expect": "(?i)password", "send": "hunter22", "secret": true }], "timeout": 1 }),
        json!({ "steps": [{ "expect": "assword", "send": "hunter22" }], "timeout": 1 }),
    ] {
        let (peer, _) = in_pieces(SCRIPT, 14, Duration::from_millis(20));
        let (answer, text) = told(session.call("telnet_tool", with(peer.port(), arguments)));
        assert_eq!(
            (&answer["session"]["ended"], &answer["session"]["bytes_sent"]),
            (&json!("timeout"), &json!(0)),
            "{answer}"
        );
        assert!(text.contains("this did not come: "), "{text}");
    }
}

#[test]
fn a_prompt_is_answered_when_it_stands_and_at_once() {
    const SCRIPT: Script = &[
        ("", "login # 1 > 0\r\n# of ports: 24\r\nsw1# "),
        ("show\r\n", "show\r\n<b> #\r\nsw1# "),
        ("exit\r\n", "exit\r\n"),
    ];
    let mut session = Session::local();
    told(session.call("telnet_tool", with(closed_port(), json!({}))));
    let steps = json!([{ "expect": "[>#] ?\\z", "send": "show" }, { "expect": "[>#] ?\\z", "send": "exit" }]);
    for size in [1, 4096] {
        let (peer, heard) = in_pieces(SCRIPT, size, Duration::from_millis(1));
        let begun = Clock::start();
        let (answer, _) =
            told(session.call("telnet_tool", with(peer.port(), json!({ "steps": steps, "silence_ms": 500 }))));
        assert_eq!(*heard.lock().unwrap(), ["show\r\n", "exit\r\n"], "{answer}");
        // Two prompts and the last silence.
        begun.within(Claim::Pace, Duration::from_millis(2500));
    }
}

#[test]
fn prompts_that_are_repainted_are_prompts() {
    const PROCURVE: Script = &[
        (
            "",
            "\x1b[2J\x1b[1;1HHP J9776A 2530-24G Switch\x1b[1;24r\x1b[24;1H\x1b[24;1H\x1b[2K\x1b[24;1H\x1b[?25h\x1b[24;1H\x1b[24;1H\
             HP-2530# \x1b[24;1H\x1b[24;10H\x1b[24;1H\x1b[?25h\x1b[24;10H",
        ),
        (
            "show time\r\n",
            "\x1b[24;10Hs\x1b[24;11Hhow time\x1b[24;19H\x1b[24;1H\x1b[1;24r\x1b[24;1H\x1b[24;19H\x1bEMon Nov 23 10:00:00 2026\x1bE\
             \x1b[24;1H\x1b[2K\x1b[24;1H\x1b[?25h\x1b[24;1H\x1b[24;1HHP-2530# \x1b[24;1H\x1b[24;10H\x1b[24;1H\x1b[?25h\x1b[24;10H",
        ),
        ("exit\r\n", "\x1bEbye\x1bE"),
    ];
    const OTHERS: Script = &[
        ("", "\r\nWelcome\r\nsw1# \x1b7\x1b[1;60H12:34:56\x1b8"),
        ("show time\r\n", "shw\x08ow time\r\nMon Nov 23 10:00:00 2026\r\nsw1# \r\x1b[Ksw1# \r\x1b[5C"),
        ("exit\r\n", "\r\nbye\r\n"),
    ];
    let mut session = Session::local();
    let steps = json!([
        { "expect": "[>#] ?\\z", "send": "show time" },
        { "expect": "(?s)2026.*[>#] ?\\z", "send": "exit" },
        { "expect": "bye" },
    ]);
    for script in [PROCURVE, OTHERS] {
        for size in [1, 7, 4096] {
            let (peer, _) = in_pieces(script, size, Duration::from_millis(1));
            let (answer, _) = told(session.call("telnet_tool", with(peer.port(), json!({ "steps": steps }))));
            assert_eq!(answer["session"]["completed"], true, "{size}: {answer}");
            let said = text_of(&answer);
            assert!(said.contains("Mon Nov 23 10:00:00 2026\n") && said.contains("show time\n"), "{said}");
        }
    }
}

/// Asks for something as a console does that ends a line at CR, and takes the LF behind
/// it for another, empty one.
fn asked(stream: &mut TcpStream, asks: &str) -> Option<String> {
    stream.write_all(asks.as_bytes()).ok()?;
    let (mut text, mut byte) = (String::new(), [0]);
    loop {
        match stream.read(&mut byte) {
            Ok(1..) if b"\r\n".contains(&byte[0]) => return Some(text),
            Ok(1..) => text.push(char::from(byte[0])),
            _ => return None,
        }
    }
}

/// Such a console: a login, and a prompt until `quit`.
fn takes_cr(mut stream: TcpStream) {
    loop {
        let Some(name) = asked(&mut stream, "\r\nUsername: ") else { return };
        let Some(password) = asked(&mut stream, "\r\nPassword: ") else { return };
        if name == "ops" && password == "hunter22" {
            break;
        }
        let _ = stream.write_all(b"\r\nLogin incorrect\r\n");
    }
    while asked(&mut stream, "\r\ncon1> ").is_some_and(|command| command != "quit") {}
}

#[test]
fn a_console_that_takes_cr_alone_is_logged_into_with_it() {
    let peer = Peer::new(takes_cr);
    let mut session = Session::local();
    let login = |more: Value| {
        let mut all = with(peer.port(), json!({ "user": "ops", "password": "hunter22", "timeout": 3 }));
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let quit = json!([{ "expect": "> ?\\z", "send": "quit" }]);
    let (answer, text) = told(session.call("telnet_tool", login(json!({ "steps": quit }))));
    assert_eq!(answer["session"]["ended"], "login_failed", "{answer}");
    assert!(answer["session"]["hint"].as_str().unwrap().contains("try `line_end`: `cr`"), "{answer}");
    assert!(text.contains("try `line_end`: `cr`"), "{text}");

    let (answer, _) = told(session.call("telnet_tool", login(json!({ "steps": quit, "line_end": "cr" }))));
    assert_eq!(
        (&answer["session"]["ended"], &answer["session"]["completed"]),
        (&json!("closed"), &json!(true)),
        "{answer}"
    );
    assert!(answer["session"].get("hint").is_none(), "{answer}");
    // A wrong password fails with it as well, and then something else is to be tried.
    let wrong = json!({ "password": "x", "line_end": "cr" });
    let (answer, _) = told(session.call("telnet_tool", login(wrong)));
    assert!(answer["session"]["hint"].as_str().unwrap().contains("another `line_end`"), "{answer}");
}

/// Keeps what it hears, and says a prompt at once and after whatever it hears.
fn prompts() -> (Peer, Arc<Mutex<Vec<u8>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    let peer = Peer::new(move |mut stream| {
        let mut buffer = [0; 256];
        while stream.write_all(b"\r\n> ").is_ok()
            && let Ok(n @ 1..) = stream.read(&mut buffer)
        {
            kept.lock().unwrap().extend_from_slice(&buffer[..n]);
        }
    });
    (peer, heard)
}

#[test]
fn the_return_key_sends_what_is_asked_for() {
    let mut session = Session::local();
    for (line_end, sent) in
        [(None, "\r\n"), (Some("crlf"), "\r\n"), (Some("cr"), "\r"), (Some("lf"), "\n"), (Some("cr-nul"), "\r\0")]
    {
        let (peer, heard) = prompts();
        let steps = json!([{ "send": "a\nb" }, { "send": "c", "line_end": "lf" }, { "send": "d" }]);
        let mut arguments = with(peer.port(), json!({ "steps": steps, "silence_ms": 1, "keep": true }));
        if let Some(line_end) = line_end {
            arguments["line_end"] = json!(line_end);
        }
        let (answer, _) = told(session.call("telnet_tool", arguments));
        // A session keeps it, and a later call may change it.
        let id = &answer["session"]["session_id"];
        let next = json!({ "session_id": id, "keep": true, "steps": [{ "send": "e" }], "silence_ms": 1 });
        told(session.call("telnet_tool", with(peer.port(), next)));
        let next = json!({ "session_id": id, "line_end": "cr", "steps": [{ "send": "f" }], "silence_ms": 1 });
        told(session.call("telnet_tool", with(peer.port(), next)));
        let all = format!("a{sent}b{sent}c\nd{sent}e{sent}f\r");
        crate::support::eventually("all of it is heard", || heard.lock().unwrap().len() >= all.len());
        assert_eq!(String::from_utf8_lossy(&heard.lock().unwrap()), all, "{line_end:?}");
    }
    // Where both sides have agreed on binary, the return key is CR, unless
    // something else is asked for.
    for (line_end, sent) in [(json!(null), "\r"), (json!("crlf"), "\r\n")] {
        let peer = Peer::new(|mut stream| {
            let _ = stream.write_all(b"\xff\xfd\x00\xff\xfb\x00> ");
            let mut heard = Vec::new();
            let mut buffer = [0; 256];
            while !heard.ends_with(b"!") {
                match stream.read(&mut buffer) {
                    Ok(n @ 1..) => heard.extend_from_slice(&buffer[..n]),
                    _ => return,
                }
            }
            let text = heard.iter().position(|byte| *byte == b'x').unwrap();
            let _ = stream.write_all(format!("{:?}", String::from_utf8_lossy(&heard[text..])).as_bytes());
        });
        let steps = json!([{ "expect": "> ", "send": "x" }, { "send": "!", "enter": false }, { "expect": "!" }]);
        let arguments = json!({ "steps": steps, "line_end": line_end, "silence_ms": 50 });
        let (answer, _) = told(session.call("telnet_tool", with(peer.port(), arguments)));
        assert!(text_of(&answer).contains(&format!("{:?}", format!("x{sent}!"))), "{answer}");
    }
    let wrong = with(closed_port(), json!({ "steps": [], "line_end": "crcr" }));
    let failure = session.call("telnet_tool", wrong);
    assert!(
        failure.is_error && failure.text.contains("line_end") && failure.text.contains("cr-nul"),
        "{}",
        failure.text
    );
}

#[test]
fn empty_words_and_nulls_are_absent() {
    let mut session = Session::local();
    let peer = Peer::says("hello\r\n");
    let empty = json!({ "user": "", "password": "", "session_id": "", "terminal": "", "steps": null, "keep": null, "timeout": null,
        "columns": null, "rows": null, "encoding": null, "line_end": null, "silence_ms": null, "output_limit": null });
    let (answer, _) = told(session.call("telnet_tool", with(peer.port(), empty)));
    assert_eq!((&answer["banner"], answer.get("session")), (&json!("hello\n"), None), "a probe: {answer}");
    let (peer, heard) = Peer::hears();
    let steps = json!([{ "expect": "", "send": "x" }]);
    let arguments =
        json!({ "user": "", "password": null, "session_id": "", "terminal": "", "steps": steps, "silence_ms": 1 });
    let (answer, _) = told(session.call("telnet_tool", with(peer.port(), arguments)));
    assert_eq!(answer["session"]["completed"], true, "{answer}");
    crate::support::eventually("it is heard", || *heard.lock().unwrap() == b"x\r\n");
}
