//! Texts: what the language would change in place gives a new text here, within the bounds; what it
//! would do for the price of one operation has its price.

use std::ops::{Range, RangeInclusive};
use std::rc::Rc;

use rhai::{Engine, ImmutableString};

use crate::fault::{Failable, fine, wrong};
use crate::turn::Turn;

/// A text with each occurrence replaced.
fn replaced(turn: &Turn, text: &str, from: &str, to: &str) -> Failable<String> {
    if from.is_empty() {
        return wrong("what is replaced is empty");
    }
    let times = text.matches(from).count();
    turn.fits((text.len() - times * from.len()).saturating_add(times.saturating_mul(to.len())))?;
    Ok(text.replace(from, to))
}

/// What fills a text up to a number of characters.
fn filling(turn: &Turn, text: &str, length: i64, with: &str) -> Failable<String> {
    if with.is_empty() {
        return wrong("what it is filled with is empty");
    }
    let missing = usize::try_from(length).unwrap_or(0).saturating_sub(text.chars().count());
    turn.fits(text.len().saturating_add(missing.saturating_mul(with.len())))?;
    Ok(with.chars().cycle().take(missing).collect())
}

/// Some characters of a text, as many as there are. Below 0 counts from the end.
fn cut(turn: &Turn, text: &str, from: i64, length: i64) -> ImmutableString {
    turn.reads(text.len());
    let from = match usize::try_from(from) {
        Ok(from) => from,
        Err(_) => text.chars().count().saturating_sub(usize::try_from(from.unsigned_abs()).unwrap_or(usize::MAX)),
    };
    text.chars().skip(from).take(usize::try_from(length).unwrap_or(0)).collect()
}

/// Which character a part begins with, from one on; -1 where it is not.
fn place(turn: &Turn, text: &str, part: &str, from: i64) -> i64 {
    turn.reads(text.len());
    let skipped = usize::try_from(from).unwrap_or(0);
    let start = text.char_indices().nth(skipped).map_or(text.len(), |(at, _)| at);
    match text[start..].find(part) {
        Some(at) => i64::try_from(skipped + text[start..start + at].chars().count()).unwrap_or(i64::MAX),
        None => -1,
    }
}

fn counted(engine: &mut Engine, turn: &Rc<Turn>) {
    let (all, some, range, inclusive) = (Rc::clone(turn), Rc::clone(turn), Rc::clone(turn), Rc::clone(turn));
    engine
        .register_fn("sub_string", move |text: ImmutableString, from: i64| cut(&all, &text, from, i64::MAX))
        .register_fn("sub_string", move |text: ImmutableString, from: i64, length: i64| cut(&some, &text, from, length))
        .register_fn("sub_string", move |text: ImmutableString, part: Range<i64>| {
            cut(&range, &text, part.start, part.end.saturating_sub(part.start))
        })
        .register_fn("sub_string", move |text: ImmutableString, part: RangeInclusive<i64>| {
            cut(&inclusive, &text, *part.start(), part.end().saturating_sub(*part.start()).saturating_add(1))
        });
    let (begin, from) = (Rc::clone(turn), Rc::clone(turn));
    engine
        .register_fn("index_of", move |text: ImmutableString, part: ImmutableString| place(&begin, &text, &part, 0))
        .register_fn("index_of", move |text: ImmutableString, part: ImmutableString, at: i64| {
            place(&from, &text, &part, at)
        });
}

pub(super) fn register(engine: &mut Engine, turn: &Rc<Turn>) {
    counted(engine, turn);
    let (replacing, before, after) = (Rc::clone(turn), Rc::clone(turn), Rc::clone(turn));
    engine
        .register_fn("trim", |text: ImmutableString| ImmutableString::from(text.trim()))
        .register_fn("replace", move |text: ImmutableString, from: ImmutableString, to: ImmutableString| {
            replaced(&replacing, &text, &from, &to)
        })
        .register_fn("pad_start", move |text: ImmutableString, length: i64, with: ImmutableString| {
            fine(filling(&before, &text, length, &with)? + &text)
        })
        .register_fn("pad_end", move |text: ImmutableString, length: i64, with: ImmutableString| {
            fine(text.to_string() + &filling(&after, &text, length, &with)?)
        });
}
