//! What a handler answers, checked: its messages are JSON objects, their ranges are the bytes that
//! it was given, each once and in order, and there is not more of it than its limit.

use std::ops::Range;

use super::json::check_object;
use super::trapped::Trapped;
use crate::abi::handler_0_1_0::{Message, Step};

/// What a message counts for besides its text and payload.
const PER_MESSAGE: u64 = 64;
/// The least time to the next tick, in milliseconds.
pub const SOONEST: u64 = 10;
/// The longest reason to close, and the longest note, in bytes.
const TEXT: usize = 1024;

/// A step whose messages and ranges are right.
#[derive(Debug)]
pub struct Checked {
    pub step: Step,
    /// So many bytes belong to messages that were told, with those of this step.
    pub told: u64,
}

/// Checks a step of a handler that was given the bytes up to the end of the range, of which those
/// before its start were told.
///
/// # Errors
/// What is wrong with it.
pub fn check(mut step: Step, bytes: Range<u64>, limit: u64, now: u64) -> Result<Checked, Trapped> {
    let sizes = step.messages.iter().map(|message| {
        let payload = message.payload.as_ref().map_or(0, Vec::len);
        PER_MESSAGE + (message.value.len() + payload) as u64
    });
    let size = sizes.fold(step.send.len() as u64, u64::saturating_add);
    if size > limit {
        let why = format!("one step of it has {size} bytes, {limit} are the most (limit `output`)");
        return Err(Trapped { why, limit: Some("output") });
    }
    let mut told = bytes.start;
    for message in &step.messages {
        let Message { value, start, end, .. } = message;
        if *start != told || end < start || *end > bytes.end {
            let given = bytes.end;
            return Err(Trapped::answered(&format!(
                "a message of the bytes {start} to {end}, where the next byte is {told}, and {given} were given"
            )));
        }
        told = *end;
        check_object(value).map_err(|why| Trapped::answered(&why))?;
    }
    step.tick = step.tick.map(|at| at.max(now.saturating_add(SOONEST)));
    for text in [&mut step.close, &mut step.note].into_iter().flatten() {
        if text.len() > TEXT {
            text.truncate(text.floor_char_boundary(TEXT));
        }
    }
    Ok(Checked { step, told })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(value: &str, start: u64, end: u64) -> Message {
        Message { value: value.to_owned(), start, end, answers: None, payload: None }
    }

    fn step(messages: Vec<Message>) -> Step {
        Step { send: Vec::new(), messages, tick: None, close: None, note: None }
    }

    #[test]
    fn messages_are_the_bytes_in_order_each_once() {
        let two = || step(vec![message("{}", 5, 7), message("{\"a\":1}", 7, 10)]);
        assert_eq!(check(two(), 5..10, 1000, 0).unwrap().told, 10);
        assert_eq!(check(two(), 5..12, 1000, 0).unwrap().told, 10, "the rest is told later");
        for (bytes, messages) in [
            (4..10, two()),
            (6..10, two()),
            (5..9, two()),
            (0..9, step(vec![message("{}", 0, 3), message("{}", 4, 5)])),
            (0..9, step(vec![message("{}", 0, 3), message("{}", 2, 5)])),
            (0..9, step(vec![message("{}", 5, 3)])),
        ] {
            let why = check(messages, bytes, 1000, 0).unwrap_err().why;
            assert!(why.starts_with("it answered what it must not: a message of the bytes"), "{why}");
        }
    }

    #[test]
    fn messages_are_json_objects_and_not_too_deep() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
        for value in ["", "1", "[]", "{", "{\"a\"}", "{} {}", "nul", &deep] {
            assert!(check(step(vec![message(value, 0, 0)]), 0..0, 1000, 0).is_err(), "{value}");
        }
        let nested = format!("{{\"a\":{}{}}}", "[".repeat(90), "]".repeat(90));
        assert!(check(step(vec![message(&nested, 0, 0)]), 0..0, 1000, 0).is_ok());
    }

    #[test]
    fn a_step_is_bounded_and_a_tick_is_not_sooner_than_10_ms() {
        let mut one = step(vec![message("{}", 0, 0); 3]);
        one.tick = Some(7);
        assert_eq!(check(one, 0..0, 200, 100).unwrap().step.tick, Some(110));
        let error = check(step(vec![message("{}", 0, 0); 4]), 0..0, 200, 0).unwrap_err();
        assert_eq!(error.limit, Some("output"));
        let mut long = step(Vec::new());
        long.note = Some("é".repeat(1000));
        assert_eq!(check(long, 0..0, 200, 0).unwrap().step.note.unwrap().len(), 1024);
    }
}
