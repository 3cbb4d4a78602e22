//! The language itself, within its bounds: rhai without modules, `eval`, functions by name, shared
//! values, sleep and clock.

use std::rc::Rc;

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage, BasicMathPackage,
    BasicStringPackage, LanguageCorePackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{Array, Dynamic, Engine, FnPtr};

use crate::fault::{Failable, wrong};
use crate::limits::{EXPRESSIONS, FUNCTIONS, VARIABLES};
use crate::turn::Turn;

rhai::def_package! {
    /// What scripts are made of. Which of its functions a script may name is in `names.rs`.
    Language(_module):
        LanguageCorePackage, ArithmeticPackage, BasicStringPackage, BasicIteratorPackage, BasicFnPackage, LogicPackage,
        BasicMathPackage, BasicArrayPackage, BasicMapPackage, MoreStringPackage
    {
    }
}

/// An engine for one program.
pub(crate) fn engine(turn: &Rc<Turn>) -> Engine {
    let limits = turn.limits;
    let mut engine = Engine::new_raw();
    Language::new().register_into_engine(&mut engine);
    engine
        .set_strict_variables(true)
        .set_max_call_levels(limits.calls)
        .set_max_expr_depths(EXPRESSIONS, EXPRESSIONS)
        .set_max_string_size(limits.value)
        .set_max_array_size(limits.members)
        .set_max_map_size(limits.members)
        .set_max_variables(VARIABLES)
        .set_max_functions(FUNCTIONS);
    // A function by its name would be one that `names.rs` does not see.
    for symbol in ["eval", "Fn", "curry", "is_def_fn", "import", "export"] {
        engine.disable_symbol(symbol);
    }
    closed(&mut engine);
    let progress = Rc::clone(turn);
    engine.on_progress(move |operations| progress.ends(operations).map(Dynamic::from));
    let notes = Rc::clone(turn);
    engine.on_print(move |line| notes.notes(line));
    let notes = Rc::clone(turn);
    engine.on_debug(move |line, _, _| notes.notes(line));
    engine
}

/// Closes what no script may reach. Where a function is taken, the language also takes its name as
/// a text, which `names.rs` does not see: `[1].map("sleep")`.
fn closed(engine: &mut Engine) {
    fn refused(name: &str) -> Failable<()> {
        wrong(format!("there is no function `{name}`"))
    }
    // It would hold the thread.
    engine.register_fn("sleep", |_: i64| refused("sleep")).register_fn("sleep", |_: f64| refused("sleep"));
    // Sorting panics where the order is none, as with a comparer of the script's own or with NaN.
    for name in ["sort", "sort_by", "sort_desc", "order", "order_by", "order_desc"] {
        engine
            .register_fn(name, move |_: &mut Array| refused(name))
            .register_fn(name, move |_: &mut Array, _: FnPtr| refused(name));
    }
}
