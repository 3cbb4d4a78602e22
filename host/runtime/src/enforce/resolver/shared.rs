//! Answers that are known, and questions under way. Equal questions are one question on the wire,
//! and its answer serves until its time is over. Who may ask, and which addresses each asker may
//! keep, is decided elsewhere, for every asker by itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use cofferdam_grants::Name;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Family, Resolved, Unresolved};

/// Answers that are kept.
const MOST: usize = 1024;
/// No answer is kept longer.
const LONGEST: Duration = Duration::from_secs(3600);
/// Nor one that there is nothing.
const LONGEST_NOTHING: Duration = Duration::from_secs(300);

/// The answer to one question.
pub type Outcome = Result<Resolved, Unresolved>;

/// An answer, and how long it counts where there are no addresses in it.
pub struct Told {
    pub outcome: Outcome,
    pub nothing_for: Option<Duration>,
}

type Key = (Name, Family);
type Sender = watch::Sender<Option<Outcome>>;

/// Questions and answers, by name and kind of address.
#[derive(Clone, Default)]
pub struct Shared(Arc<Mutex<HashMap<Key, Entry>>>);

enum Entry {
    Asked(Weak<Sender>),
    Known(Outcome, Instant),
}

/// An answer that is known, or comes.
pub enum Coming {
    Known(Outcome),
    Asked(watch::Receiver<Option<Outcome>>),
}

impl Coming {
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }

    /// Waits for it. A wait that is given up loses nothing.
    pub async fn outcome(&mut self) -> Outcome {
        match self {
            Self::Known(outcome) => outcome.clone(),
            Self::Asked(asked) => match asked.wait_for(Option::is_some).await {
                Ok(outcome) => outcome.clone().unwrap_or(Err(Unresolved::Failed("the lookup has ended"))),
                // The runtime that asks is gone: the process ends.
                Err(_) => Err(Unresolved::Failed("the lookup has ended")),
            },
        }
    }
}

impl Shared {
    /// The answer if it is known.
    pub fn known(&self, name: &Name, family: Family) -> Option<Outcome> {
        match self.entries().get(&(name.clone(), family)) {
            Some(Entry::Known(outcome, until)) if Instant::now() < *until => Some(outcome.clone()),
            _ => None,
        }
    }

    /// Joins whoever asks this already, or begins to ask, on that runtime. The question is given up
    /// when nobody waits for it any more.
    pub fn ask(
        &self,
        on: &Handle,
        name: &Name,
        family: Family,
        work: impl Future<Output = Told> + Send + 'static,
    ) -> Coming {
        let key = (name.clone(), family);
        let mut entries = self.entries();
        match entries.get(&key) {
            Some(Entry::Known(outcome, until)) if Instant::now() < *until => return Coming::Known(outcome.clone()),
            Some(Entry::Asked(asked)) => {
                if let Some(asked) = asked.upgrade() {
                    return Coming::Asked(asked.subscribe());
                }
            }
            _ => {}
        }
        let (sender, receiver) = watch::channel(None);
        let sender = Arc::new(sender);
        make_room(&mut entries);
        entries.insert(key.clone(), Entry::Asked(Arc::downgrade(&sender)));
        drop(entries);
        let shared = self.clone();
        on.spawn(async move {
            let mut work = std::pin::pin!(work);
            let told = loop {
                tokio::select! {
                    told = &mut work => break told,
                    () = sender.closed() => {
                        let mut entries = shared.entries();
                        // Somebody may have joined just now.
                        if sender.receiver_count() == 0 {
                            entries.remove(&key);
                            return;
                        }
                    }
                }
            };
            let mut entries = shared.entries();
            match told.until() {
                Some(until) => entries.insert(key, Entry::Known(told.outcome.clone(), until)),
                None => entries.remove(&key),
            };
            sender.send_replace(Some(told.outcome));
        });
        Coming::Asked(receiver)
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    /// Until when the answer may be given to others.
    fn until(&self) -> Option<Instant> {
        match (&self.outcome, self.nothing_for) {
            (Ok(found), _) => found.until.map(|until| until.min(Instant::now() + LONGEST)),
            (Err(_), nothing) => nothing.map(|ttl| Instant::now() + ttl.min(LONGEST_NOTHING)),
        }
    }
}

/// Room for one more: what is over goes first, then what would be over first. What is being asked
/// stays; how many that are, the limits of those who ask bound.
fn make_room(entries: &mut HashMap<Key, Entry>) {
    if entries.len() < MOST {
        return;
    }
    let now = Instant::now();
    entries.retain(|_, entry| !matches!(entry, Entry::Known(_, until) if *until <= now));
    while entries.len() >= MOST {
        let first = entries.iter().filter_map(|(key, entry)| match entry {
            Entry::Known(_, until) => Some((*until, key)),
            Entry::Asked(_) => None,
        });
        let Some(key) = first.min_by_key(|(until, _)| *until).map(|(_, key)| key.clone()) else { return };
        entries.remove(&key);
    }
}

#[cfg(test)]
#[path = "shared_tests.rs"]
mod tests;
