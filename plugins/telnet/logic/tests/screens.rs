//! Patterns see what a person sees: prompts that are painted, painted over, left and come back to.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::time::Duration;

use common::{BOUNDS, line, script, step};
use telnet_logic::{Conversation, Ended, Progress, Record, Step};

/// Plays a server that says what stands beside each text once that was sent, and the first at once,
/// in pieces of so many bytes, a millisecond apart.
fn play(server: &[(&str, &str)], steps: &[Step], size: usize) -> (Ended, Record) {
    let mut conversation = Conversation::new(line(), script(steps), BOUNDS);
    let (mut now, mut heard, mut server) = (Duration::ZERO, String::new(), server.iter().peekable());
    loop {
        let progress = conversation.poll(now);
        heard += &String::from_utf8_lossy(&conversation.outgoing());
        let at = match progress {
            Progress::Over(ended) => return (ended, conversation.finish(now).1),
            Progress::Until(at) => at,
        };
        match server.next_if(|(after, _)| heard.contains(after)) {
            Some((_, says)) => {
                heard.clear();
                for piece in says.as_bytes().chunks(size) {
                    now += Duration::from_millis(1);
                    conversation.receive(piece, now);
                    conversation.poll(now);
                    heard += &String::from_utf8_lossy(&conversation.outgoing());
                }
            }
            None => now = at,
        }
    }
}

fn said(record: &Record) -> String {
    record.entries.iter().map(|entry| entry.text.as_str()).collect::<Vec<_>>().join("|")
}

/// README's own pattern of a prompt.
const PROMPT: &str = r"[>#] ?\z";

#[test]
fn prompts_that_are_repainted_match_as_they_stand() {
    let painted = |prompt: &str| {
        let behind = prompt.len() + 1;
        [
            // As ProCurve's: the prompt, then back and forth over it.
            format!(
                "\x1b[24;1H\x1b[2K\x1b[24;1H\x1b[?25h\x1b[24;1H\x1b[24;1H{prompt}\x1b[24;1H\x1b[24;{behind}H\x1b[24;1H\x1b[?25h\x1b[24;{behind}H"
            ),
            format!(
                "\x1b[1;24r\x1b[24;1H\x1b[24;1H\x1b[2K\x1b[24;1H\x1b[?25h\x1b[24;1H{prompt}\x1b[1;24r\x1b[24;{behind}H\x1b[?25h"
            ),
            format!("\x1bE\x1b[24;1H{prompt}\x1b[24;20H\x1b[24;{behind}H\x1b[1;24r\x1b[24;1H\x1b[24;{behind}H"),
            // Painted twice, after a return, backspaces or an erasure.
            format!("{prompt}\r{prompt}"),
            format!("{prompt}\r\x1b[K{prompt}"),
            format!("{prompt}\x1b[2K\r{prompt}"),
            format!("{prompt}{}{prompt}", "\x08".repeat(prompt.len())),
            format!("{prompt}xx\x08\x08  \x08\x08"),
            format!("{prompt}xx\x08\x08\x1b[K"),
            format!("{prompt}help\x1b[4D\x1b[4P"),
            format!("{prompt}\r\x1b[{}C", prompt.len()),
            format!("{prompt}\x1b[3D\x1b[3C"),
            // In one row with a clock, and left for a status line.
            format!("12:34\r{prompt}\x1b[K"),
            format!("{prompt}\x1b7\x1b[1;60H12:34:56\x1b8"),
            format!("{prompt}\x1b[s\x1b[1;1Hstatus\x1b[1;40Hup\x1b[u"),
            format!("\x1b[H\x1b[2JMenu\x1b[10;1H{prompt}\x1b[1;1HMENU\x1b[10;{behind}H"),
            format!("{prompt}\x1b[1A\x1b[1B"),
        ]
    };
    for prompt in ["ProCurve Switch 2650# ", "sw1>", "sw1# "] {
        for server in painted(prompt) {
            for size in [1, 2, 3, 7, 1000] {
                let opening = format!("\r\nWelcome\r\n{server}");
                let (ended, record) = play(
                    &[("", &opening), ("exit\r\n", "exit\r\nbye\r\n")],
                    &[step(PROMPT, "exit"), step("bye", "")],
                    size,
                );
                assert_eq!(
                    (ended, record.steps_done),
                    (Ended::Done, 2),
                    "{server:?} in pieces of {size}: {}",
                    said(&record)
                );
                assert!(said(&record).contains(prompt.trim_end()), "{server:?}: {}", said(&record));
            }
        }
    }
}

#[test]
fn a_session_with_a_procurve_goes_through() {
    // What is typed is echoed one place after the other; output begins on the next line.
    let prompt = |first: &str| {
        format!(
            "{first}\x1b[24;1H\x1b[2K\x1b[24;1H\x1b[?25h\x1b[24;1H\x1b[24;1HHP-2530# \x1b[24;1H\x1b[24;10H\x1b[24;1H\x1b[?25h\x1b[24;10H"
        )
    };
    let echo = |text: &str, from: usize| {
        text.chars()
            .enumerate()
            .map(|(n, c)| format!("\x1b[24;{}H{c}\x1b[24;{}H", from + n, from + n + 1))
            .collect::<String>()
    };
    let more = "-- MORE --, next page: Space, next line: Enter, quit: Control-C";
    let first = format!(
        "{}\x1b[1;24r\x1b[24;1H\x1b[24;1H\x1b[2K\x1b[24;1H\x1bE Status and Counters\x1bE\x1bE  Port 1 up\r\n\x1b[24;1H{more}\x1b[24;{}H",
        echo("show int", 10),
        more.len() + 1
    );
    let second = prompt("\r\x1b[24;1H\x1b[2K\x1b[24;1H  Port 2 down\r\n");
    let server = [
        ("", prompt("\x1b[2J\x1b[1;1HHewlett-Packard\x1b[1;24r")),
        ("show int\r\n", first),
        (" ", second),
        ("exit\r\n", "\x1bEDo you want to log out [y/n]? ".to_owned()),
        ("y\r\n", "y\r\n".to_owned()),
    ];
    let server: Vec<(&str, &str)> = server.iter().map(|(after, says)| (*after, says.as_str())).collect();
    let steps = [
        step(PROMPT, "show int"),
        Step { repeat: true, enter: false, ..step("-- MORE --", " ") },
        step(PROMPT, "exit"),
        step(r"\[y/n\]\? \z", "y"),
    ];
    for size in [1, 5, 10_000] {
        let (ended, record) = play(&server, &steps, size);
        assert_eq!((ended, record.steps_done), (Ended::Done, 4), "{}", said(&record));
        let text = said(&record);
        for line in
            ["Hewlett-Packard", "HP-2530# ", " Status and Counters\n\n  Port 1 up\n", "  Port 2 down\n", "[y/n]? "]
        {
            assert!(text.contains(line), "{line:?} in {text}");
        }
        let page = record.entries.iter().find(|entry| entry.text == " ").unwrap();
        assert_eq!(page.times, 1, "one page, one key: {text}");
    }
}

#[test]
fn finished_lines_are_seen_as_they_ended() {
    for (server, pattern) in [
        ("conf\x08\x08\x08\x08show run\r\nok\r\n", "^show run$"),
        ("lss\x08 \x08 -l\r\n", "^ls -l$"),
        ("10%\r 50%\r100%\r\n", "^100%\r\n"),
        (" --More-- \r          \rnext page\r\n", "^next page"),
        ("--More--\x08\x08\x08\x08\x08\x08\x08\x08        \x08\x08\x08\x08\x08\x08\x08\x08next page\r\n", "^next page"),
        ("Port 1   down\x1b[8Gup\x1b[K\r\n", "^Port 1 up\r?$"),
        ("interface 1\r\x1b[10CX\r\n", "^interface X"),
        ("abc\x1b[3D\x1b[@X\r\n", "^Xabc"),
        ("one\x1b[3;1Htwo\x1b[1;4H more\r\n", "^one more"),
    ] {
        for size in [1, 1000] {
            let (ended, record) = play(&[("", server)], &[step(pattern, "")], size);
            assert_eq!(ended, Ended::Done, "{server:?} {pattern} in pieces of {size}: {}", said(&record));
        }
        // What was written over is not there.
        let (ended, _) = play(&[("", server)], &[step("lss -l|conf run|Port 1   up|50%\r\n", "")], 1000);
        assert_eq!(ended, Ended::Timeout, "{server:?}");
    }
}

#[test]
fn what_is_painted_without_end_is_seen_as_it_stands() {
    let mut conversation = Conversation::new(line(), script(&[step("12:00:03", "stop")]), BOUNDS);
    for second in 0..5u64 {
        // Ten times a second, so that the server is never quiet.
        for tenth in 0..20u64 {
            let now = Duration::from_millis(second * 1000 + tenth * 50);
            conversation.receive(format!("\r12:00:0{second}").as_bytes(), now);
            conversation.poll(now);
        }
        assert_eq!(conversation.outgoing().is_empty(), second != 3, "{second}");
    }
}

#[test]
fn a_prompt_that_was_answered_is_not_seen_again() {
    // The answer to the first prompt is slow, and the cursor moves meanwhile.
    let server = [
        ("", "\x1b[24;1Hsw1# \x1b[24;1H\x1b[24;6H"),
        ("one\r\n", "\x1b[24;6Hone\x1b[24;1H\x1b[24;9H"),
        ("two\r\n", "no"),
    ];
    let (ended, record) = play(&server, &[step(PROMPT, "one"), step(PROMPT, "two")], 1000);
    assert_eq!((ended, record.steps_done), (Ended::Timeout, 1), "{}", said(&record));
}
