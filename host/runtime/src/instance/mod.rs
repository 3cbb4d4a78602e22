//! A plugin at work. `plugin.rs` is what callers hold. It finds or starts an instance, and keeps
//! deadlines from outside the instance. `actor.rs` is the instance: one store, one event loop and
//! one mailbox, on one of the plugin's threads (`threads.rs`). Instances are made from the linked
//! code in `program.rs`, once `readiness.rs` has it.

mod actor;
mod at_work;
mod driver;
mod ends;
mod plugin;
mod program;
mod readiness;
mod schedule;
mod spec;
mod threads;
mod turn;

pub use plugin::Plugin;
pub use readiness::{Made, Readiness};
pub use spec::{About, Lifetime, Request, Spec};
pub use threads::give_way;
pub use turn::{Orders, Turn};
