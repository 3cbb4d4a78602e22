//! Logins that succeed and that do not, and what is known of them when a connection is kept.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::time::Duration;

use common::{BOUNDS, TIMES, line, script, step};
use telnet_logic::{Conversation, Encoding, Ended, Line, Progress, Record, Script, Settings, Step};

/// Plays a server that says what stands beside each text once that was sent, and the first
/// at once; `CLOSE` closes.
fn play(server: &[(&str, &str)], line: Line, script: Script) -> (Ended, Line, Record, String) {
    let mut conversation = Conversation::new(line, script, BOUNDS);
    let (mut now, mut heard, mut server) = (Duration::ZERO, String::new(), server.iter());
    let mut next = server.next();
    loop {
        let progress = conversation.poll(now);
        heard += &String::from_utf8_lossy(&conversation.outgoing());
        let at = match progress {
            Progress::Over(ended) => {
                let (line, record) = conversation.finish(now);
                let said: Vec<String> = record.entries.iter().map(|entry| entry.text.clone() + &entry.end).collect();
                return (ended, line, record, said.join("|"));
            }
            Progress::Until(at) => at,
        };
        match next {
            Some((after, says)) if heard.contains(after) => {
                heard.clear();
                now += Duration::from_millis(10);
                match *says {
                    "CLOSE" => conversation.close(),
                    says => conversation.receive(says.as_bytes(), now),
                }
                next = server.next();
            }
            _ => now = at,
        }
    }
}

fn login(steps: &[Step]) -> Script {
    Script::new(Some("root"), Some("hunter22"), steps, TIMES).unwrap()
}

/// What comes after the password, and how that ends.
fn after_password(says: &[(&str, &str)], steps: &[Step]) -> (Ended, Record) {
    let mut server = vec![("", "login: "), ("root\r\n", "root\r\nPassword: ")];
    server.extend_from_slice(says);
    server[2].0 = "hunter22\r\n";
    let (ended, _, record, said) = play(&server, line(), login(steps));
    assert!(!said.contains("hunter22"), "{said}");
    (ended, record)
}

#[test]
fn who_is_asked_again_is_not_logged_in() {
    for question in [
        "Password: ",
        "Login incorrect\r\nhost login: ",
        "User:",
        "login as: ",
        "User Name : ",
        "Account: ",
        "Login> ",
        "Benutzer: ",
        "Enter Username: ",
        "lab-sw1 login: ",
        "% Access denied\r\n",
        "Authentication failed.\r\n",
    ] {
        for steps in [vec![], vec![step("", "reload")], vec![step("# ", "id")]] {
            let (ended, record) = after_password(&[("", &format!("\r\n{question}"))], &steps);
            assert_eq!((ended, record.steps_done), (Ended::LoginFailed, 0), "{question:?} {}", steps.len());
            assert_eq!(record.sent, "root\r\nhunter22\r\n".len() as u64, "nothing is typed into {question:?}");
        }
    }
    let (ended, _) = after_password(&[("", "\r\nLogin incorrect\r\n"), ("", "CLOSE")], &[]);
    assert_eq!(ended, Ended::LoginFailed);
    // A name that is refused before any password.
    let server = [("", "login: "), ("root\r\n", "\r\nLogin invalid\r\nlogin: ")];
    assert_eq!(play(&server, line(), login(&[])).0, Ended::LoginFailed);
}

#[test]
fn a_message_of_the_day_that_speaks_of_refusals_is_none() {
    for message in [
        "Last login failed from 192.0.2.1",
        "access denied to all others",
        "bad passwords are logged",
        "Wrong password? Call 112",
        "Last login: Mon Nov 23",
    ] {
        let says = format!("\r\n{message}\r\nsw1# ");
        for steps in [vec![], vec![step("# ", "")]] {
            let (ended, record) = after_password(&[("", &says)], &steps);
            assert_eq!((ended, record.steps_done), (Ended::Done, steps.len()), "{message}");
        }
        // The prompt may come a little later.
        let late = [("", format!("\r\n{message}\r\n")), ("", "sw1# ".to_owned())];
        let late: Vec<(&str, &str)> = late.iter().map(|(after, says)| (*after, says.as_str())).collect();
        assert_eq!(after_password(&late, &[step("", "id")]).0, Ended::Done, "{message}");
    }
    let steps = [step("Password: ", "hunter33"), step("# ", "")];
    let (ended, _) = after_password(&[("", "> "), ("", "\r\nPassword: "), ("hunter33", "\r\n# ")], &steps);
    assert_eq!(ended, Ended::Done, "a step that expects a further question answers it");
}

#[test]
fn a_kept_line_keeps_its_secrets() {
    let server = [("", "login: "), ("root\r\n", "Password: "), ("hunter22\r\n", "\r\n# ")];
    let (_, line, ..) = play(&server, line(), login(&[]));
    let (_, line, _, said) = play(&[("show\r\n", "password hunter22\r\n# ")], line, script(&[step("", "show")]));
    assert!(said.contains("password [secret]"), "{said}");
    // An echo that comes only with the next call, of a secret too short to be
    // looked for inside words.
    let asked = [Step { secret: true, ..step("# ", "ab1") }];
    let (_, line, ..) = play(&[], line, script(&asked));
    let (_, _, _, said) = play(&[("", "ab1x\r\n# ")], line, script(&[step("# ", "")]));
    assert!(said.contains("[secret]x") && !said.contains("ab1"), "{said}");
}

#[test]
fn a_kept_line_knows_what_it_was_asked() {
    for question in ["Password: ", "Enter password:\r\n"] {
        let (_, line, ..) = play(&[("", question)], line(), script(&[step("assword", "")]));
        let (_, _, record, _) = play(&[("hunter22\r\n", "\r\n# ")], line, script(&[step("", "hunter22")]));
        assert!(record.entries[0].hidden.is_some() && record.entries[0].text.is_empty(), "{:?}", record.entries);
    }
}

#[test]
fn an_answer_is_secret_when_the_question_ended_its_line() {
    for (question, expect) in
        [("Enter password:\r\n", "password:"), ("Enter password:\r\n", ""), ("Enter password\r\n> ", "[Pp]assword")]
    {
        let server = [("", question), ("hunter22\r\n", "hunter22\r\nok\r\n> "), ("show\r\n", "shown\r\n")];
        let (_, _, _, said) = play(&server, line(), script(&[step(expect, "hunter22"), step("ok", "show")]));
        assert!(!said.contains("hunter22") && said.contains("|show\n|"), "{said}");
    }
}

#[test]
fn the_prompt_that_stands_on_a_kept_line_can_be_expected() {
    let (_, line, ..) = play(&[("", "welcome\r\n> ")], line(), script(&[]));
    let steps = [step("> $", "hello"), step("> $", "")];
    let (ended, line, record, said) = play(&[("hello\r\n", "hi\r\n> ")], line, script(&steps));
    assert_eq!((ended, record.steps_done, said.as_str()), (Ended::Done, 2, "hello\n|hi\n> "));
    // What was sent since has answered it.
    let steps = [step("", "bye"), step("> $", "")];
    let (ended, ..) = play(&[("bye\r\n", "bye\r\n")], line, script(&steps));
    assert_eq!(ended, Ended::Timeout);
}

#[test]
fn too_many_secrets_end_it_before_they_are_sent() {
    let many: String = (10_000..12_000).map(|n| format!("{n}\n")).collect();
    let (ended, _, record, _) = play(&[("", "Password: ")], line(), script(&[step("Password: ", &many)]));
    assert_eq!((ended, record.sent), (Ended::TooMuch, 0));
}

#[test]
fn bytes_can_be_expected_and_characters_in_their_encoding() {
    let says = |line: Line, expect: &str| {
        let mut conversation = Conversation::new(line, script(&[step(expect, "")]), BOUNDS);
        conversation.poll(Duration::ZERO);
        conversation.receive(b"Gr\xf6\xdfe: ", Duration::ZERO);
        conversation.poll(Duration::ZERO);
        let (_, record) = conversation.finish(Duration::ZERO);
        (record.steps_done, record.entries[0].text.clone())
    };
    assert_eq!(says(line(), r"r\xf6\xdfe: "), (1, r"Gr\xf6\xdfe: ".to_owned()));
    let encoding = Encoding::Latin1;
    let settings = Settings { terminal: "dumb".to_owned(), window: (200, 100), encoding, line_end: None };
    assert_eq!(says(Line::new(settings), "Größe: "), (1, "Größe: ".to_owned()));
}

#[test]
fn who_is_stopped_tells_what_came() {
    let mut conversation = Conversation::new(line(), script(&[step("never", "")]), BOUNDS);
    conversation.receive(b"hello", Duration::ZERO);
    assert_eq!(conversation.poll(Duration::ZERO), Progress::Until(TIMES.step));
    conversation.stop(Duration::from_secs(1));
    assert_eq!(conversation.poll(Duration::from_secs(1)), Progress::Over(Ended::Timeout));
    assert_eq!(conversation.finish(Duration::from_secs(1)).1.entries[0].text, "hello");
}
