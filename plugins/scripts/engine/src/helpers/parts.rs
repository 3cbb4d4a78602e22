//! Bytes: made, shown, joined, compared, also with text, cut and searched.

use std::ops::{Range, RangeInclusive};
use std::rc::Rc;

use memchr::memmem;
use rhai::{Array, Dynamic, Engine, ImmutableString};

use crate::bytes::{Bytes, kind, octets, text};
use crate::fault::{Failable, fine, wrong};
use crate::turn::Turn;

/// Numbers as bytes.
fn list(list: Array) -> Failable<Bytes> {
    let byte = |value: Dynamic| match value.as_int() {
        Ok(byte @ 0..=255) => u8::try_from(byte).map_err(|_| "a byte is 0 to 255".into()),
        Ok(other) => wrong(format!("a byte is 0 to 255, not {other}")),
        Err(_) => wrong(format!("a byte is an int of 0 to 255, not {}", kind(&value))),
    };
    list.into_iter().map(byte).collect::<Failable<Vec<u8>>>().map(Bytes::from)
}

/// One after the other.
fn joined(turn: &Turn, first: &[u8], second: &[u8]) -> Failable<Bytes> {
    turn.fits(first.len() + second.len())?;
    Ok(Bytes::from([first, second].concat()))
}

/// A part, from and to as a script counts: below 0 from the end.
fn part(bytes: &[u8], from: i64, to: i64) -> Failable<Bytes> {
    let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let place = |at: i64| if at < 0 { at.saturating_add(length) } else { at };
    let range = usize::try_from(place(from)).ok().zip(usize::try_from(place(to)).ok());
    match range.and_then(|(from, to)| bytes.get(from..to)) {
        Some(part) => Ok(Bytes::from(part)),
        None => wrong(format!("there are no bytes {from}..{to}: there are {length}")),
    }
}

/// Where a part is, from a place on; -1 where it is not.
fn place(bytes: &[u8], part: &Dynamic, from: i64) -> Failable<i64> {
    let Some(rest) = usize::try_from(from).ok().and_then(|from| bytes.get(from..)) else {
        return wrong(format!("there is no byte {from}: there are {}", bytes.len()));
    };
    let found = memmem::find(rest, &octets(part)?).and_then(|at| i64::try_from(at).ok());
    Ok(found.map_or(-1, |at| at.saturating_add(from)))
}

/// What lies between a separator.
fn pieces(turn: &Turn, bytes: &[u8], separator: &[u8]) -> Failable<Array> {
    if separator.is_empty() {
        return wrong("the separator is empty");
    }
    turn.reads(bytes.len());
    let mut pieces = Array::new();
    let mut from = 0;
    for at in memmem::find_iter(bytes, separator) {
        turn.holds(pieces.len() + 2)?;
        pieces.push(Dynamic::from(Bytes::from(&bytes[from..at])));
        from = at + separator.len();
    }
    pieces.push(Dynamic::from(Bytes::from(&bytes[from..])));
    Ok(pieces)
}

/// Makes the type and its functions known.
pub(super) fn register(engine: &mut Engine, turn: &Rc<Turn>) {
    engine.register_type_with_name::<Bytes>("bytes").register_iterator::<Bytes>();
    made_and_shown(engine, turn);
    joined_and_compared(engine, turn);
    cut_and_searched(engine, turn);
}

fn made_and_shown(engine: &mut Engine, turn: &Rc<Turn>) {
    engine
        .register_fn("bytes", |value: Dynamic| octets(&value))
        .register_fn("bytes", |text: ImmutableString| Bytes::from(text.as_bytes()))
        .register_fn("bytes", list)
        .register_fn("text", |bytes: Bytes| text(&bytes).or_else(wrong))
        .register_fn("text", |text: ImmutableString| text)
        .register_fn("latin1", |bytes: Bytes| bytes.iter().map(|byte| char::from(*byte)).collect::<String>())
        .register_fn("len", |bytes: &mut Bytes| i64::try_from(bytes.len()).unwrap_or(i64::MAX))
        .register_fn("is_empty", |bytes: &mut Bytes| bytes.is_empty());
    for name in ["to_string", "print", "to_debug", "debug"] {
        // What is answered here cannot be an error, so that the turn keeps it.
        let turn = Rc::clone(turn);
        let shown = move |bytes: &mut Bytes| {
            text(bytes).unwrap_or_else(|message| {
                turn.fails(message);
                ImmutableString::new()
            })
        };
        engine.register_fn(name, shown);
    }
}

fn joined_and_compared(engine: &mut Engine, turn: &Rc<Turn>) {
    let (both, before, after) = (Rc::clone(turn), Rc::clone(turn), Rc::clone(turn));
    engine
        .register_fn("+", move |first: Bytes, second: Bytes| joined(&both, &first, &second))
        .register_fn("+", move |first: ImmutableString, second: Bytes| joined(&before, first.as_bytes(), &second))
        .register_fn("+", move |first: Bytes, second: ImmutableString| joined(&after, &first, second.as_bytes()))
        .register_fn("==", |first: Bytes, second: Bytes| first == second)
        .register_fn("!=", |first: Bytes, second: Bytes| first != second)
        .register_fn("==", |first: ImmutableString, second: Bytes| first.as_bytes() == &*second)
        .register_fn("!=", |first: ImmutableString, second: Bytes| first.as_bytes() != &*second)
        .register_fn("==", |first: Bytes, second: ImmutableString| &*first == second.as_bytes())
        .register_fn("!=", |first: Bytes, second: ImmutableString| &*first != second.as_bytes());
    let turn = Rc::clone(turn);
    let repeat = move |value: Dynamic, times: i64| {
        let bytes = octets(&value)?;
        let times =
            usize::try_from(times).or_else(|_| wrong(format!("it is repeated 0 times or more, not {times}")))?;
        turn.fits(bytes.len().saturating_mul(times))?;
        let repeated = bytes.repeat(times);
        match value.is::<Bytes>() {
            true => Ok(Dynamic::from(Bytes::from(repeated))),
            false => text(&repeated).map(Dynamic::from).or_else(wrong),
        }
    };
    engine.register_fn("repeat", repeat);
}

fn cut_and_searched(engine: &mut Engine, turn: &Rc<Turn>) {
    let byte = |bytes: &mut Bytes, at: i64| {
        let from_the_end = i64::try_from(bytes.len()).unwrap_or(i64::MAX).saturating_add(at);
        let place = usize::try_from(if at < 0 { from_the_end } else { at });
        match place.ok().and_then(|place| bytes.get(place)) {
            Some(byte) => Ok(i64::from(*byte)),
            None => wrong(format!("there is no byte {at}: there are {}", bytes.len())),
        }
    };
    let split = Rc::clone(turn);
    engine
        .register_indexer_get(byte)
        .register_indexer_get(|bytes: &mut Bytes, range: Range<i64>| part(bytes, range.start, range.end))
        .register_indexer_get(|bytes: &mut Bytes, range: RangeInclusive<i64>| {
            part(bytes, *range.start(), range.end().saturating_add(1))
        })
        .register_fn("slice", |bytes: Bytes, from: i64| {
            part(&bytes, from, i64::try_from(bytes.len()).unwrap_or(i64::MAX))
        })
        .register_fn("slice", |bytes: Bytes, from: i64, to: i64| part(&bytes, from, to))
        .register_fn("contains", |bytes: Bytes, part: Dynamic| fine(place(&bytes, &part, 0)? >= 0))
        .register_fn("index_of", |bytes: Bytes, part: Dynamic| place(&bytes, &part, 0))
        .register_fn("index_of", |bytes: Bytes, part: Dynamic, from: i64| place(&bytes, &part, from))
        .register_fn("starts_with", |bytes: Bytes, part: Dynamic| fine(bytes.starts_with(&octets(&part)?)))
        .register_fn("ends_with", |bytes: Bytes, part: Dynamic| fine(bytes.ends_with(&octets(&part)?)))
        .register_fn("trim", |bytes: Bytes| Bytes::from(bytes.trim_ascii()))
        .register_fn("split", move |bytes: Bytes, separator: Dynamic| pieces(&split, &bytes, &octets(&separator)?));
}
