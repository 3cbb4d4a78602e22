//! The protocol handlers of one connection: the host's session, what it was given, and the messages
//! that it has told. How its steps are carried out is in `stepping.rs`.

use std::cell::{Cell, RefCell};

use cofferdam_sdk::handlers::Session;
use tcp_logic::Messages;
use tokio::sync::Notify;

/// A session at work.
pub struct Attached {
    pub session: Session,
    /// The offset of the first byte that it was given: it counts from there.
    pub base: u64,
    /// The highest of its handlers, whose messages are told.
    pub highest: String,
    /// Whether its messages say which request they answer; none where nobody has asked yet.
    pub pairs: Option<bool>,
}

/// A connection's handlers, if it has any.
#[derive(Default)]
pub struct Handling {
    pub attached: RefCell<Option<Attached>>,
    pub messages: RefCell<Messages>,
    /// The handlers, as `frames+json`. The name stays when the session is over.
    name: RefCell<Option<String>>,
    /// Why the handlers were cut off, if they were.
    cut: RefCell<Option<String>>,
    /// The offset after the last byte that the session was given.
    pub fed: Cell<u64>,
    /// When the session is to be ticked, in its own time.
    pub due: Cell<Option<u64>>,
    /// Whether a task waits for that.
    pub ticking: Cell<bool>,
    /// Wakes that task when the time has changed.
    pub rescheduled: Notify,
}

impl Handling {
    /// Whether a session is at work.
    pub fn is_attached(&self) -> bool {
        self.attached.borrow().is_some()
    }

    /// A session begins: it is given what stands at `from` and behind.
    pub fn begin(&self, session: Session, name: String, highest: String, from: u64) {
        self.cut.take();
        self.name.replace(Some(name));
        self.fed.set(from);
        self.attached.replace(Some(Attached { session, base: from, highest, pairs: None }));
    }

    /// Takes the session off, if there is one, and what was to be ticked.
    pub fn take(&self) -> Option<Attached> {
        self.due.set(None);
        self.rescheduled.notify_one();
        self.attached.take()
    }

    /// The session is over, because of what a handler has done.
    pub fn cut_off(&self, why: String) {
        self.take();
        self.cut.replace(Some(why));
    }

    /// The handlers are not wanted any more.
    pub fn forget_name(&self) {
        self.name.take();
        self.cut.take();
    }

    pub fn name(&self) -> Option<String> {
        self.name.borrow().clone()
    }

    pub fn cut(&self) -> Option<String> {
        self.cut.borrow().clone()
    }
}
