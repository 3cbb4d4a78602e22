//! What scripts have beside the language.

use std::rc::Rc;

use rhai::Engine;

use crate::turn::Turn;

mod act;
mod checksum;
mod digest;
mod encode;
pub(crate) mod json;
mod pack;
mod parts;
mod search;
mod texts;
pub(crate) mod values;

/// Makes all of them known. What stands here wins over what the language brings.
pub(crate) fn register(engine: &mut Engine, turn: &Rc<Turn>) {
    parts::register(engine, turn);
    texts::register(engine, turn);
    values::register(engine, turn);
    encode::register(engine, turn);
    checksum::register(engine, turn);
    digest::register(engine, turn);
    pack::register(engine, turn);
    search::register(engine, turn);
    json::register(engine, turn);
    act::register(engine, turn);
}
