//! All connections by id, the ids that are being dialled, and the triggers that wait for a
//! connection. Ids are the caller's; an id belongs to one connection at a time.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use cofferdam_sdk::Failure;
use tcp_logic::{FireLimits, On as Watched, Pattern, Trigger, TriggerError, TriggerSet, Written};

use crate::arguments::{On, ResponseEncoding, SetTrigger};
use crate::budget::Budget;
use crate::connection::{Connection, Phase};
use crate::scripts;

/// The longest id.
const ID: usize = 256;
/// Connections that triggers may wait for.
const PENDING: usize = 1024;

/// The table.
pub struct Connections {
    open: RefCell<BTreeMap<String, Rc<Connection>>>,
    dialled: RefCell<HashSet<String>>,
    pending: RefCell<HashMap<String, TriggerSet>>,
    pub budget: Rc<Budget>,
}

/// An id that is taken for a connection in the making; free again when dropped.
pub struct Reserved {
    pub id: String,
    table: Rc<Connections>,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.table.dialled.borrow_mut().remove(&self.id);
    }
}

impl Connections {
    pub fn new(memory: u64) -> Self {
        Self {
            open: RefCell::default(),
            dialled: RefCell::default(),
            pending: RefCell::default(),
            budget: Rc::new(Budget::new(memory)),
        }
    }

    /// Takes an id, or makes one up.
    pub fn reserve(self: &Rc<Self>, id: Option<String>) -> Result<Reserved, Failure> {
        let id = match id {
            Some(id) => checked("connection_id", id)?,
            None => uuid::Uuid::new_v4().to_string(),
        };
        if self.open.borrow().contains_key(&id) || !self.dialled.borrow_mut().insert(id.clone()) {
            return Err(Failure::new("duplicate_id", format_args!("Connection ID {id} already exists")));
        }
        Ok(Reserved { id, table: Rc::clone(self) })
    }

    /// The triggers that were set for this id before; they are the connection's from now on.
    pub fn take_pending(&self, id: &str) -> TriggerSet {
        self.pending.borrow_mut().remove(id).unwrap_or_else(|| TriggerSet::new(FireLimits::default()))
    }

    pub fn insert(&self, connection: &Rc<Connection>) {
        self.open.borrow_mut().insert(connection.id.clone(), Rc::clone(connection));
    }

    /// A connection by its id.
    pub fn get(&self, id: &str) -> Result<Rc<Connection>, Failure> {
        self.open.borrow().get(id).cloned().ok_or_else(|| not_found(id))
    }

    /// Takes a connection out; its tasks end, and its id is free.
    pub fn remove(&self, id: &str) -> Result<(), Failure> {
        let connection = self.open.borrow_mut().remove(id).ok_or_else(|| not_found(id))?;
        connection.enter(Phase::Disconnected);
        let triggers = connection.triggers.replace(TriggerSet::new(FireLimits::default()));
        self.budget.give_back_trigger(memory(triggers));
        Ok(())
    }

    pub fn all(&self) -> Vec<Rc<Connection>> {
        self.open.borrow().values().cloned().collect()
    }

    /// Sets a trigger on a connection, or for one to come; true if it is active at once.
    pub fn set_trigger(&self, id: String, trigger: Trigger) -> Result<bool, Failure> {
        let id = checked("connection_id", id)?;
        let open = self.open.borrow().get(&id).cloned();
        let mut pending = self.pending.borrow_mut();
        let (bytes, replaced) = {
            let size = |set: &TriggerSet| set.get(trigger.id()).map_or(0, Trigger::most_memory);
            let replaced = match &open {
                Some(connection) => size(&connection.triggers.borrow()),
                None => pending.get(&id).map_or(0, size),
            };
            (trigger.most_memory(), replaced)
        };
        if open.is_none() && pending.len() >= PENDING && !pending.contains_key(&id) {
            let message = format!("triggers are waiting for {PENDING} connections already");
            return Err(Failure::new("too_many_triggers", message));
        }
        if !self.budget.exchange_trigger(replaced, bytes) {
            let message = "the triggers of all connections together would take too much memory; remove some";
            return Err(Failure::new("too_many_triggers", message));
        }
        let active = open.is_some();
        let set = match open {
            Some(connection) => connection.triggers.borrow_mut().set(trigger),
            None => pending.entry(id).or_insert_with(|| TriggerSet::new(FireLimits::default())).set(trigger),
        };
        set.map_err(|error| {
            self.budget.give_back_trigger(bytes);
            Failure::argument(error.argument(), error)
        })?;
        Ok(active)
    }

    /// Removes a trigger; true if it was active.
    pub fn remove_trigger(&self, id: &str, trigger_id: &str) -> Result<bool, Failure> {
        let gone = |trigger: Option<Trigger>, place: &str| -> Result<(), Failure> {
            let missing = || Failure::new("not_found", format_args!("Trigger {trigger_id} not found {place}"));
            let trigger = trigger.ok_or_else(missing)?;
            self.budget.give_back_trigger(trigger.most_memory());
            Ok(())
        };
        if let Ok(connection) = self.get(id) {
            gone(connection.triggers.borrow_mut().remove(trigger_id), "on active connection")?;
            return Ok(true);
        }
        let mut pending = self.pending.borrow_mut();
        let Some(triggers) = pending.get_mut(id) else {
            return Err(lost(Failure::new(
                "not_found",
                format_args!("Connection {id} not found (neither active nor pending)"),
            )));
        };
        gone(triggers.remove(trigger_id), "in pending triggers")?;
        if triggers.is_empty() {
            pending.remove(id);
        }
        Ok(false)
    }
}

/// The trigger that the arguments mean. Its program is made here, also where its
/// connection is still to come.
pub async fn trigger(trigger_id: &str, a: &SetTrigger) -> Result<Trigger, Failure> {
    let refused = |error: TriggerError| Failure::argument(error.argument(), error);
    let terminator = a.response_terminator.as_deref();
    if a.on == On::Bytes && a.member.is_some() {
        return Err(Failure::argument("member", "is of a message: it goes with on=message"));
    }
    let response = match (&a.response, &a.script) {
        (Some(response), None) => response,
        (None, Some(script)) => {
            if a.response_encoding != ResponseEncoding::Utf8 || terminator.is_some() {
                let argument = if terminator.is_some() { "response_terminator" } else { "response_encoding" };
                return Err(Failure::argument(argument, "goes with `response`; a script sends what it means"));
            }
            let on = match a.on {
                On::Bytes => Watched::Bytes,
                On::Message => Watched::message(a.member.as_deref()).map_err(refused)?,
            };
            let pattern = Pattern::new(&a.pattern).map_err(|error| refused(error.into()))?;
            let program = scripts::create(script).await?;
            return Ok(Trigger::scripted(trigger_id, pattern, on, script.len(), program));
        }
        (Some(_), Some(_)) => {
            return Err(Failure::argument("script", "stands instead of `response`: give one of them"));
        }
        (None, None) => return Err(Failure::argument("response", "is needed, or a `script` instead")),
    };
    let trigger = match (a.on, Written::from(a.response_encoding)) {
        (On::Bytes, Written::Message) => {
            return Err(Failure::argument("response_encoding", "`message` goes with on=message"));
        }
        (On::Bytes, Written::As(encoding)) => Trigger::new(trigger_id, &a.pattern, response, encoding, terminator),
        (On::Message, written) => {
            Trigger::on_message(trigger_id, &a.pattern, a.member.as_deref(), response, written, terminator)
        }
    };
    trigger.map_err(refused)
}

/// What the triggers of a set may come to use.
fn memory(mut triggers: TriggerSet) -> usize {
    let ids: Vec<String> = triggers.ids().map(str::to_owned).collect();
    ids.iter().filter_map(|id| triggers.remove(id)).map(|trigger| trigger.most_memory()).sum()
}

fn not_found(id: &str) -> Failure {
    lost(Failure::new("not_found", format_args!("Connection {id} not found")))
}

/// Tells where connections went that an earlier instance had.
fn lost(failure: Failure) -> Failure {
    match cofferdam_sdk::predecessor() {
        Some(why) => failure.with("note", format!("the connections of an earlier instance were lost: {why}")),
        None => failure,
    }
}

/// An id as it may be: free text, but short, and without what cannot be seen.
pub fn checked(argument: &'static str, id: String) -> Result<String, Failure> {
    if id.is_empty() {
        return Err(Failure::argument(argument, "must not be empty"));
    }
    if id.len() > ID {
        return Err(Failure::argument(argument, format_args!("has {} bytes, {ID} are the most", id.len())));
    }
    if id.chars().any(char::is_control) {
        return Err(Failure::argument(argument, "must not hold control characters"));
    }
    Ok(id)
}
