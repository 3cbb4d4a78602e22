//! Sessions that are kept between calls. While nobody calls, nothing of theirs is read: the server
//! waits, and TCP with it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use cofferdam_sdk::Failure;
use telnet_logic::Line;

use crate::wire::Wire;

/// The most of them.
const MOST: usize = 32;
/// How long one is kept without a call.
const IDLE: Duration = Duration::from_secs(5 * 60);
/// How often is looked for those that were not called for too long.
const SWEEP: Duration = Duration::from_secs(15);

/// An open session.
pub struct Session {
    /// The peer as the caller spells it.
    pub target: String,
    pub port: u16,
    pub address: String,
    pub wire: Wire,
    pub line: Line,
}

/// All of them, by their ids.
#[derive(Default)]
pub struct Kept {
    /// `None` while a call has it.
    sessions: RefCell<HashMap<String, Option<(Session, Duration)>>>,
    sweeping: Cell<bool>,
}

/// A place in the table; free again if it is dropped before the session is back.
pub struct Place {
    pub id: String,
    kept: Rc<Kept>,
    is_filled: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.is_filled {
            self.kept.sessions.borrow_mut().remove(&self.id);
        }
    }
}

impl Place {
    /// Puts the session there until the next call.
    pub fn fill(mut self, session: Session) -> String {
        self.is_filled = true;
        let place = Some((session, cofferdam_sdk::now()));
        self.kept.sessions.borrow_mut().insert(self.id.clone(), place);
        if !self.kept.sweeping.replace(true) {
            cofferdam_sdk::spawn(sweep(Rc::clone(&self.kept)));
        }
        self.id.clone()
    }
}

impl Kept {
    /// A place for a new session.
    pub fn reserve(self: &Rc<Self>) -> Result<Place, Failure> {
        let mut sessions = self.sessions.borrow_mut();
        if sessions.len() >= MOST {
            let message =
                format!("{MOST} sessions are kept already; end some by a call without `keep`, or wait 5 minutes");
            return Err(Failure::new("too_many_sessions", message));
        }
        let id = uuid::Uuid::new_v4().to_string();
        sessions.insert(id.clone(), None);
        Ok(Place { id, kept: Rc::clone(self), is_filled: false })
    }

    /// Takes a session out, with its place.
    pub fn take(self: &Rc<Self>, id: &str) -> Result<(Session, Place), Failure> {
        let mut sessions = self.sessions.borrow_mut();
        match sessions.get_mut(id).map(Option::take) {
            Some(Some((session, _))) => {
                Ok((session, Place { id: id.to_owned(), kept: Rc::clone(self), is_filled: false }))
            }
            Some(None) => Err(Failure::new("busy", format_args!("session {id} is in use by another call"))),
            None => Err(missing(id)),
        }
    }

    /// Whether there is such a session, to be told before its turn comes.
    pub fn is_there(&self, id: &str) -> Result<(), Failure> {
        if self.sessions.borrow().contains_key(id) { Ok(()) } else { Err(missing(id)) }
    }
}

fn missing(id: &str) -> Failure {
    let message = format!("Session {id} not found: it was not kept, or not called for 5 minutes");
    let failure = Failure::new("not_found", message);
    match cofferdam_sdk::predecessor() {
        Some(why) => failure.with("note", format!("the sessions of an earlier instance were lost: {why}")),
        None => failure,
    }
}

/// Ends sessions that were not called for too long, as long as there are any.
async fn sweep(kept: Rc<Kept>) {
    loop {
        cofferdam_sdk::sleep(SWEEP).await;
        let now = cofferdam_sdk::now();
        let mut sessions = kept.sessions.borrow_mut();
        sessions.retain(|_, place| place.as_ref().is_none_or(|(_, since)| now.saturating_sub(*since) < IDLE));
        if sessions.is_empty() {
            kept.sweeping.set(false);
            return;
        }
    }
}
