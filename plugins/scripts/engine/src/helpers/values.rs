//! Lists and maps: compared and shown. The language does both by a call for each level, which the
//! stack would not hold for the deepest ones.

use std::rc::Rc;

use rhai::{Array, Dynamic, Engine, ImmutableString, Map};

use super::json;
use crate::bytes::octets;
use crate::fault::{Failable, exceeded, fine, said};
use crate::limits::LEVELS;
use crate::turn::Turn;

/// Whether two values are the same: numbers by what they count, text and bytes by their bytes.
fn equal(turn: &Turn, first: &Dynamic, second: &Dynamic, levels: usize) -> Failable<bool> {
    let Some(levels) = levels.checked_sub(1) else {
        return exceeded(format!("a value that is compared has more than {LEVELS} levels"));
    };
    turn.costs(1);
    if let (Some(first), Some(second)) = (first.read_lock::<Array>(), second.read_lock::<Array>()) {
        return lists(turn, &first, &second, levels);
    }
    if let (Some(first), Some(second)) = (first.read_lock::<Map>(), second.read_lock::<Map>()) {
        return maps(turn, &first, &second, levels);
    }
    if let (Ok(first), Ok(second)) = (octets(first), octets(second)) {
        turn.reads(first.len());
        return fine(first == second);
    }
    // An int and a float are the same where the int is that float.
    let float = |value: &Dynamic| value.as_float().or_else(|_| value.as_int().map(|int| int as f64)).ok();
    Ok(match (first.as_int(), second.as_int()) {
        (Ok(first), Ok(second)) => first == second,
        _ => match (float(first), float(second)) {
            (Some(first), Some(second)) => first == second,
            _ => match (first.as_bool(), second.as_bool()) {
                (Ok(first), Ok(second)) => first == second,
                _ => first.is_unit() && second.is_unit(),
            },
        },
    })
}

fn lists(turn: &Turn, first: &[Dynamic], second: &[Dynamic], levels: usize) -> Failable<bool> {
    if first.len() != second.len() {
        return fine(false);
    }
    for (first, second) in first.iter().zip(second) {
        if !equal(turn, first, second, levels)? {
            return fine(false);
        }
    }
    fine(true)
}

fn maps(turn: &Turn, first: &Map, second: &Map, levels: usize) -> Failable<bool> {
    if first.len() != second.len() || !first.keys().eq(second.keys()) {
        return fine(false);
    }
    for (first, second) in first.values().zip(second.values()) {
        if !equal(turn, first, second, levels)? {
            return fine(false);
        }
    }
    fine(true)
}

/// That what is kept is within the bounds: the language looks at the size of a map only when it is
/// read, not when a name is added.
pub(crate) fn kept(turn: &Turn, state: &Map) -> Failable<()> {
    within(turn, &mut state.values(), LEVELS, &mut 0)
}

fn within(turn: &Turn, values: &mut dyn Iterator<Item = &Dynamic>, levels: usize, members: &mut usize) -> Failable<()> {
    let Some(levels) = levels.checked_sub(1) else {
        return exceeded(format!("`state` has more than {LEVELS} levels"));
    };
    for value in values {
        *members += 1;
        if *members > turn.limits.members {
            return exceeded(format!("`state` has more than {} members, with all in it", turn.limits.members));
        }
        if let Some(list) = value.read_lock::<Array>() {
            within(turn, &mut list.iter(), levels, members)?;
        } else if let Some(map) = value.read_lock::<Map>() {
            within(turn, &mut map.values(), levels, members)?;
        }
    }
    fine(())
}

/// Where a value is in a list, from a place on; -1 where it is not.
fn place(turn: &Turn, list: &[Dynamic], value: &Dynamic, from: i64) -> Failable<i64> {
    for (at, member) in (0..).zip(list).skip(usize::try_from(from).unwrap_or(0)) {
        if equal(turn, member, value, LEVELS)? {
            return fine(at);
        }
    }
    fine(-1)
}

/// As JSON. What is answered here cannot be an error, so that the turn keeps it.
fn shown(turn: &Turn, value: &Dynamic) -> ImmutableString {
    match json::printed(turn, value) {
        Ok(text) => text.into(),
        Err(error) => {
            turn.fails(said(&error));
            ImmutableString::new()
        }
    }
}

pub(super) fn register(engine: &mut Engine, turn: &Rc<Turn>) {
    let (same, other) = (Rc::clone(turn), Rc::clone(turn));
    engine
        .register_fn("==", move |first: Array, second: Array| lists(&same, &first, &second, LEVELS))
        .register_fn("!=", move |first: Array, second: Array| lists(&other, &first, &second, LEVELS).map(|same| !same));
    let (same, other) = (Rc::clone(turn), Rc::clone(turn));
    engine
        .register_fn("==", move |first: Map, second: Map| maps(&same, &first, &second, LEVELS))
        .register_fn("!=", move |first: Map, second: Map| maps(&other, &first, &second, LEVELS).map(|same| !same));
    let (within, begin, after) = (Rc::clone(turn), Rc::clone(turn), Rc::clone(turn));
    engine
        .register_fn("contains", move |list: &mut Array, value: Dynamic| fine(place(&within, list, &value, 0)? >= 0))
        .register_fn("index_of", move |list: &mut Array, value: Dynamic| place(&begin, list, &value, 0))
        .register_fn("index_of", move |list: &mut Array, value: Dynamic, from: i64| place(&after, list, &value, from));
    for name in ["to_string", "print", "to_debug", "debug"] {
        let (lists, maps) = (Rc::clone(turn), Rc::clone(turn));
        engine
            .register_fn(name, move |list: Array| shown(&lists, &list.into()))
            .register_fn(name, move |map: Map| shown(&maps, &map.into()));
    }
}
