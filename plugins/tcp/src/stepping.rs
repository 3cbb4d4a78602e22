//! Carries out what a session wants after each call: messages are told, triggers look at them,
//! bytes are sent, ticks come when they are asked for, and the connection is closed. A call of a
//! session takes no time that others would have: it is synchronous, and nothing is borrowed while
//! something is waited for. What triggers do is in `reacting.rs`.

use std::rc::Rc;
use std::time::Duration;

use cofferdam_sdk::handlers::{Encoded, Error, Reason, Session, Step};
use tcp_logic::Message;

use crate::connection::{Connection, Phase};
use crate::limits::now;
use crate::reacting::{self, Reaction};
use crate::refusal;

/// How long a close waits until what was sent is on its way.
const CLOSE: Duration = Duration::from_secs(1);
/// The time between two ticks, at least, in milliseconds.
const TICK: u64 = 10;

/// What is to be sent after a call, and why the connection is to be closed then, if it is.
#[must_use = "a step is delivered"]
#[derive(Default)]
pub struct Out {
    /// The handler's own come first.
    bytes: Vec<u8>,
    /// What triggers do, in the order in which they have fired.
    reactions: Vec<Reaction>,
    close: Option<String>,
}

impl Out {
    /// This, and then that.
    pub fn then(mut self, next: Out) -> Out {
        self.bytes.extend(next.bytes);
        self.reactions.extend(next.reactions);
        Out { close: self.close.or(next.close), ..self }
    }

    /// The same, but the connection stays.
    pub fn without_close(self) -> Out {
        Out { close: None, ..self }
    }

    /// Triggers have fired on what was received: what they do comes after what the handler sends.
    pub fn react(&mut self, reactions: impl Iterator<Item = Reaction>) {
        self.reactions.extend(reactions);
    }

    /// Sends it, and does what triggers do. What is sent after calls that follow each other keeps
    /// their order: the first one to wait for our half of the connection gets it first.
    pub async fn deliver(self, connection: &Rc<Connection>) {
        reacting::carry_out(connection, self.bytes, self.reactions, encode).await;
        if let Some(why) = self.close {
            // The peer reads what was sent, and our end of stream behind it.
            _ = connection.writer.end(CLOSE).await;
            connection.close_because(why);
        }
    }
}

/// Calls the session, if there is one. A session that the host has cut is taken off.
pub fn step(connection: &Rc<Connection>, call: impl FnOnce(&Session, u64) -> Result<Step, Error>) -> Out {
    let (result, base) = match &*connection.handling.attached.borrow() {
        Some(attached) => (call(&attached.session, now()), attached.base),
        None => return Out::default(),
    };
    match result {
        Ok(step) => apply(connection, step, base),
        Err(error) => {
            cut_off(connection, error);
            Out::default()
        }
    }
}

/// Ends the session, if there is one; what is left of the input is told.
pub fn close(connection: &Rc<Connection>, reason: Reason) -> Out {
    let Some(attached) = connection.handling.take() else { return Out::default() };
    let out = match attached.session.close(reason, now()) {
        Ok(step) => {
            let mut out = apply(connection, Step { tick: None, ..step }, attached.base);
            // Another session may begin before they are carried out, which has
            // not told these messages.
            out.reactions.iter_mut().for_each(Reaction::without_handler);
            out
        }
        Err(error) => {
            cut_off(connection, error);
            Out::default()
        }
    };
    connection.changed();
    out
}

/// A message as bytes. The bytes are to be sent at once, before anything else is waited for.
pub fn encode(connection: &Rc<Connection>, message: &str) -> Option<Result<Encoded, Error>> {
    let result = match &*connection.handling.attached.borrow() {
        Some(attached) => attached.session.encode(message, now()),
        None => return None,
    };
    match &result {
        Ok(encoded) => schedule(connection, encoded.tick),
        Err(Error::Cut(why)) => cut_off(connection, Error::Cut(why.clone())),
        Err(_) => {}
    }
    Some(result)
}

fn cut_off(connection: &Connection, error: Error) {
    connection.handling.cut_off(refusal::text(error));
    connection.changed();
}

fn apply(connection: &Rc<Connection>, step: Step, base: u64) -> Out {
    if connection.phase() == Phase::Disconnected {
        return Out::default();
    }
    let mut out = Out { bytes: step.send, close: step.close, ..Out::default() };
    schedule(connection, step.tick);
    if step.messages.is_empty() {
        return out;
    }
    let watched = connection.triggers.borrow().watches_messages();
    for message in step.messages {
        let mut fired = Vec::new();
        if watched {
            fired = connection.triggers.borrow_mut().message(&message.value, cofferdam_sdk::now());
        }
        let (start, end) = (base.saturating_add(message.start), base.saturating_add(message.end));
        let told = Message::new(message.value, start, end, message.answers);
        connection.budget.take(connection.handling.messages.borrow_mut().push(told));
        out.reactions.extend(fired.into_iter().map(|fired| Reaction::new(fired.trigger_id, fired.reply)));
    }
    connection.changed();
    out
}

/// Notes when the session is to be ticked. A task waits for it only where a tick is asked for.
fn schedule(connection: &Rc<Connection>, tick: Option<u64>) {
    let handling = &connection.handling;
    let due = tick.map(|tick| tick.max(now().saturating_add(TICK)));
    let before = handling.due.replace(due);
    match (due, before) {
        (Some(_), _) if !handling.ticking.replace(true) => {
            cofferdam_sdk::spawn(ticks(Rc::clone(connection)));
        }
        (Some(due), Some(before)) if due >= before => {}
        (None, None) => {}
        _ => handling.rescheduled.notify_one(),
    }
}

/// Ticks the session as long as it asks for it.
async fn ticks(connection: Rc<Connection>) {
    let handling = &connection.handling;
    let mut changes = connection.watch();
    loop {
        let Some(due) = handling.due.get().filter(|_| handling.is_attached()) else {
            handling.ticking.set(false);
            return;
        };
        changes.mark_unchanged();
        let left = due.saturating_sub(now());
        if left > 0 {
            _ = cofferdam_sdk::timeout(Duration::from_millis(left), handling.rescheduled.notified()).await;
        } else if connection.unfed() > 0 {
            // What it has not seen yet came before this tick.
            _ = changes.changed().await;
        } else {
            handling.due.set(None);
            step(&connection, |session, now| session.tick(now)).deliver(&connection).await;
        }
    }
}
