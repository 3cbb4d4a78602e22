//! What a script reads of the match, and what it has done.

use std::rc::Rc;

use rhai::{Dynamic, Engine, ImmutableString};

use super::json;
use crate::bytes::{Bytes, octets};
use crate::fault::Failable;
use crate::turn::Turn;

/// A group, or nothing where it took no part.
fn found(group: Failable<Option<Bytes>>) -> Failable<Dynamic> {
    Ok(group?.map_or(Dynamic::UNIT, Dynamic::from))
}

pub(super) fn register(engine: &mut Engine, turn: &Rc<Turn>) {
    let numbered = Rc::clone(turn);
    engine.register_fn("group", move |number: i64| found(numbered.group(number)));
    let named = Rc::clone(turn);
    engine.register_fn("group", move |name: ImmutableString| found(named.named_group(&name)));
    let counter = Rc::clone(turn);
    engine.register_fn("count", move |name: ImmutableString| counter.counts(&name));

    let sender = Rc::clone(turn);
    engine.register_fn("send", move |value: Dynamic| sender.sends(&octets(&value)?));
    let sender = Rc::clone(turn);
    engine.register_fn("send_message", move |value: Dynamic| {
        let message = json::printed(&sender, &value)?;
        sender.sends_message(message)
    });
    let stopper = Rc::clone(turn);
    engine.register_fn("stop", move || stopper.stops());
    let closer = Rc::clone(turn);
    engine.register_fn("close", move || closer.closes("the script closes"));
    let closer = Rc::clone(turn);
    engine.register_fn("close", move |reason: ImmutableString| closer.closes(&reason));
    let notes = Rc::clone(turn);
    engine.register_fn("note", move |line: ImmutableString| notes.notes(&line));
}
