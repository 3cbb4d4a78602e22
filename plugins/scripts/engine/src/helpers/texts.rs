//! Texts: what the language would change in place gives a new text here, within the bounds.

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

pub(super) fn register(engine: &mut Engine, turn: &Rc<Turn>) {
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
