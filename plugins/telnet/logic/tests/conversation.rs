//! Conversations with servers that the tests play, on a clock of the tests' own.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::time::Duration;

use common::{BOUNDS, TIMES, line, script, step};
use proptest::prelude::*;
use telnet_logic::{Bounds, Conversation, Ended, Entry, Hidden, Line, Progress, Record, Script, Speaker, Step};

/// Plays a server: after each of these texts has been received in full, it says what stands beside
/// it. The empty one is said at once.
struct Server<'s>(Vec<(&'s str, &'s str)>);

impl Server<'_> {
    fn play(mut self, line: Line, script: Script) -> (Ended, Line, Record, Duration) {
        let mut conversation = Conversation::new(line, script, BOUNDS);
        let (mut now, mut heard) = (Duration::ZERO, String::new());
        loop {
            let progress = conversation.poll(now);
            heard += &String::from_utf8_lossy(&conversation.outgoing());
            if let Progress::Over(ended) = progress {
                let (line, record) = conversation.finish(now);
                return (ended, line, record, now);
            }
            match self.0.first() {
                Some((after, says)) if heard.contains(after) => {
                    heard = heard.split_once(after).map_or(String::new(), |(_, rest)| rest.to_owned());
                    if *says == "CLOSE" {
                        conversation.close();
                    } else {
                        now += Duration::from_millis(10);
                        conversation.receive(says.as_bytes(), now);
                    }
                    self.0.remove(0);
                }
                _ => {
                    let Progress::Until(at) = progress else { unreachable!() };
                    assert!(at > now, "a wait that is over already");
                    now = at;
                }
            }
        }
    }
}

fn shown(record: &Record) -> Vec<String> {
    let word = |entry: &Entry| match (entry.speaker, entry.hidden) {
        (Speaker::Server, _) => format!("< {}", entry.text),
        (Speaker::Client, None) => format!("> {}", entry.text),
        (Speaker::Client, Some(Hidden::Secret)) => "> [secret]".to_owned(),
        (Speaker::Client, Some(Hidden::Echo)) => "> [echo]".to_owned(),
    };
    record.entries.iter().map(word).collect()
}

#[test]
fn steps_expect_and_send() {
    let server = Server(vec![("", "login: "), ("root\r\n", "# "), ("id\r\n", "uid=0\r\n# ")]);
    let steps = [step("login: ", "root"), step("# ", "id"), step("(?s)uid.*# ", "")];
    let (ended, _, record, took) = server.play(line(), script(&steps));
    assert_eq!(ended, Ended::Done);
    assert_eq!(shown(&record), ["< login: ", "> root\n", "< # ", "> id\n", "< uid=0\n# "]);
    assert_eq!((record.steps_done, record.waiting_for), (3, None));
    assert!(took < Duration::from_millis(100), "a match ends a wait at once: {took:?}");
}

#[test]
fn without_expect_a_step_waits_for_silence_and_the_last_word_is_awaited() {
    let server = Server(vec![("", "welcome\r\n> "), ("one\r\n", "1\r\n> "), ("two\r\n", "2\r\n> ")]);
    let (ended, _, record, took) = server.play(line(), script(&[step("", "one"), step("", "two")]));
    assert_eq!(ended, Ended::Done);
    assert_eq!(shown(&record), ["< welcome\n> ", "> one\n", "< 1\n> ", "> two\n", "< 2\n> "]);
    assert!((Duration::from_millis(1500)..Duration::from_millis(1600)).contains(&took), "three silences: {took:?}");
}

#[test]
fn what_was_there_before_a_send_is_not_expected_after_it() {
    let server = Server(vec![("", "# banner #\r\n# "), ("id\r\n", "uid\r\n# ")]);
    let (ended, _, record, _) = server.play(line(), script(&[step("", "id"), step("# ", "")]));
    assert_eq!((ended, shown(&record).last().unwrap().as_str()), (Ended::Done, "< uid\n# "));
}

#[test]
fn what_does_not_come_ends_it_with_what_came() {
    let server = Server(vec![("", "hello\r\nlogin: ")]);
    let (ended, _, record, took) =
        server.play(line(), script(&[step("login: ", "root"), step("assword", "x"), step("", "y")]));
    assert_eq!(ended, Ended::Timeout);
    assert_eq!((record.steps_done, record.waiting_for.as_deref()), (1, Some("assword")));
    assert_eq!(shown(&record), ["< hello\nlogin: ", "> root\n"]);
    assert_eq!(took, Duration::from_millis(5010));
    let patient = Step { timeout: Some(Duration::from_millis(200)), ..step("never", "") };
    assert_eq!(Server(vec![]).play(line(), script(&[patient])).3, Duration::from_millis(200));
}

#[test]
fn the_end_of_all_time_ends_a_step() {
    let patient = Step { timeout: Some(Duration::from_secs(3600)), ..step("never", "") };
    let (ended, _, _, took) = Server(vec![]).play(line(), script(&[patient]));
    assert_eq!((ended, took), (Ended::Timeout, TIMES.end));
}

#[test]
fn a_login_knows_the_usual_questions() {
    let login = |steps: &[Step]| Script::new(Some("root"), Some("hunter22"), steps, TIMES).unwrap();
    let server = Server(vec![
        ("", "host login: "),
        ("root\r\n", "root\r\nPassword: "),
        ("hunter22\r\n", "\r\nLast login: today, hunter22\r\n# "),
        ("id\r\n", "id\r\nuid=0\r\n# "),
    ]);
    let (ended, _, record, _) = server.play(line(), login(&[step("# ", "id")]));
    assert_eq!((ended, record.steps_done), (Ended::Done, 1));
    let said = shown(&record).join("|");
    assert!(!said.contains("hunter22") && said.contains("> [secret]|< \nLast login: today, [secret]\n# "), "{said}");

    // Who asks for a password only has no use for the name.
    let server = Server(vec![("", "Password: "), ("hunter22\r\n", "\r\n> ")]);
    let (ended, _, record, _) = server.play(line(), login(&[]));
    assert_eq!(
        (ended, shown(&record)),
        (Ended::Done, vec!["< Password: ".to_owned(), "> [secret]".to_owned(), "< \n> ".to_owned()])
    );

    let (_, _, record, _) = Server(vec![("", "hello\r\n")]).play(line(), login(&[]));
    assert_eq!(record.waiting_for.as_deref(), Some("a question for the user's name"));
}

#[test]
fn secrets_are_not_shown_whoever_echoes() {
    let secret = Step { secret: true, ..step("code", "1234x") };
    let server = Server(vec![("", "code"), ("1234x\r\n", "1234x\r\nok 1234x\r\n")]);
    let (_, _, record, _) = server.play(line(), script(&[secret]));
    assert_eq!(shown(&record), ["< code", "> [secret]", "< [secret]\nok [secret]\n"]);
    // A question for a password makes a secret of what nobody has marked.
    let server = Server(vec![("", "Enter password: "), ("geheim\r\n", "geheim\r\n# ")]);
    let (_, _, record, _) = server.play(line(), script(&[step("password: ", "geheim")]));
    assert!(!shown(&record).concat().contains("geheim"), "{:?}", shown(&record));
    // Where the server echoes, it alone decides what is seen.
    let server = Server(vec![("", "\u{0}> "), ("x\r\n", "quiet\r\n")]);
    let mut line = line();
    let (mut data, mut answers) = (Vec::new(), Vec::new());
    line.protocol.receive(b"\xff\xfb\x01", &mut data, &mut answers);
    let (_, _, record, _) = server.play(line, script(&[step("> ", "x")]));
    assert_eq!(shown(&record), ["< > ", "> [echo]", "< quiet\n"]);
}

#[test]
fn a_pager_is_answered_until_the_prompt_comes() {
    let page = |n: u32| format!("{}page {n}\r\n --More-- ", if n > 1 { "\r          \r" } else { "" });
    let (one, two) = (page(1), page(2));
    let server = Server(vec![("", "# "), ("show\r\n", &one), (" ", &two), (" ", "\r          \rend\r\n# ")]);
    let pager = Step { repeat: true, enter: false, ..step("--More-- ", " ") };
    let (ended, _, record, _) = server.play(line(), script(&[step("# ", "show"), pager.clone(), step("^# ", "exit")]));
    assert_eq!((ended, record.steps_done), (Ended::Done, 3));
    assert_eq!(shown(&record)[1..4], ["> show\n", ">  ", "< page 1\npage 2\nend\n# "]);
    assert_eq!(record.entries[2].times, 2);
    // It need not come at all.
    let server = Server(vec![("", "# "), ("show\r\n", "short\r\n# ")]);
    let (ended, _, record, _) = server.play(line(), script(&[step("# ", "show"), pager, step("^# ", "")]));
    assert_eq!((ended, record.steps_done), (Ended::Done, 3));
}

#[test]
fn an_optional_step_is_passed_over_when_the_next_ones_turn_comes_first() {
    let steps = [Step { optional: true, ..step("continue\\?", "y") }, step("# ", "id")];
    for opening in ["really continue?", "# "] {
        let server = Server(vec![("", opening), ("y\r\n", "# "), ("id\r\n", "uid\r\n")]);
        let server = if opening == "# " { Server(vec![("", opening), ("id\r\n", "uid\r\n")]) } else { server };
        let (ended, _, record, _) = server.play(line(), script(&steps));
        assert_eq!((ended, record.steps_done), (Ended::Done, 2));
        assert_eq!(shown(&record).iter().any(|said| said == "> y\n"), opening != "# ");
    }
}

#[test]
fn a_step_that_is_repeated_for_ever_ends() {
    let mut conversation = Conversation::new(line(), script(&[Step { repeat: true, ..step("again", "x") }]), BOUNDS);
    conversation.receive(&b"again ".repeat(2000), Duration::ZERO);
    assert_eq!(conversation.poll(Duration::ZERO), Progress::Over(Ended::TooMuch));
    let (_, record) = conversation.finish(Duration::ZERO);
    assert!(record.entries.len() < 10);
}

#[test]
fn the_servers_end_is_told_with_what_came() {
    let server = Server(vec![("", "bye\r\n"), ("", "CLOSE")]);
    let (ended, _, record, _) = server.play(line(), script(&[step("login", "x")]));
    assert_eq!((ended, record.steps_done, record.waiting_for.as_deref()), (Ended::Closed, 0, Some("login")));
    assert_eq!(shown(&record), ["< bye\n"]);
    let server = Server(vec![("", "> "), ("exit\r\n", "bye\r\n"), ("", "CLOSE")]);
    let (ended, _, record, took) = server.play(line(), script(&[step("> ", "exit")]));
    assert_eq!((ended, record.steps_done), (Ended::Closed, 1));
    assert!(took < Duration::from_millis(100), "nobody waits for silence where nobody can speak: {took:?}");
}

#[test]
fn a_line_that_is_kept_goes_on_where_it_was() {
    let server = Server(vec![("", "# ")]);
    let (_, line, _, _) = server.play(line(), script(&[step("#", "")]));
    let server = Server(vec![("id\r\n", "uid\r\n# ")]);
    let (ended, _, record, took) = server.play(line, script(&[step("", "id"), step("# ", "")]));
    assert_eq!((ended, shown(&record).join("|").as_str()), (Ended::Done, "> id\n|< uid\n# "));
    assert!(took < Duration::from_millis(100), "the server was waiting for us: {took:?}");
}

#[test]
fn a_flood_ends_it_at_a_bound() {
    let mut conversation =
        Conversation::new(line(), script(&[step("never", "x")]), Bounds { transcript: 1000, ..BOUNDS });
    let flood = b"data without end\r\n".repeat(6_000);
    let mut received = 0;
    while conversation.poll(Duration::ZERO) != Progress::Over(Ended::TooMuch) {
        conversation.receive(&flood, Duration::ZERO);
        received += flood.len() as u64;
        assert!(received <= BOUNDS.received + 2 * flood.len() as u64);
    }
    let (_, record) = conversation.finish(Duration::ZERO);
    assert!(record.entries.iter().map(|entry| entry.text.len() + entry.end.len()).sum::<usize>() <= 1000);
    assert_eq!(record.received, received);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a server says, and however it is cut: the conversation ends, the same way, and the
    /// secret is not shown.
    #[test]
    fn every_conversation_ends_and_keeps_its_secret(
        pieces in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..30),
                Just(b"login: ".to_vec()), Just(b"Password: ".to_vec()), Just(b"hunter22\r\n".to_vec()),
                Just(b"\xff\xfb\x01".to_vec()), Just(b"\xff\xfc\x01".to_vec()), Just(b"# ".to_vec()), Just(b"\x1b[2J".to_vec()),
            ],
            0..40,
        ),
    ) {
        let steps = [Step { repeat: true, ..step("More", " ") }, step("# ", "id"), step("", "x"), step("# ", "")];
        let script = Script::new(Some("root"), Some("hunter22"), &steps, TIMES).unwrap();
        let mut conversation = Conversation::new(line(), script, BOUNDS);
        let (mut now, mut polls) = (Duration::ZERO, 0);
        let mut pieces = pieces.into_iter();
        loop {
            polls += 1;
            prop_assert!(polls < 1000);
            match conversation.poll(now) {
                Progress::Over(_) => break,
                Progress::Until(at) => match pieces.next() {
                    Some(piece) => { now += Duration::from_millis(1); conversation.receive(&piece, now) }
                    None => now = at,
                },
            }
            conversation.outgoing();
        }
        let (_, record) = conversation.finish(now);
        let sent_secret = record.entries.iter().any(|entry| entry.hidden == Some(Hidden::Secret));
        let after = record.entries.iter().skip_while(|entry| entry.hidden != Some(Hidden::Secret));
        for entry in after {
            prop_assert!(!sent_secret || !entry.text.contains("hunter22"), "{:?}", entry);
        }
    }
}

#[test]
fn a_server_that_says_nothing_is_given_up_whatever_the_steps_wait_for() {
    let (ms, at) = (Duration::from_millis, Duration::from_millis(4400));
    let runs = |steps: &[Step], said: Option<Duration>| {
        let mut conversation = Conversation::new(line(), script(steps), BOUNDS);
        conversation.give_up_on_silence(at);
        let (mut now, mut said) = (Duration::ZERO, said);
        loop {
            match conversation.poll(now) {
                Progress::Over(ended) => return (ended, now, conversation.finish(now).1.steps_done),
                Progress::Until(_) if said.is_some_and(|said| said <= now) => {
                    conversation.receive(b"> ", now);
                    said = None;
                }
                Progress::Until(until) => now = said.map_or(until, |said| until.min(said)),
            }
        }
    };
    // An expectation that would last for 5 s, and commands that would wait for 3 s each.
    assert_eq!(runs(&[step("never", "x")], None), (Ended::Timeout, at, 0));
    let commands = [step("", "a"), step("", "b"), step("", "c")];
    assert_eq!(runs(&commands, None), (Ended::Timeout, at, 2));
    assert_eq!(runs(&commands[..1], None), (Ended::Done, ms(4000), 1));
    // Who says anything is waited for as long as a step says.
    assert_eq!(runs(&[step("never", "x")], Some(ms(4300))), (Ended::Timeout, ms(5000), 0));
}
