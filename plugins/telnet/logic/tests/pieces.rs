//! A server's words in every piece that a network makes of them, down to a byte at a time, on a
//! clock of the tests' own: a line is judged when it stands, never while it comes.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::time::Duration;

use common::{BOUNDS, TIMES, line, script, step};
use proptest::prelude::*;
use telnet_logic::{Conversation, Ended, Progress, Record, Script, Step};

/// What a server says once it has heard something; the first at once.
type Stage<'s> = (&'s str, &'s str);

/// What was sent, and how much of its stage had come by then.
type Sent = Vec<(String, usize)>;

/// Plays a server whose words come in pieces: `next` says after how many bytes of a stage there is
/// a gap, and how long it is.
fn play(stages: &[Stage], script: Script, mut next: impl FnMut(usize) -> (usize, u64)) -> (Ended, Record, Sent) {
    let mut conversation = Conversation::new(line(), script, BOUNDS);
    let (mut now, mut heard, mut sent): (_, String, Sent) = (Duration::ZERO, String::new(), Vec::new());
    let (mut stage, mut come, mut due) = (0, 0, Duration::ZERO);
    for _ in 0..100_000 {
        let progress = conversation.poll(now);
        let outgoing = String::from_utf8(conversation.outgoing()).unwrap();
        if !outgoing.is_empty() {
            sent.push((outgoing.clone(), come));
            heard += &outgoing;
        }
        let at = match progress {
            Progress::Over(ended) => return (ended, conversation.finish(now).1, sent),
            Progress::Until(at) => at,
        };
        let whole = stages.get(stage).map_or(0, |(_, says)| says.len());
        if come == whole
            && let Some((after, _)) = stages.get(stage + 1)
            && heard.contains(after)
        {
            heard.clear();
            (stage, come, due) = (stage + 1, 0, now);
            continue;
        }
        let (_, says) = stages[stage];
        if come < whole && due <= at {
            now = now.max(due);
            let (bytes, gap) = next(come);
            let end = (come + bytes.max(1)).min(whole);
            conversation.receive(&says.as_bytes()[come..end], now);
            (come, due) = (end, now + Duration::from_millis(gap));
        } else {
            now = at;
        }
    }
    panic!("the conversation does not end");
}

/// In two pieces, with a gap of so many milliseconds.
fn cut_at(at: usize, gap: u64) -> impl FnMut(usize) -> (usize, u64) {
    move |come| if come == 0 && at > 0 { (at, gap) } else { (usize::MAX / 2, 0) }
}

/// Openings of servers that ask for a name and speak of passwords and names before.
const OPENINGS: [&str; 7] = [
    "Your password expires after 90 days.\r\n\r\nUsername: ",
    "Your password expires after 90 days: see http://intranet.example/\r\nlogin: ",
    "Enter your user name and password\r\nUser Name: ",
    "Account of user ops: 3 failed logins. Password policy: 12 characters\r\n\r\nhost login: ",
    "\x1b[2J\x1b[1;1HWrong password: 3 times and you are out\x1b[5;1HUsername: ",
    "Last login: Mon Nov 23 on pts/0, password: 12 days old\r\nLogin: ",
    "Password recovery is > disabled <\r\nUsername (the password follows): ",
];

fn stages(opening: &str) -> Vec<Stage<'_>> {
    vec![("", opening), ("ops\r\n", "ops\r\nPassword: "), ("hunter22\r\n", "\r\nWelcome\r\nsw1# ")]
}

#[track_caller]
fn logs_in(opening: &str, steps: &[Step], next: impl FnMut(usize) -> (usize, u64), how: &dyn std::fmt::Debug) {
    let script = Script::new(Some("ops"), Some("hunter22"), steps, TIMES).unwrap();
    let (ended, _, sent) = play(&stages(opening), script, next);
    assert_eq!(ended, Ended::Done, "{opening:?} {how:?} {sent:?}");
    let whole = [opening.len(), "ops\r\nPassword: ".len()];
    let texts: Vec<&str> = sent.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(texts, ["ops\r\n", "hunter22\r\n"], "{opening:?} {how:?}");
    for ((text, come), whole) in sent.iter().zip(whole) {
        // The blank behind a question may come after its answer, nothing else.
        assert!(*come + 1 >= whole, "{text:?} after {come} of {whole} bytes: {opening:?} {how:?}");
    }
}

#[test]
fn the_name_comes_first_wherever_the_words_are_cut() {
    for opening in OPENINGS {
        for at in 0..=opening.len() {
            for gap in [0, 1, 40, 200, 240] {
                logs_in(opening, &[], cut_at(at, gap), &(at, gap));
            }
        }
    }
}

#[test]
fn the_name_comes_first_where_the_words_are_cut_twice() {
    for opening in OPENINGS {
        for first in 1..opening.len() {
            for second in first + 1..opening.len() {
                let cut = |come| match come {
                    0 => (first, 110),
                    come if come == first => (second - first, 110),
                    _ => (usize::MAX / 2, 0),
                };
                logs_in(opening, &[], cut, &(first, second));
            }
        }
    }
}

#[test]
fn a_console_sends_a_byte_at_a_time() {
    // 9600, 1200 and 300 baud.
    for gap in [1, 9, 34] {
        for opening in OPENINGS {
            logs_in(opening, &[], |_| (1, gap), &gap);
        }
    }
}

#[test]
fn a_sentence_without_a_sign_waits_for_silence() {
    let says = [("", "Your password "), ("hunter22\r\n", "\r\n# ")];
    let script = Script::new(Some("ops"), Some("hunter22"), &[], TIMES).unwrap();
    let mut conversation = Conversation::new(line(), script, BOUNDS);
    conversation.receive(says[0].1.as_bytes(), Duration::ZERO);
    assert_eq!(conversation.poll(Duration::ZERO), Progress::Until(Duration::from_millis(500)));
    conversation.receive(b"expires\r\nUsername: ", Duration::from_millis(499));
    assert_eq!(conversation.poll(Duration::from_millis(500)), Progress::Until(Duration::from_millis(749)));
    assert_eq!(conversation.outgoing(), b"");
    conversation.poll(Duration::from_millis(749));
    assert_eq!(conversation.outgoing(), b"ops\r\n");
    // Where it is the question, it is answered.
    let (ended, _, sent) = play(
        &[("", "Enter passphrase"), ("hunter22\r\n", "\r\n# ")],
        Script::new(None, Some("hunter22"), &[], TIMES).unwrap(),
        |_| (1, 1),
    );
    assert_eq!((ended, sent.len()), (Ended::Done, 1));
}

#[test]
fn a_secret_of_a_step_waits_for_its_question_and_is_not_said_where_a_name_is_asked() {
    let name = Step { optional: true, ..step("(?i)user ?name", "ops") };
    for secret in [
        Step { secret: true, ..step("(?i)password", "hunter22") },
        step("(?i)password:? ?", "hunter22"),
        step(r"(?i)password.*\z", "hunter22"),
        step("assword", "hunter22"),
    ] {
        let opening = "Your password expires after 90 days.\r\nUsername: ";
        for at in 0..opening.len() {
            let steps = [name.clone(), secret.clone(), step(r"# ?\z", "")];
            let (ended, _, sent) = play(&stages(opening), script(&steps), cut_at(at, 200));
            let texts: Vec<&str> = sent.iter().map(|(text, _)| text.as_str()).collect();
            assert_eq!((ended, texts), (Ended::Done, vec!["ops\r\n", "hunter22\r\n"]), "{at} {secret:?}");
        }
        // Nobody has a name for the server: the password is not said instead of it.
        let (ended, record, sent) = play(&[("", opening)], script(std::slice::from_ref(&secret)), |_| (1, 1));
        assert_eq!((ended, sent.len(), record.steps_done), (Ended::Timeout, 0, 0), "{secret:?}");
        // A server that never pauses is never told.
        let (ended, _, sent) = play(&[("", &"password: ".repeat(80))], script(&[secret]), |_| (1, 240));
        assert_eq!((ended, sent.len()), (Ended::Timeout, 0));
    }
}

#[test]
fn a_prompt_counts_when_the_server_is_quiet_behind_it() {
    let output = "sw1# show <b>\r\n10 > 9\r\n# comment\r\nVLAN #\r\nsw1# ";
    let prompt = r"[>#] ?\z";
    for gap in [1, 9, 34, 90] {
        let steps = [step(prompt, "exit"), step("bye", "")];
        let (ended, record, sent) =
            play(&[("", output), ("exit\r\n", "exit\r\nbye\r\n")], script(&steps), |_| (1, gap));
        assert_eq!((ended, record.steps_done), (Ended::Done, 2));
        assert_eq!(sent, [("exit\r\n".to_owned(), output.len())], "{gap}");
    }
    // Its quiet is less than a silence, and no more than the step's own time.
    let mut conversation = Conversation::new(line(), script(&[step(prompt, "exit")]), BOUNDS);
    conversation.receive(b"sw1# ", Duration::ZERO);
    assert_eq!(conversation.poll(Duration::ZERO), Progress::Until(Duration::from_millis(100)));
    let hasty = Step { timeout: Some(Duration::from_millis(30)), ..step(prompt, "exit") };
    let mut conversation = Conversation::new(line(), script(&[hasty]), BOUNDS);
    conversation.receive(b"sw1# ", Duration::ZERO);
    assert_eq!(conversation.poll(Duration::ZERO), Progress::Until(Duration::from_millis(30)));
    conversation.poll(Duration::from_millis(30));
    assert_eq!(conversation.outgoing(), b"exit\r\n");
    // What is a match whatever follows counts at once.
    let mut conversation = Conversation::new(line(), script(&[step("login: ", "root")]), BOUNDS);
    conversation.receive(b"host login: ", Duration::ZERO);
    conversation.poll(Duration::ZERO);
    assert_eq!(conversation.outgoing(), b"root\r\n");
}

#[test]
fn a_closed_connection_is_told_nothing_secret() {
    for (script, asks) in [
        (Script::new(None, Some("hunter22"), &[], TIMES).unwrap(), "a question for the password"),
        (script(&[Step { secret: true, ..step("(?i)password: ", "hunter22") }]), "(?i)password: "),
    ] {
        let mut conversation = Conversation::new(line(), script, BOUNDS);
        conversation.receive(b"Password: ", Duration::ZERO);
        conversation.close();
        assert_eq!(conversation.poll(Duration::from_secs(1)), Progress::Over(Ended::Closed));
        assert_eq!(conversation.outgoing(), b"");
        let (_, record) = conversation.finish(Duration::from_secs(1));
        assert_eq!((record.waiting_for.as_deref(), record.steps_done), (Some(asks), 0));
        assert_eq!(record.entries[0].text, "Password: ");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_login_is_the_same_in_all_pieces(
        opening in 0..OPENINGS.len(), pieces in prop::collection::vec((5usize..30, 0u64..245), 1..40),
    ) {
        let mut left = pieces.iter().copied().cycle();
        let script = Script::new(Some("ops"), Some("hunter22"), &[step(r"[>#] ?\z", "exit")], TIMES).unwrap();
        let mut all = stages(OPENINGS[opening]);
        all.push(("exit\r\n", "exit\r\n"));
        let (ended, record, sent) = play(&all, script, |_| left.next().unwrap());
        let texts: Vec<&str> = sent.iter().map(|(text, _)| text.as_str()).collect();
        prop_assert_eq!((ended, texts), (Ended::Done, vec!["ops\r\n", "hunter22\r\n", "exit\r\n"]));
        prop_assert!(record.entries.iter().all(|entry| !entry.text.contains("hunter22")));
    }
}
